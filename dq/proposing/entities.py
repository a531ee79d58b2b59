"""The one place that makes entities of paired tables: their names, owner, money, slices, and how the target's own rows are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dq.contract.models import Merge
from dq.proposing.facts import Column, Table
from dq.proposing.fields import Fields, fields_of
from dq.proposing.names import alike, plain
from dq.proposing.pairing import Pair
from dq.proposing.reach import OWN, Join, needed
from dq.proposing.sample import Value

_RESERVED = (
    "snapshot",
    "coverage",
    "crosswalk",
    "calendar",
    "canary",
    "signoff",
    "carried",
    "migration",
    "waivers",
    "signers",
    "batches",
    "merges",
    "erasures",
)
_MOVED = 0.8  # of the rows with a counterpart: others may have been the target's own, and taken over
_TELLING = 20  # rows with a counterpart
_SLICES, _SLICED = 3, 12  # columns by which rows are counted, and different values of each, at most


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity as it is proposed."""

    name: str
    pair: Pair
    fields: Fields
    owner: str | None
    money: tuple[str, str] | None  # amount and currency
    slices: tuple[str, ...]
    merge: Merge | None
    unmerged: str = ""  # why there is no [merge], where there is a baseline

    @property
    def unmoved(self) -> tuple[tuple[str, int], ...]:
        """Columns of the source (and rows) that are filled in no row with a counterpart: such rows may have been left out on purpose."""
        own = [item for item in self.pair.sample.source if not item.spot.depth and item.through is None and item.spot.column.filled]
        telling = self.pair.sample.rows >= _TELLING
        return tuple((item.spot.column.name, item.spot.column.filled) for item in own if telling and all(value is None for value in item.values))

    def joins(self, side: str) -> tuple[Join, ...]:
        """Return the joins that a side's SQL needs."""
        reach = self.pair.source if side == "source" else self.pair.target
        spots = [field.source if side == "source" else field.target for field in self.fields.columns]
        spots += [spot for _, spot in self.fields.zones] if side == "source" else []
        return needed(reach.joins, {spot.alias for spot in spots if spot.alias != OWN})

    def reads(self, side: str) -> set[tuple[str, str]]:
        """Return (table, column) of all that a side's SQL names, or [merge]."""
        table = (self.pair.source if side == "source" else self.pair.target).table.name
        spots = [field.source if side == "source" else field.target for field in self.fields.columns]
        spots += [spot for _, spot in self.fields.zones] if side == "source" else []
        found = {(spot.join.table.name if spot.join else table, spot.column.name) for spot in spots}
        tables = {OWN: table} | {join.alias: join.table.name for join in self.joins(side)}
        for join in self.joins(side):
            found |= {(join.table.name, here) for _, _, here in join.on} | {(tables[alias], there) for alias, there, _ in join.on}
            found |= {(join.table.name, join.fixed[0])} if join.fixed else set()
        if self.merge is not None and side == "target":
            found |= {(table, name) for name in (self.merge.id, self.merge.created_at, self.merge.changed_at)}
        return found


def entities_of(pairs: Sequence[Pair], *, accounts: str | None, baseline: Mapping[str, Table] | None, baseline_at: datetime | None) -> tuple[Entity, ...]:
    """Return an entity for each pair.

    Args:
        pairs: of tables.
        accounts: the map whose ids the batches list.
        baseline: the tables of the target before, where it is given.
        baseline_at: when it was taken.
    """
    names: list[str] = []
    found: list[Entity] = []
    for pair in pairs:
        name = _name(pair, names)
        names.append(name)
        fields = fields_of(pair)
        merge, unmerged = _merge(pair, fields, baseline=baseline, at=baseline_at) if baseline is not None else (None, "")
        owners = [item.name for item in fields.columns if item.link is not None and item.link.through is not None and item.link.through.name == accounts]
        owner = owners[0] if len(owners) == 1 else None
        found.append(Entity(name, pair, fields, owner, _money(fields), _slices(fields), merge, unmerged))
    return tuple(found)


def _name(pair: Pair, taken: Sequence[str]) -> str:
    """Return a name: that of the map of the table's own ids, if there is one; else the source's table's."""
    table = pair.source.table
    ids = [key for key in table.declared or table.keys if len(key) == 1]
    own = [link.through.name for link in pair.links if link.through is not None and not link.source.spot.depth and (link.source.spot.column.name,) in ids]
    name = plain(own[0] if own else pair.source.table.name)
    while name in (*taken, *_RESERVED):
        name = f"{name}_rows"
    return name


def _money(fields: Fields) -> tuple[str, str] | None:
    """Return the amount with the largest sum, and its currency."""
    currencies = [item.name for item in fields.columns if item.type == "CURRENCY"]
    amounts = [item for item in fields.columns if item.type.startswith("DECIMAL") and item.link is not None]
    if not currencies or not amounts:
        return None
    largest = max(amounts, key=lambda item: (sum(abs(value) for value in (item.link.source.values if item.link else ()) if value is not None), item.name))
    return largest.name, currencies[0]


def _slices(fields: Fields) -> tuple[str, ...]:
    """Return columns of few different words."""
    few = [item for item in fields.columns if item.type in ("ENUM", "CURRENCY", "VARCHAR") and _is_slice(item.source.column)]
    return tuple(item.name for item in few if not item.source.join or not item.source.join.fixed)[:_SLICES]


def _is_slice(column: Column) -> bool:
    return 1 < column.distinct <= min(_SLICED, column.filled // 4)


def _merge(pair: Pair, fields: Fields, *, baseline: Mapping[str, Table], at: datetime | None) -> tuple[Merge | None, str]:
    """Return how the target's own rows are told apart: its key, and the moments when a row came and was changed last."""
    table = pair.target.table
    if table.name not in baseline:
        return None, f"the baseline has no table '{table.name}'"
    ids = [key[0] for key in table.keys if len(key) == 1]
    if not ids or at is None:
        return None, f"no column alone names a row of '{table.name}'"
    used = {item.target.column.name for item in fields.columns if not item.target.depth}
    since = int(at.timestamp() * 1_000_000)
    free = [item for item in pair.sample.target if item.spot.column.kind == "instant" and not item.spot.depth and item.spot.column.name not in used]
    moments = [item for item in free if _share(item.values, since) >= _MOVED]
    if not moments:
        return None, "no column of instants is later than the baseline in the rows that were moved"
    created = max(
        moments, key=lambda item: (_share(item.values, since), alike(item.spot.column.name, "created_at"), alike(item.spot.column.name, "inserted_at"))
    )
    later = [
        item
        for item in moments
        if item is not created and all(two is not None and two >= one for one, two in zip(created.values, item.values, strict=True) if one is not None)
    ]
    changed = max(later, key=lambda item: max(alike(item.spot.column.name, word) for word in ("updated_at", "changed_at", "modified_at")), default=created)
    return Merge(table=table.name, id=ids[0], created_at=created.spot.column.name, changed_at=changed.spot.column.name), ""


def _share(values: Sequence[Value], since: int) -> float:
    """Return the share of the moments that are not before another."""
    return sum(1 for value in values if value is not None and value >= since) / max(1, len(values))
