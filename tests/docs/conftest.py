"""One broken demo for all pages: built, gated, and asked what the pages ask."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dq.cli import status_of

from .pages import ROOT


@dataclass
class Tour:
    """A folder in which a page's commands are run.

    Attributes:
        folder: where.
        run: the id of the gate's run there; '' before it.
        done: command to what it said, of those that are not asked twice.
    """

    folder: Path
    run: str = ""
    done: dict[str, str] = field(default_factory=dict)

    def says(self, command: str) -> str:
        """Return what a command says, run once. One that finds something ends with 1; a page shows nothing that ends otherwise."""
        if command not in self.done:
            said, status = self._ran(shlex.split(command, posix=True))
            assert status in (0, 1), f"{command}\n{said}"
            self.done[command] = said
        return self.done[command]

    def _ran(self, words: list[str]) -> tuple[str, int]:
        if words[0] == "python":
            done = subprocess.run([sys.executable, *words[1:]], cwd=self.folder, capture_output=True, text=True, check=False)
            return done.stdout + done.stderr, done.returncode
        assert words[0] == "dq", words
        said = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = status_of(words[1:])
        return said.getvalue(), status


@pytest.fixture(scope="session")
def tour(tmp_path_factory: pytest.TempPathFactory, contract_folder: Path) -> Tour:
    """Return a folder in which what `make gate BROKEN=1` does was done; but for its `dq run`, which the gate's comparison repeats."""
    found = Tour(tmp_path_factory.mktemp("docs"))
    shutil.copytree(contract_folder, found.folder / "expectations", ignore=shutil.ignore_patterns("__pycache__"))
    said = "".join(found.says(shlex.join(words)) for words in recipe("BROKEN=1"))
    found.done["make gate BROKEN=1"] = f"{said}\ndq exit status: 1\n"
    (found.run,) = re.findall(r"GATE SHUT batch=2 run=([0-9a-f]{12})", said)
    return found


def recipe(*settings: str) -> list[list[str]]:
    """Return the dq commands of `make gate` with some settings, without `dq run`."""
    told = subprocess.run(["make", "-n", "gate", *settings], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert 'echo "dq exit status: $status"; exit $status' in told
    calls = [shlex.split(found) for found in re.findall(r"\.venv/bin/(dq [^|;\n]+)", told)]
    assert [words[1] for words in calls] == ["demo", "run", "gate"]
    return [calls[0], calls[2]]


@pytest.fixture
def in_tour(tour: Tour) -> Iterator[Tour]:
    """The same folder, as the one in which we are."""
    with contextlib.chdir(tour.folder):
        yield tour
