"""Shared by all tests: the demo's sealed snapshots, and the shipped contract."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from dq.demo import build_snapshots

pytest_plugins = ["tests.complete", "tests.running_servers"]

ACCOUNTS = 400


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
