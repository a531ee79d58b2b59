"""The one place that says what is no chance: bounds on probabilities, in integers and in decimals of a fixed precision, the same on every machine."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

SELDOM = 100  # once in so many runs chance alone may say it
_CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)  # logarithms in it are rounded correctly, so they have the same digits everywhere


def is_seldom(broken: int, *, among: int, alike: int, tried: int = 1) -> bool:
    """Say whether it is no chance that `alike` rows chosen beforehand are all broken, where `broken` of `among` are.

    Args:
        broken: broken rows.
        among: all rows.
        alike: the rows that have something in common, all of which are broken.
        tried: how many such choices were looked at (Bonferroni).
    """
    return tried * broken**alike * SELDOM <= among**alike if alike < 1000 else broken < among  # noqa: PLR2004 - such powers are as good as 0


def log_bound(hits: int, *, drawn: int, inside: int, among: int) -> Decimal:
    """Return the natural logarithm of a bound on the chance of so many hits or more: rows drawn at random, without replacement.

    Args:
        hits: drawn rows that are in the slice.
        drawn: rows drawn.
        inside: rows in the slice.
        among: all rows.

    Returns:
        0 where there are no more hits than are to be expected; below it, the less likely the lower.

    Source: Hoeffding 1963, theorem 1, which holds for the hypergeometric distribution too (Chvatal 1979).
    """
    if hits * among <= inside * drawn or not drawn:
        return Decimal(0)
    expected, share = _ratio(inside, among), _ratio(hits, drawn)
    bound = _times(share, _minus(_CONTEXT.ln(expected), _CONTEXT.ln(share)))
    if hits < drawn:
        others = _ratio(drawn - hits, drawn)
        bound = _CONTEXT.add(bound, _times(others, _minus(_CONTEXT.ln(_ratio(among - inside, among)), _CONTEXT.ln(others))))
    return _times(bound, Decimal(drawn))


def is_much_more(hits: int, *, drawn: int, inside: int, among: int) -> bool:
    """Say whether hits are at least a quarter more than their share: of millions of rows, less is beyond chance too, and tells nobody anything.

    A slice with more findings than rows that were looked at, as repeated keys make them, says nothing.
    """
    return hits <= inside and 4 * hits * among >= 5 * inside * drawn


def is_beyond_chance(bound: Decimal, *, tried: int) -> bool:
    """Say whether a bound (see `log_bound`) is so low that it is no chance even if `tried` slices were looked at (Bonferroni)."""
    return _CONTEXT.add(bound, _CONTEXT.ln(Decimal(max(tried, 1) * SELDOM))) <= 0


def ratio_text(part: int, whole: int, *, digits: int) -> str:
    """Return a ratio as decimal text with so many digits after the point, half to even."""
    return format(_ratio(part, whole).quantize(Decimal(1).scaleb(-digits), context=_CONTEXT), "f")


def _ratio(part: int, whole: int) -> Decimal:
    return _CONTEXT.divide(Decimal(part), Decimal(whole))


def _times(one: Decimal, other: Decimal) -> Decimal:
    return _CONTEXT.multiply(one, other)


def _minus(one: Decimal, other: Decimal) -> Decimal:
    return _CONTEXT.subtract(one, other)
