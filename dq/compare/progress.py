"""The one place that counts how far a migration is: accounts and rows of every batch, and when the first and the last moved row came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dq.compare.scope import Scope
from dq.compare.views import CREATED, ID, snapshot
from dq.contract.migration import Batch
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

STEP = "progress"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BatchSize:
    """One batch: its accounts but for erased ones, and their rows in the source; None where that is not known."""

    number: int
    accounts: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Every batch of the contract, and when the rows that moved came into the target."""

    batches: tuple[BatchSize, ...] = ()
    first: datetime | None = None
    last: datetime | None = None


def count_batches(engine: Engine, batches: Sequence[Batch], *, scope: Scope, owned: Iterable[Entity], is_whole: bool) -> tuple[BatchSize, ...]:
    """Count accounts and rows of every batch.

    Args:
        engine: the engine; scope.accounts and the own views of `owned` stand.
        batches: the contract's.
        scope: what the run looks at.
        owned: entities whose rows have an owner.
        is_whole: no other entity has rows with an owner; else rows are not known.
    """
    if not scope.batched:
        return tuple(BatchSize(batch.number) for batch in batches)
    sql = f"""
        CREATE OR REPLACE TEMP TABLE placed AS
        SELECT DISTINCT b.account_id, b.batch
        FROM {path(snapshot("crosswalk"), "main", "batches")} AS b JOIN scope.accounts AS a ON a.account_id = b.account_id
        WHERE NOT a.erased_ever"""
    engine.execute(Query(sql, step=STEP))
    accounts: dict[int, int] = dict(engine.execute(Query("SELECT batch, count(*) FROM placed GROUP BY 1", step=STEP)))
    rows: Counter[int] = Counter()
    for entity in owned:
        sql = f"SELECT p.batch, count(*) FROM {path('own_source', entity.name)} AS r JOIN placed AS p ON p.account_id = r.{quote(str(entity.owner))} GROUP BY 1"
        rows.update(dict(engine.execute(Query(sql, step=f"{entity.name}: {STEP}"))))
    engine.execute(Query("DROP TABLE placed", step=STEP))
    return tuple(BatchSize(batch.number, int(accounts.get(batch.number, 0)), int(rows[batch.number]) if is_whole else None) for batch in batches)


def moments_of(engine: Engine, merged: Iterable[Entity], *, since: datetime, until: datetime) -> tuple[datetime | None, datetime | None]:
    """Return when the first and the last row that moved came into the target; what stood there before, and what is from the future, is none.

    Args:
        engine: the engine; claims.e stands.
        merged: entities with [merge].
        since: when the baseline was taken, exclusive.
        until: the moment that the run is judged as of, inclusive.
    """
    found: list[int] = []
    for entity in merged:
        created = f"CAST(t.{quote(CREATED)} AS TIMESTAMPTZ)"
        sql = f"""
            SELECT epoch_us(min({created})), epoch_us(max({created}))
            FROM {path("own_target", entity.name)} AS t SEMI JOIN {path("claims", entity.name)} AS c ON c.id = t.{quote(ID)}
            WHERE {created} > CAST($1 AS TIMESTAMPTZ) AND {created} <= CAST($2 AS TIMESTAMPTZ)"""
        low, high = engine.one(Query(sql, (since.isoformat(), until.isoformat()), f"{entity.name}: {STEP}"))
        found += [] if low is None else [int(low), int(high)]
    moments = [_EPOCH + timedelta(microseconds=micros) for micros in (min(found), max(found))] if found else [None, None]
    return moments[0], moments[1]
