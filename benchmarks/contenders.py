"""The one place for who runs: hand-written SQL, the engine on attached snapshots, whole processes and peers, each opened in a process of its own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import process
from benchmarks.data import SQL
from benchmarks.measure import NoAnswerError, Run
from benchmarks.peer import Peer, PeerError

THREADS = 2


@dataclass(frozen=True)
class Handwritten:
    """Statements on stores attached by their side's name, in a fresh connection each round; the last one's rows are the answer.

    `{folder}` in them is a folder of each round's own, where it also spills.
    """

    script: str  # the name of a `.sql` file, or a statement
    stores: Mapping[str, Path]
    memory: str = "4GB"  # what it takes without spilling, so that it is as fast as it can be

    def __call__(self) -> Run:
        """Read the script."""
        script = self.script if " " in self.script else (SQL / f"{self.script}.sql").read_text(encoding="utf-8")

        def run() -> object:
            with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
                connection.execute(f"SET threads = {THREADS}")
                connection.execute(f"SET memory_limit = '{self.memory}'")
                connection.execute(f"SET temp_directory = '{folder}'")
                connection.execute("SET TimeZone = 'UTC'")
                connection.execute("SET preserve_insertion_order = false")
                connection.execute("SET enable_progress_bar = false")
                for side, file in self.stores.items():
                    connection.execute(f"ATTACH '{file}' AS {side} (READ_ONLY)")
                return connection.execute(script.replace("{folder}", folder)).fetchall()

        return run


@dataclass(frozen=True)
class Ours:
    """What `dq run` does between opened snapshots and the written findings: schema, fingerprints, keys, sums, canaries, rows, cells, findings."""

    contract: Path
    stores: Mapping[str, Path]
    memory: str | None = None  # by default the engine's own

    def __call__(self) -> Run:
        """Read the contract, and import what a run imports."""
        from dq.attempts import Attempts  # noqa: PLC0415 - in the contender's own process, before the clock starts
        from dq.compare.views import snapshot  # noqa: PLC0415
        from dq.contract import read_contract  # noqa: PLC0415
        from dq.engine import open_engine  # noqa: PLC0415
        from dq.findings import number_findings, write_findings  # noqa: PLC0415
        from dq.ground import Asked  # noqa: PLC0415
        from dq.measuring import measure_migration  # noqa: PLC0415
        from dq.settings import MEMORY, Settings  # noqa: PLC0415

        contract = read_contract(self.contract)
        attached = {snapshot(side): str(file) for side, file in self.stores.items()}

        def run() -> object:
            with tempfile.TemporaryDirectory() as folder:
                engine = open_engine(attached, settings=Settings(memory=self.memory or MEMORY, threads=THREADS, temp=Path(folder)))
                try:
                    attempts = Attempts()
                    facts = measure_migration(engine, contract, asked=Asked((), ()), attempt=attempts)
                    records = write_findings(engine, number_findings(engine, facts), Path(folder) / "findings.parquet")
                finally:
                    engine.close()
            (entity,) = facts.entities
            if attempts.crashes or entity.evidence is None or not entity.evidence.agrees:
                message = f"the engine did not answer: {attempts.crashes or entity.problems or entity.blocked or 'both ways do not agree'}"
                raise RuntimeError(message)
            harm = entity.evidence.harms[""]
            return {"cells": dict(harm.columns), "statuses": dict(harm.statuses), "records": records, "canary": entity.canary}

        return run


@dataclass(frozen=True)
class Command:
    """A whole process, from its start to its end; `{folder}` in its arguments is a folder of each round's own."""

    arguments: tuple[str, ...]
    exits: int  # the exit status that says that it found what there is
    within: Path | None = None  # the folder it is called in

    def __call__(self) -> Run:
        """Nothing needs opening."""

        def run() -> object:
            with tempfile.TemporaryDirectory() as folder:
                arguments = [argument.replace("{folder}", folder) for argument in self.arguments]
                done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=self.within)
            if done.returncode != self.exits:
                message = f"exit status {done.returncode}, not {self.exits}: {done.stderr.strip() or done.stdout.strip()[-500:]}"
                raise RuntimeError(message)
            return done.returncode

        return run


@dataclass(frozen=True)
class Rival:
    """A peer's program, from its start to its end, within limits; its answer is its exit status and the number of rows that it found to differ."""

    peer: Peer
    arguments: tuple[str, ...]
    limits: process.Limits

    def __call__(self) -> Run:
        """Nothing needs opening."""

        def run() -> object:
            try:
                ended = process.run(self.arguments, limits=self.limits)
                return (ended.status, self.peer.answer(ended))
            except (process.LimitError, PeerError) as error:
                raise NoAnswerError(str(error)) from None

        return run
