"""`python -m benchmarks.batches`: what a gate costs as batches grow, none of which has changed since it was signed; the last line is one JSON object.

The demo's accounts are cut into 50 batches; each moves, is compared, attested and signed by two before the next. That takes some minutes, once.
ACCOUNTS=800 is a quick look, GATES=2,5 asks only for those, ROUNDS=5 asks each gate more often.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from time import process_time
from typing import Any
from unittest.mock import patch

from benchmarks.asked import Asked, counted
from benchmarks.contenders import Command
from benchmarks.data import FOLDER
from benchmarks.measure import Timing, interleaved
from benchmarks.past import State, build_past
from benchmarks.table import last_line, tell
from dq.cli import COLLECTED, status_of
from dq.settings import usable_cores

ACCOUNTS, GATES, ROUNDS = 2000, "1,2,5,10,20,50", 3
SIDES = ("source", "target", "baseline", "crosswalk", "export")
PARTS = {"sign-offs": "dq.attesting.signed_past", "digests": "dq.measuring.carry", "page": "dq.publishing.render"}
"""What a gate does that could grow with the batches, and the function that does it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one gate costs."""

    asked: Asked
    timing: Timing
    parts: Mapping[str, float]  # processor seconds, of `PARTS`


def main() -> int:
    """Measure every gate and return the exit status."""
    accounts, rounds = int(os.environ.get("ACCOUNTS") or ACCOUNTS), int(os.environ.get("ROUNDS") or ROUNDS)
    gates = sorted({int(number) for number in (os.environ.get("GATES") or GATES).split(",")})
    tell(f"{accounts:,} accounts in 50 batches")
    states = build_past(FOLDER / f"batches-{accounts}", accounts=accounts, gates=gates, tell=tell)
    tell("counting what is asked")
    asked = {batch: asked_of(state) for batch, state in states.items()}
    tell("where the time goes")
    gc.set_threshold(*COLLECTED)
    parts = {batch: seconds_of(state) for batch, state in states.items()}
    tell("timing")
    contenders = {str(batch): Command((str(Path(sys.executable).with_name("dq")), *state.arguments), exits=0) for batch, state in states.items()}
    timings = interleaved(contenders, rounds=rounds, tell=tell)
    costs = {batch: Cost(asked[batch], timings[str(batch)], parts[batch]) for batch in gates}
    tell("")
    tell(f"{accounts:,} accounts, {usable_cores()} cores, {rounds} rounds")
    tell("\n".join(table(costs)))
    tell(last_line({f"cpu_s_{batch}": cost.timing.median_cpu for batch, cost in costs.items()}))
    return 0


def table(costs: Mapping[int, Cost]) -> Iterator[str]:
    """Yield the lines of a Markdown table, a gate a line."""
    head = ("gate", "signed", "queries", *(f"scans of {side}" for side in SIDES), "joins", "of canaries", "cpu s", *PARTS, "median s")
    yield _line(head)
    yield _line(["---:"] * len(head))
    for batch, cost in costs.items():
        scans = (sum(cost.asked.scans_of(side).values()) for side in SIDES)
        canaries = sum(count for step, count in cost.asked.joins.items() if step.startswith("canary"))
        counts = (batch, batch - 1, cost.asked.queries, *scans, sum(cost.asked.joins.values()) - canaries, canaries)
        seconds = (cost.timing.median_cpu, *cost.parts.values(), cost.timing.median)
        yield _line([*(f"{count:,}" for count in counts), *(f"{number:.2f}" for number in seconds)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def asked_of(state: State) -> Asked:
    """Return what a gate asks of the engine."""
    with counted() as found:
        open_gate(state)
    return found


def seconds_of(state: State) -> dict[str, float]:
    """Return the processor seconds of each part of a gate, asked by one thread in this process, where everything is imported."""
    found = dict.fromkeys(PARTS, 0.0)
    with contextlib.ExitStack() as stack:
        for part, name in PARTS.items():
            stack.enter_context(patch(name, _timed(name, part, found)))
        open_gate(state)
    return found


def _timed(name: str, part: str, found: dict[str, float]) -> Callable[..., Any]:
    """Return a function that does as another, and adds the processor seconds that it takes."""
    function = resolve_name(name)

    def timed(*arguments: Any, **named: Any) -> Any:
        begun = process_time()
        try:
            return function(*arguments, **named)
        finally:
            found[part] += process_time() - begun

    return timed


def open_gate(state: State) -> None:
    """Ask a gate in this process. Raises RuntimeError where it is not open."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = status_of([*state.arguments, "--threads", "1"])
    if status != 0:
        message = f"gate {state.batch}: exit status {status}: {said.getvalue()[-500:]}"
        raise RuntimeError(message)


if __name__ == "__main__":
    sys.exit(main())
