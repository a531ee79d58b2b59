"""A gate on a signed past opens exactly where it may: over all that may happen in a small scope, and again through the command line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.small import Dq

from .model.exploring import Explored, Reached, along, explore
from .model.law import may_open
from .model.replaying import Replay
from .model.states import TARGETS, Action, State
from .model.world import World, build_world

FIRST: tuple[Action, ...] = (("validate", "1"), ("sign", "1", "sri", "accept"), ("sign", "1", "tina", "accept"))
MOVED: tuple[Action, ...] = (*FIRST, ("export", "two"))
SECOND: tuple[Action, ...] = (*MOVED, ("validate", "2"), ("sign", "2", "sri", "accept"), ("sign", "2", "tina", "accept"))
WAIVED: tuple[Action, ...] = (("export", "one, silent"), ("waive", "rina"), *FIRST)
OWN: tuple[Action, ...] = (("export", "one, silent"), ("waive", "sri"), *FIRST)
ROOTS = {(): 3, FIRST: 3, WAIVED: 2, OWN: 1, MOVED: 2, SECOND: 3}
"""Where exploring begins, and how many actions are taken from there at most."""
pytestmark = pytest.mark.xdist_group("model")  # all states are explored once

REPLAYED = 10


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build_world(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def reached(world: World) -> tuple[Explored, list[tuple[Reached, bool]]]:
    """Explore every state, and say of each whether our code opens the next gate."""
    explored = Explored()
    roots = ((along(path), depth) for path, depth in ROOTS.items())
    return explored, [(found, world.opens(found.state, gate=next_gate(found.state))) for found in explore(roots, explored)]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder where no lock file is named."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def sample(reached: tuple[Explored, list[tuple[Reached, bool]]]) -> list[tuple[Reached, bool]]:
    """Some of the ways that were gone, half of them to an open gate."""
    dice = random.Random(20241105)  # noqa: S311 - chooses what is looked at
    by_end = ([item for item in reached[1] if item[1] is is_open and len(item[0].path) > len(FIRST)] for is_open in (True, False))
    return [item for items in by_end for item in dice.sample(items, REPLAYED // 2)]


def next_gate(state: State) -> int:
    """Return the batch that would start next."""
    return TARGETS[state.target].stage + 1


@pytest.mark.slow
def test_a_gate_opens_exactly_where_it_may(reached: tuple[Explored, list[tuple[Reached, bool]]]) -> None:
    wrong = [(found.path, is_open) for found, is_open in reached[1] if is_open is not may_open(found.state, gate=next_gate(found.state))]
    assert wrong == []


@pytest.mark.slow
def test_what_was_explored_is_neither_little_nor_all_shut(reached: tuple[Explored, list[tuple[Reached, bool]]]) -> None:
    explored, found = reached
    opened = [next_gate(item.state) for item, is_open in found if is_open]
    assert (explored.states, explored.transitions, opened.count(2), opened.count(3)) == (19558, 36343, 531, 557)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(REPLAYED))
def test_the_command_line_comes_to_the_same(dq: Dq, world: World, sample: list[tuple[Reached, bool]], empty: Path, number: int) -> None:
    found, is_open = sample[number]
    replay = Replay(world, dq, empty)
    for before, action in zip(_states(found.path), found.path, strict=False):
        replay.act(action, before)
    said = replay.gate(found.state)
    assert (said.status == 0, said.last.split()[:2]) == (is_open, ["GATE", "OPEN" if is_open else "SHUT"]), found.path


def _states(path: tuple[Action, ...]) -> Iterator[State]:
    """Yield what was before each action of a path, and what is after the last."""
    yield from (along(path[:length]).state for length in range(len(path) + 1))
