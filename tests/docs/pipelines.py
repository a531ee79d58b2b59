"""The one place that runs the pipelines of docs/ci.md as a runner would: their shell lines, in bash, in a checkout; what is installed is what is tested."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .pages import ROOT, blocks

GITHUB, GITLAB, NIGHTLY = (yaml.safe_load(block.text) for block in blocks("yaml") if block.page == "docs/ci.md")
(ATTESTING,) = (yaml.safe_load(block.text) for block in blocks("yaml") if block.page == "docs/sign-off.md")
_EXPRESSION = re.compile(r"\$\{\{ *([\w.]+) *\}\}")
_PYTHON = """#!/bin/sh
test "$*" = "-m venv .venv" || exit 64
mkdir -p .venv/bin
cp "$(dirname "$0")/dq" "$(dirname "$0")/pip" .venv/bin/
"""
_DQ = '#!/bin/sh\nexec "{python}" -m dq "$@"\n'
_PIP = """#!/bin/sh
test "$1" = install || exit 64
shift
for word in "$@"; do
  case "$word" in -*) ;; *) test -s "$word" || exit 1 ;; esac
done
"""
_MOVE = '#!/bin/sh\necho "$1" >> moved.txt\n'


@dataclass
class Ran:
    """What a job came to.

    Attributes:
        status: its exit status; 0 only where every step ended with 0.
        said: what its steps wrote, both streams.
        uploaded: the files of its artifact, by name.
    """

    status: int = 0
    said: str = ""
    uploaded: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Checkout:
    """A machine with one checkout: the contract and its snapshots in it, the runs outside, and a Python that installs nothing."""

    folder: Path
    runs: Path
    temp: Path  # the runner's own
    values: Mapping[str, str]  # `vars.RUNS`, `secrets.VALIDATOR_KEY`, `inputs.moved`: what the pipeline's settings say

    @property
    def moved(self) -> list[str]:
        """The batches that were moved."""
        file = self.folder / "moved.txt"
        return file.read_text().split() if file.exists() else []

    def github(self, name: str) -> Ran:
        """Run a job of the GitHub workflow: steps in `bash -e`, those with `if: always()` after a failure as well."""
        job = GITHUB["jobs"][name]
        env = {key: self._filled(value) for key, value in job.get("env", {}).items()}
        ran = Ran()
        for step in job["steps"]:
            if ran.status and step.get("if") != "always()":
                continue
            if "run" in step:
                self._bash(("bash", "-e"), step["run"], env | {key: self._filled(value) for key, value in step.get("env", {}).items()}, ran)
            elif step["uses"].startswith("actions/upload-artifact@"):
                ran.uploaded = self._found(step["with"]["path"])
            else:
                assert step["uses"].startswith("actions/checkout@")
        return ran

    def gitlab(self, job: Mapping[str, Any]) -> Ran:
        """Run a job of the GitLab pipeline: before_script and script in one shell that ends with the first error, after_script in another."""
        env = {name: self.values[f"vars.{name}"] for name in ("RUNS", "ROSTER_SHA256")} | {
            "VALIDATOR_KEY": self.values["files.VALIDATOR_KEY"],
            "MOVED": self.values["inputs.moved"],
            "NEXT": self.values["inputs.next"],
        }
        ran = Ran()
        before: Sequence[str] = GITLAB["default"]["before_script"]
        self._bash(("bash", "-eo", "pipefail"), "\n".join((*before, *job["script"])), env, ran)
        if "after_script" in job:
            status = ran.status
            self._bash(("bash", "-eo", "pipefail"), "\n".join(job["after_script"]), env, ran)
            ran.status = status  # what comes after changes nothing
        for path in job.get("artifacts", {}).get("paths", ()):
            ran.uploaded += self._found(path)
        for report in job.get("artifacts", {}).get("reports", {}).values():
            assert (self.folder / report).is_file()
        return ran

    def _bash(self, shell: Sequence[str], script: str, env: Mapping[str, str], ran: Ran) -> None:
        own = {"PATH": f"{self.temp / 'bin'}:{os.environ['PATH']}", "HOME": str(self.temp), "LANG": "C.UTF-8", "TZ": "UTC"}
        runner = {"RUNNER_TEMP": str(self.temp), "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md")}
        done = subprocess.run([*shell, "-c", script], cwd=self.folder, env={**own, **runner, **env}, check=False, capture_output=True, text=True)
        ran.status = ran.status or done.returncode
        ran.said += done.stdout + done.stderr

    def _filled(self, text: str) -> str:
        return _EXPRESSION.sub(lambda found: self.values[found[1]], str(text))

    def _found(self, path: str) -> list[str]:
        return sorted(file.relative_to(self.folder / path).as_posix() for file in (self.folder / path).rglob("*"))


def check_out(place: Path, contract: Path, values: Mapping[str, str], *, runs: Path) -> Checkout:
    """Return a machine on which the project is checked out.

    Args:
        place: a folder of its own.
        contract: where the contract is, which becomes `expectations/`; its snapshots lie where it says.
        values: what the pipeline's settings say.
        runs: where run folders are kept.
    """
    folder, temp = place / "checkout", place / "runner"
    (temp / "bin").mkdir(parents=True)
    shutil.copytree(contract, folder / "expectations", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "requirements").mkdir()
    shutil.copyfile(ROOT / "requirements" / "run.lock", folder / "requirements" / "run.lock")
    stubs = {"python3": _PYTHON, "dq": _DQ.replace("{python}", sys.executable), "pip": _PIP}
    for file, text in (*((temp / "bin" / name, stub) for name, stub in stubs.items()), (folder / "move_batch.sh", _MOVE)):
        file.write_text(text)
        file.chmod(0o755)
    return Checkout(folder, runs, temp, values)


def in_order() -> Iterator[str]:
    """Yield the jobs of the GitHub workflow, each after those that it needs."""
    left = dict(GITHUB["jobs"])
    while left:
        name = next(name for name, job in left.items() if job.get("needs") not in left)
        del left[name]
        yield name
