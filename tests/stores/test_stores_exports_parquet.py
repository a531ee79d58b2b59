"""Parquet: every type that a snapshot holds exactly comes as itself, and the others are refused by column."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pytest
from pyarrow import parquet

from dq.errors import SnapshotError
from dq.stores.exports.folder import open_folder
from dq.stores.live import Choice, StoreChanged
from tests.stores.exports_sealing import sealed

NOON = dt.datetime(2024, 11, 5, 12, 0, 0, 1, tzinfo=dt.UTC)
WALL = NOON.replace(tzinfo=None)
TYPES = {  # a column as Arrow has it, its type in the snapshot, and its first value there; the second is NULL
    "bool": (pa.array([True, None]), "BOOLEAN", True),
    "int8": (pa.array([-128, None], pa.int8()), "TINYINT", -128),
    "int16": (pa.array([-32768, None], pa.int16()), "SMALLINT", -32768),
    "int32": (pa.array([-(2**31), None], pa.int32()), "INTEGER", -(2**31)),
    "int64": (pa.array([9007199254740993, None]), "BIGINT", 9007199254740993),
    "uint8": (pa.array([255, None], pa.uint8()), "UTINYINT", 255),
    "uint16": (pa.array([65535, None], pa.uint16()), "USMALLINT", 65535),
    "uint32": (pa.array([2**32 - 1, None], pa.uint32()), "UINTEGER", 2**32 - 1),
    "uint64": (pa.array([2**64 - 1, None], pa.uint64()), "UBIGINT", 2**64 - 1),
    "float16": (pa.array([1.5, None], pa.float16()), "FLOAT", 1.5),
    "float32": (pa.array([1.5, None], pa.float32()), "FLOAT", 1.5),
    "float64": (pa.array([0.1, None]), "DOUBLE", 0.1),
    "decimal": (pa.array([Decimal("0.10"), None], pa.decimal128(18, 2)), "DECIMAL(18,2)", Decimal("0.10")),
    "decimal of 38": (pa.array([Decimal("9" * 38), None], pa.decimal128(38, 0)), "DECIMAL(38,0)", Decimal("9" * 38)),
    "small decimal": (pa.array([Decimal("1.10"), None], pa.decimal32(5, 2)), "DECIMAL(5,2)", Decimal("1.10")),
    "wide decimal of few digits": (pa.array([Decimal("1.10"), None], pa.decimal256(38, 2)), "DECIMAL(38,2)", Decimal("1.10")),
    "text": (pa.array(["a\0é\n", None]), "VARCHAR", "a\0é\n"),
    "empty text": (pa.array(["", None]), "VARCHAR", ""),
    "large text": (pa.array(["a", None], pa.large_string()), "VARCHAR", "a"),
    "text view": (pa.array(["a", None], pa.string_view()), "VARCHAR", "a"),
    "dictionary": (pa.array(["a", None]).dictionary_encode(), "VARCHAR", "a"),
    "bytes": (pa.array([b"\0\xff", None]), "BLOB", b"\0\xff"),
    "bytes of one length": (pa.array([b"\0\xff", None], pa.binary(2)), "BLOB", b"\0\xff"),
    "date": (pa.array([dt.date(2024, 2, 29), None]), "DATE", dt.date(2024, 2, 29)),
    "date64": (pa.array([dt.date(2024, 2, 29), None], pa.date64()), "DATE", dt.date(2024, 2, 29)),
    "time in ms": (pa.array([dt.time(23, 59, 59), None], pa.time32("ms")), "TIME", dt.time(23, 59, 59)),
    "time in us": (pa.array([dt.time(0, 0, 0, 1), None]), "TIME", dt.time(0, 0, 0, 1)),
    "time in whole us": (pa.array([1000, None], pa.time64("ns")), "TIME", dt.time(0, 0, 0, 1)),
    "timestamp in ms": (pa.array([WALL.replace(microsecond=1000), None], pa.timestamp("ms")), "TIMESTAMP", WALL.replace(microsecond=1000)),
    "timestamp in us": (pa.array([WALL, None], pa.timestamp("us")), "TIMESTAMP", WALL),
    "timestamp in whole us": (pa.array([WALL, None], pa.timestamp("ns")), "TIMESTAMP", WALL),
    "instant": (pa.array([NOON, None], pa.timestamp("us", "Asia/Jakarta")), "TIMESTAMP WITH TIME ZONE", NOON),
    "instant in whole us": (pa.array([NOON, None], pa.timestamp("ns", "UTC")), "TIMESTAMP WITH TIME ZONE", NOON),
    "nothing": (pa.nulls(2), "VARCHAR", None),
    "uuid": (pa.array([b"\1" * 16, None], pa.uuid()), "UUID", UUID(bytes=b"\1" * 16)),
    "json": (pa.array(['{"a": 0.10}', None], pa.json_()), "JSON", '{"a": 0.10}'),
    "list": (pa.array([["a", None], None]), "VARCHAR[]", ["a", None]),
    "list of stamps": (pa.array([[WALL], None], pa.list_(pa.timestamp("ns"))), "TIMESTAMP[]", [WALL]),
    "list of one length": (pa.array([[1, 2], None], pa.list_(pa.int32(), 2)), "INTEGER[2]", (1, 2)),
    "struct": (
        pa.array([{"x": "a", "Y z": [Decimal("1.10")]}, None], pa.struct([("x", pa.string()), ("Y z", pa.list_(pa.decimal128(10, 2)))])),
        'STRUCT(x VARCHAR, "Y z" DECIMAL(10,2)[])',
        {"x": "a", "Y z": [Decimal("1.10")]},
    ),
    "map": (pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())), "MAP(VARCHAR, BIGINT)", {"k": 1}),
}
BAD_TEXT = pa.Array.from_buffers(pa.string(), 1, [None, pa.array([0, 1], pa.int32()).buffers()[1], pa.py_buffer(b"\xff")])
REFUSED = {
    "more than 38 digits": (pa.array([Decimal(1)], pa.decimal256(39, 2)), "DECIMAL(39,2) has more digits than the 38 that a snapshot holds exactly"),
    "more than 38 digits inside": (pa.array([[Decimal(1)]], pa.list_(pa.decimal256(76, 2))), "DECIMAL(76,2) has more digits than the 38"),
    "nanoseconds": (pa.array([1], pa.timestamp("ns")), "values are finer than the microseconds that a snapshot holds"),
    "nanoseconds of an instant": (pa.array([1], pa.timestamp("ns", "UTC")), "values are finer than the microseconds"),
    "nanoseconds of a time": (pa.array([1], pa.time64("ns")), "values are finer than the microseconds"),
    "nanoseconds inside": (pa.array([[1]], pa.list_(pa.timestamp("ns"))), "values are finer than the microseconds"),
    "durations": (pa.array([1], pa.duration("us")), "a snapshot has no type that holds duration[us] exactly"),
    "texts that are none": (BAD_TEXT, "a value is not of its type string"),
}


def _write(folder: Path, table: pa.Table, name: str = "t.parquet", **options: object) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, folder / name, **options)
    return folder


@pytest.mark.parametrize("case", TYPES)
def test_a_type_comes_as_itself(folder: Path, case: str) -> None:
    array, type_, value = TYPES[case]
    found = sealed(_write(folder, pa.table({"c": array})))
    assert found.types["t"] == {"c": type_}
    assert found.rows["t"] == [(value,), (None,)]
    assert found.manifest.taken["t"].types() == {"c": type_}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_snapshot_cannot_hold_exactly_is_refused_by_column(folder: Path, case: str) -> None:
    array, message = REFUSED[case]
    with pytest.raises(SnapshotError) as caught:
        sealed(_write(folder, pa.table({"id": [1], "bad": array})))
    assert str(caught.value).startswith("t.parquet: column 'bad': ")
    assert message in str(caught.value)
    assert not folder.with_suffix(".duckdb").exists()


def test_int96_is_exact_far_outside_of_the_years_of_nanoseconds(folder: Path) -> None:
    stamps = [dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(1, 1, 1), WALL, None]  # noqa: DTZ001 - clocks of no zone
    found = sealed(_write(folder, pa.table({"c": pa.array(stamps, pa.timestamp("us")), "id": range(4)}), use_deprecated_int96_timestamps=True))
    assert found.types["t"] == {"c": "TIMESTAMP", "id": "BIGINT"}
    assert found.rows["t"] == [(stamp, number) for number, stamp in enumerate(stamps)]
    assert found.manifest.notes == ("column 't.c' is INT96, which says no zone; it is taken as the clock shows it",)


def test_int96_that_would_be_cut_is_refused(folder: Path) -> None:
    _write(folder, pa.table({"c": pa.array([1_700_000_000_000_000_001], pa.timestamp("ns"))}), use_deprecated_int96_timestamps=True)
    with pytest.raises(SnapshotError, match=r"t.parquet: column 'c': values are finer than the microseconds"):
        sealed(folder)


def test_int96_inside_another_type_is_refused(folder: Path) -> None:
    _write(folder, pa.table({"c": pa.array([[1]], pa.list_(pa.timestamp("us")))}), use_deprecated_int96_timestamps=True)
    with pytest.raises(SnapshotError, match=r"column 'c.*': INT96 inside another type is not read"):
        sealed(folder)


def test_many_rows_and_parts_in_another_order_of_columns(folder: Path) -> None:
    first = pa.table({"a": range(150_000), "b": ["x"] * 150_000})
    _write(folder, first, "t/1.parquet", row_group_size=40_000)
    _write(folder, first.select(["b", "a"]), "t/2.parquet")
    found = sealed(folder, choice=Choice(needed=lambda _: {"t": ["a"]}))
    assert sorted(row[0] for row in found.rows["t"]) == sorted([*range(150_000)] * 2)


def test_parts_of_other_types_are_refused(folder: Path) -> None:
    _write(folder, pa.table({"a": [1]}), "t/1.parquet")
    _write(folder, pa.table({"a": ["1"]}), "t/2.parquet")
    with pytest.raises(SnapshotError, match=r"t/2.parquet: column 'a' is string, in t/1.parquet int64"):
        open_folder(folder, types={})


def test_a_table_of_no_rows_has_its_types(folder: Path) -> None:
    found = sealed(_write(folder, pa.table({"a": pa.array([], pa.decimal128(18, 2))})))
    assert (found.types["t"], found.rows["t"]) == ({"a": "DECIMAL(18,2)"}, [])


def test_a_pinned_column_that_is_missing_is_refused(folder: Path) -> None:
    with pytest.raises(SnapshotError, match=r"t.parquet: no column 'total', which is pinned; did you mean 'totl'\?"):
        open_folder(_write(folder, pa.table({"id": [1], "totl": [1]})), types={"t": {"id": "BIGINT", "total": "BIGINT"}})


@pytest.mark.parametrize("damage", ["cut", "flipped", "text"])
def test_a_damaged_file_is_refused(folder: Path, damage: str) -> None:
    _write(folder, pa.table({"a": range(10_000)}), write_page_checksum=True, compression="none")
    whole = (folder / "t.parquet").read_bytes()
    place = len(whole) // 3
    damaged = {"cut": whole[:-10], "text": b"a,b\n1,2\n", "flipped": whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]}
    (folder / "t.parquet").write_bytes(damaged[damage])
    with pytest.raises(SnapshotError, match=r"t.parquet: is damaged, cut off or no Parquet"):
        sealed(folder)


def test_a_file_that_is_exchanged_after_the_count_is_noticed(folder: Path) -> None:
    reader = open_folder(_write(folder, pa.table({"a": range(1000)})), types={})
    table = reader.catalogue[0]
    assert reader.count(table) == 1000
    _write(folder, pa.table({"a": range(999)}))
    batches = reader.batches(table, table.columns)
    assert batches is not None
    with pytest.raises(StoreChanged):
        list(batches)
