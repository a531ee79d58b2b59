"""The one place where the command line is put together: commands by name, every error in one line, a traceback only for `--debug`.

Source: DESIGN "Commands": 0 proven or done, 1 discrepancies, 2 wrong usage or contract, 3 could not be proven; 130 on interrupt.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from dq import __version__
from dq.commands.lazily import CONTEXT, Commands
from dq.errors import DqError
from dq.interrupts import Ended, watch
from dq.report.visible import visible

INTERRUPTED = 130
COLLECTED = (50_000, 10, 10)
"""When Python looks for garbage. A record is thousands of small tables of which none is any: at its own 700 a signed run takes 26 ms to verify, not 15."""


@dataclass(slots=True)
class Debug:
    """Whether `--debug` was given."""

    on: bool = False


DEBUG = Debug()
app = typer.Typer(
    name="dq",
    cls=Commands,
    help="Proves that one store was moved into another without losing a coupon, a point, an order or a review.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=CONTEXT,
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"dq {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and SQL.")] = False,  # noqa: FBT002 - an option
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,  # noqa: FBT002, ARG001 - an option
) -> None:
    DEBUG.on = DEBUG.on or debug


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    gc.set_threshold(*COLLECTED)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # they could change what is valid; looking for them takes 10 ms
    watch()
    _open_streams()
    sys.exit(status_of(arguments))


def status_of(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status; everything that goes wrong becomes one line on standard error."""
    given = sys.argv[1:] if arguments is None else arguments
    DEBUG.on = "--debug" in given
    try:
        found: Any = app([argument for argument in given if argument != "--debug"], standalone_mode=False)  # it may stand anywhere
    except BrokenPipeError:  # of a help page
        from dq.commands.console import silence  # noqa: PLC0415 - it is heavy

        silence()
        return 0
    except (Exception, KeyboardInterrupt, Ended) as error:  # noqa: BLE001 - the last place: an error of ours is one line too
        return _told(*_line_and_status(error))
    return found if isinstance(found, int) else 0


def _open_streams() -> None:
    """Open what was closed by whoever called (`>&-`): else the next file that is opened were standard output."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - as long as the process


def _line_and_status(error: BaseException) -> tuple[str, int]:
    if isinstance(error, (DqError, Ended)):
        return str(error), error.exit_status
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return "interrupted", INTERRUPTED
    if isinstance(error, typer.TyperException):
        return getattr(error, "format_message", error.__str__)(), 2
    if isinstance(error, OSError) and error.errno is not None:
        return f"{error.filename or 'the disk'}: {str(error.strerror).lower()}; nothing was recorded", 3
    return f"an error of dq itself ({type(error).__name__}); --debug shows where", 3


def _told(message: str, status: int) -> int:
    if DEBUG.on:
        traceback.print_exc()
    encoding = sys.stderr.encoding or "ascii"
    line = f"dq: {visible(message)}"
    sys.stderr.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    return status
