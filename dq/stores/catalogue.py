"""The one place for what every reader of a store has in common: the shape of its catalogue, and what it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from dq.stores.manifest import ColumnSeal, TableSeal
from dq.stores.seal import Origin

TEXT = "VARCHAR"


@dataclass(frozen=True, slots=True)
class StoreColumn:
    """A column of a store, the text that its reader asks for, and the type that the text is exactly."""

    name: str
    store_type: str  # as the store names it
    type: str  # in the snapshot; VARCHAR where no type holds every value, or where the text is what counts
    select: str  # the text of a value, in the store's own SQL ('' for files)
    why: str = ""  # why it is kept as text, where a reader may wonder

    def seal(self, *, taken: bool = True) -> ColumnSeal:
        """Return what the manifest says of the column."""
        return ColumnSeal(name=self.name, store_type=self.store_type, type=self.type, taken=taken)


@dataclass(frozen=True, slots=True)
class StoreTable:
    """A table of a store."""

    name: str  # as the snapshot calls it
    columns: tuple[StoreColumn, ...]
    kind: str = "table"  # view, foreign table, MyISAM table, …: whatever is no table of one moment
    place: str = ""  # its quoted name in the store's SQL, or a file
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    rows: int | None = None  # about how many, where the store says it for nothing; for progress only

    def left(self) -> TableSeal:
        """Return what the manifest says of the table when it was not taken."""
        return TableSeal(name=self.name, kind=self.kind, taken=False, columns=tuple(column.seal(taken=False) for column in self.columns))


class Bytes(Protocol):
    """A stream of CSV: NULL is nothing, every other value stands in double quotes or has nothing that would need them; no header."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, none at the end. Raises whatever broke the stream."""

    def close(self) -> None:
        """Stop, also in the middle."""


class Reader(Protocol):
    """A store that is read at one moment. Every method may raise SnapshotError (exit 3) with a line that holds no value and no secret."""

    canonical: bool
    """The text of a number is the server's own; False for files, in which anybody may have written anything."""

    @property
    def catalogue(self) -> Sequence[StoreTable]:
        """Everything in the store: tables that are read, and whatever else there is, by its kind."""

    @property
    def origin(self) -> Origin:
        """What the store is, how its tables are of one moment, and the watermark."""

    def count(self, table: StoreTable, where: str = "") -> int:
        """Return how many rows the store itself counts, in the same moment."""

    def rows(self, table: StoreTable, columns: Sequence[StoreColumn], where: str = "") -> Bytes:
        """Return the rows of a table as CSV, in these columns."""

    def close(self) -> None:
        """Leave the store."""


@runtime_checkable
class Shared(Reader, Protocol):
    """A reader whose moment others can join, so that several tables are read at once."""

    def join(self) -> Shared | None:
        """Return another reader of the same moment, None where the server lets nobody join it."""

    def cancel(self) -> None:
        """Break off what another thread is reading; it is told so by an error."""
