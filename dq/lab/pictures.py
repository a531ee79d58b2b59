"""The one place for pictures of a run: each answers one question, and says so in its title. Where nothing is there to be seen, a sentence says that."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import polars as pl

from dq.lab import frames
from dq.lab.look import BAD, COOL, GOOD, INK, QUIET, WARN, WIDTH, Nothing, Picture
from dq.report.visible import visible
from dq.result import Run
from dq.words import counted

_STEP: Final = 24  # pixels of a bar and its gap
_BARS: Final = 24  # bars that can be told apart
_FLOWS: Final = 30
_STATUS: Final = {"changed": WARN, "missing": BAD, "extra": "#8d6fc0", "duplicate": "#3d97a5"}
_COVERED: Final = {"compared": GOOD, "used": COOL, "excluded": QUIET, "uncovered": BAD}
_MOVED: Final = {"proven": GOOD, "not proven": BAD, "moved": WARN, "to move": QUIET}


def promises(run: Run) -> Picture:
    """Return which share of each entity's rows is not as promised, and in which way."""
    frame = frames.promises(run).with_columns(pl.max_horizontal("source_rows", "target_rows").alias("of"))
    long = frame.unpivot(list(_STATUS), index=["entity", "of"], variable_name="status", value_name="rows").filter(pl.col("rows") > 0)
    if long.is_empty():
        return Nothing(f"Every row of {frame.height} entities is as promised.")
    share = long.with_columns((pl.col("rows") / pl.col("of")).alias("share"))
    label = share.group_by("entity", maintain_order=True).agg(pl.col("share").sum(), pl.col("rows").sum())
    order = frame["entity"].to_list()
    bars = _bars(share, y=alt.Y("entity:N", sort=order, title=None), x=alt.X("share:Q", axis=alt.Axis(format="%"), title="share of all rows"), colours=_STATUS)
    text = alt.Chart(label).mark_text(align="left", dx=5).encode(x="share:Q", y=alt.Y("entity:N", sort=order), text=alt.Text("rows:Q", format=","))
    return _sized(bars + text, label.height, title="How many rows are not as promised")


def causes(run: Run) -> Picture:
    """Return how many rows each cause explains, the largest first."""
    frame = frames.causes(run).head(_BARS)
    if frame.is_empty():
        return Nothing("Nothing is broken, so there is no cause to look for.")
    told = frame.with_columns(pl.format("{}: {}", "entity", "cause").alias("what"))
    order = told["what"].to_list()
    y = alt.Y("what:N", sort=order, title=None, axis=alt.Axis(labels=False, ticks=False, domain=False), scale=alt.Scale(paddingInner=0.62))
    colour = alt.condition("datum.is_open", alt.value(WARN), alt.value(BAD))
    bars = alt.Chart(told).mark_bar().encode(y=y, x=alt.X("rows:Q", axis=None), color=colour, tooltip=["entity", "cause", "rows", "people"])
    numbers = alt.Chart(told).mark_text(align="left", dx=5).encode(y=y, x="rows:Q", text=alt.Text("rows:Q", format=","))
    words = alt.Chart(told).mark_text(align="left", dy=-16, limit=WIDTH).encode(y=y, x=alt.value(0), text="what:N")
    return _sized(bars + numbers + words, told.height, step=40, title="What explains the broken rows")


def counts(run: Run) -> Picture:
    """Return in which slices there are more or fewer rows in the target than in the source."""
    frame = frames.counts(run).filter(pl.col("difference") != 0).sort(pl.col("difference").abs(), descending=True).head(_BARS)
    if frame.is_empty():
        return Nothing("Every count is the same on both sides, in every slice.")
    told = frame.with_columns(pl.format("{} · {}", pl.col("check").str.replace(r"\.counts", ""), "slice").alias("what"))
    return _differences(told, y="what", x="difference", title="Slices whose row counts differ: target less source")


def sums(run: Run) -> Picture:
    """Return how far each sum is off, of what it should be (gross), the furthest first."""
    source, target = pl.col("source_gross").cast(pl.Float64), pl.col("target_gross").cast(pl.Float64)
    frame = frames.sums(run).filter(~pl.col("agrees")).with_columns(((target - source) / source).alias("off"))
    frame = frame.filter(pl.col("off").is_finite() & (pl.col("off") != 0)).select("check", "slice", "off")
    if frame.is_empty():
        return Nothing("No sum is off, gross, of those that are more than nothing in the source.")
    told = frame.sort(pl.col("off").abs(), descending=True).head(_BARS)
    told = told.with_columns(pl.format("{} · {}", pl.col("check").str.replace(r"\.sums", ""), "slice").alias("what"))
    return _differences(told, y="what", x="off", form="+.3~%", title="Sums that are off, of what they should be (gross)")


def differences(frame: pl.DataFrame, *, by: str = "region") -> Picture:
    """Return how many people have too little or too much, by the size of the difference and by region.

    Args:
        frame: a row a person, with `source`, `target` and the column named in `by`.
        by: what the bars are coloured by.
    """
    off = frame.with_columns((pl.col("target") - pl.col("source")).alias("off")).filter(pl.col("off") != 0)
    if off.is_empty():
        return Nothing(f"Nobody has too little or too much: {counted(frame.height, 'person')} compared.")
    digits = pl.col("off").abs().cast(pl.Int64).cast(pl.String).str.len_chars().cast(pl.Int64)
    power = pl.when(pl.col("off").abs() < 1).then(0).otherwise(digits)  # digits before the point
    sign = pl.when(pl.col("off") > 0).then(1).otherwise(-1)
    sized = off.select(by, power.alias("power"), sign.alias("sign")).with_columns(((pl.col("power") + 1) * pl.col("sign")).alias("place"))
    words = pl.struct("sign", "power").map_elements(_size, return_dtype=pl.String)
    bars = sized.with_columns(words.alias("size")).group_by("place", "size", by).agg(pl.len().alias("people")).sort("place", by)
    x = alt.X("size:N", sort=bars["size"].unique(maintain_order=True).to_list(), title="target less source", axis=alt.Axis(labelAngle=0))
    y = alt.Y("people:Q", title="people", axis=_whole(bars["people"]))
    chart = alt.Chart(bars).mark_bar(size=38).encode(x=x, y=y, color=f"{by}:N", tooltip=["size", by, "people"])
    return chart.properties(width=max(160, 96 * bars["size"].n_unique()), height=220, title="Balances that differ, by size")


def shifts(frame: pl.DataFrame, *, what: str = "rows") -> Picture:
    """Return how many rows have each shift of `frames.shifts`; early and late in one colour, the same in another."""
    wrong = frame.filter(pl.col("seconds").ne_missing(0))
    if wrong.is_empty():
        return Nothing(f"Every instant is the same: {frame['rows'].sum():,} {what} compared, none shifted.")
    kept = wrong.sort("rows", descending=True).head(_BARS)
    left = wrong.height - kept.height
    told = pl.concat([frame.filter(pl.col("seconds") == 0), kept]).sort("seconds", nulls_last=True)
    y = alt.Y("shift:N", sort=told["shift"].to_list(), title=None)
    colour = alt.condition("datum.seconds === 0", alt.value(GOOD), alt.value(BAD))
    bars = alt.Chart(told).mark_bar().encode(y=y, x=alt.X("rows:Q", title=what), color=colour, tooltip=["shift", "rows"])
    text = alt.Chart(told).mark_text(align="left", dx=5).encode(y=y, x="rows:Q", text=alt.Text("rows:Q", format=","))
    more = f"; {left:,} rarer shifts are left out" if left else ""
    return _sized(bars + text, told.height, step=30, title=f"By how much the target is late or early{more}")


def heat(frame: pl.DataFrame, *, x: str, y: str, rows: str = "rows", title: str = "") -> Picture:
    """Return where many rows meet: a square for each pair of `x` and `y`, the number in it."""
    if frame.is_empty():
        return Nothing("There is nothing to be counted.")
    place = {"x": alt.X(f"{x}:N", axis=alt.Axis(orient="top", labelAngle=0)), "y": alt.Y(f"{y}:N")}
    squares = alt.Chart(frame).mark_rect(opacity=0.45).encode(**place, color=alt.Color(f"{rows}:Q", scale=alt.Scale(range=["#8b949c33", BAD]), legend=None))
    numbers = alt.Chart(frame).mark_text(fontWeight=600).encode(**place, text=alt.Text(f"{rows}:Q", format=","))
    return (squares + numbers).properties(width=alt.Step(110), height=alt.Step(34), title=title)


def lengths(frame: pl.DataFrame, *, title: str = "How long the texts are that differ") -> Picture:
    """Return the lengths of texts that differ on both sides: a wall at one length shows where they were cut.

    Args:
        frame: cells of a text column, with `source` and `target`.
        title: of the picture.
    """
    long = frame.unpivot(["source", "target"], variable_name="side", value_name="value").select("side", pl.col("value").str.len_chars().alias("length"))
    long = long.drop_nulls("length")
    if long.is_empty():
        return Nothing("No text differs.")
    x = alt.X("length:Q", bin=alt.Bin(maxbins=40), title="characters")
    colour = alt.Color("side:N", scale=alt.Scale(domain=["source", "target"], range=[COOL, BAD]))
    bars = alt.Chart(long).mark_bar(opacity=0.75).encode(x=x, y=alt.Y("count()", stack=None, title="rows"), color=colour, tooltip=["side", "count()"])
    return bars.properties(width=WIDTH, height=200, title=title)


def flows(frame: pl.DataFrame, *, whose: str = "author") -> Picture:
    """Return from whom to whom rows went that are attributed to somebody else: on the left who has them in the source, on the right in the target.

    Args:
        frame: of `frames.flows`; the most rows first.
        whose: what stands on both sides.
    """
    if frame.is_empty():
        return Nothing(f"Every row has the {whose} that it had.")
    kept = frame.group_by("source", "target").agg(pl.col("rows").sum()).sort("rows", "source", "target", descending=[True, False, False]).head(_FLOWS)
    told = kept.with_columns(pl.col("source", "target").fill_null("nobody"))
    left = {name: place for place, name in enumerate(told["source"].unique(maintain_order=True))}
    right = {name: place for place, name in enumerate(sorted(set(told["target"]), key=lambda name: (left.get(name, len(left)), name)))}
    ends = (
        pl.col("source").replace_strict(left).alias("from"),
        pl.col("target").replace_strict(right).alias("to"),
        pl.lit(0).alias("x"),
        pl.lit(1).alias("x2"),
    )
    lines = told.with_columns(*ends)
    y = alt.Y("from:Q", scale=alt.Scale(domain=[-0.5, max(len(left), len(right)) - 0.5], reverse=True), axis=None)
    width = alt.Size("rows:Q", scale=alt.Scale(domain=[0, int(told["rows"].max())], range=[1, 14]), legend=None)  # type: ignore[arg-type]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 1]))
    rules = alt.Chart(lines).mark_rule(opacity=0.6, color=BAD).encode(x=x, x2="x2:Q", y=y, y2="to:Q", size=width, tooltip=["source", "target", "rows"])
    names = [_ends(left, side=0, of=lines, column="from"), _ends(right, side=1, of=lines, column="to")]
    more = f" (the {_FLOWS} largest)" if frame.height > _FLOWS else ""
    title = f"From which {whose} in the source to which in the target{more}"
    return alt.layer(rules, *names).properties(width=WIDTH - 200, height=max(90, 34 * max(len(left), len(right))), title=title)


def batches(run: Run) -> Picture:
    """Return how many accounts each batch has, and how far it is."""
    frame = frames.batches(run)
    if frame.is_empty():
        return Nothing("The contract has no batches.")
    told = frame.with_columns(pl.format("batch {}, {}", "batch", "region").alias("what"), pl.col("accounts").fill_null(0))
    order = told["what"].to_list()
    y = alt.Y("what:N", sort=order, title=None)
    bars = _bars(told, y=y, x=alt.X("accounts:Q", title="accounts"), colours=_MOVED)
    text = alt.Chart(told).mark_text(align="left", dx=5).encode(y=y, x="accounts:Q", text="status:N")
    return _sized(bars + text, told.height, step=30, title="Parity over the batches")


def countdown(run: Run) -> Picture:
    """Return how many accounts are still to move, the pace that follows, and the deadline."""
    frame, deadline = frames.countdown(run), frames.moment(run.record.deadline)
    if frame.is_empty():
        return Nothing("Nothing says how fast the migration goes.")
    dashes = alt.StrokeDash("line:N", scale=alt.Scale(domain=["so far", "at this pace"], range=[[1, 0], [5, 5]]), legend=alt.Legend(symbolType="stroke"))
    x = alt.X("at:T", title=None, axis=alt.Axis(format="%-d %b"))
    y = alt.Y("left:Q", title="accounts still to move")
    layers: list[Any] = [alt.Chart(frame).mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=50)).encode(x=x, y=y, strokeDash=dashes)]
    if deadline is not None:
        end = pl.DataFrame({"at": [deadline], "words": ["deadline"]})
        layers.append(alt.Chart(end).mark_rule(color=BAD, strokeWidth=2).encode(x="at:T"))
        layers.append(alt.Chart(end).mark_text(align="right", dx=-6, color=BAD).encode(x="at:T", y=alt.value(8), text="words:N"))
    said = list(map(visible, run.record.calendar.sentences)) if run.record.calendar else []
    return alt.layer(*layers).properties(width=WIDTH, height=220, title=alt.TitleParams("Burn-down to the deadline", subtitle=said))


def coverage(run: Run) -> Picture:
    """Return what of each table of both stores is compared, used to compare, excluded with a reason, or uncovered."""
    frame = frames.coverage(run)
    if frame.is_empty():
        return Nothing("The run has no coverage ledger.")
    charts = []
    for side in frame["side"].unique(maintain_order=True):
        part = frame.filter(pl.col("side") == side)
        y = alt.Y("table:N", title=None)
        bars = _bars(part, y=y, x=alt.X("columns:Q", title="columns"), colours=_COVERED, every=True)
        charts.append(bars.properties(width=WIDTH // 2 - 110, height=alt.Step(18), title=f"{side}"))
    return alt.hconcat(*charts, title="What was looked at, column by column").resolve_scale(color="shared")


def _bars(frame: pl.DataFrame, *, x: alt.X, y: alt.Y, colours: dict[str, str], every: bool = False) -> alt.Chart:
    """Return horizontal bars, coloured by `status`; only statuses that are there stand in the legend, or every one."""
    there = [name for name in colours if every or name in set(frame["status"])]
    colour = alt.Color("status:N", scale=alt.Scale(domain=there, range=[colours[name] for name in there]), legend=alt.Legend(title=None))
    return alt.Chart(frame).mark_bar().encode(y=y, x=x, color=colour, tooltip=list(frame.columns))


def _differences(frame: pl.DataFrame, *, y: str, x: str, title: str, form: str = "+,") -> Picture:
    where = alt.Y(f"{y}:N", sort=frame[y].to_list(), title=None)
    colour = alt.condition(f"datum.{x} < 0", alt.value(BAD), alt.value(WARN))
    low, high = 1.2 * min(0.0, float(frame[x].min())), 1.2 * max(0.0, float(frame[x].max()))  # type: ignore[arg-type]  # room for the numbers
    across = alt.X(f"{x}:Q", title=None, axis=None, scale=alt.Scale(domain=[low, high], nice=False))
    bars = alt.Chart(frame).mark_bar().encode(y=where, x=across, color=colour, tooltip=list(frame.columns))
    text = {"y": where, "x": f"{x}:Q", "text": alt.Text(f"{x}:Q", format=form)}
    more = alt.Chart(frame).transform_filter(f"datum.{x} >= 0").mark_text(align="left", dx=5).encode(**text)
    less = alt.Chart(frame).transform_filter(f"datum.{x} < 0").mark_text(align="right", dx=-5).encode(**text)
    return _sized(bars + more + less, frame.height, title=title)


def _ends(names: dict[str, int], *, side: int, of: pl.DataFrame, column: str) -> alt.LayerChart:
    """Return the names at one side of flows, each with its rows."""
    rows = dict(of.group_by(column).agg(pl.col("rows").sum()).iter_rows())
    frame = pl.DataFrame({"name": list(names), "place": list(names.values()), "rows": [rows.get(place, 0) for place in names.values()]})
    frame = frame.with_columns(pl.format("{} ({})", "name", "rows").alias("words"), pl.lit(side).alias("x"))
    dots = alt.Chart(frame).mark_point(size=60, color=INK, opacity=1).encode(x="x:Q", y="place:Q")
    words = alt.Chart(frame).mark_text(align="left" if side else "right", dx=9 if side else -9).encode(x="x:Q", y="place:Q", text="words:N")
    return dots + words


def _sized(chart: alt.LayerChart, bars: int, *, title: str, step: int = _STEP) -> alt.LayerChart:
    return chart.properties(width=WIDTH - 160, height=step * max(1, bars), title=title)


def _whole(numbers: pl.Series) -> alt.Axis:
    """Return an axis of whole numbers: people are not split."""
    return alt.Axis(format="d", tickCount=min(6, int(numbers.max() or 1)))  # type: ignore[arg-type]


def _size(item: dict[str, int]) -> str:
    """Return `+100 to 999`, `−1 to 9`."""
    sign, digits = "+" if item["sign"] > 0 else "\N{MINUS SIGN}", item["power"]
    return f"{sign}{10 ** (digits - 1):,} to {10**digits - 1:,}" if digits else f"{sign}less than 1"
