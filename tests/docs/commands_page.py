"""The one place that writes `docs/reference/commands.md`: every command with its arguments and options, and the exit statuses."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

import typer

import dq
from dq.cli import INTERRUPTED, app
from dq.commands.lazily import load_all
from dq.errors import DqError
from dq.record import Outcome

from .pages import table

_STATUS = re.compile(r":? \(?exit \d[^.]*\)?(?=\.)|: NOT PROVEN \(exit 3\)")  # it stands beside


def command_line() -> Any:
    """Return the command line as typer makes it of the functions, every command imported."""
    line: Any = typer.main.get_command(app)
    line.commands = load_all()
    return line


def render() -> str:
    """Return the page, but for its first lines."""
    parts = ["# Commands\n", "`dq COMMAND --help` says the same. These stand before or behind any command:\n"]
    parts += [_options(command_line())]
    for name, command in command_line().commands.items():
        parts += [f"## dq {name}\n", *_help(command.help or ""), _options(command)]
    return "\n".join((*parts, *_statuses()))


def _help(text: str) -> Iterator[str]:
    for paragraph in cleandoc(text).split("\n\n"):
        kind, colon, rest = " ".join(paragraph.split()).partition(": ")
        if colon and kind in ("Example", "Examples"):
            yield "```sh\n" + "\n".join(part.strip() for part in rest.split("; ")) + "\n```\n"
        else:
            yield " ".join(paragraph.split()) + "\n"


def _options(command: Any) -> str:
    return table(("argument or option", "default", "means"), ((_named(item), _default(item), item.help or "") for item in command.params))


def _named(item: Any) -> str:
    if item.param_type_name == "argument":
        return f"`{item.metavar or item.name.upper()}`"
    names = ", ".join(f"`{name}`" for name in item.opts)
    value = f" `{item.metavar}`" if item.metavar and not item.is_flag else ""
    return f"{names}{value}"


def _default(item: Any) -> str:
    if item.required:
        return "required"
    return "" if item.default in (None, False) or callable(item.default) else f"`{item.default}`"


def _statuses() -> Iterator[str]:
    yield "## Exit status\n"
    yield "Of several that apply the highest wins. `check`, `run` and `gate` say with it what they found; the others end with 0 when they did their job.\n"
    outcomes: dict[int, list[str]] = {}
    for outcome in Outcome:
        outcomes.setdefault(outcome.exit_status, []).append(outcome.value)
    errors: dict[int, list[str]] = {}
    for error in _errors():
        errors.setdefault(error.exit_status, []).append(_STATUS.sub("", cleandoc(error.__doc__ or "").splitlines()[0]))
    said = {
        0: "proven, open; the command did its job",
        1: "discrepancies",
        2: "wrong usage, or a contract that does not hold together; an option that there is not",
        3: "could not be proven, or not be done",
        INTERRUPTED: "interrupted by Ctrl-C; another signal ends with 128 and its number, as everywhere",
    }
    lines = [(str(status), means, ", ".join(outcomes.get(status, ())), "<br>".join(errors.get(status, ()))) for status, means in said.items()]
    yield table(("status", "means", "outcome of the run", "what ends with it"), lines)


def _errors() -> list[type[DqError]]:
    """Return every error of dq that ends with a line and an exit status, by name."""
    for module in pkgutil.walk_packages(dq.__path__, "dq."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, todo = set(), [DqError]
    while todo:
        todo += [cls for cls in todo.pop().__subclasses__() if not (cls in found or found.add(cls))]  # type: ignore[func-returns-value]
    return sorted((cls for cls in found if cls.__module__.startswith("dq.")), key=lambda cls: cls.__name__)
