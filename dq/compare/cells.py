"""The one place that keeps both values of the cells that differ: of each column the first ones by key, the rest is in the snapshots.

Source: DECISIONS "Findings": key, status and column mask for all, both values for the first 100,000 by key; counts are always exact.
"""

from __future__ import annotations

from collections.abc import Collection

from dq.compare.equality import EXCUSED, differs, rule_of
from dq.compare.rows import Tables, bits, key_names, mask_names, on_key
from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, literal, quote

VALUES_KEPT = 100_000  # cells a column
_PICKED = "picked"  # the table of the keys whose values are kept


def pick_keys(engine: Engine, entity: Entity, *, tables: Tables, in_order: bool) -> tuple[int, ...]:
    """Make the table of the changed rows' keys whose values are kept: all of them, or of each column the first ones.

    Args:
        engine: the engine.
        entity: the entity.
        tables: its evidence.
        in_order: the rows stand there in the order of their keys, so that the first ones need not be looked for.

    Returns:
        The places of the columns that have more cells than are kept.
    """
    step = f"{entity.name}: keep values"
    kept, order = ", ".join((*key_names(entity), *mask_names(entity))), "" if in_order else f"ORDER BY {', '.join(key_names(entity))}"
    claims = [f"{mask} & {bit} <> 0" for _, mask, bit, _ in bits(entity)]
    counted = ", ".join(("count(*)", *(f"count(*) FILTER ({claim})" for claim in claims)))
    rows, *cells = engine.one(Query(f"SELECT {counted} FROM {tables.rows} WHERE status = 'changed'", step=step))
    many = tuple(place for place, count in enumerate(cells) if count > VALUES_KEPT)
    few = [claim for place, claim in enumerate(claims) if place not in many] if rows > VALUES_KEPT else ["true"]
    picked = [f"SELECT {kept} FROM {tables.rows} WHERE status = 'changed' AND ({' OR '.join(few) or 'false'})"]
    picked += [f"(SELECT {kept} FROM {tables.rows} WHERE {claims[place]} {order} LIMIT {VALUES_KEPT})" for place in many]
    engine.execute(Query(f"CREATE OR REPLACE TEMP TABLE {_PICKED} AS {' UNION '.join(picked)}", step=step))
    return many


def keep_values(engine: Engine, entity: Entity, *, tables: Tables, source: str, target: str, many: Collection[int]) -> None:
    """Add the cells of the picked rows that differ to the evidence, of each column the first ones by key; the picked keys go.

    Args:
        engine: the engine.
        entity: the entity.
        tables: its evidence.
        source: source.e, or some rows of it that hold the picked ones.
        target: the same of target.e.
        many: what `pick_keys` returned.
    """
    step = f"{entity.name}: keep values"
    keys = key_names(entity)
    on = " AND ".join(f"p.{key} = s.{quote(name)}" for key, name in zip(keys, entity.key, strict=True))
    values = [f"s.{quote(column.name)} AS s_{place}, t.{quote(column.name)} AS t_{place}" for place, _, _, column in bits(entity)]
    sql = f"""
        CREATE OR REPLACE TEMP TABLE pairs AS
        SELECT {", ".join(("p.*", *values))}
        FROM {_PICKED} AS p JOIN {source} AS s ON {on} JOIN {target} AS t ON {on_key(entity)}"""
    engine.execute(Query(sql, step=step))
    first = f" ORDER BY {', '.join(keys)} LIMIT {VALUES_KEPT}"
    cells = (
        f"(SELECT {', '.join(keys)}, {place}, CAST(s_{place} AS VARCHAR), CAST(t_{place} AS VARCHAR) FROM pairs WHERE {mask} & {bit} <> 0"
        f"{first if place in many else ''})"
        for place, mask, bit, _ in bits(entity)
    )
    if entity.compared:
        engine.execute(Query(f"INSERT INTO {tables.cells} {' UNION ALL '.join(cells)}", step=step))
    for table in ("pairs", _PICKED):
        engine.execute(Query(f"DROP TABLE {table}", step=step))


def count_equal_after(engine: Engine, entity: Entity, *, tables: Tables, source: str, target: str) -> None:
    """Count, exactly, the cells of some rows of both sides that are equal only after a rule that their column declares."""
    for place, _, _, column in bits(entity):
        rule = rule_of(column, entity=entity)
        if rule is not None and _declares(column):
            sql = f"""
                INSERT INTO {tables.equal_after}
                SELECT {place}, rule, count(*)
                FROM (SELECT {rule} AS rule FROM {source} AS s JOIN {target} AS t ON {on_key(entity)} WHERE {differs(column)})
                WHERE rule IS NOT NULL AND rule <> {literal(EXCUSED)} GROUP BY rule"""
            engine.execute(Query(sql, step=f"{entity.name}: equal after a rule"))


def _declares(column: Column) -> bool:
    return column.type.name == "JSON" or bool(column.equal_after) or column.tolerance is not None
