"""The library's stores sealed once, clean and broken, and the contract that is proposed of the clean ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dq_fixtures.library import FAULTS, MOMENT, Fault, build_library

from dq.proposing import Proposed, propose
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.seal import Label

Seal = Callable[..., dict[str, Path]]


def seal_library(folder: Path, *faults: Fault) -> dict[str, Path]:
    """Build and seal the library's stores; return side to snapshot."""
    sides = dict(zip(("source", "target"), build_library(folder / "stores", faults=faults), strict=True))
    for side, store in sides.items():
        seal_duckdb(store, folder / f"{side}.duckdb", label=Label("library", side, side, None, None, MOMENT))
    return {side: folder / f"{side}.duckdb" for side in sides}


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the clean library's snapshots."""
    return seal_library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="session")
def broken_library(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the snapshots of the library that all faults were planted in."""
    return seal_library(tmp_path_factory.mktemp("broken"), *FAULTS)


@pytest.fixture(scope="session")
def proposed(library: dict[str, Path]) -> Proposed:
    """Return what is proposed of the clean library; nobody writes there."""
    return propose(library["source"].parent / "contract", library)
