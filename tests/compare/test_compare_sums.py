"""Counts and sums are exact past 64 bits, net and gross; NULL and '' are slices of their own; what cannot be added is not proven."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sides_compared import engine_alone, make_entity

from dq import measuring
from dq.compare.evidence import Crash, SumPair
from dq.compare.slicing import slice_text
from dq.ground import Asked
from dq.judgement.claims import judge_sums
from dq.record import Outcome
from dq.sql import Query
from tests.oracle.sealing import TWO_STORES, Table, measured_unsealed

pytestmark = pytest.mark.usefixtures("no_canaries")

MIGRATION = f"""\
name     = "small"
title    = "Numbers move"
entities = ["things"]
{TWO_STORES}"""
THINGS = """\
promise = "Numbers move."
key     = "k"
money   = { amount = "b", unit = "points" }
slices  = ["region"]
[columns]
k      = "INTEGER"
region = "VARCHAR"
b      = "KIND"
[[sums]]
column = "b"
by     = ["region"]
"""
SELECT = "SELECT k, region, b FROM things\n"
WIDEST = 2**63 - 1
Values = Sequence[tuple[str | None, Any]]


def summed(folder: Path, kind: str, source: Values, target: Values, *, things: str = THINGS) -> tuple[measuring.EntityFacts, dict[Any, tuple[Decimal, ...]]]:
    """Return the facts, and the sums by region: net and gross, source and target."""
    columns = {"k": "INTEGER", "region": "VARCHAR", "b": kind, "moment": "TIMESTAMP"}
    stores = {
        side: {"things": Table(columns, [(place, region, value, None) for place, (region, value) in enumerate(values)])}
        for side, values in (("source", source), ("target", target))
    }
    select = SELECT.replace(", b", ", b, moment") if "INSTANT" in things else SELECT
    files = {"migration.toml": MIGRATION, "things.toml": things.replace("KIND", kind), "sql/source/things.sql": select, "sql/target/things.sql": select}
    with measured_unsealed(folder, files=files, stores=stores, asked=Asked((), ())) as (_, facts):
        (item,) = facts.entities
        found = item.sums["things.sums.b"]
        assert not isinstance(found, Crash)
        return item, {pair.by[0]: (pair.source_net, pair.target_net, pair.source_gross, pair.target_gross) for pair in found}


CASES: tuple[tuple[str, Values, tuple[int | str, int | str]], ...] = (
    ("INTEGER", [("a", 2**31 - 1)] * 5, (5 * (2**31 - 1), 5 * (2**31 - 1))),
    ("INTEGER", [("a", -(2**31))] * 5, (-5 * 2**31, 5 * 2**31)),
    ("BIGINT", [("a", WIDEST)] * 5, (5 * WIDEST, 5 * WIDEST)),
    ("BIGINT", [("a", WIDEST), ("a", -WIDEST)], (0, 2 * WIDEST)),
    ("BIGINT", [("a", -(2**63))] * 3, (-3 * 2**63, 3 * 2**63)),
    ("BIGINT", [("a", 2**53 + 1)], (2**53 + 1, 2**53 + 1)),
    ("HUGEINT", [("a", 10**30), ("a", -1)], (10**30 - 1, 10**30 + 1)),
    ("DECIMAL(18,2)", [("a", Decimal("9007199254740993.01"))] * 3, ("27021597764222979.03", "27021597764222979.03")),
    ("DECIMAL(38,2)", [("a", Decimal("99999999999999999999999999999999999.99"))] * 9, ("899999999999999999999999999999999999.91",) * 2),
    ("DECIMAL(38,38)", [("a", Decimal("0." + "0" * 37 + "1"))] * 3, ("0." + "0" * 37 + "3",) * 2),
    ("BIGINT", [("a", None), ("a", 5)], (5, 5)),
    ("BIGINT", [("a", None)], (0, 0)),
)


@pytest.mark.parametrize(("kind", "values", "expected"), CASES, ids=[f"{kind} {values[0][1]}" for kind, values, _ in CASES])
def test_a_sum_is_exact_whatever_its_size(kind: str, values: Values, expected: tuple[int | str, int | str], tmp_path: Path) -> None:
    net, gross = (Decimal(value) for value in expected)
    _, found = summed(tmp_path, kind, values, values)
    assert {"a": (net, net, gross, gross)} == found


def test_what_is_too_wide_to_be_added_up_beside_the_fingerprints_is_added_up_apart(tmp_path: Path) -> None:
    values = [("a", Decimal("99999999999999999999999999999999999.99")), ("b", Decimal("0.01"))]
    converted = '[columns]\nmoment = { type = "INSTANT", source = { zone = "UTC" }, target = { zone = "UTC" } }'
    _, found = summed(tmp_path, "DECIMAL(38,2)", values, values, things=THINGS.replace("[columns]", converted))
    assert found == {slice_: (value,) * 4 for slice_, value in values}


def test_a_gross_sum_sees_what_cancels_in_the_net_one(tmp_path: Path) -> None:
    _, found = summed(tmp_path, "BIGINT", [("a", 5), ("a", -5)], [("a", 6), ("a", -6)])
    assert {"a": (Decimal(0), Decimal(0), Decimal(10), Decimal(12))} == found
    assert not SumPair(("a",), *found["a"]).agrees


def test_null_and_nothing_are_slices_of_their_own_and_each_side_has_its_own(tmp_path: Path) -> None:
    _, found = summed(tmp_path, "BIGINT", [(None, 1), ("", 2), ("NULL", 3)], [(None, 1), ("", 2), ("x", 3)])
    expected = {None: (1, 1, 1, 1), "": (2, 2, 2, 2), "NULL": (3, 0, 3, 0), "x": (0, 3, 0, 3)}
    assert {slice_: tuple(Decimal(value) for value in values) for slice_, values in expected.items()} == found


def test_slices_stand_in_order_with_null_first(tmp_path: Path) -> None:
    _, found = summed(tmp_path, "BIGINT", [("b", 1), (None, 1), ("", 1), ("a", 1), ("B", 1)], [])
    assert list(found) == [None, "", "B", "a", "b"]


def test_money_at_stake_is_exact_where_the_difference_of_two_amounts_has_more_bits_than_they_have(tmp_path: Path) -> None:
    item, _ = summed(tmp_path, "BIGINT", [("a", WIDEST)], [("a", -WIDEST)])
    assert item.evidence is not None
    assert (("points", Decimal(2 * WIDEST)),) == item.evidence.harms[""].money


def test_a_sum_past_38_digits_is_not_proven_and_disturbs_nothing_else(tmp_path: Path) -> None:
    values = [("a", Decimal("9" * 36 + ".99"))] * 20
    columns = {"k": "INTEGER", "region": "VARCHAR", "b": "DECIMAL(38,2)"}
    rows = [(place, *value) for place, value in enumerate(values)]
    stores = {side: {"things": Table(columns, rows)} for side in ("source", "target")}
    files = {
        "migration.toml": MIGRATION,
        "things.toml": THINGS.replace("KIND", "DECIMAL(38,2)"),
        "sql/source/things.sql": SELECT,
        "sql/target/things.sql": SELECT,
    }
    with measured_unsealed(tmp_path, files=files, stores=stores, asked=Asked((), ()), crashes=True) as (_, facts):
        (item,) = facts.entities
        assert item.evidence is not None
        assert dict(item.evidence.harms[""].statuses) == {}
        found = item.sums["things.sums.b"]
        check = judge_sums(item.entity, "things.sums.b", column="b", by=("region",), found=found, evidence=item.evidence)
        assert Outcome.NOT_PROVEN is check.outcome
        assert not isinstance(item.sums["things.counts"], Crash)


def test_a_month_is_that_of_utc_and_what_has_no_time_is_a_slice_of_its_own() -> None:
    entity = make_entity({"k": "BIGINT", "at": "INSTANT", "on": "DATE", "word": "VARCHAR", "n": "INTEGER"}, key="k")
    names = ("at.month", "on.month", "at", "on", "word", "n")
    cases = (
        ("'2024-07-31 23:30:00+00'", "'2024-07-31'", "'a'", "7", ("2024-07", "2024-07", "2024-07-31 23:30:00+00", "2024-07-31", "a", "7")),
        ("'2024-08-01 01:00:00+07'", "'0999-01-01'", "''", "-7", ("2024-07", "0999-01", "2024-07-31 18:00:00+00", "0999-01-01", "", "-7")),
        ("'infinity'", "'-infinity'", "NULL", "NULL", ("infinity", "-infinity", "infinity", "-infinity", None, None)),
        ("NULL", "NULL", "NULL", "NULL", (None,) * 6),
    )
    picked = ", ".join(slice_text(entity, name) for name in names)
    with engine_alone() as engine:
        for at, on, word, number, expected in cases:
            row = f'SELECT {at}::TIMESTAMPTZ AS at, {on}::DATE AS "on", {word}::VARCHAR AS word, {number}::INTEGER AS n'
            assert engine.one(Query(f"SELECT {picked} FROM ({row})")) == expected
