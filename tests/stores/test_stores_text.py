"""A store's text becomes a typed table: every value exact, or the column stays text; what breaks is one line without a value."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dq.engine import Engine, open_engine
from dq.errors import SnapshotError
from dq.settings import Settings
from dq.sql import Query
from dq.stores.catalogue import StoreColumn
from dq.stores.text import Loaded, load

Load = Callable[..., Loaded]

# A type; texts that are exactly of it; texts that are not, by a server's own pen and by anybody's.
EXACT = [
    ("BOOLEAN", ["t", "f", "true", "false"], ["T", "1", "yes"]),
    ("BIGINT", ["0", "-9223372036854775808", "9223372036854775807"], ["9223372036854775808", ""]),
    ("UBIGINT", ["18446744073709551615"], ["-1"]),
    ("DECIMAL(18,2)", ["9999999999999999.99", "-0.01"], ["99999999999999999", "NaN"]),
    ("DATE", ["2024-02-29", "infinity"], ["2024-02-30", "0000-00-00", "2024-00-15", "0044-03-15 BC"]),
    ("TIMESTAMP", ["2024-11-05 20:00:00.000001"], ["0000-00-00 00:00:00", "294276-12-31 23:59:59", "0044-03-15 00:00:00 BC"]),
    ("TIMESTAMP WITH TIME ZONE", ["2024-11-05 20:00:00+07"], ["0044-03-15 00:00:00+00 BC"]),
    ("TIME", ["23:59:59.999999"], ["24:00:00", "25:00:00", "-01:00:00", "838:59:59"]),
    ("UUID", ["0f8fad5b-d9cb-469f-a165-70867728950e"], ["0f8f"]),
    ("BLOB", ["00ff", ""], ["0", "xy"]),
    ("JSON", ['{"a": 1e400, "a": 0.10}', "null"], ["{", ""]),
    ("DOUBLE", ["0.1", "5e-324", "NaN", "-0"], ["one"]),
]
LOOSE = [
    ("BIGINT", ["7", "-7"], ["007", "1e3", "-0", "+7", " 7", "7.0", "1.5"]),
    ("DECIMAL(18,2)", ["1.2", "1", "-1.23"], ["1.235", "01.2", ".5", "1.", "1e2"]),
    ("DATE", ["2024-01-05"], ["2024-1-5", "05/01/2024", "2024-01-05 "]),
    ("TIMESTAMP", ["2024-01-05T10:00:00"], ["2024-01-05", "2024-01-05 10:00:00+07", "2024-01-05 24:00:00"]),
    ("TIMESTAMP WITH TIME ZONE", ["2024-01-05 10:00:00Z", "2024-01-05T10:00:00+07:00"], ["2024-01-05 10:00:00"]),
    ("UUID", ["0f8fad5b-d9cb-469f-a165-70867728950e"], ["{0f8fad5b-d9cb-469f-a165-70867728950e}", "0f8fad5bd9cb469fa16570867728950e"]),
]
CASES = [(*case, True) for case in EXACT] + [(*case, False) for case in EXACT if case[0] != "DATE"] + [(*case, False) for case in LOOSE]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    found = open_engine({}, writable={"out": str(tmp_path / "out.duckdb")}, settings=Settings(threads=1))
    yield found
    found.close()


@pytest.fixture
def read(engine: Engine) -> Load:
    """Load CSV into table t."""

    def call(data: bytes, *types: str, canonical: bool = True, stream: Callable[[bytes], Any] = io.BytesIO) -> Loaded:
        columns = [StoreColumn(f"c{place}", "theirs", type_, "") for place, type_ in enumerate(types)]
        return load(engine, "out", "t", columns, rows=lambda: stream(data), told=lambda _: None, canonical=canonical)

    return call


def _rows(engine: Engine) -> list[tuple[Any, ...]]:
    return engine.execute(Query("SELECT * FROM out.main.t"))


def _quoted(*texts: str) -> bytes:
    return "".join('"' + text.replace('"', '""') + '"\n' for text in texts).encode()


@pytest.mark.parametrize(("type_", "good", "bad", "canonical"), CASES)
def test_a_text_is_of_its_type_exactly_or_stays_the_text_that_it_is(
    read: Load, engine: Engine, type_: str, good: list[str], bad: list[str], *, canonical: bool
) -> None:
    found = read(_quoted(*good), type_, canonical=canonical)
    assert (found.rows, found.columns[0].type, found.kept) == (len(good), type_, ())
    for text in bad:
        found = read(_quoted(*good, text), type_, canonical=canonical)
        assert (text, found.columns[0].type, found.kept) == (text, "VARCHAR", (("c0", 1),))
        assert [row[0] for row in _rows(engine)] == [*good, text]


def test_null_and_the_empty_text_and_line_ends_are_told_apart(read: Load, engine: Engine) -> None:
    read(b'1,""\n2,\n3,"a\r\nb ""c"" \xf0\x9f\x91\x8d"\n,"\\N"\n', "BIGINT", "VARCHAR")
    assert _rows(engine) == [(1, ""), (2, None), (3, 'a\r\nb "c" 👍'), (None, "\\N")]


def test_a_row_that_is_one_null_is_a_row(read: Load, engine: Engine) -> None:
    assert read(b'\n""\n\n', "VARCHAR").rows == 3
    assert _rows(engine) == [(None,), ("",), (None,)]


def test_only_the_column_that_is_not_exact_stays_text(read: Load, engine: Engine) -> None:
    found = read(b"1,1.5\n2,NaN\n,\n", "BIGINT", "DECIMAL(18,2)")
    assert ([column.type for column in found.columns], found.kept) == (["BIGINT", "VARCHAR"], (("c1", 1),))
    assert _rows(engine) == [(1, "1.5"), (2, "NaN"), (None, None)]


def test_nothing_is_an_empty_table(read: Load, engine: Engine) -> None:
    assert read(b"", "BIGINT", "VARCHAR").rows == 0
    assert engine.columns(Query("SELECT * FROM out.main.t")) == (("c0", "BIGINT"), ("c1", "VARCHAR"))


def test_a_text_of_twenty_megabytes_arrives(read: Load, engine: Engine) -> None:
    read(_quoted("a", "x" * 20_000_000, "b"), "VARCHAR")
    assert engine.execute(Query("SELECT length(c0) FROM out.main.t")) == [(1,), (20_000_000,), (1,)]


class Broken(io.BytesIO):
    """A stream that breaks after its first bytes."""

    error: BaseException = ConnectionResetError("s3cret")

    def read(self, _: int | None = -1, /) -> bytes:
        """Return a few bytes, and then break."""
        if self.tell():
            raise self.error
        return super().read(4)


class Refused(Broken):
    """A reader's own words."""

    error = SnapshotError("table 't': the connection was lost")


class Interrupted(Broken):
    """Ctrl-C while bytes are waited for."""

    error = KeyboardInterrupt()


@pytest.mark.parametrize(
    ("data", "stream", "told"),
    [
        (b"1,s3cret,3\n", io.BytesIO, "what the store sent is not a table of text"),
        (b"1,2\n1,s3cret,3\n", io.BytesIO, "what the store sent is not a table of text"),
        (b'1,"s3cret\xff"\n', io.BytesIO, "what the store sent is not a table of text"),
        (b"1,2\n3,4\n", Broken, "reading broke off: ConnectionResetError"),
        (b"1,2\n3,4\n", Refused, "table 't': the connection was lost"),
    ],
)
def test_what_breaks_is_one_line_without_a_value(read: Load, data: bytes, stream: Callable[[bytes], Any], told: str) -> None:
    with pytest.raises(SnapshotError) as broken:
        read(data, "VARCHAR", "VARCHAR", stream=stream)
    assert str(broken.value) == told


def test_an_interrupt_is_an_interrupt(read: Load) -> None:
    with pytest.raises(KeyboardInterrupt):
        read(b"1,2\n3,4\n", "VARCHAR", "VARCHAR", stream=Interrupted)
