"""The one place that turns a zone into plain arithmetic: which offset the engine gives a wall clock, from when to when.

The engine's own conversion asks the calendar row by row; taking an offset off is several times faster, and the same, because the
offsets are the engine's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dq.engine import Engine
from dq.sql import Query, literal

FEWEST = 100_000  # wall clocks for which it pays to look
_MOST = 24  # spans that are told apart row by row
_STEP = "15 MINUTE"  # a change of the offset at another minute is not followed
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Wall clocks before `end`, and not before the previous span's, are so many microseconds ahead of UTC; None: not known."""

    end: datetime
    offset: int | None


def offsets(engine: Engine, zone: str, low: datetime, high: datetime) -> tuple[Span, ...]:
    """Return the spans from `low` to `high`, both inclusive, ascending; none where they are too many or change at an odd moment.

    Args:
        engine: the engine.
        zone: a zone that the engine knows.
        low: the first wall clock.
        high: the last one.
    """
    first, last = low.replace(hour=0, minute=0, second=0, microsecond=0), high + _DAY
    (_, now, _), *days = _changes(engine, zone, [(first, last)], step="1 DAY")
    if len(days) > _MOST:
        return ()
    (_, again, _), *exact = _changes(engine, zone, [(first, first + _DAY), *((at - _DAY, at) for at, _, _ in days)], step=_STEP)
    if [now, *(offset for _, offset, _ in days)] != [again, *(offset for _, offset, _ in exact)]:
        return ()
    found = [Span(first, None)]
    for at, offset, before in exact:
        if before != now:
            return ()
        found.append(Span(at, now))
        now = offset
    return (*found, Span(last, now))


def _changes(engine: Engine, zone: str, series: Sequence[tuple[datetime, datetime]], *, step: str) -> list[tuple[datetime, int, int]]:
    """Return the first of some moments and those at which the offset is another than at the one before: moment, offset, offset just before."""
    moments = ", ".join(f"generate_series(TIMESTAMP '{begin}', TIMESTAMP '{end}', INTERVAL {step})" for begin, end in series)
    ahead = f"epoch_us({{0}}) - epoch_us(timezone({literal(zone)}, {{0}}))"
    sql = f"""
        SELECT moment, ahead, just_before
        FROM (SELECT moment, ahead, just_before, lag(ahead) OVER (ORDER BY moment) AS before
              FROM (SELECT moment, {ahead.format("moment")} AS ahead, {ahead.format("(moment - INTERVAL 1 MICROSECOND)")} AS just_before
                    FROM (SELECT DISTINCT unnest(flatten([{moments}])) AS moment)))
        WHERE before IS DISTINCT FROM ahead ORDER BY moment"""
    return [(moment, int(offset), int(before)) for moment, offset, before in engine.execute(Query(sql, step="zones"))]


def counted(wall: str, offset: str, *, otherwise: str) -> str:
    """Return the instant by taking an offset off the wall clock; where there is none, as the calendar says."""
    return f"coalesce(make_timestamptz(epoch_us({wall}) - {offset}), {otherwise})" if offset else otherwise


def offset_of(wall: str, spans: Sequence[Span]) -> str:
    """Return how far a wall clock is ahead of UTC, in microseconds, as an expression; NULL outside of the spans, '' where there are none."""
    arms = " ".join(f"WHEN {wall} < TIMESTAMP '{span.end}' THEN {'NULL' if span.offset is None else span.offset}" for span in spans)
    return f"CASE {arms} END" if arms else ""
