"""The one place that counts base rows in against canonical rows out: an inner join must not lose an order unnoticed.

Source: DECISIONS "Base rows against canonical rows".
"""

from __future__ import annotations

from dataclasses import dataclass

from dq.compare.conditions import read_condition
from dq.compare.keys import LONGEST
from dq.compare.select import Select
from dq.compare.views import snapshot
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

_ROW = "dq.row"


@dataclass(frozen=True, slots=True)
class BaseRows:
    """Rows of the driving table, and what became of them."""

    rows: int
    excluded: tuple[tuple[str, int], ...]  # reason, rows
    lost: int  # neither excluded nor in the canonical rows
    multiplied: int  # in the canonical rows more than once
    returned: int  # excluded by declaration, yet in the canonical rows


def count_base_rows(engine: Engine, select: Select, *, entity: Entity, side: str, columns: tuple[str, ...], key: tuple[str, ...] = ()) -> BaseRows:
    """Count the driving table's rows, those the contract excludes, and the canonical ones; look closer where they do not add up, or tables are joined.

    The lost and multiplied rows stand in evidence."<e>.base" (side, problem, key).

    Args:
        engine: the engine.
        select: the side's SQL.
        entity: the entity.
        side: source or target.
        columns: columns of the driving table, which `[[excluded]]` may name.
        key: the driving table's primary key, which names its rows in the findings.
    """
    step = f"{entity.name}: base rows {side}"
    table, alias = select.driving
    base = path(snapshot(side), "main", table)
    wheres = excluded_where(engine, entity, side=side, columns=columns)
    picked = [
        f"count(*) FILTER ({' AND '.join((f'({where})', *(f'({past}) IS NOT TRUE' for _, past in wheres[:index])))})" for index, (_, where) in enumerate(wheres)
    ]
    rows, *excluded = engine.one(Query(f"SELECT {', '.join(('count(*)', *picked))} FROM {base}", step=step))
    reasons = tuple((reason, int(count)) for (reason, _), count in zip(wheres, excluded, strict=True))
    if len(select.tables) == 1 and not wheres:  # else as many may be lost as are repeated by a join, or brought back
        (canonical,) = engine.one(Query(f"SELECT count(*) FROM {path(f'raw_{side}', entity.name)}", step=step))
        if canonical == rows:
            return BaseRows(int(rows), reasons, 0, 0, 0)
    made = f"SELECT {quote(_ROW)} AS row FROM ({select.pointed_at(engine, snapshot(side), extra={_ROW: (alias, 'rowid')})})"
    gone = " OR ".join(f"({where})" for _, where in wheres) or "false"
    if _are_the_same(engine, made, f"SELECT rowid AS row FROM {base} WHERE ({gone}) IS NOT TRUE", rows=int(rows), step=step):
        return BaseRows(int(rows), reasons, 0, 0, 0)
    out = f"SELECT row, count(*) AS n FROM ({made}) GROUP BY 1"
    names = ", ".join(f"CAST(b.{quote(name)} AS VARCHAR)" for name in key) or "'row ' || b.rowid"
    sql = f"""
        INSERT INTO {path("evidence", f"{entity.name}.base")}
        SELECT $1, problem, key FROM (
            SELECT [{names}] AS key,
                   CASE WHEN o.row IS NULL AND ({gone}) IS NOT TRUE THEN 'lost' WHEN o.n > 1 THEN 'multiplied'
                        WHEN o.row IS NOT NULL AND ({gone}) THEN 'returned' END AS problem
            FROM {base} AS b LEFT JOIN ({out}) AS o ON o.row = b.rowid)
        WHERE problem IS NOT NULL"""
    engine.execute(Query(sql, (side,), step))
    counts: dict[str, int] = dict(
        engine.execute(Query(f"SELECT problem, count(*) FROM {path('evidence', f'{entity.name}.base')} WHERE side = $1 GROUP BY 1", (side,), step))
    )
    return BaseRows(int(rows), reasons, int(counts.get("lost", 0)), int(counts.get("multiplied", 0)), int(counts.get("returned", 0)))


def excluded_where(engine: Engine, entity: Entity, *, side: str, columns: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return (reason, condition over the driving table's `columns`) of what the contract excludes of a side, in its order."""
    return [
        (item.reason, read_condition(engine, item.where, file=entity.file, key=f"excluded.{index}.where", known=columns))
        for index, item in enumerate(entity.excluded)
        if item.side == side
    ]


def _are_the_same(engine: Engine, made: str, wanted: str, *, rows: int, step: str) -> bool:
    """Say whether two queries return the same of a table's `rows` rows, by number; the second has each once. No row is kept for it.

    Of a table from which rows were deleted the numbers go further: then the two are not known to be the same.
    """
    there = f"row < {rows}"
    bits = f"count(*) AS n, bitstring_agg(row, 0, {max(rows - 1, 0)}) FILTER ({there}) AS bits"
    sql = f"""
        SELECT m.n = w.n AND m.n = coalesce(bit_count(m.bits), 0) AND m.bits IS NOT DISTINCT FROM w.bits
        FROM (SELECT {bits} FROM ({made})) AS m, (SELECT {bits} FROM ({wanted})) AS w"""
    return rows < LONGEST and bool(engine.one(Query(sql, step=step))[0])


def make_base_table(engine: Engine, entity: Entity) -> None:
    """Create evidence."<e>.base", empty."""
    sql = f"CREATE TABLE {path('evidence', f'{entity.name}.base')} (side VARCHAR, problem VARCHAR, key VARCHAR[])"
    engine.execute(Query(sql, step=f"{entity.name}: base rows"))
