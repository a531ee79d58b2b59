"""The one place that holds an attached snapshot against its manifest: base tables only, the same columns and types, the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dq.engine import Engine
from dq.errors import near_miss
from dq.sql import Query, literal, path
from dq.stores.manifest import Manifest

BARE = """regexp_replace(sql, '"([^"]|"")*"', '', 'g')"""  # of duckdb_tables(): what a table's statement says, without names that need quoting
_STEP = "contents of the snapshots"


@dataclass(frozen=True, slots=True)
class Inside:
    """What stands in an attached file: a line for each thing that may not be there at all, and its tables' columns with their types."""

    strange: tuple[str, ...] = ()
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def discrepancies(engine: Engine, alias: str, manifest: Manifest, *, inside: Mapping[str, Inside] | None = None) -> tuple[str, ...]:
    """Return a line for everything in the attached file that its manifest does not say, and the other way round.

    Args:
        engine: the snapshot is attached.
        alias: as what.
        manifest: what it should be.
        inside: what `look_inside` found, where it was asked for several snapshots at once.
    """
    found = (look_inside(engine) if inside is None else inside).get(alias, Inside())
    return (*found.strange, *_tables(engine, alias, manifest, found=found.tables))


def look_inside(engine: Engine) -> dict[str, Inside]:
    """Return what stands in the attached files, by alias; what may not be in a snapshot at all could read elsewhere, or mean something else than it says.

    Each question is one for all that is attached: the list of functions alone takes 14 ms, that of columns 3, however many snapshots they are asked about.
    """
    queries = {
        "a view": "SELECT database_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
        "a macro": "SELECT DISTINCT database_name, function_name FROM duckdb_functions() WHERE NOT internal ORDER BY ALL",
        "another schema": "SELECT database_name, schema_name FROM duckdb_schemas() WHERE NOT internal AND schema_name <> 'main' ORDER BY ALL",
        "a computed column in table": f"SELECT database_name, table_name FROM duckdb_tables() WHERE contains({BARE}, ' GENERATED ALWAYS') ORDER BY ALL",
        "a collation in table": f"SELECT database_name, table_name FROM duckdb_tables() WHERE contains({BARE}, ' COLLATE ') ORDER BY ALL",
    }
    strange: dict[str, list[str]] = {}
    for what, sql in queries.items():
        for alias, name in engine.execute(Query(sql, step=_STEP)):
            strange.setdefault(alias, []).append(f"{what} '{name}' is in it; a snapshot holds base tables only")
    sql = """
        SELECT database_name, table_name, map_from_entries(list((column_name, data_type))) FROM duckdb_columns()
        WHERE schema_name = 'main' AND NOT internal GROUP BY 1, 2 ORDER BY 1, 2"""
    tables: dict[str, dict[str, Mapping[str, str]]] = {}
    for alias, name, columns in engine.execute(Query(sql, step=_STEP)):
        tables.setdefault(alias, {})[name] = columns
    return {alias: Inside(tuple(strange.get(alias, ())), tables.get(alias, {})) for alias in {**strange, **tables}}


def _tables(engine: Engine, alias: str, manifest: Manifest, *, found: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
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
    return dict(engine.execute(Query(counts, step=_STEP))) if names else {}
