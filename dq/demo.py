"""The one place for the demo: its stores built, broken if that is asked for, sealed where the contract looks for them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from dq.contract import read_contract
from dq.errors import UsageError
from dq.snapshotting import persons_reader, reader_of
from dq.stores.address import read_address
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.live import seal_store
from dq.stores.seal import Label

MIGRATION = "poco-mi"
ACCOUNTS, SEED = 2000, 20241212


def build_snapshots(
    folder: Path,
    *,
    accounts: int = ACCOUNTS,
    seed: int = SEED,
    broken: bool = False,
    moved_batches: int = 1,
    live: bool = False,
) -> None:
    """Build the demo's stores and seal them in a folder, replacing what stands there.

    Args:
        folder: where the snapshots are put.
        accounts: how many customers POCO has.
        seed: another seed, other stores.
        broken: plant corruptions.
        moved_batches: how many batches have moved.
        live: load source, target and baseline into servers first, and take the snapshots from there.

    Raises:
        UsageError: too few accounts, nothing can be written there, or no server.
        SnapshotError: a server could not be read.
    """
    from dq_fixtures import build_demo  # noqa: PLC0415 - the demo's maker is no part of dq
    from dq_fixtures.corruptions import BROKEN, apply  # noqa: PLC0415

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".building-") as unsealed:
            stores = build_demo(Path(unsealed), accounts=accounts, seed=seed, moved_batches=moved_batches)
            if broken:
                apply(Path(unsealed), *BROKEN)
            with _places(Path(unsealed), live=live) as places:
                for store in stores:
                    label = Label(MIGRATION, store.kind, store.store, None, store.batch, store.moment)
                    target, place = folder / f"{store.kind}.duckdb", read_address(places.get(store.kind, str(store.path)))
                    if place.kind == "file":
                        seal_duckdb(store.path, target, label=label, force=True)
                    else:
                        seal_store(reader_of(place), target, label=label, force=True)
                seal_exports(stores.exports.path, folder / "export.duckdb", batch=stores.exports.batch)
    except (ValueError, RuntimeError) as error:
        raise UsageError(str(error)) from None
    except PermissionError as error:
        raise UsageError(f"{folder}: cannot be written to ({(error.strerror or '').lower()})") from None


def seal_exports(exports: Path, target: Path, *, batch: int | None, threads: int | None = None) -> None:
    """Seal a folder of the demo's personal-data exports, read as the shipped contract says. Raises UsageError and SnapshotError."""
    with resources.as_file(resources.files("dq_expectations")) as there:
        contract = read_contract(there)
    store = contract.migration.stores.export
    if store is None:
        return
    reader = persons_reader(read_address(str(exports)), store=store, pinned=(contract.pinned or {}).get("export", {}))
    seal_store(reader, target, label=Label(contract.migration.name, "export", store.name, None, batch, None), force=True, threads=threads)


@contextmanager
def _places(unsealed: Path, *, live: bool) -> Iterator[Mapping[str, str]]:
    """Yield side to URL of the stores that are on servers."""
    if not live:
        yield {}
        return
    from dq_fixtures.live import loaded  # noqa: PLC0415 - the demo's maker is no part of dq

    with loaded(unsealed) as demo:
        yield {"source": demo.source, "target": demo.target, "baseline": demo.baseline}


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
