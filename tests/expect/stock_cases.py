"""The one place for what every stock expectation must answer on DuckDB: a small table, its claims, and a slow Python oracle."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from dq.expect.known import STOCK
from dq.sql import quote

TABLE = 'the "shop"'

# Five values a family, smallest first; two for a boolean.
VALUES: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "text": ("VARCHAR", ("A-1", "A-22", "b-333", "ca%t_é", "dog'\"s")),
    "json": ("JSON", ("[1]", "[2]", "[3]", '{"a":"x"}', '{"b":null}')),
    "integer": ("BIGINT", (-(2**53) - 1, 0, 7, 2**53, 2**53 + 1)),
    "small integer": ("INTEGER", (-5, 0, 2, 3, 40)),
    "decimal": ("DECIMAL(38,2)", tuple(Decimal(text) for text in ("-0.10", "0.10", "0.30", "9007199254740992.00", "9007199254740993.01"))),
    "boolean": ("BOOLEAN", (False, True)),
    "date": ("DATE", tuple(date.fromisoformat(text) for text in ("1900-02-28", "2024-02-29", "2024-10-20", "2024-10-21", "2199-01-01"))),
    "instant": (
        "TIMESTAMP WITH TIME ZONE",
        tuple(datetime(2024, 10, 20, 17, 0, second, micro, tzinfo=UTC) for second, micro in ((0, 0), (0, 1), (1, 0), (1, 999_999), (2, 0))),
    ),
    "timestamp": ("TIMESTAMP", tuple(datetime(2024, 10, 27, hour, 30) for hour in (0, 1, 2, 3, 23))),  # noqa: DTZ001 - wall clocks
    "uuid": ("UUID", tuple(f"{digit}f2b8c1e-0000-4000-8000-000000000000" for digit in "01239")),
}
# Every name needs quoting, or is one that somebody else would like to have.
NAMES = {
    "text": "order",
    "json": "select",
    "integer": "a b",
    "small integer": "_num_rows",
    "decimal": 'say "hi"',
    "boolean": "100%",
    "date": "día",
    "instant": "a:b",
    "timestamp": "a.b",
    "uuid": "it's",
}
ROLES = ("first", "copy", "bigger", "second", "own")


def column(family: str, role: str = "first") -> str:
    """Return a column's name."""
    return NAMES[family] if role == "first" else f"{NAMES[family]} {role}"


def rows_of(family: str, role: str) -> list[Any]:
    """Return a column's seven values.

    `copy` is `first` again, `bigger` is greater in every row, `second` meets `first` in the first row only, `own` repeats none.
    """
    values = VALUES[family][1]
    low, high = values[0], values[-1]
    one, two, three = (values[1], values[2], values[3]) if len(values) > 2 else (low, low, low)
    if role == "bigger":
        return [one, two, three, None, one, high, None] if len(values) > 2 else [high, high, high, None, high, high, None]
    if role == "second":
        return [low, low, three, one, one, None, None] if len(values) > 2 else [low, high, high, low, high, None, None]
    if role == "own":
        return [*values, *[None] * (7 - len(values))]
    return [low, one, two, None, low, three, None]


COLUMNS = {column(family, role): (family, rows_of(family, role)) for family in VALUES for role in ROLES}


def make(connection: Any, table: str = TABLE) -> None:
    """Create the table in an open DuckDB connection."""
    types = {name: VALUES[family][0] for name, (family, _rows) in COLUMNS.items()}
    connection.execute(f"CREATE TABLE {quote(table)} ({', '.join(f'{quote(name)} {type_}' for name, type_ in types.items())})")
    marks = ", ".join(f"?::{type_}" for type_ in types.values())
    for position in range(7):
        row = [rows[position] for _family, rows in COLUMNS.values()]
        connection.execute(f"INSERT INTO {quote(table)} VALUES ({marks})", [str(item) if isinstance(item, Decimal) else item for item in row])


@dataclass(frozen=True)
class Case:
    """One claim and the right answer: how many it looks at, and how many break it, or whether it holds as a whole."""

    type: str
    family: str
    arguments: Mapping[str, Any]
    looked_at: int
    broken: int
    holds: bool

    @property
    def name(self) -> str:
        """Say which."""
        return f"{self.type} on {self.family}: {dict(self.arguments)}"


def cases() -> Iterator[Case]:
    """Yield claims of every expectation that is not refused, on every family that it may be about."""
    for type_, stock in STOCK.items():
        if stock.refused:
            continue
        claims, truth = ASKED[type_]
        for family in stock.on if stock.counts != "table" else ("table",):
            for arguments in claims(family):
                yield _case(type_, family, arguments, truth)


def _case(type_: str, family: str, arguments: dict[str, Any], truth: Callable[..., Any]) -> Case:
    counts = STOCK[type_].counts
    given = {key: value for key, value in arguments.items() if key not in ("column", "column_A", "column_B", "column_list", "ignore_row_if")}
    if counts == "table":
        return Case(type_, family, arguments, 7, 0, truth(**arguments))
    if counts in ("values", "column", "rows"):
        rows = COLUMNS[arguments["column"]][1]
        rows = rows if counts == "rows" else [value for value in rows if value is not None]
        if counts == "column":
            return Case(type_, family, arguments, len(rows), 0, truth(rows, **given))
        broken = sum(not keeps for keeps in truth(rows, **given))
        return Case(type_, family, arguments, len(rows), broken, broken == 0)
    names = arguments.get("column_list") or [arguments["column_A"], arguments["column_B"]]
    ignored = arguments.get("ignore_row_if", "both_values_are_missing" if counts == "pairs" else "all_values_are_missing")
    records = [record for record in zip(*(COLUMNS[name][1] for name in names), strict=True) if not _ignored(record, ignored)]
    broken = sum(not keeps for keeps in truth(records, **given))
    return Case(type_, family, arguments, len(records), broken, broken == 0)


def _ignored(record: tuple[Any, ...], rule: str) -> bool:
    missing = [value is None for value in record]
    if rule in ("both_values_are_missing", "all_values_are_missing"):
        return all(missing)
    return any(missing) if rule in ("either_value_is_missing", "any_value_is_missing") else False


def _within(value: Any, min_value: Any = None, max_value: Any = None, *, strict_min: bool = False, strict_max: bool = False) -> bool:
    above = min_value is None or (value > min_value if strict_min else value >= min_value)
    return above and (max_value is None or (value < max_value if strict_max else value <= max_value))


def _each(keeps: Callable[..., bool]) -> Callable[..., list[bool]]:
    return lambda rows, **given: [keeps(row, **given) for row in rows]


def _unique(rows: list[Any]) -> list[bool]:
    counted = Counter(rows)
    return [counted[row] == 1 for row in rows]


def _like(value: str, pattern: str, escape: str | None) -> bool:
    out, chars = "", iter(pattern)
    for char in chars:
        out += re.escape(next(chars)) if char == escape else ".*" if char == "%" else "." if char == "_" else re.escape(char)
    return re.fullmatch(out, value, re.DOTALL) is not None


def _set_of(family: str, *places: int) -> list[Any]:
    values = VALUES[family][1]
    return [values[place] for place in places]


def _distinct(family: str) -> list[Any]:
    return sorted({value for value in rows_of(family, "first") if value is not None}, key=str)


def _bounds(family: str) -> list[dict[str, Any]]:
    """Bounds on the first column; on exact ones GX keeps 15 digits."""
    low, one, two, three, _high = VALUES[family][1]
    if family in ("integer", "decimal"):
        low, three = -(10**17), 10**17
    return [
        {"min_value": low, "max_value": three},
        {"min_value": low},
        {"max_value": one},
        {"max_value": one, "strict_max": True},
        {"min_value": one, "strict_min": True},
        {"min_value": two, "max_value": two},
    ]


def _on(claims: Callable[[str], list[dict[str, Any]]], *roles: str) -> Callable[[str], list[dict[str, Any]]]:
    return lambda family: [{"column": column(family, role), **claim} for role in roles for claim in claims(family)]


def _pairs(claims: Callable[[str], list[dict[str, Any]]]) -> Callable[[str], list[dict[str, Any]]]:
    rules = ({}, {"ignore_row_if": "either_value_is_missing"}, {"ignore_row_if": "neither"})
    both = (("first", "copy"), ("bigger", "first"), ("first", "second"))
    return lambda family: [
        {"column_A": column(family, a), "column_B": column(family, b), **claim, **rule} for a, b in both for claim in claims(family) for rule in rules
    ]


def _records(family: str) -> list[dict[str, Any]]:
    rules = ({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"})
    lists = (("first", "copy"), ("first", "own"), ("bigger", "first"), ("first", "copy", "second"), ("first", "bigger", "own"))
    return [{"column_list": [column(family, role) for role in roles], **rule} for roles in lists for rule in rules]


def _sums(family: str) -> list[dict[str, Any]]:
    pair = [column(family), column(family, "copy")]
    total = 2 * rows_of(family, "first")[1]
    return [{"column_list": pair, "sum_total": total, **rule} for rule in ({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"})] + [
        {"column_list": pair, "sum_total": total + 1}
    ]


def _nothing(_family: str) -> list[dict[str, Any]]:
    return [{}]


def _column_bounds(family: str) -> list[dict[str, Any]]:
    if family == "integer":  # 2**53 and more, where GX keeps 15 digits of a bound
        return [{"min_value": 9 * 10**15}, {"max_value": 9 * 10**15}, {"max_value": -9 * 10**15}, {"min_value": -9 * 10**15}]
    low, one, _two, three, _high = VALUES[family][1]
    return [{"min_value": value, "max_value": value} for value in (low, three)] + [{"min_value": one}, {"max_value": one}]


def _numbers(*bounds: tuple[Any, Any]) -> Callable[[str], list[dict[str, Any]]]:
    return lambda _family: [{"min_value": low, "max_value": high} for low, high in bounds]


def _quantile(rows: list[int], quantile_ranges: Mapping[str, Any]) -> bool:
    ordered = sorted(rows)
    found = [ordered[max(0, -int(-quantile * len(ordered) // 1) - 1)] for quantile in quantile_ranges["quantiles"]]
    return all(
        (low is None or value >= low) and (high is None or value <= high) for value, (low, high) in zip(found, quantile_ranges["value_ranges"], strict=True)
    )


def _most_common(rows: list[Any], value_set: list[Any], *, ties_okay: bool = False) -> bool:
    counted = Counter(rows)
    modes = {value for value, count in counted.items() if count == max(counted.values())}
    return bool(modes & set(value_set)) if ties_okay else modes <= set(value_set)


ALL_COLUMNS = list(COLUMNS)
_SET_CLAIMS = _on(lambda family: [{"value_set": _distinct(family)}, {"value_set": _set_of(family, 0)}, {"value_set": _set_of(family, -1)}], "first", "own")
_LIKES = _on(lambda _f: [{"like_pattern": "%"}, {"like_pattern": "A-%"}, {"like_pattern": "%!%t!_%", "escape": "!"}, {"like_pattern": "zzz"}], "first")
_LIKE_LISTS = _on(
    lambda _f: [
        {"like_pattern_list": ["%"]},
        {"like_pattern_list": ["A-%", "b%"]},
        {"like_pattern_list": ["zz", "%!%%"], "escape": "!"},
        {"like_pattern_list": ["zz", "yy"]},
    ],
    "first",
)
_REGEXES = _on(lambda _f: [{"regex": "."}, {"regex": "^A-[0-9]+$"}, {"regex": r"%t_é$"}, {"regex": "^A:b$"}], "first")
_REGEX_LISTS = _on(lambda _f: [{"regex_list": ["."]}, {"regex_list": ["^A", "3$"]}, {"regex_list": ["zz", "yy"]}], "first")


def _both_ways(claims: Callable[[str], list[dict[str, Any]]]) -> Callable[[str], list[dict[str, Any]]]:
    return lambda family: [{**claim, **how} for claim in claims(family) for how in ({}, {"match_on": "all"}, {"match_on": "any"})]


def _joined(match_on: str) -> Callable[[Iterator[bool]], bool]:
    return all if match_on == "all" else any


Asked = tuple[Callable[[str], list[dict[str, Any]]], Callable[..., Any]]

ASKED: dict[str, Asked] = {
    "expect_column_value_lengths_to_be_between": (
        _on(lambda _f: [{"min_value": 3, "max_value": 6}, {"max_value": 4}, {"min_value": 4, "strict_min": True}], "first"),
        _each(lambda value, **given: _within(len(value), **given)),
    ),
    "expect_column_value_lengths_to_equal": (
        lambda _f: [{"column": column("text"), "value": 3}, {"column": column("uuid"), "value": 36}][:1] + [{"column": "order copy", "value": 9}],
        _each(lambda text, value: len(text) == value),
    ),
    "expect_column_values_to_be_between": (_on(_bounds, "first"), _each(_within)),
    "expect_column_values_to_be_in_set": (_SET_CLAIMS, _each(lambda value, value_set: value in value_set)),
    "expect_column_values_to_not_be_in_set": (_SET_CLAIMS, _each(lambda value, value_set: value not in value_set)),
    "expect_column_values_to_be_unique": (_on(_nothing, "first", "own"), _unique),
    "expect_column_values_to_match_like_pattern": (_LIKES, _each(lambda v, like_pattern, escape=None: _like(v, like_pattern, escape))),
    "expect_column_values_to_not_match_like_pattern": (_LIKES, _each(lambda v, like_pattern, escape=None: not _like(v, like_pattern, escape))),
    "expect_column_values_to_match_like_pattern_list": (
        _both_ways(_LIKE_LISTS),
        _each(lambda v, like_pattern_list, match_on="any", escape=None: _joined(match_on)(_like(v, item, escape) for item in like_pattern_list)),
    ),
    "expect_column_values_to_not_match_like_pattern_list": (
        _LIKE_LISTS,
        _each(lambda v, like_pattern_list, escape=None: not any(_like(v, item, escape) for item in like_pattern_list)),
    ),
    "expect_column_values_to_match_regex": (_REGEXES, _each(lambda v, regex: re.search(regex, v) is not None)),
    "expect_column_values_to_not_match_regex": (_REGEXES, _each(lambda v, regex: re.search(regex, v) is None)),
    "expect_column_values_to_match_regex_list": (
        _both_ways(_REGEX_LISTS),
        _each(lambda v, regex_list, match_on="any": _joined(match_on)(re.search(item, v) is not None for item in regex_list)),
    ),
    "expect_column_values_to_not_match_regex_list": (_REGEX_LISTS, _each(lambda v, regex_list: all(re.search(item, v) is None for item in regex_list))),
    "expect_column_values_to_be_null": (_on(_nothing, "first"), _each(lambda value: value is None)),
    "expect_column_values_to_not_be_null": (_on(_nothing, "first"), _each(lambda value: value is not None)),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        _pairs(lambda _f: [{}, {"or_equal": True}, {"or_equal": False}]),
        _each(
            lambda pair, *, or_equal=False: (or_equal and pair[0] == pair[1])
            or (None not in pair and (pair[0] >= pair[1] if or_equal else pair[0] > pair[1]))
        ),
    ),
    "expect_column_pair_values_to_be_equal": (_pairs(_nothing), _each(lambda pair: None not in pair and pair[0] == pair[1])),
    "expect_column_pair_values_to_be_in_set": (
        _pairs(
            lambda family: [
                {"value_pairs_set": [[one, other] for one in VALUES[family][1] for other in VALUES[family][1]]},
                {"value_pairs_set": [_set_of(family, 0, 0)]},
            ]
        ),
        _each(lambda pair, value_pairs_set: list(pair) in value_pairs_set),
    ),
    "expect_compound_columns_to_be_unique": (_records, _unique),
    "expect_multicolumn_sum_to_equal": (_sums, _each(lambda record, sum_total: None not in record and sum(record) == sum_total)),
    "expect_multicolumn_values_to_be_equal": (_records, _each(lambda record: len(set(record)) == 1)),
    "expect_select_column_values_to_be_unique_within_record": (_records, _each(lambda record: len(set(record)) == len(record))),
    "expect_column_distinct_values_to_be_in_set": (_SET_CLAIMS, lambda rows, value_set: set(rows) <= set(value_set)),
    "expect_column_distinct_values_to_contain_set": (_SET_CLAIMS, lambda rows, value_set: set(rows) >= set(value_set)),
    "expect_column_distinct_values_to_equal_set": (_SET_CLAIMS, lambda rows, value_set: set(rows) == set(value_set)),
    "expect_column_most_common_value_to_be_in_set": (
        _on(lambda f: [{"value_set": _set_of(f, 0), **ties} for ties in ({}, {"ties_okay": True})] + [{"value_set": _set_of(f, -1)}], "first", "own"),
        _most_common,
    ),
    "expect_column_unique_value_count_to_be_between": (
        _on(_numbers((1, 4), (4, 4), (5, None), (None, 3)), "first"),
        lambda rows, **given: _within(len(set(rows)), **given),
    ),
    "expect_column_max_to_be_between": (_on(_column_bounds, "first"), lambda rows, **given: _within(max(rows), **given)),
    "expect_column_min_to_be_between": (_on(_column_bounds, "first"), lambda rows, **given: _within(min(rows), **given)),
    "expect_column_sum_to_be_between": (
        _on(_numbers((-(10**17), 0), (0, None), (-(10**15), None)), "first"),
        lambda rows, **given: _within(sum(rows), **given),
    ),
    "expect_column_mean_to_be_between": (_on(_numbers((-1, -1), (-2, 0), (0, 1)), "first"), lambda rows, **given: _within(Decimal(sum(rows)) / 5, **given)),
    "expect_column_median_to_be_between": (_on(_numbers((0, 0), (-1, 1), (1, 2)), "first"), lambda rows, **given: _within(statistics.median(rows), **given)),
    "expect_column_quantile_values_to_be_between": (
        _on(
            lambda _f: [
                {"quantile_ranges": {"quantiles": [0.2, 0.5, 1.0], "value_ranges": ranges}}
                for ranges in ([[-5, -5], [0, 0], [3, 3]], [[None, 0], [0, None], [2, 4]], [[-5, -5], [1, 2], [3, 3]])
            ],
            "first",
        ),
        _quantile,
    ),
    "expect_column_to_exist": (
        lambda _f: [{"column": name} for name in (column("text"), column("decimal"), "order copy")]
        + [{"column": column("text"), "column_index": place} for place in (0, 1)],
        lambda column, column_index=None: column in ALL_COLUMNS and column_index in (None, ALL_COLUMNS.index(column)),
    ),
    "expect_column_type_to_be": (
        lambda _f: [{"column": column(family), "type_": type_} for family, (type_, _values) in VALUES.items()]
        + [{"column": column("decimal"), "type_": type_} for type_ in ("DECIMAL(18,2)", "BIGINT", "DOUBLE")],
        lambda column, type_: VALUES[COLUMNS[column][0]][0] == type_,
    ),
    "expect_column_values_to_be_of_type": (
        lambda _f: [{"column": column(family), "type_": type_} for family, (type_, _values) in VALUES.items()]
        + [{"column": column("integer"), "type_": type_} for type_ in ("INTEGER", "HUGEINT", "VARCHAR")],
        lambda column, type_: VALUES[COLUMNS[column][0]][0] == type_,
    ),
    "expect_column_values_to_be_in_type_list": (
        lambda _f: [{"column": column(family), "type_list": list_} for family in VALUES for list_ in (["DATE", VALUES[family][0]], ["TIMESTAMP_NS", "BLOB"])],
        lambda column, type_list: VALUES[COLUMNS[column][0]][0] in type_list,
    ),
    "expect_table_column_count_to_be_between": (
        lambda _f: [{"min_value": 50, "max_value": 50}, {"max_value": 49}, {"min_value": 51}],
        lambda **given: _within(50, **given),
    ),
    "expect_table_column_count_to_equal": (lambda _f: [{"value": 50}, {"value": 49}], lambda value: value == 50),
    "expect_table_columns_to_match_ordered_list": (
        lambda _f: [{"column_list": ALL_COLUMNS}, {"column_list": ALL_COLUMNS[::-1]}, {"column_list": ALL_COLUMNS[:-1]}],
        lambda column_list: column_list == ALL_COLUMNS,
    ),
    "expect_table_columns_to_match_set": (
        lambda _f: [
            {"column_set": ALL_COLUMNS[::-1]},
            {"column_set": ALL_COLUMNS[1:]},
            {"column_set": ALL_COLUMNS[1:], "exact_match": False},
            {"column_set": ["nobody"], "exact_match": False},
        ],
        lambda column_set, exact_match=True: set(column_set) == set(ALL_COLUMNS) if exact_match else set(column_set) <= set(ALL_COLUMNS),  # noqa: FBT002
    ),
    "expect_table_row_count_to_be_between": (
        lambda _f: [{"min_value": 7, "max_value": 7}, {"min_value": 7, "strict_min": True}, {"max_value": 6}, {"max_value": 8, "strict_max": True}],
        lambda **given: _within(7, **given),
    ),
    "expect_table_row_count_to_equal": (lambda _f: [{"value": 7}, {"value": 0}], lambda value: value == 7),
}
