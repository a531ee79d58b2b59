"""`dq snapshot`: a store sealed as a snapshot."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Optional

import typer

from dq.commands.arguments import CONTRACT, DEFAULT_MEMORY, BatchNumber, ContractDir, Memory, Threads, moment, settings
from dq.commands.console import say
from dq.contract import read_contract
from dq.errors import UsageError, near_miss

HELP = """Seal a store as a snapshot: one DuckDB file and its manifest, where the contract looks for it.

Example: dq snapshot target --from mi.duckdb --batch 1 --moment 2024-11-05T20:30:00+00:00
"""
SIDES = ("source", "target", "baseline", "crosswalk")


def snapshot(
    side: Annotated[str, typer.Argument(metavar="SIDE", help="source, target, baseline or crosswalk.")],
    store: Annotated[str, typer.Option("--from", metavar="FILE", help="A DuckDB file.")],
    contract: ContractDir = CONTRACT,
    batch: BatchNumber = None,
    region: Annotated[Optional[str], typer.Option("--region", metavar="REGION", help="Of one region only; else of all.")] = None,
    taken: Annotated[Optional[str], typer.Option("--moment", metavar="MOMENT", help="When the store was so (ISO 8601 with offset); else now.")] = None,
    to: Annotated[Optional[Path], typer.Option("--to", metavar="FILE", help="Another file than the contract's.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a snapshot that is there.")] = False,
    memory: Memory = DEFAULT_MEMORY,
    threads: Threads = None,
) -> None:
    from dq.stores.duckdb_file import seal_duckdb
    from dq.stores.manifest import manifest_path
    from dq.stores.seal import Label

    if side not in SIDES:
        raise UsageError(f"there is no side '{side}'{near_miss(side, SIDES)}")
    migration = read_contract(contract).migration
    found = dict(migration.stores.present()).get(side)
    if found is None:
        raise UsageError(f"the contract names no {side} store")
    if region is not None and region not in migration.regions:
        raise UsageError(f"--region: there is no region '{region}'{near_miss(region, migration.regions)}")
    numbers = {0, *(item.number for item in migration.batches)}
    if batch is not None and batch not in numbers:
        raise UsageError(f"--batch: there is no batch {batch} (0 to {max(numbers)})")
    label = Label(
        migration=migration.name,
        side=side,
        store=found.name,
        region=region,
        batch=0 if side == "baseline" and batch is None else batch,
        moment=moment(taken, option="--moment") or datetime.now(tz=UTC).replace(microsecond=0),
    )
    target = to or found.snapshot
    manifest = seal_duckdb(Path(store), target, label=label, force=force, settings=settings(memory, threads))
    for note in manifest.notes:
        say(f"note: {note}")
    say(f"sealed {side}: {len(manifest.taken)} tables, {manifest.rows:,} rows, content {manifest.content[:12]}")
    say(f"  {target}")
    say(f"  {manifest_path(target)}")
