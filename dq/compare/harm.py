"""The one place that adds up what broken rows come to: keys, cells, people, money, statuses, columns and slices.

Source: DECISIONS "Count of a check": distinct keys; people are distinct owners; money at stake is the source's amount of missing and
repeated rows and the absolute difference of changed ones, per currency.
"""

from __future__ import annotations

from decimal import Decimal

from dq.compare.evidence import Harm, frozen
from dq.compare.rows import Tables, bits, key_names
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, literal

SLICES_KEPT = 50  # slices a check, those with most broken rows first
_ROWS = {"keys": ("duplicate",), "rows": ("missing", "extra")}
KINDS = ("keys", "rows", "values", "attribution", "instants")


def harms(engine: Engine, entity: Entity, *, tables: Tables) -> dict[str, Harm]:
    """Return the harm of each kind of check, and of all of them together under ''."""
    (rows,) = engine.one(Query(f"SELECT count(*) FROM {tables.rows} WHERE status <> 'excused'", step=f"{entity.name}: harm"))
    kinds = ("", *KINDS)
    people = 0 if entity.owner else None
    if rows == 0:
        return {kind: Harm(people=people) for kind in kinds}
    return {kind: _harm(engine, entity, tables=tables, kind=kind) for kind in kinds}


def broken_by(entity: Entity, kind: str) -> str:
    """Return the claim that an evidence row breaks a kind of check ('' for any)."""
    if kind == "":
        return "status <> 'excused'"
    if kind in _ROWS:
        return f"status IN ({', '.join(literal(status) for status in _ROWS[kind])})"
    masks: dict[str, int] = {}
    for _, mask, bit, column in bits(entity):
        if column.kind == kind:
            masks[mask] = masks.get(mask, 0) | bit
    return " OR ".join(f"{mask} & {value} <> 0" for mask, value in masks.items()) or "false"


def _harm(engine: Engine, entity: Entity, *, tables: Tables, kind: str) -> Harm:
    step = f"{entity.name}: harm {kind}".rstrip()
    where = f"({broken_by(entity, kind)})"
    columns = {column.name: f"count(*) FILTER ({mask} & {bit} <> 0)" for _, mask, bit, column in bits(entity) if kind in ("", column.kind)}
    items = ["count(*)", "count(DISTINCT owner)", *columns.values()]
    rows, people, *cells = engine.one(Query(f"SELECT {', '.join(items)} FROM {tables.rows} WHERE {where}", step=step))
    if rows == 0:
        return Harm(people=0 if entity.owner else None)
    keys = ", ".join(key_names(entity))
    statuses = dict(
        engine.execute(Query(f"SELECT status, count(*) FROM {tables.rows} WHERE {where} AND status <> 'duplicate' GROUP BY 1 ORDER BY 1", step=step))
    )
    # one key may stand in several rows only where it is repeated; a NULL key is a row of its own
    null = " OR ".join(f"{key} IS NULL" for key in key_names(entity))
    repeated = f"SELECT DISTINCT {keys}, CASE WHEN {null} THEN coalesce(source_hash, target_hash) END FROM {tables.rows} WHERE {where} AND status = 'duplicate'"
    (repeats,) = engine.one(Query(f"SELECT count(*) FROM ({repeated})", step=step))
    if repeats:
        statuses["duplicate"] = repeats
    changed = {name: int(count) for name, count in zip(columns, cells, strict=True) if count}
    return Harm(
        keys=int(sum(statuses.values())),
        cells=sum(changed.values()),
        people=int(people) if entity.owner else None,
        money=_money(engine, entity, tables=tables, where=where, kind=kind),
        statuses=frozen({status: int(count) for status, count in sorted(statuses.items())}),
        columns=frozen(changed),
        slices=_slices(engine, entity, tables=tables, where=where),
    )


def _money(engine: Engine, entity: Entity, *, tables: Tables, where: str, kind: str) -> tuple[tuple[str, Decimal], ...]:
    if entity.money is None or kind in ("attribution", "instants"):
        return ()
    sql = f"""
        SELECT currency, CAST(sum(CASE status WHEN 'changed' THEN abs(coalesce(amount_source, 0) - coalesce(amount_target, 0))
                                              WHEN 'extra' THEN 0 ELSE coalesce(amount_source, 0) END) AS VARCHAR)
        FROM {tables.rows} WHERE {where} GROUP BY 1 ORDER BY 1 NULLS FIRST"""
    unit = entity.money.unit
    found = ((currency if entity.money.currency else unit, Decimal(amount)) for currency, amount in engine.execute(Query(sql, step=f"{entity.name}: money")))
    return tuple((str(currency or ""), amount) for currency, amount in found if amount)


def _slices(engine: Engine, entity: Entity, *, tables: Tables, where: str) -> tuple[tuple[tuple[str | None, ...], int], ...]:
    if not entity.slices:
        return ()
    names = [f"s_{index}" for index, _ in enumerate(entity.slices)]
    sql = f"SELECT {', '.join(names)}, count(*) AS n FROM {tables.rows} WHERE {where} GROUP BY ALL ORDER BY n DESC, {', '.join(names)} LIMIT {SLICES_KEPT}"
    return tuple((tuple(row[:-1]), int(row[-1])) for row in engine.execute(Query(sql, step=f"{entity.name}: slices")))
