"""The one place for a run in Python: the record and its findings as frames; it shows itself in Jupyter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dq.asking import Command
from dq.case import Where, explained
from dq.case.model import CaseData
from dq.errors import UsageError, near_miss
from dq.folder import FINDINGS
from dq.parts import CheckRun, EntityRun, storable
from dq.record import Outcome, Record
from dq.running import Options, run_contract

if TYPE_CHECKING:
    from dq.lineage import Lineage


@dataclass(frozen=True)
class Run:
    """A recorded run. What it says stands in `record`; keys and values only in its findings.

    Each entity is an attribute, too, so that it is offered after `run.`; one that is called as a method of a run is in brackets alone: `run["checks"]`.

    Attributes:
        folder: where report.html and the rest lie.
        record: everything that was found, without personal data.
    """

    folder: Path
    record: Record

    def __post_init__(self) -> None:
        """Keep the entities as attributes: what completes a line in a notebook looks at those, and runs no code."""
        known = {*dir(type(self)), *self.__dict__}
        self.__dict__.update({item.entity: EntityRun(self, item) for item in self.record.entities if item.entity.isidentifier() and item.entity not in known})

    @property
    def outcome(self) -> Outcome:
        """The worst of all checks."""
        return self.record.outcome

    def __getitem__(self, entity: str) -> EntityRun:
        """Return one entity of the run. Raises UsageError for an unknown name."""
        names = [item.entity for item in self.record.entities]
        for item in self.record.entities:
            if item.entity == entity:
                return EntityRun(self, item)
        raise UsageError(f"there is no entity '{entity}'{near_miss(entity, names)}")

    def _ipython_key_completions_(self) -> list[str]:
        """Return what may stand in brackets: the entities."""
        return [item.entity for item in self.record.entities]

    def check(self, check: str) -> CheckRun:
        """Return one check of the run by id, e.g. 'crosswalk.accounts'. Raises UsageError for an unknown one."""
        for item in self.record.checks:
            if item.id == check:
                return CheckRun(self, item)
        raise UsageError(f"there is no check '{check}'{near_miss(check, (item.id for item in self.record.checks))}")

    def findings(self) -> pl.DataFrame:
        """Return every finding, one row a broken row: entity, row, check, status, key, columns. Personal data: keys."""
        return self._records.filter(pl.col("column").is_null()).drop("column", "source", "target")

    def cells(self) -> pl.DataFrame:
        """Return every kept cell that differs: entity, row, check, key, column, source, target. Personal data: keys and values."""
        return self._records.filter(pl.col("column").is_not_null()).drop("status", "columns")

    def causes(self) -> pl.DataFrame:
        """Return the causes: entity, sentence, rows, people, checks; largest first within an entity."""
        rows = [(storable(cause.entity), storable(cause.sentence), cause.rows, cause.people, [*map(storable, cause.checks)]) for cause in self.record.causes]
        schema: dict[str, pl.DataType | type[pl.DataType]] = {
            "entity": pl.String,
            "cause": pl.String,
            "rows": pl.Int64,
            "people": pl.Int64,
            "checks": pl.List(pl.String),
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def slices(self) -> pl.DataFrame:
        """Return the slices that findings are of more than others: check, where, broken, of, rows, looked_at, lift; the surest of a check first."""
        found = [(check.id, one) for check in self.record.checks for one in check.overrepresented]
        return pl.DataFrame(
            [(storable(check), storable(one.sentence), one.broken, one.of, one.rows, one.looked_at, Decimal(one.lift)) for check, one in found],
            schema={"check": pl.String, "where": pl.String, **dict.fromkeys(("broken", "of", "rows", "looked_at"), pl.Int64), "lift": pl.Decimal(18, 1)},
            orient="row",
        )

    def since(self, earlier: Run | None = None) -> Lineage:
        """Return what became of the findings since an earlier run, by default the newest one before it that asked the same and stands beside it.

        Raises:
            UsageError: there is none, or it is of another migration.
        """
        from dq.lineage import Recorded, lineage_since  # noqa: PLC0415 - it opens an engine

        before = None if earlier is None else Recorded(earlier.folder, earlier.record)
        return lineage_since(Recorded(self.folder, self.record), runs=self.folder.parent, before=before)

    def checks(self) -> pl.DataFrame:
        """Return every check: id, outcome, broken, looked_at, sentence."""
        rows = [(storable(check.id), check.outcome.value, check.broken, check.looked_at, storable(check.sentence)) for check in self.record.checks]
        schema = {"check": pl.String, "outcome": pl.String, "broken": pl.Int64, "looked_at": pl.Int64, "sentence": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def sums(self, entity: str, *, by: str | None = None) -> pl.DataFrame:
        """Return an entity's sums and counts by slice, net and gross on both sides.

        Args:
            entity: the entity.
            by: only those sliced by this column (and perhaps others).

        Raises:
            UsageError: there is no such entity, or no sum of it is sliced so.
        """
        summed = [check for check in self.record.checks if check.entity == self[entity].result.entity and check.sums]
        checks = [check for check in summed if by is None or by in check.sums[0].by]
        if by is not None and not checks:
            known = sorted({name for check in summed for name in check.sums[0].by})
            raise UsageError(f"no sum of {entity} is sliced by '{by}'{near_miss(by, known)}")
        lines = [(check.id, line) for check in checks for line in check.sums]
        slices = sorted({name for _, line in lines for name in line.by})
        return pl.DataFrame(
            {
                "check": [storable(check) for check, _ in lines],
                **{storable(name): [storable(line.by.get(name)) for _, line in lines] for name in slices},
                **{part: [Decimal(getattr(line, part)) for _, line in lines] for part in ("source_net", "target_net", "source_gross", "target_gross")},
                "agrees": [line.agrees for _, line in lines],
            },
            schema_overrides={"check": pl.String, "agrees": pl.Boolean, **dict.fromkeys(map(storable, slices), pl.String)},
        )

    def case(self, account: str | int, *, contract: Path | str | None = None, snapshots: dict[str, Path | str] | None = None) -> Case:
        """Return everything of one customer, source beside target. Personal data.

        Args:
            account: an id of the source or the target (`source:17` where it could be either), a finding (`coupons#17`), or an e-mail.
            contract: the contract's folder, if it is not where it was.
            snapshots: side to file, of those that are not where they were.

        Raises:
            UsageError: nobody is meant, or several are; the contract is another.
            SnapshotError: a snapshot is gone, or is another than the one compared.
        """
        return Case(explained(self.folder, self.record, str(account), where=_where(contract, snapshots)))

    def sql(self, query: str, *, contract: Path | str | None = None, snapshots: dict[str, Path | str] | None = None) -> pl.DataFrame:
        """Return the rows of one SELECT of your own: over `findings` and `cells`, and both sides as they were compared. Personal data: keys and values.

        `source.<entity>` and `target.<entity>` hold the rows compared, in the contract's types and the target's ids; the snapshots are opened only
        where one is named. Nothing can be written.

        Args:
            query: one SELECT.
            contract: the contract's folder, if it is not where it was.
            snapshots: side to file, of those that are not where they were.

        Raises:
            UsageError: it is no SELECT, or names an entity that there is not.
            SnapshotError: a snapshot is gone, or is another than the one compared.
        """
        from dq.case.adhoc import answer  # noqa: PLC0415 - the engine loads when it is needed

        return answer(self.folder, self.record, query, where=_where(contract, snapshots))

    def repair(self, *, since: Run | None = None, contract: Path | str | None = None, snapshots: dict[str, Path | str] | None = None) -> pl.DataFrame:
        """Return what is to be repaired, a line a row: what to do, its ids on both sides, whose it is, and why. Personal data: keys and ids.

        With `since`, it is that earlier run's list, and a column `now` says of each row: mended, still broken, not known. Takes and raises what
        `case` does, of the run that the list is of; see `dq.case.repair`.
        """
        from dq.case.repair import repair_list, what_became  # noqa: PLC0415 - as above

        where = _where(contract, snapshots)
        if since is None:
            return repair_list(self.folder, self.record, where=where)
        listed = repair_list(since.folder, since.record, where=where)
        return what_became(listed, listed_by=since.record, after=self.record, findings=self.folder / FINDINGS)

    @cached_property
    def _records(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / FINDINGS)

    def __repr__(self) -> str:
        """Say what it is about in a line."""
        return f"<{self.record.command} {self.record.run}: {self.record.outcome.value}; {self.record.headline}>"

    def _repr_html_(self) -> str:
        from dq.report.displays import run_display  # noqa: PLC0415 - the template engine loads where something is shown

        return run_display(self.record)


@dataclass(frozen=True)
class Case:
    """One customer's case; it shows itself in Jupyter. Personal data.

    Attributes:
        data: accounts, and by entity every row with what became of it.
    """

    data: CaseData

    def rows(self) -> pl.DataFrame:
        """Return every row: entity, status, key, columns that differ, what the run calls it."""
        found = [(section.entity, row.status, list(row.key), list(row.differs), list(row.findings)) for section in self.data.sections for row in section.rows]
        texts = pl.List(pl.String)
        return pl.DataFrame(found, schema={"entity": pl.String, "status": pl.String, "key": texts, "columns": texts, "findings": texts}, orient="row")

    def save(self, path: Path | str, *, lang: str = "en") -> None:
        """Write the case as a page to print, readable by its owner alone, in English or Indonesian ('id').

        Raises:
            UsageError: it cannot be written there, or there is no such language.
        """
        from dq.report.case import write_case  # noqa: PLC0415 - the template engine loads where something is shown

        write_case(self.data, Path(path), language=lang)

    def __repr__(self) -> str:
        """Say what it is about in a line, without personal data."""
        return f"<case of run {self.data.run}: {self.data.rows:,} rows, {self.data.broken:,} not as promised>"

    def _repr_html_(self) -> str:
        from dq.report.case import case_display  # noqa: PLC0415 - as above

        return case_display(self.data)


def _where(contract: Path | str | None, snapshots: dict[str, Path | str] | None) -> Where:
    return Where(Path(contract) if contract is not None else None, {side: Path(file) for side, file in (snapshots or {}).items()})


def options_of(*, runs: Path | str, snapshots: dict[str, Path | str] | None, as_of: datetime | None) -> Options:
    """Return how a run is made, by what Python says."""
    return Options(runs=Path(runs), snapshots={side: Path(file) for side, file in (snapshots or {}).items()}, as_of=as_of)


def recorded(command: Command, contract: Path | str, *, batch: int | None, options: Options) -> Run:
    """Run a contract and return it."""
    finished = run_contract(contract, command=command, batch=batch, options=options)
    return Run(finished.folder, finished.record)
