"""The one place for what every stock expectation must answer on the small table: claims, and a slow Python oracle."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from stock_table import COLUMNS, ROWS, VALUES, column, rows_of, type_of

from dq.expect.known import STOCK

Arguments = dict[str, Any]
Claims = Callable[[str], list[Arguments]]  # of a family
_NAMED = ("column", "column_A", "column_B", "column_list", "ignore_row_if")


@dataclass(frozen=True)
class Case:
    """One claim and the right answer: how many it looks at, how many of them break it, and whether it holds."""

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
        if not stock.refused:
            claims, truth = ASKED[type_]
            for family in stock.on if stock.counts != "table" else ("table",):
                yield from (_case(type_, family, arguments, truth) for arguments in claims(family))


def _case(type_: str, family: str, arguments: Arguments, truth: Callable[..., Any]) -> Case:
    counts = STOCK[type_].counts
    if counts == "table":
        return Case(type_, family, arguments, ROWS, 0, truth(**arguments))
    given = {key: value for key, value in arguments.items() if key not in _NAMED}
    rows = _population(counts, arguments)
    if counts == "column":
        return Case(type_, family, arguments, len(rows), 0, truth(rows, **given))
    broken = sum(not keeps for keeps in truth(rows, **given))
    return Case(type_, family, arguments, len(rows), broken, broken == 0)


def _population(counts: str, arguments: Arguments) -> list[Any]:
    if counts in ("values", "column", "rows"):
        return [value for value in COLUMNS[arguments["column"]][1] if counts == "rows" or value is not None]
    names = arguments.get("column_list") or [arguments["column_A"], arguments["column_B"]]
    ignored = arguments.get("ignore_row_if", "both_values_are_missing" if counts == "pairs" else "all_values_are_missing")
    count_missing = {"both_values_are_missing": all, "all_values_are_missing": all, "either_value_is_missing": any, "any_value_is_missing": any}.get(ignored)
    records = zip(*(COLUMNS[name][1] for name in names), strict=True)
    return [record for record in records if count_missing is None or not count_missing(value is None for value in record)]


# ---- truths -------------------------------------------------------------------------------------------------------


def each(keeps: Callable[..., bool]) -> Callable[..., list[bool]]:
    """Judge row by row."""
    return lambda rows, **given: [keeps(row, **given) for row in rows]


def within(value: Any, min_value: Any = None, max_value: Any = None, *, strict_min: bool = False, strict_max: bool = False) -> bool:
    """Say whether a value lies within bounds."""
    above = min_value is None or (value > min_value if strict_min else value >= min_value)
    return above and (max_value is None or (value < max_value if strict_max else value <= max_value))


def unique(rows: list[Any]) -> list[bool]:
    """Say of each row whether no other is the same; NULL equals NULL in a record."""
    counted = Counter(rows)
    return [counted[row] == 1 for row in rows]


def like(value: str, pattern: str, escape: str | None) -> bool:
    """Say whether LIKE holds."""
    out, chars = "", iter(pattern)
    for char in chars:
        out += re.escape(next(chars)) if char == escape else ".*" if char == "%" else "." if char == "_" else re.escape(char)
    return re.fullmatch(out, value, re.DOTALL) is not None


def joined(match_on: str, found: Iterable[bool]) -> bool:
    """Join by `match_on`."""
    return all(found) if match_on == "all" else any(found)


def greater(pair: tuple[Any, Any], *, or_equal: bool = False) -> bool:
    """Say whether A > B; two NULLs are equal, one is not greater than anything."""
    if None in pair:
        return or_equal and pair[0] is pair[1]
    return bool(pair[0] >= pair[1] if or_equal else pair[0] > pair[1])


def quantiles_lie(rows: list[int], quantile_ranges: Mapping[str, Any]) -> bool:
    """Judge discrete quantiles: the first value at or above the share."""
    ordered = sorted(rows)
    found = [ordered[max(0, -int(-quantile * len(ordered) // 1) - 1)] for quantile in quantile_ranges["quantiles"]]
    return all(within(value, low, high) for value, (low, high) in zip(found, quantile_ranges["value_ranges"], strict=True))


def most_common(rows: list[Any], value_set: list[Any], *, ties_okay: bool = False) -> bool:
    """Say whether the most common values are in a set; one of them, where ties are okay."""
    counted = Counter(rows)
    modes = {value for value, count in counted.items() if count == max(counted.values())}
    return bool(modes & set(value_set)) if ties_okay else modes <= set(value_set)


# ---- claims -------------------------------------------------------------------------------------------------------


def on(*roles: str, claims: Claims) -> Claims:
    """Make claims about columns of these roles."""
    return lambda family: [{"column": column(family, role), **claim} for role in roles for claim in claims(family)]


def plain(*claims: Arguments) -> Claims:
    """Make the same claims about every family."""
    return lambda _family: list(claims or ({},))


def pairs(claims: Claims) -> Claims:
    """Make claims about three pairs of columns, the last one by every rule about NULL."""
    roles = (("first", "copy"), ("bigger", "first"), ("first", "second"))
    rules = ({"ignore_row_if": "either_value_is_missing"}, {"ignore_row_if": "neither"})

    def made(family: str) -> list[Arguments]:
        named = [{"column_A": column(family, a), "column_B": column(family, b), **claim} for a, b in roles for claim in claims(family)]
        return named + [{**named[-1], **rule} for rule in rules]

    return made


def records(family: str) -> list[Arguments]:
    """Make claims about two and three columns, by every rule about NULL."""
    roles = (("first", "copy"), ("first", "own"), ("bigger", "first"), ("first", "copy", "second"))
    named = [{"column_list": [column(family, role) for role in list_]} for list_ in roles]
    return named + [{**claim, "ignore_row_if": rule} for claim in named[-1:] for rule in ("any_value_is_missing", "never")]


def sums(family: str) -> list[Arguments]:
    """Make claims about two columns that add up, and two that do not."""
    rest, copy = ([column(family), column(family, role)] for role in ("rest", "copy"))
    total = VALUES[family][1][2]
    rules = ("any_value_is_missing", "never")
    return [{"column_list": rest, "sum_total": total}, {"column_list": copy, "sum_total": total}] + [
        {"column_list": rest, "sum_total": total, "ignore_row_if": rule} for rule in rules
    ]


def sets(family: str) -> list[Arguments]:
    """Make claims about all values of the first column, one that it has, and one that it has not."""
    values = VALUES[family][1]
    there = list(dict.fromkeys(value for value in rows_of(family) if value is not None))
    return [{"value_set": there}, {"value_set": [values[0]]}, {"value_set": [values[-1]]}]


def pair_sets(family: str) -> list[Arguments]:
    """Make claims about all pairs that there are, and about one."""
    values = VALUES[family][1]
    return [{"value_pairs_set": [[one, other] for one in values for other in values]}, {"value_pairs_set": [[values[0], values[0]]]}]


def common_sets(family: str) -> list[Arguments]:
    """Make claims about the most common value, a tie, and another value."""
    values = VALUES[family][1]
    return [{"value_set": [values[0]]}, {"value_set": [values[0]], "ties_okay": True}, {"value_set": [values[-1]]}]


def bounds(family: str) -> list[Arguments]:
    """Make claims with bounds in and out, strict and not; a bound has at most 15 digits."""
    low, one, two, three, _high = VALUES[family][1]
    low, three = (-(10**17), 10**17) if family in ("integer", "decimal") else (low, three)
    return [
        {"min_value": low, "max_value": three},
        {"max_value": one},
        {"max_value": one, "strict_max": True},
        {"min_value": one, "strict_min": True},
        {"min_value": two, "max_value": two},
    ]


def ends(family: str) -> list[Arguments]:
    """Make claims about the smallest and largest value."""
    if family == "integer":  # -2**53 - 1 to 2**53
        return [{"min_value": 9 * 10**15}, {"max_value": 9 * 10**15}, {"max_value": -9 * 10**15}, {"min_value": -9 * 10**15}]
    low, one, _two, three, _high = VALUES[family][1]
    return [{"min_value": low, "max_value": low}, {"min_value": three, "max_value": three}, {"min_value": one}, {"max_value": one}]


def between(*limits: tuple[Any, Any]) -> Claims:
    """Make claims with these bounds."""
    return plain(*({"min_value": low, "max_value": high} for low, high in limits))


NAMES = list(COLUMNS)
COUNT = len(NAMES)
EVERY_TYPE = [{"column": column(family), "type_": type_} for family, (type_, _values) in VALUES.items()]
SETS = on("first", claims=sets)
LIKES = on("first", claims=plain({"like_pattern": "%"}, {"like_pattern": "A-%"}, {"like_pattern": "%!%t!_%", "escape": "!"}, {"like_pattern": "zzz"}))
LIKE_LISTS: tuple[Arguments, ...] = (
    {"like_pattern_list": ["%"]},
    {"like_pattern_list": ["A-%", "b%"]},
    {"like_pattern_list": ["zz", "%!%%"], "escape": "!"},
    {"like_pattern_list": ["zz", "yy"]},
)
REGEXES = on("first", claims=plain({"regex": "."}, {"regex": "^A-[0-9]+$"}, {"regex": r"%t_é$"}, {"regex": "^A:b$"}))
REGEX_LISTS: tuple[Arguments, ...] = ({"regex_list": ["."]}, {"regex_list": ["^A", "2$"]}, {"regex_list": ["zz", "yy"]})
QUANTILES = ([[-5, -5], [0, 0], [3, 3]], [[None, 0], [0, None], [2, 4]], [[-5, -5], [1, 2], [3, 3]])


def both_ways(claims: Iterable[Arguments]) -> Claims:
    """Make claims with every `match_on`."""
    return on("first", claims=plain(*({**claim, **how} for claim in claims for how in ({}, {"match_on": "all"}, {"match_on": "any"}))))


# Expectation to the claims made with it, and what is true of them.
ASKED: dict[str, tuple[Claims, Callable[..., Any]]] = {
    "expect_column_value_lengths_to_be_between": (
        on("first", claims=plain({"min_value": 3, "max_value": 6}, {"max_value": 4}, {"min_value": 4, "strict_min": True})),
        each(lambda value, **given: within(len(value), **given)),
    ),
    "expect_column_value_lengths_to_equal": (on("first", "same", claims=plain({"value": 3})), each(lambda text, value: len(text) == value)),
    "expect_column_values_to_be_between": (on("first", claims=bounds), each(within)),
    "expect_column_values_to_be_in_set": (SETS, each(lambda value, value_set: value in value_set)),
    "expect_column_values_to_not_be_in_set": (SETS, each(lambda value, value_set: value not in value_set)),
    "expect_column_values_to_be_unique": (on("first", "own", claims=plain()), unique),
    "expect_column_values_to_match_like_pattern": (LIKES, each(lambda text, like_pattern, escape=None: like(text, like_pattern, escape))),
    "expect_column_values_to_not_match_like_pattern": (LIKES, each(lambda text, like_pattern, escape=None: not like(text, like_pattern, escape))),
    "expect_column_values_to_match_like_pattern_list": (
        both_ways(LIKE_LISTS),
        each(lambda text, like_pattern_list, match_on="any", escape=None: joined(match_on, (like(text, item, escape) for item in like_pattern_list))),
    ),
    "expect_column_values_to_not_match_like_pattern_list": (
        on("first", claims=plain(*LIKE_LISTS)),
        each(lambda text, like_pattern_list, escape=None: not any(like(text, item, escape) for item in like_pattern_list)),
    ),
    "expect_column_values_to_match_regex": (REGEXES, each(lambda text, regex: re.search(regex, text) is not None)),
    "expect_column_values_to_not_match_regex": (REGEXES, each(lambda text, regex: re.search(regex, text) is None)),
    "expect_column_values_to_match_regex_list": (
        both_ways(REGEX_LISTS),
        each(lambda text, regex_list, match_on="any": joined(match_on, (re.search(item, text) is not None for item in regex_list))),
    ),
    "expect_column_values_to_not_match_regex_list": (
        on("first", claims=plain(*REGEX_LISTS)),
        each(lambda text, regex_list: all(re.search(item, text) is None for item in regex_list)),
    ),
    "expect_column_values_to_be_null": (on("first", "void", claims=plain()), each(lambda value: value is None)),
    "expect_column_values_to_not_be_null": (on("first", "same", claims=plain()), each(lambda value: value is not None)),
    "expect_column_pair_values_a_to_be_greater_than_b": (pairs(plain({}, {"or_equal": False}, {"or_equal": True})), each(greater)),
    "expect_column_pair_values_to_be_equal": (pairs(plain()), each(lambda pair: None not in pair and pair[0] == pair[1])),
    "expect_column_pair_values_to_be_in_set": (pairs(pair_sets), each(lambda pair, value_pairs_set: list(pair) in value_pairs_set)),
    "expect_compound_columns_to_be_unique": (records, unique),
    "expect_multicolumn_sum_to_equal": (sums, each(lambda record, sum_total: None not in record and sum(record) == sum_total)),
    "expect_multicolumn_values_to_be_equal": (records, each(lambda record: len(set(record)) == 1)),
    "expect_select_column_values_to_be_unique_within_record": (records, each(lambda record: len(set(record)) == len(record))),
    "expect_column_distinct_values_to_be_in_set": (SETS, lambda rows, value_set: set(rows) <= set(value_set)),
    "expect_column_distinct_values_to_contain_set": (SETS, lambda rows, value_set: set(rows) >= set(value_set)),
    "expect_column_distinct_values_to_equal_set": (SETS, lambda rows, value_set: set(rows) == set(value_set)),
    "expect_column_most_common_value_to_be_in_set": (on("first", "own", claims=common_sets), most_common),
    "expect_column_unique_value_count_to_be_between": (
        on("first", claims=between((1, 4), (5, None), (None, 0))),
        lambda rows, **given: within(len(set(rows)), **given),
    ),
    "expect_column_max_to_be_between": (on("first", claims=ends), lambda rows, **given: within(max(rows), **given)),
    "expect_column_min_to_be_between": (on("first", claims=ends), lambda rows, **given: within(min(rows), **given)),
    "expect_column_sum_to_be_between": (
        on("first", claims=between((-(10**17), 0), (0, None), (-(10**15), None))),
        lambda rows, **given: within(sum(rows), **given),
    ),
    "expect_column_mean_to_be_between": (
        on("first", claims=between((-1, -1), (-2, 0), (0, 1))),
        lambda rows, **given: within(Decimal(sum(rows)) / len(rows), **given),
    ),
    "expect_column_median_to_be_between": (
        on("first", claims=between((0, 0), (-1, 1), (1, 2))),
        lambda rows, **given: within(statistics.median(rows), **given),
    ),
    "expect_column_quantile_values_to_be_between": (
        on("first", claims=plain(*({"quantile_ranges": {"quantiles": [0.2, 0.5, 1.0], "value_ranges": ranges}} for ranges in QUANTILES))),
        quantiles_lie,
    ),
    "expect_column_to_exist": (
        plain({"column": NAMES[2]}, {"column": NAMES[2], "column_index": 2}, {"column": NAMES[2], "column_index": 1}, {"column": "nobody"}),
        lambda column, column_index=None: column in NAMES and column_index in (None, NAMES.index(column)),
    ),
    "expect_column_type_to_be": (
        plain(*EVERY_TYPE, *({"column": column("decimal"), "type_": type_} for type_ in ("DECIMAL(18,2)", "BIGINT", "DOUBLE"))),
        lambda column, type_: type_of(column) == type_,
    ),
    "expect_column_values_to_be_of_type": (
        plain(*EVERY_TYPE, *({"column": column("integer"), "type_": type_} for type_ in ("INTEGER", "HUGEINT", "VARCHAR"))),
        lambda column, type_: type_of(column) == type_,
    ),
    "expect_column_values_to_be_in_type_list": (
        plain(*({"column": column(family), "type_list": list_} for family in VALUES for list_ in (["BLOB", VALUES[family][0]], ["TIMESTAMP_NS", "BLOB"]))),
        lambda column, type_list: type_of(column) in type_list,
    ),
    "expect_table_column_count_to_be_between": (between((COUNT, COUNT), (None, COUNT - 1), (COUNT + 1, None)), lambda **given: within(COUNT, **given)),
    "expect_table_column_count_to_equal": (plain({"value": COUNT}, {"value": COUNT - 1}), lambda value: value == COUNT),
    "expect_table_columns_to_match_ordered_list": (
        plain(*({"column_list": names} for names in (NAMES, NAMES[::-1], NAMES[:-1]))),
        lambda column_list: column_list == NAMES,
    ),
    "expect_table_columns_to_match_set": (
        plain({"column_set": NAMES[::-1]}, {"column_set": NAMES[1:]}, *({"column_set": names, "exact_match": False} for names in (NAMES[1:], ["nobody"]))),
        lambda column_set, *, exact_match=True: set(column_set) == set(NAMES) if exact_match else set(column_set) <= set(NAMES),
    ),
    "expect_table_row_count_to_be_between": (
        plain({"min_value": ROWS, "max_value": ROWS}, {"min_value": ROWS, "strict_min": True}, {"max_value": ROWS - 1}),
        lambda **given: within(ROWS, **given),
    ),
    "expect_table_row_count_to_equal": (plain({"value": ROWS}, {"value": 0}), lambda value: value == ROWS),
}
