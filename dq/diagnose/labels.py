"""The one place that says in what ways two different cells differ: labels, as an SQL expression over their typed values `s` and `t`.

A label is a kind and, after a colon, what it takes to say it: `offset:-25200000000`, `cut:255`, `became:used:unused`. It holds no value of a
row but for words of an enumeration, which are the contract's own. Every label is a claim that the source's value gives the target's; a cell may
have several, and which of them is its cause is said where all cells of a column are seen (`cover`).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dq.compare.blanks import BLANKS
from dq.contract.models import Column
from dq.diagnose import clocks, texts
from dq.sql import literal

Arm = tuple[str, str]  # a claim, and its label as an expression
EPOCHS = ("1970-01-01", "1900-01-01", "0001-01-01", "9999-12-31")  # what stores write for no moment
_FACTORS = (10, 100, 1000)
_WRAPS = 1 << 32  # how many numbers 32 bits hold


def labels_of(column: Column, *, summed: bool = False, zones: tuple[str, ...] = ()) -> str:
    """Return the labels of a column's differing cells, a list of VARCHAR, the most specific first; empty where nothing explains a cell.

    Args:
        column: the column.
        summed: it adds up several rows.
        zones: of an instant, the zones that rows are in; then `z` is the row's own.

    It is asked of the cells with what is worked out `beforehand`.
    """
    arms = [*_arms(column, summed=summed, zones=zones)]
    return f"list_filter(CAST([{', '.join(f'CASE WHEN {claim} THEN {label} END' for claim, label in arms)}] AS VARCHAR[]), l -> l IS NOT NULL)"


def beforehand(relation: str, column: Column, *, zones: tuple[str, ...] = ()) -> str:
    """Return a relation of `s`, `t` and `z` with what the labels of a column's cells need besides."""
    if column.through is None and column.type.name == "VARCHAR":
        return texts.beforehand(relation)
    return clocks.beforehand(relation, zones=zones) if zones else relation


def _arms(column: Column, *, summed: bool, zones: tuple[str, ...]) -> Iterator[Arm]:
    name = column.type.name
    if is_word(column):
        yield "true", f"concat('became:', {_said('s', column)}, ':', {_said('t', column)})"
        return
    if column.through is None:
        if name == "VARCHAR":
            yield from (("s IS NULL AND t = ''", "'null to empty'"), ("s = '' AND t IS NULL", "'empty to null'"))
        if name in ("DECIMAL", "INTEGER", "BIGINT", "HUGEINT"):
            yield from (("s IS NULL AND t = 0", "'null to zero'"), ("s = 0 AND t IS NULL", "'zero to null'"))
        if name in ("INSTANT", "DATE"):
            type_ = "TIMESTAMPTZ" if name == "INSTANT" else "DATE"
            yield from ((f"t = {type_} '{day}{' 00:00:00+00' if name == 'INSTANT' else ''}'", f"'default:{day}'") for day in EPOCHS)
    yield from (("t IS NULL", "'to null'"), ("s IS NULL", "'from null'"))
    if summed:
        s, t = _decimals(column)
        yield f"TRY({s} <> 0 AND {t} = {s} * 2)", "'twice'"
    if column.through is None:
        kinds = {"VARCHAR": _text, "DATE": _date, "JSON": _json, "DECIMAL": _number, "INTEGER": _number, "BIGINT": _number, "HUGEINT": _number}
        yield from clocks.instant_arms(column, zones=zones) if name == "INSTANT" else kinds[name](column) if name in kinds else ()


def is_word(column: Column) -> bool:
    """Say whether a column holds words that the contract knows, so that what became of one may be said."""
    return column.type.name in ("CURRENCY", "BOOLEAN") or (column.type.name == "ENUM" and bool(_words(column)))


def _words(column: Column) -> tuple[str, ...]:
    """Return the words of an enumeration that the contract knows."""
    readings = (column.source.codes or {}, column.target.codes or {})
    return tuple(sorted({word for codes in readings for word in codes.values()}))


def _said(side: str, column: Column) -> str:
    """Return a word as it may be said: what is no word of the contract's own may be anything, a name for one."""
    if column.type.name == "BOOLEAN":
        return f"coalesce(CAST({side} AS VARCHAR), 'NULL')"
    known = f"{side} IN ({', '.join(literal(word) for word in _words(column))})"
    if column.type.name == "CURRENCY":
        known = f"regexp_full_match({side}, '[A-Z]{{3}}')"
    unknown = literal("an unknown currency" if column.type.name == "CURRENCY" else "an unknown word")
    return f"CASE WHEN {side} IS NULL THEN 'NULL' WHEN {known} THEN {side} ELSE {unknown} END"


def _text(_: Column) -> Iterator[Arm]:
    yield from (("t = ''", "'to empty'"), ("s = ''", "'from empty'"))
    yield from texts.text_arms(literal(BLANKS))


def _date(_: Column) -> Iterator[Arm]:
    yield "isfinite(s) AND isfinite(t) AND s <> t", "concat('offset:', CAST(t - s AS HUGEINT) * 86400000000)"


def _json(_: Column) -> Iterator[Arm]:
    yield "CAST(t AS VARCHAR) IN ('{}', '[]', 'null')", "'to empty'"


def _number(column: Column) -> Iterator[Arm]:
    s, t = _decimals(column)
    yield from (("t = 0", "'to zero'"), ("s = 0", "'from zero'"), (f"TRY({s} = -{t})", "'sign'"))
    for factor in _FACTORS:
        yield f"TRY({t} <> 0 AND {t} = {s} * {factor})", f"'factor:{factor}'"
        yield f"TRY({t} <> 0 AND {s} = {t} * {factor})", f"'part:{factor}'"
    yield (
        f"TRY({s} NOT BETWEEN {-_WRAPS // 2} AND {_WRAPS // 2 - 1} AND {t} BETWEEN {-_WRAPS // 2} AND {_WRAPS // 2 - 1} AND ({s} - {t}) % {_WRAPS} = 0)",
        "'wrapped'",
    )
    for digits in range(column.type.scale):
        # no function that rounds half to even gives a decimal, so it is said what the outcome is
        unit = f"CAST('{Decimal(1).scaleb(-digits):f}' AS DECIMAL(38,{column.type.scale}))"
        whole, apart = f"TRY(round({t}, {digits}) = {t})", f"TRY({t} - {s})"  # an overflow is caught where it happens
        yield f"TRY(round({s}, {digits}) = {t})", f"'rounded:{digits}'"
        yield (
            f"TRY({whole} AND abs({apart}) * 2 <= {unit} AND (abs({apart}) * 2 < {unit} OR ({t} * {10**digits}) % 2 = 0))",
            f"'rounded to even:{digits}'",
        )
        yield f"TRY({whole} AND {apart} <= 0 AND -{apart} < {unit})", f"'rounded down:{digits}'"
        yield f"TRY({whole} AND {apart} >= 0 AND {apart} < {unit})", f"'rounded up:{digits}'"
        yield f"TRY(trunc({s}, {digits}) = {t})", f"'digits cut:{digits}'"
    yield f"TRY({t} <> {s})", f"'difference:' || CAST(TRY({t} - {s}) AS VARCHAR)"


def _decimals(column: Column) -> tuple[str, str]:
    """Return both values with room to reckon in; NULL where a HUGEINT has more than 38 digits."""
    scale = column.type.scale
    return f"TRY_CAST(s AS DECIMAL(38,{scale}))", f"TRY_CAST(t AS DECIMAL(38,{scale}))"
