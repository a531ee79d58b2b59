"""A run of the tests that skipped one is no proof."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SUITE = """
import pytest

def test_runs():
    pass

def test_does_not():
    pytest.skip("no server")
"""


@pytest.mark.slow
@pytest.mark.parametrize(("variables", "workers", "status"), [({"DQ_CI": "1"}, "0", 1), ({"DQ_CI": "1"}, "2", 1), ({}, "0", 0)])
def test_a_skipped_test_fails_the_whole_run_where_it_counts(tmp_path: Path, variables: dict[str, str], workers: str, status: int) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = {name: value for name, value in os.environ.items() if name != "DQ_CI" and not name.startswith("PYTEST")}
    call = [sys.executable, "-m", "pytest", "-p", "tests.complete", "-n", workers, str(tmp_path)]
    done = subprocess.run(call, check=False, capture_output=True, text=True, env={**environment, "PYTHONPATH": str(ROOT), **variables}, timeout=120)
    assert done.returncode == status, done.stdout
    assert ("must not be skipped: test_suite.py::test_does_not: Skipped: no server" in done.stdout) == bool(status)


@pytest.mark.xdist_group("told")
def test_a_test_of_a_group_is_scheduled_by_it(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@told") == bool(getattr(request.config.option, "loadgroup", False))
