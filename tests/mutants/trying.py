"""The one place that tries mutants: everything is imported and collected once, then each mutant gets a process of its own, by fork.

The tests that run a mutant's lines are asked, those that killed its neighbours first, then the quickest. A test that fails, crashes or does
not end kills it.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.building import build_once
from tests.mutants.making import Mutant
from tests.mutants.putting import NotPutError, put

PATIENCE = 20  # seconds that a test may take, and ten times what it took before
Lines = set[tuple[str, int]]  # module, line


@dataclass(frozen=True, slots=True)
class Passed:
    """What one test did without any mutant."""

    seconds: float  # with what is set up for it, be it shared
    lines: Lines
    fails: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a mutant."""

    mutant: Mutant
    killer: str | None  # the test, or that it cannot be imported; None: it survived
    how: str  # failed, crashed, too long
    asked: int  # tests
    seconds: float


@dataclass(slots=True)
class Trying:
    """A plugin of pytest that tries mutants with the collected tests instead of running these."""

    mutants: Sequence[Mutant]
    told: Callable[[Tried], None]
    slowest: float = 30.0  # seconds: a test that takes longer is not asked
    budget: float = 45.0  # seconds of tests for one mutant
    seconds: float = 0.0  # nothing new is tried after so many; 0: everything is
    modules: Sequence[str] = ()  # whose lines are looked at
    kept: Path | None = None  # a folder where it stays which test runs which line, and the demos
    tried: list[Tried] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)  # tests that fail without a mutant
    _killers: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _asked: Counter[str] = field(default_factory=Counter)  # mutants that a test was asked about
    _kills: Counter[str] = field(default_factory=Counter)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant."""
        items = {item.nodeid: item for item in session.items}
        gc.freeze()
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            kept = self.kept or Path(folder) / "kept"
            kept.mkdir(exist_ok=True)
            build_once(kept)
            passed = self._passed(items, Path(folder), kept / "lines")
            self.failing = [name for name, one in passed.items() if one.fails]
            started = time.monotonic()
            for mutant in () if self.failing else self.mutants:
                if self.seconds and time.monotonic() - started > self.seconds:
                    break
                one = self._try(mutant, items, passed, Path(folder))
                self.tried.append(one)
                self.told(one)
        return True

    def _passed(self, items: Mapping[str, pytest.Item], folder: Path, file: Path) -> Mapping[str, Passed]:
        """Return what each test does, and let those run that no file tells of yet."""
        found: dict[str, Passed] = pickle.loads(file.read_bytes()) if file.exists() else {}  # noqa: S301 - written below
        new = [item for name, item in items.items() if name not in found]
        if new:
            _forked(folder, lambda _: file.write_bytes(pickle.dumps(found | record(new, self.modules))), lambda _: None)
            found = pickle.loads(file.read_bytes())  # noqa: S301
        return {name: one for name, one in found.items() if name in items}

    def _try(self, mutant: Mutant, items: Mapping[str, pytest.Item], passed: Mapping[str, Passed], folder: Path) -> Tried:
        before = self._killers.setdefault((mutant.module, mutant.place), [])
        names = in_order(mutant, passed, before=before, promise=self._promise, slowest=self.slowest, budget=self.budget)
        started = time.monotonic()

        def work(say: Callable[[str], None]) -> None:
            try:
                put(mutant)
            except NotPutError:
                say("no mutant")
                return
            except Exception:  # noqa: BLE001 - a mutant may raise anything
                say("failed")
                return
            for place, name in enumerate(names):
                say(f"at {place}")
                following = items[names[place + 1]] if place + 1 < len(names) else None
                if any(report.failed for report in runtestprotocol(items[name], nextitem=following, log=False)):
                    say("failed")
                    return
            say("survived")

        said = _forked(folder, work, lambda line: PATIENCE + 10 * (passed[names[int(line[3:])]].seconds if line.startswith("at ") else 1))
        asked = sum(line.startswith("at ") for line in said)
        end = said[-1] if said else ""
        if end == "no mutant":
            raise NotPutError(str(mutant))
        killer = None if end == "survived" else names[asked - 1] if asked else "import"
        self._asked.update(names[:asked])
        if killer is not None and asked:
            self._kills[killer] += 1
            self._killers[mutant.module, mutant.place] = [killer, *(name for name in before if name != killer)][:6]
        return Tried(mutant, killer, end if end in ("failed", "too long") else "crashed", asked, time.monotonic() - started)

    def _promise(self, name: str, share: float) -> float:
        """Return how often a test may be expected to kill: at first what it runs of a module, later what it did."""
        return (self._kills[name] + share) / (self._asked[name] + 1)


def in_order(
    mutant: Mutant, passed: Mapping[str, Passed], *, before: Sequence[str], promise: Callable[[str, float], float], slowest: float, budget: float
) -> list[str]:
    """Return the tests that may kill a mutant: those that killed its neighbours, then those that run its lines, the most promising a second first.

    What stands outside all functions runs where it is imported: every test may notice, those first that run something of its module.
    """
    lines = {(mutant.module, line) for line in range(mutant.lines[0], mutant.lines[1] + 1)}
    near = {name: ran for name, one in passed.items() if (ran := sum(file == mutant.module for file, _ in one.lines))}
    reach = [name for name in near if not mutant.is_inside or not lines.isdisjoint(passed[name].lines)]
    wanted = [name for name in (reach if mutant.is_inside else passed) if passed[name].seconds <= slowest]
    most = max(near.values(), default=1)
    promises = {name: promise(name, near.get(name, 0) / most) / (passed[name].seconds + 0.05) for name in wanted}
    wanted.sort(key=lambda name: (name not in before, name not in near, -promises[name], name))
    chosen: list[str] = []
    for name in wanted:
        budget -= passed[name].seconds
        if budget < 0:
            break
        chosen.append(name)
    return chosen


def record(items: Sequence[pytest.Item], modules: Iterable[str]) -> dict[str, Passed]:
    """Run tests and return what each takes, and which lines of some modules it runs."""
    wanted = {str(Path(module).absolute()): module for module in modules}
    lines: Lines = set()

    def inside(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            lines.add((wanted[frame.f_code.co_filename], frame.f_lineno))
        return inside

    def outside(frame: FrameType, _: str, __: Any) -> Any:
        if frame.f_code.co_filename not in wanted:
            return None
        lines.add((wanted[frame.f_code.co_filename], frame.f_lineno))
        return inside

    found: dict[str, tuple[float, float, Lines, bool]] = {}
    for item, following in zip(items, [*items[1:], None], strict=True):
        lines.clear()
        threading.settrace(outside)
        sys.settrace(outside)
        reports = runtestprotocol(item, nextitem=following, log=False)
        sys.settrace(None)
        took = {report.when: report.duration for report in reports}
        found[item.nodeid] = (took.get("setup", 0), took.get("call", 0), set(lines), any(report.failed for report in reports))
    shared: dict[str, tuple[float, Lines]] = {}  # what a file's tests set up together is run by the first of them only
    for name, (setup, _, ran, _) in found.items():
        file = name.partition("::")[0]
        if setup > shared.get(file, (0.3, set()))[0]:
            shared[file] = (setup, ran)
    return {
        name: Passed(call + shared.get(name.partition("::")[0], (setup, ran))[0], ran | shared.get(name.partition("::")[0], (0.0, set()))[1], fails)
        for name, (setup, call, ran, fails) in found.items()
    }


def _forked(folder: Path, work: Callable[[Callable[[str], None]], object], patience: Callable[[str], float | None]) -> list[str]:
    """Do something in a process of its own, which may write into a folder of its own only, and return what it said.

    Args:
        folder: where it gets a folder of its own for all temporary files; gone afterwards.
        work: what is done; is given what says a line.
        patience: the seconds that may pass after a line (`""`: after the start) before the next one; None: any number.
    """
    folder = Path(tempfile.mkdtemp(dir=folder))
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setsid()
            os.close(read)
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.tempdir = str(folder)
            work(lambda line: os.write(write, f"{line}\n".encode()) and None)
        finally:
            os._exit(0)
    os.close(write)
    said: list[str] = []
    rest = b""
    while True:
        if not select.select([read], [], [], patience(said[-1] if said else ""))[0]:
            said.append("too long")
            break
        if not (new := os.read(read, 65536)):
            break
        *lines, rest = (rest + new).split(b"\n")
        said += [line.decode() for line in lines]
    os.close(read)
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    shutil.rmtree(folder, ignore_errors=True)
    return said
