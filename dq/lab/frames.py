"""The one place for a run's numbers as Polars frames, as pictures and tables want them: one row a mark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl

from dq.errors import UsageError, near_miss
from dq.parts import EntityRun
from dq.record import Outcome
from dq.report.visible import visible
from dq.result import Run
from dq.words import counted

Schema = Mapping[str, pl.DataType | type[pl.DataType]]
STATUSES = ("same", "changed", "missing", "extra", "duplicate")
_INSTANT = "%Y-%m-%d %H:%M:%S%.f%#z"


def framed(rows: Iterable[Sequence[object]], schema: Schema) -> pl.DataFrame:
    """Return rows as a frame, each text with what is invisible in it shown as code points."""
    shown = [tuple(visible(value) if isinstance(value, str) else value for value in row) for row in rows]
    return pl.DataFrame(shown, schema=dict(schema), orient="row")


def promises(run: Run) -> pl.DataFrame:
    """Return a row an entity: promise, entity, outcome, rows on both sides, what became of them, the target's own, people."""
    names = ("source_rows", "target_rows", "compared", *STATUSES, "native", "excused", "unmapped", "people")
    rows = [(item.promise, item.entity, item.outcome.value, *(getattr(item, name) for name in names)) for item in run.record.entities]
    return framed(rows, {**dict.fromkeys(("promise", "entity", "outcome"), pl.String), **dict.fromkeys(names, pl.Int64)})


def broken(run: Run) -> pl.DataFrame:
    """Return the checks that are broken or not proven: check, entity, outcome, broken, people, sentence."""
    rows = [
        (check.id, check.entity, check.outcome.value, check.broken, check.people, check.sentence)
        for check in run.record.checks
        if check.outcome not in {Outcome.PASSED, Outcome.WAIVED}
    ]
    texts = dict.fromkeys(("check", "entity", "outcome"), pl.String)
    return framed(rows, {**texts, "broken": pl.Int64, "people": pl.Int64, "sentence": pl.String})


def causes(run: Run) -> pl.DataFrame:
    """Return the causes, the largest first: entity, cause, rows, people, is_open (nothing explains these rows)."""
    rows = [(cause.entity, cause.sentence, cause.rows, cause.people, cause.kind == "unexplained") for cause in run.record.causes]
    schema: Schema = {"entity": pl.String, "cause": pl.String, "rows": pl.Int64, "people": pl.Int64, "is_open": pl.Boolean}
    return framed(rows, schema).with_row_index("place").sort("rows", "place", descending=[True, False]).drop("place")


def batches(run: Run) -> pl.DataFrame:
    """Return a row a batch: batch, region, status, accounts, rows; none where the contract has no batches."""
    lines = run.record.calendar.batches if run.record.calendar else ()
    schema = {"batch": pl.Int64, "region": pl.String, "status": pl.String, "accounts": pl.Int64, "rows": pl.Int64}
    return framed([(line.number, line.region, line.status, line.accounts, line.rows) for line in lines], schema)


def countdown(run: Run) -> pl.DataFrame:
    """Return points of the burn-down: at, left (accounts still to move), line ('so far', or 'at this pace'); none where nothing tells them."""
    schema: dict[str, pl.DataType | type[pl.DataType]] = {"at": pl.Datetime("us", "UTC"), "left": pl.Int64, "line": pl.String}
    calendar = run.record.calendar
    if calendar is None or calendar.accounts_left is None or calendar.accounts_moved is None:
        return pl.DataFrame(schema=schema)
    first, now, done, left = moment(calendar.first_moved_at), moment(run.record.as_of), moment(calendar.done_at), calendar.accounts_left
    if first is None or now is None:
        return pl.DataFrame(schema=schema)
    points = [(first, left + calendar.accounts_moved, "so far"), (now, left, "so far")]
    if done is not None and left:
        points += [(now, left, "at this pace"), (done, 0, "at this pace")]
    return framed(points, schema)


def coverage(run: Run) -> pl.DataFrame:
    """Return how many columns of each table are compared, used, excluded, uncovered: side, table, status, columns."""
    lines = [(line.side, line.table, line.status) for line in run.record.coverage]
    frame = framed(lines, dict.fromkeys(("side", "table", "status"), pl.String))
    return frame.group_by("side", "table", "status").agg(pl.len().cast(pl.Int64).alias("columns")).sort("side", "table", "status")


def counts(run: Run) -> pl.DataFrame:
    """Return every count by slice: check, slice, source, target, difference (target less source)."""
    lines = [
        (check.id, _place(line.by), int(line.source_net), int(line.target_net)) for check in run.record.checks if check.kind == "counts" for line in check.sums
    ]
    schema = {"check": pl.String, "slice": pl.String, "source": pl.Int64, "target": pl.Int64}
    return framed(lines, schema).with_columns((pl.col("target") - pl.col("source")).alias("difference"))


def sums(run: Run) -> pl.DataFrame:
    """Return every exact sum by slice: check, slice, net and gross on both sides, difference (net), agrees."""
    parts = ("source_net", "target_net", "source_gross", "target_gross")
    lines = [
        (check.id, _place(line.by), *(getattr(line, part) for part in parts), line.agrees)
        for check in run.record.checks
        if check.kind == "sums"
        for line in check.sums
    ]
    schema: dict[str, type[pl.DataType]] = {**dict.fromkeys(("check", "slice", *parts), pl.String), "agrees": pl.Boolean}
    frame = framed(lines, schema).with_columns(pl.col(*parts).cast(pl.Decimal(38, 2)))
    return frame.with_columns((pl.col("target_net") - pl.col("source_net")).alias("difference"))


def shifts(entity: EntityRun, column: str) -> pl.DataFrame:
    """Return by how much an instant was shifted: seconds (later is positive), shift in words, rows; 0 seconds is every row in which it is the same.

    Raises:
        UsageError: the entity has no such column.
    """
    if column not in entity.result.columns:
        raise UsageError(f"{entity.result.entity} has no column '{column}'{near_miss(column, entity.result.columns)}")
    moved = (
        entity.cells()
        .filter(pl.col("column") == column)
        .select((pl.col("target").str.to_datetime(_INSTANT, strict=False) - pl.col("source").str.to_datetime(_INSTANT, strict=False)).alias("apart"))
        .select(pl.col("apart").dt.total_seconds().alias("seconds"))
    )
    found = moved.group_by("seconds").agg(pl.len().cast(pl.Int64).alias("rows"))
    differing = sum(check.columns.get(column, 0) for check in entity.run.record.checks if check.entity == entity.result.entity and check.kind == "instants")
    same = entity.result.compared - differing
    whole = pl.concat([found, pl.DataFrame({"seconds": [0], "rows": [same]}, schema=found.schema)])
    told = pl.col("seconds").map_elements(_shift, return_dtype=pl.String, skip_nulls=False)
    return whole.sort("seconds", nulls_last=True).select("seconds", told.alias("shift"), "rows")


def flows(run: Run) -> pl.DataFrame:
    """Return who or what rows went from and to, of those that are attributed wrongly: entity, column, source, target, rows. Personal data: ids."""
    wrong = run.cells().filter(pl.col("check").str.ends_with(".attribution"))
    found = wrong.group_by("entity", "column", "source", "target").agg(pl.len().cast(pl.Int64).alias("rows"))
    return found.sort("rows", "entity", "column", "source", "target", descending=[True, False, False, False, False])


def moment(text: str | None) -> datetime | None:
    """Return a moment of the record in UTC; None where there is none, or it is none."""
    try:
        return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def _place(by: dict[str, str | None]) -> str:
    return " · ".join("NULL" if value is None else value for _, value in sorted(by.items())) or "all"


def _shift(seconds: int | None) -> str:
    """Return `1 h late`, `6 h 30 min early`, `2 days late`, `the same`, `one is NULL`."""
    if seconds is None:
        return "one side is NULL"
    if seconds == 0:
        return "the same instant"
    days, rest = divmod(abs(seconds), 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    units = ((counted(days, "day"), days), (f"{hours} h", hours), (f"{minutes} min", minutes), (f"{left} s", left))
    parts = [text for text, number in units if number]
    return f"{' '.join(parts)} {'late' if seconds > 0 else 'early'}"
