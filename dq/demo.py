"""The one place for the demo: its stores built, broken if that is asked for, sealed where the contract looks for them."""

from __future__ import annotations

import shutil
import tempfile
from importlib import resources
from pathlib import Path

from dq.engine import Settings
from dq.errors import UsageError
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.seal import Label

MIGRATION = "poco-mi"
ACCOUNTS, SEED = 2000, 20241212


def build_snapshots(
    folder: Path, *, accounts: int = ACCOUNTS, seed: int = SEED, broken: bool = False, moved_batches: int = 1, settings: Settings | None = None
) -> None:
    """Build the demo's four stores and seal them in a folder, replacing what stands there.

    Raises:
        UsageError: too few accounts, or nothing can be written there.
    """
    from dq_fixtures import build_demo  # noqa: PLC0415 - the demo's maker is no part of dq
    from dq_fixtures.corruptions import BROKEN, apply  # noqa: PLC0415

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".building-") as unsealed:
            stores = build_demo(Path(unsealed), accounts=accounts, seed=seed, moved_batches=moved_batches)
            if broken:
                apply(Path(unsealed), *BROKEN)
            for store in stores:
                label = Label(MIGRATION, store.kind, store.store, None, store.batch, store.moment)
                seal_duckdb(store.path, folder / f"{store.kind}.duckdb", label=label, force=True, settings=settings)
    except ValueError as error:
        raise UsageError(str(error)) from None
    except PermissionError as error:
        raise UsageError(f"{folder}: cannot be written to ({(error.strerror or '').lower()})") from None


def write_contract(folder: Path) -> None:
    """Write the shipped contract of the demo into a folder. Raises UsageError where there is one already that differs."""
    shipped = resources.files("dq_expectations")
    with resources.as_file(shipped) as there:
        for file in sorted(path for path in there.rglob("*") if path.suffix in (".toml", ".sql")):
            target = folder / file.relative_to(there)
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists() and target.read_bytes() != file.read_bytes():
                raise UsageError(f"{target}: is there already and is not the demo's; name another folder")
            shutil.copyfile(file, target)
