"""`python -m benchmarks`: how long it takes, as ratios on the same data in the same minutes; the last line is one JSON object.

ROWS=1000000 is a quick look, ROUNDS=9 a longer one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks import peers
from benchmarks.contenders import Command, Handwritten, Ours
from benchmarks.data import Data, build
from benchmarks.measure import Opener, interleaved
from benchmarks.sealed import seal_all
from benchmarks.table import Race, last_line, table, tell

CONTRACTS = Path(__file__).with_name("contracts")
ROWS, ROUNDS = 10_000_000, 5
JOIN, OURS, PEER, RUN, GATE = (
    "full outer join by hand",
    "dq, snapshots attached",
    "lake-sift 0.6.0, process",
    "dq run, process",
    "dq gate with fitness, process",
)
BY_JOIN, BY_FINGERPRINTS, FINDINGS = "one join by hand", "fingerprints by hand", "join and findings by hand"


def main() -> int:
    """Measure everything and return the exit status: 0 also where a limit is not met, the figures say it."""
    rows, rounds = int(os.environ.get("ROWS") or ROWS), int(os.environ.get("ROUNDS") or ROUNDS)
    data = build(rows, tell=tell)
    races = [ten_cells(data, rounds=rounds)]
    for title, store, limit in (("1 % of the rows changed", "one_percent", 1.4), ("every row changed", "all_rows", 2.5)):
        races.append(changed(data, title=title, store=store, limit=limit, rounds=rounds))
    races.append(conformed(data, rounds=rounds))
    tell("")
    tell(f"{rows:,} orders × 7 columns, {rounds} rounds")
    tell(table(races))
    tell(last_line(figures(races)))
    return 0


def ten_cells(data: Data, *, rounds: int) -> Race:
    """Ten cells of ten rows differ: beside the join that a careful person writes, and beside the peer."""
    stores = {"source": data.store("source"), "target": data.store("ten")}
    sealed = seal_all(data, tell=tell)
    dq = str(Path(sys.executable).with_name("dq"))
    runs = ("--runs", "{folder}", "--threads", "2")
    two = ("--source", str(sealed["source"]), "--target", str(sealed["ten"]))
    three = ("--source", str(sealed["source"]), "--target", str(sealed["moved"]), "--crosswalk", str(sealed["people"]))
    contenders: dict[str, Opener] = {
        JOIN: Handwritten("full_join", stores),
        OURS: Ours(CONTRACTS / "plain", stores),
        RUN: Command((dq, "run", "--contract", str(CONTRACTS / "plain"), *two, *runs), exits=1),
        GATE: Command((dq, "gate", "--batch", "2", "--contract", str(CONTRACTS / "gated"), *three, *runs), exits=1),
    }
    program = peers.lake_sift(tell=tell)
    if program is not None:
        contenders[PEER] = Command((str(program), str(data.parquet("source")), str(data.parquet("ten")), "--key", "order_id"), exits=1)
    return race("10 cells changed", contenders, yardstick=JOIN, limits={OURS: 0.7}, rounds=rounds)


def changed(data: Data, *, title: str, store: str, limit: float, rounds: int) -> Race:
    """Many rows differ: beside the same join."""
    stores = {"source": data.store("source"), "target": data.store(store)}
    contenders: dict[str, Opener] = {
        JOIN: Handwritten("full_join", stores),
        FINDINGS: Handwritten("all_findings", stores),
        OURS: Ours(CONTRACTS / "plain", stores),
    }
    return race(title, contenders, yardstick=JOIN, limits={OURS: limit}, rounds=rounds)


def conformed(data: Data, *, rounds: int) -> Race:
    """Two id maps, zones, codes and minor units on the way: beside the quicker of two ways to write it by hand."""
    stores = {"source": data.store("shop"), "target": data.store("merged"), "crosswalk": data.store("crosswalk")}
    contenders: dict[str, Opener] = {
        BY_JOIN: Handwritten("conformed_join", stores),
        BY_FINGERPRINTS: Handwritten("conformed_fingerprints", stores),
        OURS: Ours(CONTRACTS / "conformed", stores),
    }
    found = race("10 cells changed; two id maps, zones, codes, minor units", contenders, yardstick=BY_FINGERPRINTS, limits={OURS: 1.3}, rounds=rounds)
    quicker = min((BY_JOIN, BY_FINGERPRINTS), key=lambda name: found.timings[name].median)
    return Race(found.title, found.timings, quicker, found.limits)


def race(title: str, contenders: dict[str, Opener], *, yardstick: str, limits: dict[str, float], rounds: int) -> Race:
    """Run the contenders in turn."""
    tell(title)
    return Race(title, interleaved(contenders, rounds=rounds, tell=tell), yardstick, limits)


def figures(races: list[Race]) -> dict[str, float | None]:
    """Return what the limits are about: our time divided by theirs, and our largest memory."""
    ten, one, everything, mapped = races
    peer = PEER in ten.timings
    return {
        "engine_vs_full_join": ten.ratio(OURS),
        "one_percent_vs_full_join": one.ratio(OURS),
        "all_changed_vs_full_join": everything.ratio(OURS),
        "conformed_vs_handwritten": mapped.ratio(OURS),
        "engine_vs_peer": ten.ratio(OURS, to=PEER) if peer else None,
        "process_vs_peer": ten.ratio(RUN, to=PEER) if peer else None,
        "gate_vs_peer": ten.ratio(GATE, to=PEER) if peer else None,
        "peak_mb": max(timing.peak_mb for race in races for name, timing in race.timings.items() if name in (OURS, RUN, GATE)),
    }


if __name__ == "__main__":
    sys.exit(main())
