"""The one place that reads a DuckDB file as a store: its base tables are copied, everything else is only named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dq.engine import Engine
from dq.errors import EngineError, SnapshotError, UsageError, near_miss
from dq.sql import Query, path, quote
from dq.stores.contents import BARE
from dq.stores.manifest import ColumnSeal, Manifest, TableSeal
from dq.stores.opening import is_duckdb
from dq.stores.seal import MEMORIES, Filled, Label, Origin, seal

ALIAS = "store"


def seal_duckdb(file: Path, target: Path, *, label: Label, force: bool = False, memory: Sequence[str] = MEMORIES, threads: int | None = None) -> Manifest:
    """Seal a DuckDB file as the snapshot `target`.

    Raises:
        UsageError: there is no such file, or the target is there already (exit 2).
        SnapshotError: it is no DuckDB file, or its last changes stand in a `.wal` beside it (exit 3).
    """
    if not file.is_file():
        there = [item.name for item in file.parent.glob("*.duckdb")] if file.parent.is_dir() else []
        raise UsageError(f"{file}: no such file{near_miss(file.name, there)}")
    if not is_duckdb(file):
        raise SnapshotError(f"{file}: not a DuckDB file")
    if file.with_name(file.name + ".wal").exists():
        raise SnapshotError(f"{file}: {file.name}.wal stands beside it: its last changes are not in the file; open and close the store first")
    if file.resolve() == target.resolve():
        raise UsageError(f"{file}: is what it would be sealed as; name another file with --to")
    try:
        return seal(target, label=label, attach={ALIAS: str(file)}, fill=fill_from_duckdb, force=force, memory=memory, threads=threads)
    except EngineError as error:
        raise SnapshotError(f"{file}: {error}") from error


def fill_from_duckdb(engine: Engine, out: str) -> tuple[Origin, Sequence[Filled], Sequence[TableSeal]]:
    """Copy every base table of schema main of the attached file into `out`."""
    version = engine.one(Query("SELECT tags->>'storage_version' FROM duckdb_databases() WHERE database_name = $1", (ALIAS,), "reading the store"))[0]
    keys, collated = _keys(engine), _collated(engine)
    filled: list[Filled] = []
    rest: list[TableSeal] = []
    for name, kind, columns in _catalogue(engine):
        if kind != "table":
            rest.append(_left(name, kind, columns))
            continue
        source = path(ALIAS, "main", name)
        (rows,) = engine.one(Query(f"SELECT count(*) FROM {source}", step=f"counting {name}"))
        listed = ", ".join(_plain(quote(column)) if type_ == "VARCHAR" and name in collated else quote(column) for column, type_ in columns)
        engine.execute(Query(f"CREATE TABLE {path(out, 'main', name)} AS SELECT {listed} FROM {source}", step=f"table {name}"))
        seals = tuple(ColumnSeal(name=column, store_type=type_, type=type_) for column, type_ in columns)
        primary, *others = keys.get(name, [()])
        filled.append(Filled(name, int(rows), seals, primary, tuple(others)))
    rest += _elsewhere(engine)
    notes = (
        *(f"{table.kind} '{table.name}' was not taken" for table in rest),
        *(f"macro '{name}' was not taken" for name in _macros(engine)),
        *(f"table '{name}' is sealed without the collations that it declares: texts are what they are, letter by letter" for name in collated),
    )
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


def _elsewhere(engine: Engine) -> list[TableSeal]:
    """Return what stands in other schemas than main, by qualified name: nothing of it is taken, all of it is named."""
    sql = """
        SELECT o.schema_name || '.' || o.name, o.kind, list((c.column_name, c.data_type) ORDER BY c.column_index)
        FROM (SELECT schema_name, table_name AS name, 'table' AS kind FROM duckdb_tables() WHERE database_name = $1 AND schema_name <> 'main'
              UNION ALL
              SELECT schema_name, view_name, 'view' FROM duckdb_views() WHERE database_name = $1 AND schema_name <> 'main' AND NOT internal) AS o
        JOIN duckdb_columns() AS c ON c.database_name = $1 AND c.schema_name = o.schema_name AND c.table_name = o.name
        GROUP BY o.schema_name, o.name, o.kind ORDER BY 1"""
    return [_left(name, kind, columns) for name, kind, columns in engine.execute(Query(sql, (ALIAS,), "reading the store"))]


def _left(name: str, kind: str, columns: Sequence[tuple[str, str]]) -> TableSeal:
    """Return what the manifest says of something that was not taken."""
    return TableSeal(
        name=name, kind=kind, taken=False, columns=tuple(ColumnSeal(name=column, store_type=type_, type=type_, taken=False) for column, type_ in columns)
    )


def _plain(column: str) -> str:
    """Return a text without its collation, by which upper and lower case may be equal."""
    return f"decode(encode({column})) AS {column}"


def _collated(engine: Engine) -> list[str]:
    """Return the tables in which any column declares a collation."""
    sql = f"SELECT table_name FROM duckdb_tables() WHERE database_name = $1 AND schema_name = 'main' AND contains({BARE}, ' COLLATE ') ORDER BY 1"
    return [name for (name,) in engine.execute(Query(sql, (ALIAS,), "reading the store"))]


def _macros(engine: Engine) -> list[str]:
    sql = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE database_name = $1 AND NOT internal ORDER BY 1"
    return [name for (name,) in engine.execute(Query(sql, (ALIAS,), "reading the store"))]


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
