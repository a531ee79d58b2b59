"""The one place that reads a folder of exports as a store: each table by the reader of its format, counted apart from what loads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from dq.errors import UsageError
from dq.stores.catalogue import StoreColumn, StoreTable
from dq.stores.exports.delimited import CsvTable
from dq.stores.exports.files import Found, find_tables
from dq.stores.exports.jsonlines import JsonLinesTable
from dq.stores.exports.parquet import ParquetTable
from dq.stores.exports.stream import Stream
from dq.stores.seal import Origin

CONSISTENCY = "exported files; the moment is the exporter's"

Table = CsvTable | JsonLinesTable | ParquetTable
_READERS: Mapping[str, type[CsvTable | JsonLinesTable | ParquetTable]] = {"csv": CsvTable, "jsonl": JsonLinesTable, "parquet": ParquetTable}


def open_folder(path: Path, *, types: Mapping[str, Mapping[str, str]]) -> Folder:
    """Open a folder of exports.

    Args:
        path: the folder.
        types: table to column to type, as pinned; what is not pinned there stays text, but for Parquet, which says its types.

    Raises:
        UsageError: what stands in it is not what a folder of exports holds (exit 2).
        SnapshotError: a file cannot be read (exit 3).
    """
    found, passed = find_tables(path)
    return Folder(found, passed, types)


class Folder:
    """A folder of exports; a `Reader` whose Parquet tables come as batches."""

    canonical = False

    def __init__(self, found: Sequence[Found], passed: Sequence[str], types: Mapping[str, Mapping[str, str]]) -> None:
        """Read headers, keys and schemas."""
        self._passed = passed
        self._formats = {item.format for item in found}
        self._tables: dict[str, Table] = {item.table: _READERS[item.format](item, types.get(item.table, {})) for item in found}
        self._counts: dict[str, int] = {}
        self.catalogue: Sequence[StoreTable] = [
            StoreTable(name, table.columns, place=", ".join(file.shown for file in table.found.files)) for name, table in self._tables.items()
        ]

    @property
    def origin(self) -> Origin:
        """What the exports are; its notes are complete once the tables were counted."""
        notes = [f"'{name}' was passed over" for name in self._passed]
        notes += [note for table in self._tables.values() for note in table.notes]
        version = "; ".join(dict.fromkeys(table.version for table in self._tables.values()))
        kind = next(iter(self._formats)) if len(self._formats) == 1 else "exports"
        return Origin(kind, version, CONSISTENCY, notes=tuple(notes))

    def count(self, table: StoreTable, where: str = "") -> int:
        """Check a table's files and count its rows."""
        if where:
            raise UsageError(f"table '{table.name}': exports are taken whole, without a filter")
        self._counts[table.name] = self._tables[table.name].count()
        return self._counts[table.name]

    def rows(self, table: StoreTable, columns: Sequence[StoreColumn], where: str = "") -> Stream:
        """Return the rows of a table of texts as CSV, in these columns; it is checked before, if it was not."""
        found = self._tables[table.name]
        if isinstance(found, ParquetTable):
            raise TypeError(f"table '{table.name}' has types of its own: it comes as batches")
        if table.name not in self._counts:
            self.count(table, where)
        return found.rows(columns)

    def batches(self, table: StoreTable, columns: Sequence[StoreColumn]) -> pa.RecordBatchReader | None:
        """Return the rows of a table that has types of its own; None where it has not."""
        found = self._tables[table.name]
        return found.batches(columns) if isinstance(found, ParquetTable) else None

    def close(self) -> None:
        """Nothing is held open."""
