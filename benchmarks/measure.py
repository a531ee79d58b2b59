"""The one place for measuring: contenders in processes of their own, run in turn, round after round, one at a time.

Only figures of one session compare: the machine may be busy, but it is then busy for every contender of the round.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Self

Run = Callable[[], object]  # one timed round; returns its answer, which must be the same in every round
Opener = Callable[[], Run]  # called once in the contender's process: opens what it needs, untimed


@dataclass(frozen=True)
class Timing:
    """All rounds of one contender."""

    seconds: tuple[float, ...]  # wall clock
    cpu: tuple[float, ...]  # user and system, its children's included
    peak_mb: float  # largest resident memory of its process, or of a child of it, over all rounds
    answer: object

    @property
    def median(self) -> float:
        """Median wall-clock seconds."""
        return median(self.seconds)

    @property
    def median_cpu(self) -> float:
        """Median processor seconds."""
        return median(self.cpu)


@dataclass(frozen=True)
class Measured:
    """What came out: timings of those that ended every round, and why the others did not."""

    timings: Mapping[str, Timing]
    failed: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """How often, and who may fail."""

    rounds: int
    warm: int = 1  # untimed rounds before them
    once: frozenset[str] = frozenset()  # contenders that run in the first round only, without a warm one
    may_fail: frozenset[str] = frozenset()  # contenders whose failure is a result; any other's is an error
    fresh: bool = False  # a new process each round, so that none keeps memory from the next


def interleaved(contenders: Mapping[str, Opener], *, plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Measured:
    """Run all contenders in turn, warm rounds untimed and the others timed.

    Raises:
        RuntimeError: a contender that must not fail failed, or answered differently in two rounds.
    """
    failed: dict[str, str] = {}
    seen: dict[str, list[tuple[float, float, object]]] = {name: [] for name in contenders}
    peaks = dict.fromkeys(contenders, 0.0)
    with ExitStack() as stack:
        workers = _Workers(stack, fresh=plan.fresh)
        for number in range(1 - plan.warm, plan.rounds + 1):
            for name in [name for name in contenders if name not in failed and (number == 1 or name not in plan.once)]:
                try:
                    run, peak = workers.run(name, contenders[name])
                except ContenderError as error:
                    if name not in plan.may_fail:
                        raise
                    failed[name] = error.words
                    tell(f"  round {number}: {name}: {error.words}")
                    continue
                peaks[name] = max(peaks[name], peak)
                if number > 0:
                    seen[name].append(run)
                    tell(f"  round {number}: {name}: {run[0]:.2f} s")
    return Measured({name: _timing(name, runs, peak_mb=peaks[name]) for name, runs in seen.items() if name not in failed}, failed)


def ratio(ours: Timing, theirs: Timing) -> float:
    """Return the median of the rounds' ratios: ours divided by theirs, each pair measured one after the other; of the rounds that both ran in."""
    return median(mine / other for mine, other in zip(ours.seconds, theirs.seconds, strict=False))


class NoAnswerError(Exception):
    """Raised in a contender's process by one that knows why it gives no answer; the words say it."""


class ContenderError(RuntimeError):
    """A contender failed; `words` says how, without its name."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(f"{name}: {words}")
        self.words = words


def _timing(name: str, runs: Sequence[tuple[float, float, object]], *, peak_mb: float) -> Timing:
    answers = [answer for _, _, answer in runs]
    if any(answer != answers[0] for answer in answers):
        message = f"{name}: two rounds on the same data gave different answers"
        raise RuntimeError(message)
    return Timing(tuple(run[0] for run in runs), tuple(run[1] for run in runs), peak_mb, answers[0])


class _Workers:
    """The contenders' processes: one each that stays, or a fresh one for every run."""

    def __init__(self, stack: ExitStack, *, fresh: bool) -> None:
        self._stack, self._fresh = stack, fresh
        self._open: dict[str, _Worker] = {}

    def run(self, name: str, opener: Opener) -> tuple[tuple[float, float, object], float]:
        """Run one round; return it, and the process's largest memory in megabytes so far."""
        worker = self._open.get(name) or self._stack.enter_context(_Worker(name, opener))
        found = worker.run(), worker.peak_mb()
        if self._fresh:
            worker.end()
        else:
            self._open[name] = worker
        return found


class _Worker:
    """One contender's process, as a context."""

    def __init__(self, name: str, opener: Opener) -> None:
        context = get_context("spawn")
        self._name = name
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(opener, theirs), daemon=False)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        self._receive()  # opened
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """Let the process end; a second time does nothing."""
        self._connection.close()
        self._process.join(timeout=60)
        if self._process.is_alive():
            self._process.terminate()

    def run(self) -> tuple[float, float, object]:
        """Run one round: wall-clock seconds, processor seconds, answer."""
        self._connection.send("run")
        seconds, cpu, answer = self._receive()
        return seconds, cpu, answer

    def peak_mb(self) -> float:
        """Ask for the largest memory so far."""
        self._connection.send("peak")
        return float(self._receive()[0])

    def _receive(self) -> tuple[float, float, object]:
        try:
            reply = self._connection.recv()
        except EOFError:
            reply = f"ended with exit status {self._process.exitcode}"
        if isinstance(reply, str):
            raise ContenderError(self._name, reply)
        return reply  # type: ignore[no-any-return]


def _serve(opener: Opener, connection: Connection) -> None:
    """Serve rounds until the other end closes; whatever goes wrong is told, and ends the measurement."""
    try:
        run = opener()
        connection.send((0.0, 0.0, None))
        while True:
            if connection.recv() == "peak":
                connection.send((_peak_mb(), 0.0, None))
                continue
            cpu, start = _cpu(), time.perf_counter()
            answer = run()
            connection.send((time.perf_counter() - start, _cpu() - cpu, answer))
    except EOFError:
        return
    except NoAnswerError as error:
        connection.send(str(error))
    except Exception as error:  # noqa: BLE001 - the process's one place that catches everything
        connection.send(f"{type(error).__name__}: {error}")


def _cpu() -> float:
    """Processor seconds of this process and of its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(item.ru_utime + item.ru_stime for item in used)


def _peak_mb() -> float:
    """Largest resident memory of this process since it was started, or of one of its ended children, in megabytes (10^6 bytes; Linux counts in KiB)."""
    own = next(line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of itself it would also tell what the process was that started this one
    return max(int(own.split()[1]), children) * 1024 / 1_000_000
