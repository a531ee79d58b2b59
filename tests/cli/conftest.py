"""The small migrations of `small.py`, each sealed once and copied for whoever changes it; and the command line, called in process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import Driver
from small import Dq, Said, Small, build, copied
from small_disk import mounted

from dq.cli import status_of


@pytest.fixture(scope="session")
def plain_template(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return build(tmp_path_factory.mktemp("plain"), "plain")


@pytest.fixture(scope="session")
def batched_template(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return build(tmp_path_factory.mktemp("batched"), "batched")


@pytest.fixture
def plain(plain_template: Small, tmp_path: Path) -> Small:
    return copied(plain_template, tmp_path / "plain")


@pytest.fixture
def batched(batched_template: Small, tmp_path: Path) -> Small:
    return copied(batched_template, tmp_path / "batched")


@pytest.fixture
def dq(capsys: pytest.CaptureFixture[str]) -> Dq:
    """Call the command line in this process."""

    def call(*arguments: object) -> Said:
        capsys.readouterr()
        status = status_of([str(argument) for argument in arguments])
        found = capsys.readouterr()
        return Said(status, found.out, found.err)

    return call


@pytest.fixture
def run(dq: Dq) -> Dq:
    """Run a small migration: `run(small, …)`."""

    def call(small: Small, *arguments: object, command: str = "run") -> Said:
        return dq(command, "--contract", small.contract, "--runs", small.runs, *arguments)

    return call


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 4 MiB."""
    with mounted(tmp_path / "disk") as place:
        yield place


@pytest.fixture
def driver() -> Driver:
    return Driver()
