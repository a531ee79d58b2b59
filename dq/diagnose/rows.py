"""The one place that explains missing and extra rows: of one slice, of one person, of erased people, of people whose batch has not moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dq.compare.evidence import EntityEvidence, SumPair
from dq.compare.rows import tables
from dq.contract.models import Entity
from dq.engine import Engine
from dq.record import Cause, Money
from dq.sql import Query, literal, path
from dq.words import counted, money_text


def causes_of_rows(engine: Engine, entity: Entity, evidence: EntityEvidence, *, counts: Sequence[SumPair]) -> Iterator[Cause]:
    """Yield the causes of an entity's missing and extra rows."""
    statuses = evidence.harms["rows"].statuses
    for status in ("missing", "extra"):
        rows = statuses.get(status, 0)
        if not rows:
            continue
        where = "in the target only" if status == "extra" else "missing"
        people = int(_one(engine, entity, f"SELECT count(DISTINCT owner) FROM {tables(entity).rows} WHERE status = {literal(status)}"))
        parts = [*(_owners(engine, entity) if status == "extra" else ()), *_shared(engine, entity, status=status, rows=rows, counts=counts)]
        if entity.owner and people == 1 and rows > 1:
            parts.append((rows, "all of one person"))
        for number, words in parts:
            yield Cause(
                entity=entity.name,
                kind=status,
                sentence=f"{counted(number, 'row')} {where}: {words}",
                checks=(f"{entity.name}.rows",),
                rows=number,
                people=people if entity.owner and number == rows else None,
                money=_lost(engine, entity) if status == "missing" and number == rows else (),
            )


def money_of(engine: Engine, entity: Entity, sql: str) -> tuple[Money, ...]:
    """Return amounts by currency, from a query for both; points and the like by their unit."""
    unit = entity.money.unit if entity.money and not entity.money.currency else ""
    found = engine.execute(Query(sql, step=f"{entity.name}: causes"))
    return tuple(Money(currency=str(currency or unit), amount=money_text(Decimal(amount))) for currency, amount in found if amount)


def _lost(engine: Engine, entity: Entity) -> tuple[Money, ...]:
    """Return the amounts of the missing rows."""
    if entity.money is None:
        return ()
    return money_of(engine, entity, f"SELECT currency, sum(amount_source) FROM {tables(entity).rows} WHERE status = 'missing' GROUP BY 1 ORDER BY 1")


def _owners(engine: Engine, entity: Entity) -> Iterator[tuple[int, str]]:
    """Yield rows that are there though their owner was erased, or has not moved yet."""
    through = entity.column(entity.owner).through if entity.owner else None
    if through is None or not _one(engine, entity, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'scope' AND table_name = 'accounts'"):
        return
    maps = f"{path('maps', through)} AS m JOIN scope.accounts AS a ON a.account_id = m.source_id"
    for claim, words in (
        ("a.erased_ever", "their owner was erased on request"),
        ("a.placed AND NOT a.moved AND NOT a.erased_ever", "their owner's batch has not moved yet"),
    ):
        sql = f"SELECT count(*) FROM {tables(entity).rows} WHERE status = 'extra' AND owner IN (SELECT m.target_id FROM {maps} WHERE {claim})"
        rows = int(_one(engine, entity, sql))
        if rows:
            yield rows, words


def _shared(engine: Engine, entity: Entity, *, status: str, rows: int, counts: Sequence[SumPair]) -> Iterator[tuple[int, str]]:
    """Yield the slice that all rows of a status share, where there are several rows and the slice is not everything."""
    few = 3
    if rows < few or not entity.slices:
        return
    picked = ", ".join(
        f"CASE WHEN count(DISTINCT s_{index}) = 1 AND count(s_{index}) = count(*) THEN min(s_{index}) END" for index, _ in enumerate(entity.slices)
    )
    shared = engine.one(Query(f"SELECT {picked} FROM {tables(entity).rows} WHERE status = {literal(status)}", step=f"{entity.name}: causes"))
    telling = {index: value for index, value in enumerate(shared) if value is not None and len({pair.by[index] for pair in counts}) > 1}
    if telling:
        whole = sum(int(pair.source_net) for pair in counts if all(pair.by[index] == value for index, value in telling.items()))
        named = ", ".join(f"{entity.slices[index]} {value}" for index, value in telling.items())
        yield rows, f"{'every row' if whole == rows and status == 'missing' else 'all'} with {named}"


def _one(engine: Engine, entity: Entity, sql: str) -> int:
    return int(engine.one(Query(sql, step=f"{entity.name}: causes"))[0])
