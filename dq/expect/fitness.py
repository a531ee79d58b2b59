"""The one place that asks stock expectations whether a table is fit to move, and turns Great Expectations' answers into outcomes.

Great Expectations passes an empty table, a column of NULLs and a check that it did not run; so the population is counted here,
and whatever crashed, looked at nothing, or disagrees with that count is NOT PROVEN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from dq.expect.known import STOCK
from dq.expect.population import population
from dq.expect.refuse import columns_of, refusal

FitOutcome = Literal["PASSED", "FAILED", "NOT PROVEN"]


class Connection(Protocol):
    """An open DuckDB connection."""

    def execute(self, query: str, /) -> Any:
        """Run a statement; the answer has `fetchall`."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One stock expectation on one table."""

    name: str
    type: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FitResult:
    """What became of one; holds no value of any row.

    `looked_at` counts the values, pairs or rows that the claim is about. `broken` counts those that break it, exactly; it is 0
    for a claim about a column or table as a whole, which has no broken rows.
    """

    name: str
    outcome: FitOutcome
    looked_at: int
    broken: int
    reason: str | None
    sentence: str


def run_fitness(connection: Connection, *, table: str, fits: Sequence[Fit]) -> tuple[FitResult, ...]:
    """Run fits on one table of an open connection, locked down or not, in one pass of Great Expectations.

    Args:
        connection: read, never written, configured or closed.
        table: as it would stand after FROM, quoted where it must be: `source.coupons`, `"a b"`.
        fits: what to ask; refused ones are NOT PROVEN.

    Returns:
        One result for each fit, in the same order.
    """
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    except Exception as error:  # noqa: BLE001 - a table that cannot be read is an outcome
        return tuple(_not_proven(fit, 0, f"the table cannot be read ({type(error).__name__})") for fit in fits)
    types = {str(name): str(type_) for name, type_, *_rest in described}
    refused = [refusal(fit.type, fit.arguments, types) for fit in fits]
    asked = [fit for fit, reason in zip(fits, refused, strict=True) if reason is None]
    try:
        counted = dict(zip(map(id, asked), population(connection, table=table, fits=asked), strict=True))
    except Exception as error:  # noqa: BLE001 - a population that cannot be counted is an outcome
        return tuple(_not_proven(fit, 0, f"its rows cannot be counted ({type(error).__name__})") for fit in fits)
    filled = [fit for fit in asked if counted[id(fit)]]
    answers: dict[int, Any] = {}
    if filled:
        from dq.expect.asking import ask  # noqa: PLC0415 - imports Great Expectations, which takes seconds

        answers = dict(zip(map(id, filled), ask(connection, table=table, fits=filled, types=types), strict=True))
    return tuple(
        _not_proven(fit, 0, reason) if reason is not None else _judged(fit, counted[id(fit)], answers.get(id(fit)))
        for fit, reason in zip(fits, refused, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What Great Expectations said of one fit; `crash` in one line without values, or its counts."""

    success: bool = False
    crash: str | None = None
    looked_at: int | None = None
    broken: int | None = None


def _judged(fit: Fit, looked_at: int, answer: Answer | None) -> FitResult:
    """Judge one answer against the population that was counted here."""
    if looked_at == 0 or answer is None:
        return _not_proven(fit, 0, f"no {_noun(fit, 0)} to look at")
    if answer.crash is not None:
        return _not_proven(fit, looked_at, answer.crash)
    whole = STOCK[fit.type].counts in ("column", "table")
    if whole:
        outcome: FitOutcome = "PASSED" if answer.success else "FAILED"
        said = "holds" if answer.success else "does not hold"
        return FitResult(fit.name, outcome, looked_at, 0, None, f"{_claim(fit)} {said} for {_noun(fit, looked_at)} as a whole.")
    broken = answer.broken
    if broken is None or not 0 <= broken <= looked_at or answer.success != (broken == 0):
        return _not_proven(fit, looked_at, "Great Expectations contradicts itself: its verdict does not follow from its count")
    if answer.looked_at is not None and answer.looked_at != looked_at:
        return _not_proven(fit, looked_at, f"Great Expectations looked at {answer.looked_at:,} of {_noun(fit, looked_at)}")
    if broken:
        return FitResult(fit.name, "FAILED", looked_at, broken, None, f"{_claim(fit)}: {broken:,} of {_noun(fit, looked_at)} break{'s' * (broken == 1)} it.")
    return FitResult(fit.name, "PASSED", looked_at, 0, None, f"{_claim(fit)} holds for {_noun(fit, looked_at)}.")


def _not_proven(fit: Fit, looked_at: int, reason: str) -> FitResult:
    return FitResult(fit.name, "NOT PROVEN", looked_at, 0, reason, f"{_claim(fit)} is not proven: {reason}.")


def _claim(fit: Fit) -> str:
    """Name the claim in words: `coupon_code: values to match regex`."""
    columns = ", ".join(columns_of(fit.arguments))
    words = fit.type.removeprefix("expect_").removeprefix("column_").replace("_", " ")
    return f"{columns}: {words}" if columns else words


def _noun(fit: Fit, count: int) -> str:
    stock = STOCK.get(fit.type)
    noun = "value" if stock is not None and stock.counts in ("values", "column") else "row"
    return f"{count:,} {noun}{'s' * (count != 1)}" if count else f"{noun}s"
