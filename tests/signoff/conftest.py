"""One attested run of a small batch, signed by two people; made once and copied for whoever changes it."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dq.cli import status_of
from tests.cli.small import Dq, Said, build

from .signed import World, copied, roster_text, write_key

NAMES = ("ci", "sri", "budi", "tina", "stranger", "exporter")


@pytest.fixture(scope="session")
def ssh_keygen() -> str:
    """Return stock `ssh-keygen`."""
    if shutil.which("ssh-keygen") is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            pytest.fail("ssh-keygen is not on this machine; install Debian's package openssh-client")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "install", "--yes", "--no-install-recommends", "openssh-client"], check=True, capture_output=True, env=environment)
    return shutil.which("ssh-keygen") or ""


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with everybody's key."""
    folder = tmp_path_factory.mktemp("keys")
    for name in NAMES:
        write_key(folder, name)
    return folder


@pytest.fixture(scope="session")
def attested_template(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> World:
    small = build(tmp_path_factory.mktemp("attested"), "batched")
    (small.contract / "signers.toml").write_text(roster_text())
    with contextlib.redirect_stdout(io.StringIO()):
        assert status_of(["run", "--batch", "1", "--contract", str(small.contract), "--runs", str(small.runs), "--key", str(keys / "ci")]) == 0
    return World(small, keys)


@pytest.fixture(scope="session")
def signed_template(attested_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = copied(attested_template, tmp_path_factory.mktemp("signed"))
    world.sign("sri", "data-owner")
    world.sign("budi", "finance")
    return world


@pytest.fixture
def attested(attested_template: World, tmp_path: Path) -> World:
    """An attested run that nobody signed."""
    return copied(attested_template, tmp_path / "attested")


@pytest.fixture
def signed(signed_template: World, tmp_path: Path) -> World:
    """A run that sri and budi signed."""
    return copied(signed_template, tmp_path / "signed")


@pytest.fixture
def dq(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Dq:
    """Call the command line in this process; `typed` is what standard input holds."""

    def call(*arguments: object, typed: str = "") -> Said:
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = status_of([str(argument) for argument in arguments])
        found = capsys.readouterr()
        return Said(status, found.out, found.err)

    return call
