"""A folder of exports, written and sealed, and read back from the sealed file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dq.stores.exports.folder import open_folder
from dq.stores.live import Choice, seal_store
from dq.stores.manifest import Manifest
from dq.stores.seal import Label

LABEL = Label("small", "source", "old", None, None, datetime(2024, 11, 5, 20, tzinfo=UTC))
Types = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Sealed:
    """What was sealed."""

    manifest: Manifest
    rows: dict[str, list[tuple[Any, ...]]]
    types: dict[str, dict[str, str]]


def write(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files, also in sub-folders."""
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def sealed(folder: Path, types: Types | None = None, *, choice: Choice | None = None) -> Sealed:
    """Seal a folder and read the file."""
    target = folder.parent / f"{folder.name}.duckdb"
    manifest = seal_store(lambda: open_folder(folder, types=types or {}), target, label=LABEL, choice=choice, force=True)
    return read_back(target, manifest)


def read_back(target: Path, manifest: Manifest) -> Sealed:
    """Read every table of a sealed file."""
    with duckdb.connect(str(target), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
        rows = {table: connection.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}
        types = {table: {row[0]: row[1] for row in connection.execute(f'DESCRIBE "{table}"').fetchall()} for table in tables}
    return Sealed(manifest, rows, types)
