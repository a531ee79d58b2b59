"""The one place that writes a proposed contract as TOML and SQL: every guess is marked, and what only a person can say is a TODO."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dq.compare.schema import Catalogue
from dq.contract.models import SIDES
from dq.proposing.entities import Entity
from dq.proposing.fields import Field, place, sure
from dq.proposing.reach import OWN, Join, Spot
from dq.report.visible import visible
from dq.sql import literal, quote
from dq.stores.manifest import Manifest
from dq.words import counted

REASON = "TODO: say why"
_WIDTH = 150
_ROW = "r"  # the driving table, where others are joined


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the crosswalk lists it."""

    number: int
    region: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """All that is written."""

    entities: tuple[Entity, ...]
    manifests: Mapping[str, Manifest]
    snapshots: Mapping[str, Path]
    catalogue: Catalogue  # side to table to column to type: also what was not taken
    accounts: str | None = None
    batches: tuple[Batch, ...] = ()
    reserved: frozenset[str] = frozenset()  # words that SQL must quote
    notes: tuple[str, ...] = ()

    @property
    def minor_units(self) -> dict[str, int]:
        """Currencies whose decimals are not those of ISO 4217, as the rows say."""
        return {letters: digits for entity in self.entities for letters, digits in entity.fields.minor_units.items()}

    def uncovered(self, side: str) -> dict[str, tuple[str, ...]]:
        """Return table to the columns that nothing reads."""
        read = {item for entity in self.entities for item in entity.reads(side)}
        left = {table: tuple(column for column in columns if (table, column) not in read) for table, columns in self.catalogue[side].items()}
        return {table: columns for table, columns in sorted(left.items()) if columns}


def files_of(proposal: Proposal, *, folder: Path) -> dict[str, str]:
    """Return the contract's files by name; snapshots are named as they are seen from `folder`."""
    found = {"migration.toml": "\n".join(_migration(proposal, folder=folder)) + "\n"}
    for entity in proposal.entities:
        found[f"{entity.name}.toml"] = "\n".join(_entity(entity)) + "\n"
        for side in SIDES:
            found[f"sql/{side}/{entity.name}.sql"] = "\n".join(_select(entity, side, reserved=proposal.reserved)) + "\n"
    return found


def _migration(proposal: Proposal, *, folder: Path) -> Iterator[str]:
    yield from _comment(
        "Written by `dq init`, which has looked at the rows of both stores and at nothing else. Every guess is marked `guess:`, with what speaks for it "
        "(sure, likely, doubtful), and what only a person can say is a `TODO`. What was moved wrongly throughout looks right in a guess: ask."
    )
    yield f"name  = {_text(proposal.manifests['source'].migration)}"
    yield 'title = "TODO: say what moves where"'
    yield "# freeze   = 2030-01-01T00:00:00Z    # TODO: nothing new comes into the source from here on; then an entity may say `created`"
    yield "# deadline = 2030-02-01T00:00:00Z    # TODO: everything has moved before this"
    if proposal.batches:
        regions = ", ".join(_text(region) for region in dict.fromkeys(batch.region for batch in proposal.batches))
        yield f"regions  = [{regions}]"
    yield f"entities = [{', '.join(_text(entity.name) for entity in proposal.entities)}]"
    if proposal.accounts is not None:
        yield f"accounts = {_text(proposal.accounts)}    # guess: the map that knows most of the ids that batches list"
    for side, manifest in proposal.manifests.items():
        yield from ("", f"[stores.{side}]", f"name     = {_text(manifest.store)}", f"snapshot = {_text(_relative(proposal.snapshots[side], folder))}")
    yield from ("", "# [limits]    # TODO: how old snapshots may be, and how far apart source and target", "# max_age_hours   = 72", "# max_apart_hours = 24")
    for batch in proposal.batches:
        yield from ("", "[[batches]]", f"number = {batch.number}", f"region = {_text(batch.region)}")
    if proposal.minor_units:
        yield from ("", "# guess: decimals that ISO 4217 does not give these currencies, as all joined rows say", "[minor_units]")
        yield from (f"{_key(letters)} = {digits}" for letters, digits in sorted(proposal.minor_units.items()))
    yield from _excluded(proposal)


def _excluded(proposal: Proposal) -> Iterator[str]:
    uncovered = {side: proposal.uncovered(side) for side in SIDES}
    if not any(uncovered.values()):
        return
    yield ""
    yield from _comment("What nothing reads. A reason that is still a TODO is none: `coverage` fails until somebody says why, or has it compared.")
    for side in SIDES:
        for table, columns in uncovered[side].items():
            whole = len(columns) == len(proposal.catalogue[side][table])
            yield from ("", "[[excluded]]", f'side   = "{side}"', f"table  = {_text(table)}")
            if not whole:
                yield from _listed("columns = [", [_text(column) for column in columns], "]")
            yield f"reason = {_text(REASON)}"


def _entity(entity: Entity) -> Iterator[str]:
    source, target = entity.pair.source.table, entity.pair.target.table
    sample = entity.pair.sample
    key = ", ".join(f"{part.source} = {part.target}{f' through {part.through.name}' if part.through else ''}" for part in entity.pair.key)
    yield from _comment(
        f"guess: {source.name} ({counted(source.rows, 'row')}) became {target.name} ({counted(target.rows, 'row')}): "
        f"{sample.matched:,} of {sample.looked_at:,} rows that were looked at have a counterpart by {key}."
    )
    yield f"promise = {_text(f'TODO: say what was promised of {entity.name}')}"
    proof = "declared by the source, and unique there" if tuple(part.source for part in entity.pair.key) in source.declared else "unique in the source"
    names = ", ".join(_text(name) for name in entity.fields.key)
    yield f"key     = {names if len(entity.fields.key) == 1 else f'[{names}]'}    # guess: {proof}"
    if entity.owner is not None:
        yield f"owner   = {_text(entity.owner)}    # guess: the one column that goes through the accounts"
    if entity.money is not None:
        yield f"money   = {{ amount = {_text(entity.money[0])}, currency = {_text(entity.money[1])} }}    # guess: the amount with the largest sum"
    if entity.slices:
        yield f"slices  = [{', '.join(_text(name) for name in entity.slices)}]    # guess: few different words"
    yield from ("", "[columns]")
    for item in entity.fields.columns:
        yield from _comment(_guess(item, source=source.name, target=target.name))
        settings = "".join(f", {key} = {value}" for key, value in item.settings)
        yield f"{_key(item.name)} = {{ type = {_text(item.type)}{settings} }}" if settings else f"{_key(item.name)} = {_text(item.type)}"
    for line in entity.fields.left:
        yield from _comment(f"TODO: left out, so that coverage tells of it: {line}")
    yield from _key_values(entity)
    yield from _unmoved(entity)
    if entity.merge is not None:
        yield from ("", "# guess: later than the baseline in the rows that were moved")
        yield from ("[merge]", f"table      = {_text(entity.merge.table)}", f"id         = {_text(entity.merge.id)}")
        yield from (f"created_at = {_text(entity.merge.created_at)}", f"changed_at = {_text(entity.merge.changed_at)}")
    elif entity.unmerged:
        yield ""
        yield from _comment(f"TODO: no [merge], so the target's own rows will be extra: {entity.unmerged}")
    if entity.money is not None:
        yield from ("", "[[sums]]", f"column = {_text(entity.money[0])}", f"by     = [{_text(entity.money[1])}]")


def _unmoved(entity: Entity) -> Iterator[str]:
    for name, rows in entity.unmoved:
        yield ""
        yield from _comment(
            f"TODO: {counted(rows, 'row')} of {entity.pair.source.table.name} {'has' if rows == 1 else 'have'} {name}, and none of them a counterpart. If "
            f"they were left out on purpose, say so here, and take them out in sql/source/{entity.name}.sql."
        )
        yield from ("# [[excluded]]", '# side   = "source"', f"# where  = {_text(f'{quote(name)} IS NOT NULL')}", f"# reason = {_text(REASON)}")


def _guess(item: Field, *, source: str, target: str) -> str:
    link = item.link
    if link is None:
        return ""
    rows = f"{link.agreed:,} of {link.looked_at:,} joined rows agree" if link.looked_at else "no joined row has a value; the names are alike"
    how = f", {item.guess}" if item.guess else ""
    return f"guess: {place(item.source, source)} is {place(item.target, target)}{how}; {rows}; {sure(link)}"


def _key_values(entity: Entity) -> Iterator[str]:
    """Say which keys of rows of key and value nothing reads: the coverage of columns cannot."""
    read = {join.alias for join in entity.joins("source")}
    left: dict[str, list[str]] = {}
    for join in entity.pair.source.joins:
        if join.fixed is not None and join.alias not in read and any(other.table == join.table for other in entity.joins("source")):
            left.setdefault(join.table.name, []).append(join.fixed[1])
    for table, words in left.items():
        yield from _comment(f"TODO: of {table}, nothing reads {', '.join(words)}: coverage counts columns, and cannot tell")


def _select(entity: Entity, side: str, *, reserved: frozenset[str]) -> Iterator[str]:
    reach = entity.pair.source if side == "source" else entity.pair.target
    joins = entity.joins(side)

    def named(name: str) -> str:
        return name if name.isascii() and name.isidentifier() and name == name.lower() and name not in reserved else quote(name)

    def column(spot: Spot) -> str:
        alias = f"{named(spot.alias if spot.alias != OWN else _ROW)}." if joins else ""
        return f"{alias}{named(spot.column.name)}"

    outputs = [(column(item.source if side == "source" else item.target), item.name) for item in entity.fields.columns]
    outputs += [(column(spot), name) for name, spot in entity.fields.zones] if side == "source" else []
    texts = [text if text.rpartition(".")[2] == name else f"{text} AS {named(name)}" for text, name in outputs]
    yield "SELECT"
    yield from _listed("    ", texts, "", indent="    ")
    yield f"FROM {named(reach.table.name)}{f' AS {_ROW}' if joins else ''}"
    yield from (_join(join, named) for join in joins)
    left_out = [f"{f'{_ROW}.' if joins else ''}{named(name)} IS NULL" for name, _ in entity.unmoved] if side == "source" else []
    if left_out:
        yield visible(f"-- TODO: WHERE {' AND '.join(left_out)}")


def _join(join: Join, named: object) -> str:
    said = named if callable(named) else quote
    on = [f"{said(join.alias)}.{said(here)} = {said(alias if alias != OWN else _ROW)}.{said(there)}" for alias, there, here in join.on]
    on += [f"{said(join.alias)}.{said(join.fixed[0])} = {literal(join.fixed[1])}"] if join.fixed is not None else []
    return f"{'JOIN' if join.always else 'LEFT JOIN'} {said(join.table.name)} AS {said(join.alias)} ON {' AND '.join(on)}"


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {line}" for line in _wrapped(visible(text).split(" "), _WIDTH, " "))  # a line's end in a name would end the comment


def _listed(begin: str, items: Sequence[str], end: str, *, indent: str = "    ") -> Iterator[str]:
    lines = list(_wrapped([f"{item}," for item in items[:-1]] + list(items[-1:]), _WIDTH, " "))
    if len(lines) == 1:
        yield f"{begin}{lines[0]}{end}"
        return
    if begin.strip():
        yield begin
        yield from (f"{indent}{line}" for line in lines)
        yield end
    else:
        yield from (f"{indent}{line}" for line in lines)


def _wrapped(items: Sequence[str], width: int, between: str) -> Iterator[str]:
    line = ""
    for item in items:
        if line and len(line) + len(between) + len(item) > width:
            yield line
            line = item
        else:
            line = f"{line}{between}{item}" if line else item
    yield line


def _relative(path: Path, folder: Path) -> str:
    return os.path.relpath(path.resolve(), folder)


def _key(name: str) -> str:
    return name if name and all(char.isascii() and (char.isalnum() or char in "_-") for char in name) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
