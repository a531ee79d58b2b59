"""What an export means, whole check by whole check."""

from __future__ import annotations

from decimal import Decimal

import pytest
from judged_things import FAILED, NOT_PROVEN, PASSED, SAYS, SEEN, exported, files, things

from dq.compare.evidence import Crash, Harm, frozen
from dq.compare.exported import Exported, People
from dq.judgement.base import not_proven
from dq.judgement.exported import judge_export
from dq.record import Check, Money, Outcome


@pytest.mark.parametrize(
    ("found", "people", "outcome", "sentence"),
    [
        (SAYS, files(1), PASSED, "1 file says what was migrated: 4 rows."),
        (exported(native=1), files(2), PASSED, "2 files say what was migrated: 4 rows; 1 row of the target's own stands there, too."),
        (exported(native=2), files(2), PASSED, "2 files say what was migrated: 4 rows; 2 rows of the target's own stand there, too."),
        (
            exported(harm=Harm(1, statuses=frozen({"missing": 1}))),
            files(1),
            FAILED,
            "1 row in 1 file is not as migrated: 1 missing in a file.",
        ),
        (
            exported(harm=Harm(4, 5, statuses=frozen({"changed": 3, "extra": 1}), columns=frozen({"b": 1, "a": 1, "c": 3}))),
            files(2),
            FAILED,
            "4 rows in 2 files are not as migrated: 3 different (c 3, a 1, b 1) and 1 in a file only.",
        ),
        (SAYS, files(0), NOT_PROVEN, "Not proven: no person of the batches compared has a file in the export."),
        (exported(agrees=False), files(1), NOT_PROVEN, "Not proven: the rows found and the fingerprints do not agree."),
        (exported(problems=("one", "two")), files(1), NOT_PROVEN, "Not proven: one."),
        (SAYS, files(1, strangers=(3,)), NOT_PROVEN, "Not proven: file 3 of the export, by name, is of a person in no batch."),
        (
            SAYS,
            files(1, strangers=(1, 2, 3, 4, 5)),
            NOT_PROVEN,
            "Not proven: files 1, 2, 3, 4 and 5 of the export, by name, are of persons in no batch.",
        ),
        (
            SAYS,
            files(1, strangers=(1, 2, 3, 4, 5, 6, 7)),
            NOT_PROVEN,
            "Not proven: files 1, 2, 3, 4 and 5 and 2 more of the export, by name, are of persons in no batch.",
        ),
    ],
)
def test_an_export_says_what_was_migrated(found: Exported, people: People, outcome: Outcome, sentence: str) -> None:
    check = judge_export(things(), found, people=people, seen={"things.export": SEEN})
    assert check == Check(
        id="things.export",
        entity="things",
        kind="export",
        outcome=outcome,
        reason=sentence.removeprefix("Not proven: ").removesuffix(".") if outcome is NOT_PROVEN else None,
        sentence=sentence,
        looked_at=9,
        broken=found.harm.keys,
        cells=found.harm.cells,
        columns=dict(found.harm.columns),
        statuses=dict(found.harm.statuses),
        examples=SEEN,
        details=found.problems[1:],
    )


def test_what_was_not_compared_of_an_export_is_said_and_its_harm_counted() -> None:
    harm = Harm(1, people=1, money=(("EUR", Decimal("1.50")),), statuses=frozen({"extra": 1}))
    found = judge_export(things(), exported(harm=harm, left_out=("a", "b")), people=files(1, elsewhere=1), seen={})
    assert (found.people, found.money) == (1, (Money(currency="EUR", amount="1.50"),))
    assert found.details == ("1 file of other batches was not compared.", "Not in the export, and not compared there: a, b.")
    assert judge_export(things(), SAYS, people=files(1, elsewhere=2), seen={}).details == ("2 files of other batches were not compared.",)


@pytest.mark.parametrize(
    ("found", "people", "reason"),
    [
        (SAYS, Crash("of people"), "of people"),
        (Crash("of rows"), files(1), "of rows"),
        (Crash("of rows"), Crash("of people"), "of people"),
        (None, files(1), "the export was not measured"),
        (SAYS, None, "the export was not measured"),
    ],
)
def test_an_export_that_was_not_measured_is_not_proven(found: Exported | Crash | None, people: People | Crash | None, reason: str) -> None:
    expected = not_proven("things.export", entity="things", kind="export", reason=reason)
    assert judge_export(things(), found, people=people, seen={}) == expected
