"""The one place that compares a run's findings with earlier runs': new, still there, fixed, come back, and since when each has been open.

It stands beside the record and never in it: a record is a function of its inputs (law 7), and earlier runs are none of them. A finding is the same
where check, key, column and status are. Of a check that one of two runs could not prove, what the other found is neither new nor fixed.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dq.engine import Engine, file_literal, open_engine
from dq.errors import UsageError
from dq.folder import FINDINGS, REPORT, read_record
from dq.record import Frozen, Outcome, Record
from dq.settings import Settings
from dq.sql import Query, literal
from dq.words import counted

_STEP = "lineage"
_SAME = '"check", status, key, "column"'
_LOOKED_BACK = 50  # runs


class LineageLine(Frozen):
    """The findings of one check, against those of the run before."""

    check: str
    new: int
    still: int
    fixed: int
    regressed: int  # not in the run before, but in one before that
    unknown: int  # one of the two runs could not prove the check
    open_since: str | None  # ISO 8601: as of when the first run in an unbroken row of them had the oldest finding of now; None where there is none


class Lineage(Frozen):
    """A run's findings against an earlier run's."""

    run: str
    as_of: str
    since: str  # the earlier run
    since_as_of: str
    lines: tuple[LineageLine, ...]  # by check, those with any finding in either run

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        total = {name: sum(getattr(line, name) for line in self.lines) for name in ("new", "still", "fixed", "regressed", "unknown")}
        parts = [f"{total['new']:,} new", f"{total['still']:,} still open", f"{total['fixed']:,} fixed", f"{total['regressed']:,} come back"]
        parts += [f"{total['unknown']:,} not known in both"] if total["unknown"] else []
        oldest = min((line.open_since for line in self.lines if line.open_since), default=None, key=datetime.fromisoformat)
        days = (datetime.fromisoformat(self.as_of) - datetime.fromisoformat(oldest)).days if oldest else 0
        age = f"; the oldest open for {counted(days, 'day')}" if days else ""
        return f"Since {self.since}: {', '.join(parts)}{age}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run's folder and its record."""

    folder: Path
    record: Record

    @property
    def findings(self) -> Path:
        """The file with the findings."""
        return self.folder / FINDINGS


def earlier_runs(run: Recorded, *, runs: Path) -> tuple[Recorded, ...]:
    """Return the complete runs of the same migration, command and batch that are of an earlier moment, the newest first."""
    asked = [_line(name, getattr(run.record, name)) for name in ("migration", "command", "batch")]
    paths = [path for path in runs.glob(f"*/{REPORT}") if not path.parent.name.startswith(".") and _has(path, asked)]
    found = [one for path in paths for one in _read(path.parent)]
    alike = [one for one in found if _asks_the_same(one.record, run.record) and one.findings.is_file() and _order(one) < _order(run)]
    return tuple(sorted(alike, key=_order, reverse=True))


def run_before(run: Recorded, *, runs: Path) -> Recorded:
    """Return the newest of `earlier_runs`. Raises UsageError where there is none."""
    return _newest(earlier_runs(run, runs=runs), run, runs=runs)


def _newest(earlier: Sequence[Recorded], run: Recorded, *, runs: Path) -> Recorded:
    if earlier:
        return earlier[0]
    raise UsageError(f"there is no earlier {run.record.command} of that batch in {runs}")


def lineage_since(run: Recorded, *, runs: Path, before: Recorded | None = None) -> Lineage:
    """Compare a run's findings with those of an earlier run, by default the newest of `earlier_runs`.

    Raises:
        UsageError: there is none, or as `lineage_of`.
    """
    earlier = earlier_runs(run, runs=runs)
    first = before or _newest(earlier, run, runs=runs)
    older = [one for one in earlier if one.record.run != first.record.run and one.record.as_of <= first.record.as_of]
    return lineage_of(run, before=first, older=older)


def lineage_of(run: Recorded, *, before: Recorded, older: Sequence[Recorded] = ()) -> Lineage:
    """Compare a run's findings with an earlier run's.

    Args:
        run: the run.
        before: the run that it is compared with.
        older: runs before that one, the newest first; they say what came back, and since when something has been open.

    Raises:
        UsageError: the two are not of one migration, or a file of findings is not there.
    """
    if before.record.migration != run.record.migration:
        raise UsageError(f"run {before.record.run} is of another migration ({before.record.migration}) than run {run.record.run} ({run.record.migration})")
    chain = (run, before, *older[:_LOOKED_BACK])
    for one in chain:
        if not one.findings.is_file():
            raise UsageError(f"{one.findings}: is not there")
    with tempfile.TemporaryDirectory(prefix="dq-") as temp:
        engine = open_engine({}, settings=Settings(temp=Path(temp), reads=tuple(one.findings.resolve() for one in chain)))
        try:
            lines = _lines(engine, chain)
        finally:
            engine.close()
    return Lineage(run=run.record.run, as_of=run.record.as_of, since=before.record.run, since_as_of=before.record.as_of, lines=lines)


def _lines(engine: Engine, chain: Sequence[Recorded]) -> tuple[LineageLine, ...]:
    for number, one in enumerate(chain):
        engine.execute(Query(f"CREATE TABLE run_{number} AS {_findings(one)}", step=_STEP))
    engine.execute(Query(f"CREATE TABLE alive AS SELECT {_SAME} FROM run_0", step=_STEP))
    engine.execute(Query('CREATE TABLE ages ("check" VARCHAR, number INTEGER)', step=_STEP))
    for number in range(1, len(chain)):  # as far back as the row of runs that had a finding is unbroken
        engine.execute(Query(f'INSERT INTO ages SELECT DISTINCT "check", {number - 1} FROM alive', step=_STEP))
        engine.execute(Query(f"CREATE OR REPLACE TABLE alive AS SELECT * FROM alive SEMI JOIN run_{number} USING ({_SAME})", step=_STEP))
    engine.execute(Query(f'INSERT INTO ages SELECT DISTINCT "check", {len(chain) - 1} FROM alive', step=_STEP))
    older = " UNION ALL ".join(f"SELECT {_SAME} FROM run_{number}" for number in range(2, len(chain))) or f"SELECT {_SAME} FROM run_0 WHERE false"
    sql = f"""
        WITH marked AS (
            SELECT "check",
                   CASE WHEN b.there THEN 'still' WHEN "check" IN (SELECT unnest($1)) THEN 'unknown' WHEN o.there THEN 'regressed' ELSE 'new' END AS mark
            FROM run_0 LEFT JOIN (SELECT *, true AS there FROM run_1) AS b USING ({_SAME})
            LEFT JOIN (SELECT DISTINCT *, true AS there FROM ({older})) AS o USING ({_SAME})
            UNION ALL
            SELECT "check", CASE WHEN "check" IN (SELECT unnest($2)) THEN 'unknown' ELSE 'fixed' END FROM run_1 ANTI JOIN run_0 USING ({_SAME}))
        SELECT "check", {", ".join(f"count(*) FILTER (mark = '{mark}')" for mark in ("new", "still", "fixed", "regressed", "unknown"))},
               (SELECT max(a.number) FROM ages AS a WHERE a."check" = m."check")
        FROM marked AS m GROUP BY "check" ORDER BY "check\""""
    now, before = (list(_unproven(one.record, chain)) for one in chain[:2])
    found = engine.execute(Query(sql, (before, now), _STEP))
    moments = [one.record.as_of for one in chain]
    return tuple(
        LineageLine(
            check=check,
            new=new,
            still=still,
            fixed=fixed,
            regressed=regressed,
            unknown=unknown,
            open_since=None if number is None else moments[number],
        )
        for check, new, still, fixed, regressed, unknown, number in found
    )


def _findings(run: Recorded) -> str:
    """Return a run's findings as they are told apart: one a row that is not on both sides, one a cell that differs."""
    checks = {(check.entity, column): check.id for check in run.record.checks if check.entity and check.kind != "export" for column in check.columns}
    arms = " ".join(f"WHEN entity = {literal(str(entity))} AND name = {literal(column)} THEN {literal(check)}" for (entity, column), check in checks.items())
    of_cell = f"CASE {arms} ELSE concat(entity, '.', name) END" if arms else "concat(entity, '.', name)"
    rows = f'SELECT entity, "check", status, key, columns FROM read_parquet({file_literal(run.findings.resolve())}) WHERE "column" IS NULL'
    return f"""
        SELECT DISTINCT coalesce("check", {of_cell}) AS "check", status, key, coalesce(name, '') AS "column"
        FROM (SELECT CAST(entity AS VARCHAR) AS entity, CAST("check" AS VARCHAR) AS "check", CAST(status AS VARCHAR) AS status, key,
                     unnest(CASE WHEN status = 'changed' AND len(columns) > 0 THEN CAST(columns AS VARCHAR[]) ELSE [NULL] END) AS name
              FROM ({rows}))"""


def _unproven(record: Record, chain: Sequence[Recorded]) -> set[str]:
    """Return the checks that a run did not prove, or does not have, of all that the two runs have."""
    proven = {check.id for check in record.checks if check.outcome is not Outcome.NOT_PROVEN}
    return {check.id for one in chain[:2] for check in one.record.checks} - proven


def _read(folder: Path) -> Iterator[Recorded]:
    """Yield a run, or nothing where its record is none."""
    with suppress(UsageError):
        yield Recorded(folder, read_record(folder))


def _line(name: str, value: object) -> bytes:
    """Return the line that says a value in a record's file, which is written in one way alone."""
    return f'\n "{name}": {json.dumps(value, ensure_ascii=False)},\n'.encode()


def _has(path: Path, lines: Sequence[bytes]) -> bool:
    """Whether a record's file has some lines; to look takes a hundredth of what it takes to read one."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return all(line in content for line in lines)


def _asks_the_same(one: Record, other: Record) -> bool:
    return (one.migration, one.command, one.batch) == (other.migration, other.command, other.batch) and one.run != other.run


def _order(run: Recorded) -> tuple[datetime, int, str]:
    return (datetime.fromisoformat(run.record.as_of), (run.folder / REPORT).stat().st_mtime_ns, run.record.run)
