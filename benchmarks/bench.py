"""The one place for how a race is set up: ours, what is written by hand, and every peer with the same two sides, in turn, their answers judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.contenders import Rival
from benchmarks.measure import Measured, Opener, Plan, interleaved
from benchmarks.peer import Peer
from benchmarks.process import Limits
from benchmarks.shaping import pair
from benchmarks.table import Race

GIGABYTE = 1_000_000_000
PEER_LIMITS = Limits(seconds=300, memory=16 * GIGABYTE)  # what a peer may take


@dataclass(frozen=True)
class Sides:
    """What the peers are given, and how many rows of it differ."""

    source: Path
    target: Path
    keys: tuple[str, ...]
    values: tuple[str, ...]
    changed: int


@dataclass(frozen=True)
class Bench:
    """What holds for all races of a run."""

    rows: int
    rounds: int
    tell: Callable[[str], None]
    peers: tuple[Peer, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)  # peer to why it cannot be run
    limits: Limits = PEER_LIMITS


@dataclass(frozen=True)
class Entry:
    """A race that is to be run."""

    title: str
    contenders: Mapping[str, Opener]  # ours and by hand
    kinds: Mapping[str, str]  # "dq" or "hand" of each of them
    yardstick: str
    limits: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    sides: Sides | None = None  # what the peers compare; none: no peer runs
    axes: Mapping[str, str] = field(default_factory=dict)  # axis to the race's place on it; on an axis all may fail
    rows: int = 0
    reads: tuple[Path, ...] = ()  # files too large to be read twice only for warmth: they are read once before
    rounds: int | None = None  # fewer than the others
    large: bool = False  # every contender has a new process each round, may fail, and the peers run once


def race(bench: Bench, entry: Entry) -> Race:
    """Run a race."""
    bench.tell(entry.title)
    rivals = {} if entry.sides is None else _rivals(bench, entry.sides)
    often = frozenset() if entry.large else frozenset(peer.name for peer in bench.peers if peer.often)
    for file in entry.reads:
        _read_once(file)
    plan = Plan(
        rounds=min(bench.rounds, entry.rounds or bench.rounds),
        warm=0 if entry.large else 1,
        once=frozenset(rivals) - often,
        may_fail=frozenset(rivals) | (frozenset(entry.contenders) if entry.large or entry.axes else frozenset()),
        fresh=entry.large,
    )
    measured = interleaved({**entry.contenders, **rivals}, plan=plan, tell=bench.tell)
    failed = {**({} if entry.sides is None else bench.missing), **measured.failed}
    remarks = {} if entry.sides is None else dict(_remarks(measured, rivals, changed=entry.sides.changed))
    kinds = {**entry.kinds, **({} if entry.sides is None else {peer.name: peer.kind for peer in bench.peers})}
    return Race(entry.title, measured.timings, entry.yardstick, entry.limits, entry.seconds, failed, remarks, kinds, entry.axes, entry.rows or bench.rows)


def judge(status: int, found: int, *, changed: int) -> str:
    """Return what is wrong with a peer's answer, in words; '' where it is right."""
    wrong = [] if found == changed else [f"found {found:,} rows of {changed:,}"]
    if changed and status == 0:
        wrong.append("exit status 0 although rows differ")
    return "; ".join(wrong)


def _rivals(bench: Bench, sides: Sides) -> dict[str, Opener]:
    """Return every peer that can be run."""
    rivals: dict[str, Opener] = {}
    for peer in bench.peers:
        if peer.name not in bench.missing:
            both = pair(sides.target.parent, sides.source, sides.target) if peer.needs_pair else None
            arguments = peer.arguments(source=sides.source, target=sides.target, pair=both, keys=sides.keys, values=sides.values)
            rivals[peer.name] = Rival(peer, arguments, bench.limits)
    return rivals


def _remarks(measured: Measured, rivals: Iterable[str], *, changed: int) -> Iterable[tuple[str, str]]:
    for name in rivals:
        answer = measured.timings[name].answer if name in measured.timings else None
        if isinstance(answer, tuple):
            wrong = judge(*answer, changed=changed)
            if wrong:
                yield name, wrong


def _read_once(file: Path) -> None:
    with file.open("rb") as stream:
        while stream.read(1 << 24):
            pass
