"""The one place that recognises missing rows that stood side by side: the last ones, the first ones, a long run in between, a round number left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dq.compare.rows import key_names
from dq.diagnose.chance import is_seldom
from dq.diagnose.population import Subject
from dq.engine import Engine
from dq.sql import Query
from dq.words import counted

_FEW = 3  # rows at an end
_LONG = 20  # rows in a row: fewer may be of one order or person
_SMALLEST = 100  # rows that are a round number
_SHEET = (65_535, 65_536, 1_048_575, 1_048_576)  # rows of a sheet, with its head and without


@dataclass(frozen=True, slots=True)
class Run:
    """Missing rows that stood side by side: their keys as a SELECT, and what they are."""

    keys: str
    words: str
    is_tail: bool = False


def runs_of_missing(engine: Engine, subject: Subject, *, missing: int) -> Iterator[Run]:
    """Yield the runs among the missing rows that are not accounted for, in the order of the source's ids, then of moments.

    Args:
        engine: the engine.
        subject: the entity; its population, `gone` and `accounted` stand.
        missing: how many rows are missing.
    """
    if not subject.is_placed:
        return
    entity, total = subject.entity, subject.evidence.population.source_rows
    first = entity.own_id.name if entity.own_id is not None else entity.key[0] if len(entity.key) == 1 else None
    orders = [("id", first), ("moment", subject.moment.name if subject.moment else None)]
    for place, name in orders:
        if name is None:
            continue
        low, high = engine.one(Query(f"SELECT min({place}), max({place}) FROM {subject.table} ANTI JOIN gone USING ({_keys(subject)})", step=subject.step))
        for end, sign, bound in (("last", ">", high), ("first", "<", low)):
            if bound is None:
                continue
            where = f"{place} {sign} (SELECT {'max' if sign == '>' else 'min'}({place}) FROM {subject.table} ANTI JOIN gone USING ({_keys(subject)}))"
            rows = f"SELECT {_keys(subject)} FROM {subject.table} SEMI JOIN ({_left(subject)}) USING ({_keys(subject)}) WHERE {where}"
            (number,) = engine.one(Query(f"SELECT count(*) FROM ({rows})", step=subject.step))
            if number >= _FEW and is_seldom(missing, among=total, alike=int(number), tried=len(orders) * 2):
                what = "the tail was cut off" if end == "last" else "the beginning is gone"
                yield Run(rows, f"the {end} in the order of {name}: {what}", is_tail=end == "last")
    if first is not None:
        yield from _long_runs(engine, subject, name=first, missing=missing, total=total)


def round_count(rows: int) -> str:
    """Return `exactly 1,000 rows` if that is a number at which programs stop, else ''."""
    digits = str(rows)
    is_round = rows >= _SMALLEST and digits.strip("0") in ("1", "2", "5") and digits[1:].strip("0") == ""
    is_binary = rows >= _SMALLEST and (rows & (rows - 1)) == 0
    return f"exactly {counted(rows, 'row')}" if is_round or is_binary or rows in _SHEET else ""


def _long_runs(engine: Engine, subject: Subject, *, name: str, missing: int, total: int) -> Iterator[Run]:
    """Yield runs between rows that are there: a file, or a page, that was left out."""
    (left,) = engine.one(Query(f"SELECT count(*) FROM ({_left(subject)})", step=subject.step))
    if left < _LONG:
        return
    keys = _keys(subject)
    sql = f"""
        CREATE OR REPLACE TEMP TABLE runs AS
        SELECT {", ".join(f"g.{key}" for key in key_names(subject.entity))}, b.x AS after, count(*) OVER (PARTITION BY b.x) AS n
        FROM (SELECT {keys}, id AS x FROM {subject.table} SEMI JOIN ({_left(subject)}) USING ({keys})) AS g
        ASOF LEFT JOIN (SELECT id AS x FROM {subject.table} ANTI JOIN gone USING ({keys})) AS b ON g.x > b.x"""
    engine.execute(Query(sql, step=subject.step))
    found = engine.execute(Query(f"SELECT DISTINCT after, n FROM runs WHERE n >= {_LONG} ORDER BY n DESC, after LIMIT 3", step=subject.step))
    sure = [int(number) for _, number in found if is_seldom(missing, among=total, alike=int(number), tried=total)]
    if sure:
        what = "one file or page was left out" if len(sure) == 1 else "files or parts were left out"
        where = f"side by side in the order of {name}" if len(sure) == 1 else f"in runs of {sure[-1]:,} rows and more in the order of {name}"
        yield Run(f"SELECT {keys} FROM runs WHERE n >= {sure[-1]}", f"{where}: {what}")
    engine.execute(Query("DROP TABLE runs", step=subject.step))


def _left(subject: Subject) -> str:
    keys = _keys(subject)
    return f"SELECT {keys} FROM gone ANTI JOIN accounted USING ({keys})"


def _keys(subject: Subject) -> str:
    return ", ".join(key_names(subject.entity))
