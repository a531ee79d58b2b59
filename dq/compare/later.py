"""The one place for what the target's own entries say that a person gained or spent since the baseline: it is no part of what was moved.

A merged person's balance is what they had before, what was moved, and what their own entries since then come to. The entries explain it one by one.
"""

from __future__ import annotations

from collections.abc import Mapping

from dq.compare.views import ID
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


def make_later(engine: Engine, entity: Entity) -> None:
    """Create claims."<e>.later": a person's key, and per column what the target's own rows of the other entity come to now, less what they came to.

    Own is what nobody claims: the rows of before and the new ones. Where one of before changed since, the difference counts.

    Args:
        engine: the engine; the other entities' own views and claims stand.
        entity: an entity with `later`.
    """
    keys = [quote(name) for name in entity.key]
    parts: list[str] = []
    for name, ledger in entity.later.items():
        apart = f"e ANTI JOIN {path('claims', ledger.entity)} AS c ON c.id = e.{quote(ID)} WHERE e.{quote(ID)} IS NOT NULL"
        for side, sign in (("target", ""), ("baseline", "-")):
            amounts = [f"{sign}CAST(e.{quote(ledger.sum)} AS {_wide(entity, name)})" if name == other else "NULL" for other in entity.later]
            parts.append(f"SELECT {', '.join((*(f'e.{key}' for key in keys), *amounts))} FROM {path(f'own_{side}', ledger.entity)} AS {apart}")
    columns = ", ".join((*keys, *(quote(name) for name in entity.later)))
    sums = {quote(name): f"coalesce(sum({quote(name)}), 0)" for name in entity.later}
    sql = f"""
        CREATE TABLE {table(entity)} AS
        SELECT {", ".join((*keys, *(f"{total} AS {name}" for name, total in sums.items())))}
        FROM ({" UNION ALL ".join(parts)}) AS own ({columns})
        GROUP BY {", ".join(keys)} HAVING {" OR ".join(f"{total} <> 0" for total in sums.values())}"""
    engine.execute(Query(sql, step=f"{entity.name}: later entries"))


def table(entity: Entity) -> str:
    """Return the name of what `make_later` makes."""
    return path("claims", f"{entity.name}.later")


def blocked_by(entity: Entity, compared: Mapping[str, Entity]) -> str | None:
    """Return why what came later cannot be told, or None: the other entity's rows were not compared, so nobody knows which are whose."""
    missing = sorted({ledger.entity for ledger in entity.later.values()} - compared.keys())
    return f"the rows of {missing[0]} could not be compared, so what came later is not known" if missing else None


def _wide(entity: Entity, name: str) -> str:
    """Return a type in which nothing overflows: integers and decimals of the column's scale."""
    type_ = entity.column(name).type
    return f"DECIMAL(38,{type_.scale})" if type_.name == "DECIMAL" else "HUGEINT"
