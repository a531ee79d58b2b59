"""The servers of a test run: those of this machine, or private ones for as long as the run takes; every process of the run finds their ports."""

from __future__ import annotations

import os
import warnings
from contextlib import ExitStack

import pytest
from dq_fixtures.servers import servers

_RUNNING = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Find or start them, once: the first process of a run starts the others."""
    if hasattr(config, "workerinput"):
        return
    try:
        found = _RUNNING.enter_context(servers())
    except RuntimeError as error:
        warnings.warn(f"the tests of servers will fail: {error}", pytest.PytestWarning, stacklevel=1)
        return
    os.environ |= {"DQ_POSTGRESQL_PORT": str(found.postgresql), "DQ_MARIADB_PORT": str(found.mariadb)}


def pytest_unconfigure() -> None:
    """Stop what was started."""
    _RUNNING.close()
