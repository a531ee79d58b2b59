"""The one place that says which cases share a run: those that break different checks, and those that break none.

A shared run must find what each of its corruptions brings about, to the last key, and nothing else. Where it finds anything else, those that are
about the same checks are run alone, and the others together; where that is not known, its halves, down to one case alone, and that decides.

Canaries look at what is the same in all of them, and take a seventh of their time: some shares plant them, and every case that runs alone does.
"""

from __future__ import annotations

import re
import tempfile
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from zlib import crc32

from dq_fixtures.corruptions import CORRUPTIONS, Corruption
from dq_fixtures.corruptions.expected import Expected
from dq_fixtures.corruptions.neutral import NEUTRAL
from dq_fixtures.corruptions.picks import Db, picking_for
from dq_fixtures.corruptions.registry import FIRST, Stage, with_stores

from dq import measuring
from dq.canaries import CanaryResult

from .canaries import run_canaries
from .cases import judge_corruption, judge_neutral, let_loose
from .judging import OUTCOME, Otherwise, compare
from .listing import Item, run_item
from .sabotage import SABOTAGES
from .spoiling import seeded
from .stages import Case

_CANARIES = 3  # one share of so many plants canaries
_MOST = 16  # of a share: the more there are, the likelier two pick the same row

_PLACES = ("contract", "exports", "stores", "sealed")

_APART = ("G.twice", "NU2", "X.empty", "Y.deadline", "Y.deadline.gate")  # they write what others cannot read, or find nothing left to pick after others

_CLASHES = tuple(
    frozenset(names.split())
    for names in (
        "A06.native A16",
        "A06.native A26",
        "A07.coupons Z.zone",
        "C02 demo.zone",
        "C12 K19.through",
        "E.linked E.linked.balance",
        "E.nobody O18",
        "E.nobody R04",
        "K.early.linked N.baseline",
        "K.unplaced M.twice.accounts",
        "K19 O14",
        "K19.through O28",
        "RP.sold RP.undated",
    )
)
"""Those of which one takes the rows that another picks, or makes up for what it breaks: no two of a set share a run."""

_ADDED_UP = {"coverage.source", "coverage.target"}  # each counts what several corruptions leave uncovered

KEYED = re.compile(r"\w+\.(attribution|instants|invariant\.\w+|values)")  # each names the keys of what breaks it, so several may

_WHOLE = (".rows", ".keys", ".schema")  # checks of rows that come and go

Share = tuple[Item, ...]
"""The items of one run, of one kind and stage."""


def shares(items: Iterable[Item]) -> list[Share]:
    """Put items together that may share a run; each stands in one share, and those that may not are alone.

    Those that need the most room choose first. Each goes where the fewest others are that are about the same entities, so that few pick the same rows.
    """
    together: dict[object, list[tuple[list[Item], set[str]]]] = {}
    for item in sorted(items, key=_breadth, reverse=True):
        where, checks = _room(item)
        open_ = [share for share in together.setdefault(where, []) if len(share[0]) < _MOST and _fits(checks, share[1]) and not _clashes(item, share[0])]
        if open_:
            members, taken = min(open_, key=lambda share: (len(_about(checks) & _about(share[1])), len(share[0])))
            members.append(item)
            taken.update(checks)
        else:
            together[where].append(([item], set(checks)))
    return [tuple(sorted(members, key=_order)) for found in together.values() for members, _ in found]


def run_share(base: Path, share: Share) -> Mapping[str, list[str]]:
    """Run the items of a share and return by id what was otherwise than it must be."""
    names = [item.id for item in share]
    if _is_blind(share[0]):
        return run_canaries(base, names)
    if len(share) == 1:
        return {share[0].id: _alone(base, share[0])}
    together = {"corruption": run_corruptions, "sabotage": _crashing}.get(share[0].kind, _neutral)
    otherwise = together(base, names)
    if not otherwise:
        return {item.id: [] for item in share}
    if isinstance(otherwise, Unfit):
        doubtful, others = _apart(share, {otherwise.name})
        return {**run_share(base, doubtful), **run_share(base, others)}
    doubtful, held = _apart(share, _suspects(share, otherwise))
    if doubtful and held:  # what is otherwise is about these; yet one of the others may have brought it about
        return {**run_share(base, held), **{item.id: _alone(base, item) for item in doubtful}}
    half = len(share) // 2
    return {**run_share(base, share[:half]), **run_share(base, share[half:])}


def _apart(share: Share, names: Collection[str]) -> tuple[Share, Share]:
    """Return the items of a share with these names, and the others."""
    return tuple(item for item in share if item.id in names), tuple(item for item in share if item.id not in names)


def _suspects(share: Share, otherwise: Iterable[str]) -> set[str]:
    """Return which corruptions break what is otherwise than expected; none, where any of it is nobody's. The outcome is what the checks make of it."""
    found: set[str] = set()
    for line in otherwise:
        about = line.about if isinstance(line, Otherwise) else frozenset[str]()
        of = {item.id for item in share if item.kind == "corruption" and _breaks(CORRUPTIONS[item.id].checks, about)}
        if not of and about != {OUTCOME}:
            return set()
        found |= of
    return found


def _breaks(checks: Iterable[str], about: Collection[str]) -> bool:
    """Return whether any of these checks, or of these entities' checks, is among them."""
    return any(check in about or check.partition(".")[0] in about for check in checks)


def _alone(base: Path, item: Item) -> list[str]:
    try:
        return run_item(base, item)
    except Exception:  # noqa: BLE001 - a case that breaks is a case that was not caught, and takes no other with it
        return traceback.format_exc().splitlines()[-3:]


def _breadth(item: Item) -> tuple[int, int]:
    """Return of how many entities an item takes all the room, and how many checks it breaks."""
    checks = CORRUPTIONS[item.id].checks if item.kind == "corruption" else ()
    return len(_about(check for check in checks if check.endswith(_WHOLE))), len(checks)


def _order(item: Item) -> tuple[bool, int, int]:
    """Return what items are let loose by, in this order.

    What is written beside the stores comes before what changes them, whole persons and rows before single values, and last what leaves nothing to pick from.
    """
    it = CORRUPTIONS.get(item.id) if item.kind == "corruption" else None
    return (bool(it.unproven), _PLACES.index(it.place), -len(it.checks)) if it is not None else (False, 0, 0)


def _fits(checks: set[str], others: set[str]) -> bool:
    """Return whether nothing that is broken is broken by others too, and no rows come or go of an entity that the others are about."""
    whole, their_whole = _about(check for check in checks if check.endswith(_WHOLE)), _about(check for check in others if check.endswith(_WHOLE))
    return (
        not any(check in others for check in checks if not KEYED.fullmatch(check))
        and whole.isdisjoint(_about(others))
        and their_whole.isdisjoint(_about(checks))
    )


def _clashes(item: Item, others: Iterable[Item]) -> bool:
    return any(any({item.id, other.id} <= clash for clash in _CLASHES) or _hides(item, other) or _hides(other, item) for other in others)


def _hides(item: Item, other: Item) -> bool:
    """Return whether rows cannot be read after an item, and another breaks what is asked of the rows of all entities together."""
    if item.kind != "corruption" or other.kind != "corruption":
        return False
    return any(check.endswith(_WHOLE) for check in CORRUPTIONS[item.id].unproven) and "crosswalk.batches" in CORRUPTIONS[other.id].checks


def _about(checks: Iterable[str]) -> set[str]:
    """Return which entities checks are about; a crosswalk's, those of its name."""
    return {check.removeprefix("crosswalk.").partition(".")[0] for check in checks} - {"snapshot", "coverage", "calendar"}


def _room(item: Item) -> tuple[object, set[str]]:
    """Return with which others an item may share a run, and the checks that no other may break."""
    if item.id in _APART:
        return (item.kind, item.id), set()
    if item.kind == "corruption":
        it = CORRUPTIONS[item.id]
        if it.refused is None:
            return (item.kind, it.place == "sealed", it.stage), set(it.checks) - _ADDED_UP
    if _is_blind(item):
        return (item.kind, "blind"), set()
    if item.kind == "sabotage" and SABOTAGES[item.id].crashes:
        return (item.kind, "crashes"), {told.check for told in SABOTAGES[item.id].expected(())}
    if item.kind == "neutral":
        one = NEUTRAL[item.id]
        return (item.kind, one.stage, one.same), set() if one.counted is None else {f"{one.counted[0]} counted"}
    return (item.kind, item.id), set()


@dataclass(frozen=True, slots=True)
class Unfit:
    """The corruption that could not be let loose after others."""

    name: str


def run_corruptions(base: Path, names: Sequence[str]) -> list[str] | Unfit:
    """Let several corruptions loose, one after the other, and return what a run of them all found otherwise."""
    loose: list[str] = []
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = _case(base, Path(work), CORRUPTIONS[names[0]].stage)
        try:
            files, expected = _changed(case, names, loose)
        except Exception:  # noqa: BLE001 - whatever one did to another: apart they are asked again
            return Unfit(loose[-1])
        plants = crc32(" ".join(names).encode()) % _CANARIES == 0 or any(check.startswith("canary.") for name in names for check in CORRUPTIONS[name].checks)
        try:
            with nullcontext() if plants else patch.object(measuring, "release", lambda *_, **__: CanaryResult(1, 0, 0)):
                finished = case.run(files)
        except Exception as error:  # noqa: BLE001 - as above
            return [f"not together: {error}"]
        return judge_corruption(finished, {CORRUPTIONS[name]: told for name, told in expected.items()})


def _changed(case: Case, names: Sequence[str], loose: list[str]) -> tuple[dict[str, Path], dict[str, Expected]]:
    """Return the snapshots after corruptions that may share a run, and by name what each must bring about; `loose` gets each name before it is let loose."""

    def each(corrupt: Callable[[Corruption], Expected]) -> dict[str, Expected]:
        expected = {}
        for name in names:
            loose.append(name)
            expected[name] = corrupt(CORRUPTIONS[name])
        return expected

    if CORRUPTIONS[names[0]].place == "sealed":
        folder = case.sealed()
        return {}, each(lambda it: it.corrupt(folder))
    return case.changed(lambda copy: with_stores(copy, lambda db: each(lambda it: _in_turn(it, case, copy, db))))


def _in_turn(it: Corruption, case: Case, copy: Path, db: Db) -> Expected:
    """Let one of several corruptions loose, in rows that none before it was about, as long as there are others."""
    picking_for(db, it.id)
    return let_loose(it, case, copy, db)


def _crashing(base: Path, names: list[str]) -> list[str]:
    """Let several steps of one run crash: none disturbs what the others do not need."""
    expected = tuple(dict.fromkeys(told for name in names for told in SABOTAGES[name].expected(())))
    with tempfile.TemporaryDirectory(prefix="matrix-") as work, ExitStack() as spoilt:
        case = _case(base, Path(work), FIRST)
        for name in names:
            spoilt.enter_context(SABOTAGES[name].spoil())
        spoilt.enter_context(seeded())
        finished = case.run(case.clean)
        missing = [] if len(finished.crashes) >= len(names) else [f"{len(names)} steps were to crash, {len(finished.crashes)} did"]
        return [*compare(finished, expected), *missing]


def _is_blind(item: Item) -> bool:
    return item.kind == "sabotage" and SABOTAGES[item.id].blind


def _neutral(base: Path, names: list[str]) -> list[str]:
    """Make several neutral changes, and return every alarm."""
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = _case(base, Path(work), NEUTRAL[names[0]].stage)
        contract = case.contract
        try:
            files, cells = case.changed(lambda copy: {NEUTRAL[name]: NEUTRAL[name].change(copy, contract) for name in names})
            finished = case.run(files)
        except Exception as error:  # noqa: BLE001 - as above
            return [f"not together: {error}"]
        return judge_neutral(case, finished, cells)


def _case(base: Path, work: Path, stage: Stage) -> Case:
    return Case(base / str(stage.moved), work, stage)
