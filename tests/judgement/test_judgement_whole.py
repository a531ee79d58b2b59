"""What snapshots, coverage and crosswalk mean, whole check by whole check."""

from __future__ import annotations

import pytest
from judged_things import FAILED, NOT_PROVEN, PASSED, SEEN

from dq.compare.evidence import Crash, CrosswalkEvidence
from dq.judgement.base import not_proven
from dq.judgement.whole import DETAILS_SHOWN, judge_coverage, judge_crosswalk, judge_snapshot
from dq.record import Check, LedgerLine, Outcome


def test_a_snapshot_that_does_not_hold_proves_nothing() -> None:
    problems = [f"problem {number}" for number in range(60)]
    found = judge_snapshot("source", problems=problems, tables=2, rows=3)
    assert (found.outcome, found.reason, found.name, found.kind) == (NOT_PROVEN, "problem 0", "source", "snapshot")
    assert found.sentence == "The source snapshot proves nothing: problem 0."
    assert found.details == tuple(problems[1:DETAILS_SHOWN])
    fine = "The source snapshot is what its manifest says: 3 rows in 2 tables."
    expected = Check(id="snapshot.source", entity=None, kind="snapshot", name="source", outcome=PASSED, sentence=fine, looked_at=2)
    assert judge_snapshot("source", problems=[], tables=2, rows=3) == expected


def test_a_ledger_closes_or_says_what_nobody_looks_at() -> None:
    lines = [LedgerLine(side="target", table="t", column=f"c{number}", status=status) for number, status in enumerate(("compared", "used", "excluded", "used"))]
    fine = "Every column of the target store is accounted for: 1 compared, 2 used, 1 excluded."
    expected = Check(id="coverage.target", entity=None, kind="coverage", name="target", outcome=PASSED, sentence=fine, looked_at=4)
    assert judge_coverage("target", lines, stale=()) == expected
    open_ = [*lines, *(LedgerLine(side="target", table="t", column=f"d{number}", status="uncovered") for number in range(50))]
    found = judge_coverage("target", open_, stale=("for nothing",))
    assert (found.outcome, found.broken, found.looked_at) == (FAILED, 51, 54)
    assert found.sentence == "The ledger of the target store does not close: 50 columns nobody looks at and 1 exclusion for nothing."
    assert found.details == tuple(f"t.d{number}" for number in range(50))
    assert judge_coverage("target", lines, stale=("for nothing",)).details == ("for nothing",)
    assert judge_coverage("target", [], stale=()).reason == "the store has no column"


@pytest.mark.parametrize(
    ("name", "rows", "problems", "outcome", "sentence"),
    [
        ("orders", 2, {}, PASSED, "2 ids map one to one, but for declared merges; every row that moved is mapped."),
        ("batches", 1, {}, PASSED, "1 account in one batch each, of the batch's region; no row's owner is forgotten."),
        ("merges", 2, {}, PASSED, "2 merges declared, each in the crosswalk, each with a survivor."),
        ("erasures", 2, {}, PASSED, "2 erasures declared, each with a reference."),
        ("merges", 2, {"unknown": 1}, FAILED, "1 id breaks it: 1 unknown."),
        ("orders", 9, {"unmapped": 2, "collision": 1}, FAILED, "3 ids break it: 2 unmapped, 1 collision."),
    ],
)
def test_a_crosswalk_is_judged_with_all_that_it_shows(name: str, rows: int, problems: dict[str, int], outcome: Outcome, sentence: str) -> None:
    found = judge_crosswalk(name, CrosswalkEvidence(name, rows, problems), seen={f"crosswalk.{name}": SEEN})
    assert found == Check(
        id=f"crosswalk.{name}",
        entity=None,
        kind="crosswalk",
        name=name,
        outcome=outcome,
        sentence=sentence,
        looked_at=rows,
        broken=sum(problems.values()),
        statuses=problems,
        examples=SEEN,
    )


@pytest.mark.parametrize(
    ("rows", "problems", "reason"),
    [
        (0, {}, "it is empty"),
        (5, {"fan-out": 1}, "1 source id maps to several rows: a join would multiply rows"),
        (5, {"fan-out": 2}, "2 source ids map to several rows: a join would multiply rows"),
    ],
)
def test_a_map_that_is_empty_or_fans_out_proves_nothing(rows: int, problems: dict[str, int], reason: str) -> None:
    found = judge_crosswalk("orders", CrosswalkEvidence("orders", rows, problems), seen={})
    assert (found.outcome, found.reason) == (NOT_PROVEN, reason)


def test_a_table_that_nobody_declares_is_none() -> None:
    crashed = judge_crosswalk("merges", Crash("of this"), seen={})
    assert crashed == not_proven("crosswalk.merges", entity=None, kind="crosswalk", name="merges", reason="of this")
    none = Check(id="crosswalk.merges", entity=None, kind="crosswalk", name="merges", outcome=PASSED, sentence="No merges are declared.")
    assert judge_crosswalk("merges", CrosswalkEvidence("merges", 0), seen={}) == none == judge_crosswalk("merges", None, seen={})


@pytest.mark.parametrize("name", ["orders", "batches"])
def test_a_map_that_nobody_looked_at_is_not_proven(name: str) -> None:
    expected = not_proven(f"crosswalk.{name}", entity=None, kind="crosswalk", name=name, reason="it was not looked at")
    assert judge_crosswalk(name, None, seen={}) == expected
