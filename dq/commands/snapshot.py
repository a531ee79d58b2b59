"""`dq snapshot`: a store sealed as a snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from dq.commands.arguments import CONTRACT, AsJson, BatchNumber, ContractDir, MachineKey, SealingMemory, Threads, asked_passphrase, moment, settings
from dq.commands.console import say, say_json, tables_read
from dq.words import counted

HELP = """Seal a store as a snapshot: one DuckDB file and its manifest, where the contract looks for it.

A live store is read at one moment, read-only, while others write. Its password comes from PGPASSWORD, ~/.pgpass, MYSQL_PWD or ~/.my.cnf,
or with the whole URL from a variable: --from env:NAME.

Example: dq snapshot target --from postgresql://reader@db.example/mi --batch 1
"""


def snapshot(
    side: Annotated[str, typer.Argument(metavar="SIDE", help="source, target, baseline, crosswalk or export.")],
    store: Annotated[
        str, typer.Option("--from", metavar="STORE", help="postgresql://…, mysql://…, mariadb://…, a DuckDB file, a folder of exports, or env:NAME.")
    ],
    contract: ContractDir = CONTRACT,
    batch: BatchNumber = None,
    region: Annotated[Optional[str], typer.Option("--region", metavar="REGION", help="The store is of one region only; else of all.")] = None,
    taken: Annotated[
        Optional[str], typer.Option("--moment", metavar="MOMENT", help="When the store was so (ISO 8601 with offset); else its own clock.")
    ] = None,
    to: Annotated[Optional[Path], typer.Option("--to", metavar="FILE", help="Another file than the contract's.")] = None,
    migration: Annotated[
        Optional[str], typer.Option("--migration", metavar="NAME", help="Before there is a contract: the migration's name; all is taken. Needs --to.")
    ] = None,
    table: Annotated[Optional[list[str]], typer.Option("--table", metavar="NAME", help="Only this table; may be repeated.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every table and column, not only those that the contract reads.")] = False,
    rows_per_second: Annotated[Optional[int], typer.Option("--rows-per-second", metavar="N", min=1, help="No faster than that.")] = None,
    statement_timeout: Annotated[Optional[int], typer.Option("--statement-timeout", metavar="SECONDS", min=1, help="No statement longer than that.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Tables read at once, where the store can share its moment (PostgreSQL).")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace a snapshot that is there.")] = False,
    memory: SealingMemory = None,
    threads: Threads = None,
    key: MachineKey = None,
    as_json: AsJson = False,
) -> None:
    from dq.snapshotting import Wanted, take_snapshot
    from dq.stores.manifest import manifest_path
    from dq.stores.seal import MEMORIES

    wanted = Wanted(
        migration=migration,
        batch=batch,
        region=region,
        moment=moment(taken, option="--moment"),
        to=to,
        tables=tuple(table or ()),
        everything=everything,
        rows_per_second=rows_per_second,
        statement_timeout=statement_timeout,
        jobs=jobs,
        force=force,
        memory=MEMORIES if memory is None else (settings(memory, threads).memory,),
        threads=threads,
    )
    signer = None
    if key is not None:
        from dq.signoff.keys import read_signer

        signer = read_signer(key, ask=asked_passphrase(key))
        signer.sign(b"")  # before anything costs time
    with tables_read(quiet=as_json) as told:
        target, manifest = take_snapshot(contract, side, store, wanted=wanted, told=told)
    statement = None
    if signer is not None:
        from dq.signoff.exporter import attest_snapshot

        statement = attest_snapshot(target, manifest, signer)
    if as_json:
        found = manifest.model_dump(mode="json", include={"side", "store", "kind", "version", "moment", "content", "watermark", "consistency", "notes"})
        say_json({**found, "file": str(target), "tables": len(manifest.taken), "rows": manifest.rows, **({"statement": str(statement)} if statement else {})})
        return
    for note in manifest.notes:
        say(f"note: {note}")
    say(f"sealed {side}: {counted(len(manifest.taken), 'table')}, {counted(manifest.rows, 'row')}, content {manifest.content[:12]}")
    say(f"  {target}")
    say(f"  {manifest_path(target)}")
    if statement is not None:
        say(f"  {statement}")
