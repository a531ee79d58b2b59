"""The one place for the core races: ten million orders, copied and mapped, what differs more and more; and ten times as many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from benchmarks import shape_sql
from benchmarks.bench import Bench, Entry, Sides, race
from benchmarks.contenders import Command, Handwritten, Ours
from benchmarks.data import Data, build
from benchmarks.measure import Opener
from benchmarks.sealed import seal_all
from benchmarks.shape import Shape
from benchmarks.shaping import changed, make
from benchmarks.table import Race

CONTRACTS = Path(__file__).with_name("contracts")
JOIN, OURS, RUN, GATE = "full outer join by hand", "dq, snapshots attached", "dq run, process", "dq gate with fitness, process"
TENTH = "dq, a tenth of the rows"
BY_JOIN, BY_FINGERPRINTS, FINDINGS, ASKED = "one join by hand", "fingerprints by hand", "join and findings by hand", "all that is asked, by hand"
KINDS = {OURS: "dq", TENTH: "dq", RUN: "dq", GATE: "dq", JOIN: "hand", BY_JOIN: "hand", BY_FINGERPRINTS: "hand", FINDINGS: "hand", ASKED: "hand"}
COLUMNS = ("account_id", "region", "status", "currency", "total", "created_at")
TIMES, LARGE_MEMORY, LARGE_ROUNDS = 10, "3GB", 2  # with a limit of 3 GB the whole process stays below 4 GiB

Races = Mapping[str, Callable[[Bench], Race]]


def ten_cells(bench: Bench) -> Race:
    """Ten cells of ten rows differ: beside the join that a careful person writes, and beside every peer."""
    data = _data(bench)
    stores = {"source": data.store("source"), "target": data.store("ten")}
    sealed = seal_all(data, tell=bench.tell)
    dq = str(Path(sys.executable).with_name("dq"))
    runs = ("--runs", "{folder}", "--threads", "2")
    two = ("--source", str(sealed["source"]), "--target", str(sealed["ten"]))
    three = ("--source", str(sealed["source"]), "--target", str(sealed["moved"]), "--crosswalk", str(sealed["people"]))
    contenders: dict[str, Opener] = {
        JOIN: Handwritten("full_join", stores),
        OURS: Ours(CONTRACTS / "plain", stores),
        RUN: Command((dq, "run", "--contract", str(CONTRACTS / "plain"), *two, *runs), exits=1),
        GATE: Command((dq, "gate", "--batch", "2", "--contract", str(CONTRACTS / "gated"), *three, *runs), exits=1),
    }
    sides = Sides(data.parquet("source"), data.parquet("ten"), ("order_id",), COLUMNS, changed=10)
    axes = {"rows": str(data.rows)}
    return race(bench, Entry(f"{data.rows:,} rows, 10 cells changed", contenders, KINDS, JOIN, {OURS: 0.6}, sides=sides, axes=axes))


def one_percent(bench: Bench) -> Race:
    """One row in a hundred differs."""
    return _many(bench, title="1 % of the rows changed", store="one_percent", limit=1.4)


def all_rows(bench: Bench) -> Race:
    """Every row differs: beside the join, and beside all that is asked of a comparison, by hand."""
    return _many(bench, title="every row changed", store="all_rows", limit=2.5, others={ASKED: "all_asked"})


def conformed(bench: Bench) -> Race:
    """Two id maps, zones, codes and minor units on the way: beside the quicker of two ways to write it by hand."""
    data = _data(bench)
    stores = {"source": data.store("shop"), "target": data.store("merged"), "crosswalk": data.store("crosswalk")}
    contenders: dict[str, Opener] = {
        BY_JOIN: Handwritten("conformed_join", stores),
        BY_FINGERPRINTS: Handwritten("conformed_fingerprints", stores),
        OURS: Ours(CONTRACTS / "conformed", stores),
    }
    title = f"{data.rows:,} rows, 10 cells changed; two id maps, zones, codes, minor units"
    found = race(bench, Entry(title, contenders, KINDS, BY_FINGERPRINTS, {OURS: 1.3}))
    quicker = min((BY_JOIN, BY_FINGERPRINTS), key=lambda name: found.timings[name].median)
    return replace(found, yardstick=quicker)


def large(bench: Bench) -> Race:
    """Ten times as many rows, ten cells of them changed, within 4 GiB; beside the peers."""
    return _large(bench, mapped=False)


def large_mapped(bench: Bench) -> Race:
    """The same with two id maps to join. No peer joins an id map."""
    return _large(bench, mapped=True)


CORE: Races = {
    "ten_cells": ten_cells,
    "one_percent": one_percent,
    "all_rows": all_rows,
    "conformed": conformed,
    "large": large,
    "large_mapped": large_mapped,
}


def sides(shape: Shape, folder: Path) -> Sides:
    """Return what the peers compare of a shape."""
    return Sides(folder / "source.parquet", folder / "target.parquet", shape.keys, tuple(shape.values), changed(shape))


def _data(bench: Bench) -> Data:
    return build(bench.rows, tell=bench.tell)


def _many(bench: Bench, *, title: str, store: str, limit: float, others: Mapping[str, str] = MappingProxyType({})) -> Race:
    """Many rows differ: beside the same join, and other scripts by the contender's name."""
    data = _data(bench)
    stores = {"source": data.store("source"), "target": data.store(store)}
    contenders: dict[str, Opener] = {
        JOIN: Handwritten("full_join", stores),
        FINDINGS: Handwritten("all_findings", stores),
        **{name: Handwritten(script, stores) for name, script in others.items()},
        OURS: Ours(CONTRACTS / "plain", stores),
    }
    return race(bench, Entry(f"{data.rows:,} rows, {title}", contenders, KINDS, JOIN, {OURS: limit}))


def _large(bench: Bench, *, mapped: bool) -> Race:
    few = make(Shape(bench.rows, mapped=mapped), tell=bench.tell)
    many = make(Shape(TIMES * bench.rows, mapped=mapped), tell=bench.tell)
    contenders: dict[str, Opener] = {
        JOIN: Handwritten(shape_sql.full_join(many.shape), many.stores, memory=LARGE_MEMORY),
        OURS: Ours(many.contract, many.stores, memory=LARGE_MEMORY),
        TENTH: Ours(few.contract, few.stores, memory=LARGE_MEMORY),
    }
    title = f"{many.shape.rows:,} rows, 10 cells changed{'; two id maps' if mapped else ''}; within 4 GiB"
    compared = None if mapped else sides(many.shape, many.folder)
    files = (*many.stores.values(), *((compared.source, compared.target) if compared else ()))
    axes = {} if mapped else {"rows": str(many.shape.rows)}
    entry = Entry(title, contenders, KINDS, JOIN, {OURS: 0.3}, {}, compared, axes, many.shape.rows, files, LARGE_ROUNDS, large=True)
    return race(bench, entry)
