"""The one place that asks every peer small questions whose answers are known: a comparer that answers wrongly is not quick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import duckdb

from benchmarks import data
from benchmarks.bench import judge
from benchmarks.peer import Peer, PeerError
from benchmarks.process import LimitError, Limits, run
from benchmarks.shape import Shape
from benchmarks.shaping import make, pair

ROWS: Final = 1000
CASES: Final = {"equal": 0, "ten cells, one of them NULL": 10, "a row missing, one extra": 2, "empty against empty": 0}
RIGHT: Final = "right"
EMPTY_PASSES: Final = "says that all is well"  # nothing was compared
_LIMITS = Limits(seconds=60, memory=4_000_000_000)


def ask_all(peers: Sequence[Peer], *, tell: Callable[[str], None]) -> dict[str, dict[str, str]]:
    """Return of each peer, by name, what is to be said of its answer to each case."""
    tell(f"{len(CASES)} small cases whose answers are known")
    sides = _sides(tell)
    found = {peer.name: {case: _ask(peer, *sides[case], case=case) for case in CASES} for peer in peers}
    for name, answers in found.items():
        tell(f"  {name}: " + ", ".join(f"{case}: {answer}" for case, answer in answers.items()))
    return found


def _ask(peer: Peer, source: Path, target: Path, *, case: str) -> str:
    both = pair(target.parent, source, target) if peer.needs_pair else None
    shape = Shape(ROWS)
    try:
        ended = run(peer.arguments(source=source, target=target, pair=both, keys=shape.keys, values=shape.values), limits=_LIMITS)
        counted = peer.answer(ended)
    except (PeerError, LimitError) as error:
        return str(error)
    if case == "empty against empty" and ended.status == 0 and counted == 0:
        return EMPTY_PASSES
    return judge(ended.status, counted, changed=CASES[case]) or RIGHT


def _sides(tell: Callable[[str], None]) -> dict[str, tuple[Path, Path]]:
    """Return each case's two files, making them first where they are not there."""
    same, ten = (make(Shape(ROWS, share=share), tell=tell) for share in ("same", "ten"))
    source = same.parquet("source")
    folder = data.FOLDER / "shapes"
    moved, empty = folder / "moved.parquet", folder / "empty.parquet"
    with duckdb.connect(":memory:") as connection:
        other = f"CASE WHEN order_id = (SELECT min(order_id) FROM '{source}') THEN 1 ELSE order_id END"
        connection.execute(f"COPY (SELECT * REPLACE ({other} AS order_id) FROM '{source}') TO '{moved}' (FORMAT parquet)")
        connection.execute(f"COPY (FROM '{source}' LIMIT 0) TO '{empty}' (FORMAT parquet)")
    return dict(zip(CASES, ((source, same.parquet("target")), (source, ten.parquet("target")), (source, moved), (empty, empty)), strict=True))
