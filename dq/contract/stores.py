"""The one place for what a contract says of its stores and their snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dq.contract.base import Model, Words

BEFORE = "crosswalk_before"  # the crosswalk once more, as it was when the last batch was proven


class Store(Model):
    """One store and where its snapshot lies by default."""

    name: str
    snapshot: Path


class CrosswalkStore(Store):
    """What became what, and where it lies as it was when the last batch was proven; None: nothing is known of before."""

    before: Path | None = None


class ExportStore(Store):
    """What persons may download of their data, and the two keys of each file that say whose it is and when it was made."""

    person: Words
    made: Words


class Stores(Model):
    """The snapshots; baseline and crosswalk may be absent where nothing is merged and ids do not change, and the export where nobody downloaded anything."""

    source: Store
    target: Store
    baseline: Store | None = None
    crosswalk: CrosswalkStore | None = None
    export: ExportStore | None = None

    def present(self) -> Iterator[tuple[str, Store]]:
        """Yield (side, store) of those that the contract names."""
        sides = ("source", "target", "baseline", "crosswalk", "export")
        yield from ((side, store) for side in sides if (store := getattr(self, side)) is not None)
        if self.crosswalk is not None and self.crosswalk.before is not None:
            yield BEFORE, Store(name=self.crosswalk.name, snapshot=self.crosswalk.before)
