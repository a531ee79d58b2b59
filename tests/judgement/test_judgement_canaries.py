"""What canaries mean, whole check by whole check."""

from __future__ import annotations

from typing import Any

import pytest
from judged_things import NOT_PROVEN, PASSED, PLANTED, evidence, things

from dq.canaries import CanaryResult
from dq.compare.evidence import Crash
from dq.judgement.canaries import judge_canary, judge_crosswalk_canary
from dq.record import Check


def test_a_canary_that_was_found_is_told_by_what_was_planted() -> None:
    sentence = "3 corruptions planted in a copy, 3 found, with every one of their 4 faults: a changed value (2 times); a lost row."
    assert judge_canary(things(), PLANTED, evidence()) == Check(
        id="canary.things",
        entity="things",
        kind="canary",
        outcome=PASSED,
        sentence=sentence,
        looked_at=3,
        planted={"a lost row": 1, "a changed value": 2},
        details=("Which corruptions were planted, and where, was chosen by the seed seed.",),
    )
    crosswalk = judge_crosswalk_canary(PLANTED)
    assert (crosswalk.id, crosswalk.entity, crosswalk.name, crosswalk.sentence) == ("canary.crosswalk", None, "crosswalk", sentence)


def test_of_many_operators_those_used_most_are_named() -> None:
    many = CanaryResult(17, 0, 0, 17, {f"way {number:02}": 1 for number in range(15)} | {"way 16": 2})
    found = judge_canary(things(), many, evidence())
    assert found.sentence.endswith(f": way 16 (2 times); {'; '.join(f'way {number:02}' for number in range(13))}, and 2 further ways.")
    assert found.details == ()


@pytest.mark.parametrize(
    ("found", "facts", "options", "reason"),
    [
        (None, {}, {}, "the entity was not compared"),
        (Crash("of this"), {}, {}, "of this"),
        (CanaryResult(3, 1, 0, 4), {}, {}, "of 4 faults of 3 corruptions planted in a copy 1 were missed, and 0 were seen that were not there"),
        (CanaryResult(1, 0, 2, 1), {}, {}, "of 1 fault of 1 corruption planted in a copy 0 were missed, and 2 were seen that were not there"),
        (CanaryResult(0, 0, 0), {}, {}, "there is no row to plant a corruption in"),
        (CanaryResult(0, 0, 0), {"source": 1, "target": 1, "agrees": False}, {"may_be_empty": "none yet"}, "there is no row to plant a corruption in"),
    ],
)
def test_a_canary_that_was_missed_or_never_let_loose_proves_nothing(found: Any, facts: dict[str, Any], options: dict[str, Any], reason: str) -> None:
    check = judge_canary(things(**options), found, evidence(**facts))
    assert (check.outcome, check.reason, check.sentence) == (NOT_PROVEN, reason, f"Not proven: {reason}.")


def test_where_there_may_be_no_row_nothing_needs_to_be_planted() -> None:
    nothing = evidence(source=0, target=0, compared=0)
    found = judge_canary(things(may_be_empty="none yet"), CanaryResult(0, 0, 0, seed="seed"), nothing)
    assert (found.outcome, found.sentence, found.details) == (PASSED, "Nothing to plant: none yet.", ())
    assert judge_canary(things(may_be_empty="none yet"), CanaryResult(0, 0, 0), None).outcome is NOT_PROVEN
    assert judge_crosswalk_canary(None).reason == "no map was looked at"
