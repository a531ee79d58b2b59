"""When a gate may open, said of states alone: nothing here reads a file, checks a signature, or calls what it judges."""

from __future__ import annotations

from .states import TARGETS, Made, Run, State


def may_open(state: State, *, gate: int) -> bool:
    """Say whether a gate must open; where not, it must stay shut."""
    target = TARGETS[state.target]
    earlier = range(1, gate)
    if target.stage < gate - 1 or state.roster != "agreed":  # the data owner, the validator or the pin is gone
        return False
    broken = [batch for batch in earlier if batch in target.silent]
    if state.waiver is not None and state.age:  # it has ended by then
        return False
    if broken != ([1] if state.waiver is not None else []):  # a waiver covers just that row of batch 1, and is never for nothing
        return False
    before: Run | None = None
    for batch in earlier:
        spoken = state.signed(batch)
        if not spoken or any(_is_void(run) for run in spoken) or any(_made_like(run, batch) for run in state.runs):
            return False
        last = max(spoken, key=lambda run: max((word.age, word.minute) for word in run.words))
        if not _is_accepted(last, state) or not _follows(last, before) or not _still_there(last.made, state):
            return False
        before = last
    return True


def _is_void(run: Run) -> bool:
    """Whether a folder is not what it says: a file is another run's, or somebody accepts what is not proven."""
    return bool(run.swapped) or (not is_proven(run.made) and any(word.decision == "accept" for word in run.words))


def _made_like(run: Run, batch: int) -> bool:
    """Whether a file in a folder says that it is of a batch, and is another run's."""
    return any(file != "carried.json" and other is not None and other.batch == batch for file, other, _ in run.swapped)


def is_proven(made: Made) -> bool:
    """Whether a run is PASSED or WAIVED."""
    target = TARGETS[made.target]
    if made.batch in target.honest:  # a run knows no signature that a change could come after
        return False
    is_covered = made.batch == 1 and made.waiver is not None
    return (made.batch in target.silent) == is_covered


def _is_accepted(run: Run, state: State) -> bool:
    """Whether a run is proven, accepted by the data owner and another, rejected by nobody, and waived by nobody for themselves."""
    last = {word.person: word for word in sorted(run.words, key=lambda word: (word.age, word.minute))}
    fresh = {word.person for word in last.values() if word.decision == "accept" and word.age == state.age}
    rejected = any(word.decision == "reject" for word in last.values())
    is_own = run.made.batch == 1 and run.made.waiver == "sri"  # who signs as the data owner
    return is_proven(run.made) and "sri" in fresh and len(fresh) > 1 and not rejected and not is_own


def _follows(run: Run, before: Run | None) -> bool:
    """Whether whoever accepted a run did so after what counts of the batch before."""
    follows = [word.follows for word in run.words if word.decision == "accept"]
    if before is None:
        return all(found is None for found in follows)
    return all(found is not None and found[0] == before.made and set(found[1]) <= set(before.words) for found in follows)


def _still_there(made: Made, state: State) -> bool:
    """Whether the batch's rows in today's target are those of the signed run, or say themselves that they changed after it."""
    then, today = TARGETS[made.target], TARGETS[state.target]
    if (made.batch in then.silent) != (made.batch in today.silent):
        return False
    waived = made.batch in then.silent
    return (made.batch not in today.honest or then.hours < today.hours) and (not waived or made.waiver == state.waiver)
