"""Whether a whole test run was whole: with DQ_CI set, a test that was skipped fails the run, and says which and why."""

from __future__ import annotations

import os

import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where a test was skipped; with several processes only the first one knows of all."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("DQ_CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was skipped."""
    skipped = terminalreporter.stats.get("skipped", []) if os.environ.get("DQ_CI") else []
    for report in skipped:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"must not be skipped: {report.nodeid}: {why}")
