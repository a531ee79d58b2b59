"""What may happen before a gate, as plain values: every state is hashable, every action gives another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple


class Target(NamedTuple):
    """A target snapshot: how many batches are in it, when it was taken, and whose rows are others than were moved."""

    stage: int
    hours: int  # after the first one
    silent: tuple[int, ...] = ()  # batches of which a row changed and does not say so
    honest: tuple[int, ...] = ()  # batches of which a row changed, and says that it changed half an hour before


TARGETS = {
    "one": Target(1, 0),
    "one, silent": Target(1, 1, silent=(1,)),
    "one, honest": Target(1, 1, honest=(1,)),
    "two": Target(2, 2),
    "two, silent in one": Target(2, 3, silent=(1,)),
    "two, silent in two": Target(2, 3, silent=(2,)),
    "two, honest": Target(2, 3, honest=(1, 2)),
}
ROLES = {"sri": "data-owner", "budi": "business-owner", "tina": "finance"}
WAIVERS = (None, "rina", "sri")  # who asked for the one that is in the contract
ROSTERS = ("agreed", "sri revoked", "ci revoked", "not the pinned one")
FILES = ("signoff.intoto.json", "parity.intoto.json", "report.json", "carried.json")


class Made(NamedTuple):
    """What decides an attested run: the batch, the target that it saw, the waiver that stood in its contract."""

    batch: int
    target: str
    waiver: str | None


class Word(NamedTuple):
    """A person's word on a run; `follows` is the run of the batch before, and what had been said of it by then."""

    person: str
    decision: str
    age: int  # 0, or 1 after so much time that what was signed before is too old
    minute: int
    follows: tuple[Made, tuple[Word, ...]] | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run's folder: what was said of it, and which of its files are another run's, or gone."""

    made: Made
    words: tuple[Word, ...] = ()
    swapped: tuple[tuple[str, Made | None, tuple[Word, ...]], ...] = ()  # file, whose it is (None: it is gone), and what had been said of that


@dataclass(frozen=True, slots=True)
class State:
    """All that a gate looks at; and its clock."""

    target: str = "one"
    waiver: str | None = None
    roster: str = "agreed"
    age: int = 0
    minute: int = 0
    runs: tuple[Run, ...] = ()  # the latest last

    def signed(self, batch: int) -> list[Run]:
        """Return the runs of a batch of which somebody said something."""
        return [run for run in self.runs if run.made.batch == batch and run.words]


Action = tuple[str, ...]


def actions(state: State) -> Iterator[tuple[Action, State]]:
    """Yield all that may happen next, and what it leads to."""
    yield from ((("export", name), replace(state, target=name)) for name in TARGETS if name != state.target)
    yield from ((("waive", name or "no more"), replace(state, waiver=name)) for name in WAIVERS if name != state.waiver)
    if state.roster == "agreed":
        yield from ((("roster", name), replace(state, roster=name)) for name in ROSTERS[1:])
    if state.age == 0:
        yield ("expire",), replace(state, age=1)
    for batch in range(1, TARGETS[state.target].stage + 1):
        made = Made(batch, state.target, state.waiver)
        if made not in (run.made for run in state.runs):
            yield ("validate", str(batch)), replace(state, runs=(*state.runs, Run(made)))
    yield from _signed(state)
    yield from _replayed(state)


def _signed(state: State) -> Iterator[tuple[Action, State]]:
    """Let everybody accept or reject the latest run of each batch."""
    for batch in (1, 2):
        latest = next((run for run in reversed(state.runs) if run.made.batch == batch), None)
        before = state.signed(batch - 1)[-1:]
        if latest is None or latest.swapped or (batch > 1 and not before) or any(run.swapped for run in before):
            continue
        follows = (before[0].made, before[0].words) if before else None
        for person in ROLES:
            for decision in ("accept", "reject"):
                word = Word(person, decision, state.age, state.minute, follows)
                signed = _with(state, latest, replace(latest, words=(*latest.words, word)))
                yield ("sign", str(batch), person, decision), replace(signed, minute=state.minute + 1)


def _replayed(state: State) -> Iterator[tuple[Action, State]]:
    """Put a file of one run into another's folder, or an earlier sign-off file into its own."""
    whole = [run for run in state.runs if not run.swapped]
    for place, run in enumerate(state.runs):
        if not run.words or run.swapped:
            continue
        if len(run.words) > 1:
            yield ("forget", str(place)), _with(state, run, replace(run, words=run.words[:-1]))
        for file in FILES[1:]:
            yield ("lose", str(place), file), _with(state, run, replace(run, swapped=((file, None, ()),)))
        for other in whole:
            for file in FILES:
                if other is not run and (other.words or file != FILES[0]) and (file != "carried.json" or _seen(other.made) != _seen(run.made)):
                    yield ("swap", str(place), file, str(state.runs.index(other))), _with(state, run, replace(run, swapped=((file, other.made, other.words),)))


def _seen(made: Made) -> tuple[int, bool, bool]:
    """Return what a run saw of its batch's rows: where that is the same, so are the bytes of its `carried.json`."""
    target = TARGETS[made.target]
    return made.batch, made.batch in target.silent, made.batch in target.honest


def _with(state: State, run: Run, other: Run) -> State:
    return replace(state, runs=tuple(other if item is run else item for item in state.runs))
