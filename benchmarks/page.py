"""`python -m benchmarks.page`: write what was measured into docs/benchmarks.md, between its marks, and into docs/pictures/; ROWS as for the measuring."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any, Final

from benchmarks import axes
from benchmarks.__main__ import ROWS
from benchmarks.answers import CASES
from benchmarks.drawing import bars, lines
from benchmarks.figures import BARS, figures
from benchmarks.peer import Peer, read_peers
from benchmarks.races import OURS, RUN
from benchmarks.results import FOLDER, Result, Results
from benchmarks.table import Race, last_line, table

_SAID = 110  # characters of what a peer said
DOCS: Final = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- measured: `python -m benchmarks.page` writes what follows -->", "<!-- measured: until here -->"
PREFIX: Final = "speed-"
BARRED: Final = ("ten_cells", "large")  # races that have a picture of bars
WHY: Final = """\
Why: a join by hand counts cells, in SQL or in Polars; it keeps no finding, proves no sum, plants no canary. What `dq` asks besides (schema, unique
keys, sums by slice, canaries, whether both ways agree) and a report take their time however few rows there are, so on few rows a comparer that only
compares is quicker."""
CORE: Final = ("startup", "ten_cells", "one_percent", "all_rows", "conformed", "large", "large_mapped")


@dataclass(frozen=True)
class Axis:
    """An axis: what its picture is called, and its races in order."""

    name: str
    title: str
    label: str
    numeric: bool
    races: tuple[str, ...]


PICTURED: Final = (
    Axis("rows", "By rows, seven columns, ten cells changed", "rows a side", numeric=True, races=("axis-base", "ten_cells", "large")),
    Axis("share", "By what differs", "changed", numeric=False, races=("axis-share-none", "axis-base", "axis-share-one", "axis-share-all")),
    Axis("columns", "By columns, ten cells changed", "columns", numeric=True, races=("axis-base", "axis-columns-030", "axis-columns-400")),
    Axis(
        "text",
        "By the length of a text",
        "characters of one more column",
        numeric=False,
        races=("axis-base", "axis-text-0020", "axis-text-0200", "axis-text-1000"),
    ),
    Axis("key", "By kind of key", "key", numeric=False, races=("axis-base", "axis-key-text", "axis-key-two")),
    Axis("maps", "With id maps to join", "id maps", numeric=False, races=("axis-base", "axis-maps")),
)


def main() -> int:
    """Write the page and the pictures; 2 where nothing was measured."""
    rows = int(os.environ.get("ROWS") or ROWS)
    results = Results(FOLDER / str(rows))
    found = results.read()
    if "ten_cells" not in found:
        print(f"nothing was measured with {rows:,} rows: `make bench` first", file=sys.stderr)
        return 2
    answers = results.found("answers").get("answers", {})
    for name, picture in pictures(found).items():
        (DOCS / "pictures" / name).write_text(picture, encoding="utf-8")
    page = DOCS / "benchmarks.md"
    page.write_text(placed(page.read_text(encoding="utf-8"), "\n\n".join(sections(found, answers))), encoding="utf-8")
    print(f"{page.relative_to(DOCS.parent)}: {len(found)} races, {len(pictures(found))} pictures")
    return 0


def placed(page: str, measured: str) -> str:
    """Return the page with other text between its marks. Raises ValueError where they are not there, once each and in order."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in before + after:
        raise ValueError(f"docs/benchmarks.md: the marks of what is measured are not there once each: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}"


def pictures(found: Mapping[str, Result]) -> dict[str, str]:
    """Return the name and the SVG of each picture."""
    drawn = {f"{PREFIX}{name}.svg": bars(found[name].race, title=found[name].race.title) for name in BARRED if name in found}
    for axis in PICTURED:
        races = _on(axis, found)
        if len(races) > 1:
            drawn[f"{PREFIX}by-{axis.name}.svg"] = lines(races, axis.name, title=axis.title, label=axis.label, numeric=axis.numeric)
    return drawn


def sections(found: Mapping[str, Result], answers: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield what the page says of it: where and how, the limits, the core races, who was quicker, the answers, the axes."""
    core = {name: found[name].race for name in CORE if name in found}
    along = {name: found[name].race for name in axes.AXES if name in found}
    drawn = pictures(found)
    yield "## Measured"
    yield _where(found)
    yield "## What is aimed at"
    yield _bars(figures(core))
    yield "\n".join(
        f"![Median seconds of each contender: {core[name].title}](pictures/{PREFIX}{name}.svg)\n" for name in ("ten_cells", "large") if name in core
    )
    yield "## The races"
    yield table(list(core.values()))
    yield f"```json\n{last_line(figures(core))}\n```"
    yield "## Who was quicker"
    yield _quicker([*core.values(), *along.values()])
    yield "## What the peers answer"
    yield _peers(read_peers(), answers)
    if along:
        yield "## Along the axes"
        for axis in PICTURED:
            if f"{PREFIX}by-{axis.name}.svg" in drawn:
                yield f"![{axis.title}: median seconds of each contender](pictures/{PREFIX}by-{axis.name}.svg)"
        yield table(list(along.values()))


def _where(found: Mapping[str, Result]) -> str:
    about: Mapping[str, Any] = found["ten_cells"].about
    others = {json.dumps(result.about["machine"], sort_keys=True) for result in found.values()} - {json.dumps(about["machine"], sort_keys=True)}
    machine, versions = about["machine"], about["versions"]
    commands = " and ".join(f"`{command}`" for command in dict.fromkeys(result.about["command"] for result in found.values()))
    days = sorted({result.about["at"].partition(" ")[0] for result in found.values()})
    said = (
        f"Measured on {machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB, {machine['system']}, with "
        f"{', '.join(f'{name} {version}' for name, version in versions.items())}; {commands}, {' to '.join(dict.fromkeys((days[0], days[-1])))}, "
        f"medians of {about['rounds']} rounds (at most two of the largest data). A peer may take {about['peer_seconds']:g} s and {about['peer_gb']:g} GB; "
        f"all but the quickest run in the first round only."
    )
    return said + (" Not all races were run on the same machine." if others else "")


def _bars(measured: Mapping[str, float | None]) -> str:
    lines_ = ["| ours divided by theirs, or as said | measured | limit | |", "| --- | ---: | ---: | --- |"]
    for bar in BARS:
        value = measured[bar.figure]
        met = "not measured" if value is None else "met" if value <= bar.most else "**missed**"
        lines_.append(f"| {bar.words} | {'-' if value is None else _number(value)} | {_number(bar.most)} | {met} |")
    return "\n".join(lines_)


def _quicker(races: Iterable[Race]) -> str:
    told = [line for race in races for line in _beaten(race)]
    head = f"Who was quicker than “{OURS}”, and which peer than “{RUN}”:"
    return "\n".join((head, "", *(told or ["- nobody."]), "", WHY))


def _beaten(race: Race) -> Iterator[str]:
    for ours, kinds in ((OURS, {"hand", "files", "databases", "script"}), (RUN, {"files", "databases", "script"})):
        if ours in race.timings:
            most = race.timings[ours].median
            quicker = {name: timing.median for name, timing in race.timings.items() if race.kinds[name] in kinds and timing.median < most}
            if quicker:
                names = ", ".join(f"{name} ({quicker[name]:.2f} s)" for name in sorted(quicker, key=lambda name: quicker[name]))
                yield f"- {race.title}: {names}; “{ours}” took {most:.2f} s."


def _peers(peers: tuple[Peer, ...], answers: Mapping[str, Mapping[str, str]]) -> str:
    lines_ = [f"| peer | what it is | {' | '.join(CASES)} |", f"| --- | --- |{' --- |' * len(CASES)}"]
    for peer in peers:
        said = answers.get(peer.name, {})
        lines_.append(f"| {peer.name} | {peer.says} | {' | '.join(_cell(said.get(case, 'not asked')) for case in CASES)} |")
    return "\n".join(lines_)


def _cell(said: str) -> str:
    """Return a peer's words as a cell; of a long message its beginning, which says what it is."""
    return shorten(said, _SAID, placeholder=" …").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - megabytes


def _on(axis: Axis, found: Mapping[str, Result]) -> list[Race]:
    return [found[name].race for name in axis.races if name in found and axis.name in found[name].race.axes]


if __name__ == "__main__":
    sys.exit(main())
