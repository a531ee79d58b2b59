"""The one place for running another's program within limits of time and memory: it ends, or is ended with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOK = 0.05  # seconds between two looks at its memory
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Limits:
    """What a program may take: wall-clock seconds, and resident bytes of it and of all that it started."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Ended:
    """A program that ended by itself."""

    status: int
    output: str
    errors: str


class LimitError(Exception):
    """It took more than it may, and was ended."""


def run(arguments: Sequence[str], *, limits: Limits) -> Ended:
    """Run a program to its end. Raises LimitError."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True)
        try:
            _watch(process, limits)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        errors.seek(0)
        return Ended(process.returncode, output.read(), errors.read())


def _watch(process: subprocess.Popen[bytes], limits: Limits) -> None:
    started = time.monotonic()
    while True:
        try:
            process.wait(_LOOK)
        except subprocess.TimeoutExpired:
            taken = time.monotonic() - started
            if taken > limits.seconds:
                raise LimitError(f"not ended after {limits.seconds:g} s") from None
            if sum(_resident(pid) for pid in _tree(process.pid)) > limits.memory:
                raise LimitError(f"took more than {limits.memory / 1e9:g} GB, after {taken:.0f} s") from None
        else:
            return


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text(encoding="ascii").split()
        except OSError:  # it ended meanwhile
            continue
        for child in found:
            yield from _tree(int(child))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except OSError:
        return 0
