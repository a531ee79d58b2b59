"""The one place that says, while a contract is read, why a `[[fit]]` cannot be run as it is meant; imports no Great Expectations.

What is refused here would otherwise be answered wrongly, or not at all, without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from dq.errors import near_miss
from dq.expect.exact import is_number
from dq.expect.families import family, unknown_type, unsuitable
from dq.expect.known import CHOICES, COMMON, IGNORE_ROW_IF, SMALL_INTEGER, STOCK, Stock

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PAIR = 2
_COMPARES_NO_COLUMNS = ("expect_compound_columns_to_be_unique", "expect_column_pair_values_to_be_in_set")


def refusal(type_name: str, arguments: Mapping[str, object], column_types: Mapping[str, str]) -> str | None:
    """Return why a fit is refused, or None.

    Args:
        type_name: a stock expectation, as Great Expectations names it in a suite: `expect_column_values_to_be_unique`.
        arguments: the rest of the `[[fit]]`.
        column_types: the asset's columns, by DuckDB's or the contract's type names.
    """
    stock = STOCK.get(type_name)
    if stock is None:
        return f"no stock expectation is called '{type_name}'{near_miss(type_name, STOCK)}"
    if stock.refused:
        return f"'{type_name}' is refused: {stock.refused}"
    return next(_objections(type_name, stock, arguments, column_types), None)


def columns_of(arguments: Mapping[str, object]) -> tuple[str, ...]:
    """Return the columns that a fit's claim is about."""
    single = [arguments[name] for name in ("column", "column_A", "column_B") if name in arguments]
    listed = arguments.get("column_list", ())
    return tuple(str(name) for name in (*single, *(listed if isinstance(listed, (list, tuple)) else ())))


def _objections(type_name: str, stock: Stock, arguments: Mapping[str, object], column_types: Mapping[str, str]) -> Iterator[str]:
    yield from _names(stock, arguments)
    yield from _shapes(arguments)
    if type_name != "expect_column_to_exist":
        yield from _columns(stock, arguments, column_types)
    yield from _types(type_name, stock, {name: column_types[name] for name in columns_of(arguments) if name in column_types})
    yield from _choices(stock, arguments)
    yield from _sets(type_name, arguments, column_types)
    yield from _bounds(type_name, stock, arguments, column_types)


def _names(stock: Stock, arguments: Mapping[str, object]) -> Iterator[str]:
    for name in arguments:
        if name in COMMON and name not in stock.arguments:
            yield f"'{name}' is refused: {COMMON[name]}"
        elif name not in stock.arguments:
            yield f"no argument is called '{name}'{near_miss(name, stock.arguments)}"
    for name in stock.arguments[: stock.required]:
        if arguments.get(name) is None:
            yield f"'{name}' is missing"
    if stock.one_of and all(arguments.get(name) is None for name in stock.one_of):
        yield f"claims nothing without {' or '.join(repr(name) for name in stock.one_of)}"


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_texts(value: object) -> bool:
    return bool(_listed(value)) and all(isinstance(item, str) for item in _listed(value))


def _is_pairs(value: object) -> bool:
    return bool(_listed(value)) and all(len(_listed(item)) == _PAIR for item in _listed(value))


def _is_ranges(value: object) -> bool:
    found = value if isinstance(value, Mapping) and set(value) == {"quantiles", "value_ranges"} else {}
    quantiles, ranges = _listed(found.get("quantiles")), found.get("value_ranges")
    return _is_pairs(ranges) and len(quantiles) == len(_listed(ranges)) and all(is_number(item) and 0 <= item <= 1 for item in quantiles)


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


_SHAPES: tuple[tuple[str, Callable[[object], bool], tuple[str, ...]], ...] = (
    ("text", _is_text, ("column", "column_A", "column_B", "regex", "like_pattern", "escape", "type_")),
    ("true or false", _is_boolean, ("strict_min", "strict_max", "or_equal", "ties_okay", "exact_match")),
    ("a list of texts, not empty", _is_texts, ("column_list", "column_set", "regex_list", "like_pattern_list", "type_list")),
    ("a list of values, not empty", lambda value: bool(_listed(value)), ("value_set",)),
    ("a list of pairs, not empty", _is_pairs, ("value_pairs_set",)),
    ("a table with 'quantiles' and as many 'value_ranges'", _is_ranges, ("quantile_ranges",)),
    ("a number from 1, as Great Expectations does not look at 0", _is_place, ("column_index",)),
    ("false: an answer that may be off proves nothing", lambda value: value is False, ("allow_relative_error",)),
)


def _shapes(arguments: Mapping[str, object]) -> Iterator[str]:
    for name, value in arguments.items():
        if isinstance(value, Mapping) and name != "quantile_ranges":
            yield f"'{name}' is a parameter of a suite: write its value"
        for shape, has_it, names in _SHAPES:
            if name in names and not has_it(value):
                yield f"'{name}' is {shape}"


def _columns(stock: Stock, arguments: Mapping[str, object], column_types: Mapping[str, str]) -> Iterator[str]:
    names = columns_of(arguments)
    for name in names:
        if name not in column_types:
            yield f"no column is called '{name}'{near_miss(name, column_types)}"
    if len(set(names)) < len(names):
        yield "names a column twice"
    if stock.counts == "records" and len(names) < _PAIR:
        yield "'column_list' needs at least two columns"


def _types(type_name: str, stock: Stock, types: Mapping[str, str]) -> Iterator[str]:
    if stock.counts == "table":
        return
    for name, type_ in types.items():
        if not _allowed(type_, stock.on):
            wanted = "an integer of at most 32 bits" if stock.on == SMALL_INTEGER else " or ".join(stock.on)
            yield f"'{type_name}' needs {wanted}, and {name} is {type_}{_instead(family(type_), stock)}"
    comparable = {"integer": "number", "decimal": "number"}
    if stock.counts in ("pairs", "records") and type_name not in _COMPARES_NO_COLUMNS:
        kinds = {comparable.get(family(type_), family(type_)) for type_ in types.values()}
        if len(kinds) > 1:
            yield f"compares columns of different types: {', '.join(f'{name} is {type_}' for name, type_ in types.items())}"


def _allowed(type_: str, on: tuple[str, ...]) -> bool:
    if on == SMALL_INTEGER:
        return type_.upper() in ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT")
    return family(type_) in on


def _instead(found: str, stock: Stock) -> str:
    if found in ("decimal", "integer") and stock.counts == "column":
        return "; Great Expectations makes a float of it, which loses digits: bound each value, or write [[sums]] or an [[invariant]]"
    return ""


def _choices(stock: Stock, arguments: Mapping[str, object]) -> Iterator[str]:
    for name, choices in {**CHOICES, "ignore_row_if": IGNORE_ROW_IF.get(stock.counts, ())}.items():
        if name in arguments and arguments[name] not in choices:
            yield f"'{name}' is one of {', '.join(choices)}; found '{arguments[name]}'{near_miss(str(arguments[name]), choices)}"
    for type_ in (arguments.get("type_"), *_listed(arguments.get("type_list"))):
        unknown = unknown_type(str(type_)) if type_ is not None else None
        if unknown:
            yield unknown


def _sets(type_name: str, arguments: Mapping[str, object], column_types: Mapping[str, str]) -> Iterator[str]:
    if "value_set" in arguments:
        column = str(arguments["column"])
        yield from _set(arguments["value_set"], "value_set", column, column_types[column])
        reads_dates = type_name.startswith("expect_column_distinct_values") and family(column_types[column]) == "text"
        if reads_dates and any(isinstance(item, str) and _ISO_DATE.fullmatch(item) for item in _listed(arguments["value_set"])):
            yield "'value_set': Great Expectations would read its text as dates: use 'expect_column_values_to_be_in_set'"
    if "value_pairs_set" in arguments:
        pairs = _listed(arguments["value_pairs_set"])
        for position, key in enumerate(("column_A", "column_B")):
            column = str(arguments[key])
            yield from _set([_listed(pair)[position] for pair in pairs], "value_pairs_set", column, column_types[column], repeats=True)


def _set(values: object, name: str, column: str, type_: str, *, repeats: bool = False) -> Iterator[str]:
    items = _listed(values)
    for item in items:
        found = unsuitable(item, type_)
        if found:
            yield f"'{name}' for {column}: {found}"
            return
    if not repeats and len({(type(item), item) for item in items}) < len(items):
        yield f"'{name}' names a value twice"


def _bounds(type_name: str, stock: Stock, arguments: Mapping[str, object], column_types: Mapping[str, str]) -> Iterator[str]:
    given = {name: arguments[name] for name in ("min_value", "max_value", "value", "sum_total", "column_index") if arguments.get(name) is not None}
    counted = stock.counts == "table" or "lengths" in type_name or "unique_value_count" in type_name
    columns = columns_of(arguments)
    for name, bound in given.items():
        found = unsuitable(bound, "INTEGER" if counted or not columns else _widest(columns, column_types, type_name), bound=True)
        if found:
            yield f"'{name}': {found}"
            return
    low, high = given.get("min_value"), given.get("max_value")
    if low is not None and high is not None and low > high:  # type: ignore[operator]  # both suit the same type
        yield "'min_value' is greater than 'max_value'"


def _widest(columns: Sequence[str], column_types: Mapping[str, str], type_name: str) -> str:
    """Return the type whose values a bound is compared with: an average or a sum with a DECIMAL in it may have a fraction."""
    types = [column_types[name] for name in columns]
    fraction = "mean" in type_name or "median" in type_name
    return next((type_ for type_ in types if family(type_) == "decimal"), "DECIMAL(38,6)" if fraction else types[0])
