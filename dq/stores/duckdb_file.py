"""The one place that reads a DuckDB file as a store: its base tables are copied, everything else is only named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dq.engine import Engine
from dq.errors import EngineError, SnapshotError
from dq.sql import Query, path, quote
from dq.stores.manifest import ColumnSeal, TableSeal
from dq.stores.seal import Filled, Origin

ALIAS = "store"


def refuse_wal(file: Path) -> None:
    """Refuse a file whose last changes stand in a `.wal` beside it. Raises SnapshotError."""
    if file.with_name(file.name + ".wal").exists():
        raise SnapshotError(f"{file}: {file.name}.wal stands beside it: its last changes are not in it; open and close the store first")


def fill_from_duckdb(engine: Engine, out: str) -> tuple[Origin, Sequence[Filled], Sequence[TableSeal]]:
    """Copy every base table of schema main of the attached file into `out`."""
    version = engine.one(Query("SELECT tags->>'storage_version' FROM duckdb_databases() WHERE database_name = $1", (ALIAS,), "reading the store"))[0]
    keys = _keys(engine)
    filled: list[Filled] = []
    rest: list[TableSeal] = []
    for name, kind, columns in _catalogue(engine):
        if kind != "table":
            rest.append(TableSeal(name=name, kind=kind, taken=False, columns=tuple(ColumnSeal(name=column, store_type=type_) for column, type_ in columns)))
            continue
        source = path(ALIAS, "main", name)
        (rows,) = engine.one(Query(f"SELECT count(*) FROM {source}", step=f"counting {name}"))
        listed = ", ".join(quote(column) for column, _ in columns)
        engine.execute(Query(f"CREATE TABLE {path(out, 'main', name)} AS SELECT {listed} FROM {source}", step=f"table {name}"))
        seals = tuple(ColumnSeal(name=column, store_type=type_, type=type_) for column, type_ in columns)
        primary, *others = keys.get(name, [()])
        filled.append(Filled(name, int(rows), seals, primary, tuple(others)))
    notes = tuple(f"{table.kind} '{table.name}' was not taken" for table in rest)
    return Origin("duckdb", str(version or "unknown"), "one file, read-only", notes=notes), filled, rest


def _catalogue(engine: Engine) -> list[tuple[str, str, list[tuple[str, str]]]]:
    sql = """
        SELECT o.name, o.kind, list((c.column_name, c.data_type) ORDER BY c.column_index)
        FROM (SELECT table_name AS name, 'table' AS kind FROM duckdb_tables() WHERE database_name = $1 AND schema_name = 'main'
              UNION ALL
              SELECT view_name, 'view' FROM duckdb_views() WHERE database_name = $1 AND schema_name = 'main' AND NOT internal) AS o
        JOIN duckdb_columns() AS c ON c.database_name = $1 AND c.schema_name = 'main' AND c.table_name = o.name
        GROUP BY ALL ORDER BY o.name"""
    try:
        return [(name, kind, list(columns)) for name, kind, columns in engine.execute(Query(sql, (ALIAS,), "reading the store"))]
    except EngineError as error:
        raise SnapshotError(f"the store's catalogue cannot be read: {error}") from None


def _keys(engine: Engine) -> dict[str, list[tuple[str, ...]]]:
    """Return table to its primary key (first, () where there is none) and its other unique column lists."""
    sql = """
        SELECT table_name, constraint_type, constraint_column_names FROM duckdb_constraints()
        WHERE database_name = $1 AND schema_name = 'main' AND constraint_type IN ('PRIMARY KEY', 'UNIQUE') ORDER BY table_name, constraint_index"""
    found: dict[str, list[tuple[str, ...]]] = {}
    for table, kind, names in engine.execute(Query(sql, (ALIAS,), "reading the store")):
        keys = found.setdefault(table, [()])
        if kind == "PRIMARY KEY":
            keys[0] = tuple(names)
        else:
            keys.append(tuple(names))
    return found
