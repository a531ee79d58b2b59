"""Whether the target has room for a batch: what was counted, and what is said of it."""

from __future__ import annotations

import pytest

from dq.compare.evidence import Crash
from dq.compare.room import Room, Unfit
from dq.contract.models import Entity
from dq.judgement.room import judge_room
from dq.record import Outcome
from dq.report.language import writing
from dq.report.retelling import retold

COUPONS = Entity.model_validate({"name": "coupons", "promise": "Coupons move.", "key": ["code"], "columns": []})

SAID = {
    "nothing is taken": (Room(20), Outcome.PASSED, 0, "Batch 2 has room: no id and no key of it stands in the target (20 rows)."),
    "an id is taken": (Room(20, ids=1), Outcome.FAILED, 1, "Batch 2 has no room: the target has the id of 1 row already."),
    "a key is taken": (Room(20, keys=2), Outcome.FAILED, 2, "Batch 2 has no room: the target has the key of 2 rows already."),
    "both": (Room(20, 1, 2), Outcome.FAILED, 3, "Batch 2 has no room: the target has the id of 1 row and the key of 2 rows already."),
    "a value does not fit": (
        Room(20, unfit=3, narrow={"title": Unfit("vouchers.title varchar(64)", 2), "face_value": Unfit("vouchers.face INTEGER", 2)}),
        Outcome.FAILED,
        3,
        "Batch 2 has no room: 3 rows of it do not fit into the columns of title and face_value.",
    ),
    "a row whose key is taken does not fit": (
        Room(20, keys=1, unfit=1, twice=1, narrow={"title": Unfit("vouchers.title varchar(64)", 1)}),
        Outcome.FAILED,
        1,
        "Batch 2 has no room: the target has the key of 1 row already; 1 row of it does not fit into the columns of title.",
    ),
    "no id is left": (Room(20, short=4), Outcome.FAILED, 4, "Batch 2 has no room: no id is left for 4 rows."),
    "fewer rows break it than are too many": (Room(20, ids=18, short=4), Outcome.FAILED, 20, None),
    "columns hold it": (
        Room(20, held=3),
        Outcome.PASSED,
        0,
        "Batch 2 has room: no id and no key of it stands in the target, and its values fit into 3 columns with a limit (20 rows).",
    ),
    "nobody comes": (Room(0), Outcome.NOT_PROVEN, 0, "Not proven: batch 2 has no row to move."),
    "it crashed": (Crash("why"), Outcome.NOT_PROVEN, 0, "Not proven: why."),
}


@pytest.mark.parametrize("name", SAID)
def test_room_is_judged_by_what_is_taken(name: str) -> None:
    found, *expected = SAID[name]
    check = judge_room(COUPONS, found, batch=2)
    assert [check.outcome, check.broken, check.sentence if expected[2] is not None else None] == expected


def test_each_column_that_does_not_hold_a_batch_is_named_with_its_type() -> None:
    found = Room(20, unfit=3, narrow={"title": Unfit("vouchers.title varchar(64)", 1), "face_value": Unfit("vouchers.face INTEGER", 2)})
    check = judge_room(COUPONS, found, batch=2)
    assert check.details == ("title: 1 row does not fit into vouchers.title varchar(64)", "face_value: 2 rows do not fit into vouchers.face INTEGER")
    with writing("id"):
        assert [retold(line) for line in (check.sentence, *check.details)] == [
            "Tidak ada tempat untuk batch 2: 3 baris di antaranya tidak muat di kolom title dan face_value.",
            "title: 1 baris tidak muat di vouchers.title varchar(64)",
            "face_value: 2 baris tidak muat di vouchers.face INTEGER",
        ]


def test_a_batch_may_have_no_row_where_the_contract_says_why() -> None:
    entity = COUPONS.model_copy(update={"may_be_empty": "nobody had one"})
    assert judge_room(entity, Room(0), batch=2).outcome is Outcome.PASSED
