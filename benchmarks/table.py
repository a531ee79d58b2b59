"""The one place that shows what was measured: a table with ratios for people, one JSON line for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.measure import Timing, ratio

HEAD = ("", "median s", "least s", "cpu s", "peak MB", "ratio", "limit", "")


@dataclass(frozen=True)
class Race:
    """Contenders that were run in turn on the same data: one yardstick, the others beside it."""

    title: str
    timings: Mapping[str, Timing]
    yardstick: str
    limits: Mapping[str, float]  # contender to the ratio that is aimed at
    seconds: Mapping[str, float] = field(default_factory=dict)  # contender to the seconds that are aimed at
    failed: Mapping[str, str] = field(default_factory=dict)  # contender to why it has no timing
    remarks: Mapping[str, str] = field(default_factory=dict)  # contender to what was wrong with its answer
    kinds: Mapping[str, str] = field(default_factory=dict)  # contender to "dq", "hand", or a peer's kind
    axes: Mapping[str, str] = field(default_factory=dict)  # axis to this race's place on it
    rows: int = 0

    def ratio(self, name: str, *, to: str | None = None) -> float:
        """Return a contender's time divided by another's, by default the yardstick's: the median of the rounds' ratios."""
        return ratio(self.timings[name], self.timings[to or self.yardstick])


def table(races: Sequence[Race]) -> str:
    """Return a Markdown table."""
    rows = [HEAD, *(row for race in races for row in _rows(race))]
    widths = [max(3, *(len(row[place]) for row in rows)) for place in range(len(HEAD))]
    lines = [f"| {' | '.join(_cell(text, width, place) for place, (text, width) in enumerate(zip(row, widths, strict=True)))} |" for row in rows]
    rule = f"| {' | '.join('-' * width if place in {0, len(HEAD) - 1} else '-' * (width - 1) + ':' for place, width in enumerate(widths))} |"
    return "\n".join((lines[0], rule, *lines[1:]))


def last_line(figures: Mapping[str, float | None]) -> str:
    """Return the figures as one JSON line, in the order given."""
    return json.dumps({name: None if value is None else round(value, 3) for name, value in figures.items()})


def tell(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def _rows(race: Race) -> Iterator[tuple[str, ...]]:
    yield (f"**{race.title}**", *("",) * (len(HEAD) - 1))
    for name, timing in race.timings.items():
        yield (
            name,
            f"{timing.median:.2f}",
            f"{min(timing.seconds):.2f}",
            f"{timing.median_cpu:.2f}",
            f"{timing.peak_mb:.0f}",
            "" if race.seconds or race.yardstick not in race.timings else f"{race.ratio(name):.2f}",
            _limit(race, name),
            race.remarks.get(name, ""),
        )
    for name, why in race.failed.items():
        yield (name, *("-",) * 5, "", why)


def _limit(race: Race, name: str) -> str:
    if name in race.seconds:
        return f"{race.seconds[name]:g} s"
    return f"{race.limits[name]:.2f}" if name in race.limits else ""


def _cell(text: str, width: int, place: int) -> str:
    return text.ljust(width) if place in {0, len(HEAD) - 1} else text.rjust(width)
