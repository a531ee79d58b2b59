"""What the freeze means, whole check by whole check."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from judged_things import COLUMNS, END, FAILED, FREEZE, NOT_PROVEN, PASSED, SEEN, things

from dq.compare.evidence import Crash
from dq.compare.freeze import Late
from dq.judgement.base import not_proven
from dq.judgement.calendar import judge_freeze
from dq.record import Check, Outcome
from tests.compare.sides_compared import make_entity
from tests.test_countdown import migration


@pytest.mark.parametrize(
    ("late", "options", "outcome", "sentence"),
    [
        (Late(1), {}, PASSED, f"Every row of the source, in every batch, is from before {END} (1 row)."),
        (Late(0), {"may_be_empty": "none yet"}, PASSED, f"Every row of the source, in every batch, is from before {END} (0 rows)."),
        (Late(9, late=1), {}, FAILED, f"1 key is of the freeze or later ({END})."),
        (Late(9, undated=1), {}, FAILED, f"1 key has no known born ({END})."),
        (Late(9, 2, 3), {}, FAILED, f"2 keys are of the freeze or later and 3 keys have no known born ({END})."),
        (Late(0), {}, "0 rows in the source, at least 1 is needed", f"Every row of the source, in every batch, is from before {END} (0 rows)."),
        (
            Late(1),
            {"at_least": 2, "may_be_empty": "none yet"},
            "1 row in the source, at least 2 are needed",
            f"Every row of the source, in every batch, is from before {END} (1 row).",
        ),
        (
            Late(9, late=1, is_early=True),
            {},
            f"the source was taken before the freeze, {END}: what it took until then is not in it",
            f"1 key is of the freeze or later ({END}).",
        ),
    ],
)
def test_the_source_was_closed_in_time(late: Late, options: dict[str, Any], outcome: Outcome | str, sentence: str) -> None:
    entity = make_entity({**COLUMNS, "born": "INSTANT"}, key="id", created="born", **options)
    found = judge_freeze(entity, late, migration=migration(freeze=FREEZE), seen={"things.freeze": SEEN})
    assert found == Check(
        id="things.freeze",
        entity="things",
        kind="freeze",
        outcome=outcome if isinstance(outcome, Outcome) else NOT_PROVEN,
        reason=None if isinstance(outcome, Outcome) else outcome,
        sentence=sentence,
        looked_at=late.looked_at,
        broken=late.late + late.undated,
        statuses={status: count for status, count in (("late", late.late), ("undated", late.undated)) if count},
        examples=SEEN,
    )


@pytest.mark.parametrize(
    ("late", "freeze", "reason"),
    [
        (None, FREEZE, "the source was not looked at"),
        (Crash("of this"), FREEZE, "of this"),
        (Late(1), None, "the source was not looked at"),
    ],
)
def test_a_source_that_was_not_looked_at_is_not_proven(late: Late | Crash | None, freeze: datetime | None, reason: str) -> None:
    found = judge_freeze(things(), late, migration=migration(freeze=freeze, deadline=FREEZE + timedelta(days=1)), seen={})
    assert found == not_proven("things.freeze", entity="things", kind="freeze", reason=reason)
