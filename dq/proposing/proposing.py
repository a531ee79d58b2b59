"""The one place that goes from snapshots nobody has described to a contract's folder: look, pair, write, and see that it is accepted."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dq.answering import attached
from dq.attempts import Attempts
from dq.checking import LOCK, pinned_text
from dq.compare.schema import together
from dq.compare.views import snapshot
from dq.contract.reading import read_contract
from dq.engine import Engine
from dq.errors import DqError, SnapshotError, UsageError
from dq.ground import Asked, lay_ground
from dq.proposing.entities import entities_of
from dq.proposing.facts import Table, look_at, overlap
from dq.proposing.pairing import pair_tables
from dq.proposing.sample import Map
from dq.proposing.writing import Batch, Proposal, files_of
from dq.settings import Settings
from dq.sql import Query, path
from dq.stores.contents import discrepancies, look_inside
from dq.stores.manifest import Manifest
from dq.stores.opening import find_snapshots, open_snapshots

Told = Callable[[str], None]
_MAP = {"source_id", "target_id"}


@dataclass(frozen=True, slots=True)
class Proposed:
    """What was written: entity to its two tables, and what is left for a person: side to tables without a counterpart, and columns."""

    folder: Path
    entities: tuple[tuple[str, str, str], ...]  # name, source's table, target's table
    columns: int
    tables_left: Mapping[str, tuple[str, ...]]
    columns_left: Mapping[str, int]


def propose(folder: Path, snapshots: Mapping[str, Path], *, settings: Settings | None = None, told: Told = lambda _: None) -> Proposed:
    """Look at snapshots and write a contract into a new or empty folder.

    Args:
        folder: where the contract is put, all of it or nothing.
        snapshots: side to file; source and target, and baseline and crosswalk where there are any.
        settings: what the engine may use.
        told: called with what is done next.

    Raises:
        UsageError: the folder is in use, a file is not there or is not what its manifest says, or the stores have nothing in common (exit 2).
        SnapshotError: a snapshot holds what its manifest does not say, or is another's (exit 3).
    """
    folder = _free(folder)
    find_snapshots(snapshots, on_command_line=snapshots)
    told("digests of the snapshots")
    with ExitStack() as stack:
        opened = open_snapshots(snapshots, on_command_line=snapshots)
        for item in opened.values():
            stack.callback(item.close)
        manifests = {side: item.manifest for side, item in opened.items()}
        _check(manifests, snapshots)
        spill = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dq-")))
        settings = settings or Settings()
        engine = stack.enter_context(attached(opened, settings=Settings(settings.memory, settings.threads, spill)))
        inside = look_inside(engine)
        for side, manifest in manifests.items():
            for line in discrepancies(engine, snapshot(side), manifest, inside=inside):
                raise SnapshotError(f"{side} snapshot {snapshots[side]}: {line}")
        proposal = _proposal(engine, manifests, snapshots, told=told)
        for item in opened.values():
            item.check_unchanged()
        told("writing the contract")
        _write(engine, proposal, folder)
    return _summed(proposal, folder)


def _free(folder: Path) -> Path:
    """Return where the contract is put. Raises UsageError where something is there, or nothing can be put there."""
    try:
        place = folder.resolve()
        if place.exists() and not place.is_dir():
            raise UsageError(f"{folder}: is no folder")
        if place.is_dir() and any(place.iterdir()):
            raise UsageError(f"{folder}: is not empty; name another folder")
    except OSError as error:
        raise UsageError(f"{folder}: {(error.strerror or 'cannot be read').lower()}") from None
    return place


def _check(manifests: Mapping[str, Manifest], snapshots: Mapping[str, Path]) -> None:
    """Refuse snapshots of other sides, and of several migrations. Raises SnapshotError."""
    for side, manifest in manifests.items():
        if manifest.side != side:
            raise SnapshotError(f"{side} snapshot {snapshots[side]}: it was sealed as the {manifest.side}")
        if manifest.migration != manifests["source"].migration:
            raise SnapshotError(f"{side} snapshot: its manifest's migration is '{manifest.migration}', the source's '{manifests['source'].migration}'")
    if "baseline" in manifests and manifests["baseline"].store != manifests["target"].store:
        raise SnapshotError(f"baseline snapshot: it is of store '{manifests['baseline'].store}', the target of '{manifests['target'].store}'")


def _proposal(engine: Engine, manifests: Mapping[str, Manifest], snapshots: Mapping[str, Path], *, told: Told) -> Proposal:
    facts: dict[str, tuple[Table, ...]] = {}
    for side, manifest in manifests.items():
        told(f"tables of the {side}")
        facts[side] = look_at(engine, side, manifest)
    maps = tuple(_maps(facts.get("crosswalk", ())))
    accounts, batches = _batches(engine, facts.get("crosswalk", ()), maps)
    pairs = pair_tables(engine, facts["source"], facts["target"], maps=maps, owners=accounts, told=told)
    if not pairs:
        raise UsageError("no table of the source has a counterpart in the target by names and values: nothing can be proposed")
    baseline = {table.name: table for table in facts["baseline"]} if "baseline" in facts else None
    entities = entities_of(pairs, accounts=accounts, baseline=baseline, baseline_at=manifests["baseline"].taken_at if baseline is not None else None)
    if not any(field.link and field.link.through and field.link.through.name == accounts for entity in entities for field in entity.fields.columns):
        accounts, batches = None, ()
    found = {side: {table.name: {column.name: column.type for column in table.columns} for table in facts[side]} for side in ("source", "target")}
    catalogue = together(found, {side: manifests[side].left for side in found})
    words = engine.execute(Query("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'", step="words of SQL"))
    return Proposal(entities, manifests, snapshots, catalogue, accounts, batches, frozenset(str(word) for (word,) in words))


def _maps(tables: tuple[Table, ...]) -> list[Map]:
    """Return the maps of ids; one that names an id twice would multiply rows, and is left out."""
    found = [table for table in tables if {column.name for column in table.columns} == _MAP and ("source_id",) in table.keys]
    return [Map(table.name, table.column("source_id"), table.column("target_id")) for table in found]


def _batches(engine: Engine, tables: tuple[Table, ...], maps: tuple[Map, ...]) -> tuple[str | None, tuple[Batch, ...]]:
    """Return the map whose ids the batches list, and the batches."""
    table = next((table for table in tables if table.name == "batches"), None)
    if table is None or not {"account_id", "batch", "region"} <= {column.name for column in table.columns} or not maps:
        return None, ()
    accounts = max(maps, key=lambda each: (overlap(each.source, table.column("account_id"))[0], each.source.distinct))
    sql = f"SELECT batch, min(region) FROM {path(snapshot('crosswalk'), 'main', 'batches')} WHERE batch >= 1 AND region IS NOT NULL GROUP BY 1 ORDER BY 1"
    return accounts.name, tuple(Batch(int(number), str(region)) for number, region in engine.execute(Query(sql, step="batches")))


def _write(engine: Engine, proposal: Proposal, folder: Path) -> None:
    """Write the contract beside its place, see that it is accepted, and put it there."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.part-"))
        try:
            files = files_of(proposal, folder=folder) | {LOCK: pinned_text(proposal.catalogue)}
            for name, text in files.items():
                file = draft / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            _accept(engine, draft)
            draft.chmod(0o777 & ~_umask())
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise UsageError(f"{folder}: {(error.strerror or 'cannot be written').lower()}") from None


def _accept(engine: Engine, draft: Path) -> None:
    """Hold the written contract against the snapshots, as `dq check` will. Raises DqError: then it is ours to mend."""
    ground = lay_ground(engine, read_contract(draft), asked=Asked((), ()), attempt=Attempts())
    for item in ground.prepared:
        for line in (*item.problems, *(reason for reason in (ground.blocks(item.entity),) if reason)):
            raise DqError(f"{item.entity.file}: what was proposed does not hold, which is an error of dq itself: {line}")


def _summed(proposal: Proposal, folder: Path) -> Proposed:
    uncovered = {side: proposal.uncovered(side) for side in ("source", "target")}
    whole = {side: tuple(table for table, left in tables.items() if len(left) == len(proposal.catalogue[side][table])) for side, tables in uncovered.items()}
    return Proposed(
        folder,
        tuple((entity.name, *entity.pair.tables) for entity in proposal.entities),
        sum(len(entity.fields.columns) for entity in proposal.entities),
        whole,
        {side: sum(len(left) for table, left in uncovered[side].items() if table not in whole[side]) for side in uncovered},
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
