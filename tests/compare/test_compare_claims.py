"""A value that must stand once stands in no other row of its side; an order is the sum of all that names it, also of what nobody moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dq.compare.evidence import Broken
from dq.compare.persons import PersonSums
from dq.ground import Asked
from dq.measuring import Facts
from tests.oracle.sealing import BASELINE, STORES, Table, measured_unsealed

pytestmark = pytest.mark.usefixtures("no_canaries")

MIGRATION = (
    """\
name     = "small"
title    = "Orders move"
entities = ["orders", "lines"]
"""
    + STORES
)
ORDERS = """\
promise = "Orders move."
key     = "number"
[columns]
number   = "VARCHAR"
order_id = { type = "BIGINT", through = "orders" }
total    = "BIGINT"
[merge]
table      = "orders"
id         = "id"
created_at = "made"
changed_at = "touched"
[[invariant]]
name   = "goods"
column = "total"
equals = { entity = "lines", sum = "price", by = ["order_id"] }
"""
LINES = """\
promise = "Lines move."
key     = "line_id"
[columns]
line_id  = { type = "BIGINT", through = "lines" }
order_id = { type = "BIGINT", through = "orders" }
place    = "INTEGER"
imei     = "VARCHAR"
price    = "BIGINT"
[merge]
table      = "lines"
id         = "id"
created_at = "made"
changed_at = "touched"
[[sums]]
name   = "order"
column = "price"
per    = "order_id"
[[invariant]]
name   = "imei"
unique = ["imei"]
[[invariant]]
name   = "place"
unique = ["order_id", "place"]
"""
FILES = {
    "migration.toml": MIGRATION,
    "orders.toml": ORDERS,
    "lines.toml": LINES,
    "sql/source/orders.sql": "SELECT number, id AS order_id, total FROM orders\n",
    "sql/target/orders.sql": "SELECT number, id AS order_id, total FROM orders\n",
    "sql/source/lines.sql": "SELECT id AS line_id, order_id, place, imei, price FROM lines\n",
    "sql/target/lines.sql": "SELECT id AS line_id, order_id, place, imei, price FROM lines\n",
}
TIMES = {"made": "TIMESTAMPTZ", "touched": "TIMESTAMPTZ"}
ORDER = {"number": "VARCHAR", "id": "BIGINT", "total": "BIGINT"}
LINE = {"id": "BIGINT", "order_id": "BIGINT", "place": "INTEGER", "imei": "VARCHAR", "price": "BIGINT"}
MAP = {"source_id": "BIGINT", "target_id": "BIGINT"}
NEW = BASELINE.replace(hour=BASELINE.hour + 1)
Rows = list[tuple[Any, ...]]

SOLD: Rows = [("A", 1, 30), ("B", 2, 5), ("C", 3, 0)]
BOUGHT: Rows = [(10, 1, 1, "011", 10), (11, 1, 2, None, 20), (20, 2, 1, None, 5)]
MOVED: Rows = [(110, 101, 1, "011", 10), (111, 101, 2, None, 20), (120, 102, 1, None, 5)]


def measured(
    folder: Path, *, sold: Rows = SOLD, source: Rows = BOUGHT, target: Rows = MOVED, forgotten: int | None = None, nothing: int | None = None
) -> Facts:
    """Return what is measured where the crosswalk forgot an id, or maps one to nothing."""
    orders = [(number, 100 + place, total, NEW, NEW) for number, place, total in sold]
    stores = {
        "source": {"orders": Table(ORDER, sold), "lines": Table(LINE, source)},
        "target": {"orders": Table({**ORDER, **TIMES}, orders), "lines": Table({**LINE, **TIMES}, [(*row, NEW, NEW) for row in target])},
        "baseline": {"orders": Table({**ORDER, **TIMES}), "lines": Table({**LINE, **TIMES})},
        "crosswalk": {
            "orders": Table(MAP, [(place, None if place == nothing else 100 + place) for _, place, _ in sold if place != forgotten]),
            "lines": Table(MAP, [(row[0], None if row[0] == nothing else 100 + row[0]) for row in BOUGHT if row[0] != forgotten]),
        },
    }
    with measured_unsealed(folder, files=FILES, stores=stores, asked=Asked((), (), BASELINE.isoformat())) as (_, facts):
        return facts


def claims(folder: Path, **what: Any) -> dict[str, tuple[int, int, int]]:
    """Return what breaks each claim: keys, of them wrong on both sides, and in the source only."""
    found = {f"{item.entity.name}.{name}": broken for item in measured(folder, **what).entities for name, broken in item.invariants.items()}
    return {name: (broken.keys, broken.pre_existing, broken.source_only) for name, broken in found.items() if isinstance(broken, Broken) and broken.keys}


def test_whole_orders_break_nothing_and_one_without_lines_costs_nothing(tmp_path: Path) -> None:
    assert claims(tmp_path) == {}


def test_a_value_stands_in_two_rows_of_one_side(tmp_path: Path) -> None:
    target = [MOVED[0], MOVED[1], (120, 102, 1, "011", 5)]
    assert claims(tmp_path, target=target) == {"lines.imei": (2, 0, 0)}


def test_a_value_that_stood_twice_in_the_source_is_told_apart(tmp_path: Path) -> None:
    source, target = ([*rows[:2], (*rows[2][:3], "011", 5)] for rows in (BOUGHT, MOVED))
    assert claims(tmp_path, source=source, target=target) == {"lines.imei": (2, 2, 0)}
    assert claims(tmp_path / "only", source=source) == {"lines.imei": (2, 0, 2)}


def test_a_row_without_a_key_that_is_wrong_on_both_sides_is_one(tmp_path: Path) -> None:
    assert claims(tmp_path, sold=[*SOLD[:2], (None, 3, 7)]) == {"orders.goods": (1, 1, 0)}


def test_a_value_of_a_moved_row_stands_in_a_row_of_the_target_s_own_and_two_of_its_own_may_have_one(tmp_path: Path) -> None:
    assert claims(tmp_path, target=[*MOVED, (998, 900, 1, "011", 7)]) == {"lines.imei": (1, 0, 0)}
    assert claims(tmp_path / "own", target=[*MOVED, (998, 900, 1, "012", 7), (999, 900, 2, "012", 7)]) == {}


def test_null_is_no_value_and_several_columns_are_one(tmp_path: Path) -> None:
    nothing = [(110, 101, 1, "011", 10), (111, 101, None, None, 20), (120, 102, None, None, 5)]
    assert claims(tmp_path, target=nothing) == {}
    twice = [MOVED[0], (111, 101, 1, None, 20), MOVED[2]]
    assert claims(tmp_path / "twice", target=twice) == {"lines.place": (2, 0, 0)}


def test_a_line_in_another_order_breaks_both(tmp_path: Path) -> None:
    assert claims(tmp_path, target=[MOVED[0], (111, 102, 2, None, 20), MOVED[2]]) == {"orders.goods": (2, 0, 0)}


def test_what_nobody_moved_counts_where_it_names_a_moved_order(tmp_path: Path) -> None:
    assert claims(tmp_path, target=[*MOVED, (999, 103, 1, None, 7)]) == {"orders.goods": (1, 0, 0)}
    assert claims(tmp_path / "own", target=[*MOVED, (999, 900, 1, None, 7)]) == {}


def test_a_sum_that_was_wrong_before_is_told_apart(tmp_path: Path) -> None:
    source, target = ([*rows[:2], (*rows[2][:4], 6)] for rows in (BOUGHT, MOVED))
    assert claims(tmp_path, source=source, target=target) == {"orders.goods": (1, 1, 0)}


@pytest.mark.parametrize("forgotten", [1, 11])
def test_what_the_crosswalk_forgot_is_told_there_once(forgotten: int, tmp_path: Path) -> None:
    assert claims(tmp_path, forgotten=forgotten) == {}


@pytest.mark.parametrize("which", ["forgotten", "nothing"])
def test_a_sum_of_what_the_crosswalk_forgot_or_maps_to_nothing_is_told_there_once(which: str, tmp_path: Path) -> None:
    _, lines = measured(tmp_path, **{which: 1}).entities
    assert lines.persons == {"lines.sums.order": PersonSums(looked_at=1, unequal=0)}
    assert claims(tmp_path / "claims", **{which: 1}) == {}


LEDGER = {
    "migration.toml": MIGRATION.replace('"orders", "lines"', '"balances", "entries"'),
    "balances.toml": """\
promise = "Balances move."
key     = "person"
[columns]
person  = "BIGINT"
balance = "BIGINT"
[[invariant]]
name   = "ledger"
column = "balance"
equals = { entity = "entries", sum = "points", by = ["person"] }
""",
    "entries.toml": """\
promise = "Entries move."
key     = "number"
[columns]
number = "BIGINT"
person = "BIGINT"
points = "BIGINT"
""",
    **{f"sql/{side}/balances.sql": "SELECT person, balance FROM balances\n" for side in ("source", "target")},
    **{f"sql/{side}/entries.sql": "SELECT number, person, points FROM entries\n" for side in ("source", "target")},
}
BALANCES: Rows = [(1, 30), (2, -5), (3, 0)]
ENTRIES: Rows = [(1, 1, 10), (2, 1, 20), (3, 2, -5)]


@pytest.mark.parametrize(
    ("source", "target", "found"),
    [
        ((BALANCES, ENTRIES), (BALANCES, ENTRIES), (0, 0, 0)),
        ((BALANCES, ENTRIES), (BALANCES, ENTRIES[1:]), (1, 0, 0)),
        ((BALANCES, ENTRIES), (BALANCES[1:], ENTRIES), (1, 0, 0)),
        ((BALANCES[1:], ENTRIES), (BALANCES[1:], ENTRIES), (1, 1, 0)),
        ((BALANCES[1:], ENTRIES), (BALANCES, ENTRIES), (1, 0, 1)),
        ((BALANCES[:2], [*ENTRIES, (4, 3, 7), (5, 3, -7)]), (BALANCES[:2], [*ENTRIES, (4, 3, 7), (5, 3, -7)]), (0, 0, 0)),
        ((BALANCES, [*ENTRIES, (4, None, 7)]), (BALANCES, [*ENTRIES, (4, None, 7)]), (0, 0, 0)),
        (([*BALANCES, (4, None)], ENTRIES), (BALANCES, ENTRIES), (1, 0, 1)),
    ],
)
def test_a_balance_is_the_sum_of_all_entries_and_entries_without_a_balance_come_to_nothing(
    source: tuple[Rows, Rows], target: tuple[Rows, Rows], found: tuple[int, int, int], tmp_path: Path
) -> None:
    balances, entries = {"person": "BIGINT", "balance": "BIGINT"}, {"number": "BIGINT", "person": "BIGINT", "points": "BIGINT"}
    stores = {side: {"balances": Table(balances, rows[0]), "entries": Table(entries, rows[1])} for side, rows in (("source", source), ("target", target))}
    stores |= {"baseline": {}, "crosswalk": {}}
    with measured_unsealed(tmp_path, files=LEDGER, stores=stores, asked=Asked((), (), BASELINE.isoformat())) as (_, facts):
        broken = facts.entities[0].invariants["ledger"]
        assert isinstance(broken, Broken)
        assert (broken.keys, broken.pre_existing, broken.source_only) == found
        assert broken.looked_at == len(source[0]) + len(target[0])
        assert {item.natives for item in facts.entities} == {None}
