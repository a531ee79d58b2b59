"""The one place that knows what the crosswalk's snapshot says: which id became which, who moves when, who was merged, who was erased.

Source: DECISIONS "Crosswalk", "Batches"; docs/contract.md "The crosswalk".
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dq.contract.models import Column, Contract, Entity
from tests.oracle.selects import Tables


@dataclass(frozen=True)
class Asked:
    """What is compared: batches (none where there are none), and those that have moved."""

    batches: frozenset[int] = frozenset()
    moved: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Crosswalk:
    """What the crosswalk's snapshot says."""

    maps: Mapping[str, Mapping[Any, frozenset[Any]]] = field(default_factory=dict)  # crosswalk to source id to target ids
    orphans: Mapping[str, frozenset[Any]] = field(default_factory=dict)  # crosswalk to target ids that stand without a source id
    rows: Mapping[str, int] = field(default_factory=dict)
    repeated: Mapping[str, frozenset[Any]] = field(default_factory=dict)  # crosswalk to source ids that stand in several rows
    merged: frozenset[tuple[str, Any]] = frozenset()  # (crosswalk, source id) of whom a row gave way
    merges: frozenset[tuple[str, Any, Any]] = frozenset()  # the same, with the id that both became
    erased: frozenset[Any] = frozenset()  # accounts, with a reference
    batches_of: Mapping[Any, frozenset[int]] = field(default_factory=dict)  # account to batches: one, where all is well; none for NULL
    has_batches: bool = False

    def target_of(self, column: Column, value: Any) -> Any:
        """Return an id in the target's space; None where there is none."""
        if column.through is None or value is None:
            return value
        found = self.maps[column.through].get(value, frozenset())
        return next(iter(found)) if found else None

    def is_unmapped(self, column: Column, value: Any) -> bool:
        """Return whether there is an id, and the crosswalk does not know it."""
        return column.through is not None and value is not None and not self.maps[column.through].get(value)

    def is_absorbed(self, entity: Entity, values: Mapping[str, Any]) -> bool:
        """Return whether a declared merge says that the row gave way to another."""
        if entity.aggregate:
            return False
        own = [column for column in entity.columns if column.through and (column.name in entity.key or column == entity.own_id)]
        return any((str(column.through), values[column.name]) in self.merged for column in own)

    def gave_way(self, entity: Entity, values: Mapping[str, Any]) -> bool:
        """Return whether a declared merge says so of the row's owner, who is a part of its key."""
        owners = [column for column in entity.columns if column.name in entity.key and column.name == entity.owner and column != entity.own_id]
        return any((str(column.through), values[column.name]) in self.merged for column in owners)


def read_crosswalk(contract: Contract, store: Tables) -> Crosswalk:
    """Read a crosswalk's tables."""
    maps: dict[str, dict[Any, frozenset[Any]]] = {}
    repeated: dict[str, frozenset[Any]] = {}
    for name in contract.crosswalks:
        found: dict[Any, set[Any]] = defaultdict(set)
        times: dict[Any, int] = defaultdict(int)
        for row in store[name]:
            if row["source_id"] is not None:
                times[row["source_id"]] += 1
                if row["target_id"] is not None:
                    found[row["source_id"]].add(row["target_id"])
        maps[name] = {source: frozenset(targets) for source, targets in found.items()}
        repeated[name] = frozenset(source for source, count in times.items() if count > 1)
    listed: dict[Any, set[Any]] = defaultdict(set)
    for row in store.get("batches", ()):
        listed[row["account_id"]].add(row["batch"])
    return Crosswalk(
        maps=maps,
        orphans={name: frozenset(row["target_id"] for row in store[name] if row["source_id"] is None) - {None} for name in contract.crosswalks},
        rows={name: len(rows) for name, rows in store.items()},
        repeated=repeated,
        merged=frozenset((row["crosswalk"], row["source_id"]) for row in store.get("merges", ())),
        merges=frozenset((row["crosswalk"], row["source_id"], row["target_id"]) for row in store.get("merges", ())),
        erased=frozenset(row["account_id"] for row in store.get("erasures", ()) if says_something(row["reference"])),
        batches_of={account: frozenset(batches - {None}) for account, batches in listed.items()},
        has_batches=bool(contract.migration.batches),
    )


def says_something(text: str | None) -> bool:
    """Return whether a text has a character that can be seen: one that is no separator, no control and no format character."""
    return any(unicodedata.category(char)[0] not in "ZC" for char in text or "")
