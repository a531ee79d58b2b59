"""Nothing new after the freeze, in no batch; who is in which batch and region; how far the migration is: counted on a tiny migration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tiny import AFTER, FILES, Place, Rows, moved, rows_of, stores_of, tiny

from dq.attempts import Attempts
from dq.compare.crosswalk import count_moved_before
from dq.compare.evidence import Crash
from dq.compare.freeze import Late, check_freeze
from dq.compare.progress import BatchSize, Progress
from dq.engine import Engine
from dq.ground import Asked
from dq.judgement.calendar import judge_freeze
from dq.measuring import Facts, measure_freeze, measure_progress
from dq.record import Outcome
from dq.sql import Query
from tests.oracle.sealing import BASELINE, Table, measured_unsealed

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_canaries")]

FREEZE = datetime(2024, 10, 20, 17, tzinfo=UTC)
MICROSECOND, DAY = timedelta(microseconds=1), timedelta(days=1)
COUPONS, BATCHES, ERASURES, VOUCHERS = ("source", "coupons"), ("crosswalk", "batches"), ("crosswalk", "erasures"), ("target", "vouchers")
OWN, IDS = ("baseline", "vouchers"), ("crosswalk", "coupons")
DATED = {
    "migration.toml": FILES["migration.toml"].replace("regions  =", "freeze   = 2024-10-20T17:00:00Z\nregions  ="),
    "coupons.toml": FILES["coupons.toml"]
    .replace("[columns]\n", 'created = "given"\nregion  = "place"\n[columns]\n')
    .replace("[merge]", 'given      = "INSTANT"\nplace      = "VARCHAR"\n[merge]'),
    "sql/source/coupons.sql": FILES["sql/source/coupons.sql"].replace("c.points\n", "c.points, c.given, c.place\n"),
    "sql/target/coupons.sql": FILES["sql/target/coupons.sql"].replace(", points", ", points, given, place"),
}


@contextmanager
def dated(
    folder: Path, changed: dict[Place, Rows] | None = None, *, given: dict[str, datetime | None] | None = None, place: dict[str, str | None] | None = None
) -> Iterator[tuple[Engine, Facts]]:
    """Yield what is measured of batch 1, each coupon being of the day before the freeze and of the region ID, unless its code says otherwise."""
    stores = stores_of(changed)
    for side, name, code in (("source", "coupons", 1), ("target", "vouchers", 1), ("baseline", "vouchers", 1)):
        table = stores[side][name]
        more = [(*row, (given or {}).get(row[code], FREEZE - DAY), (place or {}).get(row[code], "ID")) for row in table.rows]
        stores[side][name] = Table({**table.columns, "given": "TIMESTAMPTZ", "place": "VARCHAR"}, more)
    asked = Asked((1,), (1,), BASELINE.isoformat())
    with measured_unsealed(folder, files={**FILES, **DATED}, stores=stores, asked=asked) as found:
        yield found


def broken(engine: Engine) -> set[tuple[str, str]]:
    return {(row[0], row[1]) for row in engine.execute(Query('SELECT k_0, status FROM evidence."coupons.freeze"'))}


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({}, set()),
        ({"A1": FREEZE - MICROSECOND}, set()),
        ({"A1": FREEZE}, {("A1", "late")}),
        ({"C1": FREEZE + DAY}, {("C1", "late")}),  # of a batch that has not moved
        ({"B1": None, "D1": FREEZE}, {("B1", "undated"), ("D1", "late")}),
        ({"A3": FREEZE}, set()),  # withdrawn: the SQL leaves it out, and the contract says why
        ({"N1": FREEZE}, set()),  # the target's own
    ],
)
def test_no_row_of_the_source_is_of_the_freeze_or_later(given: dict[str, datetime | None], seen: set[tuple[str, str]], tmp_path: Path) -> None:
    with dated(tmp_path, given=given) as (engine, facts):
        late = len([one for one in seen if one[1] == "late"])
        assert (facts.entities[0].freeze, broken(engine)) == (Late(5, late, len(seen) - late), seen)


@pytest.mark.parametrize("gone", [(ERASURES, [(3, "DSR-1")]), (BATCHES, rows_of(BATCHES, without=(3,)))])
def test_an_owner_who_was_erased_or_is_in_no_batch_is_no_excuse(gone: tuple[Place, Rows], tmp_path: Path) -> None:
    with dated(tmp_path, {gone[0]: gone[1]}, given={"C1": FREEZE}) as (engine, _):
        assert broken(engine) == {("C1", "late")}


def test_a_key_that_stands_twice_is_one(tmp_path: Path) -> None:
    with dated(tmp_path, {COUPONS: rows_of(COUPONS, (7, "C1", 3, 1, 40, 0))}, given={"C1": FREEZE}) as (_, facts):
        assert facts.entities[0].freeze == Late(6, 1, 0)


@pytest.mark.parametrize(("taken", "outcome"), [(FREEZE - MICROSECOND, Outcome.NOT_PROVEN), (FREEZE, Outcome.PASSED)])
def test_a_source_of_before_the_freeze_proves_nothing_about_what_is_sold_until_then(taken: datetime, outcome: Outcome, tmp_path: Path) -> None:
    with dated(tmp_path) as (engine, facts):
        engine.execute(Query('DROP TABLE evidence."coupons.freeze"'))
        entity = facts.entities[0].entity
        found = check_freeze(engine, entity, freeze=FREEZE, taken=taken)
        assert judge_freeze(entity, found, migration=facts.ground.contract.migration, seen={}).outcome is outcome


@pytest.mark.parametrize(
    ("found", "reason"), [(Late(0), "0 rows in the source, at least 1 is needed"), (Crash("it crashed"), "it crashed"), (None, "not looked")]
)
def test_what_was_not_looked_at_is_not_proven(found: Late | Crash | None, reason: str, tmp_path: Path) -> None:
    with dated(tmp_path) as (_, facts):
        check = judge_freeze(facts.entities[0].entity, found, migration=facts.ground.contract.migration, seen={})
        assert check.outcome is Outcome.NOT_PROVEN
        assert reason in str(check.reason)


@pytest.mark.parametrize(
    ("changed", "place", "problems"),
    [
        ({}, {}, {}),
        ({}, {"C1": "GB"}, {"outside the region": 1}),
        ({}, {"C1": None}, {"outside the region": 1}),
        ({}, {"A1": "GB", "A2": "GB", "D1": "GB"}, {"outside the region": 2}),
        ({ERASURES: [(3, "DSR-1")]}, {"C1": "GB"}, {}),
        ({BATCHES: [(1, 1, "ID"), (2, 1, "ID"), (3, 1, "ID"), (4, 1, "ID")]}, {}, {"no account": 1}),
        ({BATCHES: rows_of(BATCHES, (3, 7, "ID"), without=(3,))}, {"C1": "GB"}, {"unknown batch": 1}),
    ],
)
def test_a_batch_is_somebody_s_and_its_rows_are_of_its_region(
    changed: dict[Place, Rows], place: dict[str, str | None], problems: dict[str, int], tmp_path: Path
) -> None:
    with dated(tmp_path, changed, place=place) as (_, facts):
        found = facts.crosswalks["batches"]
        assert not isinstance(found, Crash)
        assert dict(found.problems) == problems


def progress(engine: Engine, facts: Facts, *, until: datetime) -> Progress:
    asked = Asked((1,), (1,), BASELINE.isoformat())
    compared = {item.entity.name: item.evidence.owned for item in facts.entities if item.evidence is not None}
    return measure_progress(engine, facts.ground, asked=asked, as_of=until, compared=compared)


@pytest.mark.parametrize(
    ("changed", "until", "found"),
    [
        ({}, AFTER, Progress((BatchSize(1, 2, 3), BatchSize(2, 2, 2)), AFTER, AFTER)),
        ({ERASURES: [(2, "DSR-1"), (4, " ")]}, AFTER, Progress((BatchSize(1, 1, 2), BatchSize(2, 2, 2)), AFTER, AFTER)),
        ({BATCHES: rows_of(BATCHES, without=(3, 4))}, AFTER, Progress((BatchSize(1, 2, 3), BatchSize(2, 0, 0)), AFTER, AFTER)),
        (
            {VOUCHERS: rows_of(VOUCHERS, moved(102, "A2", 11, 20, at=AFTER + DAY), without=(102,))},
            AFTER + DAY,
            Progress((BatchSize(1, 2, 3), BatchSize(2, 2, 2)), AFTER, AFTER + DAY),
        ),
        (  # the target's own new row is no row that moved
            {VOUCHERS: rows_of(VOUCHERS, moved(903, "N3", 91, 7, at=AFTER + DAY), without=(903,))},
            AFTER + DAY,
            Progress((BatchSize(1, 2, 3), BatchSize(2, 2, 2)), AFTER, AFTER),
        ),
        ({}, AFTER - MICROSECOND, Progress((BatchSize(1, 2, 3), BatchSize(2, 2, 2)))),  # what is from the future shows no pace
    ],
)
def test_accounts_and_rows_are_counted_by_batch_and_the_pace_begins_with_the_first_row(
    changed: dict[Place, Rows], until: datetime, found: Progress, tmp_path: Path
) -> None:
    with dated(tmp_path, changed) as (engine, facts):
        assert progress(engine, facts, until=until) == found


def test_an_account_in_two_batches_counts_in_both_and_a_row_with_it(tmp_path: Path) -> None:
    with dated(tmp_path, {BATCHES: rows_of(BATCHES, (1, 2, "ID"))}) as (engine, facts):
        assert progress(engine, facts, until=AFTER).batches == (BatchSize(1, 2, 3), BatchSize(2, 3, 4))


def test_a_baseline_that_holds_what_moved_is_of_after_the_first_batch(tmp_path: Path) -> None:
    small = tiny(tmp_path, {("baseline", "vouchers"): rows_of(("baseline", "vouchers"), moved(101, "A1", 11, 10))})
    record = small.run(tmp_path / "runs", batch=1).record
    assert record.check("snapshot.baseline").reason == "1 row that moved stands in it (coupons): it was taken after the first batch"
    assert (record.check("crosswalk.coupons").outcome, record.exit_status) == (Outcome.FAILED, 3)


def test_an_id_of_a_native_row_that_the_crosswalk_took_is_a_collision_and_the_baseline_stands(tmp_path: Path) -> None:
    small = tiny(tmp_path, {("baseline", "vouchers"): rows_of(("baseline", "vouchers"), moved(101, "N9", 91, 10))})
    record = small.run(tmp_path / "runs", batch=1).record
    assert (record.check("snapshot.baseline").outcome, record.check("crosswalk.coupons").statuses) == (Outcome.PASSED, {"collision": 1})


def test_what_cannot_be_read_says_why_and_disturbs_no_other_entity(tmp_path: Path) -> None:
    with dated(tmp_path) as (engine, facts):
        (coupons,) = facts.ground.prepared
        other = replace(coupons, entity=coupons.entity.model_copy(update={"name": "other"}), problems=("a table is missing",))
        crashed = replace(coupons, entity=coupons.entity.model_copy(update={"name": "crashed"}))
        raws = {"coupons": facts.ground.raws["coupons"], "crashed": Crash("of this")}
        ground = replace(facts.ground, prepared=(other, coupons, crashed), raws=raws)
        reasons = {item.entity.name: ground.unread(item.entity) for item in ground.prepared}
        assert reasons == {"other": "the store is not as it is pinned or declared", "coupons": None, "crashed": "of this"}
        assert ground.blocks(crashed.entity) == "of this"
        asked = Asked((1,), (1,), BASELINE.isoformat())
        found = [measure_freeze(engine, ground, item.entity, asked=asked, attempt=Attempts()) for item in (other, crashed)]
        assert found == [Crash("the store is not as it is pinned or declared"), Crash("of this")]
        undated = coupons.entity.model_copy(update={"created": None})
        assert measure_freeze(engine, ground, undated, asked=asked, attempt=Attempts()) is None


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("accounts", "crosswalk.accounts cannot be used: of this"),
        ("coupons", "crosswalk.coupons cannot be used: of this"),
        ("batches", "crosswalk.batches cannot be used: of this"),
        ("merges", None),
    ],
)
def test_a_table_of_the_crosswalk_that_cannot_be_used_blocks_who_needs_it(table: str, reason: str | None, tmp_path: Path) -> None:
    with dated(tmp_path) as (_, facts):
        ground = replace(facts.ground, rows={**facts.ground.rows, table: Crash("of this")})
        (entity,) = ground.contract.entities
        assert ground.blocks(entity) == reason
        nobody_s = entity.model_copy(update={"owner": None, "columns": tuple(column for column in entity.columns if column.through is None)})
        assert ground.blocks(nobody_s) is None


@pytest.mark.parametrize(
    ("changed", "rows"),
    [
        ({}, 0),
        ({OWN: rows_of(OWN, moved(101, "A1", 11, 10), moved(102, "A2", 11, 20))}, 2),
        ({OWN: rows_of(OWN, moved(101, "A1", 11, 10), moved(102, "N9", 91, 20))}, 1),
        ({OWN: rows_of(OWN, moved(101, "A1", 11, 10)), IDS: rows_of(IDS, (1, 555))}, 0),  # a map that fans out tells nothing
    ],
)
def test_a_row_of_the_baseline_was_moved_where_its_id_and_its_key_are_those_of_a_moved_row(changed: dict[Place, Rows], rows: int, tmp_path: Path) -> None:
    with dated(tmp_path, changed) as (engine, facts):
        (entity,) = facts.ground.contract.entities
        assert count_moved_before(engine, entity=entity, scope=facts.ground.scope) == rows
        assert count_moved_before(engine, entity=entity, scope=replace(facts.ground.scope, crosswalks=("accounts",))) == 0
        assert count_moved_before(engine, entity=entity.model_copy(update={"merge": None}), scope=facts.ground.scope) == 0
