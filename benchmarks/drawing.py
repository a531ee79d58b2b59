"""The one place for the benchmark's pictures: bars of one race, and lines along an axis, as SVG, alike on a light and a dark page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import vl_convert

from benchmarks.races import JOIN
from benchmarks.table import Race

KINDS: Final = {"dq": "dq", "hand": "by hand, in SQL", "files": "compares files", "databases": "compares databases", "script": "by hand, in Polars"}
_COLOURS: Final = {"dq": "#2f9a5f", "hand": "#7d8790", "files": "#4f86c6", "databases": "#b97f14", "script": "#8d6fc0"}
_LINES: Final = ("#2f9a5f", "#7d8790", "#4f86c6", "#d8574c", "#b97f14", "#8d6fc0", "#3d97a5", "#a05195", "#5f6b2d")
_INK: Final = "#5b636b"  # at least 3:1 against white and against a dark page
_FONT: Final = "system-ui, 'Segoe UI', 'Noto Sans', 'Liberation Sans', sans-serif"
_TEXT: Final = {"labelFont": _FONT, "titleFont": _FONT, "labelFontSize": 12, "titleFontSize": 12, "labelColor": _INK, "titleColor": _INK}
_CONFIG: Final[dict[str, Any]] = {
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {**_TEXT, "titleFontWeight": "normal", "domainColor": "#a7aeb5", "tickColor": "#a7aeb5", "gridColor": "#8b949c", "gridOpacity": 0.25},
    "legend": {**_TEXT, "title": None, "labelLimit": 300},
    "title": {"font": _FONT, "fontSize": 14, "fontWeight": 600, "color": _INK, "anchor": "start", "offset": 12, "subtitleColor": _INK, "subtitleFont": _FONT},
}
_WIDTH: Final = 560


def bars(race: Race, *, title: str) -> str:
    """Return the median seconds of each contender of a race as bars, the quickest above; those that gave no answer say why."""
    rows = [
        {"name": name, "seconds": timing.median, "kind": KINDS[race.kinds[name]], "label": f"{timing.median:.2f} s   {timing.peak_mb / 1000:.1f} GB"}
        for name, timing in sorted(race.timings.items(), key=lambda item: item[1].median)
    ]
    rows += [{"name": name, "seconds": 0.0, "kind": KINDS[race.kinds[name]], "label": why} for name, why in race.failed.items()]
    order = [str(row["name"]) for row in rows]
    there = [kind for kind in KINDS if KINDS[kind] in {row["kind"] for row in rows}]
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=280, ticks=False, domain=False))
    base = alt.Chart(_data(rows)).encode(y=y, x=alt.X("seconds:Q", title="seconds, the median", axis=alt.Axis(tickCount=6)))
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=[KINDS[kind] for kind in there], range=[_COLOURS[kind] for kind in there]), legend=alt.Legend(orient="top")
    )
    labels = base.mark_text(align="left", dx=6, font=_FONT, fontSize=11, color=_INK).encode(text="label:N")
    drawn = (base.mark_bar(height=14, cornerRadiusEnd=2).encode(color=colour) + labels).properties(width=_WIDTH, height=24 * len(rows), title=title)
    return _svg(drawn)


def lines(races: Sequence[Race], axis: str, *, title: str, label: str, numeric: bool) -> str:
    """Return the median seconds of each contender along an axis, seconds in powers of ten; a race stands where its place on the axis is.

    Who takes part in only one of the races is left out: one point is no line.
    """
    counted = Counter(name for race in races for name in race.timings)
    rows = [
        {"name": name, "seconds": timing.median, "place": float(race.axes[axis]) if numeric else race.axes[axis]}
        for race in races
        for name, timing in race.timings.items()
        if counted[name] > 1
    ]
    names = sorted((name for name, times in counted.items() if times > 1), key=lambda name: (not name.startswith("dq"), name != JOIN, name))
    places = list(dict.fromkeys(race.axes[axis] for race in races))
    scale = alt.Scale(type="log", nice=False) if numeric else alt.Undefined
    x = alt.X(f"place:{'Q' if numeric else 'O'}", title=label, sort=places, scale=scale, axis=_ticks(places, numeric=numeric))
    y = alt.Y("seconds:Q", title="seconds, the median", scale=alt.Scale(type="log"), axis=alt.Axis(values=[10.0**power for power in range(-2, 4)], format="~g"))
    colour = alt.Color("name:N", sort=names, scale=alt.Scale(domain=names, range=list(_LINES[: len(names)])), legend=alt.Legend(orient="right"))
    base = alt.Chart(_data(rows)).encode(x=x, y=y, color=colour)
    drawn = (base.mark_line(strokeWidth=2) + base.mark_point(filled=True, size=55, opacity=1)).properties(width=_WIDTH - 140, height=280, title=title)
    return _svg(drawn)


def _data(rows: Sequence[dict[str, Any]]) -> alt.Data:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]


def _ticks(places: Sequence[str], *, numeric: bool) -> alt.Axis:
    return alt.Axis(values=[float(place) for place in places], format=",~g", grid=False) if numeric else alt.Axis(labelAngle=0, grid=False)


def _svg(drawn: alt.LayerChart) -> str:
    spec: dict[str, Any] = {**drawn.to_dict(), "config": _CONFIG}
    return str(vl_convert.vegalite_to_svg(spec)) + "\n"
