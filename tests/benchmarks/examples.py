"""The one place for examples of measured races."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Timing
from benchmarks.races import JOIN, OURS, RUN
from benchmarks.table import Race


def timing(*seconds: float) -> Timing:
    return Timing(seconds, seconds, 100.0, None)


def ten_cells(**others: Any) -> Race:
    timings = {JOIN: timing(2.0, 2.0), OURS: timing(1.0, 1.0), RUN: timing(3.0, 3.0), "quick": timing(8.0), "wrong": timing(4.0), "polars": timing(2.0)}
    kinds = {JOIN: "hand", OURS: "dq", RUN: "dq", "quick": "files", "wrong": "files", "polars": "script", "failed": "files"}
    told: dict[str, Any] = {"remarks": {"wrong": "found 3 rows of 10"}, "failed": {"failed": "not ended after 300 s"}, "kinds": kinds, **others}
    return Race("ten cells", timings, JOIN, {OURS: 0.6}, axes={"rows": "10000000"}, rows=10_000_000, **told)
