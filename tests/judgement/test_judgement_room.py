"""Whether the target has room for a batch: what was counted, and what is said of it."""

from __future__ import annotations

import pytest

from dq.compare.evidence import Crash
from dq.compare.room import Room
from dq.contract.models import Entity
from dq.judgement.room import judge_room
from dq.record import Outcome

COUPONS = Entity.model_validate({"name": "coupons", "promise": "Coupons move.", "key": ["code"], "columns": []})

SAID = {
    "nothing is taken": (Room(20), Outcome.PASSED, 0, "Batch 2 has room: no id and no key of it stands in the target (20 rows)."),
    "an id is taken": (Room(20, ids=1), Outcome.FAILED, 1, "Batch 2 has no room: the target has the id of 1 row already."),
    "a key is taken": (Room(20, keys=2), Outcome.FAILED, 2, "Batch 2 has no room: the target has the key of 2 rows already."),
    "both": (Room(20, 1, 2), Outcome.FAILED, 3, "Batch 2 has no room: the target has the id of 1 row and the key of 2 rows already."),
    "nobody comes": (Room(0), Outcome.NOT_PROVEN, 0, "Not proven: batch 2 has no row to move."),
    "it crashed": (Crash("why"), Outcome.NOT_PROVEN, 0, "Not proven: why."),
}


@pytest.mark.parametrize("name", SAID)
def test_room_is_judged_by_what_is_taken(name: str) -> None:
    found, *expected = SAID[name]
    check = judge_room(COUPONS, found, batch=2)
    assert [check.outcome, check.broken, check.sentence] == expected


def test_a_batch_may_have_no_row_where_the_contract_says_why() -> None:
    entity = COUPONS.model_copy(update={"may_be_empty": "nobody had one"})
    assert judge_room(entity, Room(0), batch=2).outcome is Outcome.PASSED
