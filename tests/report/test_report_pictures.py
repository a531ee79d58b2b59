"""What the pictures and the first screen say follows from the record: sums hold, nothing is drawn that is not known."""

from __future__ import annotations

from collections.abc import Callable

import extreme_records
import pytest
import records
from parsed import Page

from dq.record import Calendar, Money, Outcome, Record
from dq.report.html import render_html
from dq.report.outline import outline
from dq.report.pictures import HIGH, WIDE, burndown, growths, rows_strip
from dq.report.summary import summary

NATIVES = {"coupons.natives": (1_500, {"missing": 20}), "orders.natives": (2_000, {})}


def with_baseline() -> Record:
    checks = tuple(records.check(name, looked_at=rows, statuses=statuses) for name, (rows, statuses) in NATIVES.items())
    entities = (records.entity("coupons", native=1_604), records.entity("orders", native=2_046))
    others = tuple(check for check in records.clean().checks if check.kind != "natives")
    return records.clean().model_copy(update={"entities": entities, "checks": (*checks, *others)})


def test_the_target_now_is_before_less_gone_and_moved_and_own_since() -> None:
    rows = {row.name: row for row in growths(with_baseline())}
    assert (rows["coupons"].before, rows["coupons"].gone, rows["coupons"].moved, rows["coupons"].own) == (1_500, 20, 4_812, 124)
    for row in rows.values():
        assert row.now == (row.before or 0) - row.gone + row.moved + row.own
    assert rows["All entities"].now == rows["coupons"].now + rows["orders"].now


def test_without_a_baseline_nothing_says_what_was_there_before() -> None:
    checks = tuple(check for check in records.clean().checks if check.kind != "natives")
    for row in growths(records.clean().model_copy(update={"checks": checks})):
        assert row.before is None
        assert row.now == row.moved + row.own


@pytest.mark.parametrize("make", [records.clean, records.broken, records.gate_shut, extreme_records.hostile, extreme_records.enormous])
def test_no_part_of_a_bar_leaves_its_picture(make: Callable[[], Record]) -> None:
    record = make()
    strips = [strip for entity in record.entities if (strip := rows_strip(entity))] + [row.strip for row in growths(record)]
    for strip in strips:
        assert all(0 <= part.x <= WIDE and part.width > 0 for part in strip.parts), strip
        assert [part.x for part in strip.parts] == sorted(part.x for part in strip.parts)


def test_the_burn_down_starts_with_all_accounts_and_ends_with_none() -> None:
    calendar = Calendar(
        sentences=("36 days to the deadline on 12 Dec 2024 24:00 Asia/Jakarta.",),
        days_left=36,
        accounts_moved=600,
        accounts_left=1_800,
        first_moved_at="2024-11-01T00:00:00+00:00",
        done_at="2024-12-01T00:00:00+00:00",
    )
    update = {"calendar": calendar, "as_of": "2024-11-11T00:00:00+00:00", "deadline": "2024-12-11T00:00:00+00:00"}
    drawn = burndown(records.clean().model_copy(update=update))
    assert drawn is not None
    assert (drawn.left, drawn.ahead) == (f"0,0 250,{HIGH // 4}", f"250,{HIGH // 4} 750,{HIGH}")
    assert (drawn.now, drawn.end) == (250, WIDE)
    assert burndown(records.clean().model_copy(update=update | {"as_of": "no moment"})) is None


def test_the_first_screen_says_what_is_broken_and_what_to_do() -> None:
    record = records.broken()
    view = summary(record, outline(record))
    broken = {entity.entity for entity in record.entities if entity.outcome is Outcome.FAILED}
    assert {name for line in view.broken.items for name in line.names.split(", ")} == broken
    assert view.people.startswith("At least ")
    assert view.steps[-1] == "Take new snapshots and run again."
    assert any("--repair" in step for step in view.steps)


def test_money_is_told_per_entity_and_never_added_up() -> None:
    stakes = {"orders": "100.00", "coupons": "7.00"}
    entities = tuple(
        records.entity(name, outcome=Outcome.FAILED, changed=1, promise="One promise.", money=(Money(currency="IDR", amount=amount),))
        for name, amount in stakes.items()
    )
    record = records.broken().model_copy(update={"entities": entities})
    (line,) = summary(record, outline(record)).broken.items
    assert line.said == "2 rows, IDR 100.00 of orders"


def test_a_clean_run_asks_the_gate_next_and_a_clean_gate_lets_the_batch_start() -> None:
    clean, gate = records.clean(), records.gate_open()
    assert summary(clean, outline(clean)).steps == ("Ask the gate whether the next batch may start: dq gate --batch 2.",)
    assert summary(gate, outline(gate)).steps == (f"Batch {gate.batch} may start.",)
    assert summary(clean, outline(clean)).broken.items == ()


def test_what_could_not_be_proven_comes_first_and_with_its_reason() -> None:
    record = records.not_proven()
    view = summary(record, outline(record))
    assert view.unproven.items != ()
    assert view.steps[0].startswith("Make provable what is not")


def test_every_picture_has_a_name_or_is_hidden_from_who_cannot_see_it() -> None:
    pictures = Page(render_html(records.gate_shut())).all("svg")
    assert [item.attributes for item in pictures if not (item.attributes.get("aria-hidden") == "true" or item.attributes.get("aria-label"))] == []
    assert any(item.attributes.get("role") == "img" for item in pictures)
