"""The one place that reads Parquet: its own types where a snapshot holds each value of them exactly, checked batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from dq.errors import SnapshotError
from dq.stores.catalogue import StoreColumn
from dq.stores.exports.files import ExportFile, Found
from dq.stores.exports.types import hold_names, parquet_type

_ROWS = 64 * 1024  # at a time
_INT96 = "INT96"
_FINER = "values are finer than the microseconds that a snapshot holds"


class ParquetTable:
    """A table that stands in Parquet files."""

    def __init__(self, found: Found, pinned: Mapping[str, str]) -> None:
        """Read the files' ends: schemas and counts. Raises SnapshotError, naming a column whose type cannot be held exactly."""
        self.found = found
        self._rows = 0
        schemas: list[tuple[ExportFile, pa.Schema, set[str]]] = []
        makers: dict[str, None] = {}
        for file in found.files:
            with _opened(file) as opened:
                schemas.append((file, opened.schema_arrow, _int96(file, opened)))
                self._rows += opened.metadata.num_rows
                makers[opened.metadata.created_by or "unknown"] = None
        self.version = f"Parquet by {', '.join(makers)}"
        (first, schema, self._int96), *others = schemas
        hold_names(schema.names, pinned, place=first.shown)
        for file, theirs, int96 in others:
            hold_names(theirs.names, dict.fromkeys(schema.names, ""), place=file.shown, why="another part has")
            hold_names(schema.names, dict.fromkeys(theirs.names, ""), place=first.shown, why="another part has")
            for field in schema:
                if theirs.field(field.name).type != field.type or (field.name in int96) != (field.name in self._int96):
                    raise SnapshotError(f"{file.shown}: column '{field.name}' is {theirs.field(field.name).type}, in {first.shown} {field.type}")
        self._types: dict[str, pa.DataType] = {}
        self.columns = tuple(self._column(first, field) for field in schema)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
        return tuple(f"column '{self.found.table}.{name}' is INT96, which says no zone; it is taken as the clock shows it" for name in sorted(self._int96))

    def count(self) -> int:
        """Return how many rows the files say they have."""
        return self._rows

    def batches(self, columns: Sequence[StoreColumn]) -> pa.RecordBatchReader:
        """Return the rows, in these columns and exactly their types."""
        schema = pa.schema([(column.name, self._types[column.name]) for column in columns])
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema))

    def _column(self, file: ExportFile, field: pa.Field) -> StoreColumn:
        try:
            type_, self._types[field.name] = parquet_type(field.type)
        except TypeError as error:
            raise SnapshotError(f"{file.shown}: column '{field.name}': {error}") from None
        return StoreColumn(field.name, _INT96 if field.name in self._int96 else str(field.type), type_, "")

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for file in self.found.files:
            with _opened(file) as opened:
                micros = self._micros(file, schema)
                for batch in opened.iter_batches(_ROWS, columns=schema.names, use_threads=False):
                    _hold_valid(file, batch)
                    exact = next(micros, {})
                    arrays = [_exact(file, field, batch.column(field.name), exact.get(field.name)) for field in schema]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _micros(self, file: ExportFile, schema: pa.Schema) -> Iterator[dict[str, pa.Array]]:
        """Yield the columns of INT96 once more, as microseconds, batch by batch."""
        names = [name for name in schema.names if name in self._int96]
        if names:
            with _opened(file, coerced="us") as opened:
                for batch in opened.iter_batches(_ROWS, columns=names, use_threads=False):
                    yield {name: batch.column(name) for name in names}


@contextmanager
def _opened(file: ExportFile, coerced: str | None = None) -> Iterator[parquet.ParquetFile]:
    """Open a file; it is checked before and after. Raises SnapshotError."""
    file.check()
    try:
        with parquet.ParquetFile(file.path, page_checksum_verification=True, coerce_int96_timestamp_unit=coerced) as opened:
            yield opened
    except (pa.ArrowException, OSError) as error:
        file.check()
        raise SnapshotError(f"{file.shown}: is damaged, cut off or no Parquet") from error
    file.check()


def _int96(file: ExportFile, opened: parquet.ParquetFile) -> set[str]:
    found = set()
    for number in range(opened.metadata.num_columns):
        column = opened.schema.column(number)
        if column.physical_type == _INT96:
            if column.path not in opened.schema_arrow.names:
                raise SnapshotError(f"{file.shown}: column '{column.path}': INT96 inside another type is not read")
            found.add(column.path)
    return found


def _hold_valid(file: ExportFile, batch: pa.RecordBatch) -> None:
    """Hold that texts are UTF-8 and that numbers have the digits of their type, which reading alone does not look at."""
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        try:
            array.validate(full=True)
        except pa.ArrowInvalid:  # its message may hold a value
            raise SnapshotError(f"{file.shown}: column '{name}': a value is not of its type {array.type}") from None


def _exact(file: ExportFile, field: pa.Field, array: pa.Array, micros: pa.Array | None) -> pa.Array:
    """Bring a column to the type that the engine reads exactly; refuse what would change.

    As nanoseconds, INT96 overflows outside of 1677 to 2262; as microseconds it is cut. Both wrap modulo 2^64, so that they agree exactly where
    nothing was cut.
    """
    if micros is not None:
        agrees = pc.all(pc.equal(pc.multiply(micros.cast(pa.int64()), 1000), array.cast(pa.int64()))).as_py()
        if agrees is False:
            raise SnapshotError(f"{file.shown}: column '{field.name}': {_FINER}")
        return micros
    try:
        return array if array.type == field.type else array.cast(field.type, safe=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise SnapshotError(f"{file.shown}: column '{field.name}': {_FINER if 'ns' in str(array.type) else f'a value is no {field.type}'}") from None
