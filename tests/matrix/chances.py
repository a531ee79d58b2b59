"""The one place that changes the demo stores at random, with no thought of what it must bring about: only the oracle can say.

Corruptions are what somebody thought of. A chance takes a side, a table, a column and rows by lot, so in the long run every column of every store
is without a value, another row's, exchanged, a little off or off as a whole, and every table's rows are lost or repeated.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import duckdb
from dq_fixtures.corruptions.picks import STORES, Db, remake

WEIGHTS = {"source": 3, "target": 4, "baseline": 1, "crosswalk": 2}
"""How often a store is drawn."""

KINDS = ("nothing", "another's", "exchanged", "off", "all off", "deleted", "repeated", "repeated with another's")
WHOLE_ROWS = ("deleted", "repeated")

OFF = {
    "VARCHAR": ("''", "{0} || ' '", "upper({0})", "reverse({0})", "{0}[:5]", "'NULL'"),
    "BOOLEAN": ("NOT {0}",),
    "DATE": ("{0} + 1", "{0} - 365"),
    "TIMESTAMP": ("{0} + INTERVAL 7 HOUR", "{0} - INTERVAL 1 DAY", "{0} + INTERVAL 1 MICROSECOND", "{0} + INTERVAL 90 DAY"),
    "JSON": ("NULL", "'{}'"),
    "": ("{0} + 1", "{0} - 1", "-{0}", "0", "{0} * 100"),
}
"""How a value is off, by the first word of its type; `''` for numbers."""

MOST = 4  # rows at once
TRIES = 20


class NoChanceError(ValueError):
    """Nothing that was drawn could be done."""


def take_chance(folder: Path, rng: Random) -> str:
    """Change the unsealed stores in a folder by lot, and say what was done. Raises NoChanceError."""
    with duckdb.connect(config={"threads": 1}) as db:
        db.execute("SET TimeZone = 'UTC'")
        for store in STORES:
            db.execute(f"ATTACH '{folder / f'{store}.duckdb'}' AS {store}")
        for _ in range(TRIES):
            side = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            table = rng.choice(_names(db, "SELECT table_name FROM duckdb_tables() WHERE database_name = $1 ORDER BY 1", side))
            said = _change(db, f"{side}.{table}", rng)
            if said is not None:
                return said
    raise NoChanceError(TRIES)


def _change(db: Db, table: str, rng: Random) -> str | None:
    """Change some rows of a table, which loses its keys where rows are to stand twice; None where there are too few, or the table does not take it."""
    column, kind_of = rng.choice(_columns(db, table))
    kind, count = rng.choice(KINDS), rng.randint(1, MOST)
    count = 1 if kind == "exchanged" else count
    if kind.startswith("repeated"):
        remake(db, table)
    there = _names(db, f"SELECT rowid FROM {table} ORDER BY 1")
    if len(there) < count + 1:
        return None
    other, *rows = rng.sample(there, count + 1)
    some = ", ".join(str(row) for row in rows)
    off = rng.choice(OFF[next((word for word in OFF if word and kind_of.startswith(word)), "")]).format(f'"{column}"')
    theirs = f'(SELECT "{column}" FROM {table} WHERE rowid = {other})'
    statements = {
        "nothing": [f'UPDATE {table} SET "{column}" = NULL WHERE rowid IN ({some})'],
        "another's": [f'UPDATE {table} SET "{column}" = {theirs} WHERE rowid IN ({some})'],
        "exchanged": [
            f'CREATE OR REPLACE TEMP TABLE kept AS SELECT rowid AS id, "{column}" AS value FROM {table} WHERE rowid IN ({other}, {some})',
            f'UPDATE {table} SET "{column}" = (SELECT value FROM kept WHERE id <> {table.split(".")[1]}.rowid) WHERE rowid IN ({other}, {some})',
        ],
        "off": [f'UPDATE {table} SET "{column}" = {off} WHERE rowid IN ({some})'],
        "all off": [f'UPDATE {table} SET "{column}" = {off}'],
        "deleted": [f"DELETE FROM {table} WHERE rowid IN ({some})"],
        "repeated": [f"INSERT INTO {table} SELECT * FROM {table} WHERE rowid IN ({some})"],
        "repeated with another's": [f'INSERT INTO {table} SELECT * REPLACE ({theirs} AS "{column}") FROM {table} WHERE rowid IN ({some})'],
    }
    try:
        for statement in statements[kind]:
            db.execute(statement)
    except duckdb.Error:  # a key, or a value that the column's type does not hold
        return None
    what = table if kind in WHOLE_ROWS else f"{table}.{column}"
    detail = f" {off}" if kind.endswith("off") else ""
    return f"[{what} {kind}{detail}{'' if kind == 'all off' else f' rows {some}'}]"


def _names(db: Db, sql: str, *values: str) -> list[str]:
    return [name for (name,) in db.execute(sql, list(values)).fetchall()]


def _columns(db: Db, table: str) -> list[tuple[str, str]]:
    side, _, name = table.partition(".")
    sql = "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = $1 AND table_name = $2 ORDER BY column_index"
    return db.execute(sql, [side, name]).fetchall()
