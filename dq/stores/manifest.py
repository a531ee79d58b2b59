"""The one place for manifests: what a sealed snapshot says of itself, as JSON beside its file.

A snapshot is two files: `<name>.duckdb` with the tables, `<name>.manifest.json` with the rest. The manifest names the store's whole
catalogue, also the tables and columns whose data was not taken.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dq.contract.base import in_our_time
from dq.errors import SnapshotError
from dq.stores.digest import content_digest

FORMAT = "dq.snapshot/1"
LARGEST = 64 * 1024 * 1024  # bytes of a manifest; 100,000 columns are a tenth of it
SideName = Literal["source", "target", "baseline", "crosswalk", "export"]


class Sealed(BaseModel):
    """A frozen part of a manifest that knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnSeal(Sealed):
    """One column: its type as the store names it, and as it stands in the file, or would."""

    name: str
    store_type: str
    type: str
    taken: bool = True  # its data is in the file, if its table's is


class TableSeal(Sealed):
    """One table of the store's catalogue."""

    name: str
    kind: str = "table"  # table, view, foreign table, ...: as the store has it
    taken: bool = True
    rows: int | None = Field(default=None, ge=0)  # sealed, and counted by the store in the same transaction; None where not taken
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()  # column lists proven unique, and without NULL, when sealing
    content: str | None = None  # order-free SHA-256 of the rows; see `digest`
    columns: tuple[ColumnSeal, ...] = ()

    def types(self) -> dict[str, str]:
        """Return the taken columns and their types in the file."""
        return {column.name: column.type for column in self.columns if column.taken}


class Manifest(Sealed):
    """What a snapshot is, when it was taken and what is in it."""

    format: Literal["dq.snapshot/1"] = "dq.snapshot/1"
    migration: str
    side: SideName
    store: str  # the store's name in the contract
    kind: str  # duckdb, postgresql, mariadb, mysql, parquet, csv, jsonl, persons
    version: str  # the store's own
    region: str | None = None  # None: all regions
    batch: int | None = Field(default=None, ge=0)  # the last batch that had moved; 0 before the first; None where that means nothing
    accounts_of: int | None = Field(default=None, ge=1)  # the batch whose accounts alone were taken; None: all
    moment: str  # ISO 8601 with offset
    consistency: str  # how all tables are of one moment
    watermark: str | None = None  # LSN, GTID or binlog position
    kept_until: date | None = None  # the last day on which the file may be kept; nobody but a person deletes it
    notes: tuple[str, ...] = ()  # what a reader should know: tables that escaped, values kept as text
    tables: tuple[TableSeal, ...]
    content: str  # order-free SHA-256 over the tables
    file_sha256: str
    file_bytes: int = Field(ge=0)
    dq: str
    duckdb: str

    @field_validator("moment")
    @classmethod
    def _with_offset(cls, value: str) -> str:
        if in_our_time(datetime.fromisoformat(value)).tzinfo is None:
            message = "the moment has no offset"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _of_one_piece(self) -> Manifest:
        if self.content != content_digest((table.name, table.content or "") for table in self.tables if table.taken):
            message = "the content's digest is not that of its tables"
            raise ValueError(message)
        return self

    @property
    def taken_at(self) -> datetime:
        """The moment, as a time with offset."""
        return datetime.fromisoformat(self.moment)

    @property
    def taken(self) -> dict[str, TableSeal]:
        """The tables whose data is in the file, by name."""
        return {table.name: table for table in self.tables if table.taken}

    @property
    def left(self) -> dict[str, dict[str, str]]:
        """Tables, columns and types that stand in the store and were not taken; views and the like are none."""
        found = {
            table.name: {column.name: column.type for column in table.columns if not (table.taken and column.taken)}
            for table in self.tables
            if table.kind == "table"
        }
        return {table: columns for table, columns in found.items() if columns}

    @property
    def rows(self) -> int:
        """How many rows are sealed in all tables together."""
        return sum(table.rows or 0 for table in self.taken.values())


def manifest_path(snapshot: Path) -> Path:
    """Return where the manifest of a snapshot file stands: `a/b.duckdb` to `a/b.manifest.json`."""
    return snapshot.with_name(snapshot.name.removesuffix(".duckdb") + ".manifest.json")


def statement_path(snapshot: Path) -> Path:
    """Return where an exporter's statement about a snapshot stands: `a/b.duckdb` to `a/b.intoto.json`."""
    return snapshot.with_name(snapshot.name.removesuffix(".duckdb") + ".intoto.json")


def read_manifest(snapshot: Path) -> Manifest:
    """Read the manifest of a snapshot file. Raises SnapshotError (exit 3)."""
    path = manifest_path(snapshot)
    if not path.is_file() or path.is_symlink():
        raise SnapshotError(f"{snapshot}: no manifest {path.name} beside it; `dq snapshot` seals a store")
    if path.stat().st_size > LARGEST:
        raise SnapshotError(f"{path}: larger than {LARGEST} bytes")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
        json.dumps(raw, ensure_ascii=False).encode()  # half a character could be written nowhere
        return Manifest.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "not a manifest"
        raise SnapshotError(f"{path}: {where}: {first['msg'].lower().removeprefix('value error, ')}") from None
    except OSError as error:
        raise SnapshotError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, a key that stands twice
        raise SnapshotError(f"{path}: not a manifest: {str(error).splitlines()[0]}") from None


def manifest_text(manifest: Manifest) -> str:
    """Return the manifest as canonical JSON: sorted keys, one final newline."""
    return json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key stands twice"
        raise ValueError(message)
    return found
