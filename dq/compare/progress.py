"""The one place that counts how far a migration is: accounts and rows of every batch, and when the first and the last moved row came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dq.compare.owners import OwnedRows, count_owned
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


def count_batches(
    engine: Engine, batches: Sequence[Batch], *, scope: Scope, owned: Iterable[Entity], counted: Mapping[str, OwnedRows], is_whole: bool
) -> tuple[BatchSize, ...]:
    """Count accounts and rows of every batch.

    Args:
        engine: the engine; scope.accounts and the own views of `owned` stand.
        batches: the contract's.
        scope: what the run looks at.
        owned: entities whose rows have an owner.
        counted: of these, what was counted already, by name.
        is_whole: no other entity has rows with an owner; else rows are not known.
    """
    if not scope.batched:
        return tuple(BatchSize(batch.number) for batch in batches)
    accounts = Counter[int](
        dict(engine.execute(Query("SELECT batch, count(*) FROM scope.accounts WHERE batch IS NOT NULL AND NOT erased_ever GROUP BY 1", step=STEP)))
    )
    sql = f"""
        CREATE OR REPLACE TEMP TABLE further AS
        SELECT DISTINCT b.account_id, b.batch
        FROM {path(snapshot("crosswalk"), "main", "batches")} AS b JOIN scope.accounts AS a ON a.account_id = b.account_id AND a.listed > 1
        WHERE b.batch <> a.batch AND NOT a.erased_ever"""
    engine.execute(Query(sql, step=STEP))
    again: dict[int, int] = dict(engine.execute(Query("SELECT batch, count(*) FROM further GROUP BY 1", step=STEP)))
    accounts.update(again)
    rows: Counter[int] = Counter()
    for entity in owned:
        found = counted.get(entity.name) or count_owned(engine, entity)
        rows.update(dict(found.of_batch))
        if again:
            owned_rows = f"{path('own_source', entity.name)} AS r JOIN further AS f ON f.account_id = r.{quote(str(entity.owner))}"
            sql = f"SELECT f.batch, count(*) FROM {owned_rows} GROUP BY 1"
            rows.update(dict(engine.execute(Query(sql, step=f"{entity.name}: {STEP}"))))
    engine.execute(Query("DROP TABLE further", step=STEP))
    return tuple(BatchSize(batch.number, accounts[batch.number], rows[batch.number] if is_whole else None) for batch in batches)


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
