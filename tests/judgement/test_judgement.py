"""What an entity's evidence means, whole check by whole check: the judgement is pure, so that nothing is needed but facts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from judged_things import FAILED, FREEZE, NOT_PROVEN, PASSED, SEEN, evidence, facts, line, pair, things

from dq.compare.evidence import Crash, EntityEvidence, Harm, Population, SumPair, frozen
from dq.judgement.base import judged, not_proven, weakness
from dq.judgement.claims import SUMS_SHOWN, judge_schema, judge_sums
from dq.judgement.entities import judge_entity, sum_up
from dq.judgement.rows import judge_rows
from dq.record import Check, EntityResult, Money, Outcome, SliceCount, SumLine
from tests.test_countdown import migration


@pytest.mark.parametrize(("broken", "reason", "outcome"), [(0, None, PASSED), (1, None, FAILED), (0, "why", NOT_PROVEN), (2, "why", NOT_PROVEN)])
def test_a_reason_weighs_more_than_what_is_broken(broken: int, reason: str | None, outcome: Outcome) -> None:
    assert judged("a.b", broken=broken, reason=reason, entity="a", kind="b", sentence="").outcome is outcome


def test_what_is_not_proven_says_why_and_how_much_it_weighs() -> None:
    expected = Check(id="a.b.c", entity="a", kind="b", name="c", severity="info", outcome=NOT_PROVEN, reason="of this", sentence="Not proven: of this.")
    assert not_proven("a.b.c", entity="a", kind="b", name="c", severity="info", reason="of this") == expected


TOO_FEW = "{} to compare, at least {} needed"


@pytest.mark.parametrize(
    ("facts", "options", "pairs", "expected"),
    [
        ({}, {}, False, None),
        ({"agrees": False}, {}, False, "the rows found and the fingerprints do not agree"),
        ({"source": 0, "target": 0, "compared": 0}, {}, False, TOO_FEW.format("0 rows", "1 is")),
        ({"source": 0, "target": 0, "compared": 0}, {"may_be_empty": "none yet"}, False, None),
        ({"source": 0, "target": 0, "compared": 0, "agrees": False}, {"may_be_empty": "none yet"}, False, "the rows found and the fingerprints do not agree"),
        ({"source": 0, "target": 1, "compared": 0}, {}, False, None),
        ({"source": 1, "target": 0, "compared": 0}, {}, False, None),
        ({"source": 1, "target": 0, "compared": 0}, {}, True, TOO_FEW.format("0 rows", "1 is")),
        ({"source": 1, "target": 0, "compared": 0}, {"may_be_empty": "none yet"}, True, TOO_FEW.format("0 rows", "1 is")),
        ({"source": 9, "target": 8, "compared": 1}, {"at_least": 2}, True, TOO_FEW.format("1 row", "2 are")),
        ({"source": 9, "target": 8, "compared": 2}, {"at_least": 2}, True, None),
        ({"source": 8, "target": 9, "compared": 2}, {"at_least": 9}, False, None),
        ({"source": 9, "target": 9, "compared": 2}, {"at_least": 1000}, False, TOO_FEW.format("9 rows", "1,000 are")),
    ],
)
def test_both_ways_must_agree_and_empty_is_not_equal(facts: dict[str, Any], options: dict[str, Any], pairs: bool, expected: str | None) -> None:  # noqa: FBT001 - a row of the table
    assert weakness(things(**options), evidence(**facts), pairs=pairs) == expected


def test_rows_are_judged_with_all_that_they_come_to() -> None:
    harm = Harm(3, 4, 2, (("EUR", Decimal("1.50")),), frozen({"changed": 3}), frozen({"points": 1, "kind": 3}), ((("a",), 2), ((None,), 1)))
    found = judge_rows(
        things(),
        "values",
        evidence(harms={"values": harm}, equal_after={"kind: case": 2, "who: case": 1}, remarks={"values": ("remark",), "keys": ("other",)}),
        counts=(pair("a", 5, 4), pair("b", 1, 1)),
        seen={"things.values": SEEN, "things.keys": ()},
    )
    assert found == Check(
        id="things.values",
        entity="things",
        kind="values",
        outcome=FAILED,
        sentence="3 rows of 7 differ: kind (3), points (1).",
        looked_at=7,
        broken=3,
        cells=4,
        people=2,
        money=(Money(currency="EUR", amount="1.50"),),
        columns={"kind": 3, "points": 1},
        statuses={"changed": 3},
        equal_after={"kind: case": 2},
        slices=(SliceCount(by={"kind": "a"}, source=5, target=4, broken=2), SliceCount(by={"kind": None}, source=0, target=0, broken=1)),
        examples=SEEN,
        details=("remark",),
    )


def test_what_the_sql_loses_or_repeats_is_broken_rows_and_nothing_else() -> None:
    lost = Population(9, 8, source_lost=1, target_lost=2, source_multiplied=3, target_multiplied=4)
    found = judge_rows(things(), "rows", evidence(population=lost, harms={"rows": Harm(keys=1, statuses=frozen({"missing": 1}))}), counts=(), seen={})
    assert (found.broken, found.looked_at, found.statuses) == (11, 17, {"missing": 1, "lost": 3, "multiplied": 7})
    assert found.details == (
        "1 row of the source's table are lost by its SQL without a declaration",
        "2 rows of the target's table are lost by its SQL without a declaration",
        "3 rows of the source's table are repeated by a join",
        "4 rows of the target's table are repeated by a join",
    )
    whole = judge_rows(things(), "rows", evidence(), counts=(), seen={})
    assert (whole.outcome, whole.statuses, whole.details) == (PASSED, {}, ())
    keys = judge_rows(things(), "keys", evidence(population=lost), counts=(), seen={})
    assert (keys.outcome, keys.broken, keys.looked_at, keys.details) == (PASSED, 0, 17, ())


def test_what_could_not_be_converted_proves_nothing_of_its_kind() -> None:
    weak = evidence(weak={"values": ("first", "second")})
    assert judge_rows(things(), "values", weak, counts=(), seen={}).reason == "first"
    assert judge_rows(things(), "keys", weak, counts=(), seen={}).outcome is PASSED


def test_a_schema_is_judged_by_its_differences() -> None:
    problems = tuple(f"problem {number}" for number in range(25))
    found = judge_schema(things(), problems)
    sentence = "25 differences between the stores and what is declared and pinned: problem 0."
    assert found == Check(id="things.schema", entity="things", kind="schema", outcome=FAILED, sentence=sentence, looked_at=4, broken=25, details=problems[:20])
    assert judge_schema(things(), ()).sentence == "Tables, columns and types are as they should be."
    unpinned = "Tables, columns and types are as declared; there is no stores.lock.toml to pin them."
    assert judge_schema(things(), (), pinned=False).sentence == unpinned


@pytest.mark.parametrize(
    ("check_id", "column", "kind", "name", "fine", "wrong"),
    [
        ("things.counts", None, "counts", None, "The row count is the same in 1 slice.", "The row count differs in 1 slice of 2."),
        ("things.counts.more", None, "counts", "more", "The row count is the same in 1 slice.", "The row count differs in 1 slice of 2."),
        ("things.sums.p", "points", "sums", "p", "The sum of points is the same in 1 slice, net and gross.", "The sum of points differs in 1 slice of 2."),
    ],
)
def test_sums_are_judged_slice_by_slice(check_id: str, column: str | None, kind: str, name: str | None, fine: str, wrong: str) -> None:  # noqa: PLR0917 - a row of the table
    def judge(*pairs: SumPair, facts: EntityEvidence) -> Check:
        return judge_sums(things(), check_id, column=column, by=["kind"], found=pairs, evidence=facts)

    expected = Check(id=check_id, entity="things", kind=kind, name=name, outcome=PASSED, sentence=fine, looked_at=1, sums=(line("a", 1, 1),))
    assert judge(pair("a", 1, 1), facts=evidence()) == expected
    found = judge(pair("a", 1, 1), pair("b", 2, 3), facts=evidence())
    assert (found.outcome, found.broken, found.looked_at, found.sentence) == (FAILED, 1, 2, wrong)
    assert found.sums == (line("b", 2, 3), line("a", 1, 1))
    assert judge(pair("a", 1, 1), facts=evidence(agrees=False)).outcome is NOT_PROVEN
    assert len(judge(*(pair(f"{number}", 1, 1) for number in range(SUMS_SHOWN + 1)), facts=evidence()).sums) == 200
    crashed = judge_sums(things(), check_id, column=column, by=["kind"], found=Crash("of this"), evidence=evidence())
    assert crashed == not_proven(check_id, entity="things", kind=kind, name=name, reason="of this")


KINDS = ("schema", "keys", "rows", "values", "attribution", "instants", "natives", "freeze", "counts", "export")
IDS = [*(f"things.{kind}" for kind in KINDS), "things.counts.more", "things.sums.points", "things.sums.each"]
IDS += ["things.invariant.once", "things.invariant.some", "canary.things"]


def test_an_entity_is_judged_by_all_that_it_declares_in_that_order() -> None:
    found = judge_entity(facts(), migration=migration(freeze=FREEZE), seen={"things.keys": SEEN})
    assert [check.id for check in found] == IDS
    outcomes = {check.id: check.outcome for check in found if check.outcome is not PASSED}
    assert outcomes == dict.fromkeys(("things.rows", "things.counts", "things.sums.each", "things.invariant.some"), FAILED)
    by_id = {check.id: check for check in found}
    assert by_id["things.keys"].examples == SEEN
    assert by_id["things.rows"].slices == (SliceCount(by={"kind": "a"}, source=2, target=1, broken=1),)
    assert by_id["things.sums.points"].sums == (SumLine(by={}, source_net="1", target_net="1", source_gross="2", target_gross="2", agrees=True),)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"problems": ("a table is missing",)}, "the store is not as it is pinned or declared"),
        ({"problems": ("a table is missing",), "blocked": "of this"}, "the store is not as it is pinned or declared"),
        ({"blocked": "of this"}, "of this"),
        ({}, "it was not measured"),
    ],
)
def test_nothing_of_an_entity_that_was_not_compared_is_proven_but_its_schema(more: dict[str, Any], reason: str) -> None:
    schema, *rest, canary = judge_entity(facts(evidence=None, **more), migration=migration(), seen={})
    assert (schema.id, schema.outcome) == ("things.schema", FAILED if "problems" in more else PASSED)
    assert [(check.id, check.outcome, check.reason) for check in rest] == [(check_id, NOT_PROVEN, reason) for check_id in IDS[1:-1]]
    assert canary.id == "canary.things"
    assert [(check.kind, check.name) for check in rest if check.kind in ("sums", "keys")] == [("keys", None), ("sums", "points"), ("sums", "each")]


def test_a_count_that_crashed_leaves_the_rows_without_slices_to_hold_them_against() -> None:
    found = judge_entity(facts(sums={**facts().sums, "things.counts": Crash("of this")}), migration=migration(freeze=FREEZE), seen={})
    by_id = {check.id: check for check in found}
    assert (by_id["things.counts"].outcome, by_id["things.counts"].reason) == (NOT_PROVEN, "of this")
    assert by_id["things.rows"].slices == (SliceCount(by={"kind": "a"}, source=0, target=0, broken=1),)


def test_the_row_of_the_promises_adds_up_what_was_set_apart_and_takes_the_worst_outcome() -> None:
    population = Population(9, 8, native=1, native_new=2, excused=frozen({"erased": 3, "absorbed": 4}), unmapped=5, unplaced=6)
    statuses = frozen({"changed": 1, "missing": 2, "extra": 3, "duplicate": 4})
    harm = Harm(10, people=7, money=(("EUR", Decimal("1.50")),), statuses=statuses)
    measured = facts(evidence=evidence(population=population, harms={"": harm}, same=6))
    checks = [judged("a", broken=broken, reason=None, entity="things", kind="rows", sentence="") for broken in (0, 1)]
    named = {"entity": "things", "promise": "It moves.", "columns": ("id", "who", "kind", "points", "born")}
    assert sum_up(measured, checks) == EntityResult(
        **named,
        outcome=FAILED,
        source_rows=9,
        target_rows=8,
        compared=7,
        same=6,
        changed=1,
        missing=2,
        extra=3,
        duplicate=4,
        native=3,
        excused=7,
        excused_by={"erased": 3, "absorbed": 4},
        unmapped=11,
        people=7,
        money=(Money(currency="EUR", amount="1.50"),),
    )
    nothing = sum_up(facts(evidence=None), checks[:1])
    assert nothing.model_dump(exclude=set(named)) == {
        **dict.fromkeys(("source_rows", "target_rows", "compared", "same", "changed", "missing", "extra", "duplicate", "native", "excused", "unmapped"), 0),
        "outcome": PASSED,
        "excused_by": {},
        "people": None,
        "money": (),
    }
    assert {name: getattr(nothing, name) for name in named} == named
