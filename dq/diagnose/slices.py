"""The one place that says of which slices findings are more than their share: region, status, kind, zone, batch, month, and two of these together.

A slice is named where chance would hardly ever put so many findings into any of the slices that were looked at. Then what is left outside of it is
looked at again, so that the next one named is another matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from dq.compare.harm import KINDS, broken_by
from dq.compare.rows import key_names, slice_names, tables
from dq.contract.models import MONTH
from dq.diagnose.cells import labelled
from dq.diagnose.chance import is_beyond_chance, is_much_more, log_bound, ratio_text
from dq.diagnose.population import Subject
from dq.engine import Engine
from dq.record import Slice
from dq.sql import Query, literal

PLACED = 1_000_000  # findings up to which zone, batch and month are looked up; beyond that they are told by the contract's slices alone
_NAMED = 3  # slices of a check
_TOGETHER = 2  # dimensions of one slice
FEWEST = 3  # findings; fewer are in a slice by chance
_VALUES = 1000  # of a dimension that are looked at, those with most findings
_Value = tuple[str | None, int, int]  # of a dimension; rows and findings there
_WHOLE = ("keys", "rows")  # these look at both sides' rows, the other kinds at rows that both sides have


@dataclass(frozen=True, slots=True)
class Dimension:
    """What rows are sliced by: its name, and its column in the tables below."""

    name: str
    column: str
    null: bool  # NULL is a slice as well


@dataclass(frozen=True, slots=True)
class _Found:
    """Values of some dimensions, findings and rows there, and how unlikely that is by chance."""

    by: tuple[tuple[Dimension, str | None], ...]
    hits: int
    rows: int
    bound: Decimal


@dataclass(frozen=True, slots=True)
class Slices:
    """Where findings are counted by slices: by check kind, and by cause."""

    engine: Engine
    subject: Subject
    dimensions: tuple[Dimension, ...]

    def of_kind(self, kind: str) -> tuple[Slice, ...]:
        """Return the slices of the rows that break a kind of check."""
        return self.of_mark(kind, whole=kind in _WHOLE, most=_NAMED)

    def of_label(self, place: int, label: str) -> tuple[Slice, ...]:
        """Return the slice of the rows of which a column's cells have a label."""
        own = self.subject.entity.compared[place].name  # that all rows that were used are of status used needs not be said
        others = replace(self, dimensions=tuple(dimension for dimension in self.dimensions if dimension.name != own))
        return others.of_mark(f"{place}:{label}", whole=False, most=1)

    def of_mark(self, mark: str, *, whole: bool, most: int) -> tuple[Slice, ...]:
        """Return at most so many slices of the findings with a mark; `whole`: they are among the rows of both sides, else among those that both have."""
        return tuple(self._named(mark, whole=whole, most=most))

    def _named(self, mark: str, *, whole: bool, most: int) -> Iterator[Slice]:
        rows = "n + extra" if whole else "n - apart"
        looked_at, of = self._one(f"SELECT coalesce(sum({rows}), 0), coalesce(sum(hits) FILTER (mark = $1), 0) FROM sliced", mark)
        outside = "true"
        for _ in range(most):
            found = self._best(mark, rows=rows, where=outside, known=())
            while found is not None and len(found.by) < _TOGETHER:
                closer = self._best(mark, rows=rows, where=self._claim(found), known=found.by)
                if closer is None:
                    break
                found = replace(closer, by=(*found.by, *closer.by))
            if found is None:
                return
            yield _slice(found, of=of, looked_at=looked_at)
            outside += f" AND NOT ({self._claim(found)})"

    def _best(self, mark: str, *, rows: str, where: str, known: Sequence[tuple[Dimension, str | None]]) -> _Found | None:
        """Return the least likely slice of one more dimension among some rows, or None where all may be chance."""
        taken = {dimension for dimension, _ in known}
        open_ = [dimension for dimension in self.dimensions if dimension not in taken]
        among, drawn, values = self._counted(mark, open_, rows=rows, where=where) if open_ else (0, 0, {})
        if drawn < FEWEST:
            return None
        tried = sum(map(len, values.values()))
        found = [
            _Found(((dimension, value),), hits, inside, log_bound(hits, drawn=drawn, inside=inside, among=among))
            for dimension in open_
            for value, inside, hits in sorted(values[dimension], key=lambda one: (-one[2], one[0] is None, one[0] or ""))[:_VALUES]
            if is_much_more(hits, drawn=drawn, inside=inside, among=among)
        ]
        best = min(found, key=lambda one: (one.bound, -one.hits, one.by[0][0].name, str(one.by[0][1])), default=None)
        return best if best is not None and is_beyond_chance(best.bound, tried=tried) else None

    def _counted(self, mark: str, dimensions: Sequence[Dimension], *, rows: str, where: str) -> tuple[int, int, Mapping[Dimension, Sequence[_Value]]]:
        """Return rows and findings among some rows, and those of each value of each dimension."""
        names = ", ".join(dimension.column for dimension in dimensions)
        sql = f"""
            SELECT grouping({names}), coalesce(sum({rows}), 0), coalesce(sum(hits) FILTER (mark = $1), 0), {names}
            FROM sliced WHERE {where} GROUP BY GROUPING SETS ((), {", ".join(f"({dimension.column})" for dimension in dimensions)})"""
        whole = 2 ** len(dimensions) - 1
        places = {whole - 2**place: dimension for place, dimension in enumerate(reversed(dimensions))}
        among = drawn = 0
        values: dict[Dimension, list[_Value]] = {dimension: [] for dimension in dimensions}
        for level, inside, hits, *by in self.engine.execute(Query(sql, (mark,), self.subject.step)):
            if level == whole:
                among, drawn = int(inside), int(hits)
                continue
            dimension = places[level]
            value = by[dimensions.index(dimension)]
            if value is not None or dimension.null:
                values[dimension].append((value, int(inside), int(hits)))
        return among, drawn, values

    def _claim(self, found: _Found) -> str:
        return " AND ".join(f"{dimension.column} IS NOT DISTINCT FROM {'NULL' if value is None else literal(value)}" for dimension, value in found.by)

    def _one(self, sql: str, mark: str) -> tuple[int, int]:
        first, second = self.engine.one(Query(sql, (mark,), self.subject.step))
        return int(first), int(second)


def count_slices(engine: Engine, subject: Subject) -> Slices:
    """Count rows and findings by slices; the population and labelled cells stand.

    The table `sliced` has a row for all values together: mark (a kind of check, or a column's place and a label), hits; with mark NULL n rows of the
    source, those of them that are on one side alone or repeated (`apart`), and rows that only the target has (`extra`).
    """
    entity, step = subject.entity, subject.step
    dimensions = [Dimension(name, column, null=True) for name, column in zip(entity.slices, slice_names(entity), strict=True)]
    is_placed = subject.is_placed and subject.evidence.harms[""].keys <= PLACED
    if is_placed:
        further = [("zone", "zone"), ("batch", "batch"), *([(f"{subject.moment.name}{MONTH}", "month")] if subject.moment else [])]
        dimensions += [Dimension(name, column, null=False) for name, column in further if name not in entity.slices]
    values = ", ".join(f"CAST({one.column} AS VARCHAR) AS {one.column}" for one in dimensions) or "NULL AS none"
    names = ", ".join(one.column for one in dimensions) or "none"
    rows = _rows(subject, is_placed=is_placed)
    marks = [f"SELECT {literal(kind)} AS mark, {values} FROM {rows} WHERE {broken_by(entity, kind)}" for kind in KINDS if subject.evidence.harms[kind].keys]
    on = ", ".join(key_names(entity))
    marks.append(f"SELECT concat(c, ':', label) AS mark, {values} FROM {rows} JOIN {labelled(entity)} USING ({on}) WHERE claimed AND status = 'changed'")
    sql = f"""
        CREATE OR REPLACE TEMP TABLE sliced AS
        SELECT CAST(NULL AS VARCHAR) AS mark, {names}, CAST(0 AS BIGINT) AS hits, sum(n) AS n, sum(apart) AS apart, sum(extra) AS extra
        FROM (SELECT {values}, count(*) AS n, 0 AS apart, 0 AS extra FROM {subject.table} GROUP BY ALL
              UNION ALL
              SELECT {values}, 0, count(*) FILTER (status IN ('missing', 'duplicate')), count(*) FILTER (status = 'extra') FROM {rows} GROUP BY ALL)
        GROUP BY ALL"""
    engine.execute(Query(sql, step=step))
    for mark in marks:  # one after the other: joins side by side need more memory than there may be
        engine.execute(Query(f"INSERT INTO sliced SELECT mark, {names}, count(*), 0, 0, 0 FROM ({mark}) GROUP BY ALL", step=step))
    return Slices(engine, subject, tuple(dimensions))


def _rows(subject: Subject, *, is_placed: bool) -> str:
    """Return the broken rows, a repeated key once, with what the population says of them."""
    entity = subject.entity
    table, keys = tables(entity).rows, ", ".join(key_names(entity))
    rows = f"(SELECT * FROM {table} WHERE status <> 'excused')"
    if subject.evidence.harms["keys"].keys:
        firsts = f"SELECT * FROM {table} WHERE status = 'duplicate' QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY source_hash, target_hash) = 1"
        rows = f"(SELECT * FROM {table} WHERE status NOT IN ('excused', 'duplicate') UNION ALL {firsts})"
    if not is_placed:
        return rows
    known = f"""
        SELECT {keys}, min(zone) AS zone, min(batch) AS batch, min(month) AS month
        FROM {subject.table} SEMI JOIN {table} USING ({keys}) GROUP BY {keys}"""
    return f"(SELECT * FROM {rows} LEFT JOIN ({known}) USING ({keys}))"


def _slice(found: _Found, *, of: int, looked_at: int) -> Slice:
    hits = "all" if found.hits == of else f"{found.hits:,} of"
    named = ", ".join(f"{dimension.name} {'NULL' if value is None else value}" for dimension, value in found.by)
    percent = ratio_text(100 * found.rows, looked_at, digits=0)
    share = "under 1 %" if percent == "0" else f"{percent} %"
    return Slice(
        by={dimension.name: value for dimension, value in found.by},
        broken=found.hits,
        of=of,
        rows=found.rows,
        looked_at=looked_at,
        lift=ratio_text(found.hits * looked_at, of * found.rows, digits=1),
        sentence=f"{hits} {of:,} are of {named} ({share} of all rows{'; every row there' if found.hits == found.rows else ''})",
    )
