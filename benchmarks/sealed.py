"""The one place that seals the benchmark's stores as snapshots, once per number of rows; sealing is not measured."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.data import Data
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.seal import Label

MIGRATION = "orders"
MOMENT = datetime(2024, 11, 5, 20, 30, tzinfo=UTC)
SNAPSHOTS = (  # store in the data, side, name in the contract, batch
    ("source", "source", "source", None),
    ("ten", "target", "target", None),
    ("moved", "target", "target", 1),
    ("people", "crosswalk", "people", 1),
)


def seal_all(data: Data, *, tell: Callable[[str], None] = print) -> dict[str, Path]:
    """Return each store's sealed snapshot, sealing them first where that has not been done."""
    folder = data.folder / "sealed"
    sealed = {store: folder / f"{store}.duckdb" for store, *_ in SNAPSHOTS}
    if folder.exists():
        return sealed
    tell("sealing the snapshots, once")
    draft = data.folder / "sealed.part"
    shutil.rmtree(draft, ignore_errors=True)
    for store, side, name, batch in SNAPSHOTS:
        tell(f"  {store}")
        label = Label(MIGRATION, side, name, None, batch, MOMENT)
        seal_duckdb(data.store(store), draft / f"{store}.duckdb", label=label)
    draft.rename(folder)
    return sealed
