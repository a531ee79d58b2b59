"""The one place that asks whether opened snapshots are the right ones: this migration's, these stores', this batch's, and of one time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dq.contract.models import Contract
from dq.contract.stores import BEFORE
from dq.errors import SnapshotError, near_miss
from dq.stores.manifest import Manifest


def check_identity(manifests: Mapping[str, Manifest], *, contract: Contract) -> None:
    """Refuse snapshots of another migration, side or store. Raises SnapshotError."""
    migration = contract.migration
    for side, store in migration.stores.present():
        manifest = manifests[side]
        wanted_side = "crosswalk" if side == BEFORE else side
        said = (("migration", manifest.migration, migration.name), ("side", manifest.side, wanted_side), ("store", manifest.store, store.name))
        for what, found, wanted in said:
            if found != wanted:
                raise SnapshotError(f"{side} snapshot: its manifest's {what} is '{found}', not '{wanted}'")
        if manifest.region is not None and manifest.region not in migration.regions:
            raise SnapshotError(f"{side} snapshot: unknown region '{manifest.region}'{near_miss(manifest.region, migration.regions)}")


def moved_batches(manifests: Mapping[str, Manifest], *, contract: Contract) -> tuple[int, ...]:
    """Return the batches that had moved when the target was taken, ascending; none where the migration has no batches.

    Raises:
        SnapshotError: target and crosswalk do not say it, or not the same.
    """
    numbers = [batch.number for batch in contract.migration.batches]
    if not numbers:
        return ()
    said = {side: _batch_of(side, manifests[side], numbers=numbers) for side in ("target", "crosswalk", "export") if side in manifests}
    for side, batch in said.items():
        if batch != said["target"]:
            raise SnapshotError(f"the target snapshot is of batch {said['target']}, the {side}'s of batch {batch}")
    if manifests.get("baseline") is not None and manifests["baseline"].batch not in (None, 0):
        raise SnapshotError(f"the baseline snapshot is of batch {manifests['baseline'].batch}; it is taken before the first")
    return tuple(number for number in sorted(numbers) if number <= said["target"])


def moved_before(manifests: Mapping[str, Manifest], *, contract: Contract) -> tuple[int, ...] | None:
    """Return the batches that had moved when the crosswalk of before was taken, ascending; None where there is no such crosswalk.

    Raises:
        SnapshotError: it does not say it, or is of a later batch or of another region than the crosswalk.
    """
    if BEFORE not in manifests:
        return None
    before, now = manifests[BEFORE], manifests["crosswalk"]
    if now.region not in (None, before.region):
        raise SnapshotError(f"{BEFORE} snapshot: it is of {_region(before)}, the crosswalk's of {_region(now)}")
    numbers = [batch.number for batch in contract.migration.batches]
    if not numbers:
        return ()
    last = _batch_of(BEFORE, before, numbers=numbers)
    if last > _batch_of("crosswalk", now, numbers=numbers):
        raise SnapshotError(f"{BEFORE} snapshot: it is of batch {last}, the crosswalk's of batch {now.batch}: it is from after")
    return tuple(number for number in sorted(numbers) if number <= last)


def _batch_of(side: str, manifest: Manifest, *, numbers: Sequence[int]) -> int:
    if manifest.batch is None:
        raise SnapshotError(f"{side} snapshot: its manifest names no batch; seal it with --batch, the last one that has moved (0 for none)")
    if manifest.batch != 0 and manifest.batch not in numbers:
        raise SnapshotError(f"{side} snapshot: batch {manifest.batch} is not in migration.toml (1 to {max(numbers)})")
    return manifest.batch


def _region(manifest: Manifest) -> str:
    return "all regions" if manifest.region is None else f"region '{manifest.region}'"


def untimely(manifests: Mapping[str, Manifest], *, contract: Contract, as_of: datetime) -> dict[str, str]:
    """Return why a side's moment proves nothing at `as_of`: from the future, too old, too far from the source, or later than it may be.

    A baseline and a crosswalk of before may be of any age.
    """
    limits = contract.migration.limits
    found: dict[str, str] = {}
    for side, manifest in manifests.items():
        age = as_of - manifest.taken_at
        if age < timedelta(0):
            found[side] = "it was taken after the moment that the run is judged as of"
        elif side not in ("baseline", BEFORE) and limits.max_age_hours is not None and age > timedelta(hours=limits.max_age_hours):
            found[side] = f"it is {_hours(age)} old, the contract allows {limits.max_age_hours} h"
    source, target, baseline = manifests["source"].taken_at, manifests["target"].taken_at, manifests.get("baseline")
    if limits.max_apart_hours is not None and abs(source - target) > timedelta(hours=limits.max_apart_hours):
        found.setdefault("target", f"source and target are {_hours(abs(source - target))} apart, the contract allows {limits.max_apart_hours} h")
    export = manifests.get("export")
    if export is not None and limits.max_apart_hours is not None and abs(export.taken_at - target) > timedelta(hours=limits.max_apart_hours):
        found.setdefault("export", f"export and target are {_hours(abs(export.taken_at - target))} apart, the contract allows {limits.max_apart_hours} h")
    if baseline is not None and baseline.taken_at >= target:
        found.setdefault("baseline", "it was not taken before the target")
    if BEFORE in manifests and manifests[BEFORE].taken_at > manifests["crosswalk"].taken_at:
        found.setdefault(BEFORE, "it was taken after the crosswalk")
    return found


def _hours(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
