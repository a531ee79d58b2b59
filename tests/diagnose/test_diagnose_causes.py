"""Findings with one explanation become one cause, in words without a row's values; shown on small data with one fault a column."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dq import measuring
from dq.canaries import CanaryResult
from dq.diagnose import Diagnosis, Subject, diagnose, make_labelled
from dq.engine import Engine
from dq.ground import Asked
from dq.measuring import EntityFacts, Facts
from dq.record import Cause
from tests.compare.tiny import AFTER, BEFORE, FILES, ROWS, Place, Rows, looked_at, moved, rows_of
from tests.oracle.sealing import TWO_STORES, Table, make_small, measured_unsealed

MIGRATION = f"""\
name     = "small"
title    = "Things move"
entities = ["things"]
{TWO_STORES}"""
THINGS = """\
promise = "Things move."
key     = "k"
owner   = "person"
money   = { amount = "amount", unit = "points" }
slices  = ["region", "kind"]
[columns]
k      = "VARCHAR"
person = "BIGINT"
region = "VARCHAR"
kind   = { type = "ENUM", target = { 1 = "used", 2 = "unused" } }
name   = "VARCHAR"
amount = "DECIMAL(18,2)"
made   = "INSTANT"
flag   = "BOOLEAN"
"""
COLUMNS = {
    "k": "VARCHAR",
    "person": "BIGINT",
    "region": "VARCHAR",
    "kind": "VARCHAR",
    "name": "VARCHAR",
    "amount": "DECIMAL(18,2)",
    "made": "TIMESTAMPTZ",
    "flag": "BOOLEAN",
}
KINDS = {"used": 1, "unused": 2}
NOON = datetime(2024, 10, 20, 12, 34, 56, 789123, tzinfo=UTC)
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _no_canaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are asked elsewhere."""
    monkeypatch.setattr(measuring, "release", lambda *_, **__: CanaryResult(0, 0, 0))


def thing(number: int) -> Row:
    return {
        "k": f"SECRET-{number}",
        "person": 1000 + number // 2,
        "region": "ID" if number % 3 else "FR",
        "kind": "used" if number % 2 else "unused",
        "name": f"Zoë  Secretname-{number:02d} ",
        "amount": Decimal(f"{number + 1}.25"),
        "made": NOON + timedelta(days=number),
        "flag": None if number % 5 == 0 else True,
    }


def stores(target: list[Row]) -> dict[str, dict[str, Table]]:
    """Return both stores: twenty things in the source, and what became of them in the target."""
    found = {"source": {"things": Table(COLUMNS, [tuple(thing(number).values()) for number in range(20)])}}
    rows = [tuple({**row, "kind": KINDS.get(row["kind"], 9)}.values()) for row in target]
    return {**found, "target": {"things": Table({**COLUMNS, "kind": "INTEGER"}, rows)}}


def contract() -> dict[str, str]:
    select = f"SELECT {', '.join(COLUMNS)} FROM things\n"
    return {"migration.toml": MIGRATION, "things.toml": THINGS, "sql/source/things.sql": select, "sql/target/things.sql": select}


def diagnosed(engine: Engine, facts: Facts, item: EntityFacts) -> Diagnosis:
    """Diagnose an entity as a run does."""
    assert item.evidence is not None
    make_labelled(engine, item.entity)
    return diagnose(engine, Subject.of(facts.ground, item.entity, item.evidence, lossy=facts.lossy))


def causes(folder: Path, target: list[Row]) -> tuple[Cause, ...]:
    with measured_unsealed(folder, files=contract(), stores=stores(target), asked=Asked((), ())) as (engine, facts):
        (item,) = facts.entities
        assert item.evidence is not None
        return diagnosed(engine, facts, item).causes


def changed(numbers: range | tuple[int, ...], **columns: Any) -> list[Row]:
    """Return the things, some of them changed; a column's new value may be reckoned from the row."""
    rows = [thing(number) for number in range(20)]
    for number in numbers:
        for name, value in columns.items():
            rows[number][name] = value(rows[number][name]) if callable(value) else value
    return rows


ALL = range(20)
CAUSES: tuple[tuple[str, list[Row], tuple[tuple[str, str, int, int | None, bool], ...]], ...] = (
    (
        "offset of 7 h in every row",
        changed(ALL, made=lambda made: made + timedelta(hours=7)),
        (("offset", "made is 7 h late: local time read as UTC", 20, 10, True),),
    ),
    (
        "offset of 7 h in one row",
        changed((3,), made=lambda made: made - timedelta(hours=7)),
        (("offset", "made is 7 h early: the zone's offset taken off twice", 1, 1, False),),
    ),
    (
        "a day early",
        changed((1, 2, 3), made=lambda made: made - timedelta(days=1)),
        (("offset", "made is 1 day early: the last day counted not at all", 3, 2, False),),
    ),
    (
        "milliseconds",
        changed(ALL, made=lambda made: made.replace(microsecond=789000)),
        (("precision", "made is cut to whole milliseconds: a type with fewer digits", 20, 10, True),),
    ),
    (
        "two rows exchanged",
        changed((1,), amount=Decimal("8.25"))[:7] + changed((7,), amount=Decimal("2.25"))[7:],
        (("swapped", "amount was exchanged with another row's", 2, 2, False),),
    ),
    ("cut at 8", changed((4, 5, 6), name=lambda name: name[:8]), (("cut", "name is cut at 8 characters", 3, 2, False),)),
    ("case", changed((4, 5), name=str.upper), (("case", "name is in another case (upper)", 2, 1, False),)),
    ("form", changed((4,), name=lambda name: unicodedata.normalize("NFD", name)), (("form", "name is in another Unicode form (decomposed)", 1, 1, False),)),
    ("blanks", changed((4, 6), name=str.strip), (("blanks", "name has other blanks at its ends (trimmed)", 2, 2, False),)),
    (
        "factor 100",
        changed((4, 6), amount=lambda amount: amount * 100),
        (("factor", "amount is 100 times as much: minor units read as major ones", 2, 2, False),),
    ),
    ("a 100th of nothing exact", changed((3,), amount=Decimal("0.04")), (("unexplained", "amount is 4.21 less: unexplained", 1, 1, False),)),
    ("sign", changed((4,), amount=lambda amount: -amount), (("sign", "amount has the other sign", 1, 1, False),)),
    (
        "rounding",
        changed((4, 5), amount=lambda amount: amount.quantize(Decimal(1)).quantize(Decimal("0.01"))),
        (("rounded", "amount is rounded to 0 decimals", 2, 1, False),),
    ),
    ("NULL", changed((4, 5), name=None), (("to null", "name became NULL", 2, 1, False),)),
    ("empty", changed((4, 5), name=""), (("to empty", "name became empty", 2, 1, False),)),
    ("NULL became true", changed((0, 5), flag=True), (("became", "flag went from NULL to true", 2, 2, False),)),
    ("used again", changed((1, 3), kind="unused"), (("became", "kind went from used to unused", 2, 2, False),)),
    ("an unknown code", changed((1,), kind="nothing"), (("became", "kind went from used to an unknown word", 1, 1, False),)),
    (
        "nothing in common",
        changed((1,), name="x")[:2] + changed((2,), name="y")[2:3] + changed((), name="")[3:],
        (("unexplained", "name differs in no common way: unexplained", 2, 2, False),),
    ),
    (
        "two causes in one column",
        changed((1, 2, 3), name=str.upper)[:4] + changed((4, 5), name=None)[4:],
        (("case", "name is in another case (upper)", 3, 2, False), ("to null", "name became NULL", 2, 1, False)),
    ),
)


@pytest.mark.parametrize(("target", "expected"), [case[1:] for case in CAUSES], ids=[case[0] for case in CAUSES])
def test_a_fault_is_one_cause_with_its_rows_and_people(target: list[Row], expected: tuple[Any, ...], tmp_path: Path) -> None:
    found = causes(tmp_path, target)
    assert expected == tuple((cause.kind, cause.sentence, cause.rows, cause.people, cause.every_row) for cause in found)
    assert all(cause.checks[0].startswith("things.") for cause in found)


def without(numbers: tuple[int, ...] | range) -> list[Row]:
    return [thing(number) for number in range(20) if number not in numbers]


def test_missing_rows_of_one_slice_are_said_to_be_it(tmp_path: Path) -> None:
    found = causes(tmp_path, [row for row in without(()) if row["region"] != "FR"])
    assert ("missing", "7 rows missing: every row with region FR", 7) in [(cause.kind, cause.sentence, cause.rows) for cause in found]


def test_missing_rows_that_share_a_slice_which_others_are_of_too_are_not_explained_by_it(tmp_path: Path) -> None:
    found = causes(tmp_path, without((0, 6, 12)))
    assert [(cause.kind, cause.sentence, cause.rows) for cause in found] == [("unexplained", "3 rows missing: unexplained", 3)]


def test_missing_rows_of_one_person_are_said_to_be_theirs(tmp_path: Path) -> None:
    found = causes(tmp_path, without((8, 9)))
    assert [(cause.sentence, cause.people) for cause in found] == [("2 rows missing: unexplained, all of one person", 1)]


def test_missing_rows_that_share_nothing_have_no_cause(tmp_path: Path) -> None:
    assert [(cause.kind, cause.sentence) for cause in causes(tmp_path, without((1, 6, 9, 14)))] == [("unexplained", "4 rows missing: unexplained")]


LEFT: tuple[tuple[str, dict[Place, Rows], str], ...] = (
    (
        "erased",
        {("crosswalk", "erasures"): [(2, "DSR-1")]},
        "1 row in the target only: their owner was erased on request",
    ),
    (
        "too early",
        {
            ("target", "vouchers"): rows_of(("target", "vouchers"), moved(104, "C1", 13, 40)),
            ("crosswalk", "coupons"): rows_of(("crosswalk", "coupons"), (4, 104)),
            ("crosswalk", "accounts"): rows_of(("crosswalk", "accounts"), (3, 13)),
        },
        "1 row in the target only: their owner's batch has not moved yet",
    ),
)


@pytest.mark.parametrize(("changed_rows", "sentence"), [case[1:] for case in LEFT], ids=[case[0] for case in LEFT])
def test_rows_that_should_not_be_there_say_whose_they_are(changed_rows: Mapping[Place, Rows], sentence: str, tmp_path: Path) -> None:
    with looked_at(tmp_path, changed_rows) as (engine, facts):
        (item,) = facts.entities
        assert item.evidence is not None
        assert sentence in [cause.sentence for cause in diagnosed(engine, facts, item).causes]


def test_no_value_of_a_row_is_in_the_record_or_its_renderings(tmp_path: Path) -> None:
    """Every fault above at once, each in rows of its own; keys and names must be nowhere but in restricted/."""
    target = without((18, 19))
    for place, (_, rows, _) in enumerate(CAUSES):
        if place < len(target) and place not in (4, 18):
            target[place] = next((row for row in rows if row != thing(int(row["k"].removeprefix("SECRET-")))), target[place])
    target.append({**thing(19), "k": "SECRET-extra"})
    small = make_small(tmp_path, files=contract(), stores=stores(target))
    folder = small.run(tmp_path / "runs").folder
    assert (folder / "report.json").read_text(encoding="utf-8").count('"examples"')
    for name in ("report.json", "report.html", "summary.md", "junit.xml", "run.json"):
        text = (folder / name).read_text(encoding="utf-8").casefold()
        assert [word for word in ("secret", "zoë") if word in text] == [], name


def test_the_tiny_migration_has_rows_for_what_is_said_here() -> None:
    assert {BEFORE, AFTER} == {row[5] for row in ROWS["target", "vouchers"]}
    assert "[[batches]]" in FILES["migration.toml"]
