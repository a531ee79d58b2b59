"""Raw values become canonical ones as the contract declares: zones against `zoneinfo`, codes, currencies, minor units at the limits of their types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from raw_rows import conformed
from sides_compared import engine_alone, make_entity

from dq.compare.conform import is_conformed, raw_type
from dq.engine import Engine
from dq.sql import Query
from tests.oracle.seeds import seeded

ZONES = (
    "Asia/Jakarta",
    "Asia/Makassar",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Europe/Paris",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "UTC",
)
INSTANT = {"a": {"type": "INSTANT", "source": {"zone": "zone"}}}
WALLS = {"a": "TIMESTAMP", "zone": "VARCHAR"}
SOME = [datetime(2000, 1, 1) + timedelta(minutes=30 * step) for step in range(0, 430_000, 997)]  # noqa: DTZ001 - wall clocks to mid-2024
ALL_OF_A_YEAR = [datetime(2011, 1, 1) + timedelta(minutes=30 * step) for step in range(17_520)]  # noqa: DTZ001 - Apia left a day of it out


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engine_alone() as opened:
        yield opened


def offsets(wall: datetime, zone: str) -> tuple[timedelta, timedelta]:
    first, second = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() or timedelta(0) for fold in (0, 1))
    return first, second


@pytest.mark.parametrize("zone", ZONES)
def test_a_wall_clock_becomes_the_instant_that_the_zone_database_says(zone: str, engine: Engine) -> None:
    walls = [wall for wall in SOME if offsets(wall, zone)[0] == offsets(wall, zone)[1]]
    _, rows = conformed(engine, INSTANT, WALLS, [(wall, zone) for wall in walls])
    assert [(wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC),) for wall in walls] == rows


@pytest.mark.parametrize("zone", ZONES)
def test_wall_clocks_that_no_clock_showed_or_one_showed_twice_are_counted(zone: str, engine: Engine) -> None:
    picked = [wall for wall in ALL_OF_A_YEAR if offsets(wall, zone)[0] != offsets(wall, zone)[1]] + ALL_OF_A_YEAR[::997]
    kinds = Counter("gap" if first < second else "overlap" for first, second in (offsets(wall, zone) for wall in picked) if first != second)
    found, _ = conformed(engine, INSTANT, WALLS, [(wall, zone) for wall in picked])
    assert dict(kinds) == {kind: rows for column, name, kind, rows in found.unsound if (column, name) == ("a", zone)}


def test_an_hour_that_was_left_out_takes_the_offset_of_before_and_one_that_came_twice_that_of_after(engine: Engine) -> None:
    walls = [datetime(2024, 3, 31, 2, 30), datetime(2024, 10, 27, 2, 30)]  # noqa: DTZ001
    _, rows = conformed(engine, INSTANT, WALLS, [(wall, "Europe/Paris") for wall in walls])
    assert [(datetime(2024, 3, 31, 1, 30, tzinfo=UTC),), (datetime(2024, 10, 27, 1, 30, tzinfo=UTC),)] == rows


def test_each_row_is_read_in_its_own_zone_and_the_microsecond_stays(engine: Engine) -> None:
    wall = datetime(2024, 7, 1, 12, 0, 0, 1)  # noqa: DTZ001
    _, rows = conformed(engine, INSTANT, WALLS, [(wall, "Asia/Jakarta"), (wall, "Asia/Makassar"), (None, "Asia/Jakarta")])
    assert [(datetime(2024, 7, 1, 5, 0, 0, 1, tzinfo=UTC),), (datetime(2024, 7, 1, 4, 0, 0, 1, tzinfo=UTC),), (None,)] == rows


def test_the_last_day_that_counts_ends_a_day_later_on_the_wall_clock_also_when_that_day_has_25_hours(engine: Engine) -> None:
    columns = {"a": {"type": "INSTANT", "source": {"zone": "Europe/Paris", "day_end": "inclusive"}}}
    _, rows = conformed(engine, columns, {"a": "TIMESTAMP"}, [(datetime(2024, 10, 27),), (datetime(2024, 12, 31),)])  # noqa: DTZ001
    assert [(datetime(2024, 10, 27, 23, tzinfo=UTC),), (datetime(2024, 12, 31, 23, tzinfo=UTC),)] == rows


def test_a_wall_clock_whose_zone_nobody_knows_has_no_instant_and_is_counted(engine: Engine) -> None:
    wall = datetime(2024, 7, 1)  # noqa: DTZ001
    found, rows = conformed(engine, INSTANT, WALLS, [(wall, "Asia/Jakrata"), (wall, None), (wall, ""), (None, "nowhere"), (wall, "UTC")])
    assert [(None,), (None,), (None,), (None,), (datetime(2024, 7, 1, tzinfo=UTC),)] == rows
    assert found.unknown_zones == 3


@pytest.mark.parametrize("zone", ["europe/paris", "EUROPE/PARIS", "Europe/paris"])
def test_a_zone_is_the_same_in_other_letters(zone: str, engine: Engine) -> None:
    gap, fine = datetime(2024, 3, 31, 2, 30), datetime(2024, 7, 1)  # noqa: DTZ001
    found, rows = conformed(engine, INSTANT, WALLS, [(gap, zone), (fine, zone), (fine, "Europe/Paris")])
    assert rows == [(datetime(2024, 3, 31, 1, 30, tzinfo=UTC),), *[(datetime(2024, 6, 30, 22, tzinfo=UTC),)] * 2]
    assert (found.unknown_zones, found.unsound) == (0, (("a", zone, "gap", 1),))


@pytest.mark.parametrize("zone", ["PST", "BST", "UTC+7", "SystemV/PST8", "Etc/Unknown"])
def test_a_zone_that_is_in_no_database_is_one_that_nobody_knows(zone: str, engine: Engine) -> None:
    wall = datetime(2024, 7, 1)  # noqa: DTZ001
    assert engine.one(Query("SELECT timezone($1, $2) IS NOT NULL", (zone, wall))) == (True,)  # the engine guesses what it means
    found, rows = conformed(engine, INSTANT, WALLS, [(wall, zone)])
    assert (rows, found.unknown_zones) == ([(None,)], 1)


def test_of_two_wall_clocks_in_one_zone_each_is_counted_and_read_for_itself(engine: Engine) -> None:
    columns = {name: {"type": "INSTANT", "source": {"zone": "zone"}} for name in ("a", "b")}
    gap, fine = datetime(2024, 3, 31, 2, 30), datetime(2024, 7, 1)  # noqa: DTZ001
    raw = {"a": "TIMESTAMP", "b": "TIMESTAMP", "zone": "VARCHAR"}
    found, rows = conformed(engine, columns, raw, [(fine, gap, "Europe/Paris"), (gap, fine, "Europe/Paris"), (fine, gap, "Europe/Paris"), (fine, None, "no")])
    assert found.unsound == (("a", "Europe/Paris", "gap", 1), ("b", "Europe/Paris", "gap", 2))
    assert (found.domain.zones, found.unknown_zones) == (("Europe/Paris",), 1)
    read = {gap: datetime(2024, 3, 31, 1, 30, tzinfo=UTC), fine: datetime(2024, 6, 30, 22, tzinfo=UTC)}
    assert rows == [(read[fine], read[gap]), (read[gap], read[fine]), (read[fine], read[gap]), (None, None)]


def test_no_row_at_all_is_read_too(engine: Engine) -> None:
    assert conformed(engine, INSTANT, WALLS, [])[1] == []


@pytest.mark.parametrize(
    ("column", "costs"),
    [
        ("BIGINT", False),
        ({"type": "BIGINT", "through": "accounts"}, True),
        ({"type": "INSTANT", "source": {"zone": "UTC"}}, True),
        ({"type": "INSTANT", "target": {"zone": "UTC"}}, True),
    ],
)
def test_a_row_costs_more_than_reading_it_where_an_id_is_mapped_or_a_value_converted(column: Any, costs: bool) -> None:  # noqa: FBT001 - a row of the table
    assert is_conformed(make_entity({"k": "BIGINT", "a": column}, key="k")) is costs


CODES = (
    ("INTEGER", {"1": "on", "2": "off"}, [1, 2, 3, None, -1], ["on", "off", "target code 3", None, "target code -1"]),
    (
        "VARCHAR",
        {"1": "on", "2": "off"},
        ["1", "2", "3", None, "", "on", " 1"],
        ["on", "off", "target code 3", None, "target code ", "target code on", "target code  1"],
    ),
    ("INTEGER", {"1": "on", "--2": "off"}, [1, 2], ["on", "target code 2"]),
    ("VARCHAR", {"A": "on", "a": "off"}, ["A", "a", "NULL"], ["on", "off", "target code NULL"]),
    ("INTEGER", {"1": "on", "x": "off"}, [1, 2], ["on", "target code 2"]),
    ("BIGINT", {"9223372036854775807": "on"}, [9223372036854775807], ["on"]),
)


@pytest.mark.parametrize(("kind", "codes", "raw", "expected"), CODES)
def test_a_code_becomes_its_word_and_an_unknown_one_equals_no_word(
    kind: str, codes: dict[str, str], raw: list[Any], expected: list[Any], engine: Engine
) -> None:
    columns = {"a": {"type": "ENUM", "target": codes}}
    assert [(word,) for word in expected] == conformed(engine, columns, {"a": kind}, [(code,) for code in raw], side="target")[1]


def test_the_same_unknown_code_on_both_sides_is_not_the_same(engine: Engine) -> None:
    columns = {"a": {"type": "ENUM", "source": {"1": "on"}, "target": {"1": "on"}}}
    sides = [conformed(engine, columns, {"a": "INTEGER"}, [(7,)], side=side)[1] for side in ("source", "target")]
    assert sides == [[("source code 7",)], [("target code 7",)]]


MONEY = {"a": {"type": "DECIMAL(18,2)", "target": "minor"}, "c": {"type": "CURRENCY", "target": "iso-numeric"}}
MONEY_OF = {"money": {"amount": "a", "currency": "c"}}
RAW_MONEY = {"a": "BIGINT", "c": "INTEGER"}
AMOUNTS = (
    ((12345, 360), (Decimal("123.45"), "IDR")),
    ((12345, 392), (Decimal("12345.00"), "JPY")),
    ((12340, 414), (Decimal("12.34"), "KWD")),
    ((123400, 990), (Decimal("12.34"), "CLF")),
    ((-5, 978), (Decimal("-0.05"), "EUR")),
    ((0, 392), (Decimal("0.00"), "JPY")),
    ((None, 392), (None, "JPY")),
    ((7, 9999), (Decimal("0.07"), "target code 9999")),
)


def test_minor_units_have_the_digits_of_their_row_s_currency(engine: Engine) -> None:
    found, rows = conformed(engine, MONEY, RAW_MONEY, [raw for raw, _ in AMOUNTS], side="target", **MONEY_OF)
    assert [amount for _, amount in AMOUNTS] == rows
    assert found.unfit == ()


def test_minor_units_beside_letters_have_the_digits_of_their_row_s_currency_also_where_some_row_has_none(engine: Engine) -> None:
    columns = {"a": {"type": "DECIMAL(18,2)", "source": "minor"}, "c": "CURRENCY"}
    rows = [(12345, "IDR"), (12345, None), (12345, "JPY")]
    found, read = conformed(engine, columns, {"a": "BIGINT", "c": "VARCHAR"}, rows, **MONEY_OF)
    assert read == [(Decimal("123.45"), "IDR"), (Decimal("123.45"), None), (Decimal("12345.00"), "JPY")]
    assert found.domain.currencies == ("IDR", "JPY")


def test_the_contract_knows_better_than_iso_4217(engine: Engine) -> None:
    _, rows = conformed(engine, MONEY, RAW_MONEY, [(12345, 360), (12345, 978)], side="target", minor_units={"IDR": 0}, **MONEY_OF)
    assert [(Decimal("12345.00"), "IDR"), (Decimal("123.45"), "EUR")] == rows


LIMITS = (
    ("BIGINT", 10**18 - 1, 360, Decimal("9999999999999999.99")),
    ("BIGINT", -(10**18) + 1, 360, Decimal("-9999999999999999.99")),
    ("BIGINT", 10**18, 360, None),
    ("BIGINT", -(10**18), 360, None),
    ("BIGINT", 2**63 - 1, 360, None),
    ("BIGINT", 10**16 - 1, 392, Decimal("9999999999999999.00")),
    ("BIGINT", 10**16, 392, None),
    ("BIGINT", 12345, 414, None),  # a third decimal that the column cannot hold: never rounded
    ("BIGINT", -12345, 414, None),
    ("HUGEINT", 2**100, 360, None),
    ("UBIGINT", 2**64 - 1, 360, None),
    ("TINYINT", -128, 360, Decimal("-1.28")),
)


@pytest.mark.parametrize(("kind", "minor", "currency", "expected"), LIMITS)
def test_an_amount_that_its_type_cannot_hold_is_counted_and_never_rounded(
    kind: str, minor: int, currency: int, expected: Decimal | None, engine: Engine
) -> None:
    raw = {"a": kind, "c": "INTEGER"}
    found, rows = conformed(engine, MONEY, raw, [(minor, currency)], side="target", **MONEY_OF)
    assert (() if expected is not None else (("a", 1),)) == found.unfit
    assert (expected if expected is not None else Decimal("9999999999999999.99")) == rows[0][0]


def test_what_does_not_fit_on_either_side_does_not_become_the_same(engine: Engine) -> None:
    columns = {"a": {"type": "DECIMAL(4,2)", "source": {"minor": "c"}, "target": {"minor": "c"}}, "c": "CURRENCY"}
    sides = [conformed(engine, columns, {"a": "BIGINT", "c": "VARCHAR"}, [(10**6, "EUR")], side=side)[1][0][0] for side in ("source", "target")]
    assert [Decimal("-99.99"), Decimal("99.99")] == sides


@pytest.mark.parametrize("precision", [1, 2, 9, 18, 37, 38])
def test_the_widest_amount_of_every_precision_is_exact(precision: int, engine: Engine) -> None:
    columns = {"a": {"type": f"DECIMAL({precision},{min(2, precision)})", "target": {"minor": "c"}}, "c": "CURRENCY"}
    scale = min(2, precision)
    largest = 10**precision - 1 if scale == 2 else (10**precision - 1) * 10
    _, rows = conformed(engine, columns, {"a": "HUGEINT", "c": "VARCHAR"}, [(largest, "EUR"), (-largest, "EUR")], side="target")
    assert [(Decimal(f"{sign}{largest}E-2"), "EUR") for sign in ("", "-")] == rows


RAW_TYPES = (
    ("VARCHAR", ("VARCHAR",)),
    ("INSTANT", ("TIMESTAMP WITH TIME ZONE",)),
    ("DATE", ("DATE",)),
    ("JSON", ("JSON",)),
    ("BIGINT", ("BIGINT",)),
    ("DECIMAL(18,2)", ("DECIMAL(18,2)",)),
    ({"type": "INSTANT", "source": {"zone": "UTC"}}, ("TIMESTAMP",)),
)


@pytest.mark.parametrize(("spec", "types"), RAW_TYPES, ids=str)
def test_what_is_read_as_it_is_has_exactly_the_declared_type(spec: Any, types: tuple[str, ...]) -> None:
    assert types == raw_type(make_entity({"k": "INTEGER", "a": spec}, key="k").column("a"), "source")


def test_the_baseline_is_read_like_the_target(engine: Engine) -> None:
    rows = [(12345, 392), (seeded(1).randint(0, 99), 360)]
    assert conformed(engine, MONEY, RAW_MONEY, rows, side="target", **MONEY_OF)[1] == conformed(engine, MONEY, RAW_MONEY, rows, side="baseline", **MONEY_OF)[1]


def test_a_date_is_no_wall_clock(engine: Engine) -> None:
    _, rows = conformed(engine, {"a": "DATE"}, {"a": "DATE"}, [(date(1, 1, 1),), (date(9999, 12, 31),)])
    assert [(date(1, 1, 1),), (date(9999, 12, 31),)] == rows
