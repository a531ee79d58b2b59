"""The one place for what an entity's contract claims beside its rows: sums, counts, invariants, fitness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from dq.contract.base import Model, Severity, Words


class Sums(Model):
    """An exact sum, net and gross: by slices, or a person."""

    column: str
    by: tuple[str, ...] = ()
    per: str | None = None  # a column, such as the owner: only its values that disagree are kept
    name: Words | None = None

    @property
    def called(self) -> str:
        """What its check is called: by its name, or by the column."""
        return self.name or self.column

    @model_validator(mode="after")
    def _one_way(self) -> Sums:
        if self.by and self.per is not None:
            raise ValueError("a sum is taken either 'by' slices or 'per' person")
        return self


class Counts(Model):
    """A count by slices beside the implied one."""

    name: Words
    by: tuple[str, ...]


class LedgerSum(Model):
    """The sum of another entity's column, grouped by columns that both have."""

    entity: str
    sum: str
    by: tuple[str, ...] = Field(min_length=1)


class Invariant(Model):
    """A claim that each side's rows keep on their own."""

    name: Words
    holds: str | None = None
    column: str | None = None
    equals: LedgerSum | None = None
    unique: tuple[str, ...] | None = Field(default=None, min_length=1)
    reason: str | None = None
    severity: Severity = "critical"

    @model_validator(mode="after")
    def _one_form(self) -> Invariant:
        forms = [form for form in (self.holds, self.equals, self.unique) if form is not None]
        if len(forms) != 1 or (self.equals is None) != (self.column is None):
            raise ValueError("an invariant has either 'holds', or 'unique', or 'column' and 'equals'")
        return self


class Fit(Model):
    """A stock Great Expectations expectation on the source, before it moves."""

    name: Words
    type: str
    arguments: Mapping[str, Any]
