"""The one place that says in what way two different cells differ: a label, as an SQL expression over their typed values `s` and `t`.

A label is a kind and, after a colon, what it takes to say it: `offset:-25200000000`, `cut:255`, `became:used:unused`. It holds no value of a
row but for words of an enumeration, which are the contract's own.
"""

from __future__ import annotations

from dq.compare.equality import BLANKS
from dq.contract.models import Column
from dq.sql import literal

_FACTORS = (10, 100, 1000)


def label_of(column: Column, *, summed: bool = False) -> str:
    """Return the label of a column's differing cells, an expression of type VARCHAR that is never NULL; `summed`: it adds up several rows."""
    name = column.type.name
    arms: list[tuple[str, str]] = []
    if name in ("CURRENCY", "BOOLEAN") or (name == "ENUM" and _words(column)):
        return f"concat('became:', {_said('s', column)}, ':', {_said('t', column)})"
    if name == "VARCHAR":
        arms += [("s IS NULL AND t = ''", "'null to empty'"), ("s = '' AND t IS NULL", "'empty to null'")]
    arms += [("t IS NULL", "'to null'"), ("s IS NULL", "'from null'")]
    if summed:
        s, t = (f"TRY_CAST({side} AS DECIMAL(38,{column.type.scale}))" for side in ("s", "t"))
        arms.append((f"TRY({s} <> 0 AND {t} = {s} * 2)", "'twice'"))
    if column.through is None:
        kinds = {
            "VARCHAR": _text,
            "INSTANT": _instant,
            "DATE": _date,
            "JSON": _json,
            "DECIMAL": _number,
            "INTEGER": _number,
            "BIGINT": _number,
            "HUGEINT": _number,
        }
        arms += kinds[name](column) if name in kinds else []
    whens = " ".join(f"WHEN {claim} THEN {label}" for claim, label in arms)
    return f"CASE {whens} ELSE 'other' END"


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


def _text(_: Column) -> list[tuple[str, str]]:
    blanks = literal(BLANKS)
    return [
        ("t = ''", "'to empty'"),
        ("s = ''", "'from empty'"),
        ("nfc_normalize(s) = nfc_normalize(t)", "'form'"),
        ("replace(s, chr(13) || chr(10), chr(10)) = replace(t, chr(13) || chr(10), chr(10))", "'line ends'"),
        (f"trim(s, {blanks}) = trim(t, {blanks})", "'blanks'"),
        ("lower(s) = lower(t)", "'case'"),
        ("regexp_replace(s, '[^\\x00-\\x7F]', '?', 'g') = t OR regexp_replace(s, '[^\\x00-\\x{FFFF}]', '?', 'g') = t", "'lost characters'"),
        ("starts_with(s, t)", "concat('cut:', length(t))"),
        ("starts_with(t, s)", "'longer'"),
    ]


def _instant(_: Column) -> list[tuple[str, str]]:
    return [
        ("NOT isfinite(s) OR NOT isfinite(t)", "'other'"),
        ("date_trunc('millisecond', s) = t", "'precision:milliseconds'"),
        ("date_trunc('second', s) = t", "'precision:seconds'"),
        ("date_trunc('minute', s) = t", "'precision:minutes'"),
        ("date_trunc('day', s) = t", "'precision:days'"),
        ("true", "coalesce('offset:' || CAST(TRY(epoch_us(t) - epoch_us(s)) AS VARCHAR), 'other')"),
    ]


def _date(_: Column) -> list[tuple[str, str]]:
    return [("isfinite(s) AND isfinite(t)", "concat('offset:', CAST(t - s AS HUGEINT) * 86400000000)")]


def _json(_: Column) -> list[tuple[str, str]]:
    return [("CAST(t AS VARCHAR) IN ('{}', '[]', 'null')", "'to empty'")]


def _number(column: Column) -> list[tuple[str, str]]:
    scale = column.type.scale
    s, t = (f"TRY_CAST({side} AS DECIMAL(38,{scale}))" for side in ("s", "t"))  # a HUGEINT may have 39 digits
    arms = [("t = 0", "'to zero'"), ("s = 0", "'from zero'"), (f"{s} = -{t}", "'sign'")]
    for factor in _FACTORS:
        arms += [(f"TRY({t} = {s} * {factor})", f"'factor:{factor}'"), (f"TRY({s} = {t} * {factor})", f"'part:{factor}'")]
    arms += [(f"TRY(round({s}, {digits}) = {t})", f"'rounded:{digits}'") for digits in range(scale)]
    return [*arms, ("true", f"coalesce('difference:' || CAST(TRY({t} - {s}) AS VARCHAR), 'other')")]
