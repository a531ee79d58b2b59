"""The one place for what an entity's contract claims beside its rows: sums, counts, invariants, fitness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from dq.contract.base import Model, Severity, Words


class Sums(Model):
    """An exact sum, net and gross: by slices, or a person."""

    column: str
    """The column that is added up, an exact number."""
    by: tuple[str, ...] = ()
    """Slices: columns, or the month of an INSTANT or a DATE in UTC (`expires_at.month`); none: the total."""
    per: str | None = None
    """Instead of `by`: a column such as the owner; everybody is counted, and who disagrees is named."""
    name: Words | None = None
    """What its check is called; else as the column. It is needed where a column is summed in several ways."""

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
    """What its check is called; else as its slices, joined by `_`."""
    by: tuple[str, ...]
    """Slices, as for a sum."""


class LedgerSum(Model):
    """The sum of another entity's column, grouped by columns that both have."""

    entity: str
    """The other entity, whose rows are the entries."""
    sum: str
    """Its column that is added up."""
    by: tuple[str, ...] = Field(min_length=1)
    """Columns that both have: the key of the entity that claims it, or its own id."""


class Invariant(Model):
    """A claim that each side's rows keep on their own."""

    name: Words
    """What its check is called."""
    holds: str | None = None
    """A condition that is true of every row compared; unknown (NULL) is not true."""
    column: str | None = None
    """With `equals`: the column that must be the sum."""
    equals: LedgerSum | None = None
    """With `column`: the sum of another entity's moved rows."""
    unique: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Columns in which no row compared has what another row of its side has, be it one of the target's own; a row with a NULL among them is not asked."""
    reason: str | None = None
    """Why it must hold, for whoever reads the contract."""
    severity: Severity = "critical"
    """How grave it is: it sorts the report and never changes an outcome."""

    @model_validator(mode="after")
    def _one_form(self) -> Invariant:
        forms = [form for form in (self.holds, self.equals, self.unique) if form is not None]
        if len(forms) != 1 or (self.equals is None) != (self.column is None):
            raise ValueError("an invariant has either 'holds', or 'unique', or 'column' and 'equals'")
        return self


class Fit(Model):
    """A stock Great Expectations expectation on the source, before it moves."""

    name: Words
    """What its check is called; else made of column and type."""
    type: str
    """The stock expectation, by the name it has in Great Expectations."""
    arguments: Mapping[str, Any]
    """Its arguments stand beside `type`, by their names in Great Expectations."""
