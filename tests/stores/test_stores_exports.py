"""Folders of exports: which files are which tables, what is refused and passed over, and that what is lost or changed is noticed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from dq.engine import open_engine
from dq.errors import SnapshotError, UsageError
from dq.stores.catalogue import StoreColumn, StoreTable
from dq.stores.exports.folder import Folder, open_folder
from dq.stores.exports.stream import Stream
from dq.stores.live import ATTEMPTS, Choice, StoreChanged, seal_store
from dq.stores.manifest import read_manifest
from dq.stores.opening import open_snapshots
from tests.stores.exports_sealing import LABEL, read_back, sealed, write

CSV = "id,name\n1,a\n2,b\n"
JSONL = '{"id": 1, "name": "a"}\n{"id": 2, "name": "b"}\n'
ROWS = [("1", "a"), ("2", "b")]

COMPRESSED = {
    "t.csv.gz": gzip.compress(CSV.encode()),
    "t.csv.zst": pa.compress(CSV.encode(), codec="zstd", asbytes=True),
    "t.jsonl.gz": gzip.compress(JSONL.encode()),
    "t.ndjson.zst": pa.compress(JSONL.encode(), codec="zstd", asbytes=True),
    "T.CSV": CSV.encode(),
}
REFUSED_FOLDERS = {
    "nothing": ({}, "no exports in it"),
    "two files for one table": ({"t.csv": CSV, "t.jsonl": JSONL}, "t.csv and t.jsonl are both table 't'; leave one"),
    "a file and a folder for one table": ({"t.csv": CSV, "t/1.csv": CSV}, "t and t.csv are both table 't'; leave one"),
    "an unknown kind": ({"t.cvs": CSV}, "t.cvs: not a kind of export; did you mean 'csv'?"),
    "no kind": ({"README": ""}, "README: not a kind of export"),
    "compressed Parquet": ({"t.parquet.gz": b""}, "t.parquet.gz: not a kind of export"),
    "a file still being written": ({"t.csv.part": CSV}, "t.csv.part: not a kind of export"),
    "parts of two formats": ({"t/1.csv": CSV, "t/2.jsonl": JSONL}, "t/1.csv and t/2.jsonl are not of one format"),
    "an empty folder": ({"t/_SUCCESS": ""}, "t: no files in it"),
    "folders in folders": ({"t/day=1/1.csv": CSV}, "is no file"),
}
DAMAGED = {
    "cut gzip": ("t.csv.gz", gzip.compress(CSV.encode() * 1000)[:-9], "t.csv.gz: is cut off"),
    "gzip and something": ("t.csv.gz", gzip.compress(CSV.encode()) + b"more", "t.csv.gz: is damaged"),
    "gzip with a wrong sum": ("t.csv.gz", gzip.compress(CSV.encode())[:-8] + b"\0" * 8, "t.csv.gz: is damaged"),
    "no gzip": ("t.csv.gz", CSV.encode(), "t.csv.gz: is damaged, or not compressed as its name says"),
    "empty gzip": ("t.csv.gz", b"", "t.csv.gz: is empty"),
    "cut zstd": ("t.csv.zst", pa.compress(CSV.encode() * 1000, codec="zstd", asbytes=True)[:-3], "t.csv.zst: is cut off"),
    "zstd and something": ("t.csv.zst", COMPRESSED["t.csv.zst"] + b"more", "t.csv.zst: is"),
    "no zstd": ("t.jsonl.zst", JSONL.encode(), "t.jsonl.zst: is damaged"),
}


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_file_is_read_by_its_name(folder: Path, name: str) -> None:
    write(folder, {name: COMPRESSED[name]})
    assert list(sealed(folder).rows.values()) == [ROWS]


@pytest.mark.parametrize("case", REFUSED_FOLDERS)
def test_a_folder_that_is_no_folder_of_exports_is_refused_in_one_line(folder: Path, case: str) -> None:
    files, message = REFUSED_FOLDERS[case]
    with pytest.raises(UsageError) as caught:
        open_folder(write(folder, files), types={})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused(folder: Path, case: str) -> None:
    name, content, message = DAMAGED[case]
    with pytest.raises(SnapshotError) as caught:
        sealed(write(folder, {name: content}))
    assert message in str(caught.value)


def test_a_name_that_is_not_utf_8_is_refused(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.csv")).write_text(CSV)
    with pytest.raises(UsageError, match="not UTF-8"):
        open_folder(folder, types={})


def test_a_link_inside_the_folder_is_followed_and_one_out_of_it_is_not(folder: Path) -> None:
    write(folder, {"t.csv": CSV})
    (folder / "same.csv").symlink_to("t.csv")
    assert sealed(folder).rows == {"same": ROWS, "t": ROWS}
    write(folder.parent, {"elsewhere/x.csv": CSV})
    (folder / "x.csv").symlink_to(folder.parent / "elsewhere" / "x.csv")
    with pytest.raises(UsageError, match=r"x\.csv: is a link out of the folder"):
        open_folder(folder, types={})
    (folder / "x.csv").unlink()
    (folder / "parts").symlink_to(folder.parent / "elsewhere")
    with pytest.raises(UsageError, match="parts: is a link out of the folder"):
        open_folder(folder, types={})


def test_a_pipe_is_refused_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "t.csv")
    with pytest.raises(UsageError, match="is no file"):
        open_folder(folder, types={})


def test_parts_are_one_table_in_order_of_their_names(folder: Path) -> None:
    first, second = "\ufeffid,name\n1,a", "name,id\nb,2\n"
    found = sealed(write(folder, {"t/part-2.csv.gz": gzip.compress(second.encode()), "t/part-1.csv": first, "t/_SUCCESS": "", ".DS_Store": ""}))
    assert found.rows == {"t": ROWS}
    assert found.manifest.notes[:2] == ("'.DS_Store' was passed over", "'t/_SUCCESS' was passed over")


def test_a_part_with_other_columns_is_named(folder: Path) -> None:
    write(folder, {"t/1.csv": CSV, "t/2.csv": "id,nmae\n1,a\n"})
    with pytest.raises(SnapshotError, match=r"t/2.csv: line 1: no column 'name', which another part has; did you mean 'nmae'\?"):
        open_folder(folder, types={})


def test_a_mixed_folder_is_sealed_with_its_manifest(folder: Path) -> None:
    from pyarrow import parquet  # noqa: PLC0415

    write(folder, {"orders.csv": "id,total\n1,0.10\n2,\n", "users.jsonl": JSONL})
    parquet.write_table(pa.table({"id": pa.array([1], pa.uint64())}), folder / "shops.parquet")
    target = folder.parent / "source.duckdb"
    asked: list[tuple[str, int, int | None]] = []
    types = {"orders": {"id": "BIGINT", "total": "DECIMAL(18,2)"}}
    seal_store(lambda: open_folder(folder, types=types), target, label=LABEL, told=lambda *told: asked.append(told))
    opened = open_snapshots({"source": target})["source"]
    engine = open_engine({"source": str(target)})
    opened.check_attached()
    opened.close()
    engine.close()
    manifest = read_manifest(target)
    assert (manifest.kind, manifest.watermark) == ("exports", None)
    assert manifest.version == f"RFC 4180 CSV; Parquet by parquet-cpp-arrow version {pa.__version__}; JSON Lines"
    assert manifest.consistency == "exported files; the moment is the exporter's"
    assert {name: (table.rows, table.types()) for name, table in manifest.taken.items()} == {
        "orders": (2, {"id": "BIGINT", "total": "DECIMAL(18,2)"}),
        "shops": (1, {"id": "UBIGINT"}),
        "users": (2, {"id": "VARCHAR", "name": "VARCHAR"}),
    }
    assert read_back(target, manifest).types == {name: table.types() for name, table in manifest.taken.items()}
    assert {told for told in asked if told[1]} == {("orders", 2, 2), ("shops", 1, 1), ("users", 2, 2)}


@pytest.mark.parametrize("options", ["FORMAT csv, HEADER", "FORMAT csv, HEADER, FORCE_QUOTE *, COMPRESSION zstd", "FORMAT parquet"])
def test_an_exported_store_has_the_content_of_the_store_itself(demo_snapshots: Path, folder: Path, options: str) -> None:
    ending = "parquet" if "parquet" in options else "csv.zst" if "zstd" in options else "csv"
    known = read_manifest(demo_snapshots / "source.duckdb")
    with duckdb.connect(str(demo_snapshots / "source.duckdb"), read_only=True) as connection:
        for name in known.taken:
            connection.execute(f"COPY \"{name}\" TO '{folder / name}.{ending}' ({options})")
    found = sealed(folder, {name: table.types() for name, table in known.taken.items()}).manifest
    assert {name: table.content for name, table in found.taken.items()} == {name: table.content for name, table in known.taken.items()}
    assert found.content == known.content


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_only_what_is_needed_is_taken(folder: Path, name: str) -> None:
    write(folder, {name: CSV if name == "t.csv" else JSONL, "other.csv": CSV})
    found = sealed(folder, choice=Choice(needed=lambda _: {"t": ["name"]}))
    assert found.rows == {"t": [("a",), ("b",)]}
    assert [column.taken for column in found.manifest.taken["t"].columns] == [False, True]


def test_a_filter_is_refused(folder: Path) -> None:
    reader = open_folder(write(folder, {"t.csv": CSV}), types={})
    with pytest.raises(UsageError, match="taken whole"):
        reader.count(reader.catalogue[0], "id = 1")


def test_a_lost_row_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(_: Folder, table: StoreTable, columns: Sequence[StoreColumn], where: str = "") -> Stream:
        del table, columns, where
        return Stream(chunk for chunk in [b"1,a\n"])

    monkeypatch.setattr(Folder, "rows", rows)
    with pytest.raises(SnapshotError, match="table 't': the store counted 2 rows, 1 arrived"):
        sealed(write(folder, {"t.csv": CSV}))


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.csv.gz"])
def test_a_file_that_changes_between_count_and_load_is_read_again_a_few_times(folder: Path, name: str) -> None:
    content = {"t.csv": CSV.encode(), "t.jsonl": JSONL.encode(), "t.csv.gz": COMPRESSED["t.csv.gz"]}[name]
    write(folder, {name: content})
    opened = []

    class Restless(Folder):
        def rows(self, table: StoreTable, columns: Sequence[StoreColumn], where: str = "") -> Stream:
            opened.append(name)
            write(folder, {name: content + b" " * len(opened)})
            return super().rows(table, columns, where)

    def restless() -> Folder:
        made = open_folder(write(folder, {name: content}), types={})
        made.__class__ = Restless
        return made

    with pytest.raises(StoreChanged, match=f"{name}: was changed while it was read"):
        seal_store(restless, folder.parent / "x.duckdb", label=LABEL)
    assert len(opened) == ATTEMPTS
    assert not (folder.parent / "x.duckdb").exists()


@pytest.mark.parametrize("columns", [["id", "name"], ["name"]])
def test_a_file_that_is_exchanged_while_it_streams_is_noticed(folder: Path, columns: list[str]) -> None:
    write(folder, {"t.csv": "id,name\n" + "1,a\n" * 1_000_000})
    reader = open_folder(folder, types={})
    table = reader.catalogue[0]
    assert reader.count(table) == 1_000_000
    stream = reader.rows(table, [column for column in table.columns if column.name in columns])
    assert stream.read(100)
    write(folder, {"new.csv": CSV})
    (folder / "new.csv").rename(folder / "t.csv")
    with pytest.raises(StoreChanged):
        stream.read()
    stream.close()
