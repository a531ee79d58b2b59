"""Faults that share a column are told apart, noise is left unexplained, and missing rows are said to be what stood side by side; each an entity."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dq import measuring
from dq.canaries import CanaryResult
from dq.compare.evidence import EntityEvidence
from dq.ground import Asked
from tests.diagnose.planted import Diagnosed, diagnose_all
from tests.oracle.sealing import Table, measured_unsealed

ROWS = 240
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Europe/London")
WORDS = ("new", "paid", "sent", "void")
CODES = {word: number for number, word in enumerate(WORDS, start=1)}
SOURCE = {
    "k": "BIGINT",
    "person": "BIGINT",
    "made": "TIMESTAMP",
    "zone": "VARCHAR",
    "body": "VARCHAR",
    "amount": "DECIMAL(18,2)",
    "stars": "INTEGER",
    "word": "VARCHAR",
    "region": "VARCHAR",
}
TARGET = {name: "TIMESTAMPTZ" if name == "made" else "INTEGER" if name == "word" else kind for name, kind in SOURCE.items() if name != "zone"}
COLUMNS = """\
promise = "Things move."
key     = "k"
owner   = "person"
slices  = ["region"]
[columns]
k      = "BIGINT"
person = "BIGINT"
made   = { type = "INSTANT", source = { zone = "zone" } }
body   = "VARCHAR"
amount = "DECIMAL(18,2)"
stars  = "INTEGER"
word   = { type = "ENUM", target = { 1 = "new", 2 = "paid", 3 = "sent", 4 = "void" } }
region = "VARCHAR"
"""
LEFT_OUT = {1000 + number * 3 for number in random.Random("cut").sample(range(5, ROWS - 5), ROWS - 100)}  # noqa: S311 - no secret
Row = dict[str, Any]
Change = Callable[[Row, random.Random], Row | None]


def source_row(number: int) -> Row:
    """Return a row of the source; ids have gaps, three regions and zones follow no order."""
    return {
        "k": 1000 + number * 3,
        "person": 500 + number * 7 % 101,
        "made": datetime(2024, 7, 1) + timedelta(minutes=5 * number, microseconds=123_456 + number),  # noqa: DTZ001 - a wall clock
        "zone": ZONES[number * 7 % 11 % 3],
        "body": f"Très bon téléphone, numéro {number * number % 977}, l’été dernier",
        "amount": Decimal(number * 31 % 997) + Decimal("10.75"),
        "stars": number * 13 % 5 + 1,
        "word": WORDS[number * 5 % 7 % 4],
        "region": ("ID", "GB", "FR")[number * 11 % 13 % 3],
    }


def moved_row(row: Row) -> Row:
    """Return what is in the target where nothing goes wrong."""
    return {**{name: value for name, value in row.items() if name != "zone"}, "made": row["made"].replace(tzinfo=ZoneInfo(row["zone"]))}


def _texts(row: Row, _: random.Random) -> Row:
    found = moved_row(row)
    match row["k"] % 4:
        case 0:
            found["body"] = row["body"][:20]
        case 1:
            found["body"] = row["body"].encode().decode("cp1252")
        case 2:
            found["body"] = row["body"].upper()
    return found


def _clocks(row: Row, _: random.Random) -> Row:
    found = moved_row(row)
    if row["zone"] == "Asia/Makassar":
        found["made"] = row["made"].replace(tzinfo=ZoneInfo("Asia/Jakarta"))
    elif row["k"] % 2:
        found["made"] = found["made"].replace(microsecond=0)
    elif row["zone"] == "Asia/Jakarta":
        found["made"] = None
    return found


def _numbers(row: Row, _: random.Random) -> Row:
    found = moved_row(row)
    match row["k"] % 4:
        case 0:
            found["amount"] *= 100
        case 1:
            found["amount"] *= -1
        case 2:
            found["amount"] = found["amount"].quantize(Decimal(1), rounding="ROUND_FLOOR").quantize(Decimal("0.01"))
    return found


def _noise(row: Row, dice: random.Random) -> Row:
    return {
        **moved_row(row),
        "made": row["made"].replace(tzinfo=UTC) + timedelta(seconds=dice.randrange(-90_000, 90_000), microseconds=dice.randrange(1000)),
        "body": "".join(dice.choices("abcdefgh ", k=40)) + "é",
        "amount": Decimal(dice.randrange(100, 100_000)) / 100,
        "stars": dice.choice([star for star in range(1, 6) if star != row["stars"]]),
        "word": dice.choice([word for word in WORDS if word != row["word"]]),
        "person": dice.randrange(1000, 5000),
    }


def _map_of_codes(row: Row, _: random.Random) -> Row:
    return {**moved_row(row), "word": {"paid": "sent", "sent": "paid"}.get(row["word"], row["word"])}


def _one_for_all(row: Row, _: random.Random) -> Row:
    return {**moved_row(row), "person": 1} if row["k"] % 5 == 0 else moved_row(row)


def _shifted(row: Row, _: random.Random) -> Row:
    number = (row["k"] - 1000) // 3
    return {**moved_row(row), "amount": source_row(number - 1)["amount"]} if 50 <= number < 150 else moved_row(row)


def _of_one_region(row: Row, _: random.Random) -> Row:
    return {**moved_row(row), "body": ""} if row["region"] == "GB" and row["k"] % 2 else moved_row(row)


def _without(claim: Callable[[Row, random.Random], bool]) -> Change:
    return lambda row, dice: None if claim(row, dice) else moved_row(row)


CASES: dict[str, Change] = {
    "texts": _texts,
    "clocks": _clocks,
    "numbers": _numbers,
    "noise": _noise,
    "codes": _map_of_codes,
    "one": _one_for_all,
    "shifted": _shifted,
    "region": _of_one_region,
    "tail": _without(lambda row, _: row["k"] >= 1000 + 3 * 200),
    "page": _without(lambda row, _: 1300 <= row["k"] < 1450),
    "hour": _without(lambda row, _: moved_row(row)["made"].astimezone(UTC).hour == 9),
    "country": _without(lambda row, _: row["region"] == "FR"),
    "cut": _without(lambda row, _: row["k"] in LEFT_OUT),
    "scattered": _without(lambda _, dice: dice.random() < 0.05),
}
EXPECTED: dict[str, tuple[tuple[str, str, int], ...]] = {
    "texts": (
        ("cut", "body is cut at 20 characters", 60),
        ("case", "body is in another case (upper)", 60),
        ("mojibake", "body was read as Windows-1252: its bytes are UTF-8", 60),
    ),
    "clocks": (
        ("zone", "made is 1 h late: Asia/Makassar wall clock read as Asia/Jakarta", 87),
        ("precision", "made is cut to whole seconds: a type with fewer digits", 77),
        ("to null", "made became NULL", 44),
    ),
    "numbers": (
        ("sign", "amount has the other sign", 60),
        ("factor", "amount is 100 times as much: minor units read as major ones", 60),
        ("rounded down", "amount is rounded down to 0 decimals", 60),
    ),
    "noise": tuple(
        ("unexplained", f"{column} differs in no common way: unexplained", ROWS) for column in ("amount", "body", "made", "person", "stars", "word")
    ),
    "codes": (
        ("became", "word went from paid to sent: all 69 rows that were paid, so the words are in each other's place in the map of codes", 69),
        ("became", "word went from sent to paid: all 68 rows that were sent, so the words are in each other's place in the map of codes", 68),
    ),
    "one": (("one value", "person has one and the same value in several rows: a default, or a key that was not looked up", 48),),
    "shifted": (("neighbour", "amount holds the value of the row before: keys and values are off by one", 100),),
    "region": (("to empty", "body became empty", 37),),
    "tail": (("missing", "40 rows missing: the last in the order of k: the tail was cut off; the target has exactly 200 rows", 40),),
    "page": (("missing", "50 rows missing: side by side in the order of k: one file or page was left out", 50),),
    "hour": (("missing", "11 rows missing: every row with made in the hour from 2024-07-01 09:00 UTC", 11),),
    "country": (("missing", "74 rows missing: every row with region FR", 74),),
    "cut": (("missing", "140 rows missing: the target has exactly 100 rows, as if it had been cut there", 140),),
    "scattered": (("unexplained", "8 rows missing: unexplained", 8),),
}
WHERE: dict[str, tuple[tuple[dict[str, str], int, int, int, int, str, str], ...]] = {
    "region.values": (({"region": "GB"}, 37, 37, 73, 240, "3.3", "all 37 are of region GB (30 % of all rows)"),),
    "country.rows": (({"region": "FR"}, 74, 74, 74, 240, "3.2", "all 74 are of region FR (31 % of all rows; every row there)"),),
    "clocks.instants": (),
    "noise.values": (),
    "scattered.rows": (),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Diagnosed]]:
    """Every case, diagnosed in one engine."""
    source = [source_row(number) for number in range(ROWS)]
    stores: dict[str, dict[str, Table]] = {"source": {}, "target": {}}
    listed = ", ".join(f'"{name}"' for name in CASES)
    stores_toml = '[stores.source]\nname = "one"\nsnapshot = "source.duckdb"\n[stores.target]\nname = "two"\nsnapshot = "target.duckdb"\n'
    files = {"migration.toml": f'name = "small"\ntitle = "Things move"\nentities = [{listed}]\n{stores_toml}'}
    for name, change in CASES.items():
        dice = random.Random(name)  # noqa: S311 - no secret
        target = [row for row in (change(row, dice) for row in source) if row is not None]
        stores["source"][name] = Table(SOURCE, [tuple(row[column] for column in SOURCE) for row in source])
        stores["target"][name] = Table(TARGET, [tuple(CODES[row[column]] if column == "word" else row[column] for column in TARGET) for row in target])
        files |= {f"{name}.toml": COLUMNS, f"sql/source/{name}.sql": f"SELECT {', '.join(SOURCE)} FROM {name}\n"}
        files[f"sql/target/{name}.sql"] = f"SELECT {', '.join(TARGET)} FROM {name}\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "release", lambda *_, **__: CanaryResult(0, 0, 0))  # they are asked elsewhere
        with measured_unsealed(tmp_path_factory.mktemp("mixed"), files=files, stores=stores, asked=Asked((), ())) as (engine, facts):
            yield {item.facts.entity.name: item for item in diagnose_all(engine, facts)}


@pytest.mark.parametrize("name", CASES)
def test_faults_are_told_apart_and_noise_is_not_explained(name: str, found: Mapping[str, Diagnosed]) -> None:
    causes = found[name].found.causes
    assert EXPECTED[name] == tuple((cause.kind, cause.sentence, cause.rows) for cause in causes)


@pytest.mark.parametrize("name", CASES)
def test_what_is_explained_is_counted_row_by_row(name: str, found: Mapping[str, Diagnosed]) -> None:
    item = found[name]
    broken = {f"{name}.{kind}": harm.keys for kind, harm in _evidence(item).harms.items() if kind and harm.keys}
    unexplained = {check for cause in item.found.causes if cause.kind == "unexplained" for check in cause.checks}
    assert {check: 0 if check in unexplained else rows for check, rows in broken.items()} == dict(item.found.explained)


@pytest.mark.parametrize("check", WHERE)
def test_slices_are_named_where_they_are_no_chance(check: str, found: Mapping[str, Diagnosed]) -> None:
    slices = found[check.partition(".")[0]].found.slices[check]
    assert WHERE[check] == tuple((one.by, one.broken, one.of, one.rows, one.looked_at, one.lift, one.sentence) for one in slices)


def test_a_cause_says_where_its_rows_are_but_for_what_it_says_itself(found: Mapping[str, Diagnosed]) -> None:
    (zone, *_), (became, _) = found["clocks"].found.causes, found["codes"].found.causes
    assert [one.sentence for one in zone.overrepresented] == ["all 87 are of zone Asia/Makassar (36 % of all rows; every row there)"]
    assert became.overrepresented == ()


def _evidence(item: Diagnosed) -> EntityEvidence:
    assert item.facts.evidence is not None
    return item.facts.evidence
