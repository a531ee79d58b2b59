"""The one place that holds an attached snapshot against its manifest: base tables only, the same columns and types, the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dq.engine import Engine
from dq.errors import near_miss
from dq.sql import Query, literal, path
from dq.stores.manifest import Manifest

BARE = """regexp_replace(sql, '"([^"]|"")*"', '', 'g')"""  # of duckdb_tables(): what a table's statement says, without names that need quoting


def discrepancies(engine: Engine, alias: str, manifest: Manifest, *, strange: Mapping[str, Sequence[str]] | None = None) -> tuple[str, ...]:
    """Return a line for everything in the attached file that its manifest does not say, and the other way round.

    Args:
        engine: the snapshot is attached.
        alias: as what.
        manifest: what it should be.
        strange: what `strange_objects` found, where it was asked for several snapshots at once.
    """
    found = strange_objects(engine) if strange is None else strange
    return (*found.get(alias, ()), *_tables(engine, alias, manifest))


def strange_objects(engine: Engine) -> dict[str, tuple[str, ...]]:
    """Return what may not be in a snapshot at all, by alias: it could read elsewhere, or mean something else than it says.

    One question for all that is attached: the list of functions alone takes 14 ms, however many snapshots it is asked about.
    """
    queries = {
        "a view": "SELECT database_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
        "a macro": "SELECT DISTINCT database_name, function_name FROM duckdb_functions() WHERE NOT internal ORDER BY ALL",
        "another schema": "SELECT database_name, schema_name FROM duckdb_schemas() WHERE NOT internal AND schema_name <> 'main' ORDER BY ALL",
        "a computed column in table": f"SELECT database_name, table_name FROM duckdb_tables() WHERE contains({BARE}, ' GENERATED ALWAYS') ORDER BY ALL",
        "a collation in table": f"SELECT database_name, table_name FROM duckdb_tables() WHERE contains({BARE}, ' COLLATE ') ORDER BY ALL",
    }
    found: dict[str, tuple[str, ...]] = {}
    for what, sql in queries.items():
        for alias, name in engine.execute(Query(sql, step="contents of the snapshots")):
            found[alias] = (*found.get(alias, ()), f"{what} '{name}' is in it; a snapshot holds base tables only")
    return found


def _tables(engine: Engine, alias: str, manifest: Manifest) -> Iterator[str]:
    sql = """
        SELECT table_name, map_from_entries(list((column_name, data_type))) FROM duckdb_columns()
        WHERE database_name = $1 AND schema_name = 'main' AND NOT internal GROUP BY 1 ORDER BY 1"""
    found: dict[str, dict[str, str]] = dict(engine.execute(Query(sql, (alias,), "contents of the snapshots")))
    counts = _rows(engine, alias, [name for name in sorted(manifest.taken) if name in found])
    for name in sorted({*found, *manifest.taken}):
        if name not in found:
            yield f"table '{name}' of its manifest is missing{near_miss(name, found)}"
        elif name not in manifest.taken:
            yield f"table '{name}' is not in its manifest{near_miss(name, manifest.taken)}"
        elif found[name] != manifest.taken[name].types():
            yield f"the columns of table '{name}' are not those of its manifest"
        elif counts[name] != manifest.taken[name].rows:
            yield f"table '{name}' has {counts[name]:,} rows, its manifest says {manifest.taken[name].rows:,}"


def _rows(engine: Engine, alias: str, names: Sequence[str]) -> dict[str, int]:
    """Count the rows of tables, in one query."""
    counts = " UNION ALL ".join(f"SELECT {literal(name)}, count(*) FROM {path(alias, 'main', name)}" for name in names)
    return dict(engine.execute(Query(counts, step="contents of the snapshots"))) if names else {}
