"""The one place where an entity's canaries are released: a slice copied, a second copy corrupted, and the engine asked about both.

The copies are source."canary.e" and target."canary.e". They go the way that all rows go: fingerprints, the join of what differs, counts
and sums; as rows of the target's own they are looked at again, and as totals of a ledger.
Source: DESIGN, law 10.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

from dq.canaries import plain
from dq.canaries.plain import Rows, Texts
from dq.canaries.planting import Planted, draw
from dq.canaries.result import CanaryResult, Claim, add_up, together
from dq.compare import fingerprint
from dq.compare.fingerprint import in_buckets
from dq.compare.invariants import check_invariant, columns_of, condition_of
from dq.compare.keys import Uniqueness
from dq.compare.localise import KEPT, localise
from dq.compare.natives import check_natives
from dq.compare.rows import bits, key_names, mask_names
from dq.compare.sides import UNMAPPED, through
from dq.compare.sums import compare_sums, forget_sums, sums_beside
from dq.compare.views import CHANGED, CREATED, ID
from dq.contract.claims import Invariant
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

T = TypeVar("T")

ROWS = KEPT - 1  # rows of a slice: one more is looked at, see `_copy_slice`
_PLACE = quote("dq.place")  # a row's place in the slice
_MOMENT = "2000-01-01T00:00:00+00:00"  # when the copy of the target's own rows was as it was
_LATER = "2000-01-02T00:00:00+00:00"
_SIDES = ("target", "source")  # the target first: a row that came is as it came


def release(engine: Engine, entity: Entity, seed: str, *, fetched: int = 0, natives: bool = True, claims: Collection[str] | None = None) -> CanaryResult:
    """Corrupt a copy of some of an entity's rows and compare; source.e, target.e and evidence."e.fingerprints" stand.

    Args:
        engine: the engine.
        entity: the entity.
        seed: decides which operators are used, and where.
        fetched: rows that stand in evidence."e.fetched", see `dq.compare.localise`; a slice of them is taken where they are enough.
        natives: look at the copies as rows of the target's own too, where the entity has such rows; see `whose_natives`.
        claims: names of the entity's claims with `holds` or `unique` that the copies are held against; None: all; see `which_claim`.

    Returns:
        planted = 0 where neither side has a row with a usable key.
    """
    copy = entity.model_copy(update={"name": f"canary.{entity.name}"})
    source = _copy_slice(engine, entity, copy=copy, fetched=fetched)
    results: list[CanaryResult] = []
    alone = [invariant for invariant in copy.invariant if invariant.equals is None and (claims is None or invariant.name in claims)]
    for planted in draw(copy, [row for _, row in source], seed=seed, claims=alone) if source else ():
        _make_target(engine, copy, planted, places=[place for place, _ in source])
        target = _texts(engine, copy, side="target")
        expected, wrong = plain.sum_lines(copy, source, target)
        faults = plain.broken_rows(copy, source, target)
        found = _found_rows(engine, copy) | _found_sums(engine, copy, source, target)
        if planted.last:  # what is asked about whole copies, once
            if natives and entity.merge is not None:
                faults |= plain.harmed_natives(copy, source, target, says_so=(place for place, _ in source if place % 2))
                found |= _found_natives(engine, copy)
            for invariant in _of_ledgers(copy):
                faults |= plain.unequal_totals(copy, invariant, source, target, ledger=source)
                found |= _found_totals(engine, copy, invariant)
            for invariant in alone:
                faults |= _broken_claims(engine, copy, invariant, source, target)
                check_invariant(engine, copy.model_copy(update={"merge": None}), invariant)  # the target's own rows are none of the copies
                found |= _found_invariant(engine, copy, invariant)
        results.append(add_up(planted.operators, expected=expected | faults, found=found, faults=len(faults) + wrong, seed=seed))
    return together(results, seed=seed)


def whose_natives(entities: Iterable[Entity], seed: str) -> str | None:
    """Return the name of the entity whose copies are looked at as rows of the target's own."""
    return _one([entity.name for entity in entities if entity.merge is not None], f"{seed} natives")


def whose_export(entities: Iterable[Entity], seed: str) -> str | None:
    """Return the name of the entity of whose rows in persons' files copies are made, too."""
    return _one([entity.name for entity in entities if entity.exported], f"{seed} export")


def which_claim(entities: Iterable[Entity], seed: str) -> tuple[str, str] | None:
    """Return the entity and the name of the claim with `holds` or `unique` that copies are held against."""
    return _one([(entity.name, invariant.name) for entity in entities for invariant in entity.invariant if invariant.equals is None], f"{seed} claims")


def _one(choices: Sequence[T], seed: str) -> T | None:
    """Return one of what is asked by the same question, whichever it is: each run chooses one. None: there is none."""
    return random.Random(seed).choice(choices) if choices else None  # noqa: S311 - it chooses what is tested, and must choose the same again


def _copy_slice(engine: Engine, entity: Entity, *, copy: Entity, fetched: int) -> Rows:
    """Make source."canary.e" of a few rows, no two of one key, of the side that has any; return them."""
    relation = path("evidence", f"{entity.name}.fetched") if fetched > ROWS else _slice(engine, entity, step=copy.name)
    names = ", ".join(quote(column.name) for column in entity.columns)
    keys = ", ".join(quote(name) for name in entity.key)
    filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in entity.key)
    some = f"SELECT {names} FROM {relation} WHERE {filled}"
    first = f"ORDER BY {keys} LIMIT {ROWS + 1}"
    # One row more than are wanted: the last one's key may stand again in a row that is left out. Where all of them stand again, others are looked for.
    for rows in (f"{some} {first}", f"{some} QUALIFY count(*) OVER (PARTITION BY {keys}) = 1 {first}"):
        sql = f"""
            CREATE OR REPLACE TABLE {path("source", copy.name)} AS
            SELECT *, CAST(0 AS BIGINT) AS {quote(UNMAPPED)}, row_number() OVER () AS {_PLACE} FROM ({rows})"""
        engine.execute(Query(sql, step=copy.name))
        there = _texts(engine, copy, side="source")
        once = [row for row in _once(entity, there) if row not in there[ROWS:]]
        if once or not there:
            break
    if len(once) < len(there):
        kept = ", ".join(str(place) for place, _ in once) or "NULL"
        engine.execute(Query(f"DELETE FROM {path('source', copy.name)} WHERE ({_PLACE} IN ({kept})) IS NOT TRUE", step=copy.name))
    return once


def _slice(engine: Engine, entity: Entity, *, step: str) -> str:
    """Return a relation of the rows in as many buckets as hold a slice, of a side that has rows, the target first."""
    prints = path("evidence", f"{entity.name}.fingerprints")
    sides = (f"(SELECT {place} AS s, b, {side}_n FROM {prints} WHERE {side}_n > 0 ORDER BY b LIMIT {ROWS})" for place, side in enumerate(_SIDES))
    found = engine.execute(Query(f"SELECT * FROM ({' UNION ALL '.join(sides)}) ORDER BY s, b", step=step))
    buckets: list[int] = []
    total = 0
    for place, number, rows in found:
        if place != found[0][0] or total >= ROWS:
            break
        buckets.append(number)
        total += rows
    side = _SIDES[found[0][0]] if found else _SIDES[0]
    return f"(SELECT * FROM {path(side, entity.name)} WHERE {in_buckets(entity, buckets)})"


def _once(entity: Entity, rows: Rows) -> list[tuple[int, Texts]]:
    """Return the rows whose key stands once."""
    keys = [place for place, column in enumerate(entity.columns) if column.name in entity.key]
    times = Counter(tuple(row[key] for key in keys) for _, row in rows)
    return [(place, row) for place, row in rows if times[tuple(row[key] for key in keys)] == 1]


def _make_target(engine: Engine, copy: Entity, planted: Planted, *, places: Sequence[int]) -> None:
    """Make target."canary.e": the rows that nothing was planted in as they are, the others from their texts."""
    untouched = [str(places[place]) for place in planted.untouched()] or ["NULL"]
    further = max(places) + 1
    others = [[str(places[place] if place < len(places) else further + place), *row] for place, row in planted.touched()]
    names = ", ".join(quote(column.name) for column in copy.columns)
    read = ", ".join(f"CAST(r[{number}] AS {column.type.sql}) AS {quote(column.name)}" for number, column in enumerate(copy.columns, start=2))
    sql = f"""
        CREATE OR REPLACE TABLE {path("target", copy.name)} AS
        SELECT {names}, {_PLACE} FROM {path("source", copy.name)} WHERE {_PLACE} IN ({", ".join(untouched)})
        UNION ALL SELECT {read}, CAST(r[1] AS BIGINT) AS {_PLACE} FROM (SELECT unnest(CAST($1 AS VARCHAR[][])) AS r)"""
    engine.execute(Query(sql, (others,), copy.name))


def _texts(engine: Engine, copy: Entity, *, side: str) -> list[tuple[int, Texts]]:
    columns = ", ".join(f"CAST({quote(column.name)} AS VARCHAR)" for column in copy.columns)
    rows = engine.execute(Query(f"SELECT {_PLACE}, {columns} FROM {path(side, copy.name)}", step=copy.name))
    return sorted(((int(row[0]), tuple(row[1:])) for row in rows), key=lambda row: row[0])


def _found_rows(engine: Engine, copy: Entity) -> set[Claim]:
    """Compare both copies the way a run does."""
    prints = fingerprint.take(engine, copy, unmapped=UNMAPPED if through(copy) else None, beside=sums_beside(copy))
    keys = Uniqueness(prints.source_rows, 0, prints.source_rows, "copied so")
    localised = localise(engine, copy, prints=prints, source_keys=keys, values=False)
    names = ", ".join((*(f"CAST({key} AS VARCHAR)" for key in key_names(copy)), "status", *mask_names(copy)))
    rows = engine.execute(Query(f"SELECT DISTINCT {names} FROM {localised.tables.rows} WHERE status <> 'excused'", step=copy.name))
    width = len(copy.key)
    columns = [(int(mask.removeprefix("mask_")), bit, column.name) for _, mask, bit, column in bits(copy)]
    found: set[Claim] = {("row", row[:width], row[width], tuple(name for word, bit, name in columns if row[width + 1 + word] & bit)) for row in rows}
    return found if localised.agrees else {("row", "both ways do not agree")}


def _found_sums(engine: Engine, copy: Entity, source: Rows, target: Rows) -> set[Claim]:
    """Count and add up both copies the way a run does."""
    checks: dict[tuple[str, ...], dict[str, str | None]] = {}
    for check_id, column, by in copy.sum_checks():
        if column is None or plain.summable(copy, column, source, target):
            checks.setdefault(by, {})[check_id] = column
    found: set[Claim] = set()
    for by, wanted in checks.items():
        pairs = compare_sums(engine, copy, by=by, columns=sorted({column for column in wanted.values() if column is not None}))
        for check_id, column in wanted.items():
            scale = 1 if column is None else 10 ** copy.column(column).type.scale
            for pair in pairs[column]:
                sums = (pair.source_net, pair.target_net, pair.source_gross, pair.target_gross)
                found.add((check_id, pair.by, *(Fraction(value) * scale for value in sums)))
    forget_sums(engine, copy)
    return found


def _found_natives(engine: Engine, copy: Entity) -> set[Claim]:
    """Look at the copies as at rows of the target's own, before and now; every other one says that it changed."""
    before = f"TIMESTAMPTZ '{_MOMENT}'"
    now = f"CASE WHEN {_PLACE} % 2 = 0 THEN {before} ELSE TIMESTAMPTZ '{_LATER}' END"
    for layer, side, changed in (("own_baseline", "source", before), ("own_target", "target", now)):
        sql = f"""
            CREATE OR REPLACE VIEW {path(layer, copy.name)} AS
            SELECT *, {_PLACE} AS {quote(ID)}, {before} AS {quote(CREATED)}, {changed} AS {quote(CHANGED)} FROM {path(side, copy.name)}"""
        engine.execute(Query(sql, step=copy.name))
    engine.execute(Query(f"CREATE OR REPLACE VIEW {path('claims', copy.name)} AS SELECT {_PLACE} AS id FROM {path('target', copy.name)}", step=copy.name))
    # what the migration adds to is none of the target's own, and of what was moved are all of these
    merge = copy.merge.model_copy(update={"of": None, "ours": None}) if copy.merge is not None else None
    own = copy.model_copy(update={"aggregate": {}, "merge": merge})
    check_natives(engine, own, moment=_MOMENT, until=_LATER)
    rows = engine.execute(Query(f"SELECT id, status FROM {path('evidence', f'{copy.name}.natives')}", step=copy.name))
    return {("natives", int(place), status) for place, status in rows}


def _found_totals(engine: Engine, copy: Entity, invariant: Invariant) -> set[Claim]:
    """Hold the copies as totals against a ledger with an entry for each row of the source."""
    equals = invariant.equals
    if equals is None or invariant.column is None:
        return set()
    ledger = copy.model_copy(update={"name": f"{copy.name}.ledger", "columns": tuple(column.model_copy(update={"through": None}) for column in copy.columns)})
    entry = ", ".join((*(quote(name) for name in equals.by), f"{quote(invariant.column)} AS {quote(equals.sum)}"))
    for side in (*_SIDES, "own_target"):
        for name in (ledger.name, f"{ledger.name}.moved"):
            engine.execute(Query(f"CREATE OR REPLACE VIEW {path(side, name)} AS SELECT {entry} FROM {path('source', copy.name)}", step=copy.name))
    claim = invariant.model_copy(update={"equals": equals.model_copy(update={"entity": ledger.name})})
    check_invariant(engine, copy, claim, ledger=ledger)
    return _found_invariant(engine, copy, invariant)


def _found_invariant(engine: Engine, copy: Entity, invariant: Invariant) -> set[Claim]:
    keys = ", ".join(f"CAST({key} AS VARCHAR)" for key in key_names(copy))
    sql = f"SELECT {keys}, in_source, in_target FROM {path('evidence', f'{copy.name}.invariant.{invariant.name}')}"
    return {(f"invariant.{invariant.name}", row[:-2], *row[-2:]) for row in engine.execute(Query(sql, step=copy.name))}


def _broken_claims(engine: Engine, copy: Entity, invariant: Invariant, source: Rows, target: Rows) -> set[Claim]:
    """Return what must be found of a claim; whether a condition is true of a row, which only the engine can say, is asked of the bare row."""
    if invariant.unique is not None:
        return plain.repeated_values(copy, invariant, source, target)
    keys = [place for place, column in enumerate(copy.columns) if column.name in copy.key]
    named = [place for place, column in enumerate(copy.columns) if column.name in columns_of(copy, invariant)]
    read = [f"CAST(r[{number}] AS {copy.columns[place].type.sql}) AS {quote(copy.columns[place].name)}" for number, place in enumerate(named, start=1)]
    sql = f"""
        SELECT place, ({condition_of(engine, copy, invariant)})
        FROM (SELECT {", ".join((*read, "place"))} FROM (SELECT unnest(CAST($1 AS VARCHAR[][])) AS r, generate_subscripts($1, 1) AS place))"""
    broken: list[set[Texts]] = []
    for rows in (source, target):
        told = engine.execute(Query(sql, ([[row[place] for place in named] for _, row in rows],), copy.name))
        broken.append({tuple(rows[place - 1][1][key] for key in keys) for place, is_true in told if is_true is not True})
    return plain.on_sides(invariant, *broken)


def _of_ledgers(entity: Entity) -> list[Invariant]:
    return [invariant for invariant in entity.invariant if invariant.equals is not None]
