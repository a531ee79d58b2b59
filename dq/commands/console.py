"""The one place for the terminal: consoles, progress while something takes long, and one JSON object where that is asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dq.errors import DqError

PLAIN_WIDTH = 120  # columns where there is no terminal


class OutputError(DqError):
    """What was found cannot be told: standard output cannot be written to (exit 3)."""


@contextmanager
def listened_to() -> Iterator[None]:
    """Let a reader leave early (`| head`): the rest goes nowhere, and neither the work nor its exit status changes. Raises OutputError."""
    try:
        yield
    except BrokenPipeError:
        silence()
    except OSError as error:
        silence()
        raise OutputError(f"standard output: {(error.strerror or 'cannot be written to').lower()}") from None


def silence() -> None:
    """Send whatever is still printed nowhere, so that the interpreter's last flush says nothing either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), sys.stdout.fileno())


class _Results(Console):
    """A console whose reader may leave; Rich's own ends the process with status 1 then."""

    def on_broken_pipe(self) -> None:
        silence()

    def print(self, *objects: Any, **options: Any) -> None:
        with listened_to():
            super().print(*objects, **options)


def out() -> Console:
    """Return the console for results: plain where it is piped."""
    return _Results(file=sys.stdout, soft_wrap=False, highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def say(text: str) -> None:
    """Print a line as it is, whatever the terminal's encoding."""
    stream = sys.stdout
    encoding = stream.encoding or "ascii"
    with listened_to():
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        stream.flush()


def note(text: str) -> None:
    """Print a line beside the results, on standard error."""
    encoding = sys.stderr.encoding or "ascii"
    sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def say_json(found: Mapping[str, Any]) -> None:
    """Print one JSON object in a line, ASCII only."""
    say(json.dumps(found, sort_keys=True, default=str))


@contextmanager
def progress(total: int, *, what: str, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a function to be told what is done next, `total` times; bars on a terminal's standard error, nothing where it is piped."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[what]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=total, what=what)

        def told(step: str) -> None:
            done = bars.tasks[0].completed + (1 if bars.tasks[0].description else 0)
            bars.update(task, description=step.replace("[", "("), completed=min(done, total))

        yield told


@contextmanager
def tables_read(*, quiet: bool = False) -> Iterator[Callable[[str, int, int | None], None]]:
    """Yield a function to be told (table, rows so far, rows in all); a bar a table with rows, rate and time left on a terminal's standard error."""
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f} of {task.total:,.0f} rows"), rate, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def told(table: str, rows: int, total: int | None) -> None:
            if table not in tasks:
                tasks[table] = bars.add_task(table.replace("[", "("), total=total, rate="")
            speed = bars.tasks[tasks[table]].speed
            bars.update(tasks[table], completed=rows, rate=f"{speed:,.0f} rows/s" if speed else "")

        yield told
