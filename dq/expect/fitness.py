"""The one place that asks stock expectations whether a table is fit to move, and turns the answers into outcomes.

The claims that contracts make most are answered in plain SQL, the others by Great Expectations. That passes an empty table, a
column of NULLs and a check that it did not run; so the population is counted here, and whatever crashed, looked at nothing, or
disagrees with that count is NOT PROVEN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from dq.expect.known import STOCK
from dq.expect.population import count
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
    """Run fits on one table of an open connection, locked down or not, in one scan and at most one pass of Great Expectations.

    Args:
        connection: read, never written, configured or closed.
        table: as it would stand after FROM, quoted where it must be: `source.coupons`, `"a b"`.
        fits: what to ask; refused ones are NOT PROVEN.

    Returns:
        One result for each fit, in the same order; where the table cannot be read, the engine's error.
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    types = {str(name): str(type_) for name, type_, *_rest in described}
    refused = [refusal(fit.type, fit.arguments, types) for fit in fits]
    asked = [fit for fit, reason in zip(fits, refused, strict=True) if reason is None]
    judged = iter(_judge(connection, table=table, fits=asked, types=types))
    return tuple(_not_proven(fit, 0, reason) if reason is not None else next(judged) for fit, reason in zip(fits, refused, strict=True))


def _judge(connection: Connection, *, table: str, fits: Sequence[Fit], types: Mapping[str, str]) -> Iterator[FitResult]:
    """Yield what becomes of each; Great Expectations, which takes seconds to import, is asked only what plain SQL did not answer."""
    counts = count(connection, table=table, fits=fits, types=types)
    open_ = [fit for fit, counted in zip(fits, counts, strict=True) if counted.looked_at and counted.broken is None]
    answers: Iterator[Answer] = iter(())
    if open_:
        from dq.expect.asking import ask  # noqa: PLC0415 - see above

        answers = iter(ask(connection, table=table, fits=open_, types=types))
    for fit, counted in zip(fits, counts, strict=True):
        if not counted.looked_at:
            yield _not_proven(fit, 0, f"no {_noun(fit, 0)} to look at")
        else:
            known = None if counted.broken is None else Answer(success=counted.broken == 0, broken=counted.broken)
            yield _judged(fit, counted.looked_at, known or next(answers))


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of one fit; `crash` in one line without values, or its counts."""

    success: bool = False
    crash: str | None = None
    looked_at: int | None = None
    broken: int | None = None


def _judged(fit: Fit, looked_at: int, answer: Answer) -> FitResult:
    """Judge one answer against the population that was counted here."""
    doubt = _doubt(fit, looked_at, answer)
    if doubt is not None:
        return _not_proven(fit, looked_at, doubt)
    broken = 0 if _is_whole(fit) else answer.broken or 0
    outcome: FitOutcome = "PASSED" if answer.success else "FAILED"
    if _is_whole(fit):
        words = f" {'holds' if answer.success else 'does not hold'} for {_noun(fit, looked_at)} as a whole."
    else:
        words = f": {broken:,} of {_noun(fit, looked_at)} break{'s' * (broken == 1)} it." if broken else f" holds for {_noun(fit, looked_at)}."
    return FitResult(fit.name, outcome, looked_at, broken, None, _claim(fit) + words)


def _doubt(fit: Fit, looked_at: int, answer: Answer) -> str | None:
    """Return why an answer proves nothing, or None."""
    if answer.crash is not None or _is_whole(fit):
        return answer.crash
    if answer.broken is None or not 0 <= answer.broken <= looked_at or answer.success != (answer.broken == 0):
        return "Great Expectations contradicts itself: its verdict does not follow from its count"
    if answer.looked_at is not None and answer.looked_at != looked_at:
        return f"Great Expectations looked at {answer.looked_at:,} of {_noun(fit, looked_at)}"
    return None


def _is_whole(fit: Fit) -> bool:
    return STOCK[fit.type].counts in ("column", "table")


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
