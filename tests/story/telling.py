"""The one place that plays a story: real commands in its folder, in a line of plain words a step, an error where one goes otherwise than told."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from unittest.mock import patch

from dq.cli import status_of
from dq.compare.entity import SINCE

_RUN = re.compile(r"run=([0-9a-f]{12})(?: \(first batch\))?$")
_LAST_SAID = 12  # lines


class StoryError(Exception):
    """A step went otherwise than told."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as it was typed, and what it said."""

    command: str
    said: str


@dataclass(frozen=True, slots=True)
class Step:
    """What happened in words, how the command ended, and the checks of its run that did not pass."""

    words: str
    last: str  # the last line, without the run's id
    run: str
    checks: Mapping[str, str]


@dataclass
class Story:
    """A story as far as it was told.

    Attributes:
        folder: in which its commands are typed.
        tell: called with a line of plain words a step.
        names: what stands for `$NAME` in a command.
    """

    folder: Path
    tell: Callable[[str], None]
    names: Mapping[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    typed: list[Typed] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def dq(self, command: str, *, status: int = 0) -> str:
        """Type a command (`echo WORDS | dq …` answers what it asks); return what it says. Raises StoryError where it ends with another status."""
        answer, piped, call = Template(command).substitute(self.names).rpartition(" | ")
        words = shlex.split(call)
        stdin = io.StringIO(answer.removeprefix("echo ") + "\n" if piped else "")
        printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), patch("sys.stdin", stdin):
            ended = status_of(words[1:])
        printed.seek(0)
        said = printed.read()
        self.typed.append(Typed(command, said))
        if ended != status:
            end = "\n".join(said.splitlines()[-_LAST_SAID:])
            raise StoryError(f"{command}: exit status {ended}, told was {status}\n{end}")
        return said

    def step(self, words: str, command: str, *, status: int, ends: str, checks: Mapping[str, str]) -> str:
        """Type a command that records a run, hold it against what is told of it, and say so in plain words; return the run's id.

        Args:
            words: what happens.
            command: a `dq run` or `dq gate`.
            status: its exit status.
            ends: how its last line begins.
            checks: exactly the checks that do not pass, with their outcomes.

        Raises:
            StoryError: something is otherwise.
        """
        last = self.dq(command, status=status).splitlines()[-1]
        found = _RUN.search(last)
        if found is None or not last.startswith(f"{ends} run="):
            raise StoryError(f"{command}: its last line is '{last}', told was '{ends} …'")
        outcomes = self.outcomes(found[1])
        if outcomes != checks:
            raise StoryError(f"{command}: not passed are {_listed(outcomes)}; told was {_listed(checks)}")
        self.steps.append(Step(words, ends, found[1], outcomes))
        named = "" if not checks else f": {_listed(checks)}"
        self.say(f"{words}{' ' if words.endswith('?') else '. '}{ends}{named}")
        return found[1]

    def outcomes(self, run: str) -> dict[str, str]:
        """Return the checks of a run that did not pass, with their outcomes."""
        record = json.loads((self.folder / "runs" / run / "report.json").read_bytes())
        return {check["id"]: check["outcome"] for check in record["checks"] if check["outcome"] != "PASSED"}

    def since(self, run: str) -> dict[str, int]:
        """Return entity to rows that changed since they were signed, and say so."""
        record = json.loads((self.folder / "runs" / run / "report.json").read_bytes())
        found = {entity["entity"]: entity["excused_by"].get(SINCE, 0) for entity in record["entities"]}
        return {entity: rows for entity, rows in found.items() if rows}

    def say(self, line: str) -> None:
        """Tell a line."""
        self.lines.append(line)
        self.tell(line)


def _listed(checks: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {outcome}" for name, outcome in sorted(checks.items())) or "none"
