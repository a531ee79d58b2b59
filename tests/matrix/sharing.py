"""The one place that says which cases share a run: corruptions that break different checks, and neutral changes, which break none.

A shared run must find what each of its corruptions brings about, to the last key, and nothing else. Where it finds anything else, whatever the
reason, each of its cases is run alone, and that decides.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from dq_fixtures.corruptions import CORRUPTIONS, apply
from dq_fixtures.corruptions.neutral import NEUTRAL
from dq_fixtures.corruptions.registry import Stage

from dq.errors import DqError

from .cases import judge_corruption, judge_neutral, run_corruption, run_neutral
from .listing import Item, run_item
from .stages import Case

Share = tuple[Item, ...]
"""The items of one run, of one kind and stage."""


def shares(items: Iterable[Item]) -> list[Share]:
    """Put items together that may share a run; each stands in one share, and those that may not are alone."""
    together: dict[object, list[tuple[list[Item], set[str]]]] = {}
    for item in items:
        where, checks = _room(item)
        for members, taken in together.setdefault(where, []):
            if taken.isdisjoint(checks):
                members.append(item)
                taken.update(checks)
                break
        else:
            together[where].append(([item], set(checks)))
    return [tuple(members) for found in together.values() for members, _ in found]


def run_share(base: Path, share: Share) -> Mapping[str, list[str]]:
    """Run the items of a share and return by id what was otherwise than it must be."""
    if len(share) == 1:
        return {share[0].id: run_item(base, share[0])}
    names = [item.id for item in share]
    together, alone = (_neutral, run_neutral) if share[0].neutral else (_corruptions, run_corruption)
    if not together(base, names):
        return {name: [] for name in names}
    return {name: alone(base, name) for name in names}


def _room(item: Item) -> tuple[object, set[str]]:
    """Return with which others an item may share a run, and the checks that no other may break."""
    if item.kind == "corruption":
        it = CORRUPTIONS[item.id]
        if it.place == "stores" and it.refused is None:
            return (item.kind, it.stage), set(it.checks)
    if item.kind == "neutral" and NEUTRAL[item.id].counted is None:
        return (item.kind, NEUTRAL[item.id].stage, NEUTRAL[item.id].same), set()
    return (item.kind, item.id), set()


def _corruptions(base: Path, names: list[str]) -> list[str]:
    """Let several corruptions loose, one after the other, and return what a run of them all found otherwise."""
    stage = CORRUPTIONS[names[0]].stage
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = _case(base, Path(work), stage)
        try:
            files, expected = case.changed(lambda copy: {name: apply(copy, name) for name in names})
            finished = case.run(files)
        except (DqError, LookupError, AssertionError) as error:  # one left nothing for another to pick
            return [f"not together: {error}"]
        return judge_corruption(finished, {CORRUPTIONS[name]: told for name, told in expected.items()})


def _neutral(base: Path, names: list[str]) -> list[str]:
    """Make several neutral changes, and return every alarm."""
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = _case(base, Path(work), NEUTRAL[names[0]].stage)
        contract = case.contract
        try:
            files, _ = case.changed(lambda copy: [NEUTRAL[name].change(copy, contract) for name in names])
            finished = case.run(files)
        except (DqError, LookupError, AssertionError) as error:
            return [f"not together: {error}"]
        return judge_neutral(case, finished, NEUTRAL[names[0]])


def _case(base: Path, work: Path, stage: Stage) -> Case:
    return Case(base / str(stage.moved), work, stage)
