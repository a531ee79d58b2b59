"""The migration of `case_shop`, built and run once; whoever changes it takes a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from case_shop import Shop, build_shop

import dq
from dq.result import Run


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = build_shop(tmp_path_factory.mktemp("cases"))
    dq.run(made.contract, batch=1, runs=made.runs)
    return made


@pytest.fixture(scope="session")
def run(shop: Shop) -> Run:
    (folder,) = shop.runs.glob("*/")
    return dq.open_run(folder)


@pytest.fixture
def copy(shop: Shop, tmp_path: Path) -> tuple[Shop, Run]:
    """An own copy of the migration and its run."""
    shutil.copytree(shop.folder, tmp_path / "copy")
    mine = Shop(tmp_path / "copy")
    (folder,) = mine.runs.glob("*/")
    (folder / "run.json").unlink()  # which says where the snapshots lay
    return mine, dq.open_run(folder)
