"""The one place for the axes: how time grows with rows, changes, columns, text, by kind of key and with id maps; a tenth of the rows of the core races."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from benchmarks import shape_sql
from benchmarks.bench import Bench, Entry, race
from benchmarks.contenders import Handwritten, Ours
from benchmarks.measure import Opener
from benchmarks.process import Limits
from benchmarks.races import JOIN, KINDS, OURS, Races, sides
from benchmarks.shape import Shape
from benchmarks.shaping import make
from benchmarks.table import Race

SHARE_WORDS = {"same": "none", "ten": "10 cells", "one_percent": "1 %", "all_rows": "every row"}
SECONDS = 120  # that a peer may take, of a tenth of the rows
_PLAIN = {"share": SHARE_WORDS["ten"], "columns": "7", "text": "0", "key": "integer", "maps": "none"}


def axis(bench: Bench, shape: Callable[[int], Shape], title: str, axes: dict[str, str]) -> Race:
    """Run ours, the join by hand and the peers on a shape."""
    made = make(shape(bench.rows // 10), tell=bench.tell)
    contenders: dict[str, Opener] = {
        JOIN: Handwritten(shape_sql.full_join(made.shape), made.stores),
        OURS: Ours(made.contract, made.stores),
    }
    title = f"{made.shape.rows:,} rows, {title}"
    compared = None if made.shape.mapped else sides(made.shape, made.folder)
    bench = replace(bench, limits=Limits(min(SECONDS, bench.limits.seconds), bench.limits.memory))
    return race(bench, Entry(title, contenders, KINDS, JOIN, sides=compared, axes=axes, rows=made.shape.rows))


def base(bench: Bench) -> Race:
    """The shape that every axis goes through."""
    return axis(bench, Shape, "10 cells changed", {"rows": str(bench.rows // 10), **_PLAIN})


AXES: Races = {
    "axis-base": base,
    "axis-share-none": partial(axis, shape=lambda rows: Shape(rows, share="same"), title="nothing changed", axes={"share": SHARE_WORDS["same"]}),
    "axis-share-one": partial(axis, shape=lambda rows: Shape(rows, share="one_percent"), title="1 % changed", axes={"share": SHARE_WORDS["one_percent"]}),
    "axis-share-all": partial(axis, shape=lambda rows: Shape(rows, share="all_rows"), title="every row changed", axes={"share": SHARE_WORDS["all_rows"]}),
    "axis-columns-030": partial(axis, shape=lambda rows: Shape(rows, columns=30), title="30 columns", axes={"columns": "30"}),
    "axis-columns-400": partial(axis, shape=lambda rows: Shape(rows, columns=400), title="400 columns", axes={"columns": "400"}),
    "axis-text-0020": partial(axis, shape=lambda rows: Shape(rows, text=20), title="a text of 20 characters", axes={"text": "20"}),
    "axis-text-0200": partial(axis, shape=lambda rows: Shape(rows, text=200), title="a text of 200 characters", axes={"text": "200"}),
    "axis-text-1000": partial(axis, shape=lambda rows: Shape(rows, text=1000), title="a text of 1,000 characters", axes={"text": "1000"}),
    "axis-key-text": partial(axis, shape=lambda rows: Shape(rows, key="text"), title="text as key", axes={"key": "text"}),
    "axis-key-two": partial(axis, shape=lambda rows: Shape(rows, key="composite"), title="two columns as key", axes={"key": "composite"}),
    "axis-maps": partial(axis, shape=lambda rows: Shape(rows, mapped=True), title="two id maps", axes={"maps": "two"}),
}
