"""The crosswalk held against what it was before: what was mapped when a batch was proven is mapped so still, and what bound nobody may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tiny import COLUMNS, FILES, ROWS, Place, Rows, rows_of, stores_of

from dq.compare.evidence import CrosswalkEvidence, Kept
from dq.contract.stores import BEFORE
from dq.ground import Asked
from dq.judgement.whole import judge_crosswalk
from dq.measuring import Facts
from dq.record import Outcome
from dq.sql import Query
from tests.oracle.sealing import BASELINE, MOMENT, Table, measured_unsealed

pytestmark = pytest.mark.slow  # seconds together

IDS, ACCOUNTS, BATCHES, MERGES, ERASURES = (("crosswalk", name) for name in ("coupons", "accounts", "batches", "merges", "erasures"))
COUPONS = ("source", "coupons")
NAMED = FILES["migration.toml"].replace('snapshot = "crosswalk.duckdb"\n', 'snapshot = "crosswalk.duckdb"\nbefore = "before.duckdb"\n')
UNBATCHED = NAMED.partition("[[batches]]")[0]
WHOLE = ("accounts", "coupons", "batches", "merges")
ABSENT: Rows = [("no such table",)]


@dataclass(frozen=True)
class Case:
    """What the crosswalk was before (a table's rows; ABSENT for a table that it had not), what is otherwise now, and what must be found."""

    what: str
    before: Mapping[Place, Rows] = field(default_factory=dict)
    now: Mapping[Place, Rows] = field(default_factory=dict)
    found: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    unproven: Mapping[str, str] = field(default_factory=dict)
    gone: int = 0
    moved: tuple[int, ...] | None = (1,)
    migration: str = NAMED


CHANGED, DROPPED, ADDED = "changed since", "dropped since", "added since"
CANNOT = "what it was before cannot be told: "
CASES = (
    Case("the same"),
    Case("the same in another order", {IDS: [*reversed(ROWS[IDS])], ACCOUNTS: [*reversed(ROWS[ACCOUNTS])]}),
    Case("fewer rows then", {IDS: rows_of(IDS, without=(3,)), ACCOUNTS: rows_of(ACCOUNTS, without=(2,))}),
    Case("an account mapped to another person", {ACCOUNTS: rows_of(ACCOUNTS, (1, 19), without=(1,))}, found={"accounts": {CHANGED: ("1",)}}),
    Case("a coupon mapped to another", {IDS: rows_of(IDS, (1, 102), (2, 101), without=(1, 2))}, found={"coupons": {CHANGED: ("1", "2")}}),
    Case("a coupon that is mapped no more", now={IDS: rows_of(IDS, without=(1,))}, found={"coupons": {DROPPED: ("1",), "unmapped": ("1",)}}),
    Case("a coupon mapped to nothing", now={IDS: rows_of(IDS, (1, None), without=(1,))}, found={"coupons": {DROPPED: ("1",), "null": ("1",)}}),
    Case("what was mapped to nothing then is mapped now", {IDS: rows_of(IDS, (1, None), without=(1,))}),
    Case("nothing was mapped to a coupon then", {IDS: rows_of(IDS, (None, 777))}),
    Case("a map made in advance is made anew for a later batch", {ACCOUNTS: rows_of(ACCOUNTS, (3, 13)), IDS: rows_of(IDS, (4, 104), (5, 105))}),
    Case("the same of what is mapped now", {ACCOUNTS: rows_of(ACCOUNTS, (3, 99))}, {ACCOUNTS: rows_of(ACCOUNTS, (3, 13))}),
    Case("an account that then nobody listed", {ACCOUNTS: rows_of(ACCOUNTS, (7, 17))}),
    Case("a coupon of nobody's is mapped otherwise", {IDS: rows_of(IDS, (7, 107))},
         {COUPONS: rows_of(COUPONS, (7, "E1", None, 1, 5, 0)), IDS: rows_of(IDS, (7, 109))}, found={"coupons": {CHANGED: ("7",)}}),
    Case("a coupon that is gone from the source and from the map", {IDS: rows_of(IDS, (8, 108))}, gone=1),
    Case("a withdrawn coupon is mapped otherwise", {IDS: rows_of(IDS, (6, 106))}, {IDS: rows_of(IDS, (6, 109))}, found={"coupons": {CHANGED: ("6",)}}),
    Case("somebody was erased since", {ACCOUNTS: [(1, 19), (2, 12)]}, {ACCOUNTS: [(2, 12)], ERASURES: [(1, "DSR-1")], BATCHES: rows_of(BATCHES, without=(1,))}),
    Case("their coupons go too", now={IDS: rows_of(IDS, without=(1, 2)), ERASURES: [(1, "DSR-1")]}),
    Case("erased without a reference", {ACCOUNTS: [(1, 19), (2, 12)]}, {ERASURES: [(1, " ")]},
         found={"accounts": {CHANGED: ("1",)}, "erasures": {"no reference": ("1",)}}),
    Case("an account moved to a later batch", now={BATCHES: rows_of(BATCHES, (2, 2, "ID"), without=(2,))}, found={"batches": {CHANGED: ("2",)}}),
    Case("an account listed in no batch", now={BATCHES: rows_of(BATCHES, without=(2,))}, found={"batches": {DROPPED: ("2",), "unplaced": ("2",)}}),
    Case("an account in no batch", now={BATCHES: rows_of(BATCHES, (2, None, "ID"), without=(2,))}, found={"batches": {DROPPED: ("2",), "null": ("2",)}}),
    Case("a later account put into a batch that had moved", now={BATCHES: rows_of(BATCHES, (3, 1, "ID"), without=(3,)), ACCOUNTS: rows_of(ACCOUNTS, (3, 13))},
         found={"batches": {ADDED: ("3",)}, "coupons": {"unmapped": ("4",)}}),
    Case("a later account in another later batch then", {BATCHES: [(1, 1, "ID"), (2, 1, "ID"), (3, 5, "ID"), (4, 2, "ID")]}),
    Case("a merge undone", {MERGES: [("accounts", 1, 11, "source")]}, found={"merges": {DROPPED: ("1",)}}),
    Case("a merge by which another was kept", {MERGES: [("accounts", 1, 11, "source")]}, {MERGES: [("accounts", 1, 11, "target")]},
         found={"merges": {CHANGED: ("1",)}}),
    Case("a merge of then and no table of merges now", {MERGES: [("accounts", 1, 11, "source")]}, {MERGES: ABSENT}, found={"merges": {DROPPED: ("1",)}}),
    Case("no table of merges then", {MERGES: ABSENT, ERASURES: ABSENT}),
    Case("a merge of a later batch undone", {MERGES: [("accounts", 3, 13, "source")]}),
    Case("a merge of somebody erased since", {MERGES: [("accounts", 1, 11, "source")]}, {ERASURES: [(1, "DSR-1")]}),
    Case("a merge of coupons undone", {MERGES: [("coupons", 1, 101, "source"), ("coupons", 4, 104, "source"), ("coupons", 8, 108, "source")]},
         found={"merges": {DROPPED: ("1",)}}),
    Case("nothing had moved then", {ACCOUNTS: [(1, 19)], IDS: [(1, 109)], BATCHES: [(1, 2, "ID")]}, moved=()),
    Case("there is nothing of before", {ACCOUNTS: [(1, 19)]}, moved=None, migration=FILES["migration.toml"]),
    Case("without batches all bind", {ACCOUNTS: rows_of(ACCOUNTS, (3, 13), (9, 99))},
         found={"accounts": {DROPPED: ("3", "9"), "unmapped": ("3", "4")}, "coupons": {"unmapped": ("4", "5")}}, moved=(), migration=UNBATCHED),
    Case("no map then", {IDS: ABSENT}, unproven={"coupons": f"{CANNOT}the crosswalk's snapshot has no table 'coupons'"}),
    Case("an empty map then", {IDS: []}, unproven={"coupons": f"{CANNOT}it was empty"}),
    Case("no batches then", {BATCHES: ABSENT}, unproven=dict.fromkeys(WHOLE, f"{CANNOT}the crosswalk's snapshot has no table 'batches'")),
    Case("no batches now", now={BATCHES: ABSENT}, unproven=dict.fromkeys(WHOLE, "the crosswalk's snapshot has no table 'batches'")),
    Case("nobody in a batch that had moved", {BATCHES: [(1, 2, "ID")]},
         unproven=dict.fromkeys(WHOLE, f"{CANNOT}no account is in a batch that had moved")),
)  # fmt: skip


def measured(folder: Path, case: Case) -> tuple[Facts, dict[str, dict[str, tuple[str, ...]]]]:
    """Measure batch 1 of the tiny migration, whose crosswalk was otherwise before; return the facts, and crosswalk to problem to ids."""
    stores: dict[str, dict[str, Table]] = stores_of(case.now)
    before: dict[str, Table] = {}
    for (side, name), columns in COLUMNS.items():
        if side == "crosswalk":
            before[name] = Table(dict(columns), list(case.before.get((side, name), ROWS[side, name])))
    for found, changed in ((stores["crosswalk"], case.now), (before, case.before)):
        for (side, name), rows in changed.items():
            if side == "crosswalk" and rows is ABSENT:
                del found[name]
    batches = (1,) if "[[batches]]" in case.migration else ()
    asked = Asked(batches, batches, BASELINE.isoformat(), target_moment=MOMENT.isoformat(), moved_before=case.moved)
    files = {**FILES, "migration.toml": case.migration}
    with measured_unsealed(folder, files=files, stores={**stores, BEFORE: before}, asked=asked) as (engine, facts):
        sql = "SELECT crosswalk, problem, list(DISTINCT id ORDER BY id) FROM evidence.crosswalk GROUP BY ALL"
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        for crosswalk, problem, ids in engine.execute(Query(sql)):
            found.setdefault(crosswalk, {})[problem] = tuple(ids)
        return facts, found


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_the_crosswalk_is_what_it_was_before(tmp_path: Path, case: Case) -> None:
    facts, found = measured(tmp_path, case)
    evidence = {name: item for name, item in facts.crosswalks.items() if isinstance(item, CrosswalkEvidence)}
    assert found == case.found
    assert {name: item.broken for name, item in evidence.items() if item.broken} == {
        name: sum(map(len, told.values())) for name, told in case.found.items() if name in evidence
    }
    assert {name: item.reason for name, item in facts.crosswalks.items() if not isinstance(item, CrosswalkEvidence)} == case.unproven
    assert sum(item.kept.gone for item in evidence.values() if item.kept is not None) == case.gone


def test_what_it_was_held_against_is_said(tmp_path: Path) -> None:
    facts, _ = measured(tmp_path, CASES[0])
    judged = {name: judge_crosswalk(name, found, seen={}) for name, found in facts.crosswalks.items()}
    assert {name: check.details for name, check in judged.items()} == {
        "accounts": ("Held against 2 rows of the crosswalk of before.",),
        "batches": ("Held against 2 rows of the crosswalk of before.",),
        "coupons": ("Held against 3 rows of the crosswalk of before.",),
        "erasures": (),
        "merges": (),
    }
    gone = judge_crosswalk("coupons", CrosswalkEvidence("coupons", 3, kept=Kept(4, 1)), seen={})
    assert gone.details == ("Held against 4 rows of the crosswalk of before; 1 of them is gone with the row that could say whose it was.",)


def test_merges_that_are_all_undone_are_no_merges_that_nobody_declared(tmp_path: Path) -> None:
    facts, _ = measured(tmp_path, next(case for case in CASES if case.what == "a merge of then and no table of merges now"))
    check = judge_crosswalk("merges", facts.crosswalks["merges"], seen={})
    assert (check.outcome, check.sentence, check.statuses) == (Outcome.FAILED, "1 id breaks it: 1 dropped since.", {"dropped since": 1})
