"""The one place for how much of the machine a run may use: memory, threads, where it may spill."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MEMORY = "900MB"  # Source: FACTS "DuckDB": a process stays under 1.5 GB with a limit of about 900 MB

_ROW_GROUP = 122_880  # rows that one thread reads at a time; Source: DuckDB's documentation, "Parallelism"


@dataclass(frozen=True, slots=True)
class Settings:
    """How much of the machine the engine may use."""

    memory: str = MEMORY
    threads: int | None = None  # None: all cores that this process may use
    temp: Path | None = None  # where it may spill; a private folder of the run
    in_order: bool = True  # rows stand in a new table as they came; twice as slow where many come
    reads: tuple[Path, ...] = ()  # files of ours that queries may read


def threads_worth(rows: int) -> int:
    """Return how many threads it pays to use, from one to all cores, where the largest table has so many rows: one thread reads a row group."""
    return max(1, min(usable_cores(), rows // _ROW_GROUP))


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
