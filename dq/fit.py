"""The one place that asks whether the source's rows are fit to move: stock expectations of Great Expectations on canonical rows."""

from __future__ import annotations

from collections.abc import Mapping

from dq.compare.evidence import Crash
from dq.compare.views import snapshot
from dq.contract.models import Contract, Entity
from dq.engine import Engine
from dq.expect import fitness
from dq.ground import Attempt, Ground
from dq.judgement.base import not_proven
from dq.record import Check, Outcome
from dq.sql import Query, path, quote


def judge_fitness(engine: Engine, ground: Ground, *, batch: int | None, attempt: Attempt) -> tuple[Check, ...]:
    """Judge every `<entity>.fit.<name>` on the source's rows of one batch (None: all rows).

    An entity without a row is fit only where the contract says why there may be none.

    Rows whose owner is NULL or in no batch are looked at with every batch: nobody else would.
    """
    checks: list[Check] = []
    for entity in ground.contract.entities:
        if not entity.fit:
            continue
        reason = ground.unread(entity)
        results = None if reason else attempt(f"{entity.name}.fit", _run, engine, entity, batch=batch if ground.scope.batched else None)
        if isinstance(results, Crash):
            reason, results = results.reason, None
        for check_id, item in entity.fit_ids():
            if results == {}:
                checks.append(_nothing(check_id, entity, item.name))
            elif results is None:
                checks.append(not_proven(check_id, entity=entity.name, kind="fit", name=item.name, reason=reason or "it was not asked"))
            else:
                checks.append(_check(check_id, entity, results[item.name]))
    return tuple(checks)


def _run(engine: Engine, entity: Entity, *, batch: int | None) -> Mapping[str, fitness.FitResult]:
    columns = ", ".join(f"r.{quote(column.name)}" for column in entity.columns)
    sql = f"SELECT {columns} FROM {path('own_source', entity.name)} AS r"
    if batch is not None and entity.owner is not None:
        owner = quote(entity.owner)
        several = "SELECT account_id FROM scope.accounts WHERE listed > 1"
        also = f"SELECT account_id FROM {path(snapshot('crosswalk'), 'main', 'batches')} WHERE batch = {batch} AND account_id IN ({several})"
        others = f"""
            SELECT account_id FROM scope.accounts
            WHERE listed > 0 AND (erased_ever OR (batch IS DISTINCT FROM {batch} AND account_id NOT IN ({also})))"""
        sql += f" ANTI JOIN ({others}) AS o ON o.account_id = r.{owner}"  # whose owner is in no batch is looked at, too
    view = path("fit", entity.name)
    engine.execute(Query("CREATE SCHEMA IF NOT EXISTS fit", step=f"{entity.name}.fit"))
    engine.execute(Query(f"CREATE OR REPLACE VIEW {view} AS {sql}", step=f"{entity.name}.fit"))
    if entity.may_be_empty is not None and not engine.one(Query(f"SELECT count(*) FROM {view}", step=f"{entity.name}.fit"))[0]:
        return {}
    fits = [fitness.Fit(item.name, item.type, dict(item.arguments)) for item in entity.fit]
    return {result.name: result for result in fitness.run_fitness(engine.connection, table=view, fits=fits)}


def _nothing(check_id: str, entity: Entity, name: str) -> Check:
    sentence = f"There is no row to move: {entity.may_be_empty}."
    return Check(id=check_id, entity=entity.name, kind="fit", name=name, outcome=Outcome.PASSED, sentence=sentence)


def _check(check_id: str, entity: Entity, result: fitness.FitResult) -> Check:
    return Check(
        id=check_id,
        entity=entity.name,
        kind="fit",
        name=result.name,
        outcome=Outcome(result.outcome),
        sentence=result.sentence,
        reason=result.reason,
        looked_at=result.looked_at,
        broken=result.broken,
    )


def fit_ids(contract: Contract) -> tuple[str, ...]:
    """Return the ids of every fitness check."""
    return tuple(check_id for entity in contract.entities for check_id, _ in entity.fit_ids())
