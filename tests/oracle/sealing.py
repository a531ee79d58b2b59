"""The one place that makes stores of Python rows: DuckDB files, sealed as snapshots, beside a contract folder of given texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from dq.answering import attached
from dq.asking import ask
from dq.attempts import Attempts
from dq.compare.views import snapshot
from dq.contract.models import Contract
from dq.contract.reading import read_contract
from dq.engine import Engine, open_engine
from dq.ground import Asked
from dq.measuring import Facts, measure_migration
from dq.running import Finished, Options, opened_stores, run_contract
from dq.settings import Settings
from dq.sql import quote
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.seal import Label

MOMENT = datetime(2024, 11, 1, 3, tzinfo=UTC)
"""When source, target and crosswalk are taken; the baseline a week before."""
BASELINE = MOMENT - timedelta(days=7)
MIGRATION = "small"
TWO_STORES = """\
[stores.source]
name     = "one"
snapshot = "source.duckdb"
[stores.target]
name     = "two"
snapshot = "target.duckdb"
"""
"""The part of migration.toml that names two stores, each beside the contract."""

STORES = (
    TWO_STORES
    + """\
[stores.baseline]
name     = "two"
snapshot = "baseline.duckdb"
[stores.crosswalk]
name     = "ids"
snapshot = "crosswalk.duckdb"
"""
)
"""The part of migration.toml that names four stores, each beside the contract."""


@dataclass
class Table:
    """A table of a store: columns with the engine's types, and rows as tuples."""

    columns: dict[str, str]
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def dicts(self) -> list[dict[str, Any]]:
        """Return the rows with their columns' names."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


Store = Mapping[str, Table]


def seal_stores(folder: Path, stores: Mapping[str, Store], *, batch: int | None = None) -> dict[str, Path]:
    """Write stores (by side) as DuckDB files and seal each; return the snapshots."""
    found = {}
    for side, store in stores.items():
        file = folder / f"unsealed.{side}.duckdb"
        write_store(file, store)
        number = (0 if side == "baseline" else batch) if batch is not None and side != "source" else None
        name = "one" if side == "source" else "ids" if side == "crosswalk" else "two"
        label = Label(MIGRATION, side, name, None, number, BASELINE if side == "baseline" else MOMENT)
        found[side] = folder / f"{side}.duckdb"
        seal_duckdb(file, found[side], label=label, force=True, threads=1)
        file.unlink()
    return found


def write_store(file: Path, store: Store) -> None:
    """Write tables into a new DuckDB file."""
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as db:
        db.execute("SET TimeZone = 'UTC'")
        for name, table in store.items():
            columns = ", ".join(f"{quote(column)} {kind}" for column, kind in table.columns.items())
            db.execute(f'CREATE TABLE "{name}" ({columns})')
            if table.rows:
                line = f"({', '.join(['?'] * len(table.columns))})"
                db.execute(f'INSERT INTO "{name}" VALUES {", ".join([line] * len(table.rows))}', [value for row in table.rows for value in row])


def write_contract(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a contract's files (name within the folder to text) and return the folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Small:
    """A contract folder and its sealed snapshots."""

    folder: Path
    snapshots: Mapping[str, Path]

    @property
    def contract(self) -> Contract:
        """Read the contract."""
        return read_contract(self.folder)

    def run(self, runs: Path, *, batch: int | None = None, threads: int = 1, **options: Any) -> Finished:
        """Run the contract on the snapshots."""
        return run_contract(self.folder, batch=batch, options=Options(runs=runs, snapshots=self.snapshots, settings=Settings(threads=threads), **options))

    @contextmanager
    def measured(self, *, batch: int | None = None, threads: int = 1, temp: Path | None = None) -> Iterator[tuple[Engine, Facts]]:
        """Yield what is measured, and the engine with all evidence in it."""
        contract, options = self.contract, Options(snapshots=self.snapshots)
        with opened_stores(contract, options) as opened:
            question = ask(contract, {side: item.manifest for side, item in opened.items()}, command="run", batch=batch, as_of=None)
            with attached(opened, settings=Settings(threads=threads, temp=temp)) as engine:
                yield engine, _measured(engine, contract, question.asked)


@contextmanager
def measured_unsealed(
    folder: Path, *, files: Mapping[str, str], stores: Mapping[str, Store], asked: Asked, crashes: bool = False
) -> Iterator[tuple[Engine, Facts]]:
    """Yield what is measured of stores that nobody sealed, which is quicker, and the engine with all evidence in it.

    Args:
        folder: where the files go.
        files: the contract.
        stores: by side.
        asked: what is compared.
        crashes: whether a step may crash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contract = read_contract(write_contract(folder / "contract", files))
    for side, store in stores.items():
        write_store(folder / f"{side}.duckdb", store)
    engine = open_engine({snapshot(side): str(folder / f"{side}.duckdb") for side in stores}, settings=Settings(threads=1))
    try:
        yield engine, _measured(engine, contract, asked, crashes=crashes)
    finally:
        engine.close()


def _measured(engine: Engine, contract: Contract, asked: Asked, *, crashes: bool = False) -> Facts:
    attempts = Attempts()
    facts = measure_migration(engine, contract, asked=asked, attempt=attempts)
    if attempts.crashes and not crashes:
        step, crash = attempts.crashes[0]
        message = f"{step}: {crash.reason}\n{crash.detail}"
        raise AssertionError(message)
    return facts


def make_small(folder: Path, *, files: Mapping[str, str], stores: Mapping[str, Store], batch: int | None = None) -> Small:
    """Write a contract, seal its stores."""
    folder.mkdir(parents=True, exist_ok=True)
    return Small(write_contract(folder / "contract", files), seal_stores(folder, stores, batch=batch))
