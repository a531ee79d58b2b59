"""Whatever the seed draws, a sound comparison says of the copies exactly what plain Python says: over all types and their edges, any number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dq.aside import aside
from dq.attempts import Attempts
from dq.canaries import CanaryResult, release, release_maps, which_claim, whose_export, whose_natives
from dq.canaries.operators import OPERATORS
from dq.canaries.planting import LOST, REPEATED
from dq.canaries.releasing import ROWS
from dq.compare.evidence import Crash
from dq.compare.exported import Exported
from dq.compare.invariants import check_invariant
from dq.contract.models import Entity
from dq.engine import Engine
from dq.ground import Asked
from dq.judgement.canaries import judge_canary, judge_crosswalk_canary
from dq.measuring import Facts, canary_of, in_files
from dq.record import Outcome
from dq.sql import Query, quote
from tests.compare.tiny import looked_at
from tests.oracle.sealing import TWO_STORES, Table, measured_unsealed

MIGRATION = f"""\
name     = "small"
title    = "Everything moves"
entities = ["things"]
{TWO_STORES}"""
OPEN = 'open "?"'  # a name that a condition must quote
COLUMNS = {
    "k": "VARCHAR",
    "n": "INTEGER",
    "text": "VARCHAR",
    "folded": "VARCHAR",
    "word": "VARCHAR",
    "small": "INTEGER",
    "large": "BIGINT",
    "huge": "HUGEINT",
    "price": "DECIMAL(18,2)",
    "loose": "DECIMAL(18,2)",
    "wide": "DECIMAL(38,0)",
    "day": "DATE",
    "moment": "TIMESTAMPTZ",
    OPEN: "BOOLEAN",
    "data": "JSON",
    "number": "UUID",
    "bytes": "BLOB",
}
THINGS = f"""\
promise = "Things move."
key     = ["k", "n"]
money   = {{ amount = "price", currency = "word" }}
slices  = ["word", '{OPEN}']
[columns]
k      = "VARCHAR"
n      = "INTEGER"
text   = "VARCHAR"
folded = {{ type = "VARCHAR", equal_after = ["nfc", "trim", "casefold", "crlf"], reason = "so declared" }}
word   = "ENUM"
small  = "INTEGER"
large  = "BIGINT"
huge   = "HUGEINT"
price  = "DECIMAL(18,2)"
loose  = {{ type = "DECIMAL(18,2)", tolerance = "0.05", reason = "rounded" }}
wide   = "DECIMAL(38,0)"
day    = "DATE"
moment = "INSTANT"
'{OPEN}' = "BOOLEAN"
data   = "JSON"
number = "UUID"
bytes  = "BLOB"
[[sums]]
column = "price"
by     = ["word"]
[[sums]]
column = "large"
[[sums]]
column = "huge"
by     = ['{OPEN}']
[[counts]]
name   = "by_day"
by     = ["day"]
[[invariant]]
name   = "small_or_open"
holds  = 'small >= 0 OR {quote(OPEN)}'
[[invariant]]
name   = "numbered"
unique = ["large"]
[[invariant]]
name   = "priced"
unique = ["price", "day"]
"""
SELECT = f"SELECT {', '.join(map(quote, COLUMNS))} FROM things\n"
EDGES: dict[str, tuple[object, ...]] = {
    "text": ("Zoë 👍", "", None, " blank ", "e\u0301", "nul\0there", "'; DROP", "\\x00", "1"),
    "folded": ("Zoë", "", None, "a\r\nb", "\u00a0x"),
    "word": ("paid", "sent", None),
    "small": (0, -5, 2**31 - 1, -(2**31), None),
    "large": (2**62, -(2**62), 7, None),
    "huge": (2**100, -1, None),
    "price": ("12.30", "-0.01", "9999999999999999.99", None),
    "loose": ("1.00", "0.03", None),
    "wide": ("9" * 38, "-1", None),
    "day": ("2024-02-29", "infinity", "0044-03-15 (BC)", None),
    "moment": ("2024-10-20 17:00:00.123456+00", "infinity", "-infinity", "0044-03-15 (BC) 00:00:00+00", "9999-12-31 23:59:59+00", None),
    OPEN: (True, False, None),
    "data": ('{"a": 1, "b": [true, null]}', "[]", '"["', None),
    "number": ("00000000-0000-4000-8000-00000000d00d", None),
    "bytes": (b"\x00\xff\\'\"", b"", b"plain", None),
}


def things(count: int) -> list[tuple[object, ...]]:
    """Return rows in which every edge stands beside others."""
    return [
        (f"K{place // 2}", place % 2, *(EDGES[name][(place * step) % len(EDGES[name])] for step, name in enumerate(list(COLUMNS)[2:], start=1)))
        for place in range(count)
    ]


@contextmanager
def measured(folder: Path, source: int, target: int) -> Iterator[tuple[Engine, Facts]]:
    stores = {side: {"things": Table(COLUMNS, things(count))} for side, count in (("source", source), ("target", target))}
    files = {"migration.toml": MIGRATION, "things.toml": THINGS, "sql/source/things.sql": SELECT, "sql/target/things.sql": SELECT}
    with measured_unsealed(folder, files=files, stores=stores, asked=Asked((), (), seed="3f2a")) as found:
        yield found


def forget(engine: Engine) -> None:
    """Drop what canaries that were released before left of claims."""
    for name in ("small_or_open", "numbered", "priced"):
        engine.execute(Query(f'DROP TABLE IF EXISTS evidence."canary.things.invariant.{name}"'))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 40, 300])
def test_all_that_is_planted_is_found_and_nothing_else(tmp_path: Path, count: int) -> None:
    with measured(tmp_path, count, count) as (engine, facts):
        entity = facts.entities[0].entity
        for seed in range(8):
            forget(engine)
            found = release(engine, entity, str(seed), natives=False)
            assert found.planted > 0
            assert (found.missed, found.invented) == (0, 0), (seed, found)


@pytest.mark.parametrize(("target", "kept"), [(30, 28), (180, 129)], ids=["too few", "enough"])
def test_a_slice_is_taken_of_rows_that_were_fetched_anyway_where_they_are_enough(tmp_path: Path, target: int, kept: int) -> None:
    with measured(tmp_path, 2, target) as (engine, facts):
        (item,) = facts.entities
        assert item.evidence is not None
        assert item.evidence.fetched == kept
        forget(engine)
        found = release(engine, item.entity, "1", fetched=kept, natives=False)
        assert (found.missed, found.invented) == (0, 0)
        assert found.planted > 0
        engine.execute(Query('DELETE FROM evidence."things.fetched"'))
        forget(engine)
        assert bool(release(engine, item.entity, "1", fetched=kept, natives=False).planted) == (kept <= ROWS)


def test_the_claims_of_each_side_are_broken_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with measured(tmp_path, 40, 40) as (engine, facts):
        entity = facts.entities[0].entity
        forget(engine)
        assert {LOST, REPEATED} <= set(release(engine, entity, "1", natives=False).operators)
        told = 'SELECT count(*) FILTER (in_target), count(*) FILTER (in_target AND NOT in_source) FROM evidence."canary.things.invariant.small_or_open"'
        assert min(engine.one(Query(told))) > 0
        assert [one.operators.get(LOST) for one in (release(engine, entity, "1", natives=False, claims=claims) for claims in ((), ()))] == [None, None]
        for name in ("small_or_open", "numbered"):
            forget(engine)
            monkeypatch.setattr("dq.canaries.releasing.check_invariant", forgetful(name))
            assert release(engine, entity, "1", natives=False, claims={name}).missed > 0


def forgetful(name: str) -> Callable[..., object]:
    """Return a check of claims that tells nothing of what only the target breaks."""

    def check(engine: Engine, entity: Entity, *args: object, **kwargs: object) -> object:
        found = check_invariant(engine, entity, *args, **kwargs)  # type: ignore[arg-type]
        engine.execute(Query(f'DELETE FROM evidence."{entity.name}.invariant.{name}" WHERE in_target AND NOT in_source'))
        return found

    return check


def test_one_claim_of_a_run_is_chosen_by_its_seed(tmp_path: Path) -> None:
    with measured(tmp_path, 40, 40) as (_, facts):
        entity = facts.entities[0].entity
        chosen = {which_claim([entity], str(seed)) for seed in range(40)}
        assert chosen == {("things", "small_or_open"), ("things", "numbered"), ("things", "priced")}
        assert which_claim([entity.model_copy(update={"invariant": ()})], "1") is None


def test_a_slice_of_the_source_will_do(tmp_path: Path) -> None:
    with measured(tmp_path, 20, 0) as (_, facts):
        found = facts.entities[0].canary
        assert isinstance(found, CanaryResult)
        assert found.planted > len(COLUMNS)
        assert (found.missed, found.invented) == (0, 0)


def test_the_operators_that_were_used_are_told(tmp_path: Path) -> None:
    with measured(tmp_path, 60, 60) as (_, facts):
        item = facts.entities[0]
        assert isinstance(item.canary, CanaryResult)
        check = judge_canary(item.entity, item.canary, item.evidence)
        assert check.outcome is Outcome.PASSED
        assert check.looked_at == sum(check.planted.values()) == item.canary.planted
        assert {"a row lost", "a row repeated"} < set(check.planted)
        assert {operator.words for operator in OPERATORS} & set(check.planted)
        assert f"{item.canary.planted} corruptions planted in a copy, {item.canary.planted} found" in check.sentence
        assert check.details == ("Which corruptions were planted, and where, was chosen by the seed 3f2a.",)


def test_what_is_missed_or_invented_is_said_in_numbers() -> None:
    check = judge_crosswalk_canary(CanaryResult(5, 2, 1, 9, {"an id not mapped": 5}, "3f2a"))
    assert check.outcome is Outcome.NOT_PROVEN
    assert check.reason == "of 9 faults of 5 corruptions planted in a copy 2 were missed, and 1 were seen that were not there"
    assert judge_crosswalk_canary(CanaryResult(0, 0, 0)).reason == "there is no row to plant a corruption in"
    assert judge_crosswalk_canary(None).reason == "no map was looked at"
    assert judge_crosswalk_canary(Crash("it broke")).reason == "it broke"


def test_the_crosswalk_has_a_canary_of_each_of_its_faults(tmp_path: Path) -> None:
    pairs = [(number, 100 + number) for number in range(1, 41)]
    with looked_at(tmp_path, {("crosswalk", "accounts"): [(1, 11), (2, 12), *((20 + one, other) for one, other in pairs)]}) as (engine, facts):
        taken = set()
        for seed in range(12):
            found = release_maps(engine, facts.ground.contract, facts.ground.scope, str(seed))
            taken.add(found.planted)
            assert (found.missed, found.invented) == (0, 0), (seed, found)
        assert max(taken) == 6
        assert isinstance(facts.canary, CanaryResult)
        assert (facts.canary.missed, facts.canary.invented) == (0, 0)


def test_a_crosswalk_that_is_held_against_one_of_before_has_a_canary_of_that_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [(number, 100 + number) for number in range(1, 41)]
    with looked_at(tmp_path, {("crosswalk", "accounts"): [(1, 11), (2, 12), *((20 + one, other) for one, other in pairs)]}) as (engine, facts):
        contract, scope = facts.ground.contract, facts.ground.scope
        found = [release_maps(engine, contract, scope, str(seed), kept=True) for seed in range(12)]
        assert {(one.missed, one.invented) for one in found} == {(0, 0)}
        assert max(one.planted for one in found) == 7
        assert all(one.operators.get("two ids exchanged") for one in found if one.planted == 7)
        monkeypatch.setattr("dq.canaries.crosswalk.keep_map", lambda *_, **__: None)
        assert all(release_maps(engine, contract, scope, str(seed), kept=True).missed > 0 for seed in range(12))


@pytest.mark.parametrize("pairs", [[(1, 11)], [(1, 11), (2, 12)], [(1, None), (None, 12)]])
def test_a_small_crosswalk_has_a_canary_too(tmp_path: Path, pairs: list[tuple[int | None, int | None]]) -> None:
    with looked_at(tmp_path, {("crosswalk", "accounts"): pairs, ("crosswalk", "coupons"): []}) as (_, facts):
        assert isinstance(facts.canary, CanaryResult)
        assert (facts.canary.missed, facts.canary.invented) == (0, 0)
        assert (facts.canary.planted > 0) == (None not in pairs[0])


def test_rows_of_the_targets_own_are_planted_for_one_entity_a_run(tmp_path: Path) -> None:
    with looked_at(tmp_path) as (engine, facts):
        entity = facts.entities[0].entity
        assert whose_natives([entity], "3f2a") == "coupons"
        assert whose_natives([entity.model_copy(update={"merge": None})], "3f2a") is None
        assert engine.execute(Query('SELECT DISTINCT status FROM evidence."canary.coupons.natives" ORDER BY 1')) != []


def test_rows_in_files_are_planted_for_one_entity_a_run_and_count_with_its_own(tmp_path: Path) -> None:
    with looked_at(tmp_path) as (engine, facts):
        entity, canary = facts.entities[0].entity, facts.entities[0].canary
        shown = entity.model_copy(update={"exported": True})
        assert (whose_export([entity], "3f2a"), whose_export([entity, shown], "3f2a")) == (None, "coupons")
        assert isinstance(canary, CanaryResult)
        with aside(engine) as later:
            released = [("its own", lambda: canary), *in_files(later, Exported(entity=entity), seed=canary.seed)]
            both = canary_of(released, seed=canary.seed, attempt=Attempts())
            assert isinstance(both, CanaryResult)
            assert (both.planted > canary.planted, both.missed, both.invented) == (True, 0, 0)
            assert in_files(later, Exported(problems=("no such table",)), seed="1") == []
            assert in_files(later, Crash("it broke"), seed="1") == []


def test_a_row_whose_key_may_stand_again_is_left_out(tmp_path: Path) -> None:
    doubled = [*things(ROWS), *things(ROWS)[:2], *((f"K{ROWS // 2 - 1}", 1, *row[2:]) for row in things(3))]  # the last key stands again, past the slice
    stores = {side: {"things": Table(COLUMNS, doubled)} for side in ("source", "target")}
    files = {"migration.toml": MIGRATION, "things.toml": THINGS, "sql/source/things.sql": SELECT, "sql/target/things.sql": SELECT}
    with measured_unsealed(tmp_path, files=files, stores=stores, asked=Asked((), ())) as (engine, facts):
        found = facts.entities[0].canary
        assert isinstance(found, CanaryResult)
        assert (found.missed, found.invented) == (0, 0)
        repeated = "SELECT k, n FROM source.things GROUP BY ALL HAVING count(*) > 1"
        sql = f'SELECT count(*) FROM source."canary.things" AS c JOIN ({repeated}) AS r ON r.k = c.k AND r.n = c.n'
        assert engine.one(Query(sql)) == (0,)
