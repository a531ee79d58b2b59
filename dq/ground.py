"""The one place for what must stand before any entity is compared: the contract's SQL as views, the scope, the crosswalk checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, Protocol, TypeVar

from dq.compare import before, crosswalk, declared, schema, views
from dq.compare.entity import make_views
from dq.compare.equality import JSON_SAME, json_same
from dq.compare.evidence import Crash, Kept
from dq.compare.schema import Catalogue, Keys, Prepared, Sizes
from dq.compare.scope import Scope, make_scope
from dq.compare.select import Select
from dq.compare.signed import BatchSignOff, Signed
from dq.contract.models import Contract, Entity
from dq.contract.stores import BEFORE
from dq.engine import Engine

T = TypeVar("T")
P = ParamSpec("P")
Raws = Mapping[str, views.Raw]  # by side


class Attempt(Protocol):
    """Runs a step; whatever it raises, but for what a person must act on, becomes a `Crash`."""

    def __call__(self, step: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | Crash:
        """Return what the function returns, or what went wrong."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is compared: batches (none where the migration has none), those that have moved, and when baseline and source were taken."""

    batches: tuple[int, ...]
    moved: tuple[int, ...]
    baseline_moment: str | None = None
    primary_keys: Keys = field(default_factory=dict)  # as the manifests say; they name rows in the findings
    left: Catalogue = field(default_factory=dict)  # what stands in the stores and was not taken, as the manifests say
    seed: str = ""  # chooses the corruptions that a run plants in copies, to find them: the run's id, so that it chooses the same again
    source_moment: datetime | None = None
    target_moment: str | None = None  # when the target was taken
    sizes: Sizes = field(default_factory=dict)  # how many rows there are, as the manifests say
    moved_before: tuple[int, ...] | None = None  # the batches that had moved when the crosswalk of before was taken; None: there is none
    only: tuple[str, ...] = ()  # the entities that are compared, and those whose rows their claims add up; none: all
    signoffs: tuple[BatchSignOff, ...] = ()  # of every batch before the gate's, where the contract asks for them
    carries: bool = False  # take the digests of what stands in the target, to be signed

    @property
    def signed(self) -> tuple[Signed, ...]:
        """The batches whose sign-off holds."""
        return tuple(one.signed for one in self.signoffs if one.signed is not None)


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands before any entity is compared."""

    contract: Contract
    scope: Scope
    catalogue: Catalogue
    selects: Mapping[str, Mapping[str, Select]]  # entity, side
    prepared: tuple[Prepared, ...]
    raws: Mapping[str, Raws | Crash]  # entity; none where its schema is not as pinned
    rows: Mapping[str, int | Crash]  # tables of the crosswalk's snapshot
    kept: Mapping[str, Kept | Crash] = field(default_factory=dict)  # those that were held against the crosswalk of before

    def unread(self, entity: Entity) -> str | None:
        """Return why an entity's rows cannot be read, or None."""
        if next(item for item in self.prepared if item.entity == entity).problems:
            return "the store is not as it is pinned or declared"
        raws = self.raws.get(entity.name)
        return raws.reason if isinstance(raws, Crash) else None

    def blocks(self, entity: Entity) -> str | None:
        """Return why an entity cannot be compared at all, or None; a schema that does not hold is told apart."""
        for name in sorted({column.through for column in entity.columns if column.through}):
            rows = self.rows[name]
            if isinstance(rows, Crash):
                return f"crosswalk.{name} cannot be used: {rows.reason}"
            if name in self.scope.fan_out:
                return f"crosswalk.{name} maps one id to several: a join would multiply rows"
        batches = self.rows.get("batches")
        if entity.owner is not None and isinstance(batches, Crash):
            return f"crosswalk.batches cannot be used: {batches.reason}"
        raws = self.raws.get(entity.name)
        return raws.reason if isinstance(raws, Crash) else None


def lay_ground(engine: Engine, contract: Contract, *, asked: Asked, attempt: Attempt) -> Ground:
    """Read the contract's SQL, hold the stores against their pinned schema, make the views and check the crosswalk.

    Args:
        engine: the snapshots are attached as `<side>_snapshot`.
        contract: the contract.
        asked: what is compared.
        attempt: runs each step.

    Raises:
        ContractError: the contract's SQL is not what it may be.
    """
    if any(column.type.name == "JSON" for entity in contract.entities for column in entity.columns):  # else nothing asks, and it makes DuckDB import numpy
        engine.register(JSON_SAME, json_same, takes=("VARCHAR", "VARCHAR"), gives="BOOLEAN")
    views.make_schemas(engine)
    crosswalk.make_findings(engine)
    catalogue = schema.read_catalogue(engine, [side for side, _ in contract.migration.stores.present()])
    selects = schema.read_selects(engine, contract)
    misshapen = _misshapen(contract, catalogue)
    maps = tuple(name for name in contract.crosswalks if misshapen[name] is None)
    others = tuple(name for name in declared.SHAPES if misshapen.get(name, "") is None)
    owners = {entity.column(entity.owner).through for entity in contract.entities if entity.owner is not None}
    scope = make_scope(engine, batches=asked.batches, moved=asked.moved, declared=others, crosswalks=maps, owners=[name for name in maps if name in owners])
    functions = {name: attempt(f"crosswalk {name}", crosswalk.look_at_function, engine, name) for name in maps}
    scope = scope.with_fan_out(tuple(name for name, found in functions.items() if not isinstance(found, Crash) and found[1]))
    prepared = tuple(
        schema.prepare(engine, entity, selects=selects[entity.name], catalogue=catalogue, left=asked.left, pinned=contract.pinned, keys=asked.primary_keys)
        for entity in contract.entities
    )
    units = contract.migration.minor_units
    raws = {
        item.entity.name: attempt(f"{item.entity.name}: views", make_views, engine, item, minor_units=units, sizes=asked.sizes)
        for item in prepared
        if not item.problems
    }
    rows: dict[str, int | Crash] = {name: Crash(reason) for name, reason in misshapen.items() if reason is not None}
    rows |= {name: found if isinstance(found, Crash) else found[0] for name, found in functions.items()}
    homes = {entity.name: entity for entity in contract.entities if not isinstance(raws.get(entity.name, Crash("")), Crash)}
    for name in maps:
        found = functions[name]
        known = 0 if isinstance(found, Crash) else found[0]
        looked = attempt(f"crosswalk {name}", crosswalk.look_at_targets, engine, name, scope=scope, home=homes.get(name), rows=known)
        rows |= {name: looked} if isinstance(looked, Crash) else {}
    if scope.batched:
        rows["batches"] = attempt("crosswalk batches", declared.look_at_batches, engine, contract)
        home = homes.get(str(contract.migration.accounts))
        looked = attempt("crosswalk batches", declared.record_strangers, engine, home=home) if home is not None else None
        rows |= {"batches": looked} if isinstance(looked, Crash) else {}
    if "merges" in others:
        rows["merges"] = attempt("crosswalk merges", declared.look_at_merges, engine, scope=scope, homes=homes)
    if "erasures" in others:
        rows["erasures"] = attempt("crosswalk erasures", declared.look_at_erasures, engine)
    kept = _held_against_before(engine, contract, asked=asked, scope=scope, catalogue=catalogue, now=misshapen, homes=homes, attempt=attempt)
    return Ground(contract, scope, schema.together(catalogue, asked.left), selects, prepared, raws, rows, kept)


def _held_against_before(
    engine: Engine,
    contract: Contract,
    *,
    asked: Asked,
    scope: Scope,
    catalogue: Catalogue,
    now: Mapping[str, str | None],
    homes: Mapping[str, Entity],
    attempt: Attempt,
) -> dict[str, Kept | Crash]:
    """Hold the tables of the crosswalk against those of before; of one that was taken before the first batch nothing binds.

    `now` says of today's tables why they cannot be used: none of these is looked at.
    """
    numbers, accounts = contract.migration.batches, contract.migration.accounts
    if asked.moved_before is None or (numbers and not asked.moved_before):
        return {}
    there = catalogue[BEFORE]
    reasons = {name: before.why_unusable(name, there, wanted=shape) for name, shape in _shapes(contract, tuple(there)).items() if name != "erasures"}
    whole = reasons.get("batches") or now.get("batches")
    if whole is None:
        usable = [name for name, reason in reasons.items() if reason is None]
        made = attempt("crosswalk before", before.make_before, engine, moved=asked.moved_before, scope=scope, there=usable)
        whole = made.reason if isinstance(made, Crash) else made
    found: dict[str, Kept | Crash] = {}
    for name, reason in reasons.items():
        home = homes.get(name)
        owned = name != accounts and any(entity.name == name and entity.owner is not None for entity in contract.entities)
        if whole is not None or reason is not None:
            found[name] = Crash(str(whole or reason))
        elif now.get(name) is not None:
            continue
        elif name == "batches":
            found[name] = attempt("crosswalk batches", before.keep_batches, engine)
        elif name == "merges":
            found[name] = attempt("crosswalk merges", before.keep_merges, engine, declared=name in now, scope=scope, accounts=accounts, homes=homes)
        elif owned and home is None:
            found[name] = Crash(f"the rows of {name} cannot be read, which say whose they are")
        else:
            found[name] = attempt(f"crosswalk {name}", before.keep_map, engine, name, scope=scope, accounts=accounts, home=home)
    return found


def _misshapen(contract: Contract, catalogue: Catalogue) -> dict[str, str | None]:
    """Return each table of the crosswalk's snapshot that is wanted, and why it cannot be used."""
    there = catalogue.get("crosswalk", {})
    return {name: declared.misshapen(name, there, wanted=shape) for name, shape in _shapes(contract, tuple(there)).items()}


def _shapes(contract: Contract, there: Sequence[str]) -> dict[str, Mapping[str, str | None]]:
    """Return the tables that are wanted of a crosswalk which has these, and their shapes."""
    wanted = {name: declared.map_shape(contract, name) for name in contract.crosswalks}
    return wanted | {name: declared.SHAPES[name] for name in declared.tables_declared(contract, there)}
