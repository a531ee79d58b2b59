"""The one place that writes a check as the query it is: over an entity's views, the rows that break it, by key.

The views are those that `dq check --sql ENTITY` prints; a run finds the same rows by fingerprints.
Source: DESIGN, law 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dq.compare.equality import differs
from dq.compare.rows import on_key
from dq.compare.slicing import slice_text
from dq.compare.views import CHANGED, ID
from dq.contract.claims import Invariant, Sums
from dq.contract.models import Contract, Entity
from dq.errors import UsageError, near_miss
from dq.sql import literal, path, quote

_NO_QUERY: Final = ("schema", "export")  # kinds of check


def queries_of(contract: Contract, check_ids: Iterable[str]) -> dict[str, str]:
    """Return the queries of those of the checks that are about an entity's rows, by check id."""
    known = {found for entity in contract.entities for found, kind, _ in entity.check_ids() if kind not in _NO_QUERY}
    return {check_id: query_of(contract, check_id) for check_id in check_ids if check_id in known}


def query_of(contract: Contract, check_id: str) -> str:
    """Return the query of a check about an entity's rows. Raises UsageError where there is none of that name, or it is about something else."""
    known = {found: (entity, kind, name) for entity in contract.entities for found, kind, name in entity.check_ids() if kind not in _NO_QUERY}
    if check_id not in known:
        raise UsageError(f"no query can be shown of '{check_id}'{near_miss(check_id, known)}")
    entity, kind, name = known[check_id]
    alone = {"keys": _keys, "rows": _rows, "natives": _natives}
    if kind in alone:
        return alone[kind](entity)
    if kind == "freeze":
        return _freeze(contract, entity)
    if kind == "invariant":
        return _invariant(entity, next(item for item in entity.invariant if item.name == name))
    return _added_up(entity, check_id) if kind in ("counts", "sums") else _cells(entity, kind)


def _keys(entity: Entity) -> str:
    keys = ", ".join(quote(name) for name in entity.key)
    null = " OR ".join(f"{quote(name)} IS NULL" for name in entity.key)
    sides = [
        f"SELECT '{side}' AS side, {keys}, count(*) AS rows\nFROM {path(side, entity.name)}\nGROUP BY ALL HAVING count(*) > 1 OR bool_or({null})"
        for side in ("source", "target")
    ]
    return "\nUNION ALL\n".join((sides[0], f"{sides[1]}\nORDER BY ALL"))


def _rows(entity: Entity) -> str:
    gone, other = (f"{alias}.{quote(entity.key[0])} IS NULL" for alias in ("t", "s"))
    status = f"CASE WHEN {gone} THEN 'missing' ELSE 'extra' END AS status"
    return f"SELECT {_both_keys(entity)}, {status}\n{_joined(entity, 'FULL JOIN')}\nWHERE {gone} OR {other}\nORDER BY ALL"


def _cells(entity: Entity, kind: str) -> str:
    columns = [column for column in entity.compared if column.kind == kind]
    shown = ",\n       ".join(
        f"s.{quote(item.name)} AS {quote(f'source {item.name}')}, t.{quote(item.name)} AS {quote(f'target {item.name}')}" for item in columns
    )
    where = "\n   OR ".join(differs(column) for column in columns)
    return f"SELECT {_both_keys(entity)},\n       {shown}\n{_joined(entity, 'JOIN')}\nWHERE {where}\nORDER BY ALL"


def _natives(entity: Entity) -> str:
    before, now = (", ".join(f"{alias}.{quote(column.name)}" for column in entity.columns) for alias in ("b", "t"))
    own = quote(ID)
    return (
        f"SELECT b.{own}, t.{own} IS NULL AS gone, t.{quote(CHANGED)}\n"
        f"FROM {path('own_baseline', entity.name)} AS b LEFT JOIN {path('own_target', entity.name)} AS t ON t.{own} = b.{own}\n"
        f"WHERE row({before}) IS DISTINCT FROM row({now})\nORDER BY ALL  -- broken where {quote(CHANGED)} is not after the baseline"
    )


def _freeze(contract: Contract, entity: Entity) -> str:
    keys = ", ".join(f"r.{quote(name)}" for name in (*entity.key, str(entity.created)))
    freeze = contract.migration.freeze
    moment = literal(freeze.isoformat() if freeze is not None else "")
    rows = path("own_source", entity.name)
    return f"SELECT {keys}\nFROM {rows} AS r\nWHERE (r.{quote(str(entity.created))} < CAST({moment} AS TIMESTAMPTZ)) IS NOT TRUE\nORDER BY ALL"


def _invariant(entity: Entity, invariant: Invariant) -> str:
    keys = ", ".join(f"r.{quote(name)}" for name in entity.key)
    target = path("target", entity.name)
    if invariant.unique is not None:
        names = ", ".join(f"r.{quote(name)}" for name in invariant.unique)
        there = " AND ".join(f"r.{quote(name)} IS NOT NULL" for name in invariant.unique)
        return f"SELECT {keys}, {names}\nFROM {target} AS r\nWHERE {there}\nQUALIFY count(*) OVER (PARTITION BY {names}) > 1\nORDER BY ALL"
    if invariant.holds is not None or invariant.equals is None:
        return f"SELECT {keys}\nFROM {target} AS r\nWHERE ({invariant.holds}) IS NOT TRUE\nORDER BY ALL"
    equals, by = invariant.equals, ", ".join(quote(name) for name in invariant.equals.by)
    whole = set(equals.by) == set(entity.key)
    summed = path("target", f"{equals.entity}.moved") if whole else path("own_target", equals.entity)
    sums = f"SELECT {by}, sum({quote(equals.sum)}) AS total FROM {summed} GROUP BY ALL"
    column = f"r.{quote(str(invariant.column))}"
    joined = f"FROM {target} AS r LEFT JOIN ({sums}) AS l USING ({by})"
    return f"SELECT {keys}, {column}, l.total\n{joined}\nWHERE {column} IS DISTINCT FROM coalesce(l.total, 0)\nORDER BY ALL"


def _added_up(entity: Entity, check_id: str) -> str:
    """Return the query for a count or a sum: a person, or by slices."""
    per = next((item for found, item in entity.person_sums() if found == check_id), None)
    if per is not None:
        return _persons(entity, per)
    column, by = next((column, by) for found, column, by in entity.sum_checks() if found == check_id)
    return _sums(entity, column=column, by=by)


def _sums(entity: Entity, *, column: str | None, by: tuple[str, ...]) -> str:
    slices = "".join(f"{slice_text(entity, name)} AS {quote(name)}, " for name in by)
    named = "".join(f"{quote(name)}, " for name in by)
    amounts = "count(*) AS n" if column is None else f"sum({quote(column)}) AS net, sum(abs({quote(column)})) AS gross"
    sides = [f"SELECT '{side}' AS side, {slices}{amounts}\nFROM {path(side, entity.name)}\nGROUP BY ALL" for side in ("source", "target")]
    return "\nUNION ALL\n".join((sides[0], f"{sides[1]}\nORDER BY {named}side"))


def _persons(entity: Entity, item: Sums) -> str:
    """Return the query for a sum that is taken a person."""
    whose, column = quote(str(item.per)), quote(item.column)
    sides = [
        f"SELECT {whose}, {source} AS source, {target} AS target FROM {path(side, entity.name)}"
        for side, source, target in (("source", column, "0"), ("target", "0", column))
    ]
    both = "\n      UNION ALL\n      ".join(sides)
    sums = ", ".join(f"sum({side}) AS {side}_net, sum(abs({side})) AS {side}_gross" for side in ("source", "target"))
    return f"SELECT {whose}, {sums}\nFROM ({both})\nGROUP BY {whose}\nHAVING source_net <> target_net OR source_gross <> target_gross\nORDER BY {whose}"


def _both_keys(entity: Entity) -> str:
    return ", ".join(f"coalesce(s.{quote(name)}, t.{quote(name)}) AS {quote(name)}" for name in entity.key)


def _joined(entity: Entity, join: str) -> str:
    return f"FROM {path('source', entity.name)} AS s {join} {path('target', entity.name)} AS t ON {on_key(entity)}"
