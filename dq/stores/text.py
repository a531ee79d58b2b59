"""The one place that turns a store's text into a typed table: every value exact, or the column is kept as the text that it is.

A store's rows come as CSV in which NULL is nothing and '' is a pair of quotes. DuckDB casts them in one statement, and a cast that is not
exact raises an error there; only then are the rows read again as text, and the columns where it happened stay text.
Source: FACTS "Reading live stores": every cell cast from text was exact or detected; what does not round-trip is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import pyarrow as pa
from pyarrow import csv

from dq.engine import Engine
from dq.errors import DqError, EngineError, SnapshotError
from dq.sql import Query, literal, path, quote
from dq.stores.catalogue import TEXT, Bytes, StoreColumn

_MEBIBYTE = 1024 * 1024
_BLOCKS = (_MEBIBYTE, 16 * _MEBIBYTE, 512 * _MEBIBYTE)  # bytes parsed at a time, of which the parser reads some 32 ahead; a longer row takes the next size
_INCOMING = "incoming"  # the name of the stream in the engine
_MARK = "dq: not exact"  # what the failing statement says; its message never holds a value
_WHOLE = "(0|-?[1-9][0-9]*)"
_FRACTION = "-?(0|[1-9][0-9]*)"  # before the point
_STRADDLES = "straddling object"
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
_CAST = "TRY_CAST({v} AS {type})"
_NUMBER = f"CASE WHEN regexp_full_match({{v}}, '{{pattern}}') THEN {_CAST} END"
# a year before 1, which DuckDB reads as one after, or no year at all
_CALENDAR = f"CASE WHEN NOT (ends_with({{v}}, 'BC') OR starts_with({{v}}, '0000')) THEN {_CAST} END"
_FORMS = {  # a text as a type, NULL where that is not exact
    TEXT: "{v}",
    "BOOLEAN": "CASE WHEN {v} IN ('t', 'true') THEN true WHEN {v} IN ('f', 'false') THEN false END",
    "BLOB": "CASE WHEN regexp_full_match({v}, '([0-9A-Fa-f]{{2}})*') THEN unhex({v}) END",
    "JSON": "CASE WHEN json_valid({v}) THEN CAST({v} AS JSON) END",
    "DATE": _CALENDAR,
    "TIME": f"CASE WHEN NOT starts_with({{v}}, '24') THEN {_CAST} END",  # the end of a day is a TIME that not every reader of the file knows
    "TIMESTAMP": _CALENDAR,
    "TIMESTAMP WITH TIME ZONE": _CALENDAR,
}
_DAY, _TIME, _OFFSET = "[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}", "([01][0-9]|2[0-3]):[0-9]{{2}}:[0-9]{{2}}([.][0-9]{{1,6}})?", "(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)"
_DIGITS = "trim(regexp_replace(regexp_replace({x}, '[eE].*$', ''), '[-.]', '', 'g'), '0')"
_REAL = (  # exact where the engine writes the same digits; the power of ten follows from the cast
    "CASE WHEN {v} IN ('NaN', 'Infinity', '-Infinity') OR (regexp_full_match({v}, '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?')"
    f" AND {_DIGITS.format(x='{v}')} = {_DIGITS.format(x=f'CAST({_CAST} AS VARCHAR)')}) THEN {_CAST} END"
)
_UUID = "[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
_STRICT = {  # the same of a text that anybody may have written
    "FLOAT": _REAL,
    "DOUBLE": _REAL,
    "UUID": f"CASE WHEN regexp_full_match({{v}}, '{_UUID}') THEN {_CAST} END",
    "DATE": f"CASE WHEN regexp_full_match({{v}}, '{_DAY}') THEN {_CALENDAR} END",
    "TIME": f"CASE WHEN regexp_full_match({{v}}, '{_TIME}') THEN {_CAST} END",
    "TIMESTAMP": f"CASE WHEN regexp_full_match({{v}}, '{_DAY}[ T]{_TIME}') THEN {_CALENDAR} END",
    "TIMESTAMP WITH TIME ZONE": f"CASE WHEN regexp_full_match({{v}}, '{_DAY}[ T]{_TIME}{_OFFSET}') THEN {_CALENDAR} END",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A table as it was loaded: how many rows, and the columns as they are there."""

    rows: int
    columns: tuple[StoreColumn, ...]
    kept: tuple[tuple[str, int], ...] = ()  # column whose type does not hold every value, and how many it does not


def load(
    engine: Engine, out: str, name: str, columns: Sequence[StoreColumn], *, rows: Callable[[], Bytes], told: Callable[[int], None], canonical: bool
) -> Loaded:
    """Write a table into database `out` from a store's text.

    Args:
        engine: the engine.
        out: the database.
        name: the table.
        columns: its columns; their `type` is what is tried.
        rows: opens the stream of its rows, from the start, each time it is called.
        told: called with the number of rows that have come so far.
        canonical: the text of a number is the server's own, and never says `007`, `1e3` or more places than its type has.

    Raises:
        SnapshotError: the rows could not be read.
        EngineError: they could not be written.
    """
    table = path(out, "main", name)
    typed = [f"{_exact(quote(column.name), column, canonical=canonical)} AS {quote(column.name)}" for column in columns]
    try:
        return Loaded(_written(engine, table, typed, columns, rows=rows, told=told), tuple(columns))
    except EngineError as error:
        if _MARK not in str(error):
            raise
    draft = path(out, "main", f".{name}.text")
    _written(engine, draft, [quote(column.name) for column in columns], columns, rows=rows, told=told)
    step = f"table {name}"
    counts = [f"count(*) FILTER ({quote(column.name)} IS NOT NULL AND {_tried(quote(column.name), column, canonical=canonical)} IS NULL)" for column in columns]
    bad = engine.one(Query(f"SELECT {', '.join(counts)} FROM {draft}", step=step))
    kept = tuple((column.name, int(count)) for column, count in zip(columns, bad, strict=True) if count)
    found = tuple(_as_text(column) if count else column for column, count in zip(columns, bad, strict=True))
    typed = [f"{_exact(quote(column.name), column, canonical=canonical)} AS {quote(column.name)}" for column in found]
    engine.execute(Query(f"CREATE OR REPLACE TABLE {table} AS SELECT {', '.join(typed)} FROM {draft}", step=step))
    (count,) = engine.one(Query(f"SELECT count(*) FROM {table}", step=step))
    engine.execute(Query(f"DROP TABLE {draft}", step=step))
    return Loaded(int(count), found, kept)


def _as_text(column: StoreColumn) -> StoreColumn:
    return StoreColumn(column.name, column.store_type, TEXT, column.select, f"{column.type} does not hold every value")


def _written(
    engine: Engine, table: str, typed: Sequence[str], columns: Sequence[StoreColumn], *, rows: Callable[[], Bytes], told: Callable[[int], None]
) -> int:
    """Create a table from a new stream and return how many rows came; longer rows get more room."""
    for block in _BLOCKS:
        with _Watched(rows()) as stream:
            try:
                if stream.is_empty():
                    return _empty(engine, table, typed, columns)
                with _incoming(engine, stream, [column.name for column in columns], block=block, told=told):
                    sql = f"CREATE OR REPLACE TABLE {table} AS SELECT {', '.join(typed)} FROM {_INCOMING}"
                    (count,) = engine.one(Query(sql, step="reading the store"))
                    return int(count)
            except (EngineError, pa.ArrowException, OSError) as error:
                if stream.error is not None:
                    raise _readable(stream.error) from error
                if _STRADDLES in str(error) and block != _BLOCKS[-1]:
                    continue
                if isinstance(error, EngineError) and "Invalid: CSV" not in str(error) and "ArrowInvalid" not in str(error):
                    raise
                raise SnapshotError("what the store sent is not a table of text") from error  # the parser's own message holds a row
    raise SnapshotError("a row is larger than can be read")


def _empty(engine: Engine, table: str, typed: Sequence[str], columns: Sequence[StoreColumn]) -> int:
    nothing = ", ".join(f"CAST(NULL AS {TEXT}) AS {quote(column.name)}" for column in columns)
    engine.execute(Query(f"CREATE OR REPLACE TABLE {table} AS SELECT {', '.join(typed)} FROM (SELECT {nothing}) LIMIT 0", step="reading the store"))
    return 0


def _readable(error: Exception) -> Exception:
    return error if isinstance(error, DqError) else SnapshotError(f"reading broke off: {type(error).__name__}")


class _Watched:
    """A stream that remembers what broke it: what comes out of DuckDB is only a text about it."""

    closed = False

    def __init__(self, stream: Bytes) -> None:
        """Wrap a stream."""
        self.stream = stream
        self.error: Exception | None = None
        self.head = b""

    def is_empty(self) -> bool:
        self.head = self._read(1)
        return not self.head

    def read(self, size: int = -1) -> bytes:
        head, self.head = self.head, b""
        return head or self._read(size)

    def _read(self, size: int) -> bytes:
        try:
            return self.stream.read(size)
        except (DqError, OSError, RuntimeError, ValueError) as error:
            self.error = error
            raise OSError("the stream broke") from error

    def readable(self) -> bool:
        return True

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the stream."""
        self.stream.close()


@contextmanager
def _incoming(engine: Engine, stream: _Watched, names: Sequence[str], *, block: int, told: Callable[[int], None]) -> Iterator[None]:
    """Let the engine read the stream once, as a view of text columns."""
    schema = pa.schema([(name, pa.string()) for name in names])
    reader = csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        read_options=csv.ReadOptions(use_threads=False, block_size=block, column_names=list(names)),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False, check_utf8=True),
    )

    def batches() -> Iterator[pa.RecordBatch]:
        count = 0
        for batch in reader:
            count += batch.num_rows
            told(count)
            yield batch

    with engine.stream(_INCOMING, pa.RecordBatchReader.from_batches(schema, batches())):
        yield


def _exact(value: str, column: StoreColumn, *, canonical: bool) -> str:
    """Return a text as the column's type; a statement with it fails where that is not exact."""
    if column.type == TEXT:
        return value
    return f"CASE WHEN {value} IS NULL THEN NULL ELSE coalesce({_tried(value, column, canonical=canonical)}, error({literal(_MARK)})) END"


def _tried(value: str, column: StoreColumn, *, canonical: bool) -> str:
    """Return a text as the column's type, NULL where that is not exact."""
    decimal = _DECIMAL.fullmatch(column.type)
    places = int(decimal[2]) if decimal else 0
    pattern = f"{_FRACTION}([.][0-9]{{1,{places}}})?" if places else _WHOLE
    form = _FORMS.get(column.type, _CAST)
    if not canonical:
        form = _NUMBER if decimal or column.type in _INTEGERS else _STRICT.get(column.type, form)
    return form.format(v=value, type=column.type, pattern=pattern)
