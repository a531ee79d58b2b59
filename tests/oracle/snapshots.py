"""The one place that reads sealed snapshots as plain rows for the oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb


def rows_of(snapshot: Path) -> dict[str, list[dict[str, Any]]]:
    """Return all tables of a sealed snapshot as plain rows."""
    found = {}
    with duckdb.connect(str(snapshot), read_only=True) as db:
        db.execute("SET TimeZone = 'UTC'")
        for (name,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            rows = db.execute(f'SELECT * FROM "{name}"')
            columns = [column[0] for column in rows.description or ()]
            found[name] = [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]
    return found
