"""The merge law: a person's balance is explained entry by entry, and a row that is moved again is recognised under whatever id it has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sides_compared import engine_alone, make_entity, statuses

from dq.compare.evidence import Broken, Crash
from dq.compare.later import make_later, table
from dq.compare.views import ID
from dq.diagnose import Subject, diagnose, make_labelled
from dq.ground import Asked
from dq.sql import Query, path
from tests.oracle.sealing import BASELINE, MOMENT, STORES, Table, measured_unsealed

pytestmark = pytest.mark.usefixtures("no_canaries")

BEFORE, AFTER = BASELINE - timedelta(days=30), BASELINE + timedelta(days=1)
AUGUST, JULY = datetime(2024, 8, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)
Rows = list[tuple[Any, ...]]

FILES = {
    "migration.toml": """\
name     = "small"
title    = "Points move"
entities = ["entries", "balances"]
accounts = "accounts"
"""
    + STORES,
    "entries.toml": """\
promise = "Points move."
key     = "ref"
owner   = "account_id"
[columns]
ref        = "VARCHAR"
account_id = { type = "BIGINT", through = "accounts" }
points     = "BIGINT"
ends       = "INSTANT"
[[sums]]
column = "points"
by     = ["ends.month"]
[[sums]]
name   = "person"
column = "points"
per    = "account_id"
[merge]
table      = "loyalty"
id         = "id"
created_at = "made"
changed_at = "touched"
[[excluded]]
side   = "target"
where  = "kind <> 1"
reason = "a balance"
""",
    "balances.toml": """\
promise = "Points move."
key     = "account_id"
owner   = "account_id"
[columns]
account_id = { type = "BIGINT", through = "accounts" }
balance    = "BIGINT"
[aggregate]
balance = "sum"
[later]
balance = { entity = "entries", sum = "points", by = ["account_id"] }
[merge]
table      = "loyalty"
id         = "id"
created_at = "made"
changed_at = "touched"
[[excluded]]
side   = "target"
where  = "kind <> 2"
reason = "an entry"
""",
    "sql/source/entries.sql": "SELECT ref, user_id AS account_id, points, ends FROM points\n",
    "sql/target/entries.sql": "SELECT ref, customer_id AS account_id, points, ends FROM loyalty WHERE kind = 1\n",
    "sql/source/balances.sql": "SELECT user_id AS account_id, balance FROM balances\n",
    "sql/target/balances.sql": "SELECT customer_id AS account_id, points AS balance FROM loyalty WHERE kind = 2\n",
}
LOYALTY = {
    "id": "BIGINT",
    "kind": "INTEGER",
    "ref": "VARCHAR",
    "customer_id": "BIGINT",
    "points": "BIGINT",
    "ends": "TIMESTAMPTZ",
    "made": "TIMESTAMPTZ",
    "touched": "TIMESTAMPTZ",
}


def entry(number: int, ref: str, customer: int, points: int, ends: datetime | None = None, *, at: datetime = AFTER) -> tuple[Any, ...]:
    return (number, 1, ref, customer, points, ends, at, at)


def balance(number: int, customer: int, points: int, *, made: datetime = AFTER) -> tuple[Any, ...]:
    return (number, 2, None, customer, points, None, made, AFTER)


SOURCE: Rows = [("P1", 1, 10, AUGUST), ("P2", 1, -4, None), ("P3", 2, 20, JULY), ("P4", 3, 30, JULY)]
OWN: Rows = [entry(901, "N1", 13, 5, at=BEFORE), (902, 2, None, 13, 5, None, BEFORE, BEFORE)]
ENTRIES: Rows = [entry(101, "P1", 11, 10, AUGUST), entry(102, "P2", 11, -4), entry(103, "P3", 11, 20, JULY), entry(104, "P4", 13, 30, JULY), OWN[0]]
BALANCES: Rows = [balance(201, 11, 26), balance(902, 13, 35, made=BEFORE)]
"""Accounts 1 and 2 are person 11; account 3 is person 13, who had five points before."""


def seen(folder: Path, loyalty: Rows, *, baseline: Rows | None = None, source: Rows | None = None, causes: list[str] | None = None) -> dict[str, set[Any]]:
    """Return what is broken by entity: (key, status); persons whose sums disagree; what else the causes say."""
    points = source or SOURCE
    totals = {user: sum(row[2] for row in points if row[1] == user) for user in (1, 2, 3)}
    stores = {
        "source": {
            "points": Table({"ref": "VARCHAR", "user_id": "BIGINT", "points": "BIGINT", "ends": "TIMESTAMPTZ"}, points),
            "balances": Table({"user_id": "BIGINT", "balance": "BIGINT"}, list(totals.items())),
        },
        "target": {"loyalty": Table(LOYALTY, loyalty)},
        "baseline": {"loyalty": Table(LOYALTY, OWN if baseline is None else baseline)},
        "crosswalk": {
            "accounts": Table({"source_id": "BIGINT", "target_id": "BIGINT"}, [(1, 11), (2, 11), (3, 13)]),
            "merges": Table(
                {"crosswalk": "VARCHAR", "source_id": "BIGINT", "target_id": "BIGINT", "kept": "VARCHAR"},
                [("accounts", 2, 11, "source"), ("accounts", 3, 13, "target")],
            ),
        },
    }
    asked = Asked((), (), BASELINE.isoformat(), target_moment=MOMENT.isoformat())
    found: dict[str, set[Any]] = {}
    with measured_unsealed(folder, files=FILES, stores=stores, asked=asked) as (engine, facts):
        for item in facts.entities:
            name = item.entity.name
            assert item.evidence is not None
            assert item.evidence.agrees
            found[name] = {(key[0], status) for key, status in statuses(engine, item.entity)}
            for check_id, sums in item.sums.items():
                assert not isinstance(sums, Crash)
                found[check_id] = {pair.by for pair in sums if not pair.agrees}
            found |= {check_id: {sums.unequal} - {0} for check_id, sums in item.persons.items() if not isinstance(sums, Crash)}
            for claim, broken in item.invariants.items():
                assert isinstance(broken, Broken)
                found[f"{name}.invariant.{claim}"] = {broken.keys} - {0}
            if causes is not None and item.evidence.harms[""].keys:
                make_labelled(engine, item.entity)
                causes += [cause.sentence for cause in diagnose(engine, Subject.of(facts.ground, item.entity, item.evidence, lossy=facts.lossy)).causes]
    return {name: what for name, what in found.items() if what}


def test_what_was_moved_is_added_to_what_was_there(tmp_path: Path) -> None:
    assert seen(tmp_path, [*ENTRIES, *BALANCES]) == {}


def test_what_entries_of_the_target_s_own_say_is_no_difference(tmp_path: Path) -> None:
    since = [entry(301, "S1", 11, 100), entry(302, "S2", 13, -7)]
    assert seen(tmp_path, [*ENTRIES, *since, balance(201, 11, 126), balance(902, 13, 28, made=BEFORE)]) == {}


def test_an_old_entry_that_changed_and_says_so_explains_the_balance_too(tmp_path: Path) -> None:
    corrected = (901, 1, "N1", 13, 9, None, BEFORE, AFTER)
    assert seen(tmp_path, [*ENTRIES[:-1], corrected, balance(201, 11, 26), balance(902, 13, 39, made=BEFORE)]) == {}


def test_a_balance_that_moved_is_the_sum_of_the_entries_that_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = '[[invariant]]\nname = "ledger"\ncolumn = "balance"\nequals = { entity = "entries", sum = "points", by = ["account_id"] }\n'
    monkeypatch.setitem(FILES, "balances.toml", FILES["balances.toml"] + claim)
    since = [entry(301, "S1", 11, 100), balance(201, 11, 126), BALANCES[1]]  # of the target's own, as is N1 of before
    assert seen(tmp_path, [*ENTRIES, *since]) == {}
    wrong = seen(tmp_path / "wrong", [*(row for row in ENTRIES if row[2] != "P1"), *since])
    assert wrong["balances.invariant.ledger"] == {1}


def test_a_balance_that_no_entry_explains_is_found(tmp_path: Path) -> None:
    found = seen(tmp_path, [*ENTRIES, balance(201, 11, 126), BALANCES[1]])
    assert found == {"balances": {("11", "changed")}}


def test_an_entry_that_no_balance_knows_of_is_found(tmp_path: Path) -> None:
    found = seen(tmp_path, [*ENTRIES, *BALANCES, entry(301, "S1", 13, 100)])
    assert found == {"balances": {("13", "changed")}}


def test_sums_of_one_person_are_those_of_both_accounts(tmp_path: Path) -> None:
    told = [(*row[:4], row[4] + {"P1": 1, "P3": -1}.get(row[2], 0), *row[5:]) for row in ENTRIES]
    found = seen(tmp_path, [*told, *BALANCES])
    assert found == {"entries": {("P1", "changed"), ("P3", "changed")}, "entries.sums.points": {("2024-08",), ("2024-07",)}}


def test_errors_that_cancel_in_a_person_are_seen_by_the_gross_sum(tmp_path: Path) -> None:
    told = [(*row[:4], row[4] + {"P1": 4, "P2": -4}.get(row[2], 0), *row[5:]) for row in ENTRIES]
    found = seen(tmp_path, [*told, *BALANCES])
    assert found["entries.sums.person"] == {1}
    assert found["entries.sums.points"] == {("2024-08",), (None,)}


@pytest.mark.parametrize(("ref", "told"), [("P3", "duplicate"), ("S9", "extra")])
def test_a_row_that_is_moved_again_is_recognised(ref: str, told: str, tmp_path: Path) -> None:
    causes: list[str] = []
    found = seen(tmp_path, [*ENTRIES, *BALANCES, entry(401, ref, 11, 20, JULY)], causes=causes)
    assert found["entries"] == {(ref, told)}
    assert f"1 row was moved twice: again under {'the same key' if told == 'duplicate' else 'another id'}" in causes


def test_a_row_that_is_missing_and_stands_elsewhere_was_not_moved_twice(tmp_path: Path) -> None:
    causes: list[str] = []
    found = seen(tmp_path, [*(row for row in ENTRIES if row[2] != "P3"), *BALANCES, entry(401, "S9", 11, 20, JULY)], causes=causes)
    assert found["entries"] == {("P3", "missing"), ("S9", "extra")}
    assert "1 row is missing and stands under another id" in causes
    assert not any("twice" in cause for cause in causes)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (entry(401, "S9", 13, 20, JULY), "somebody else's"),
        (entry(401, "S9", 11, 20, AUGUST), "of another moment"),
        (entry(401, "S9", 11, -4), "without a moment"),
    ],
)
def test_a_new_row_that_is_not_all_the_same_is_the_target_s_own(row: tuple[Any, ...], why: str, tmp_path: Path) -> None:
    grown = {11: balance(201, 11, 26 + row[4]), 13: balance(902, 13, 35 + row[4], made=BEFORE)}
    others = [one for one in BALANCES if one[3] != row[3]]
    assert seen(tmp_path, [*ENTRIES, row, grown[row[3]], *others]) == {}, why


def test_a_row_of_before_that_is_all_the_same_stays_the_target_s_own(tmp_path: Path) -> None:
    before = [entry(901, "N1", 13, 30, JULY, at=BEFORE), (902, 2, None, 13, 30, None, BEFORE, BEFORE)]
    assert seen(tmp_path, [*ENTRIES[:-1], before[0], BALANCES[0], balance(902, 13, 60, made=BEFORE)], baseline=before) == {}


def test_a_balance_that_was_added_twice_is_said_to_be(tmp_path: Path) -> None:
    causes: list[str] = []
    assert seen(tmp_path, [*ENTRIES, balance(201, 11, 52), BALANCES[1]], causes=causes)["balances"] == {("11", "changed")}
    assert "balance is twice as much: moved twice" in causes


def test_a_row_of_after_the_snapshot_is_nobody_s(tmp_path: Path) -> None:
    found = seen(tmp_path, [*ENTRIES, *BALANCES, entry(401, "S9", 13, 5, at=MOMENT + timedelta(seconds=1))])
    assert found["entries"] == {("S9", "extra")}


def test_what_came_later_is_told_of_each_column_by_the_rows_of_its_own_ledger() -> None:
    ledgers = {name: {"entity": entity, "sum": "n", "by": ["who"]} for name, entity in (("a", "first"), ("b", "second"))}
    entity = make_entity({"who": "BIGINT", "a": "BIGINT", "b": "DECIMAL(9,2)"}, key="who", aggregate={"a": "sum", "b": "sum"}, later=ledgers)
    rows = {
        ("own_target", "first"): [(1, 11, 5), (2, 11, 7), (3, 12, 1), (4, 13, 9), (None, 11, 100)],
        ("own_baseline", "first"): [(3, 12, 1), (4, 13, 4)],
        ("own_target", "second"): [(1, 11, "0.25"), (2, 14, "1.50"), (3, 14, "-1.50")],
        ("own_baseline", "second"): [(9, 12, "0.75")],
    }
    with engine_alone() as engine:
        for (side, name), listed in rows.items():
            kind = "BIGINT" if name == "first" else "DECIMAL(9,2)"
            engine.execute(Query(f'CREATE TABLE {path(side, name)} ("{ID}" BIGINT, who BIGINT, n {kind})'))
            for row in listed:
                engine.execute(Query(f"INSERT INTO {path(side, name)} VALUES (?, ?, CAST(? AS {kind}))", (row[0], row[1], str(row[2]))))
        for name in ("first", "second"):
            engine.execute(Query(f"CREATE TABLE {path('claims', name)} AS SELECT 2 AS id WHERE '{name}' = 'first'"))
        make_later(engine, entity)
        found = engine.execute(Query(f"SELECT * FROM {table(entity)} ORDER BY who"))
    assert found == [(11, 5, Decimal("0.25")), (12, 0, Decimal("-0.75")), (13, 5, Decimal("0.00"))]
