"""The one place for asking a single fit, and for what stands for personal data."""

from __future__ import annotations

from typing import Any

from dq.expect.fitness import Fit, FitResult, run_fitness

SECRET = "anna.schmidt@example.org"  # noqa: S105 - stands for personal data


def ask(connection: Any, type_: str, table: str = "t", **arguments: Any) -> FitResult:
    """Ask one stock expectation about one table."""
    return run_fitness(connection, table=table, fits=[Fit("it", f"expect_{type_}", arguments)])[0]


def seen(result: FitResult) -> tuple[str, int, int]:
    """Return the outcome, how many were looked at, and how many break it."""
    return result.outcome, result.looked_at, result.broken
