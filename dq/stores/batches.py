"""The one place that writes batches of typed columns as a table: nothing is cast, and what stands there is of the types that were said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, runtime_checkable

import pyarrow as pa

from dq.engine import Engine
from dq.errors import DqError, EngineError, SnapshotError
from dq.sql import Query, path, quote
from dq.stores.catalogue import StoreColumn, StoreTable
from dq.stores.text import Loaded

_INCOMING = "incoming"


@runtime_checkable
class Typed(Protocol):
    """A reader some of whose tables have types of their own, which would be lost in text."""

    def batches(self, table: StoreTable, columns: Sequence[StoreColumn]) -> pa.RecordBatchReader | None:
        """Return the rows of a table, in these columns; None where they come as text."""


def copy(engine: Engine, out: str, name: str, columns: Sequence[StoreColumn], *, batches: pa.RecordBatchReader, told: Callable[[int], None]) -> Loaded:
    """Write a table into database `out`.

    Raises:
        SnapshotError: the rows could not be read, or would have been of other types.
        EngineError: they could not be written.
    """
    broke: list[Exception] = []  # what comes out of the engine is only a text about it

    def watched() -> Iterator[pa.RecordBatch]:
        count = 0
        try:
            for batch in batches:
                count += batch.num_rows
                told(count)
                yield batch
        except (DqError, pa.ArrowException, OSError) as error:
            broke.append(error)
            raise

    table = path(out, "main", name)
    listed = ", ".join(quote(column.name) for column in columns)
    try:
        with engine.stream(_INCOMING, pa.RecordBatchReader.from_batches(batches.schema, watched())):
            found = engine.columns(Query(f"SELECT {listed} FROM {_INCOMING}", step="reading the store"))
            for column, (_, type_) in zip(columns, found, strict=True):
                if type_ != column.type:
                    raise SnapshotError(f"column '{name}.{column.name}' would be {type_} instead of {column.type}")
            (rows,) = engine.one(Query(f"CREATE OR REPLACE TABLE {table} AS SELECT {listed} FROM {_INCOMING}", step="reading the store"))
    except (EngineError, pa.ArrowException, OSError) as error:
        if broke and isinstance(broke[0], DqError):
            raise broke[0] from error
        if broke:
            raise SnapshotError(f"table '{name}': reading broke off: {type(broke[0]).__name__}") from error
        raise
    return Loaded(int(rows), tuple(columns))
