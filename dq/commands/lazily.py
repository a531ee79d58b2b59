"""The one place that says which commands there are; each is imported when it is called: all of them take half a second and more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

CONTEXT = {"help_option_names": ["-h", "--help"]}


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command stands, and how the list of all tells it."""

    said: str  # the first line of its help
    module: str = ""  # in `dq.commands`; '': one of the command's own name
    help: str = "HELP"  # the module's constant


ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        "run": Entry("Compare a batch, or all that has moved, and write a run folder.", help="RUN_HELP"),
        "gate": Entry(
            "May a batch start? The source is fit to move, the target has room, everything before is proven; with a roster, signed and still as signed.",
            module="run",
            help="GATE_HELP",
        ),
        "check": Entry("Check contract and snapshots without comparing: schema, types, coverage, fitness of the source."),
        "snapshot": Entry("Seal a store as a snapshot: one DuckDB file and its manifest, where the contract looks for it."),
        "show": Entry("Show a run again: its verdict, its findings, or the history of all runs."),
        "explain": Entry("Everything of one customer, source beside target: accounts and merges, and every row that is theirs, with what became of it."),
        "sign": Entry("Sign a run off for a role, or reject it: shows what is signed, asks for region and batch, adds a signature to signoff.intoto.json."),
        "verify": Entry(
            "Verify a signed run, offline: who signed what and when, role by role; its files, its page made again, its snapshots where they are at hand."
        ),
        "waive": Entry("Propose a waiver for a failed check of a run: an entry in the contract's waivers.toml."),
        "doctor": Entry(
            "Look whether everything is here that a gate needs: contract, snapshots, room, tools, a clock. Nothing is compared, nothing is written."
        ),
        "prune": Entry("Delete restricted/ of runs that are past the day until which it is kept; records, reports and signatures stay."),
        "init": Entry("Write a contract's skeleton for another migration, from sealed snapshots of its stores."),
        "demo": Entry("Build the demo stores, run a clean and a broken batch, say where to look."),
    }
)


class Commands(TyperGroup):
    """The group of all commands: it knows their names, and imports the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        """Take what typer has for a group; `commands` has each name from the start, and what it stands for once it was called."""
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=entry.said, rich_markup_mode=None) for name, entry in ENTRIES.items()}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's
        """Return a command as it is called, or None where there is no such."""
        return load(cmd_name) if cmd_name in ENTRIES else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as above
        """Write the list of commands without importing any."""
        limit = formatter.width - 6 - max(map(len, self.commands))  # as typer's own does
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(limit)) for name, command in self.commands.items()])


def load(name: str) -> Any:
    """Import a command and return it as typer makes it of its function. Raises KeyError where there is none of that name."""
    entry = ENTRIES[name]
    module = import_module(f"dq.commands.{entry.module or name}")
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=CONTEXT)
    alone.command(name, help=getattr(module, entry.help))(getattr(module, name))
    return get_command(alone)


def load_all() -> dict[str, Any]:
    """Import every command and return them by name."""
    return {name: load(name) for name in ENTRIES}
