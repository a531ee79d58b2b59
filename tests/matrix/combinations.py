"""`python -m tests.matrix.combinations`: random combinations of corruptions on random demos, each run held against the slow oracle.

What a corruption expects holds for it alone; of several at once only the oracle knows, which reads the sealed stores row by row in plain
Python. `N` and `SEED` choose how many are drawn, and which; a draw that disagrees names the seed that draws it alone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import duckdb
from dq_fixtures import build_demo
from dq_fixtures.corruptions import CORRUPTIONS, apply
from dq_fixtures.corruptions.picks import STORES, NothingToPickError, attach
from dq_fixtures.corruptions.registry import FIRST

from dq import measuring
from dq.canaries import CanaryResult
from dq.contract.reading import read_contract
from dq.errors import DqError
from dq.settings import usable_cores
from dq.stores.manifest import read_manifest
from tests.oracle.people import Asked
from tests.oracle.seeds import seeded
from tests.oracle.selects import Come, Tables
from tests.oracle.snapshots import rows_of
from tests.oracle.verdict import verdict
from tests.oracle.world import make_world

from .chances import take_chance
from .judging import compare
from .stages import Case, seal

DEMOS = {101: 120, 102: 120, 103: 150, 104: 150, 105: 200, 106: 250}
"""Seeds of demos, and their accounts."""

UNKNOWN = ("U07", "U08.none")
"""What writes a text into persons' files where a number or an instant is pinned: the shape of a store, of which the oracle knows nothing."""

FEWEST, MOST = 2, 5
CHANCES, MOST_CHANCES = 0.5, 6  # how often chances are taken beside them, and at most so many
CANARIES = 4  # every so many draws canaries are planted, too; they take a third of a run
STEP = 20  # draws, and a line says how far it is
SHOWN = 8  # differences of a draw
Shape = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one draw came to: the corruptions that were let loose, those that found nothing to corrupt, and where the run and the oracle differ."""

    seed: int
    demo: int
    names: tuple[str, ...]
    left_out: tuple[str, ...]
    differences: tuple[str, ...]


@dataclass
class Known:
    """What the oracle read of a demo's clean stores: their rows, and what comes out of the contract's SELECTs, by entity and side."""

    stores: dict[str, Tables] = field(default_factory=dict)
    come: dict[tuple[str, str], list[Come]] = field(default_factory=dict)


_KNOWN: defaultdict[Path, Known] = defaultdict(Known)  # of this process


def main(arguments: Sequence[str]) -> int:
    """Draw, run and hold against the oracle; return 0 only where all agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix.combinations")
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=4711)
    parser.add_argument("--workers", type=int, default=usable_cores(), help="draws at once")
    parser.add_argument("--seconds", type=int, default=0, help="draw nothing new after so many seconds; 0: draw all")
    asked = parser.parse_args(arguments)
    seeds = range(asked.seed, asked.seed + asked.number)
    say(f"seed {asked.seed}, {asked.number:,} draws of {FEWEST} to {MOST} of {len(drawable())} corruptions")
    started, agreed, tried, left_out = time.monotonic(), 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="combinations-") as folder, ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        base = Path(folder)
        for built in [pool.submit(build, base, number) for number in sorted({demo_of(seeded(seed)) for seed in seeds})]:
            built.result()
        runs = {pool.submit(run, base, seed): seed for seed in seeds}
        for done in as_completed(runs):
            if done.cancelled():
                continue
            drawn = _result(done, runs[done])
            tried += 1
            agreed += not drawn.differences
            left_out += len(drawn.left_out)
            for line in _lines(drawn):
                say(line)
            if tried % STEP == 0:
                say(f"agreed {agreed} of {tried} so far, {time.monotonic() - started:.0f} s")
            if asked.seconds and time.monotonic() - started > asked.seconds:
                for waiting in runs:
                    waiting.cancel()
    say(f"{time.monotonic() - started:.0f} s, {left_out:,} corruptions found nothing left to corrupt and were drawn again")
    say(f"agreed {agreed} of {tried}, seed {asked.seed}")
    return 0 if agreed == tried == asked.number else 1


def say(line: str) -> None:
    """Write a line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def drawable() -> tuple[str, ...]:
    """Return the corruptions of the open stores and of persons' files after batch 1, all but those that are refused before anything is compared."""
    return tuple(
        one.id for one in CORRUPTIONS.values() if one.place in ("stores", "exports") and one.stage == FIRST and one.refused is None and one.id not in UNKNOWN
    )


def demo_of(rng: Random) -> int:
    """Draw the demo; the first draw of a source of chance."""
    return rng.choice(sorted(DEMOS))


def build(base: Path, number: int) -> None:
    """Build a clean demo of a seed, unsealed and sealed."""
    stores = build_demo(base / str(number) / "unsealed", accounts=DEMOS[number], seed=number, moved_batches=FIRST.moved)
    for store in (*stores, stores.exports):
        seal(store, base / str(number) / "sealed")


def run(base: Path, seed: int) -> Drawn:
    """Draw a combination and judge it."""
    rng = seeded(seed)
    demo = demo_of(rng)
    names = list(drawable())
    rng.shuffle(names)
    wanted = rng.randint(FEWEST, MOST)
    chances = rng.randint(1, MOST_CHANCES) if rng.random() < CHANCES else 0
    return judged(base, names, seed=seed, demo=demo, wanted=wanted, chances=chances)


def judged(base: Path, names: Sequence[str], *, seed: int, demo: int, wanted: int, chances: int = 0) -> Drawn:
    """Let so many of some corruptions loose, take chances, run `dq`, and hold the run against what the oracle says of the same sealed stores."""
    with tempfile.TemporaryDirectory(prefix="combination-") as work:
        case = Case(base / str(demo), Path(work), FIRST)
        files, (loose, left_out) = case.changed(lambda copy: _spoil(copy, names, wanted=wanted, chances=chances, rng=seeded(seed)))
        manifests = {side: read_manifest(file) for side, file in files.items()}
        keys = {side: {table.name: table.primary_key for table in manifest.tables} for side, manifest in manifests.items()}
        asked = Asked(frozenset({FIRST.moved}), frozenset({FIRST.moved}))
        clean = {side for side, file in files.items() if file == case.clean[side]}
        known = _KNOWN[case.base]
        known.stores |= {side: rows_of(files[side]) for side in clean - known.stores.keys()}
        stores = {side: known.stores[side] if side in clean else rows_of(file) for side, file in files.items()}
        world = make_world(read_contract(case.contract), stores, asked=asked, moment=manifests["baseline"].taken_at, until=manifests["target"].taken_at)
        world.come_once.update({place: rows for place, rows in known.come.items() if place[1] in clean})
        with_canaries = seed % CANARIES == 0
        try:
            with nullcontext() if with_canaries else patch.object(measuring, "release", lambda *_, **__: CanaryResult(1, 0, 0)):
                finished = case.run(files)
        except DqError as error:
            return Drawn(seed, demo, loose, left_out, (f"refused: {error}",))
        crashes = [f"{step} crashed: {crash.reason}" for step, crash in finished.crashes]
        expected = tuple(item for item in verdict(world, keys=keys) if with_canaries or not item.check.startswith("canary."))
        found = (line for line in compare(finished, expected) if with_canaries or not line.startswith("canary."))
        differences = (*found, *crashes)
        known.come |= {place: rows for place, rows in world.come_once.items() if place[1] in clean}
        return Drawn(seed, demo, loose, left_out, differences)


def _spoil(folder: Path, names: Sequence[str], *, wanted: int, chances: int, rng: Random) -> tuple[tuple[str, ...], tuple[str, ...]]:
    loose, left_out = let_loose(folder, names, wanted=wanted)
    return (*loose, *(take_chance(folder, rng) for _ in range(chances))), left_out


def let_loose(folder: Path, names: Sequence[str], *, wanted: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Apply corruptions one after the other until so many have changed the stores; return them, and those that could not.

    What changes the shape of a store is left out too: the oracle knows rows, and no tables, columns or types.
    """
    shape = shape_of(folder)
    loose: list[str] = []
    left_out: list[str] = []
    before = folder.with_name("before")
    for name in names:
        if len(loose) == wanted:
            break
        shutil.copytree(folder, before)
        try:
            _corrupt(folder, name)
            fits = shape_of(folder) == shape
        except (NothingToPickError, duckdb.Error, LookupError, StopIteration, ValueError):  # another one took what it would corrupt
            fits = False
        if fits:
            loose.append(name)
        else:
            left_out.append(name)
            shutil.rmtree(folder)
            before.rename(folder)
        shutil.rmtree(before, ignore_errors=True)
    return tuple(loose), tuple(left_out)


def _corrupt(folder: Path, name: str) -> None:
    it = CORRUPTIONS[name]
    if it.place == "stores":
        apply(folder, name)
        return
    with attach(folder) as db:
        it.corrupt(folder / "export", db)


def shape_of(folder: Path) -> Shape:
    """Return every table, column and type of the four stores."""
    files = [folder / f"{kind}.duckdb" for kind in STORES]
    return tuple(_shape_of_store(file, file.stat().st_mtime_ns) for file in files)


@lru_cache(len(STORES) * 2)
def _shape_of_store(file: Path, _changed: int) -> Shape:
    """Return those of one store, which was read already where it has not changed."""
    with duckdb.connect(str(file), read_only=True, config={"threads": 1}) as db:
        return tuple(db.execute("SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY ALL").fetchall())


def _result(done: Future[Drawn], seed: int) -> Drawn:
    try:
        return done.result()
    except Exception:  # noqa: BLE001 - a draw that breaks agrees with nothing
        return Drawn(seed, 0, (), (), tuple(traceback.format_exc().splitlines()[-6:]))


def _lines(drawn: Drawn) -> list[str]:
    if not drawn.differences:
        return []
    more = len(drawn.differences) - SHOWN
    return [
        f"DISAGREE seed {drawn.seed}, demo {drawn.demo}: {' '.join(drawn.names)}  (again: make matrix-random N=1 SEED={drawn.seed})",
        *(f"      {line}" for line in drawn.differences[:SHOWN]),
        *([f"      and {more} more"] if more > 0 else []),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
