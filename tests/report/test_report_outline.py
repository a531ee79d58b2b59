"""Reading order: what is worst stands first, what belongs together is told together, and whatever is left out is counted."""

from __future__ import annotations

import extreme_records
import pytest
import records

from dq.record import LedgerLine, Outcome, Record
from dq.report.coverage import coverage
from dq.report.outline import Shown, outline

REASON = "the store is not as its pinned schema says"


def unproven(check_id: str, **changes: object) -> object:
    return records.check(check_id, outcome=Outcome.NOT_PROVEN, sentence=f"Not proven: {REASON}.", reason=REASON, **changes)


def test_severity_comes_first_then_the_section_then_failures_before_what_they_keep_from_being_proven() -> None:
    checks = (
        unproven("orders.rows"),
        records.check("orders.schema", outcome=Outcome.FAILED),
        records.check("accounts.values", outcome=Outcome.FAILED, severity="warning"),
        records.check("snapshot.source", outcome=Outcome.NOT_PROVEN, reason="gone"),
        records.check("canary.rows", outcome=Outcome.NOT_PROVEN, reason="1 of 14 was missed"),
    )
    blocks = [block.first.check.id for group in outline(records.clean(checks=checks)).broken for block in group.blocks]
    assert blocks == ["snapshot.source", "canary.rows", "orders.schema", "orders.rows", "accounts.values"]


def test_checks_with_one_reason_are_told_together_only_where_nothing_else_is_known_of_them() -> None:
    checks = (unproven("orders.rows"), unproven("orders.values"), unproven("orders.keys", broken=2), unproven("coupons.rows"))
    blocks = [[entry.check.id for entry in block.entries] for group in outline(records.clean(checks=checks)).broken for block in group.blocks]
    assert blocks == [["orders.rows", "orders.values"], ["orders.keys"], ["coupons.rows"]]


def test_no_check_is_lost_between_what_is_told_in_full_and_in_brief() -> None:
    record = extreme_records.enormous()
    for in_full in (3, 15, 100, 5_000):
        shown = outline(record, in_full=in_full)
        told = sum(len(block.entries) for group in shown.broken for block in group.blocks)
        assert told + shown.broken_left == sum(bool(check.outcome.exit_status) for check in record.checks)


def test_where_promises_are_too_many_the_worst_are_kept_in_the_records_order() -> None:
    rows = tuple(records.entity(f"e{turn}", outcome=Outcome.FAILED if turn in {4, 8} else Outcome.PASSED, promise=f"promise {turn}") for turn in range(10))
    shown = outline(records.clean(entities=rows), promised=3)
    assert [promise.entity.entity for group in shown.promises for promise in group.promises] == ["e0", "e4", "e8"]
    assert shown.promises_left == 7


def test_entities_without_a_promise_are_not_grouped() -> None:
    rows = tuple(records.entity(name, promise="") for name in ("one", "two"))
    assert [len(group.promises) for group in outline(records.clean(entities=rows)).promises] == [1, 1]


def test_a_single_item_is_not_left_out_for_a_line_that_says_so() -> None:
    assert [Shown.of(range(length), limit=3).left for length in (3, 4, 5)] == [0, 0, 2]


def test_the_ledger_is_counted_by_side_and_status() -> None:
    sides = coverage(records.ledger(uncovered=("mobile",)))
    counts = {side.side: [found.columns for found in side.lists] for side in sides}
    assert counts == {"source": [24, 10, 4, 0], "target": [24, 9, 3, 1]}


def test_the_entities_of_a_table_stand_by_name() -> None:
    entities = ("reviews", "orders", "accounts", "coupons")
    lines = [LedgerLine(side="source", table="users", column=name, status="used", entities=(name, "products")) for name in entities]
    assert coverage(lines)[0].lists[1].rows.items[0].note == "accounts, coupons, orders, products, reviews"


def test_excluded_columns_stand_by_reason() -> None:
    excluded = coverage(records.ledger())[0].lists[2]
    assert [(row.note, row.table, row.columns.items) for row in excluded.rows.items] == [
        ("customers set a new password; nothing of it moves", "users", ("password_hash",)),
        ("made anew by each store's search", "products", ("search_rank",)),
        ("written by the store for itself, promised to nobody", "orders", ("utm_campaign",)),
        ("written by the store for itself, promised to nobody", "reviews", ("spam_score",)),
    ]


def test_an_entity_of_which_nothing_is_broken_is_kept_with_its_checks() -> None:
    shown = outline(records.broken())
    broken = {group.number for group in shown.broken}
    assert [item.entity.entity for item in shown.kept] == [entity.entity for entity in records.broken().entities if not entity.outcome.exit_status]
    assert not broken & {item.number for item in shown.kept}
    assert {entry.check.entity for item in shown.kept for entry in item.passed.items} <= {item.entity.entity for item in shown.kept}


@pytest.mark.parametrize("record", [records.clean(), records.broken(), extreme_records.enormous()], ids=["clean", "broken", "enormous"])
def test_every_check_that_passed_is_told_once_or_counted(record: Record) -> None:
    shown = outline(record)
    parts = [*(item.passed for item in shown.kept), shown.passed_otherwise]
    told = [entry.number for part in parts for entry in part.items]
    assert (len(told), sum(part.left for part in parts)) == (len(set(told)), shown.passed.left)
    assert len(told) == len(shown.passed.items)
