"""The one place where the crosswalk's canaries are released: a slice of one map copied and corrupted, and the crosswalk's checks asked about it.

All maps are looked at by the same questions, so each run chooses one of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from dq.canaries import plain
from dq.canaries.operators import Value
from dq.canaries.result import CanaryResult, Claim, add_up
from dq.compare.before import keep_map
from dq.compare.crosswalk import look_at_function, look_at_targets, record_unmapped
from dq.compare.scope import Scope
from dq.compare.views import ID
from dq.contract.models import Column, Contract, Entity, Merge
from dq.engine import Engine
from dq.sql import Query, literal, path, quote

ROWS = 200  # rows of a slice
_OPERATORS = ("an id mapped twice", "two ids mapped to one", "an id not mapped", "an id mapped to NULL", "NULL mapped to an id", "an id of the target's own")
_OWN = Merge(table="", id="", created_at="", changed_at="")  # says that the target has rows of its own
Pair = tuple[Value, Value]  # source id, target id


def release_maps(engine: Engine, contract: Contract, scope: Scope, seed: str, *, kept: bool = False) -> CanaryResult:
    """Corrupt a copy of some rows of one map, and look at it as at any; maps.<crosswalk> stand.

    Args:
        engine: the engine.
        contract: the contract.
        scope: says which maps are there.
        seed: decides which map is taken, and which of its rows.
        kept: the run holds the crosswalk against that of before: the copy is held against what it was.

    Returns:
        planted = 0 where no map has a row.
    """
    dice = random.Random(f"{seed} crosswalk")  # noqa: S311 - it chooses what is tested, and must choose the same again
    for name in dice.sample(scope.crosswalks, len(scope.crosswalks)):
        copy = _entity(contract, name)
        pairs = _copy_slice(engine, name, copy=copy)
        if pairs:
            operators, corrupted, natives = _corrupted(pairs, kept=kept, dice=dice)
            _make_map(engine, copy, corrupted, natives=natives)
            before = pairs if kept else ()
            expected = plain.broken_map(corrupted, ids=[source for source, _ in pairs if source is not None], natives=natives, before=before)
            return add_up(operators, expected=expected, found=_found(engine, copy, kept=kept), faults=len(expected), seed=seed)
    return CanaryResult(0, 0, 0, seed=seed)


def _entity(contract: Contract, name: str) -> Entity:
    """Return an entity of one column, whose ids go through the copy of a map."""
    entity, column = next((entity, column) for entity in contract.entities for column in entity.columns if column.through == name)
    copy = f"canary.map.{name}"
    only: Column = column.model_copy(update={"through": copy})
    return entity.model_copy(update={"name": copy, "key": (column.name,), "columns": (only,), "owner": None, "aggregate": {}, "merge": _OWN})


def _copy_slice(engine: Engine, name: str, *, copy: Entity) -> list[Pair]:
    """Make own_source."canary.map.m", rows with the first ids of a map and what they are mapped to; return them."""
    table = path("own_source", copy.name)
    first = f"SELECT source_id, target_id FROM {path('maps', name)} ORDER BY source_id, target_id LIMIT {ROWS}"
    sql = f"CREATE OR REPLACE TABLE {table} AS SELECT source_id AS {quote(copy.key[0])}, target_id AS {quote(ID)} FROM ({first})"
    engine.execute(Query(sql, step=copy.name))
    sql = f"SELECT CAST({quote(copy.key[0])} AS VARCHAR), CAST({quote(ID)} AS VARCHAR) FROM {table} ORDER BY {quote(copy.key[0])}, {quote(ID)}"
    return [(row[0], row[1]) for row in engine.execute(Query(sql, step=copy.name))]


def _corrupted(pairs: Sequence[Pair], *, kept: bool, dice: random.Random) -> tuple[list[str], list[Pair], list[str]]:
    """Return what was done, the corrupted map, and which of its target ids the target's own rows had before; one row an operator."""
    whole = [place for place, pair in enumerate(pairs) if None not in pair]
    places = dice.sample(whole, len(whole))
    spare = places.pop() if len(places) > 1 else None  # stays as it is
    rows: dict[int, Pair] = dict(enumerate(pairs))
    added: list[Pair] = []
    natives: list[str] = []
    done: list[str] = []
    if kept and len(places) > 1 and pairs[places[0]][1] != pairs[places[1]][1]:
        one, other = places.pop(0), places.pop(0)
        rows |= {one: (pairs[one][0], pairs[other][1]), other: (pairs[other][0], pairs[one][1])}
        done.append("two ids exchanged")
    for words, place in zip(dice.sample(_OPERATORS, len(_OPERATORS)), places, strict=False):
        source, target = pairs[place]
        if words == "an id mapped twice":
            added.append((source, target))
        elif words == "two ids mapped to one" and spare is not None:
            rows[place] = (source, pairs[spare][1])
        elif words == "an id not mapped":
            del rows[place]
        elif words == "an id mapped to NULL":
            rows[place] = (source, None)
        elif words == "NULL mapped to an id":
            rows[place] = (None, target)
        else:
            words = "an id of the target's own"  # noqa: PLW2901 - nothing else can be done to a map of one row
            natives.append(str(target))
        done.append(words)
    return done, [*rows.values(), *added], natives


def _make_map(engine: Engine, copy: Entity, pairs: Sequence[Pair], *, natives: Sequence[str]) -> None:
    """Make maps."canary.map.m" of the corrupted rows, and own_baseline."canary.map.m" of the target's own ids."""
    slice_, made = path("own_source", copy.name), path("maps", copy.name)
    sql = f"CREATE OR REPLACE TABLE {made} AS SELECT {quote(copy.key[0])} AS source_id, {quote(ID)} AS target_id FROM {slice_} LIMIT 0"
    engine.execute(Query(sql, step=copy.name))
    sql = f"INSERT INTO {made} SELECT r[1], r[2] FROM (SELECT unnest(CAST($1 AS VARCHAR[][])) AS r)"
    engine.execute(Query(sql, ([list(pair) for pair in pairs],), copy.name))
    own = f"SELECT {quote(ID)} FROM {slice_} WHERE CAST({quote(ID)} AS VARCHAR) IN ({', '.join(map(literal, natives)) or 'NULL'})"
    engine.execute(Query(f"CREATE OR REPLACE VIEW {path('own_baseline', copy.name)} AS {own}", step=copy.name))


def _found(engine: Engine, copy: Entity, *, kept: bool) -> set[Claim]:
    """Look at the copy of the map the way a run does."""
    scope = Scope("all", (), (), (), (copy.name,))
    look_at_function(engine, copy.name)
    look_at_targets(engine, copy.name, scope=scope, home=copy)
    record_unmapped(engine, entity=copy, scope=scope)
    if kept:
        was = f"SELECT {quote(copy.key[0])} AS source_id, {quote(ID)} AS target_id FROM {path('own_source', copy.name)}"
        engine.execute(Query(f"CREATE OR REPLACE VIEW {path('before', copy.name)} AS {was}", step=copy.name))
        keep_map(engine, copy.name, scope=scope, accounts=None, home=None)
    sql = "SELECT DISTINCT problem, id FROM evidence.crosswalk WHERE crosswalk = $1"
    found: set[Claim] = set(engine.execute(Query(sql, (copy.name,), copy.name)))
    engine.execute(Query("DELETE FROM evidence.crosswalk WHERE crosswalk = $1", (copy.name,), copy.name))
    return found
