"""What sums, invariants and the target's own rows mean, whole check by whole check."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from judged_things import FAILED, NOT_PROVEN, PASSED, SEEN, evidence, things

from dq.compare.evidence import Broken, Crash, SumPair
from dq.compare.natives import Natives
from dq.compare.persons import PersonSums
from dq.judgement.base import not_proven
from dq.judgement.claims import judge_invariant, judge_natives, judge_persons
from dq.record import Check, Outcome


def test_net_alone_and_gross_alone_disagree() -> None:
    assert not SumPair((), Decimal(1), Decimal(2), Decimal(3), Decimal(3)).agrees
    assert not SumPair((), Decimal(1), Decimal(1), Decimal(3), Decimal(4)).agrees


def test_a_sum_a_person_is_that_of_its_name_and_counts_people_where_it_is_the_owner_s() -> None:
    found = judge_persons(things(), "each", found=PersonSums(5, 2), evidence=evidence(), seen={"things.sums.each": SEEN})
    assert found == Check(
        id="things.sums.each",
        entity="things",
        kind="sums",
        name="each",
        outcome=FAILED,
        sentence="The sum of points per who differs for 2 of 5 people.",
        looked_at=5,
        broken=2,
        people=2,
        statuses={"unequal": 2},
        examples=SEEN,
    )
    fine = judge_persons(things(owner=None), "each", found=PersonSums(5, 0), evidence=evidence(), seen={})
    assert (fine.outcome, fine.people, fine.statuses) == (PASSED, None, {})
    assert fine.sentence == "The sum of points per who is the same for 5 people, net and gross."
    assert judge_persons(things(), "each", found=PersonSums(5, 0), evidence=evidence(agrees=False), seen={}).outcome is NOT_PROVEN
    crashed = judge_persons(things(), "each", found=Crash("of this"), evidence=evidence(), seen={})
    assert crashed == not_proven("things.sums.each", entity="things", kind="sums", name="each", reason="of this")


@pytest.mark.parametrize(
    ("name", "severity", "facts", "sentence"),
    [
        ("once", "critical", (0, 9, 0, 0), "It holds for every row: kind stands in one row only."),
        ("some", "warning", (1, 9, 1, 0), "1 key breaks it: points > 0. 1 of them is already wrong in the source."),
        ("some", "warning", (3, 9, 2, 1), "3 keys break it: points > 0. 2 of them are already wrong in the source. 1 is wrong in the source only."),
        ("some", "warning", (0, 9, 0, 2), "It holds for every row: points > 0. 2 are wrong in the source only."),
    ],
)
def test_an_invariant_tells_apart_what_was_wrong_before(name: str, severity: Any, facts: tuple[int, int, int, int], sentence: str) -> None:
    check_id = f"things.invariant.{name}"
    found = judge_invariant(things(), name, found=Broken(*facts), evidence=evidence(), seen={check_id: SEEN})
    assert found == Check(
        id=check_id,
        entity="things",
        kind="invariant",
        name=name,
        severity=severity,
        outcome=FAILED if facts[0] else PASSED,
        sentence=sentence,
        looked_at=9,
        broken=facts[0],
        pre_existing=facts[2],
        examples=SEEN,
    )
    assert judge_invariant(things(), name, found=Broken(*facts), evidence=evidence(agrees=False), seen={}).outcome is NOT_PROVEN
    crashed = judge_invariant(things(), name, found=Crash("of this"), evidence=evidence(), seen={})
    assert crashed == not_proven(check_id, entity="things", kind="invariant", name=name, severity=severity, reason="of this")


MUCH = """21 rows of the target's own 9 are harmed: 1 gone, 3 with another owner, 6 overwritten with another row, 4 with an earlier change time than before, \
5 with a change time after the snapshot's, 2 repeated."""


@pytest.mark.parametrize(
    ("natives", "outcome", "broken", "sentence"),
    [
        (Natives(0, 0, 0, 0), PASSED, 0, "The target had no rows of its own before the first batch."),
        (Natives(9, 0, 0, 0), PASSED, 0, "The target's own 9 rows of before are unharmed."),
        (Natives(9, 0, 0, 1), PASSED, 0, "The target's own 9 rows of before are unharmed. 1 row changed since, and says so."),
        (Natives(9, 0, 0, 2), PASSED, 0, "The target's own 9 rows of before are unharmed. 2 rows changed since, and say so."),
        (Natives(9, 0, 1, 0), FAILED, 1, "1 row of the target's own 9 is harmed: 1 changed without a newer change time."),
        (
            Natives(9, 1, 0, 0, 2, 3, 6, 4, 5),
            FAILED,
            21,
            MUCH,
        ),
    ],
)
def test_the_target_s_own_rows_are_unharmed_or_it_is_said_how(natives: Natives, outcome: Outcome, broken: int, sentence: str) -> None:
    found = judge_natives(things(), natives, seen={"things.natives": SEEN})
    assert found == Check(
        id="things.natives",
        entity="things",
        kind="natives",
        outcome=outcome,
        sentence=sentence,
        looked_at=natives.looked_at,
        broken=broken,
        statuses=dict(natives.harmed),
        examples=SEEN,
    )


@pytest.mark.parametrize(("found", "reason"), [(None, "the baseline was not measured"), (Crash("of this"), "of this")])
def test_natives_that_were_not_measured_are_not_proven(found: Crash | None, reason: str) -> None:
    assert judge_natives(things(), found, seen={}) == not_proven("things.natives", entity="things", kind="natives", reason=reason)
