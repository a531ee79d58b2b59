"""The one place where the demo is built once, and copied, changed and sealed for each case."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from dq_fixtures import DemoStore, build_demo
from dq_fixtures.build import describe
from dq_fixtures.corruptions import BROKEN as PLANTED
from dq_fixtures.corruptions import apply
from dq_fixtures.corruptions.picks import SNAPSHOTS, attach
from dq_fixtures.corruptions.registry import FIRST, Stage

from dq.demo import seal_exports
from dq.record import Outcome
from dq.running import Finished, Options, run_contract
from dq.settings import Settings
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.manifest import manifest_path
from dq.stores.seal import Label

ACCOUNTS = 500
SEED = 20241212
SETTINGS = Settings("500MB", 1)
MIGRATION = "poco-mi"
CLEAN, BROKEN = "clean", "broken"
"""Where the runs of the clean and the broken demo lie that others are held against."""

SAME = ("report.json", "report.html", "summary.md", "junit.xml", "restricted/findings.parquet")
"""What must be byte for byte the same where the content is."""


class NotCleanError(Exception):
    """The clean demo is not clean: nothing can be planted in it."""


def build(folder: Path, *, moved: int) -> None:
    """Build the clean demo in `folder/<moved>`, unsealed and sealed. Raises NotCleanError where a run of it finds anything."""
    base = folder / str(moved)
    stores = build_demo(base / "unsealed", accounts=ACCOUNTS, seed=SEED, moved_batches=moved)
    for store in (*stores, stores.exports):
        seal(store, base / "sealed")
    if moved == FIRST.moved:
        with tempfile.TemporaryDirectory(dir=folder) as work:
            case = Case(base, Path(work), FIRST)
            clean = case.run(case.clean)
            if clean.record.outcome is not Outcome.PASSED:
                raise NotCleanError(clean.record.headline)
            clean.folder.rename(base / CLEAN)
            files, _ = case.changed(lambda copy: apply(copy, *PLANTED))
            case.run(files, runs="broken-runs").folder.rename(base / BROKEN)
            (base / "broken-sealed").mkdir()
            for file in files.values():
                for part in (file, manifest_path(file)):
                    shutil.copyfile(part, base / "broken-sealed" / part.name)


def seal(store: DemoStore, folder: Path) -> Path:
    """Seal one store, or the folder of exports, into a folder and return the snapshot's file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{store.kind}.duckdb"
    if store.path.is_dir():
        seal_exports(store.path, file, batch=store.batch, threads=SETTINGS.threads)
        return file
    seal_duckdb(store.path, file, label=Label(MIGRATION, store.kind, store.store, None, store.batch, store.moment), force=True, threads=SETTINGS.threads)
    return file


def _content(store: DemoStore) -> dict[str, bytes]:
    """Return the bytes of a store's file, or of the files in its folder, by name."""
    files = sorted(store.path.iterdir()) if store.path.is_dir() else [store.path]
    return {file.name: file.read_bytes() for file in files}


def differences(folder: Path, other: Path) -> list[str]:
    """Say which files of two runs have other bytes."""
    return [f"{file}: other bytes than in plain surroundings" for file in SAME if (folder / file).read_bytes() != (other / file).read_bytes()]


@dataclass(frozen=True, slots=True)
class Case:
    """A case's own folder, and the clean demo that it starts from."""

    base: Path  # of `build`, with the stage's number
    work: Path
    stage: Stage

    @property
    def contract(self) -> Path:
        """The case's copy of the contract."""
        copy = self.work / "expectations"
        if not copy.exists():
            with resources.as_file(resources.files("dq_expectations")) as there:
                shutil.copytree(there, copy, ignore=lambda _, names: [name for name in names if name.startswith("__")])
            if self.stage.before is not None:
                file = copy / "migration.toml"
                text = file.read_text(encoding="utf-8")
                file.write_text(text.replace("[stores.crosswalk]\n", f'[stores.crosswalk]\nbefore = "{self._before()}"\n'), encoding="utf-8")
        return copy

    @property
    def clean(self) -> dict[str, Path]:
        """The clean snapshots."""
        return {kind: self.base / "sealed" / f"{kind}.duckdb" for kind in SNAPSHOTS}

    @property
    def broken(self) -> dict[str, Path]:
        """The snapshots of the broken demo."""
        return {kind: self.base / "broken-sealed" / f"{kind}.duckdb" for kind in SNAPSHOTS}

    def _before(self) -> Path:
        """Copy the crosswalk as it was sealed at the stage of before, and its manifest, into a file of the case's own."""
        sealed = self.base.parent / str(self.stage.before) / "sealed" / "crosswalk.duckdb"
        file = self.work / "before.duckdb"
        shutil.copyfile(sealed, file)
        shutil.copyfile(manifest_path(sealed), manifest_path(file))
        return file

    def changed(self, change: Callable[[Path], Any]) -> tuple[dict[str, Path], Any]:
        """Let a change loose on a copy of the unsealed stores; return the snapshots, sealed anew where they changed, and its answer."""
        copy = self.work / "unsealed"
        shutil.copytree(self.base / "unsealed", copy)
        stores = describe(copy, accounts=ACCOUNTS, seed=SEED, moved_batches=self.stage.moved)
        before = {store.kind: _content(store) for store in (*stores, stores.exports)}
        answer = change(copy)
        files = self.clean
        for store in (*stores, stores.exports):
            if _content(store) != before[store.kind]:
                files[store.kind] = seal(store, self.work / "sealed")
        return files, answer

    def sealed(self) -> Path:
        """Copy the clean snapshots and their manifests to where the case's contract looks for them."""
        return Path(shutil.copytree(self.base / "sealed", self.work / "snapshots"))

    def open_clean(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function with further arguments and the clean stores, open."""
        copy = self.work / "unsealed"
        if not copy.exists():
            shutil.copytree(self.base / "unsealed", copy)
        with attach(copy) as db:
            return function(*arguments, db)

    def run(self, files: Mapping[str, Path], *, settings: Settings = SETTINGS, runs: str = "runs") -> Finished:
        """Compare or gate as the stage says; a snapshot that is not named lies where the contract says."""
        options = Options(runs=self.work / runs, snapshots=files, settings=settings)
        return run_contract(self.contract, command=self.stage.command, batch=self.stage.batch, options=options)
