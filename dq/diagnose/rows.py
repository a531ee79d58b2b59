"""The one place that explains missing and extra rows: of one slice or hour, the last ones, of one person, of people whose batch has not moved.

The table `accounted` (k_0 …) holds the keys of the rows that a cause accounts for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dq.compare.rows import key_names, slice_names, tables
from dq.contract.models import Entity
from dq.diagnose.chance import is_seldom
from dq.diagnose.population import Subject
from dq.diagnose.runs import round_count, runs_of_missing
from dq.engine import Engine
from dq.record import Cause, Money
from dq.sql import Query, literal, path, quote
from dq.words import counted, money_text

_FEW = 3  # rows that have something in common; fewer have it by chance


def make_accounted(engine: Engine, subject: Subject) -> None:
    """Create the table of rows that are accounted for, empty, and `gone` with the keys of the missing ones."""
    entity = subject.entity
    typed = ", ".join(f"{key} {column.type.sql}" for key, column in zip(key_names(entity), entity.keys, strict=True))
    engine.execute(Query(f"CREATE OR REPLACE TEMP TABLE accounted ({typed})", step=subject.step))
    keys = ", ".join(key_names(entity))
    engine.execute(Query(f"CREATE OR REPLACE TEMP TABLE gone AS SELECT {keys} FROM {tables(entity).rows} WHERE status = 'missing'", step=subject.step))


def account_for(engine: Engine, entity: Entity, keys: str) -> int:
    """Account for the rows that a SELECT of keys returns; return how many were not accounted for before."""
    return _one(engine, entity, f"INSERT INTO accounted SELECT DISTINCT * FROM ({keys}) EXCEPT SELECT * FROM accounted")


def explained_rows(engine: Engine, subject: Subject) -> dict[str, int]:
    """Return of the checks of rows and keys that are broken how many rows, and keys, are accounted for."""
    entity = subject.entity
    keys = ", ".join(key_names(entity))
    found: dict[str, int] = {}
    for kind, statuses in (("rows", "'missing', 'extra'"), ("keys", "'duplicate'")):
        if subject.evidence.harms[kind].keys:
            sql = f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {tables(entity).rows} SEMI JOIN accounted USING ({keys}) WHERE status IN ({statuses}))"
            found[f"{entity.name}.{kind}"] = _one(engine, entity, sql)
    return found


def causes_of_rows(engine: Engine, subject: Subject) -> Iterator[Cause]:
    """Yield the causes of an entity's missing and extra rows, and what is left without one; `accounted` and `gone` stand."""
    entity, statuses = subject.entity, subject.evidence.harms["rows"].statuses
    for status, where in (("missing", "missing"), ("extra", "in the target only")):
        rows = statuses.get(status, 0)
        if not rows:
            continue
        people = _one(engine, entity, f"SELECT count(DISTINCT owner) FROM {tables(entity).rows} WHERE status = {literal(status)}") if entity.owner else None
        found = _owners(engine, subject) if status == "extra" else _of_missing(engine, subject, rows=rows)
        for number, words in found:
            yield Cause(
                entity=entity.name,
                kind=status,
                sentence=f"{counted(number, 'row')} {where}: {words}",
                checks=(f"{entity.name}.rows",),
                rows=number,
                people=people if number == rows else None,
                money=_lost(engine, entity) if status == "missing" and number == rows else (),
            )
        if left := rows - _accounted(engine, entity, status=status):
            words = "unexplained, all of one person" if people == 1 and left > 1 else "unexplained"
            yield Cause(
                entity=entity.name,
                kind="unexplained",
                sentence=f"{counted(left, 'row')} {where}: {words}",
                checks=(f"{entity.name}.rows",),
                rows=left,
                people=people if left == rows else None,
                money=_lost(engine, entity) if status == "missing" and left == rows else (),
            )


def money_of(engine: Engine, entity: Entity, sql: str) -> tuple[Money, ...]:
    """Return amounts by currency, from a query for both; points and the like by their unit."""
    unit = entity.money.unit if entity.money and not entity.money.currency else ""
    found = engine.execute(Query(sql, step=f"{entity.name}: causes"))
    return tuple(Money(currency=str(currency or unit), amount=money_text(Decimal(amount))) for currency, amount in found if amount)


def _of_missing(engine: Engine, subject: Subject, *, rows: int) -> Iterator[tuple[int, str]]:
    """Yield what missing rows have in common, where it accounts for all rows that have it."""
    entity, population = subject.entity, subject.evidence.population
    if rows == population.source_rows and rows >= _FEW:
        account_for(engine, entity, "SELECT * FROM gone")
        yield rows, "every row of the source: nothing was moved"
        return
    yield from _following(engine, subject)
    if rows < _FEW:
        return
    yield from _whole_slices(engine, subject, rows=rows)
    exactly = round_count(population.target_rows) if not subject.evidence.harms["rows"].statuses.get("extra") else ""
    for run in runs_of_missing(engine, subject, missing=rows):
        number = account_for(engine, entity, run.keys)
        if number:
            yield number, run.words + (f"; the target has {exactly}" if exactly and run.is_tail else "")
    left = rows - _accounted(engine, entity, status="missing")
    if exactly and left == rows:
        account_for(engine, entity, "SELECT * FROM gone")
        yield rows, f"the target has {exactly}, as if it had been cut there"


def _following(engine: Engine, subject: Subject) -> Iterator[tuple[int, str]]:
    """Yield the missing rows that name a row of another entity which is missing too."""
    entity = subject.entity
    keys = ", ".join(f"s.{quote(name)} AS {key}" for name, key in zip(entity.key, key_names(entity), strict=True))
    for column, parent in subject.parents:
        own = parent.own_id
        if own is None:
            continue
        on = " AND ".join(f"r.{key} = p.{quote(name)}" for key, name in zip(key_names(parent), parent.key, strict=True))
        lost = f"SELECT p.{quote(own.name)} FROM {path('source', parent.name)} AS p JOIN {tables(parent).rows} AS r ON r.status = 'missing' AND {on}"
        rows = f"SELECT {keys} FROM {path('source', entity.name)} AS s WHERE s.{quote(column.name)} IN ({lost})"
        number = account_for(engine, entity, f"SELECT {', '.join(key_names(entity))} FROM ({rows}) SEMI JOIN gone USING ({', '.join(key_names(entity))})")
        if number:
            yield number, f"what their {column.name} names is missing as well, see {parent.name}"


def _whole_slices(engine: Engine, subject: Subject, *, rows: int) -> Iterator[tuple[int, str]]:
    """Yield the slices, zones, days and hours of which every row is missing."""
    entity, total = subject.entity, subject.evidence.population.source_rows
    moment = subject.moment
    dimensions = [*zip(entity.slices, slice_names(entity), strict=True), ("zone", "zone")]
    if moment is not None:
        at = "make_timestamp(epoch_us(moment))"
        dimensions += [(f"{moment.name} on", f"CASE WHEN isfinite(moment) THEN strftime({at}, '%Y-%m-%d') END")]
        dimensions += [(f"{moment.name} in the hour from", f"CASE WHEN isfinite(moment) THEN strftime({at}, '%Y-%m-%d %H:00') || ' UTC' END")]
    keys = ", ".join(key_names(entity))
    picked = ", ".join(f"{value} AS d_{index}" for index, (_, value) in enumerate(dimensions))
    names = [f"d_{index}" for index, _ in enumerate(dimensions)]
    base = f"(SELECT {', '.join(f'p.{key}' for key in key_names(entity))}, {picked} FROM {subject.table} AS p)"
    sql = f"""
        SELECT {", ".join(f"grouping({name})" for name in names)}, {", ".join(names)}, count(*) AS n, count(g.gone)
        FROM {base} AS p LEFT JOIN (SELECT *, true AS gone FROM gone) AS g USING ({keys})
        GROUP BY GROUPING SETS ({", ".join(f"({name})" for name in names)})"""
    groups = [_group(row, dimensions) for row in engine.execute(Query(sql, step=subject.step))]
    tried = {name: sum(1 for group in groups if group[0] == name) for name, _ in dimensions}
    whole = [group for group in groups if group[1] is not None and group[2] == group[3] and _FEW <= group[2] < total]
    whole = [group for group in whole if is_seldom(rows, among=total, alike=group[2], tried=tried[group[0]])]
    for name, value, number, _ in sorted(whole, key=lambda group: (-group[2], [one for one, _ in dimensions].index(group[0]), group[1]))[:_MOST]:
        expression = dict(dimensions)[name]
        of_slice = f"SELECT {keys} FROM {base.replace(picked, f'{expression} AS d_0')} WHERE d_0 = {literal(str(value))}"
        if account_for(engine, entity, of_slice):
            yield number, f"every row with {name} {value}"


_MOST = 12  # slices that are looked at one by one


def _group(row: Sequence[object], dimensions: Sequence[tuple[str, str]]) -> tuple[str, str | None, int, int]:
    """Return (dimension, value, rows, missing rows) of a grouping set's row."""
    size = len(dimensions)
    index = [int(str(bit)) for bit in row[:size]].index(0)
    value = row[size + index]
    return dimensions[index][0], None if value is None else str(value), int(str(row[-2])), int(str(row[-1]))


def _lost(engine: Engine, entity: Entity) -> tuple[Money, ...]:
    """Return the amounts of the missing rows."""
    if entity.money is None:
        return ()
    return money_of(engine, entity, f"SELECT currency, sum(amount_source) FROM {tables(entity).rows} WHERE status = 'missing' GROUP BY 1 ORDER BY 1")


def _owners(engine: Engine, subject: Subject) -> Iterator[tuple[int, str]]:
    """Yield rows that are there though their owner was erased, or has not moved yet."""
    entity, scope = subject.entity, subject.scope
    through = entity.column(entity.owner).through if entity.owner else None
    if through is None or scope is None or scope.accounts == "all":
        return
    maps = f"{path('maps', through)} AS m JOIN scope.accounts AS a ON a.account_id = m.source_id"
    for claim, words in (
        ("a.erased_ever", "their owner was erased on request"),
        ("a.placed AND NOT a.moved AND NOT a.erased_ever", "their owner's batch has not moved yet"),
    ):
        where = f"FROM {tables(entity).rows} WHERE status = 'extra' AND owner IN (SELECT m.target_id FROM {maps} WHERE {claim})"
        rows = _one(engine, entity, f"SELECT count(*) {where}")
        if rows:
            account_for(engine, entity, f"SELECT {', '.join(key_names(entity))} {where}")
            yield rows, words


def _accounted(engine: Engine, entity: Entity, *, status: str) -> int:
    keys = ", ".join(key_names(entity))
    return _one(engine, entity, f"SELECT count(*) FROM {tables(entity).rows} SEMI JOIN accounted USING ({keys}) WHERE status = {literal(status)}")


def _one(engine: Engine, entity: Entity, sql: str) -> int:
    return int(engine.one(Query(sql, step=f"{entity.name}: causes"))[0])
