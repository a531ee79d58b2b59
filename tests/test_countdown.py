"""How far a migration is, and when it is done at the present pace: in whole days and instants, the deadline itself being past."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from dq.compare.evidence import Crash
from dq.compare.progress import BatchSize, Progress
from dq.contract.migration import Batch, Migration
from dq.contract.stores import Store, Stores
from dq.countdown import countdown, end_of, is_proven, make_calendar
from dq.judgement.calendar import judge_deadline
from dq.record import Calendar, Check, Outcome

DEADLINE = datetime(2024, 12, 12, 17, tzinfo=UTC)
FIRST = datetime(2024, 11, 5, 1, tzinfo=UTC)
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
PROGRESS = Progress((BatchSize(1, 100, 900), BatchSize(2, 300, 2_000)), FIRST, FIRST)


def migration(**changes: Any) -> Migration:
    stores = Stores(source=Store(name="a", snapshot="a"), target=Store(name="b", snapshot="b"))
    fields = {"name": "a-b", "title": "A", "deadline": DEADLINE, "zone": "Asia/Jakarta", "entities": ("orders",), "stores": stores}
    return Migration(**{**fields, "batches": (Batch(number=1, region="ID"), Batch(number=2, region="GB")), **changes})


def check(outcome: Outcome, check_id: str = "orders.rows", kind: str = "rows") -> Check:
    return Check(id=check_id, entity="orders", kind=kind, outcome=outcome, sentence="")


def calendar(as_of: datetime, *, moved: Collection[int] = (1,), outcome: Outcome = Outcome.PASSED, progress: Progress = PROGRESS, **changes: Any) -> Calendar:
    found = make_calendar(migration(**changes), progress, as_of=as_of, compared=moved, moved=moved, checks=[check(outcome)])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("as_of", "days", "sentence"),
    [
        (DEADLINE - 37 * DAY, 37, "37 days to the deadline on 12 Dec 2024 24:00 Asia/Jakarta."),
        (DEADLINE - 37 * DAY + MICROSECOND, 36, "36 days to the deadline on 12 Dec 2024 24:00 Asia/Jakarta."),
        (DEADLINE - DAY, 1, "1 day to the deadline on 12 Dec 2024 24:00 Asia/Jakarta."),
        (DEADLINE - MICROSECOND, 0, "Less than a day to the deadline on 12 Dec 2024 24:00 Asia/Jakarta."),
        (DEADLINE, 0, "The deadline, 12 Dec 2024 24:00 Asia/Jakarta, has passed."),
        (DEADLINE + MICROSECOND, -1, "The deadline, 12 Dec 2024 24:00 Asia/Jakarta, has passed."),
        (DEADLINE + 2 * DAY, -2, "The deadline, 12 Dec 2024 24:00 Asia/Jakarta, has passed 2 days ago."),
    ],
)
def test_days_are_counted_down_and_the_deadline_itself_is_past(as_of: datetime, days: int, sentence: str) -> None:
    assert (calendar(as_of).days_left, countdown(migration(), as_of=as_of)) == (days, sentence)


@pytest.mark.parametrize(
    ("moment", "zone", "said"),
    [
        (DEADLINE, "Asia/Jakarta", "12 Dec 2024 24:00 Asia/Jakarta"),
        (DEADLINE, "UTC", "12 Dec 2024 17:00 UTC"),
        (DEADLINE + MICROSECOND, "Asia/Jakarta", "13 Dec 2024 00:00:00.000001 Asia/Jakarta"),
        (datetime(2025, 1, 1, tzinfo=UTC), "UTC", "31 Dec 2024 24:00 UTC"),
    ],
)
def test_midnight_belongs_to_the_day_that_it_ends(moment: datetime, zone: str, said: str) -> None:
    assert end_of(moment, zone=zone) == said


def test_the_pace_is_that_of_the_accounts_since_the_first_row_came() -> None:
    found = calendar(FIRST + 2 * DAY)  # 100 accounts in two days: 300 more in six
    assert (found.accounts_moved, found.accounts_left, found.done_at) == (100, 300, (FIRST + 8 * DAY).isoformat())
    assert found.sentences == (
        "35 days to the deadline on 12 Dec 2024 24:00 Asia/Jakarta.",
        "1 of 2 batches is proven by this run, 1 has moved: 100 accounts there, 300 left.",
        "At the present pace (100 accounts since 5 Nov 2024) done on 13 Nov 2024, 29 days before the deadline.",
    )


def test_a_part_of_a_microsecond_is_a_whole_one() -> None:
    sizes = (BatchSize(1, 3, 0), BatchSize(2, 1, 0))
    assert calendar(FIRST + MICROSECOND, progress=Progress(sizes, FIRST, FIRST)).done_at == (FIRST + 2 * MICROSECOND).isoformat()


@pytest.mark.parametrize(("started", "said"), [(DEADLINE - 4 * DAY, "12 days after"), (DEADLINE - DAY, "3 days after")])
def test_a_pace_that_is_too_slow_says_by_how_much(started: datetime, said: str) -> None:
    progress = Progress(PROGRESS.batches, started, started)
    assert calendar(DEADLINE, progress=progress).sentences[2].endswith(f"{said} the deadline.")


def test_an_end_at_the_deadline_is_after_it() -> None:
    progress = Progress(PROGRESS.batches, FIRST, DEADLINE)
    assert calendar(DEADLINE + DAY, moved=(1, 2), progress=progress).sentences[2] == "Everything had moved on 13 Dec 2024, less than a day after the deadline."


@pytest.mark.parametrize(
    ("progress", "moved", "said"),
    [
        (PROGRESS, (), "No account has moved: there is no pace to reckon with."),
        (Progress(PROGRESS.batches), (1,), "When it will be done cannot be said: nothing shows a pace."),
        (Progress((BatchSize(1), BatchSize(2)), FIRST, FIRST), (1,), "When it will be done cannot be said: nothing shows a pace."),
        (Progress(PROGRESS.batches, FIRST + DAY, FIRST + DAY), (1,), "When it will be done cannot be said: nothing shows a pace."),
        (Progress((BatchSize(1, 1, 1), BatchSize(2, 10**9, 1)), FIRST, FIRST), (1,), "When it will be done cannot be said: nothing shows a pace."),
    ],
)
def test_where_nothing_can_be_said_it_is_said(progress: Progress, moved: Collection[int], said: str) -> None:
    found = calendar(FIRST + DAY, moved=moved, progress=progress)
    assert (found.done_at, found.sentences[2]) == (None, said)


@pytest.mark.parametrize(
    ("outcome", "compared", "statuses"),
    [
        (Outcome.PASSED, (1,), ["proven", "moved"]),
        (Outcome.WAIVED, (1, 2), ["proven", "proven"]),
        (Outcome.FAILED, (2,), ["moved", "not proven"]),
        (Outcome.NOT_PROVEN, (1, 2), ["not proven", "not proven"]),
    ],
)
def test_a_batch_is_proven_where_this_run_compared_it_and_all_holds(outcome: Outcome, compared: Collection[int], statuses: list[str]) -> None:
    found = make_calendar(migration(), PROGRESS, as_of=FIRST, compared=compared, moved=(1, 2), checks=[check(outcome)])
    assert found is not None
    assert [line.status for line in found.batches] == statuses


@pytest.mark.parametrize("kind", ["fit", "calendar"])
def test_what_is_not_about_the_rows_that_moved_leaves_them_proven(kind: str) -> None:
    assert is_proven([check(Outcome.PASSED), check(Outcome.FAILED, "x", kind)])


@pytest.mark.parametrize("kind", ["freeze", "snapshot", "coverage", "canary", "values"])
def test_what_the_rows_stand_or_fall_with_is_needed_for_their_proof(kind: str) -> None:
    assert not is_proven([check(Outcome.PASSED), check(Outcome.FAILED, "x", kind)])


def test_without_a_check_nothing_is_proven() -> None:
    assert not is_proven([check(Outcome.PASSED, "x", "fit")])


def test_a_contract_without_deadline_and_batches_has_no_calendar() -> None:
    assert make_calendar(migration(deadline=None, batches=()), PROGRESS, as_of=FIRST, compared=(), moved=(), checks=[]) is None


def deadline(
    as_of: datetime, *, progress: Progress | Crash = PROGRESS, moved: Collection[int] = (1,), outcome: Outcome = Outcome.PASSED, **changes: Any
) -> Check:
    checks = [check(outcome)]
    found = make_calendar(migration(**changes), progress, as_of=as_of, compared=moved, moved=moved, checks=checks)
    return judge_deadline(migration(**changes), found, progress=progress, as_of=as_of, is_proven=is_proven(checks))


@pytest.mark.parametrize(
    ("asked", "outcome", "broken"),
    [
        (partial(deadline, DEADLINE - MICROSECOND), Outcome.PASSED, 0),
        (partial(deadline, DEADLINE), Outcome.FAILED, 1),
        (partial(deadline, DEADLINE, moved=(1, 2)), Outcome.PASSED, 0),
        (partial(deadline, DEADLINE, moved=(1, 2), outcome=Outcome.FAILED), Outcome.FAILED, 2),
        (partial(deadline, DEADLINE, moved=()), Outcome.FAILED, 2),
        (partial(deadline, DEADLINE, progress=Progress((BatchSize(1, 5, 5), BatchSize(2, 0, 0)))), Outcome.PASSED, 0),
        (partial(deadline, DEADLINE, progress=Progress()), Outcome.FAILED, 1),
        (partial(deadline, DEADLINE - DAY, progress=Crash("it crashed")), Outcome.NOT_PROVEN, 0),
        (partial(deadline, DEADLINE, batches=(), moved=()), Outcome.PASSED, 0),
        (partial(deadline, DEADLINE, batches=(), moved=(), outcome=Outcome.NOT_PROVEN), Outcome.FAILED, 1),
    ],
)
def test_at_the_deadline_nothing_may_be_left(asked: Callable[[], Check], outcome: Outcome, broken: int) -> None:
    found = asked()
    assert (found.id, found.outcome, found.broken) == ("calendar.deadline", outcome, broken)


PASSED = "The deadline, 12 Dec 2024 24:00 Asia/Jakarta, has passed."


@pytest.mark.parametrize(
    ("asked", "looked_at", "sentence"),
    [
        (partial(deadline, DEADLINE), 2, f"{PASSED} 1 batch of 2 is not moved or not proven."),
        (partial(deadline, DEADLINE, moved=()), 2, f"{PASSED} 2 batches of 2 are not moved or not proven."),
        (partial(deadline, DEADLINE, moved=(1, 2)), 2, f"{PASSED} Nothing is left to move."),
        (partial(deadline, DEADLINE, progress=Progress((BatchSize(1, 5, 5), BatchSize(2, 0, 0)))), 1, None),
        (
            partial(deadline, DEADLINE, batches=(), moved=(), outcome=Outcome.FAILED),
            1,
            f"{PASSED} It is not proven.",
        ),
        (partial(deadline, DEADLINE, batches=(), moved=()), 1, f"{PASSED} Nothing is left to move."),
        (partial(deadline, DEADLINE - DAY), 2, "1 day to the deadline on 12 Dec 2024 24:00 Asia/Jakarta. 1 batch of 2 is not moved or not proven."),
    ],
)
def test_the_deadline_says_how_much_is_left_of_how_much(asked: Callable[[], Check], looked_at: int, sentence: str | None) -> None:
    found = asked()
    assert found.looked_at == looked_at
    assert sentence in (None, found.sentence)


def test_before_the_deadline_no_batch_is_named_and_a_calendar_that_nobody_knows_proves_nothing() -> None:
    assert deadline(DEADLINE - MICROSECOND).details == ()
    unknown = judge_deadline(migration(), None, progress=PROGRESS, as_of=DEADLINE, is_proven=True)
    assert (unknown.outcome, unknown.name, unknown.kind, unknown.entity) == (Outcome.NOT_PROVEN, "deadline", "calendar", None)
    assert unknown.reason == "nothing says how far the migration is"


def test_a_missed_deadline_names_the_batches() -> None:
    assert deadline(DEADLINE).details == ("batch 2 (GB, 300 accounts): to move",)
