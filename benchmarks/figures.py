"""The one place for the figures of the last line, and for what is aimed at: ratios are always ours divided by theirs, so less is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks import startup
from benchmarks.races import GATE, JOIN, OURS, RUN, TENTH
from benchmarks.table import Race

MEGABYTES_4_GIB: Final = 4 * 2**30 / 1_000_000


@dataclass(frozen=True)
class Bar:
    """What is aimed at: a figure of the last line, and the most that it should be."""

    figure: str
    words: str
    most: float


BARS: Final = (
    Bar("engine_vs_full_join", "10 cells changed: the engine, beside the full outer join by hand", 0.6),
    Bar("engine_vs_peer_10m", "10 cells changed: the engine, beside the quickest peer (not the join in Polars, which is by hand)", 1 / 7),
    Bar("process_vs_peer_10m", "10 cells changed: `dq run` as a process, beside the same", 1 / 3),
    Bar("one_percent_vs_full_join", "1 % of the rows changed: the engine, beside the join", 1.4),
    Bar("all_changed_vs_full_join", "every row changed: the engine, beside the join", 2.5),
    Bar("conformed_vs_handwritten", "two id maps, zones, codes, minor units: the engine, beside the quicker way by hand", 1.3),
    Bar("full_join_100m", "ten times the rows: the engine, beside the join", 0.3),
    Bar("scale_100m_vs_10m", "ten times the rows: the engine, beside itself with a tenth", 14),
    Bar("peer_100m", "ten times the rows: the engine, beside the quickest peer that ended", 1 / 10),
    Bar("peak_mb_100m", "ten times the rows: the engine's largest memory, MB", MEGABYTES_4_GIB),
    Bar("full_join_100m_mapped", "ten times the rows with two id maps: the engine, beside the join", 0.3),
    Bar("scale_100m_vs_10m_mapped", "ten times the rows with two id maps: the engine, beside itself with a tenth", 14),
    Bar("peak_mb_100m_mapped", "ten times the rows with two id maps: the engine's largest memory, MB", MEGABYTES_4_GIB),
    Bar("help_seconds", "`dq --help`, s", startup.LIMITS[startup.HELP]),
    Bar("verify_seconds", "`dq verify` of a signed run of the demo, s", startup.LIMITS[startup.VERIFY]),
    Bar("gate_demo_seconds", "`dq gate` on the demo, s", startup.LIMITS[startup.GATE]),
)


def figures(races: Mapping[str, Race]) -> dict[str, float | None]:
    """Return all figures, in the order of the last line; None for what was not measured."""
    ten, large, mapped = (races.get(name) for name in ("ten_cells", "large", "large_mapped"))
    conformed = races.get("conformed")
    peer, far_peer = quickest(ten), quickest(large)
    small = [races[name] for name in ("ten_cells", "one_percent", "all_rows", "conformed") if name in races]
    peaks = [timing.peak_mb for race in small for name, timing in race.timings.items() if name in {OURS, RUN, GATE}]
    return {
        "engine_vs_full_join": _ratio(ten, OURS, JOIN),
        "one_percent_vs_full_join": _ratio(races.get("one_percent"), OURS, JOIN),
        "all_changed_vs_full_join": _ratio(races.get("all_rows"), OURS, JOIN),
        "conformed_vs_handwritten": None if conformed is None else _ratio(conformed, OURS, conformed.yardstick),
        "engine_vs_peer": _ratio(ten, OURS, peer),
        "process_vs_peer": _ratio(ten, RUN, peer),
        "gate_vs_peer": _ratio(ten, GATE, peer),
        "peak_mb": max(peaks, default=None),
        "engine_vs_peer_10m": _ratio(ten, OURS, peer),
        "process_vs_peer_10m": _ratio(ten, RUN, peer),
        "full_join_100m": _ratio(large, OURS, JOIN),
        "scale_100m_vs_10m": _ratio(large, OURS, TENTH),
        "peer_100m": _ratio(large, OURS, far_peer),
        "peak_mb_100m": _peak(large),
        "full_join_100m_mapped": _ratio(mapped, OURS, JOIN),
        "scale_100m_vs_10m_mapped": _ratio(mapped, OURS, TENTH),
        "peak_mb_100m_mapped": _peak(mapped),
        "help_seconds": _seconds(races, startup.HELP),
        "verify_seconds": _seconds(races, startup.VERIFY),
        "gate_demo_seconds": _seconds(races, startup.GATE),
    }


def quickest(race: Race | None) -> str | None:
    """Return the quickest peer that counted right; scripts written for the benchmark are not peers. None where there is none."""
    if race is None:
        return None
    right = {name for name in race.timings if race.kinds.get(name) in {"files", "databases"} and "found" not in race.remarks.get(name, "")}
    return min(right, key=lambda name: race.timings[name].median, default=None)


def _ratio(race: Race | None, ours: str, theirs: str | None) -> float | None:
    if race is None or theirs is None or not {ours, theirs} <= set(race.timings):
        return None
    return race.ratio(ours, to=theirs)


def _peak(race: Race | None) -> float | None:
    return None if race is None or OURS not in race.timings else race.timings[OURS].peak_mb


def _seconds(races: Mapping[str, Race], name: str) -> float | None:
    return races["startup"].timings[name].median if "startup" in races else None
