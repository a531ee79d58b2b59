"""The one place for parts of a run in Python, an entity and a check: their rows of the run's frames; they show themselves in Jupyter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional, TypeVar

import polars as pl

from dq.errors import UsageError, near_miss
from dq.record import Check, EntityResult

if TYPE_CHECKING:
    from dq.result import Run

Text = TypeVar("Text", str, Optional[str])  # noqa: UP045 - read when the module is


@dataclass(frozen=True)
class EntityRun:
    """One entity of a run."""

    run: Run
    result: EntityResult

    def __getitem__(self, check: str) -> CheckRun:
        """Return one check of the entity by the rest of its id: 'instants', 'sums.total'. Raises UsageError for an unknown one."""
        names = self._ipython_key_completions_()
        if check not in names:
            raise UsageError(f"{self.result.entity} has no check '{check}'{near_miss(check, names)}")
        return self.run.check(f"{self.result.entity}.{check}")

    def _ipython_key_completions_(self) -> list[str]:
        """Return what may stand in brackets: the checks."""
        begin = f"{self.result.entity}."
        return [check.id.removeprefix(begin) for check in self.run.record.checks if check.id.startswith(begin)]

    def checks(self) -> pl.DataFrame:
        """Return the entity's checks; see `Run.checks`."""
        return self.run.checks().filter(pl.col("check").is_in([storable(check.id) for check in self.run.record.checks if check.entity == self.result.entity]))

    def findings(self) -> pl.DataFrame:
        """Return the entity's findings; see `Run.findings`."""
        return self.run.findings().filter(pl.col("entity") == storable(self.result.entity))

    def cells(self) -> pl.DataFrame:
        """Return the entity's cells; see `Run.cells`."""
        return self.run.cells().filter(pl.col("entity") == storable(self.result.entity))

    def causes(self) -> pl.DataFrame:
        """Return the entity's causes; see `Run.causes`."""
        return self.run.causes().filter(pl.col("entity") == storable(self.result.entity))

    def __repr__(self) -> str:
        """Say what it is about in a line."""
        return f"<{self.result.entity} of run {self.run.record.run}: {self.result.outcome.value}; {self.result.compared:,} rows compared>"

    def _repr_html_(self) -> str:
        from dq.report.displays import entity_display  # noqa: PLC0415 - the template engine loads where something is shown

        return entity_display(self.run.record, self.result.entity)


@dataclass(frozen=True)
class CheckRun:
    """One check of a run; it shows itself in Jupyter."""

    run: Run
    result: Check

    def findings(self) -> pl.DataFrame:
        """Return the rows that break it; see `Run.findings`. A changed row breaks the checks of the columns that differ."""
        rows = self.run.findings()
        cells = self.cells().select("entity", "row").unique()
        return pl.concat([rows.filter(pl.col("check") == storable(self.result.id)), rows.join(cells, on=["entity", "row"], how="semi")]).unique(
            maintain_order=True
        )

    def cells(self) -> pl.DataFrame:
        """Return the cells that break it; see `Run.cells`."""
        return self.run.cells().filter(pl.col("check") == storable(self.result.id))

    def causes(self) -> pl.DataFrame:
        """Return the causes that explain it; see `Run.causes`."""
        return self.run.causes().filter(pl.col("checks").list.contains(storable(self.result.id)))

    def __repr__(self) -> str:
        """Say what it found in a line."""
        return f"<{self.result.id} of run {self.run.record.run}: {self.result.outcome.value}; {self.result.sentence}>"

    def _repr_html_(self) -> str:
        from dq.report.displays import check_display  # noqa: PLC0415 - as above

        return check_display(self.result, [cause for cause in self.run.record.causes if self.result.id in cause.checks])


def storable(text: Text) -> Text:
    """Return a text as a frame can hold it: half a character, which a record may have and UTF-8 has not, as its code point."""
    return text if text is None else text.encode(errors="backslashreplace").decode()
