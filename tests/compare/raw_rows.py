"""The one place that brings raw rows of one side to canonical ones by the engine's own steps, without a store around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sides_compared import make_entity

from dq.compare.views import Raw, look_up, make_own
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


def conformed(
    engine: Engine,
    columns: Mapping[str, Any],
    raw: Mapping[str, str],
    rows: Sequence[Sequence[Any]],
    *,
    side: str = "source",
    minor_units: Mapping[str, int] | None = None,
    **rest: Any,
) -> tuple[Raw, list[tuple[Any, ...]]]:
    """Return what was looked up in raw rows, and the rows in the contract's types, in order.

    Args:
        engine: the engine.
        columns: the contract's columns.
        raw: raw column to its type.
        rows: raw values.
        side: source, target or baseline.
        minor_units: the contract's exceptions to ISO 4217.
        rest: further keys of the entity.
    """
    entity: Entity = make_entity({"k": "INTEGER", **columns}, key="k", **rest)
    types = {"k": "INTEGER", **raw}
    view, own = path(f"raw_{side}", entity.name), path(f"own_{side}", entity.name)
    engine.execute(Query(f"DROP VIEW IF EXISTS {own}"))
    engine.execute(Query(f"CREATE OR REPLACE TABLE {view} ({', '.join(f'{quote(name)} {kind}' for name, kind in types.items())})"))
    if rows:
        line = ", ".join(f"CAST(? AS {kind})" for kind in types.values())
        values = tuple(value for place, row in enumerate(rows) for value in (place, *row))
        engine.execute(Query(f"INSERT INTO {view} VALUES {', '.join([f'({line})'] * len(rows))}", values))
    found = look_up(engine, entity=entity, side=side, types=types, minor_units=minor_units or {})
    make_own(engine, found, entity=entity, side=side, minor_units=minor_units or {})
    names = ", ".join(quote(name) for name in columns)
    return found, engine.execute(Query(f"SELECT {names} FROM {own} ORDER BY k"))
