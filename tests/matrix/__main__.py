"""`python -m tests.matrix`: every corruption, every spoilt run and every neutral change, one line each; exit status 0 only if all are as they must be.

Names (or their beginnings) after it choose some: `python -m tests.matrix A03 K12`. ALONE=1 gives every case a run of its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from dq.settings import usable_cores

from .listing import Item, items
from .sharing import Share, run_share, shares
from .stages import NotCleanError, build


def main(chosen: Sequence[str]) -> int:
    """Run what is chosen (nothing: everything) and return the exit status."""
    wanted = [item for item in items() if not chosen or item.id.startswith(tuple(chosen))]
    if not wanted:
        say(f"no case begins with {' or '.join(chosen)}")
        return 2
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder, ProcessPoolExecutor(usable_cores(), mp_context=get_context("spawn")) as pool:
        base = Path(folder)
        built = {moved: pool.submit(build, base, moved=moved) for moved in sorted({moved for item in wanted for moved in item.built})}
        try:
            for one in built.values():
                one.result()
        except NotCleanError as error:
            say(f"the clean demo is not clean: {error}")
            return 1
        runs: dict[Item, Future[Mapping[str, list[str]]]] = {}
        together = [(item,) for item in wanted] if os.environ.get("ALONE") == "1" else shares(wanted)
        for share in sorted(together, key=_is_short):  # the longest first: none is left for the end
            runs |= dict.fromkeys(share, pool.submit(run_share, base, share))
        wrong = {item for item in wanted if _told(item, runs[item])}
    planted = [item for item in wanted if not item.neutral]
    neutral = [item for item in wanted if item.neutral]
    caught = len(planted) - len(wrong.intersection(planted))
    alarms = len(wrong.intersection(neutral))
    say(f"{len(together)} runs, {time.monotonic() - started:.0f} s")
    say(f"caught {caught} of {len(planted)}, alarms on neutral {alarms} of {len(neutral)}")
    return 1 if wrong else 0


def _is_short(share: Share) -> bool:
    """Return whether a share runs `dq` once and asks no gate."""
    return len(share) == 1 and share[0].kind not in ("surrounding", "demo") and not share[0].id.startswith("G.")


def say(line: str) -> None:
    """Write a line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _told(item: Item, run: Future[Mapping[str, list[str]]]) -> bool:
    """Print a case's line as soon as it is there; return whether anything was otherwise than it must be."""
    try:
        found = run.result()[item.id]
    except Exception:  # noqa: BLE001 - a case that breaks is a case that was not caught
        found = traceback.format_exc().splitlines()[-3:]
    say(f"{'ok  ' if not found else 'WRONG'} {item.id:18} {item.what}")
    for line in found:
        say(f"      {line}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
