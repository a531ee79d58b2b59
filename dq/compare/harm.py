"""The one place that adds up what broken rows come to: keys, cells, people, money, statuses, columns and slices.

Source: DECISIONS "Count of a check": distinct keys; people are distinct owners; money at stake is the source's amount of missing and
repeated rows and the absolute difference of changed ones, per currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from dq.compare.evidence import Harm, frozen
from dq.compare.keys import count_keys
from dq.compare.rows import Tables, bits, key_names, mask_names, slice_names
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, literal

SLICES_KEPT = 50  # slices a check, those with most broken rows first
_ROWS = {"keys": ("duplicate",), "rows": ("missing", "extra")}
_STAKE = """
    sum(CASE status WHEN 'changed' THEN abs(coalesce(amount_source, 0) - coalesce(amount_target, 0))
                    WHEN 'extra' THEN 0 ELSE coalesce(amount_source, 0) END)"""
KINDS = ("keys", "rows", "values", "attribution", "instants")


def harms(engine: Engine, entity: Entity, *, tables: Tables) -> dict[str, Harm]:
    """Return the harm of kinds of checks, and of all kinds together under ''.

    The rows are added up once, by what they break and where they belong; every kind is reckoned from those sums.
    """
    if engine.one(Query(f"SELECT count(*) FROM {tables.rows}", step=f"{entity.name}: harm")) == (0,):
        return {kind: _none(entity) for kind in ("", *KINDS)}
    belongs = ", ".join(("status", *mask_names(entity), "currency", *slice_names(entity)))
    sql = f"""
        CREATE OR REPLACE TEMP TABLE sorts AS
        SELECT {belongs}, count(*) AS n, {_STAKE if entity.money else "NULL"} AS stake FROM {tables.rows} WHERE status <> 'excused' GROUP BY {belongs}"""
    engine.execute(Query(sql, step=f"{entity.name}: harm"))
    items = [f"sum(n) FILTER ({broken_by(entity, kind)})" for kind in ("", *KINDS)]
    items += [f"sum(n) FILTER ({mask} & {bit} <> 0)" for _, mask, bit, _ in bits(entity)]
    counts = [int(count or 0) for count in engine.one(Query(f"SELECT {', '.join(items)} FROM sorts", step=f"{entity.name}: harm"))]
    cells = list(zip(entity.compared, counts[1 + len(KINDS) :], strict=True))
    found: dict[str, Harm] = {}
    for kind, rows in zip(("", *KINDS), counts, strict=False):
        changed = {column.name: count for column, count in cells if count and kind in ("", column.kind)}
        found[kind] = _harm(engine, entity, tables=tables, kind=kind, cells=changed, whole=found.get("")) if rows else _none(entity)
    engine.execute(Query("DROP TABLE sorts", step=f"{entity.name}: harm"))
    return found


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


def _none(entity: Entity) -> Harm:
    return Harm(people=0 if entity.owner else None)


def _harm(engine: Engine, entity: Entity, *, tables: Tables, kind: str, cells: Mapping[str, int], whole: Harm | None) -> Harm:
    """Return the harm of a kind that some rows break; `whole` is that of all kinds, where it is known."""
    where = f"({broken_by(entity, kind)})"
    statuses = dict(engine.execute(Query(f"SELECT status, sum(n) FROM sorts WHERE {where} GROUP BY 1", step=f"{entity.name}: harm")))
    if "duplicate" in statuses:
        statuses["duplicate"] = _repeated_keys(engine, entity, tables=tables, where=where)
    keys = int(sum(statuses.values()))
    same = whole is not None and whole.keys == keys  # the rows of all kinds break this one
    return Harm(
        keys=keys,
        cells=sum(cells.values()),
        people=whole.people if whole is not None and same else _people(engine, entity, tables=tables, where=where),
        money=_money(engine, entity, where=where, kind=kind),
        statuses=frozen({status: int(count) for status, count in sorted(statuses.items())}),
        columns=frozen(cells),
        slices=whole.slices if whole is not None and same else _slices(engine, entity, where=where),
    )


def _repeated_keys(engine: Engine, entity: Entity, *, tables: Tables, where: str) -> int:
    """Count the keys of the repeated rows: one key stands in several rows only there; a NULL key is a row of its own."""
    null = " OR ".join(f"{key} IS NULL" for key in key_names(entity))
    keys = f"SELECT DISTINCT {', '.join(key_names(entity))}, CASE WHEN {null} THEN coalesce(source_hash, target_hash) END"
    sql = f"SELECT count(*) FROM ({keys} FROM {tables.rows} WHERE {where} AND status = 'duplicate')"
    return int(engine.one(Query(sql, step=f"{entity.name}: repeated keys"))[0])


def _people(engine: Engine, entity: Entity, *, tables: Tables, where: str) -> int | None:
    if entity.owner is None:
        return None
    owners = f"(SELECT owner FROM {tables.rows} WHERE {where})"
    return count_keys(engine, owners, [("owner", entity.column(entity.owner).type.sql)], step=f"{entity.name}: people").distinct


def _money(engine: Engine, entity: Entity, *, where: str, kind: str) -> tuple[tuple[str, Decimal], ...]:
    if entity.money is None or kind in ("attribution", "instants"):
        return ()
    sql = f"SELECT currency, CAST(sum(stake) AS VARCHAR) FROM sorts WHERE {where} GROUP BY 1 ORDER BY 1 NULLS FIRST"
    unit = entity.money.unit
    found = ((currency if entity.money.currency else unit, Decimal(amount)) for currency, amount in engine.execute(Query(sql, step=f"{entity.name}: money")))
    return tuple((str(currency or ""), amount) for currency, amount in found if amount)


def _slices(engine: Engine, entity: Entity, *, where: str) -> tuple[tuple[tuple[str | None, ...], int], ...]:
    if not entity.slices:
        return ()
    names = ", ".join(slice_names(entity))
    sql = f"SELECT {names}, sum(n) AS rows FROM sorts WHERE {where} GROUP BY ALL ORDER BY rows DESC, {names} LIMIT {SLICES_KEPT}"
    return tuple((tuple(row[:-1]), int(row[-1])) for row in engine.execute(Query(sql, step=f"{entity.name}: slices")))
