"""Breadth-first over all that may happen: every state once, with the shortest way to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .states import Action, State, actions


@dataclass(frozen=True, slots=True)
class Reached:
    """A state, and the actions that lead there from the beginning."""

    state: State
    path: tuple[Action, ...]


@dataclass
class Explored:
    """What was explored, counted."""

    states: int = 0
    transitions: int = 0


def explore(roots: Iterator[tuple[Reached, int]], explored: Explored) -> Iterator[Reached]:
    """Yield every state that is reached from a root within its depth, once.

    Args:
        roots: where to begin, and how many actions are taken from there at most.
        explored: counted there.
    """
    seen: set[State] = set()
    for root, depth in roots:
        level = [root]
        known = {root.state}
        for left in range(depth, -1, -1):
            for reached in level:
                if reached.state not in seen:
                    seen.add(reached.state)
                    explored.states += 1
                    yield reached
            if left == 0:
                break
            following: list[Reached] = []
            for reached in level:
                for action, state in actions(reached.state):
                    explored.transitions += 1
                    if state not in known:
                        known.add(state)
                        following.append(Reached(state, (*reached.path, action)))
            level = following


def along(path: tuple[Action, ...]) -> Reached:
    """Return what a path leads to from the beginning; each of its actions must be possible."""
    state = State()
    for action in path:
        state = dict(actions(state))[action]
    return Reached(state, path)
