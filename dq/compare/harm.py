"""The one place that adds up what broken rows come to: keys, cells, people, money, statuses, columns and slices.

Source: DECISIONS "Count of a check": distinct keys; people are distinct owners; money at stake is the source's amount of missing and
repeated rows and the absolute difference of changed ones, per currency.
"""

from __future__ import annotations

from decimal import Decimal

from dq.compare.evidence import Harm, frozen
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
    """Return the harm of each kind of check, and of all of them together under ''.

    The rows are added up once, by what they break and where they belong; every kind is reckoned from those sums.
    """
    step = f"{entity.name}: harm"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE sorts AS
        SELECT {", ".join(("status", *mask_names(entity), *_belongs(entity)))}, count(*) AS n, {_STAKE if entity.money else "NULL"} AS stake
        FROM {tables.rows} WHERE status <> 'excused' GROUP BY {", ".join(("status", *mask_names(entity), *_belongs(entity)))}"""
    engine.execute(Query(sql, step=step))
    found = {"": _harm(engine, entity, tables=tables, kind="")}
    for kind in KINDS:
        found[kind] = _harm(engine, entity, tables=tables, kind=kind, whole=found[""])
    engine.execute(Query("DROP TABLE sorts", step=step))
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


def _harm(engine: Engine, entity: Entity, *, tables: Tables, kind: str, whole: Harm | None = None) -> Harm:
    step = f"{entity.name}: harm {kind}".rstrip()
    where = f"({broken_by(entity, kind)})"
    columns = {column.name: f"coalesce(sum(n) FILTER ({mask} & {bit} <> 0), 0)" for _, mask, bit, column in bits(entity) if kind in ("", column.kind)}
    rows, *cells = engine.one(Query(f"SELECT {', '.join(('coalesce(sum(n), 0)', *columns.values()))} FROM sorts WHERE {where}", step=step))
    if rows == 0:
        return Harm(people=0 if entity.owner else None)
    statuses = dict(engine.execute(Query(f"SELECT status, sum(n) FROM sorts WHERE {where} GROUP BY 1", step=step)))
    if "duplicate" in statuses:
        statuses["duplicate"] = _repeated_keys(engine, entity, tables=tables, where=where)
    changed = {name: int(count) for name, count in zip(columns, cells, strict=True) if count}
    keys = int(sum(statuses.values()))
    return Harm(
        keys=keys,
        cells=sum(changed.values()),
        people=_people(engine, entity, tables=tables, where=where) if whole is None or whole.keys != keys else whole.people,
        money=_money(engine, entity, where=where, kind=kind),
        statuses=frozen({status: int(count) for status, count in sorted(statuses.items())}),
        columns=frozen(changed),
        slices=_slices(engine, entity, where=where),
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
    return int(engine.one(Query(f"SELECT count(DISTINCT owner) FROM {tables.rows} WHERE {where}", step=f"{entity.name}: people"))[0])


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


def _belongs(entity: Entity) -> list[str]:
    return ["currency", *slice_names(entity)]
