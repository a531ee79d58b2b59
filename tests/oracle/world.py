"""The one place for everything that the oracle is told, and for what becomes of a row of the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dq.contract.models import Contract, Entity
from tests.oracle.expressions import expression
from tests.oracle.people import Asked, Crosswalk, read_crosswalk
from tests.oracle.reading import canonical, text_of
from tests.oracle.selects import Come, Read, Tables, read, run

if TYPE_CHECKING:
    from tests.oracle.answers import Answer

Key = tuple[str | None, ...]
Stores = Mapping[str, Tables]  # side to table to rows


@dataclass(frozen=True)
class Own:
    """A canonical row with the ids of its own store; for the target also its base row's id and times."""

    values: Mapping[str, Any]
    id: Any = None
    created_at: datetime | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Sided:
    """A row as it is compared: ids in the target's space; a column that the crosswalk could not map is named."""

    values: Mapping[str, Any]
    unmapped: frozenset[str] = frozenset()


@dataclass(frozen=True)
class World:
    """Everything that the oracle is told."""

    contract: Contract
    stores: Stores
    asked: Asked
    moment: datetime | None
    crosswalk: Crosswalk
    until: datetime | None = None  # when the target was taken
    come_once: dict[tuple[str, str], list[Come]] = field(default_factory=dict)  # what comes out of a SELECT, by entity and side
    read_once: dict[tuple[str, str], list[Own]] = field(default_factory=dict)  # canonical rows by entity and side: they do not depend on what is asked
    mapped_once: dict[str, list[Sided]] = field(default_factory=dict)  # the source's canonical rows in the target's ids
    withdrawn_once: dict[str, list[Sided]] = field(default_factory=dict)  # those that the contract excludes
    divided_once: dict[tuple[str, Asked], list[tuple[Own, set[str] | None]]] = field(default_factory=dict)  # see `whose.divided`
    judged_once: dict[tuple[str, Asked], Answer] = field(default_factory=dict)  # by entity and what is asked

    def rows(self, entity: Entity, side: str) -> list[Come]:
        """Return what comes out of the contract's SELECT; the baseline is read like the target."""
        if (entity.name, side) not in self.come_once:
            self.come_once[entity.name, side] = run(self.select(entity, side), self.stores[side])
        return self.come_once[entity.name, side]

    def select(self, entity: Entity, side: str) -> Read:
        """Return the contract's SELECT of an entity; the baseline is read like the target."""
        return read(self.contract.sql["target" if side == "baseline" else side, entity.name])  # type: ignore[index]

    def driving(self, entity: Entity, side: str) -> str:
        """Return the table that an entity's rows are made of on a side."""
        return self.select(entity, side).driving

    def own(self, entity: Entity, side: str) -> list[Own]:
        """Return an entity's canonical rows in the ids of their own store."""
        if (entity.name, side) not in self.read_once:
            self.read_once[entity.name, side] = [
                Own(self._canonical(entity, come, side=side), *self._merged(entity, come, side=side)) for come in self.rows(entity, side)
            ]
        return self.read_once[entity.name, side]

    def withdrawn(self, entity: Entity) -> list[Sided]:
        """Return the source's canonical rows that the contract excludes, in the target's ids."""
        if entity.name not in self.withdrawn_once:
            wheres = [expression(item.where) for item in entity.excluded if item.side == "source"]
            query = replace(self.select(entity, "source"), where=lambda row: any(where(row) is True for where in wheres))
            rows = run(query, self.stores["source"]) if wheres else []
            own = [
                Own({column.name: canonical(one.outputs, column, "source", entity=entity, contract=self.contract) for column in entity.columns}) for one in rows
            ]
            self.withdrawn_once[entity.name] = [mapped(self, entity, row) for row in own]
        return self.withdrawn_once[entity.name]

    def mapped(self, entity: Entity) -> list[Sided]:
        """Return an entity's canonical rows of the source in the target's ids."""
        if entity.name not in self.mapped_once:
            self.mapped_once[entity.name] = [mapped(self, entity, row) for row in self.own(entity, "source")]
        return self.mapped_once[entity.name]

    def _canonical(self, entity: Entity, come: Come, *, side: str) -> dict[str, Any]:
        return {column.name: canonical(come.outputs, column, side, entity=entity, contract=self.contract) for column in entity.columns}

    def _merged(self, entity: Entity, come: Come, *, side: str) -> tuple[Any, ...]:
        if entity.merge is None or side == "source":
            return ()
        alias = self.select(entity, side).alias_of(entity.merge.table)
        return tuple(come.joined[f"{alias}.{name}"] for name in (entity.merge.id, entity.merge.created_at, entity.merge.changed_at))

    def is_in_scope(self, entity: Entity, owner: Any) -> bool:
        """Return whether an account's rows are compared."""
        if entity.owner is None or not self.crosswalk.has_batches:
            return True
        return bool(self.crosswalk.batches_of.get(owner, frozenset()) & self.asked.batches)


def make_world(contract: Contract, stores: Stores, *, asked: Asked, moment: datetime | None, until: datetime | None = None) -> World:
    """Return the world that a contract's stores show; a target whose moment has no fraction was taken until the end of that second."""
    if until is not None and not until.microsecond:
        until += timedelta(microseconds=999_999)
    return World(contract, stores, asked, moment, read_crosswalk(contract, stores.get("crosswalk", {})), until)


def key_of(entity: Entity, row: Sided) -> Key:
    """Return a row's key as texts."""
    return tuple(text_of(row.values[column.name], column) for column in entity.keys)


def mapped(world: World, entity: Entity, row: Own) -> Sided:
    """Return a source row in the target's ids."""
    values = {column.name: world.crosswalk.target_of(column, row.values[column.name]) for column in entity.columns}
    return Sided(values, frozenset(column.name for column in entity.columns if world.crosswalk.is_unmapped(column, row.values[column.name])))


def fate(world: World, entity: Entity, row: Own) -> str:
    """Say what becomes of a source row.

    Returns:
        compared; erased (and this run's), gone (erased, and another run's), unplaced, other (a batch that has moved), early (one that has not),
        gave way (its owner did, who is a part of its key), absorbed (any other merge), unmapped.
    """
    crosswalk = world.crosswalk
    owner = row.values[entity.owner] if entity.owner is not None else None
    if owner is not None:
        batches = crosswalk.batches_of.get(owner, frozenset())
        if owner in crosswalk.erased:
            return "erased" if not batches or batches & world.asked.batches else "gone"
        if crosswalk.has_batches and not batches:
            return "unplaced"
        if not world.is_in_scope(entity, owner):
            return "other" if batches & world.asked.moved else "early"
    if crosswalk.is_absorbed(entity, row.values):
        return "gave way" if crosswalk.gave_way(entity, row.values) else "absorbed"
    return "unmapped" if mapped(world, entity, row).unmapped & set(entity.key) else "compared"
