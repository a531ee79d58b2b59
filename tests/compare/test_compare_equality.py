"""When two values are the same: exactly, null-safe; JSON by meaning; or after a rule that the contract declares, and then counted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sides_compared import Compared, compare, engine_alone, make_entity

from dq.compare.equality import differs, json_same
from dq.engine import Engine

WHY = "declared for the test"
DEEP = "[" * 5_000 + "]" * 5_000

MEANS = (
    ('{"a":1,"b":2}', '{"b":2,"a":1}', True),
    ('{"a":{"x":1,"y":[2,3]}}', ' { "a" : {"y":[2,3], "x":1} } ', True),
    ('{"a":1}', '{"a":1.0}', True),
    ('{"a":100}', '{"a":1e2}', True),
    ('{"a":0.1}', '{"a":0.10}', True),
    ('{"a":-0}', '{"a":0}', True),
    ('"\\u00e9"', '"é"', True),
    ("[]", "[ ]", True),
    ('{"a":0.1}', '{"a":0.1000000000000000055511151231257827}', False),
    ('{"a":9007199254740993}', '{"a":9007199254740992}', False),
    ('{"a":9007199254740993}', '{"a":9007199254740993.0}', True),
    ('{"a":1e400}', '{"a":1e401}', False),
    ('{"a":123456789012345678901234567890.12}', '{"a":123456789012345678901234567890.13}', False),
    ('{"a":1e999999999999999999}', '{"a":10e999999999999999998}', True),
    ('{"a":1e9999999999999999999,"b":2}', '{"b":2,"a":1e9999999999999999999}', True),  # no Decimal has that exponent
    ("[1e-9999999999999999999,0e9999999999999999999]", "[1e-9999999999999999999, 0e9999999999999999999]", True),
    ('{"a":1e9999999999999999999}', '{"a":2e9999999999999999999}', False),
    ('{"a":1e9999999999999999999}', '{"a":1e-9999999999999999999}', False),
    ('{"a":1e9999999999999999999}', '{"a":"1e9999999999999999999"}', False),
    ('{"a":1e9999999999999999999}', '{"a":1}', False),
    ('{"a":true}', '{"a":1}', False),
    ('{"a":false}', '{"a":0}', False),
    ('{"a":"1"}', '{"a":1}', False),
    ('{"a":null}', "{}", False),
    ('{"a":null}', '{"a":""}', False),
    ("null", '""', False),
    ("[1,2]", "[2,1]", False),
    ("[1]", "[1,1]", False),
    ("[[]]", "[{}]", False),
    ('"e\\u0301"', '"é"', False),
    ('"A"', '"a"', False),
    ('{"a":1,"a":2}', '{"a":2}', False),
    ('{"a":1,"a":1}', '{"a":1}', False),
    ('[{"b":{"a":1,"a":1}}]', '[{"b":{"a":1, "a":1}}]', False),
    ('{"a":NaN}', '{"a": NaN}', False),
    ("Infinity", "Infinity ", False),
    ("{", "{ ", False),
    ("", " ", False),
    (DEEP, DEEP + " ", False),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engine_alone() as opened:
        yield opened


@pytest.mark.parametrize(("source", "target", "same"), MEANS, ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_json_is_equal_by_meaning_with_exact_numbers(source: str, target: str, same: object) -> None:
    assert same is json_same(source, target)
    assert same is json_same(target, source)


def test_rows_whose_hashes_differ_although_no_value_does_are_not_excused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    entity = make_entity({"k": "INTEGER", "a": "VARCHAR", "b": {"type": "DECIMAL(9,2)", "tolerance": "0.01", "reason": "rounded"}}, key="k")
    source, target = [(1, "ab", "1.00"), (2, "x", "1.00")], [(1, "AB", "1.00"), (2, "x", "1.01")]
    monkeypatch.setattr("dq.compare.localise.differs", lambda column: differs(column) if column.name == "b" else "false")
    found = compare(engine, entity, source, target)
    assert (found.statuses, found.equal_after, found.agrees) == ({}, {"b: tolerance": 1}, False)


@pytest.mark.parametrize(("source", "target"), [(None, "null"), ("null", None), (None, None)])
def test_of_null_nothing_is_said_about_meaning(source: str | None, target: str | None) -> None:
    assert json_same(source, target) is None


def test_json_of_another_text_and_the_same_meaning_is_counted_and_not_broken(engine: Engine) -> None:
    entity = make_entity({"k": "INTEGER", "a": "JSON"}, key="k")
    source = [(1, '{"a":1,"b":2}'), (2, '{"a":1}'), (3, None), (4, '{"a":1}')]
    target = [(1, '{"b":2,"a":1}'), (2, '{"a":2}'), (3, "null"), (4, '{"a":1}')]
    found = compare(engine, entity, source, target)
    assert {(("2",), "changed"): frozenset({"a"}), (("3",), "changed"): frozenset({"a"})} == found.statuses
    assert found.equal_after == {"a: json": 1}
    assert found.agrees


RULES: tuple[tuple[list[str], str, str, str | None], ...] = (
    ([], "a", "a ", None),
    (["nfc"], "e\u0301", "é", "nfc"),
    (["nfc"], "é", "É", None),
    (["nfc"], "ﬁ", "fi", None),  # compatibility is no canonical equivalence
    (["trim"], " a", "a ", "trim"),
    (["trim"], "a\u00a0", "a", "trim"),
    (["trim"], "\u200ba\ufeff", "a", "trim"),
    (["trim"], "a b", "ab", None),
    (["trim"], " ", "", "trim"),
    (["casefold"], "Anna", "ANNA", "casefold"),
    (["casefold"], "É", "é", "casefold"),
    (["casefold"], "a ", "A", None),
    (["crlf"], "a\r\nb", "a\nb", "crlf"),
    (["crlf"], "a\rb", "a\nb", None),
    (["crlf"], "a\r\n\r\nb", "a\n\nb", "crlf"),
    (["nfc", "casefold"], "E\u0301", "é", "casefold"),
    (["nfc", "casefold"], "e\u0301", "é", "nfc"),
    (["trim", "casefold", "crlf"], " A\r\nB", "a\nb", "crlf"),
    (["casefold"], "e\u0301", "é", None),
)


@pytest.mark.parametrize(("rules", "source", "target", "after"), RULES)
def test_a_text_counts_as_equal_only_after_a_declared_rule_each_on_top_of_those_before(
    rules: list[str], source: str, target: str, after: str | None, engine: Engine
) -> None:
    entity = make_entity({"k": "INTEGER", "a": {"type": "VARCHAR", "equal_after": rules, "reason": WHY}, "b": "VARCHAR"}, key="k")
    found = compare(engine, entity, [(1, source, source)], [(1, target, target)])
    columns = {"b"} if after else {"a", "b"}  # a rule is its column's alone
    assert {(("1",), "changed"): frozenset(columns)} == found.statuses
    assert ({f"a: {after}": 1} if after else {}) == found.equal_after
    assert found.agrees


@pytest.mark.parametrize(("source", "target"), [(None, ""), ("", None), (None, " ")])
def test_no_rule_makes_null_a_text(source: str | None, target: str | None, engine: Engine) -> None:
    entity = make_entity({"k": "INTEGER", "a": {"type": "VARCHAR", "equal_after": ["nfc", "trim", "casefold", "crlf"], "reason": WHY}}, key="k")
    assert {(("1",), "changed"): frozenset({"a"})} == compare(engine, entity, [(1, source)], [(1, target)]).statuses


TOLERATED = (
    ("DECIMAL(18,2)", "0.01", "1.00", "1.01", True),
    ("DECIMAL(18,2)", "0.01", "1.01", "1.00", True),
    ("DECIMAL(18,2)", "0.01", "1.00", "1.02", False),
    ("DECIMAL(18,2)", "0.015", "1.00", "1.01", True),
    ("DECIMAL(18,2)", "0.005", "1.00", "1.01", False),
    ("DECIMAL(18,2)", "1E-2", "1.00", "1.01", True),
    ("DECIMAL(18,2)", "1", "-0.50", "0.50", True),
    ("DECIMAL(18,2)", "1", "-0.50", "0.51", False),
    ("DECIMAL(18,0)", "0.5", "1", "2", False),
    ("DECIMAL(38,2)", "0.01", "999999999999999999999999999999999999.98", "999999999999999999999999999999999999.99", True),
    ("DECIMAL(38,2)", "0.01", "-999999999999999999999999999999999999.99", "999999999999999999999999999999999999.99", False),
    ("DECIMAL(18,2)", "0.01", None, "0.00", False),
)


@pytest.mark.parametrize(("kind", "tolerance", "source", "target", "tolerated"), TOLERATED)
def test_a_difference_up_to_the_tolerance_is_counted_and_not_broken(
    kind: str, tolerance: str, source: str | None, target: str | None, engine: Engine, *, tolerated: bool
) -> None:
    entity = make_entity({"k": "INTEGER", "a": {"type": kind, "tolerance": tolerance, "reason": WHY}}, key="k")
    sides: list[Any] = [None if value is None else Decimal(value) for value in (source, target)]
    found = compare(engine, entity, [(1, sides[0])], [(1, sides[1])])
    assert (not tolerated) == bool(found.statuses)
    assert ({"a: tolerance": 1} if tolerated else {}) == found.equal_after
    assert found.agrees


def test_an_id_that_the_crosswalk_does_not_map_is_told_there_and_not_again(engine: Engine) -> None:
    entity = make_entity({"k": "INTEGER", "a": {"type": "BIGINT", "through": "people"}, "b": {"type": "BIGINT", "through": "orders"}}, key="k")
    source = [(1, None, 7), (2, None, None), (3, 5, None)]
    target = [(1, 5, 7), (2, 5, 7), (3, 6, 7)]
    found: Compared = compare(engine, entity, source, target, unmapped=[0b01, 0b11, 0b10])
    assert {(("3",), "changed"): frozenset({"a"})} == found.statuses
    assert found.agrees
