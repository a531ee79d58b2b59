"""The one place for claims that each side keeps on its own; a fault that is already in the source is told apart."""

from __future__ import annotations

import re
from collections.abc import Collection

from dq.compare.conditions import read_claim
from dq.compare.evidence import Broken
from dq.compare.sides import UNMAPPED, through, unmapped_bits
from dq.compare.views import ID
from dq.contract.claims import Invariant, LedgerSum
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

_HERE = quote("dq.here")


def check_invariant(engine: Engine, entity: Entity, invariant: Invariant, *, ledger: Entity | None = None) -> Broken:
    """Record the keys that break an invariant on either side in evidence."<e>.invariant.<name>" (k_0 …, in_source, in_target).

    What cannot be known because the crosswalk does not map an id is told there, and not again.

    Args:
        engine: the engine.
        entity: the entity; its rows were compared, and its fingerprints stand.
        invariant: the claim.
        ledger: the other entity of a claim with `equals`; its rows were compared too.
    """
    step = f"{entity.name}.invariant.{invariant.name}"
    sides = {side: _breaking(engine, entity, invariant, ledger, side=side) for side in ("source", "target")}
    names = [quote(name) for name in entity.key]
    on = " AND ".join(f"s.{name} IS NOT DISTINCT FROM t.{name}" for name in names)
    keys = ", ".join(f"CASE WHEN s.{_HERE} THEN s.{name} ELSE t.{name} END AS k_{index}" for index, name in enumerate(names))
    table = path("evidence", f"{entity.name}.invariant.{invariant.name}")
    sql = f"""
        CREATE TABLE {table} AS
        SELECT {keys}, coalesce(s.{_HERE}, false) AS in_source, coalesce(t.{_HERE}, false) AS in_target
        FROM (SELECT DISTINCT *, true AS {_HERE} FROM ({sides["source"]})) AS s
        FULL JOIN (SELECT DISTINCT *, true AS {_HERE} FROM ({sides["target"]})) AS t ON {on}"""
    engine.execute(Query(sql, step=step))
    kept = "twice" if invariant.unique is not None else "unequal" if invariant.equals is not None else None
    for side in sides if kept is not None else ():
        engine.execute(Query(f"DROP TABLE {kept}_{side}", step=step))
    # every row was counted when the fingerprints were taken
    compared = f"SELECT coalesce(sum(source_n), 0) + coalesce(sum(target_n), 0) FROM {path('evidence', f'{entity.name}.fingerprints')}"
    sql = f"SELECT count(*), count(*) FILTER (in_source AND in_target), count(*) FILTER (in_source AND NOT in_target), ({compared}) FROM {table}"
    broken, both, source_only, looked_at = engine.one(Query(sql, step=step))
    return Broken(keys=int(broken), looked_at=int(looked_at), pre_existing=int(both), source_only=int(source_only))


def condition_of(engine: Engine, entity: Entity, invariant: Invariant) -> str:
    """Return the condition of a claim with `holds`, as the engine writes it."""
    return read_claim(engine, entity, str(invariant.holds), key=f"invariant.{invariant.name}", free=True)


def columns_of(entity: Entity, invariant: Invariant) -> tuple[str, ...]:
    """Return the columns that a claim with `holds` or `unique` names."""
    if invariant.unique is not None:
        return invariant.unique
    holds = invariant.holds or ""
    return tuple(column.name for column in entity.columns if re.search(rf"\b{re.escape(column.name)}\b", holds) or quote(column.name) in holds)


def _breaking(engine: Engine, entity: Entity, invariant: Invariant, ledger: Entity | None, *, side: str) -> str:
    keys = ", ".join(f"r.{quote(name)}" for name in entity.key)
    view = path(side, entity.name)
    if invariant.holds is not None:
        bits = unmapped_bits(entity, columns_of(entity, invariant)) if side == "source" else 0
        mapped = f" AND r.{quote(UNMAPPED)} & {bits} = 0" if bits else ""
        return f"SELECT {keys} FROM {view} AS r WHERE ({condition_of(engine, entity, invariant)}) IS NOT TRUE{mapped}"
    if invariant.unique is not None:
        return _repeated(engine, entity, invariant, side=side)
    equals = invariant.equals
    if equals is None or invariant.column is None or ledger is None:
        message = "an invariant without a form was read"
        raise AssertionError(message)
    # A person's balance is the sum of all their entries, also of those that came with another batch, but of no other points that they have.
    # An order's own id is nobody else's: all that the target has for it counts, also what the migration never brought.
    whole = set(equals.by) == set(entity.key)
    summed = path(side, f"{equals.entity}.moved") if whole or side == "source" else path("own_target", equals.entity)
    by = [quote(name) for name in equals.by]
    total = quote("dq.total")
    sums = f"SELECT {', '.join(by)}, sum({quote(equals.sum)}) AS {total} FROM {summed} GROUP BY ALL"
    on_sum = " AND ".join(f"l.{name} {'IS NOT DISTINCT FROM' if whole else '='} r.{name}" for name in by)
    bits = unmapped_bits(entity, equals.by) if side == "source" else 0
    unequal = f"""
        SELECT {keys} FROM {view} AS r LEFT JOIN ({sums}) AS l ON {on_sum}
        WHERE r.{quote(invariant.column)} IS DISTINCT FROM coalesce(l.{total}, 0){f" AND r.{quote(UNMAPPED)} & {bits} = 0" if bits else ""}"""
    if whole:  # else a sum without a row has no key here: the ledger's own rows and attribution tell of it
        alone = _sums_alone(engine, ledger, equals, side=side)
        unequal += f" UNION ALL SELECT {', '.join(f'l.{quote(name)}' for name in entity.key)} FROM ({alone}) AS l ANTI JOIN {view} AS r ON {on_sum}"
    # one side after the other: together their sums need more memory than there may be (a million accounts: more than 858 MB)
    engine.execute(Query(f"CREATE OR REPLACE TEMP TABLE unequal_{side} AS {unequal}", step=f"{entity.name}.invariant.{invariant.name}"))
    return f"SELECT * FROM unequal_{side}"


def _repeated(engine: Engine, entity: Entity, invariant: Invariant, *, side: str) -> str:
    """Return the query of the rows whose values in some columns, none of them NULL, stand in another row of the side too, be it one of the target's own.

    The values that stand twice are kept; where there are none, no row is looked at again for them.
    """
    view, names = path(side, entity.name), invariant.unique or ()
    kept, step = f"twice_{side}", f"{entity.name}.invariant.{invariant.name}"
    keys = ", ".join(f"r.{quote(name)}" for name in entity.key)
    values = ", ".join(quote(name) for name in names)
    there = " AND ".join(f"{quote(name)} IS NOT NULL" for name in names)
    same = " AND ".join(f"r.{quote(name)} = d.{quote(name)}" for name in names)
    looked_at = f"SELECT {values}, true AS {_HERE} FROM {view}"
    if side == "target" and entity.merge is not None:
        natives = f"{path('own_target', entity.name)} ANTI JOIN {path('claims', entity.name)} AS c ON c.id = {quote(ID)}"
        looked_at += f" UNION ALL SELECT {values}, false FROM {natives}"
    twice = f"SELECT {values} FROM ({looked_at}) WHERE {there} GROUP BY {values} HAVING count(*) > 1 AND bool_or({_HERE})"
    engine.execute(Query(f"CREATE OR REPLACE TEMP TABLE {kept} AS {twice}", step=step))
    (repeated,) = engine.one(Query(f"SELECT count(*) FROM {kept}", step=step))
    return f"SELECT {keys} FROM {view} AS r SEMI JOIN {kept} AS d ON {same}" if repeated else f"SELECT {keys} FROM {view} AS r WHERE false"


def _sums_alone(engine: Engine, ledger: Entity, equals: LedgerSum, *, side: str) -> str:
    """Return the query of the sums, other than nought, of the rows compared: each needs a row of the other entity."""
    by = [quote(name) for name in equals.by]
    owned = " AND ".join(f"e.{name} IS NOT NULL" for name in by)  # nobody's, or of an id that the crosswalk does not map
    apart = of_unmapped(engine, ledger, equals.by) if side == "target" else ""
    picked = ", ".join(f"e.{name}" for name in by)
    return f"SELECT {picked} FROM {path(side, equals.entity)} AS e WHERE {owned}{apart} GROUP BY ALL HAVING sum(e.{quote(equals.sum)}) IS DISTINCT FROM 0"


def of_unmapped(engine: Engine, ledger: Entity, by: Collection[str]) -> str:
    """Return the further claim about a row `e` of the target that its counterpart's owner is mapped; '' where every id is."""
    if ledger.aggregate:
        return ""  # its rows are persons: whom the crosswalk does not map has none
    bits = unmapped_bits(ledger, by)
    names = [str(column.through) for column in through(ledger) if column.name in by]
    sql = "SELECT count(*) FROM evidence.crosswalk WHERE problem IN ('unmapped', 'null') AND crosswalk IN (SELECT unnest($1))"
    if not bits or engine.one(Query(sql, (names,), f"{ledger.name}: unmapped owners")) == (0,):
        return ""
    same = " AND ".join(f"u.{quote(name)} = e.{quote(name)}" for name in ledger.key)
    return f" AND NOT EXISTS (SELECT 1 FROM {path('source', ledger.name)} AS u WHERE u.{quote(UNMAPPED)} & {bits} <> 0 AND {same})"
