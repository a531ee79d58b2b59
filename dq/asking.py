"""The one place for what a run is asked: contract, snapshots, batch, moment; and for the run's id, the digest of just that."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from dq import __version__
from dq.compare.signed import BatchSignOff
from dq.contract.models import Contract
from dq.contract.stores import BEFORE
from dq.engine import VERSION
from dq.errors import SnapshotError, UsageError, near_miss
from dq.ground import Asked
from dq.judgement.countersigning import Countersigned
from dq.stores.identity import check_identity, moved_batches, moved_before
from dq.stores.manifest import Manifest

Command = Literal["run", "gate"]


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that decides a record, and nothing else."""

    command: Command
    contract: Contract
    manifests: Mapping[str, Manifest]
    batch: int | None  # the batch asked about; None: all that has moved
    as_of: datetime
    asked: Asked
    signed: Countersigned = field(default_factory=dict)  # waiver to who has signed for it, as checked signatures say

    @property
    def compares(self) -> bool:
        """Whether rows are compared: not before the first batch."""
        return bool(self.asked.batches) or not self.contract.migration.batches

    @property
    def run(self) -> str:
        """The run's id: 12 hexadecimal digits of the digest of its inputs."""
        inputs = {
            "command": self.command,
            "batch": self.batch,
            "as_of": self.as_of.isoformat(),
            "contract": self.contract.digest,
            "snapshots": {
                side: [manifest.migration, manifest.store, manifest.content, manifest.moment, manifest.region, manifest.batch]
                for side, manifest in self.manifests.items()
            },
            "versions": versions(),
            **({"only": self.asked.only} if self.asked.only else {}),
            **({"signed": [_told(one) for one in self.asked.signoffs]} if self.asked.signoffs else {}),
            **({"waivers signed": {name: {role: sorted(held) for role, held in who.items()} for name, who in self.signed.items()}} if self.signed else {}),
        }
        return hashlib.sha256(json.dumps(inputs, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions that decide: ours with the digest of its code, the engine's, the tables of currencies and zones."""
    folder, code = str(Path(__file__).parent), hashlib.sha256()
    for file in sorted(os.path.join(place, name) for place, _, names in os.walk(folder) for name in names):  # noqa: PTH118 - half the time of Path's
        if file.endswith((".py", ".html", ".css")):
            code.update(f"{file.removeprefix(folder)}\0{hashlib.sha256(Path(file).read_bytes()).hexdigest()}\n".encode())
    tables = {name: metadata.version(name) for name in ("iso4217", "tzdata")}
    return {"dq": f"{__version__} {code.hexdigest()[:12]}", "duckdb": VERSION, **tables}


def ask(
    contract: Contract,
    manifests: Mapping[str, Manifest],
    *,
    command: Command,
    batch: int | None,
    as_of: datetime | None,
    only: Sequence[str] = (),
    signoffs: Sequence[BatchSignOff] = (),
    carries: bool = False,
    signed: Countersigned = MappingProxyType({}),
) -> Question:
    """Return what is asked, checked against what the snapshots can answer.

    Args:
        contract: the contract.
        manifests: of the opened snapshots.
        command: run compares `batch`; gate compares all before it.
        batch: the batch asked about; None (run only): all that has moved.
        as_of: the moment the record judges time by; None: the target snapshot's.
        only: compare these entities alone, and those that their claims add up; none: all.
        signoffs: of every batch before the gate's; none where the contract asks for none.
        carries: take the digests of what stands in the target.
        signed: waiver to who signed for it, where signatures were checked: a gate needs those of its waivers.

    Raises:
        UsageError: there is no such batch (exit 2).
        SnapshotError: the snapshots are others, or of too early a batch (exit 3).
    """
    check_identity(manifests, contract=contract)
    chosen = _with_ledgers(contract, only)
    moved = moved_batches(manifests, contract=contract)
    numbers = sorted(item.number for item in contract.migration.batches)
    if batch is not None and batch not in numbers:
        known = f"1 to {numbers[-1]}" if numbers else "the contract has none"
        raise UsageError(f"there is no batch {batch} ({known})")
    wanted = moved if batch is None else tuple(number for number in numbers if number < batch) if command == "gate" else (batch,)
    for number in wanted:
        if number not in moved:
            raise SnapshotError(f"batch {number} has not moved in the target snapshot, which is of batch {manifests['target'].batch}")
    if numbers and command == "run" and not wanted:
        raise SnapshotError("no batch has moved in the target snapshot: there is nothing to compare")
    regions = {item.number: item.region for item in contract.migration.batches}
    for side, manifest in manifests.items():
        others = sorted({regions[number] for number in wanted if side != BEFORE and manifest.region not in (None, regions[number])})
        if others:
            raise SnapshotError(f"{side} snapshot: it is of region '{manifest.region}', batch {wanted[0]} is of region '{others[0]}'")
    alone = manifests["source"].accounts_of
    if alone is not None and (wanted != (alone,) or command == "gate"):
        raise SnapshotError(f"source snapshot: it holds the accounts of batch {alone} alone; seal it without --batch, or run --batch {alone}")
    moment = as_of or manifests["target"].taken_at
    baseline = manifests.get("baseline")
    keys = {side: {table.name: table.primary_key for table in manifest.tables} for side, manifest in manifests.items()}
    sizes = {side: {table.name: table.rows or 0 for table in manifest.taken.values()} for side, manifest in manifests.items()}
    left = {side: manifest.left for side, manifest in manifests.items()}
    base = baseline.taken_at.astimezone(UTC).isoformat() if baseline else None
    until = last_instant(manifests["target"].taken_at).isoformat()
    before = moved_before(manifests, contract=contract)
    asked = Asked(
        wanted,
        moved,
        base,
        keys,
        left,
        source_moment=manifests["source"].taken_at,
        target_moment=until,
        sizes=sizes,
        moved_before=before,
        only=chosen,
        signoffs=tuple(signoffs),
        carries=carries,
    )
    question = Question(command, contract, manifests, batch, moment.astimezone(UTC), asked, signed)
    return replace(question, asked=replace(asked, seed=question.run))


def _told(found: BatchSignOff) -> list[object]:
    """Return what of a sign-off decides a record."""
    return [found.batch, found.roles, found.rejected, found.problem, found.signed.statement if found.signed is not None else None]


def _with_ledgers(contract: Contract, only: Sequence[str]) -> tuple[str, ...]:
    """Return the chosen entities and those whose rows their claims add up, in the contract's order. Raises UsageError."""
    known = {entity.name: entity for entity in contract.entities}
    for name in only:
        if name not in known:
            raise UsageError(f"--only: there is no entity '{name}'{near_miss(name, known)}")
    needed = {ledger.entity for name in only for ledger in known[name].later.values()}
    needed |= {item.equals.entity for name in only for item in known[name].invariant if item.equals is not None}
    return tuple(name for name in known if name in {*only, *needed})


def last_instant(moment: datetime) -> datetime:
    """Return the last microsecond that a moment may mean: a clock that counts whole seconds is up to one behind its rows."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond or 999_999)
