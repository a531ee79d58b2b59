"""The one place for what must hold between the parts of a contract: names that refer to each other, duplicates, vacuous settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from dq.contract.claims import LedgerSum
from dq.contract.models import MONTH, SIDES, Contract, Entity, Migration
from dq.errors import ContractError, near_miss
from dq.expect.refuse import refusal

_OWN_WORDS = ("snapshot", "coverage", "crosswalk", "canary")  # check ids begin with them
_DECLARATIONS = ("batches", "merges", "erasures")  # tables of the crosswalk's snapshot that are no maps


def check_migration(migration: Migration, *, file: str) -> None:
    """Check migration.toml against itself. Raises ContractError."""
    for name in migration.entities:
        if name in _OWN_WORDS:
            raise ContractError(f"'{name}' is a word of check ids and names no entity", file=file, key="entities")
    _unique(migration.entities, file=file, key="entities")
    _unique((str(batch.number) for batch in migration.batches), file=file, key="batches.number")
    for batch in migration.batches:
        if migration.regions and batch.region not in migration.regions:
            message = f"unknown region '{batch.region}'{near_miss(batch.region, migration.regions)}"
            raise ContractError(message, file=file, key=f"batches.{batch.number}.region")
    if migration.freeze and migration.deadline and migration.freeze >= migration.deadline:
        raise ContractError("the freeze is not before the deadline", file=file, key="freeze")
    if migration.batches and (migration.accounts is None or migration.stores.crosswalk is None):
        message = "batches need 'accounts' and a crosswalk snapshot that lists their accounts"
        raise ContractError(message, file=file, key="batches")


def check_entity(entity: Entity, *, contract: Contract) -> None:
    """Check one entity against itself and the rest of the contract. Raises ContractError."""
    file = entity.file
    names = tuple(column.name for column in entity.columns)
    _references(entity, names=names)
    _check_columns(entity, contract=contract)
    if entity.owner is not None and contract.migration.batches and entity.column(entity.owner).through != contract.migration.accounts:
        message = f"the owner goes through '{contract.migration.accounts}', so that batches can be told"
        raise ContractError(message, file=file, key="owner")
    if entity.merge is not None and contract.migration.stores.baseline is None:
        raise ContractError("native rows are told by a baseline: migration.toml names none", file=file, key="merge")
    if entity.may_be_empty is not None and entity.at_least > 1:
        raise ContractError("contradicts at_least", file=file, key="may_be_empty")
    for name in entity.aggregate:
        if name in entity.key or entity.column(name).type.name not in ("DECIMAL", "BIGINT", "INTEGER", "HUGEINT"):
            raise ContractError("only a number that is no key can be summed", file=file, key=f"aggregate.{name}")
    _check_ledgers(entity, contract=contract)
    _unique((check_id for check_id, _, _ in entity.check_ids()), file=file, key="check id")
    _unique((check_id for check_id, _ in entity.fit_ids()), file=file, key="check id")
    types = {column.name: column.type.text for column in entity.columns}
    for fit in entity.fit:
        reason = refusal(fit.type, fit.arguments, types)
        if reason is not None:
            raise ContractError(reason, file=file, key=f"fit.{fit.name}")


def _check_columns(entity: Entity, *, contract: Contract) -> None:
    """Check what a column's declaration refers to."""
    file, names = entity.file, [column.name for column in entity.columns]
    for column in entity.columns:
        if column.through is not None and contract.migration.stores.crosswalk is None:
            message = "'through' needs [stores.crosswalk] in migration.toml"
            raise ContractError(message, file=file, key=f"columns.{column.name}.through")
        if column.through in _DECLARATIONS:
            raise ContractError(f"'{column.through}' is no map: it says who moves, merged or was erased", file=file, key=f"columns.{column.name}.through")
        if column.name in entity.key and column.rules:
            raise ContractError("a key is compared exactly: no rule or tolerance", file=file, key=f"columns.{column.name}")
        for side in SIDES:
            if column.reading(side).minor == "" and (entity.money is None or entity.money.currency is None):
                message = "minor units need money.currency, or { minor = '<currency column>' }"
                raise ContractError(message, file=file, key=f"columns.{column.name}.{side}")
            minor = column.reading(side).minor
            if minor and minor not in names:
                raise ContractError(f"unknown column '{minor}'{near_miss(minor, names)}", file=file, key=f"columns.{column.name}.{side}")


def _references(entity: Entity, *, names: tuple[str, ...]) -> None:
    wanted: Mapping[str, Iterable[str]] = {
        "key": entity.key,
        "owner": () if entity.owner is None else (entity.owner,),
        "money.amount": () if entity.money is None else (entity.money.amount,),
        "money.currency": () if entity.money is None or entity.money.currency is None else (entity.money.currency,),
        "slices": entity.slices,
        "aggregate": entity.aggregate,
        "sums.column": (item.column for item in entity.sums),
        "sums.by": (name for item in entity.sums for name in item.by),
        "sums.per": (item.per for item in entity.sums if item.per is not None),
        "counts.by": (name for item in entity.counts for name in item.by),
        "invariant.column": (item.column for item in entity.invariant if item.column is not None),
    }
    months = tuple(f"{column.name}{MONTH}" for column in entity.columns if column.type.name in ("INSTANT", "DATE"))
    for place, found in wanted.items():
        known = (*names, *months) if place in ("sums.by", "counts.by") else names
        for name in found:
            if name not in known:
                raise ContractError(f"unknown column '{name}'{near_miss(name, known)}", file=entity.file, key=place)
    _unique(entity.key, file=entity.file, key="key")
    _unique(entity.slices, file=entity.file, key="slices")
    for item in entity.sums:
        if entity.column(item.column).type.name not in ("DECIMAL", "BIGINT", "INTEGER", "HUGEINT"):
            raise ContractError(f"'{item.column}' is no exact number", file=entity.file, key="sums.column")
    if entity.money is not None and entity.column(entity.money.amount).type.name not in ("DECIMAL", "BIGINT", "INTEGER", "HUGEINT"):
        raise ContractError(f"'{entity.money.amount}' is no exact number", file=entity.file, key="money.amount")


def _check_ledgers(entity: Entity, *, contract: Contract) -> None:
    """Check what refers to another entity's sums."""
    for invariant in entity.invariant:
        if invariant.equals is not None:
            _ledger(entity, invariant.equals, place=f"invariant.{invariant.name}.equals", contract=contract)
    for name, ledger in entity.later.items():
        _later(entity, name, ledger, contract=contract)


def _later(entity: Entity, name: str, ledger: LedgerSum, *, contract: Contract) -> None:
    """Check that what explains a sum's later changes can be told: entries that are merged too, and compared before."""
    place = f"later.{name}"
    if name not in entity.aggregate:
        raise ContractError(f"is no column of [aggregate]{near_miss(name, entity.aggregate)}", file=entity.file, key=place)
    if entity.merge is None:
        raise ContractError("without [merge] there is no baseline since which it could have grown", file=entity.file, key=place)
    _ledger(entity, ledger, place=place, contract=contract)
    if contract.entity(ledger.entity).merge is None:
        raise ContractError(f"{ledger.entity} has no [merge]: nobody knows which of its rows are the target's own", file=entity.file, key=place)
    order = contract.migration.entities
    if order.index(ledger.entity) >= order.index(entity.name):
        raise ContractError(f"{ledger.entity} must stand before {entity.name} in 'entities' of migration.toml", file=entity.file, key=place)


def _ledger(entity: Entity, equals: LedgerSum, *, place: str, contract: Contract) -> None:
    known = [other.name for other in contract.entities]
    if equals.entity not in known:
        raise ContractError(f"unknown entity '{equals.entity}'{near_miss(equals.entity, known)}", file=entity.file, key=place)
    other = contract.entity(equals.entity)
    theirs = [column.name for column in other.columns]
    for column in (equals.sum, *equals.by):
        if column not in theirs:
            message = f"{equals.entity} has no column '{column}'{near_miss(column, theirs)}"
            raise ContractError(message, file=entity.file, key=place)
    if set(equals.by) != set(entity.key):
        raise ContractError(f"'by' must be the key of {entity.name}, one row a sum", file=entity.file, key=f"{place}.by")


def _unique(names: Iterable[str], *, file: str, key: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise ContractError(f"'{name}' stands there {times} times", file=file, key=key)
