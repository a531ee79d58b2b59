"""What the evidence means, whole check by whole check: the judgement is pure, so that nothing is needed but facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dq.canaries import CanaryResult
from dq.compare.evidence import Broken, Crash, CrosswalkEvidence, EntityEvidence, Harm, Population, SumPair, frozen
from dq.compare.exported import Exported, People
from dq.compare.freeze import Late
from dq.compare.natives import Natives
from dq.compare.persons import PersonSums
from dq.contract.models import Entity
from dq.judgement.base import judged, not_proven, weakness
from dq.judgement.calendar import judge_freeze
from dq.judgement.canaries import judge_canary, judge_crosswalk_canary
from dq.judgement.claims import SUMS_SHOWN, judge_invariant, judge_natives, judge_persons, judge_schema, judge_sums
from dq.judgement.entities import judge_entity, sum_up
from dq.judgement.exported import judge_export
from dq.judgement.rows import judge_rows
from dq.judgement.whole import DETAILS_SHOWN, judge_coverage, judge_crosswalk, judge_snapshot
from dq.measuring import EntityFacts
from dq.record import Check, EntityResult, Example, LedgerLine, Money, Outcome, SliceCount, SumLine
from tests.compare.sides_compared import make_entity
from tests.test_countdown import migration

PASSED, FAILED, NOT_PROVEN = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_PROVEN
COLUMNS = {"id": "BIGINT", "who": {"type": "BIGINT", "through": "accounts"}, "kind": "VARCHAR", "points": "BIGINT"}
SUMS = [{"column": "points"}, {"column": "points", "name": "each", "per": "who"}]
THINGS: dict[str, Any] = {
    "owner": "who",
    "slices": ["kind"],
    "sums": SUMS,
    "invariant": [{"name": "once", "unique": ["kind"]}, {"name": "some", "holds": "points > 0", "severity": "warning"}],
}
SEEN = (Example(row="things#1", status="changed"),)


def things(**more: Any) -> Entity:
    return make_entity(COLUMNS, key="id", **{**THINGS, **more})


def evidence(*, source: int = 9, target: int = 8, compared: int = 7, agrees: bool = True, **more: Any) -> EntityEvidence:
    population = more.pop("population", Population(source, target))
    harms = {kind: Harm() for kind in ("", "keys", "rows", "values", "attribution", "instants")} | more.pop("harms", {})
    facts = {"equal_after": {}, "weak": {}, "remarks": {}, "key_proof": "", "same": compared, **more}
    return EntityEvidence("things", population, compared, harms=harms, agrees=agrees, **facts)


def files(compared: int, *, elsewhere: int = 0, strangers: tuple[int, ...] = ()) -> People:
    return People(compared, elsewhere, strangers)


def pair(by: str | None, source: int, target: int) -> SumPair:
    return SumPair((by,), *(Decimal(number) for number in (source, target, source, target)))


def line(by: str | None, source: int, target: int) -> SumLine:
    return SumLine(by={"kind": by}, source_net=f"{source}", target_net=f"{target}", source_gross=f"{source}", target_gross=f"{target}", agrees=source == target)


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


ALL = SumPair((), Decimal(1), Decimal(1), Decimal(2), Decimal(2))


def facts(**more: Any) -> EntityFacts:
    """Return what is measured of things that have every kind of check."""
    merge = {"table": "t", "id": "i", "created_at": "c", "changed_at": "d"}
    entity = make_entity(
        {**COLUMNS, "born": "INSTANT"}, key="id", **THINGS, counts=[{"name": "more", "by": ["kind"]}], merge=merge, created="born", exported=True
    )
    whole: dict[str, Any] = {
        "evidence": evidence(harms={"rows": Harm(1, statuses=frozen({"missing": 1}), slices=((("a",), 1),))}),
        "sums": {"things.counts": (pair("a", 2, 1),), "things.counts.more": (), "things.sums.points": (ALL,)},
        "persons": {"things.sums.each": PersonSums(5, 2)},
        "invariants": {"once": Broken(0, 9, 0), "some": Broken(1, 9, 0)},
        "natives": Natives(9, 0, 0, 0),
        "canary": PLANTED,
        "freeze": Late(9),
        "exported": SAYS,
        "people": files(1),
    }
    return EntityFacts(entity, **{**whole, **more})


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


MUCH = """15 rows of the target's own 9 are harmed: 1 gone, 3 with another owner, 4 with an earlier change time than before, \
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
            Natives(9, 1, 0, 0, 2, 3, 4, 5),
            FAILED,
            15,
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


def exported(**more: Any) -> Exported:
    return Exported(**{"source_rows": 4, "export_rows": 5, **more})


@pytest.mark.parametrize("name", ["orders", "batches"])
def test_a_map_that_nobody_looked_at_is_not_proven(name: str) -> None:
    expected = not_proven(f"crosswalk.{name}", entity=None, kind="crosswalk", name=name, reason="it was not looked at")
    assert judge_crosswalk(name, None, seen={}) == expected


SAYS = exported()


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


FREEZE = datetime(2024, 10, 20, 17, tzinfo=UTC)
END = "20 Oct 2024 24:00 Asia/Jakarta"


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


PLANTED = CanaryResult(3, 0, 0, 4, {"a lost row": 1, "a changed value": 2}, "seed")


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
