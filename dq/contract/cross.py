"""The one place for what must hold between the parts of a contract: names that refer to each other, duplicates, vacuous settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from dq.contract.claims import LedgerSum
from dq.contract.migration import Migration
from dq.contract.models import MONTH, Contract, Entity, Reading
from dq.errors import ContractError, near_miss
from dq.expect.refuse import refusal

_OWN_WORDS = ("snapshot", "coverage", "crosswalk", "calendar", "canary", "signoff", "carried")  # check ids begin with them
_DECLARATIONS = ("batches", "merges", "erasures")  # tables of the crosswalk's snapshot that are no maps


def check_migration(migration: Migration, *, file: str) -> None:
    """Check migration.toml against itself. Raises ContractError."""
    for name in migration.entities:
        if name in _OWN_WORDS:
            raise ContractError(f"'{name}' is a word of check ids and names no entity", file=file, key="entities")
    _unique(migration.entities, file=file, key="entities")
    _unique(migration.regions, file=file, key="regions")
    _unique((str(batch.number) for batch in migration.batches), file=file, key="batches.number")
    for batch in migration.batches:
        if migration.regions and batch.region not in migration.regions:
            message = f"unknown region '{batch.region}'{near_miss(batch.region, migration.regions)}"
            raise ContractError(message, file=file, key=f"batches.{batch.number}.region")
    try:
        ZoneInfo(migration.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        message = f"'{migration.zone}' is no zone of the IANA database{near_miss(migration.zone, available_timezones())}"
        raise ContractError(message, file=file, key="zone") from None
    if migration.freeze and migration.deadline and migration.freeze >= migration.deadline:
        raise ContractError("the freeze is not before the deadline", file=file, key="freeze")
    if migration.batches and (migration.accounts is None or migration.stores.crosswalk is None):
        message = "batches need 'accounts' and a crosswalk snapshot that lists their accounts"
        raise ContractError(message, file=file, key="batches")


def check_accounts(contract: Contract) -> None:
    """Check that the crosswalk whose ids the batches list is one that a column goes through. Raises ContractError."""
    name = contract.migration.accounts
    if contract.migration.batches and name is not None and name not in contract.crosswalks:
        message = f"no column goes through a crosswalk '{name}'{near_miss(name, contract.crosswalks)}"
        raise ContractError(message, file="migration.toml", key="accounts")


def check_entity(entity: Entity, *, contract: Contract) -> None:
    """Check one entity against itself and the rest of the contract. Raises ContractError."""
    file = entity.file
    names = tuple(column.name for column in entity.columns)
    _references(entity, names=names)
    _check_columns(entity, contract=contract)
    if entity.owner is not None and contract.migration.batches and entity.column(entity.owner).through != contract.migration.accounts:
        message = f"the owner goes through '{contract.migration.accounts}', so that batches can be told"
        raise ContractError(message, file=file, key="owner")
    _check_calendar(entity, migration=contract.migration)
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


def _check_calendar(entity: Entity, *, migration: Migration) -> None:
    """Check what says when a row came to be, and which region it is of."""
    if entity.created is not None:
        if migration.freeze is None:
            raise ContractError("there is no freeze in migration.toml that a row could be after", file=entity.file, key="created")
        if entity.column(entity.created).type.name != "INSTANT":
            raise ContractError(f"'{entity.created}' is no INSTANT", file=entity.file, key="created")
    if entity.region is not None:
        if entity.owner is None or not migration.batches:
            raise ContractError(
                "a row's region is held against its owner's batch: it needs 'owner', and batches in migration.toml", file=entity.file, key="region"
            )
        if entity.column(entity.region).type.name not in ("VARCHAR", "ENUM"):
            raise ContractError(f"'{entity.region}' is no VARCHAR and no ENUM", file=entity.file, key="region")


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
    of = entity.merge.of if entity.merge is not None else None
    if of is not None and entity.column(of).through is None:
        raise ContractError(f"'{of}' goes through no crosswalk: nothing says what was moved", file=file, key="merge.of")
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
        "region": () if entity.region is None else (entity.region,),
        "created": () if entity.created is None else (entity.created,),
        "money.amount": () if entity.money is None else (entity.money.amount,),
        "money.currency": () if entity.money is None or entity.money.currency is None else (entity.money.currency,),
        "slices": entity.slices,
        "merge.of": () if entity.merge is None or entity.merge.of is None else (entity.merge.of,),
        "aggregate": entity.aggregate,
        "sums.column": (item.column for item in entity.sums),
        "sums.by": (name for item in entity.sums for name in item.by),
        "sums.per": (item.per for item in entity.sums if item.per is not None),
        "counts.by": (name for item in entity.counts for name in item.by),
        "invariant.column": (item.column for item in entity.invariant if item.column is not None),
        "invariant.unique": (name for item in entity.invariant for name in item.unique or ()),
    }
    months = tuple(f"{column.name}{MONTH}" for column in entity.columns if column.type.name in ("INSTANT", "DATE"))
    for place, found in wanted.items():
        known = (*names, *months) if place in ("sums.by", "counts.by") else names
        for name in found:
            if name not in known:
                raise ContractError(f"unknown column '{name}'{near_miss(name, known)}", file=entity.file, key=place)
    _unique(entity.key, file=entity.file, key="key")
    _unique(entity.slices, file=entity.file, key="slices")
    for invariant in entity.invariant:
        _unique(invariant.unique or (), file=entity.file, key=f"invariant.{invariant.name}.unique")
        if invariant.unique and set(entity.key) <= set(invariant.unique):
            message = f"holds the whole key, which {entity.name}.keys proves to stand once: it could never fail"
            raise ContractError(message, file=entity.file, key=f"invariant.{invariant.name}.unique")
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
    ours = [column.name for column in entity.columns]
    for column in equals.by:
        if column not in ours:
            raise ContractError(f"{entity.name} has no column '{column}'{near_miss(column, ours)}", file=entity.file, key=f"{place}.by")
    _unique(equals.by, file=entity.file, key=f"{place}.by")
    own = entity.own_id
    if set(equals.by) not in (set(entity.key), {own.name} if own is not None else set(entity.key)):
        raise ContractError(f"'by' must be the key of {entity.name}, or its own id, one row a sum", file=entity.file, key=f"{place}.by")
    for column in equals.by:
        if entity.column(column).through != other.column(column).through:
            message = f"'{column}' goes through another crosswalk in {other.name}: its ids would be others"
            raise ContractError(message, file=entity.file, key=f"{place}.by")


def _unique(names: Iterable[str], *, file: str, key: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise ContractError(f"'{name}' stands there {times} times", file=file, key=key)
