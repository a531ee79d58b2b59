"""Which rows belong to a run: batches, merges, erasures, the target's own rows; and what becomes of rows that SQL loses or repeats."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sides_compared import make_entity, statuses
from tiny import AFTER, BEFORE, FILES, ROWS, Place, Rows, looked_at, moved, rows_of, stores_of

from dq.compare import parts
from dq.compare.evidence import Crash, EntityEvidence
from dq.compare.natives import Natives
from dq.compare.sides import unmapped_bits
from dq.ground import Asked
from tests.oracle.sealing import BASELINE, MOMENT, Table, measured_unsealed

pytestmark = pytest.mark.usefixtures("no_canaries")


@dataclass(frozen=True)
class Case:
    """What is changed, and what must then be seen of the coupons in batch 1; nothing is seen that is not said."""

    name: str
    changed: dict[Place, Rows]
    seen: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # (key, status) to columns
    population: dict[str, Any] = field(default_factory=dict)  # beside that of the whole migration
    crosswalk: dict[str, dict[str, int]] = field(default_factory=dict)
    natives: tuple[int, ...] = (2, 0, 0, 0)  # looked at, missing, changed, alive, repeated


EARLIER = BEFORE - timedelta(seconds=1)
COUPONS, VOUCHERS, OWN = ("source", "coupons"), ("target", "vouchers"), ("baseline", "vouchers")
ACCOUNTS, IDS, BATCHES, MERGES, ERASURES = (("crosswalk", name) for name in ("accounts", "coupons", "batches", "merges", "erasures"))
WHOLE: dict[str, Any] = {
    "source_rows": 3,
    "target_rows": 3,
    "native": 2,
    "native_new": 1,
    "excused": {"withdrawn": 1},
    "unmapped": 0,
    "unplaced": 0,
    "source_lost": 0,
    "target_lost": 0,
    "source_multiplied": 0,
    "target_multiplied": 0,
}
CASES = (
    Case("nothing", {}),
    Case(
        "a row of the migration is gone",
        {VOUCHERS: rows_of(VOUCHERS, without=(101,))},
        {("A1", "missing"): set()},
        {"target_rows": 2},
    ),
    Case(
        "a row that nobody brought, with an owner of the batch",
        {VOUCHERS: rows_of(VOUCHERS, moved(555, "X1", 11, 1, at=BEFORE))},
        {("X1", "extra"): set()},
        {"target_rows": 4},
    ),
    Case(
        "a customer's own new row",
        {VOUCHERS: rows_of(VOUCHERS, moved(555, "X1", 91, 1))},
        population={"native_new": 2},
    ),
    Case(
        "a new row with the key of a source row",
        {VOUCHERS: rows_of(VOUCHERS, moved(555, "A1", 91, 1))},
        {("A1", "duplicate"): set()},
        {"target_rows": 4},
    ),
    Case(
        "a new row that does not say when it was made",
        {VOUCHERS: rows_of(VOUCHERS, (555, "X1", 91, "amount", 1, None, None))},
        {("X1", "extra"): set()},
        {"target_rows": 4},
    ),
    Case(
        "a new row made at the baseline's very moment",
        {VOUCHERS: rows_of(VOUCHERS, moved(555, "X1", 91, 1, at=BEFORE.replace(month=10, day=25, hour=3)))},
        {("X1", "extra"): set()},
        {"target_rows": 4},
    ),
    Case(
        "a row that the crosswalk names and no source row brings",
        {VOUCHERS: rows_of(VOUCHERS, moved(555, "X1", 11, 1)), IDS: rows_of(IDS, (99, 555))},
        {("X1", "extra"): set()},
        {"target_rows": 4},
    ),
    Case(
        "a NULL in the crosswalk makes no native row a stranger",
        {IDS: rows_of(IDS, (99, None))},
        crosswalk={"coupons": {"null": 1}},
    ),
    Case(
        "an id without a target is told once",
        {IDS: rows_of(IDS, (1, None), without=(1,)), VOUCHERS: rows_of(VOUCHERS, without=(101,))},
        {("A1", "missing"): set()},
        {"target_rows": 2},
        {"coupons": {"null": 1}},
    ),
    Case(
        "an owner that the crosswalk does not know",
        {ACCOUNTS: rows_of(ACCOUNTS, without=(2,))},
        crosswalk={"accounts": {"unmapped": 1}},
    ),
    Case(
        "a target id of two source ids",
        {IDS: rows_of(IDS, (77, 101))},
        crosswalk={"coupons": {"fan-in": 1}},
    ),
    Case(
        "a target id that the target's own row had before",
        {IDS: rows_of(IDS, (1, 901), without=(1,)), VOUCHERS: rows_of(VOUCHERS, without=(101,))},
        {("A1", "missing"): set(), ("N1", "extra"): set()},
        {"native": 1},
        {"coupons": {"collision": 1}},
    ),
    Case(
        "a batch that has not moved came too early",
        {VOUCHERS: rows_of(VOUCHERS, moved(104, "C1", 13, 40)), IDS: rows_of(IDS, (4, 104)), ACCOUNTS: rows_of(ACCOUNTS, (3, 13))},
        {("C1", "extra"): set()},
        {"target_rows": 4},
    ),
    Case(
        "an account in no batch",
        {BATCHES: rows_of(BATCHES, without=(2,))},
        population={"source_rows": 2, "target_rows": 2, "unplaced": 1},
        crosswalk={"batches": {"unplaced": 1}},
    ),
    Case(
        "an account listed without a batch",
        {BATCHES: rows_of(BATCHES, (2, None, "ID"), without=(2,))},
        population={"source_rows": 2, "target_rows": 2, "unplaced": 1},
        crosswalk={"batches": {"null": 1}},
    ),
    Case(
        "an account in two batches, of the wrong region and unknown",
        {BATCHES: rows_of(BATCHES, (1, 2, "GB"), (7, 9, "ID"))},
        crosswalk={"batches": {"overlap": 1, "wrong region": 1, "unknown batch": 1}},
    ),
    Case(
        "nobody's coupon is compared with every batch",
        {COUPONS: rows_of(COUPONS, (7, "Z1", None, 1, 70, 0))},
        {("Z1", "missing"): set()},
        {"source_rows": 4},
        {"coupons": {"unmapped": 1}},
    ),
    Case(
        "erased, and nothing left",
        {ERASURES: [(2, "DSR-1")], VOUCHERS: rows_of(VOUCHERS, without=(103,))},
        population={"source_rows": 2, "target_rows": 2, "excused": {"withdrawn": 1, "erased on request": 1}},
    ),
    Case(
        "erased, and a row is left",
        {ERASURES: [(2, "DSR-1")]},
        {("B1", "extra"): set()},
        {"source_rows": 2, "target_rows": 3, "excused": {"withdrawn": 1, "erased on request": 1}},
    ),
    Case(
        "erased, a row is left, and the SQL lost the source's row",
        {ERASURES: [(2, "DSR-1")], COUPONS: rows_of(COUPONS, (3, "B1", 2, 7, 30, 0), without=(3,))},
        {("B1", "extra"): set()},
        {"source_rows": 2, "source_lost": 1},
    ),
    Case(
        "erased without a reference",
        {ERASURES: [(2, " "), (2, ""), (2, None), (2, "\t\n"), (2, "\u00a0"), (2, "\u200b"), (2, "\u2060"), (2, "\0")]},
        crosswalk={"erasures": {"no reference": 1}},
    ),
    Case(
        "erased before batches were made",
        {ERASURES: [(2, "DSR-1")], BATCHES: rows_of(BATCHES, without=(2,)), VOUCHERS: rows_of(VOUCHERS, without=(103,))},
        population={"source_rows": 2, "target_rows": 2, "excused": {"withdrawn": 1, "erased on request": 1}},
    ),
    Case(
        "a coupon gave way to another",
        {MERGES: [("coupons", 2, 101, "source")], IDS: [(1, 101), (2, 101), (3, 103)], VOUCHERS: rows_of(VOUCHERS, without=(102,))},
        population={"source_rows": 2, "target_rows": 2, "excused": {"withdrawn": 1, "absorbed by a declared merge": 1}},
    ),
    Case(
        "a coupon gave way to one that was there before",
        {MERGES: [("coupons", 2, 901, "target")], IDS: [(1, 101), (2, 901), (3, 103)], VOUCHERS: rows_of(VOUCHERS, without=(102,))},
        population={"source_rows": 2, "target_rows": 2, "native": 1, "excused": {"withdrawn": 1, "absorbed by a declared merge": 1}},
    ),
    Case(
        "a coupon gave way to one that was said to be there before, and was not",
        {MERGES: [("coupons", 2, 555, "target")], IDS: [(1, 101), (2, 555), (3, 103)], VOUCHERS: rows_of(VOUCHERS, without=(102,))},
        population={"source_rows": 2, "target_rows": 2, "excused": {"withdrawn": 1, "absorbed by a declared merge": 1}},
        crosswalk={"merges": {"without a survivor": 1}},
    ),
    Case(
        "a merge that the crosswalk does not show, and one whose survivor is nowhere",
        {MERGES: [("coupons", 99, 901, "both"), ("coupons", 2, 102, "source"), ("nothing", 1, 1, "source")]},
        population={"source_rows": 2, "target_rows": 2, "excused": {"withdrawn": 1, "absorbed by a declared merge": 1}},
        crosswalk={"merges": {"not in the crosswalk": 1, "kept is neither": 1, "without a survivor": 1, "unknown crosswalk": 1}},
    ),
    Case(
        "a native row is gone",
        {VOUCHERS: rows_of(VOUCHERS, without=(901,))},
        population={"native": 1},
        natives=(2, 1, 0, 0),
    ),
    Case(
        "a native row changed in silence",
        {VOUCHERS: rows_of(VOUCHERS, moved(901, "N1", 91, 500, at=BEFORE), without=(901,))},
        natives=(2, 0, 1, 0),
    ),
    Case(
        "a native row changed and says so",
        {VOUCHERS: rows_of(VOUCHERS, (901, "N1", 91, "amount", 500, BEFORE, AFTER), without=(901,))},
        natives=(2, 0, 0, 1),
    ),
    Case(
        "a native row touched and not changed",
        {VOUCHERS: rows_of(VOUCHERS, (901, "N1", 91, "amount", 5, BEFORE, AFTER), without=(901,))},
    ),
    Case(
        "a native row repeated",
        {VOUCHERS: rows_of(VOUCHERS, moved(901, "N1", 91, 5, at=BEFORE))},
        population={"native": 3},
        natives=(2, 0, 0, 0, 1),
    ),
    Case(
        "a native row repeated, and both changed in silence",
        {VOUCHERS: rows_of(VOUCHERS, *[moved(901, "N1", 91, 500, at=BEFORE)] * 2, without=(901,))},
        population={"native": 3},
        natives=(2, 0, 1, 0, 1),
    ),
    Case(
        "a native value became NULL",
        {VOUCHERS: rows_of(VOUCHERS, (901, "N1", 91, None, 5, BEFORE, BEFORE), without=(901,))},
        natives=(2, 0, 1, 0),
    ),
    Case(
        "a native row given away, and says that it changed",
        {VOUCHERS: rows_of(VOUCHERS, (901, "N1", 92, "amount", 5, BEFORE, AFTER), without=(901,))},
        natives=(2, 0, 0, 0, 0, 1),
    ),
    Case(
        "a native row that changed earlier than before, and one that forgot when",
        {VOUCHERS: rows_of(VOUCHERS, (901, "N1", 91, "amount", 5, BEFORE, EARLIER), (902, "N2", 91, "amount", 7, BEFORE, None), without=(901, 902))},
        natives=(2, 0, 0, 0, 0, 0, 0, 2),
    ),
    Case(
        "a native row that came to be at another time, and says that it changed",
        {VOUCHERS: rows_of(VOUCHERS, (901, "N1", 91, "amount", 5, EARLIER, AFTER), without=(901,))},
        natives=(2, 0, 0, 0, 0, 0, 1),
    ),
    Case(
        "a native row that forgot when it came to be, and says that it changed",
        {VOUCHERS: rows_of(VOUCHERS, (901, "N1", 91, "amount", 5, None, AFTER), without=(901,))},
        natives=(2, 0, 0, 0, 0, 0, 1),
    ),
    Case(
        "a native row gone, and another repeated",
        {VOUCHERS: rows_of(VOUCHERS, moved(902, "N2", 91, 6, at=BEFORE), without=(901,))},
        natives=(2, 1, 0, 0, 1),
    ),
    Case(
        "a native row that changed after the snapshot",
        {VOUCHERS: rows_of(VOUCHERS, (901, "N1", 91, "amount", 5, BEFORE, MOMENT + timedelta(seconds=1)), without=(901,))},
        natives=(2, 0, 0, 0, 0, 0, 0, 0, 1),
    ),
    Case(
        "a native row that changed at the snapshot's very moment",
        {VOUCHERS: rows_of(VOUCHERS, (901, "N1", 91, "amount", 6, BEFORE, MOMENT), without=(901,))},
        natives=(2, 0, 0, 1),
    ),
    Case(
        "a native row that said before that it changes later, and changed now",
        {OWN: [moved(901, "N1", 91, 5, at=AFTER), moved(902, "N2", 91, 6, at=BEFORE)], VOUCHERS: rows_of(VOUCHERS, moved(901, "N1", 91, 9), without=(901,))},
        natives=(2, 0, 1, 0),
    ),
    Case(
        "a row that is newer than the snapshot",
        {VOUCHERS: rows_of(VOUCHERS, moved(555, "X1", 91, 1, at=MOMENT + timedelta(seconds=1)))},
        {("X1", "extra"): set()},
        {"target_rows": 4},
    ),
    Case(
        "an inner join loses a row",
        {COUPONS: rows_of(COUPONS, (3, "B1", 2, 7, 30, 0), without=(3,))},
        {("B1", "extra"): set()},
        {"source_rows": 2, "source_lost": 1},
    ),
    Case(
        "a join repeats rows",
        {("source", "kinds"): [(1, "amount"), (1, "amount")]},
        {("A1", "duplicate"): set(), ("A2", "duplicate"): set(), ("B1", "duplicate"): set()},
        {"source_rows": 6, "source_multiplied": 5},
    ),
    Case(
        "a filter loses a row that no reason covers",
        {COUPONS: rows_of(COUPONS, (3, "B1", 2, 1, 30, None), without=(3,))},
        {("B1", "extra"): set()},
        {"source_rows": 2, "source_lost": 1},
    ),
    Case(
        "a row without a key",
        {COUPONS: rows_of(COUPONS, (3, None, 2, 1, 30, 0), without=(3,))},
        {(None, "duplicate"): set(), ("B1", "extra"): set()},  # type: ignore[dict-item]
        {},
    ),
    Case(
        "an id that maps to two",
        {IDS: rows_of(IDS, (1, 555))},
        crosswalk={"coupons": {"fan-out": 1}},
        population={"blocked": True},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_row_is_somebody_s_and_every_problem_is_told_once(case: Case, tmp_path: Path) -> None:
    with looked_at(tmp_path, case.changed) as (engine, facts):
        (item,) = facts.entities
        crosswalk = {name: dict(found.problems) for name, found in facts.crosswalks.items() if not isinstance(found, Crash) and found.problems}
        assert case.crosswalk == crosswalk
        if case.population.get("blocked"):
            assert item.evidence is None
            assert item.blocked == "crosswalk.coupons maps one id to several: a join would multiply rows"
            return
        seen = {(key[0], status): set(columns) for (key, status), columns in statuses(engine, item.entity).items()}
        assert case.seen == seen
        assert {**WHOLE, **case.population} == population(item.evidence)
        assert Natives(*case.natives) == item.natives


def population(evidence: EntityEvidence | None) -> dict[str, Any]:
    assert evidence is not None
    assert evidence.agrees
    found = {name: getattr(evidence.population, name) for name in WHOLE}
    return {**found, "excused": dict(found["excused"])}


@pytest.mark.parametrize(
    ("changed", "compared", "same"),
    [
        ({}, 3, 3),
        ({VOUCHERS: rows_of(VOUCHERS, moved(101, "A1", 11, 11), without=(101, 102))}, 2, 1),
        ({COUPONS: rows_of(COUPONS, (1, "A1", 1, 1, 10, 0))}, 2, 2),
        ({VOUCHERS: rows_of(VOUCHERS, moved(101, "A1", 11, 10))}, 2, 2),
    ],
)
def test_compared_is_what_stands_once_on_both_sides_and_same_what_did_not_change(changed: dict[Place, Rows], compared: int, same: int, tmp_path: Path) -> None:
    with looked_at(tmp_path, changed) as (_, facts):
        evidence = facts.entities[0].evidence
        assert evidence is not None
        assert (evidence.compared, evidence.same) == (compared, same)


@pytest.mark.parametrize(
    "limits", [{"FEW": 0, "_SMALL": 0, "_MOST": 2.0}, {"FEW": 0, "_SMALL": 0, "_MOST": -1.0, "PART": 2}], ids=["a narrow join", "all in place"]
)
def test_rows_of_a_large_entity_are_counted_alike(limits: dict[str, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in {"FEW": 0, "_SMALL": 0, **limits}.items():
        monkeypatch.setattr(parts, name, limit)
    changed = {VOUCHERS: rows_of(VOUCHERS, moved(101, "A1", 11, 11), moved(555, "X1", 11, 1, at=BEFORE), without=(101, 102))}
    with looked_at(tmp_path, changed) as (engine, facts):
        (item,) = facts.entities
        assert statuses(engine, item.entity) == {(("A1",), "changed"): {"points"}, (("A2",), "missing"): set(), (("X1",), "extra"): set()}
        assert item.evidence is not None
        assert (item.evidence.compared, item.evidence.same, item.evidence.agrees) == (2, 1, True)


def test_rows_that_are_equal_only_after_a_rule_are_added_up_over_all_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in {"FEW": 0, "_SMALL": 0, "_MOST": -1.0, "PART": 1}.items():
        monkeypatch.setattr(parts, name, limit)
    text = FILES["coupons.toml"].replace('kind       = "VARCHAR"', 'kind = { type = "VARCHAR", equal_after = ["casefold"], reason = "typed by hand" }')
    loud: Rows = [(*row[:3], "AMOUNT", *row[4:]) for row in ROWS[VOUCHERS][:3]]
    with looked_at(tmp_path, {VOUCHERS: [*loud, *ROWS[VOUCHERS][3:]]}, files={"coupons.toml": text}) as (engine, facts):
        (item,) = facts.entities
        assert statuses(engine, item.entity) == {}
        assert item.evidence is not None
        assert (dict(item.evidence.equal_after), item.evidence.same) == ({"kind: casefold": 3}, 3)


def test_without_batches_everything_is_compared_and_the_erased_are_still_excused(tmp_path: Path) -> None:
    text = FILES["migration.toml"]
    changed: dict[Place, Rows] = {
        COUPONS: rows_of(COUPONS, without=(4, 5)),
        ERASURES: [(2, "DSR-1")],
        VOUCHERS: rows_of(VOUCHERS, without=(103,)),
    }
    with looked_at(tmp_path, changed, files={"migration.toml": text[: text.index("[[batches]]")]}) as (engine, facts):
        (item,) = facts.entities
        assert statuses(engine, item.entity) == {}
        expected = {**WHOLE, "source_rows": 2, "target_rows": 2, "excused": {"withdrawn": 1, "erased on request": 1}}
        assert expected == population(item.evidence)


@pytest.mark.parametrize("undeclared", [("erasures",), ("merges",), ("erasures", "merges")], ids=" and ".join)
def test_a_crosswalk_may_declare_no_erasures_and_no_merges(undeclared: tuple[str, ...], tmp_path: Path) -> None:
    stores = stores_of()
    for name in undeclared:
        del stores["crosswalk"][name]
    asked = Asked((1,), (1,), BASELINE.isoformat(), target_moment=MOMENT.isoformat())
    with measured_unsealed(tmp_path, files=FILES, stores=stores, asked=asked) as (engine, facts):
        (item,) = facts.entities
        assert statuses(engine, item.entity) == {}
        assert population(item.evidence) == WHOLE
        assert facts.crosswalks.keys().isdisjoint(undeclared)


@pytest.mark.parametrize(
    ("table", "columns", "reason"),
    [
        ("coupons", {"source_id": "VARCHAR", "target_id": "BIGINT"}, "its column 'source_id' is VARCHAR, not BIGINT"),
        ("coupons", {"source_id": "BIGINT"}, "its table has no column 'target_id'"),
        ("batches", {"account_id": "BIGINT", "batch": "VARCHAR", "region": "VARCHAR"}, "its column 'batch' is VARCHAR, not INTEGER"),
        ("erasures", {"account_id": "BIGINT"}, "its table has no column 'reference'"),
        ("coupons", {"source_id": "INTEGER", "target_id": "BIGINT"}, None),
        ("accounts", None, "the crosswalk's snapshot has no table 'accounts'"),
    ],
)
def test_a_table_of_the_crosswalk_that_is_not_as_it_should_be_is_never_taken_for_none(
    table: str, columns: dict[str, str] | None, reason: str | None, tmp_path: Path
) -> None:
    stores = stores_of()
    if columns is None:
        del stores["crosswalk"][table]
    else:
        stores["crosswalk"][table] = Table(columns, [row[: len(columns)] for row in stores["crosswalk"][table].rows] if reason is None else [])
    asked = Asked((1,), (1,), BASELINE.isoformat(), target_moment=MOMENT.isoformat())
    with measured_unsealed(tmp_path, files=FILES, stores=stores, asked=asked) as (_, facts):
        (item,) = facts.entities
        found = facts.crosswalks[table]
        assert (found.reason if isinstance(found, Crash) else None) == reason
        blocks = reason is not None and table != "erasures"
        assert item.blocked == (f"crosswalk.{table} cannot be used: {reason}" if blocks else None)


def test_each_id_of_a_row_has_a_bit_of_its_own() -> None:
    columns = {"k": "BIGINT", **{name: {"type": "BIGINT", "through": "things"} for name in ("a", "b", "c")}}
    entity = make_entity({"n": "BIGINT", **columns}, key="k")
    assert {name: unmapped_bits(entity, [name]) for name in ("a", "b", "c", "k", "n")} == {"a": 1, "b": 2, "c": 4, "k": 0, "n": 0}
    assert unmapped_bits(entity, ("c", "a", "k")) == 5


@pytest.mark.parametrize("key", ['"coupon_id"', '["coupon_id"]', '["coupon_id", "account_id"]'])
def test_rows_whose_key_is_mapped_are_found_through_the_map(key: str, tmp_path: Path) -> None:
    text = FILES["coupons.toml"].replace('key     = "code"', f"key = {key}")
    changed = {VOUCHERS: rows_of(VOUCHERS, moved(101, "A1", 11, 11), without=(101, 103))}
    with looked_at(tmp_path, changed, files={"coupons.toml": text}) as (engine, facts):
        (item,) = facts.entities
        assert {(found[0], status): columns for (found, status), columns in statuses(engine, item.entity).items()} == {
            ("101", "changed"): {"points"},
            ("103", "missing"): set(),
        }
        assert item.evidence is not None
        assert (item.evidence.agrees, item.evidence.compared, item.evidence.same) == (True, 2, 1)
