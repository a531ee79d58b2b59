"""`python -m tests.matrix`: every corruption, every spoilt run and every neutral change, one line each; exit status 0 only if all are as they must be.

Names (or their beginnings) after it choose some: `python -m tests.matrix A03 K12`.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from dq.engine import usable_cores

from .listing import Item, items, run_item
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
        built = {moved: pool.submit(build, base, moved=moved) for moved in sorted({item.moved for item in wanted})}
        try:
            for one in built.values():
                one.result()
        except NotCleanError as error:
            say(f"the clean demo is not clean: {error}")
            return 1
        runs = {item: pool.submit(run_item, base, item) for item in sorted(wanted, key=_is_short)}  # the longest first, none is left for the end
        wrong = {item for item in wanted if _told(item, runs[item])}
    planted = [item for item in wanted if not item.neutral]
    neutral = [item for item in wanted if item.neutral]
    caught = len(planted) - len(wrong.intersection(planted))
    alarms = len(wrong.intersection(neutral))
    say(f"{time.monotonic() - started:.0f} s")
    say(f"caught {caught} of {len(planted)}, alarms on neutral {alarms} of {len(neutral)}")
    return 1 if wrong else 0


def _is_short(item: Item) -> bool:
    """Return whether an item runs `dq` once and asks no gate."""
    return item.kind not in ("surrounding", "demo") and not item.id.startswith("G.")


def say(line: str) -> None:
    """Write a line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _told(item: Item, run: Future[list[str]]) -> bool:
    """Print a case's line as soon as it is there; return whether anything was otherwise than it must be."""
    try:
        found = run.result()
    except Exception:  # noqa: BLE001 - a case that breaks is a case that was not caught
        found = traceback.format_exc().splitlines()[-3:]
    say(f"{'ok  ' if not found else 'WRONG'} {item.id:18} {item.what}")
    for line in found:
        say(f"      {line}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
