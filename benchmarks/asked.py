"""The one place that counts what a run asks of the engine: queries, scans of the stores' tables, and joins of the source's rows with the target's.

Every query is explained before it is sent, so nothing is guessed and no time means anything meanwhile. Small tables are read as large ones are.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any
from unittest.mock import patch

from dq.engine import Engine
from dq.sql import Query

_READS = re.compile(r"\s*(?:SELECT|WITH|INSERT|DELETE|UPDATE|COPY|CREATE (?:OR REPLACE )?(?:TEMP )?TABLE\b.* AS\b)", re.DOTALL)
_OF = re.compile(r"(\w+)[.:]")  # a step begins with its entity
_ROWS = {"source": re.compile(r"source_snapshot\.|.*\bsome_source$"), "target": re.compile(r"target_snapshot\.|.*\b(?:some_target|changed_later)$")}
"""Where rows are read from: a store's own tables, or what was fetched from them for a join (see `dq.compare.localise` and `since`)."""


@dataclass
class Asked:
    """What a run asked.

    Attributes:
        texts: texts with their values, and how often each was sent.
        steps: the step of each.
        scans: of the stores' tables, by the entity whose step it was ('' for none) and table.
        joins: of rows of the source with rows of the target, by step.
    """

    texts: Counter[tuple[str, str]] = field(default_factory=Counter)
    steps: dict[tuple[str, str], str] = field(default_factory=dict)
    scans: Counter[tuple[str, str]] = field(default_factory=Counter)
    joins: Counter[str] = field(default_factory=Counter)

    @property
    def queries(self) -> int:
        """How many queries there were."""
        return sum(self.texts.values())

    def scans_of(self, side: str) -> dict[str, int]:
        """Return how often each table of a store was scanned."""
        found: Counter[str] = Counter()
        for (_, table), count in self.scans.items():
            if table.startswith(f"{side}."):
                found[table] += count
        return dict(sorted(found.items()))


@contextmanager
def counted() -> Iterator[Asked]:
    """Count what is asked of every engine meanwhile, as if no table were small enough to be kept (see `dq.compare.views.FEW`)."""
    found = Asked()
    sent = Engine._sent  # noqa: SLF001 - the one way by which everything is sent

    def explained(engine: Engine, query: Query) -> Any:
        text = " ".join(query.sql.split()), repr(query.values)
        found.texts[text] += 1
        found.steps[text] = query.step
        if _READS.match(query.sql):
            (_, plan), *_rest = sent(engine, Query(f"EXPLAIN (FORMAT JSON) {query.sql}", query.values)).fetchall()
            entity = _OF.match(query.step)
            nodes = json.loads(plan)
            found.scans.update((entity[1] if entity else "", _named(table)) for table in _tables(nodes) if "_snapshot." in table)
            found.joins[query.step] += sum(_joins(nodes))
        return sent(engine, query)

    with (
        patch.object(Engine, "_sent", explained),
        patch("dq.compare.entity.FEW", -1),
        patch("dq.compare.parser._ANSWERS", {}),
        patch("dq.compare.views._ZONES", set()),
    ):
        yield found
    found.joins = +found.joins


def _named(table: str) -> str:
    return table.replace("_snapshot.main", "")


def _tables(node: Any, *, grouped: bool = True) -> Iterator[str]:
    """Yield the tables that a plan scans; without those of which only groups come through, where these are no rows to whoever asks."""
    for item in node if isinstance(node, list) else [node]:
        if not grouped and "GROUP" in item.get("name", ""):
            continue
        table = item.get("extra_info", {}).get("Table", "")
        if table:
            yield table
        yield from _tables(item.get("children", []), grouped=grouped)


def _joins(node: Any) -> Iterator[int]:
    """Yield a 1 for each operator of a plan that brings together an arm with rows of the source and another with rows of the target."""
    for item in node if isinstance(node, list) else [node]:
        arms = item.get("children", [])
        read = [{side for side, rows in _ROWS.items() for table in _tables(arm, grouped=False) if rows.match(table)} for arm in arms]
        if "JOIN" in item.get("name", "") and any("source" in one and "target" in other for one, other in permutations(read, 2)):
            yield 1
        yield from _joins(arms)
