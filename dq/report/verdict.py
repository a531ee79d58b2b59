"""The one place for the verdict's words: PASSED to NOT PROVEN for a run, GATE OPEN or GATE SHUT for a gate, and what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dq.record import Outcome, Record
from dq.report import blocks
from dq.report.facts import Fact

GATE_OPEN: Final = "GATE OPEN"
GATE_SHUT: Final = "GATE SHUT"
_BY_EXIT_STATUS: Final = {1: Outcome.FAILED, 3: Outcome.NOT_PROVEN}
_ALL: Final = "all that has moved"
_BATCHES_NAMED: Final = 12


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: its words, what they are about, and how they are shown."""

    words: str
    about: str  # "batch 3", or "all that has moved"
    mark: blocks.Mark
    exit_status: int

    @property
    def line(self) -> str:
        """The words and what they are about, in one line."""
        return f"{self.words}: {self.about}"


def verdict(record: Record) -> Verdict:
    """Return the record's verdict; where outcome and exit status do not agree, the worse of both."""
    outcome = record.outcome
    if record.exit_status > outcome.exit_status:
        outcome = _BY_EXIT_STATUS.get(record.exit_status, Outcome.NOT_PROVEN)
    about = _ALL if record.batch is None else f"batch {record.batch}"
    words = outcome.value
    if record.command == "gate":
        words = GATE_SHUT if outcome.exit_status else GATE_OPEN
    return Verdict(words, about, blocks.MARKS[outcome], outcome.exit_status)


def asked(record: Record) -> tuple[Fact, ...]:
    """Return what was asked and how it came out: the facts beside the verdict."""
    compared = _batches(record)
    about: tuple[Fact, ...]
    if record.command == "gate":
        question = f"May batch {record.batch} start?" if record.batch is not None else "May the next batch start?"
        about = (Fact("Asked", (question,)), Fact("Compared", (compared or "nothing yet: the first batch",)), Fact("Outcome", (record.outcome.value,)))
    else:
        about = (Fact("Compared", (compared,)),) if compared and record.batches != (record.batch,) else ()
    return (
        *about,
        Fact("Region", (record.region or "all",)),
        Fact("As of", (blocks.moment(record.as_of),)),
        Fact("Exit status", (str(record.exit_status),)),
        Fact("Checks", (_tally(record) or "none",)),
    )


def _tally(record: Record) -> str:
    """Return `2 not proven, 6 failed, 56 passed`: worst first, what there is none of left out."""
    counts = ((sum(check.outcome is outcome for check in record.checks), outcome) for outcome in reversed(Outcome))
    return ", ".join(f"{blocks.count(number)} {outcome.value.lower()}" for number, outcome in counts if number)


def _batches(record: Record) -> str:
    """Return `batch 1`, `batches 1, 2, 3`; '' where there is none."""
    numbers = ", ".join(str(number) for number in record.batches[:_BATCHES_NAMED])
    if not numbers:
        return ""
    left = len(record.batches) - _BATCHES_NAMED
    return f"batch{'es' if len(record.batches) > 1 else ''} {numbers}" + (f" and {left:,} more" if left > 0 else "")
