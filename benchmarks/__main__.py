"""`python -m benchmarks`: how long it takes, as ratios on the same data in the same minutes; the last line is one JSON object.

What is set around it: ROWS=200000 is a quick look, ROUNDS=9 a longer one; AXES=1 also goes along every axis; RACES='large,axis-*' takes only races of
such names, PEERS='lake-sift*' only such peers (PEERS=none: none); PEER_SECONDS and PEER_GB are what a peer may take. A run that was killed goes on where
it was; one that has ended is begun anew.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from functools import partial

from benchmarks import data
from benchmarks.answers import ask_all
from benchmarks.axes import AXES
from benchmarks.bench import GIGABYTE, PEER_LIMITS, Bench
from benchmarks.figures import figures
from benchmarks.peer import Peer, PeerError, install, read_peers
from benchmarks.process import Limits
from benchmarks.races import CORE, Races
from benchmarks.results import FOLDER, Results
from benchmarks.startup import startup
from benchmarks.table import last_line, table, tell

ROWS, ROUNDS = 10_000_000, 3
ALL: Races = {"startup": startup, **CORE, **AXES}


def main() -> int:
    """Measure everything and return the exit status: 0 also where a limit is not met, the figures say it."""
    asked = os.environ
    rows, rounds = int(asked.get("ROWS") or ROWS), int(asked.get("ROUNDS") or ROUNDS)
    limits = Limits(float(asked.get("PEER_SECONDS") or PEER_LIMITS.seconds), int(float(asked.get("PEER_GB") or PEER_LIMITS.memory / GIGABYTE) * GIGABYTE))
    peers = chosen_peers(read_peers(), asked.get("PEERS") or "*")
    wanted = chosen_races(asked.get("RACES") or "", axes=bool(asked.get("AXES")))
    if not wanted:
        print(f"no race is called {asked['RACES']}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    clear_room()
    missing = installed(peers)
    results = Results(FOLDER / str(rows))
    settings = {"rounds": rounds, "peers": [peer.name for peer in peers], "seconds": limits.seconds, "memory": limits.memory}
    there = results.begin(settings, [*(["answers"] if peers else []), *wanted])
    if there:
        tell(f"going on with the run that was stopped; already measured: {', '.join(there)}")
    if peers:
        results.once("answers", lambda: {"answers": ask_all([peer for peer in peers if peer.name not in missing], tell=tell)})
    bench = Bench(rows, rounds, tell, peers, missing, limits)
    about = {"command": command(asked), "rounds": rounds, "peer_seconds": limits.seconds, "peer_gb": limits.memory / GIGABYTE}
    races = {name: results.measured(name, partial(ALL[name], bench), about=about) for name in wanted}
    results.end()
    tell("")
    tell(f"{rows:,} orders × 7 columns where nothing else is said, {rounds} rounds")
    tell(table(list(races.values())))
    tell(last_line(figures(races)))
    return 0


def chosen_races(pattern: str, *, axes: bool) -> list[str]:
    """Return the names of the races that are asked for: by patterns, with commas between, among all; else the core ones, or all."""
    if pattern:
        return [name for name in ALL if any(fnmatch(name, one) for one in pattern.split(","))]
    return [name for name in ALL if axes or name not in AXES]


def chosen_peers(peers: Sequence[Peer], pattern: str) -> tuple[Peer, ...]:
    """Return the peers whose name fits."""
    return tuple(peer for peer in peers if fnmatch(peer.name, pattern))


def installed(peers: Sequence[Peer]) -> dict[str, str]:
    """Install the peers, and return of each that cannot be why not."""
    missing: dict[str, str] = {}
    for peer in peers:
        try:
            install(peer, tell=tell)
        except PeerError as error:
            missing[peer.name] = str(error)
    return missing


def clear_room() -> None:
    """Let everything that is spilled go beside the data, and clear away what a run that was killed left there."""
    room = data.FOLDER / "room"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    os.environ["TMPDIR"] = str(room)


def command(asked: Mapping[str, str]) -> str:
    """Return the command as it was given."""
    named = [f"{name}={asked[name]}" for name in ("ROWS", "ROUNDS", "AXES", "RACES", "PEERS", "PEER_SECONDS", "PEER_GB") if asked.get(name)]
    return " ".join((*named, "make bench"))


if __name__ == "__main__":
    sys.exit(main())
