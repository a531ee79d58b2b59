"""Each operator changes a value in the way that it says, does nothing where it cannot, and what it does is a difference to plain Python."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from dq.canaries.operators import OPERATORS, Value, operators_of, role_of
from dq.canaries.plain import differs
from dq.canaries.planting import WHOLE, draw
from dq.canaries.values import fresh, number
from dq.contract.columns import read_columns
from dq.contract.models import Column, Entity

TYPES = (
    "BOOLEAN",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "DECIMAL(18,2)",
    "DECIMAL(38,0)",
    "VARCHAR",
    "DATE",
    "INSTANT",
    "ENUM",
    "CURRENCY",
    "JSON",
    "UUID",
    "BLOB",
)
EXAMPLES: dict[str, tuple[Value, Value]] = {  # two values of a role
    "text": ("Zoë 👍", None),
    "code": ("paid", "sent"),
    "number": ("12", None),
    "instant": ("2024-10-20 17:00:00.123456+00", None),
    "day": ("2024-10-20", None),
    "truth": ("true", None),
    "id": ("7", "8"),
    "json": ('{"a": 1}', None),
    "uuid": ("00000000-0000-4000-8000-00000000d00d", None),
    "blob": ("ab", None),
}


def column(type_: str, **further: object) -> Column:
    found = read_columns({"k": "INTEGER", "c": {"type": type_, **further}}, key=("k",), file="things.toml")
    return found[1]


def corrupted(words: str, role: Column, value: Value, *others: Value) -> Value:
    """Return what an operator makes of the first value."""
    (operator,) = (one for one in OPERATORS if one.words == words)
    return operator.change(role, [value, *others], 0).get(0, value)


CASES: tuple[tuple[str, str, Value, Value], ...] = (
    ("a value lost", "VARCHAR", "x", None),
    ("a value lost", "VARCHAR", "", ""),
    ("NULL made empty text", "VARCHAR", None, ""),
    ("NULL made empty text", "VARCHAR", "x", "x"),
    ("empty text made NULL", "VARCHAR", "", None),
    ("upper and lower case exchanged", "VARCHAR", "Siti", "sITI"),
    ("upper and lower case exchanged", "VARCHAR", "12", "12"),
    ("a space at the end", "VARCHAR", "x", "x "),
    ("a no-break space at the end", "VARCHAR", "x", "x\u00a0"),
    ("an invisible character at the beginning", "VARCHAR", "x", "\u200bx"),
    ("accents written as characters of their own", "VARCHAR", "\u00e9", "e\u0301"),
    ("accents written as characters of their own", "VARCHAR", "e", "e"),
    ("the last character cut off", "VARCHAR", "abc", "ab"),
    ("the last character cut off", "VARCHAR", "", ""),
    ("one character replaced", "VARCHAR", "abc", "a~c"),
    ("one character replaced", "VARCHAR", "~", "#"),
    ("the last character replaced", "VARCHAR", "abc", "ab~"),
    ("an emoji lost", "VARCHAR", "ok 👍", "ok ?"),
    ("an emoji lost", "VARCHAR", "好", "好"),
    ("one unit more", "INTEGER", "9", "10"),
    ("one unit more", "INTEGER", "2147483647", "2147483647"),
    ("one unit more", "DECIMAL(18,2)", "-0.01", "0.00"),
    ("one unit less", "DECIMAL(18,2)", "0.00", "-0.01"),
    ("one unit less", "DECIMAL(38,0)", "-" + "9" * 38, "-" + "9" * 38),
    ("the sign flipped", "DECIMAL(18,2)", "12.30", "-12.30"),
    ("the sign flipped", "BIGINT", "0", "0"),
    ("a hundred times as much", "DECIMAL(18,2)", "1.05", "105.00"),
    ("a hundred times as much", "INTEGER", "2147483", "214748300"),
    ("a hundred times as much", "INTEGER", "21474837", "21474837"),
    ("a hundred times as much", "HUGEINT", "1" * 30, "1" * 30),
    ("2^32 more", "BIGINT", "-1", "4294967295"),
    ("2^32 more", "INTEGER", "1", "1"),
    ("NULL made 0", "DECIMAL(18,2)", None, "0.00"),
    ("NULL made 0", "BIGINT", "5", "5"),
    ("seven hours later", "INSTANT", "2024-12-31 17:00:00+00", "2025-01-01 00:00:00+00:00"),
    ("seven hours earlier", "INSTANT", "2024-12-31 17:00:00+00", "2024-12-31 10:00:00+00:00"),
    ("seven hours later", "INSTANT", "infinity", "infinity"),
    ("seven hours later", "INSTANT", "9999-12-31 23:00:00+00", "9999-12-31 23:00:00+00"),
    ("one day earlier", "INSTANT", "2024-03-01 00:00:00+00", "2024-02-29 00:00:00+00:00"),
    ("a microsecond later", "INSTANT", "2024-03-01 00:00:00+00", "2024-03-01 00:00:00.000001+00:00"),
    ("cut to milliseconds", "INSTANT", "2024-03-01 00:00:00.123456+00", "2024-03-01 00:00:00.123000+00:00"),
    ("cut to milliseconds", "INSTANT", "2024-03-01 00:00:00.123+00", "2024-03-01 00:00:00.123+00"),
    ("cut to seconds", "INSTANT", "2024-03-01 00:00:00.123+00", "2024-03-01 00:00:00+00:00"),
    ("NULL made a moment", "INSTANT", None, "1970-01-01 00:00:00+00:00"),
    ("the day before", "DATE", "2024-03-01", "2024-02-29"),
    ("the day before", "DATE", "0044-03-15 (BC)", "0044-03-15 (BC)"),
    ("NULL made a day", "DATE", None, "1970-01-01"),
    ("NULL made true", "BOOLEAN", None, "true"),
    ("true and false exchanged", "BOOLEAN", "true", "false"),
    ("another document", "JSON", '["a"]', '["b"]'),
    ("one digit replaced", "UUID", "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000000"),
    ("a zero byte at the end", "BLOB", "a", "a\\x00"),
)


@pytest.mark.parametrize(("words", "type_", "before", "after"), CASES)
def test_an_operator_does_what_it_says(words: str, type_: str, before: Value, after: Value) -> None:
    assert corrupted(words, column(type_), before) == after
    assert differs(column(type_), before, after) == (before != after)


def test_every_operator_of_a_single_value_has_a_case() -> None:
    of_several = {"another known word", "two rows' ids exchanged", "another row's id"}
    assert {operator.words for operator in OPERATORS} - of_several == {words for words, *_ in CASES}


def test_ids_are_exchanged_with_the_next_row_that_has_another() -> None:
    (swap,) = (one for one in OPERATORS if one.words == "two rows' ids exchanged")
    ids = column("BIGINT", through="accounts")
    assert swap.change(ids, ["1", "1", None, "2"], 0) == {0: "2", 3: "1"}
    assert swap.change(ids, ["1", "1"], 0) == {}
    assert swap.change(ids, [None, "1"], 0) == {}


def test_another_rows_id_is_another() -> None:
    ids = column("BIGINT", through="accounts")
    assert corrupted("another row's id", ids, "1", "1", "2") == "2"
    assert corrupted("another row's id", ids, None, "2") == "2"
    assert corrupted("another row's id", ids, "1", "1") == "1"


def test_a_code_becomes_a_word_of_the_list_or_of_another_row() -> None:
    listed = column("ENUM", target={"1": "paid", "2": "sent"})
    assert corrupted("another known word", listed, "paid") == "sent"
    assert corrupted("another known word", column("CURRENCY"), "IDR", "EUR") == "EUR"
    assert corrupted("another known word", column("CURRENCY"), "IDR", "IDR") == "IDR"


def test_a_unit_is_more_than_the_tolerance() -> None:
    loose = column("DECIMAL(18,2)", tolerance="0.05", reason="rounded")
    assert loose.tolerance == Decimal("0.05")
    assert corrupted("one unit more", loose, "1.00") == "1.06"
    assert differs(loose, "1.00", "1.06")
    assert not differs(loose, "1.00", "1.05")


@pytest.mark.parametrize("type_", TYPES)
def test_every_type_has_operators_for_a_value_and_for_null(type_: str) -> None:
    it = column(type_)
    example = "12.00" if type_ == "DECIMAL(18,2)" else EXAMPLES[role_of(it)][0]
    for value in (example, None):
        assert any(differs(it, value, one.change(it, [value, EXAMPLES[role_of(it)][0]], 0).get(0, value)) for one in operators_of(role_of(it)))


@pytest.mark.parametrize("type_", TYPES)
def test_a_key_that_no_row_has_is_found(type_: str) -> None:
    it = column(type_)
    value = "12.00" if type_ == "DECIMAL(18,2)" else str(EXAMPLES[role_of(it)][0])
    assert fresh(it, value, used={value}) not in (value, None)


def test_a_key_that_cannot_be_another_is_none() -> None:
    assert fresh(column("BOOLEAN"), "true", used={"true", "false"}) is None
    assert number(column("INTEGER"), 2**31) is None


RULES = (
    ("casefold", "Siti", "sITI"),
    ("trim", "x", "x\u00a0"),
    ("trim", "x", "\u200bx "),
    ("nfc", "\u00e9", "e\u0301"),
    ("crlf", "a\nb", "a\r\nb"),
)


@pytest.mark.parametrize(("rule", "one", "other"), RULES)
def test_what_a_declared_rule_forgives_is_no_difference(rule: str, one: Value, other: Value) -> None:
    assert differs(column("VARCHAR"), one, other)
    assert not differs(column("VARCHAR", equal_after=[rule], reason="so declared"), one, other)


def test_a_separator_of_files_is_no_blank() -> None:
    trimmed = column("VARCHAR", equal_after=["trim"], reason="so declared")
    assert differs(trimmed, "x", "x\x1c")


BEYOND = "1e9999999999999999999"  # no Decimal has that exponent
JSON = (
    ('{"a": 1, "b": 2}', '{"b":2,"a":1.0}', False),
    ("[1]", "[true]", True),
    ("[]", "{}", True),
    ('{"a": 1, "a": 1}', '{"a": 1}', True),
    (f'{{"a": {BEYOND}, "b": 2}}', f'{{"b":2,"a":{BEYOND}}}', False),
    (f"[{BEYOND}]", f"[2{BEYOND}]", True),
    (f"[{BEYOND}]", f'["{BEYOND}"]', True),
    (f"[{BEYOND}]", "[1]", True),
)


@pytest.mark.parametrize(("one", "other", "different"), JSON)
def test_documents_differ_by_meaning(one: str, other: str, *, different: bool) -> None:
    assert differs(column("JSON"), one, other) == different


# What is drawn.


def entity() -> Entity:
    specs = {
        "code": "VARCHAR",
        "owner_id": {"type": "BIGINT", "through": "accounts"},
        "status": {"type": "ENUM", "target": {"1": "paid", "2": "sent"}},
        "kind": "VARCHAR",
        "title": "VARCHAR",
        "points": "BIGINT",
        "day": "DATE",
        "at": "INSTANT",
        "open": "BOOLEAN",
        "data": "JSON",
        "number": "UUID",
        "bytes": "BLOB",
    }
    return Entity(name="things", promise="Things move.", key=("code",), columns=read_columns(specs, key=("code",), file="things.toml"))


def rows(count: int) -> list[tuple[Value, ...]]:
    plain = {"owner_id": "number", "status": "code"}
    roles = [plain.get(one.name, role_of(one)) for one in entity().columns]
    found = []
    for place in range(count):
        values = [EXAMPLES[role][1 if place % 3 == 2 and role != "number" else 0] for role in roles]
        values[0], values[1], values[5] = f"C{place:04d}", str(place % 5), str(place) if place % 4 else None
        values[4] = ("", None, "Zoë 👍")[place % 3]
        found.append(tuple(values))
    return found


def test_over_some_seeds_every_operator_is_planted() -> None:
    planted: Counter[str] = Counter()
    for seed in range(60):
        for one in draw(entity(), rows(64), seed=str(seed)):
            planted.update(one.operators)
    assert set(planted) == {operator.words for operator in OPERATORS} | set(WHOLE)


def test_every_run_plants_in_every_column_and_in_whole_rows() -> None:
    for seed in range(20):
        (one,) = draw(entity(), rows(64), seed=str(seed))
        assert set(WHOLE[:6]) <= set(one.operators)
        changed = {column for place, row in one.rows.items() for column, value in enumerate(row) if value != one.source[place][column]}
        assert set(range(1, len(entity().columns))) <= changed


def test_the_same_seed_draws_the_same() -> None:
    drawn = [[(one.operators, one.rows, one.added) for one in draw(entity(), rows(64), seed="3f2a")] for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != [(one.operators, one.rows, one.added) for one in draw(entity(), rows(64), seed="3f2b")]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_few_rows_are_corrupted_one_way_after_the_other(count: int) -> None:
    values, whole = draw(entity(), rows(count), seed="3f2a")
    assert (values.last, whole.last) == (False, True)
    assert values.operators
    assert {"a row repeated", "a row too many", "two equal rows too many"} <= set(whole.operators)
