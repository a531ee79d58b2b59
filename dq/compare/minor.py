"""The one place that scales minor units: integers of a currency's smallest unit into a column's decimal, never rounded.

Source: DESIGN, law 3.
"""

from __future__ import annotations

from dq.contract.models import Column, Side
from dq.sql import literal

_WIDEST, _WORD, _SHORT = 38, 18, 14  # digits of the widest integer, HUGEINT; of a decimal in a machine word; of `Domain.short`


def is_short(low: int | None, high: int | None) -> bool:
    """Say whether minor units from `low` to `high` have few enough digits that they are scaled in machine words."""
    return low is None or high is None or max(-low, high) < 10**_SHORT


def fits(value: str, digits: int, *, column: Column) -> str:
    """Return the claim that minor units, of which `digits` are decimals, fit the column's type."""
    precision, scale = column.type.precision, column.type.scale
    if digits > scale:  # more decimals than the column keeps: never rounded
        return f"({value} % {10 ** (digits - scale)} = 0 AND {_within(value, precision - scale + digits)})"
    return _within(value, precision - scale + digits)


def scaled(value: str, digits: int, *, column: Column, side: Side, fitting: bool, short: bool) -> str:
    """Return minor units as the column's decimal; what does not fit becomes a value that the other side hardly has, and is counted."""
    scale = column.type.scale
    if digits > scale:
        exact = f"CAST({value} // {10 ** (digits - scale)} * CAST({_unit(scale)} AS DECIMAL({scale + 1},{scale})) AS {column.type.sql})"
    else:  # a product of 18 digits is reckoned in machine words, a longer one several times slower
        narrow = f"CAST({value} AS DECIMAL({_SHORT},0))" if short and digits <= _WORD - _SHORT - 1 else value
        exact = f"CAST({narrow} * CAST({_unit(digits)} AS DECIMAL({digits + 1},{digits})) AS {column.type.sql})"
    if fitting:
        return exact
    impossible = _impossible(column.type.precision, scale, side=side)
    return f"CASE WHEN {value} IS NULL THEN NULL WHEN {fits(value, digits, column=column)} THEN {exact} ELSE {impossible} END"


def _within(value: str, digits: int) -> str:
    bound = 10**digits
    return f"({value} > {-bound} AND {value} < {bound})" if digits <= _WIDEST else "true"


def _impossible(precision: int, scale: int, *, side: Side) -> str:
    """Return the largest (target) or smallest (source) value of the type: what stands for a number that does not fit."""
    digits = "9" * precision
    number = f"{digits[: precision - scale] or '0'}.{digits[precision - scale :]}" if scale else digits
    return f"CAST({literal(('' if side == 'target' else '-') + number)} AS DECIMAL({precision},{scale}))"


def _unit(digits: int) -> str:
    return literal("0." + "0" * (digits - 1) + "1" if digits else "1")
