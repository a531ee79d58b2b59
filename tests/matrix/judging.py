"""The one place that holds a run against what a corruption had to bring about: checks, counts, statuses, slices, and the last key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Self

import polars as pl
from dq_fixtures.corruptions.expected import CELL, LINE, SLICE, UNFIT, Expected, Fault, Key, Unproven

from dq.record import Check, Outcome
from dq.running import Finished

Finding = tuple[str, str | None, str, Key, str | None]
"""What a record of findings.parquet says: entity, check, status, key, column."""

SHOWN = 3

OUTCOME = "outcome"
"""What a line is about that is about the whole run's outcome."""


class Otherwise(str):
    """A line on what is otherwise than expected, and the checks or entities that it is about; none: nobody knows."""

    __slots__ = ("about",)
    about: frozenset[str]

    def __new__(cls, line: str, *about: str) -> Self:
        """Return the line, about these."""
        told = super().__new__(cls, line)
        told.about = frozenset(about)
        return told


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is expected of one check."""

    faults: tuple[Fault, ...]
    reason: str | None  # NOT PROVEN with this in its reason; None: FAILED

    def of(self, *statuses: str) -> set[Key]:
        """The keys with a status."""
        return {fault.key for fault in self.faults if fault.status in statuses}

    @property
    def statuses(self) -> dict[str, int]:
        """Row status to distinct keys; a NULL key is a row of its own, as often as it is expected."""
        nulls = Counter(fault.status for fault in self.faults if None in fault.key)
        return {status: len({key for key in self.of(status) if None not in key}) + nulls[status] for status in sorted({fault.status for fault in self.faults})}

    @property
    def broken(self) -> int:
        """What the check must count: distinct keys of each status."""
        return sum(self.statuses.values())


def wanted(expected: Expected) -> dict[str, Wanted]:
    """Return check id to what is expected of it."""
    checks = dict.fromkeys(item.check for item in expected)
    return {
        check: Wanted(
            tuple(item for item in expected if isinstance(item, Fault) and item.check == check),
            next((item.reason for item in expected if isinstance(item, Unproven) and item.check == check), None),
        )
        for check in checks
    }


def compare(finished: Finished, expected: Expected) -> Iterator[Otherwise]:
    """Yield a line for everything that a run found otherwise than expected; nothing where it is right to the last key."""
    record = finished.record
    want = wanted(expected)
    yield from compare_checks(record.checks, expected)
    worst = Outcome.NOT_PROVEN if any(one.reason is not None for one in want.values()) else Outcome.FAILED if want else Outcome.PASSED
    if (record.outcome, record.exit_status) != (worst, worst.exit_status):
        yield Otherwise(f"outcome: expected {worst}, found {record.outcome} and exit status {record.exit_status}", OUTCOME)
    yield from _findings(finished, expected)


def unnamed(finished: Finished, causes: Iterable[str], *about: str) -> Iterator[Otherwise]:
    """Yield a line for each of these words that no cause of a run has; they are about these checks."""
    found = [cause.sentence for cause in finished.record.causes]
    yield from (Otherwise(f"causes: none says '{words}', but {found}", *about) for words in causes if not any(words in sentence for sentence in found))


def compare_checks(checks: Iterable[Check], expected: Expected) -> Iterator[Otherwise]:
    """Yield a line for every check that is otherwise than expected; those of which nothing is expected must be PASSED."""
    found = {check.id: check for check in checks}
    want = wanted(expected)
    yield from (Otherwise(f"{name}: there is no such check", name) for name in want if name not in found)
    for check_id, check in found.items():
        yield from (Otherwise(line, check_id) for line in _check(check, want.get(check_id)))


def _check(check: Check, want: Wanted | None) -> Iterator[str]:
    outcome = Outcome.PASSED if want is None else Outcome.FAILED if want.reason is None else Outcome.NOT_PROVEN
    if check.outcome is not outcome:
        expected = f"{outcome} {want.broken}" if want else outcome
        yield f"{check.id}: expected {expected}, found {check.outcome} {check.broken} {dict(check.statuses)} ({check.reason or check.sentence})"
    elif want is not None:
        if want.reason is not None and want.reason not in (check.reason or ""):
            yield f"{check.id}: expected NOT PROVEN because '{want.reason}', found '{check.reason}'"
        if want.faults:
            yield from _counts(check, want)


def _counts(check: Check, want: Wanted) -> Iterator[str]:
    """Hold a check's counts, and what stands in the record instead of keys, against its faults."""
    if check.broken != want.broken:
        yield f"{check.id}: expected {want.broken} {want.statuses}, found {check.broken} {dict(check.statuses)}"
    if want.of(SLICE):
        disagree = {tuple(line.by.values()) for line in check.sums if not line.agrees}
        if disagree != want.of(SLICE):
            yield f"{check.id}: expected {_some(want.of(SLICE) - disagree)} more and {_some(disagree - want.of(SLICE))} fewer slices"
    elif want.of(LINE):
        silent = [part for (part,) in want.of(LINE) if not any(str(part) in line for line in check.details)]
        yield from (f"{check.id}: no line says '{part}', but {list(check.details)}" for part in silent)
    elif check.kind == "invariant":
        if check.pre_existing != len(want.of("pre-existing")):
            yield f"{check.id}: expected {len(want.of('pre-existing'))} pre-existing, found {check.pre_existing}"
    elif not want.of(UNFIT) and dict(check.statuses) != want.statuses:
        yield f"{check.id}: expected {want.statuses}, found {dict(check.statuses)}"


def _findings(finished: Finished, expected: Expected) -> Iterator[Otherwise]:
    """Hold findings.parquet against the faults: no key more, none fewer."""
    file = finished.folder / "restricted" / "findings.parquet"
    if not file.exists() and not finished.record.entities:
        return  # nothing was compared yet
    frame = pl.read_parquet(file)
    if len(frame) != finished.record.findings:
        yield Otherwise(f"findings: the record says {finished.record.findings}, the file has {len(frame)}")
    found: set[Finding] = {
        (entity, check, status, tuple(key), column)
        for entity, check, status, key, column in frame.select("entity", "check", "status", "key", "column").iter_rows()
    }
    want = set(_records(expected))
    if found != want:
        about = {check or entity for entity, check, *_ in found ^ want}
        yield Otherwise(f"findings: {len(want - found)} not found: {_some(want - found)}; {len(found - want)} not expected: {_some(found - want)}", *about)


def _records(expected: Expected) -> Iterator[Finding]:
    for item in expected:
        if isinstance(item, Unproven) or item.status in (SLICE, LINE, UNFIT):
            continue
        entity = item.check if item.check.startswith("crosswalk.") else item.check.partition(".")[0]
        yield (entity, item.check, item.status, item.key, item.column)
        if item.column is not None:
            yield (entity, item.check if item.check.endswith(".export") else None, CELL, item.key, None)  # all its columns are of that one check


def _some(items: Collection[object]) -> str:
    return str(list(islice(sorted(items, key=str), SHOWN)))
