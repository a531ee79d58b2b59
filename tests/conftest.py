"""Shared by all tests: the demo's sealed snapshots, a clean and a broken run of it, and the shipped contract."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from _pytest.nodeid import coerce_node_id

import dq
from dq.demo import build_snapshots
from dq.result import Run


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the tests of a group run in one process: pytest-xdist 3.8 names the group where pytest 9.2 no longer looks for a test's name."""
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
        if groups and not item.nodeid.endswith(f"@{groups[-1]}"):
            item._id = coerce_node_id(f"{item.nodeid}@{'_'.join(groups)}")


pytest_plugins = ["tests.complete", "tests.running_servers"]

ACCOUNTS = 400
SIDES = ("source", "target", "baseline", "crosswalk", "export")


@pytest.fixture(scope="session")
def demo_snapshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the clean demo's sealed snapshots, of 400 accounts; nobody writes there."""
    folder = tmp_path_factory.mktemp("demo")
    build_snapshots(folder, accounts=ACCOUNTS)
    return folder


@pytest.fixture(scope="session")
def contract_folder() -> Path:
    """Return the shipped contract's folder."""
    with resources.as_file(resources.files("dq_expectations")) as folder:
        return folder


@pytest.fixture(scope="session")
def clean_run(demo_snapshots: Path, contract_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The clean demo's batch 1, run."""
    return dq.run(contract_folder, batch=1, runs=tmp_path_factory.mktemp("runs"), snapshots={side: demo_snapshots / f"{side}.duckdb" for side in SIDES})


@pytest.fixture(scope="session")
def broken_run(contract_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The broken demo's batch 1, run."""
    folder = tmp_path_factory.mktemp("broken")
    build_snapshots(folder, accounts=ACCOUNTS, broken=True)
    return dq.run(contract_folder, batch=1, runs=folder / "runs", snapshots={side: folder / f"{side}.duckdb" for side in SIDES})
