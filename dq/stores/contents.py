"""The one place that holds an attached snapshot against its manifest: base tables only, the same columns and types, the same rows."""

from __future__ import annotations

from collections.abc import Iterator

from dq.engine import Engine
from dq.errors import near_miss
from dq.sql import Query, path
from dq.stores.manifest import Manifest


def discrepancies(engine: Engine, alias: str, manifest: Manifest) -> tuple[str, ...]:
    """Return a line for everything in the attached file that its manifest does not say, and the other way round."""
    return (*_strange(engine, alias), *_tables(engine, alias, manifest))


def _strange(engine: Engine, alias: str) -> Iterator[str]:
    """Yield what may not be in a snapshot at all: it could read elsewhere, or mean something else than it says."""
    queries = {
        "a view": "SELECT view_name FROM duckdb_views() WHERE database_name = $1 AND NOT internal ORDER BY 1",
        "a macro": "SELECT DISTINCT function_name FROM duckdb_functions() WHERE database_name = $1 AND NOT internal ORDER BY 1",
        "another schema": "SELECT schema_name FROM duckdb_schemas() WHERE database_name = $1 AND NOT internal AND schema_name <> 'main' ORDER BY 1",
        "a computed column in table": "SELECT table_name FROM duckdb_tables() WHERE database_name = $1 AND contains(sql, 'GENERATED ALWAYS') ORDER BY 1",
    }
    for what, sql in queries.items():
        for (name,) in engine.execute(Query(sql, (alias,), "contents of the snapshots")):
            yield f"{what} '{name}' is in it; a snapshot holds base tables only"


def _tables(engine: Engine, alias: str, manifest: Manifest) -> Iterator[str]:
    sql = """
        SELECT table_name, map_from_entries(list((column_name, data_type))) FROM duckdb_columns()
        WHERE database_name = $1 AND schema_name = 'main' AND NOT internal GROUP BY 1 ORDER BY 1"""
    found: dict[str, dict[str, str]] = dict(engine.execute(Query(sql, (alias,), "contents of the snapshots")))
    for name in sorted({*found, *manifest.taken}):
        if name not in found:
            yield f"table '{name}' of its manifest is missing{near_miss(name, found)}"
        elif name not in manifest.taken:
            yield f"table '{name}' is not in its manifest{near_miss(name, manifest.taken)}"
        elif found[name] != manifest.taken[name].types():
            yield f"the columns of table '{name}' are not those of its manifest"
        else:
            (rows,) = engine.one(Query(f"SELECT count(*) FROM {path(alias, 'main', name)}", step="contents of the snapshots"))
            if rows != manifest.taken[name].rows:
                yield f"table '{name}' has {rows:,} rows, its manifest says {manifest.taken[name].rows:,}"
