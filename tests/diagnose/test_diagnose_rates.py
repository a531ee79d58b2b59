"""An amount in another currency: the same number, or exchanged at one rate; said only of rows whose target the rate gives from the source."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from dq import measuring
from dq.canaries import CanaryResult
from dq.diagnose import Diagnosis, Subject, diagnose, make_labelled
from dq.ground import Asked
from tests.oracle.sealing import TWO_STORES, Table, measured_unsealed

MIGRATION = f"""\
name     = "small"
title    = "Things move"
entities = ["things"]
{TWO_STORES}"""
THINGS = """\
promise = "Things move."
key     = "k"
owner   = "person"
money   = { amount = "price", currency = "currency" }
[columns]
k        = "INTEGER"
person   = "BIGINT"
price    = "DECIMAL(18,2)"
fee      = "DECIMAL(18,2)"
currency = "CURRENCY"
"""
COLUMNS = {"k": "INTEGER", "person": "BIGINT", "price": "DECIMAL(18,2)", "fee": "DECIMAL(18,2)", "currency": "VARCHAR"}
RATE = Decimal("0.0000637123")
Row = dict[str, Any]
Told = list[tuple[str, str, int]]


@pytest.fixture(autouse=True)
def _no_canaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are asked elsewhere."""
    monkeypatch.setattr(measuring, "release", lambda *_, **__: CanaryResult(0, 0, 0))


def thing(number: int) -> Row:
    price = Decimal(250_000 + 17_301 * number)
    return {"k": number, "person": number // 2, "price": price, "fee": price // 40, "currency": "IDR" if number < 20 else "GBP"}


def changed(numbers: range, change: Callable[[Row], Row]) -> list[Row]:
    return [{**row, **(change(row) if row["k"] in numbers else {})} for row in map(thing, range(30))]


def exchanged(row: Row, rate: Decimal = RATE, places: str = "0.01", to: str = "USD") -> Row:
    return {name: (row[name] * rate).quantize(Decimal(places), ROUND_HALF_EVEN) for name in ("price", "fee")} | {"currency": to}


def diagnosed(folder: Path, target: list[Row]) -> Diagnosis:
    stores = {"source": [thing(number) for number in range(30)], "target": target}
    tables = {side: {"things": Table(COLUMNS, [tuple(row.values()) for row in rows])} for side, rows in stores.items()}
    files = {"migration.toml": MIGRATION, "things.toml": THINGS}
    files |= {f"sql/{side}/things.sql": f"SELECT {', '.join(COLUMNS)} FROM things" for side in stores}
    with measured_unsealed(folder, files=files, stores=tables, asked=Asked((), ())) as (engine, facts):
        (item,) = facts.entities
        assert item.evidence is not None
        make_labelled(engine, item.entity)
        return diagnose(engine, Subject.of(facts.ground, item.entity, item.evidence, lossy=facts.lossy))


def told(folder: Path, target: list[Row]) -> Told:
    return [(cause.kind, cause.sentence, cause.rows) for cause in diagnosed(folder, target).causes]


CASES: tuple[tuple[str, list[Row], Told], ...] = (
    (
        "the same number in another currency",
        changed(range(5), lambda _: {"currency": "MYR"}),
        [("currency", "currency went from IDR to MYR: the same number in another currency", 5)],
    ),
    (
        "the same number, every row that was IDR",
        changed(range(20), lambda _: {"currency": "MYR"}),
        [("currency", "currency went from IDR to MYR: all 20 rows that were IDR, so the map of codes is wrong; the same number in another currency", 20)],
    ),
    (
        "one rate",
        changed(range(8), exchanged),
        [
            ("currency", "currency went from IDR to USD: the amounts were exchanged at one rate", 8),
            ("rate", "fee is exchanged from IDR to USD at about 0.00006", 8),
            ("rate", "price is exchanged from IDR to USD at about 0.0000637", 8),
        ],
    ),
    (
        "a currency without minor units",
        changed(range(8), lambda row: exchanged(row, Decimal("0.0097"), "1", "JPY")),
        [
            ("currency", "currency went from IDR to JPY: the amounts were exchanged at one rate", 8),
            ("rate", "fee is exchanged from IDR to JPY at about 0.01", 8),
            ("rate", "price is exchanged from IDR to JPY at about 0.0097", 8),
        ],
    ),
    (
        "a hundredth is no rate",
        changed(range(8), lambda row: {"price": row["price"] / 100, "currency": "JPY"}),
        [
            ("became", "currency went from IDR to JPY", 8),
            ("part", "price is a 100th: major units read as minor ones", 8),
        ],
    ),
    (
        "two have one by chance",
        changed(range(2), lambda row: {"price": row["price"] * RATE.quantize(Decimal("0.00001")), "currency": "USD"}),
        [
            ("became", "currency went from IDR to USD", 2),
            ("unexplained", "price differs in no common way: unexplained", 2),
        ],
    ),
    (
        "a rate without another currency is none",
        changed(range(8), lambda row: {"price": exchanged(row)["price"]}),
        [("unexplained", "price differs in no common way: unexplained", 8)],
    ),
)


@pytest.mark.parametrize(("target", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_amount_in_another_currency_says_what_became_of_it(target: list[Row], expected: Told, tmp_path: Path) -> None:
    assert told(tmp_path, target) == expected


def test_rows_that_the_rate_does_not_give_stay_unexplained(tmp_path: Path) -> None:
    target = changed(range(8), exchanged)
    target[7]["price"] += 1  # the largest: a rate taken from it alone would fit nothing
    found = diagnosed(tmp_path, target)
    assert [(cause.kind, cause.rows) for cause in found.causes if cause.columns == ("price",)] == [("rate", 7), ("unexplained", 1)]
    assert found.explained == {"things.values": 7}


def test_amounts_that_no_machine_word_holds_are_left_alone(tmp_path: Path) -> None:
    target = changed(range(8), lambda row: {"price": row["price"] * 10**10 + row["k"], "currency": "USD"})
    assert "rate" not in {kind for kind, _, _ in told(tmp_path, target)}


def test_noise_has_no_rate(tmp_path: Path) -> None:
    chance = random.Random(4711)  # noqa: S311 - no secret
    target = changed(range(20), lambda row: {"price": row["price"] * chance.randrange(1, 10_000) / 9_973, "currency": "USD"})
    for row in target:
        row["price"] = Decimal(row["price"]).quantize(Decimal("0.01"))
    assert "rate" not in {kind for kind, _, _ in told(tmp_path, target)}
