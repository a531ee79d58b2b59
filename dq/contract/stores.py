"""The one place for what a contract says of its stores and their snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dq.contract.base import Model, Words

BEFORE = "crosswalk_before"  # the crosswalk once more, as it was when the last batch was proven


class Store(Model):
    """One store and where its snapshot lies by default."""

    name: str
    """The store's name; it stands in the manifest."""
    snapshot: Path
    """Where its snapshot lies, from the contract's folder."""


class CrosswalkStore(Store):
    """What became what, and where it lies as it was when the last batch was proven; None: nothing is known of before."""

    before: Path | None = None
    """The crosswalk as it was sealed when the last batch was proven."""


class ExportStore(Store):
    """What persons may download of their data, and the two keys of each file that say whose it is and when it was made."""

    person: Words
    """The key of each file that says whose it is."""
    made: Words
    """The key of each file that says when it was made."""


class Stores(Model):
    """The snapshots; baseline and crosswalk may be absent where nothing is merged and ids do not change, and the export where nobody downloaded anything."""

    source: Store
    """The old store."""
    target: Store
    """The new store."""
    baseline: Store | None = None
    """The target as it was before the first batch; absent where nothing is merged."""
    crosswalk: CrosswalkStore | None = None
    """What became what; absent where no id changes."""
    export: ExportStore | None = None
    """What persons downloaded of their data; absent where nobody did."""

    def present(self) -> Iterator[tuple[str, Store]]:
        """Yield (side, store) of those that the contract names."""
        sides = ("source", "target", "baseline", "crosswalk", "export")
        yield from ((side, store) for side in sides if (store := getattr(self, side)) is not None)
        if self.crosswalk is not None and self.crosswalk.before is not None:
            yield BEFORE, Store(name=self.crosswalk.name, snapshot=self.crosswalk.before)
