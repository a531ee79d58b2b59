"""The one place for what must hold between the parts of a contract: names that refer to each other, duplicates, vacuous settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from dq.contract.models import Contract, Entity, Migration, Reading
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
    for invariant in entity.invariant:
        if invariant.equals is not None:
            _ledger(entity, invariant.name, contract=contract)
    _unique((check_id for check_id, _, _ in entity.check_ids()), file=file, key="check id")
    _unique((check_id for check_id, _ in entity.fit_ids()), file=file, key="check id")
    types = {column.name: column.type.text for column in entity.columns}
    for fit in entity.fit:
        reason = refusal(fit.type, fit.arguments, types)
        if reason is not None:
            raise ContractError(reason, file=file, key=f"fit.{fit.name}")


def check_export(contract: Contract) -> None:
    """Check that what is said of a personal-data export goes together. Raises ContractError."""
    migration = contract.migration
    exported = [entity for entity in contract.entities if entity.exported]
    store = migration.stores.export
    if store is None:
        for entity in exported:
            raise ContractError("migration.toml names no [stores.export] that it could read", file=f"sql/export/{entity.name}.sql")
    elif migration.accounts is None or migration.stores.crosswalk is None:
        raise ContractError("an export needs 'accounts' and a crosswalk, which say who its persons are", file="migration.toml", key="stores.export")
    elif not exported:
        raise ContractError("nothing reads it: no entity has a sql/export/<entity>.sql", file="migration.toml", key="stores.export")
    elif store.person == store.made:
        raise ContractError(f"'{store.made}' is the person", file="migration.toml", key="stores.export.made")
    for entity in contract.entities:
        if entity.exported and (entity.owner is None or entity.column(entity.owner).through != migration.accounts):
            raise ContractError(f"the owner goes through '{migration.accounts}', so that a person's rows can be told", file=entity.file, key="owner")
        for column in entity.columns:
            if column.export != Reading() and not entity.exported:
                message = f"there is no sql/export/{entity.name}.sql that it could be about"
                raise ContractError(message, file=entity.file, key=f"columns.{column.name}.export")


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
        for side, reading in (("source", column.source), ("target", column.target), ("export", column.export)):
            if reading.minor == "" and (entity.money is None or entity.money.currency is None):
                message = "minor units need money.currency, or { minor = '<currency column>' }"
                raise ContractError(message, file=file, key=f"columns.{column.name}.{side}")
            minor = reading.minor
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
        "counts.by": (name for item in entity.counts for name in item.by),
        "invariant.column": (item.column for item in entity.invariant if item.column is not None),
    }
    for place, found in wanted.items():
        for name in found:
            if name not in names:
                raise ContractError(f"unknown column '{name}'{near_miss(name, names)}", file=entity.file, key=place)
    _unique(entity.key, file=entity.file, key="key")
    _unique(entity.slices, file=entity.file, key="slices")
    for item in entity.sums:
        if entity.column(item.column).type.name not in ("DECIMAL", "BIGINT", "INTEGER", "HUGEINT"):
            raise ContractError(f"'{item.column}' is no exact number", file=entity.file, key="sums.column")
    if entity.money is not None and entity.column(entity.money.amount).type.name not in ("DECIMAL", "BIGINT", "INTEGER", "HUGEINT"):
        raise ContractError(f"'{entity.money.amount}' is no exact number", file=entity.file, key="money.amount")


def _ledger(entity: Entity, name: str, *, contract: Contract) -> None:
    invariant = next(item for item in entity.invariant if item.name == name)
    equals = invariant.equals
    if equals is None:
        return
    place = f"invariant.{name}.equals"
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
