"""`dq init`: a contract's skeleton for two stores that nobody has described."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from dq.commands.arguments import DEFAULT_MEMORY, AsJson, Memory, Threads, named, settings
from dq.commands.console import progress, say, say_json

HELP = """Write a contract's skeleton for another migration, from sealed snapshots of its stores.

Every guess is marked with what speaks for it; what only a person can say is a TODO.

Example: dq init contract --source snapshots/source.duckdb --target snapshots/target.duckdb
"""


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the contract is put: a new folder, or an empty one.")],
    source: Annotated[Path, typer.Option("--source", metavar="FILE", help="The snapshot of the store that moves.")],
    target: Annotated[Path, typer.Option("--target", metavar="FILE", help="The snapshot of the store that it moves into.")],
    baseline: Annotated[Optional[Path], typer.Option("--baseline", metavar="FILE", help="The target before the first batch, if it is alive.")] = None,
    crosswalk: Annotated[Optional[Path], typer.Option("--crosswalk", metavar="FILE", help="The maps of ids, if ids change.")] = None,
    memory: Memory = DEFAULT_MEMORY,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    from dq.proposing import propose

    files = named(source=source, target=target, baseline=baseline, crosswalk=crosswalk)
    with progress(len(files) + 3, what="init", quiet=as_json) as told:
        found = propose(folder, files, settings=settings(memory, threads), told=told)
    if as_json:
        entities = {name: {"source": ours, "target": theirs} for name, ours, theirs in found.entities}
        left = {side: list(tables) for side, tables in found.tables_left.items()}
        say_json(
            {"command": "init", "folder": str(folder), "entities": entities, "columns": found.columns, "tables_left": left, "columns_left": found.columns_left}
        )
        return
    width = max(len(name) for name, _, _ in found.entities)
    for name, ours, theirs in found.entities:
        say(f"{name:{width}}  {ours} became {theirs}")
    for side, tables in found.tables_left.items():
        if tables:
            say(f"no counterpart of the {side}'s {', '.join(tables)}: TODO in migration.toml")
        if found.columns_left[side]:
            say(f"{found.columns_left[side]} further columns of the {side} are read by nothing: TODO in migration.toml")
    say(f"wrote {folder}: {len(found.entities)} entities, {found.columns} columns, each a guess until somebody has read it")
    say(f"next: dq check -c {folder}")
    say(f"then: dq run -c {folder}")
