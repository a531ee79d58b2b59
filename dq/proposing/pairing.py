"""The one place that decides which table became which, by which key, and which column became which: the best evidence first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, permutations, product

from dq.engine import Engine
from dq.proposing.evidence import Link, links
from dq.proposing.facts import Column, Table, overlap
from dq.proposing.names import alike
from dq.proposing.reach import OWN, Reach, Spot, reach
from dq.proposing.sample import Key, Map, Part, Sample, draw, fits

_KEYS = 5  # of a table that are tried
_TRIED = 5  # counterparts of a table that are looked at closely
_ENOUGH = 0.9  # of the joined rows
_ORDERS = 200  # of columns that may be a key
_MOST = 1.03  # of the source's rows: a key finds one row, but for a few that stand twice
_MANY = 50  # rows
_LEAST = 0.5  # of what speaks for two tables


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tables that are held to be of the same things."""

    source: Reach
    target: Reach
    key: Key
    sample: Sample
    links: tuple[Link, ...]  # the key's first
    strength: float  # what speaks for it

    @property
    def tables(self) -> tuple[str, str]:
        """The names of both tables."""
        return self.source.table.name, self.target.table.name


def pair_tables(
    engine: Engine,
    source: Sequence[Table],
    target: Sequence[Table],
    *,
    maps: Sequence[Map],
    owners: str | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> tuple[Pair, ...]:
    """Return the pairs of tables, each table in one at most, the strongest first.

    Args:
        engine: the snapshots are attached.
        source: the source's tables.
        target: the target's.
        maps: of ids.
        owners: the map of those whose rows are moved in batches, if there are any.
        told: called with what is done next.
    """
    reaches = {("target", table.name): reach(engine, table, target) for table in target}
    found: list[Pair] = []
    zones: list[str] = []
    for table in source:
        told(f"what became of {table.name}")
        ours = reach(engine, table, source)
        ranked = sorted(_candidates(table, target, maps), key=lambda item: -item[0])[:_TRIED]
        for _, other, key in ranked:
            pair = _pair(engine, ours, reaches["target", other.name], key, maps=maps, zones=zones, owners=owners)
            if pair is not None:
                found.append(pair)
                zones += [link.zones[0] for link in pair.links if link.zones and link.zones[0] not in zones]
    chosen: list[Pair] = []
    for pair in sorted(found, key=lambda pair: (-pair.strength, pair.tables)):
        if not any(pair.tables[0] == other.tables[0] or pair.tables[1] == other.tables[1] for other in chosen):
            chosen.append(pair)
    return tuple(chosen)


def choose(candidates: Sequence[Link], key: Key, *, owners: str | None = None) -> tuple[Link, ...]:
    """Return the links that are believed, each column in one at most; the key's stand first, whatever else speaks."""
    of_key = [link for part in key for link in candidates if _is_part(link, part)]
    chosen = list(of_key)
    for link in sorted(candidates, key=lambda link: (-link.score, link.source.spot.name, link.target.spot.name)):
        taken = any(_same(link.source.spot, other.source.spot) or _same(link.target.spot, other.target.spot) for other in chosen)
        if not taken and _believed(link):
            chosen.append(link)
    return tuple(
        link
        for link in chosen
        if not _beside(link) or _stands_for_ids(link, chosen) or _is_currency_needed(link, chosen) or _is_owner_needed(link, chosen, owners)
    )


def _ends(link: Link) -> set[tuple[str, str, str]]:
    return {(side, item.spot.alias, item.spot.column.name) for side, item in (("source", link.source), ("target", link.target))}


def _beside(link: Link) -> bool:
    """Say whether neither column is of the tables themselves."""
    return bool(link.source.spot.depth and link.target.spot.depth)


def _stands_for_ids(link: Link, chosen: Sequence[Link]) -> bool:
    """Say whether what two joined tables are called by is all that tells which of their rows is meant: the ids themselves are in no link."""
    linked = {(spot.alias, spot.column.name) for other in chosen if not _beside(other) for spot in (other.source.spot, other.target.spot)}
    return all(
        spot.join is not None and (spot.column.name,) in spot.join.table.keys and not any((alias, there) in linked for alias, there, _ in spot.join.on)
        for spot in (link.source.spot, link.target.spot)
    )


def _is_currency_needed(link: Link, chosen: Sequence[Link]) -> bool:
    """Say whether it is the only currency for amounts in minor units: the one that is nearest and best filled."""
    if not any(other.how == "minor" and not _beside(other) for other in chosen) or any(other.is_currency and not _beside(other) for other in chosen):
        return False
    return link.is_currency and link == max((other for other in chosen if other.is_currency), key=lambda other: (other.agreed, other.score))


def _is_owner_needed(link: Link, chosen: Sequence[Link], owners: str | None) -> bool:
    """Say whether it is what tells whose a row is, and so in which batch it moves: nothing of the row itself does."""
    tell = [other for other in chosen if owners is not None and other.through is not None and other.through.name == owners]
    return link in tell and all(_beside(other) for other in tell) and link == max(tell, key=lambda other: other.score)


def _believed(link: Link) -> bool:
    """Say whether a link may be proposed: rows speak for it, or, where rows say nothing, names do."""
    if link.share >= _ENOUGH and link.kappa >= 0.8:  # noqa: PLR2004
        every = link.agreed == link.looked_at >= _MANY or not link.source.spot.depth
        return link.certain >= 0.35 or link.named >= 0.4 or (link.certain >= 0.2 and every)  # noqa: PLR2004
    if link.share >= _ENOUGH or not link.looked_at:
        return link.named >= 0.6  # noqa: PLR2004
    return link.named >= 0.85 and link.how != "through" and not link.source.spot.depth + link.target.spot.depth  # noqa: PLR2004 - what differs, a run shall find


def _pair(engine: Engine, source: Reach, target: Reach, key: Key, *, maps: Sequence[Map], zones: Sequence[str], owners: str | None) -> Pair | None:
    sample = draw(engine, source, target, key, maps=maps)
    if not sample.rows or sample.matched > _MOST * sample.looked_at:
        return None
    references = {(side, alias, there) for side, found in (("source", source), ("target", target)) for join in found.joins for alias, there, _ in join.on}
    candidates = [link for link in links(sample, zones=zones, owners=owners) if link.how != "codes" or not _ends(link) & references]  # ids are no codes
    chosen = choose(candidates, key, owners=owners)
    if sum(any(_is_part(link, part) for link in chosen) for part in key) < len(key):
        return None
    beside = sum(link.kappa * link.certain for link in chosen[len(key) :] if link.share >= _ENOUGH and not link.source.spot.depth)
    tells = any(part.through is not None or source.table.column(part.source).kind != "integer" for part in key)
    matched = min(1.0, sample.matched / max(1, min(sample.looked_at, target.table.rows)))
    words = all(part.through is None for part in key) and tells  # what people read is a better key than a number of the store's own
    strength = beside + matched * (1.0 if tells else 0.2) + 0.5 * words + alike(source.table.name, target.table.name)
    sure = beside >= _LEAST or (tells and matched >= _LEAST)
    return Pair(source, target, key, sample, chosen, strength) if sure else None


def _candidates(table: Table, others: Sequence[Table], maps: Sequence[Map]) -> Iterator[tuple[float, Table, Key]]:
    """Yield (what speaks for it, counterpart, key) of tables that share the values of a key: one by the values themselves, one by mapped ids."""
    for other in others:
        keys = [found for ours in table.keys[:_KEYS] for found in _keys(table, ours, other, maps)]
        named = alike(table.name, other.name)
        for mapped in (False, True):
            best = max((item for item in keys if any(part.through for part in item[1]) == mapped), key=lambda item: item[0], default=None)
            if best is not None:
                yield best[0] + 0.5 * named, other, best[1]


def _keys(table: Table, ours: Sequence[str], other: Table, maps: Sequence[Map]) -> Iterator[tuple[float, Key]]:
    """Yield the other table's columns that may be this key: those that name its rows; else the likeliest one by one, which may repeat its own rows."""
    names = [key for key in other.keys[:_KEYS] if len(key) == len(ours)]
    found = [item for key in names for order in permutations(key) if (item := _key(table, ours, other, order, maps)) is not None]
    if not found and len(ours) > 1:
        likely = [[column.name for column in other.columns if any(_parts(table.column(name), column, maps))] for name in ours]
        orders = [order for order in islice(product(*likely), _ORDERS) if len(set(order)) == len(order)]
        found = [item for order in orders if (item := _key(table, ours, other, order, maps)) is not None]
    yield from found


def _key(table: Table, ours: Sequence[str], other: Table, theirs: Sequence[str], maps: Sequence[Map]) -> tuple[float, Key] | None:
    parts: list[Part] = []
    score = 1.0
    for one, two in zip(ours, theirs, strict=True):
        found = max(_parts(table.column(one), other.column(two), maps), key=lambda item: item[0], default=None)
        if found is None:
            return None
        score *= found[0]
        parts.append(found[1])
    return score, tuple(parts)


def _parts(one: Column, other: Column, maps: Sequence[Map]) -> Iterator[tuple[float, Part]]:
    if one.type == other.type and fits(one, other):
        tells = 0.3 if one.kind == "integer" else 1.0  # the same small numbers stand in every table
        yield max(overlap(one, other)) * tells + 0.2 * alike(one.name, other.name), Part(one.name, other.name)
    for each in maps:
        if one.type == each.source.type and other.type == each.target.type and fits(one, each.source) and fits(other, each.target):
            share = max(overlap(each.source, one)) * max(overlap(each.target, other))
            yield share, Part(one.name, other.name, each)


def _is_part(link: Link, part: Part) -> bool:
    ours, theirs = link.source.spot, link.target.spot
    own = ours.alias == OWN == theirs.alias
    return own and (ours.column.name, theirs.column.name, link.through) == (part.source, part.target, part.through) and link.how in ("plain", "through")


def _same(one: Spot, other: Spot) -> bool:
    return (one.alias, one.column.name) == (other.alias, other.column.name)
