"""The one place for what became of a run's canaries: frozen counts, before any judgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Claim = tuple[object, ...]  # one thing that a comparison says; the first item is the kind of check that says it


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """What was planted in copies, and what the comparison missed of it or saw beside it."""

    planted: int  # corruptions
    missed: int  # claims that must be made of the copies, and were not
    invented: int  # claims that were made, and must not be
    faults: int = 0  # claims of what is wrong that must be made
    operators: Mapping[str, int] = field(default_factory=dict)  # operator, in plain words, to corruptions
    seed: str = ""  # what chose the operators and their rows


def add_up(operators: Iterable[str], *, expected: set[Claim], found: set[Claim], faults: int, seed: str) -> CanaryResult:
    """Return what became of some operators: the claims that plain Python makes must be exactly those of the engine."""
    planted = Counter(operators)
    return CanaryResult(planted.total(), len(expected - found), len(found - expected), faults, dict(sorted(planted.items())), seed)


def together(results: Iterable[CanaryResult], *, seed: str) -> CanaryResult:
    """Return several results as one."""
    operators: Counter[str] = Counter()
    planted = missed = invented = faults = 0
    for result in results:
        operators.update(result.operators)
        planted, missed = planted + result.planted, missed + result.missed
        invented, faults = invented + result.invented, faults + result.faults
    return CanaryResult(planted, missed, invented, faults, dict(sorted(operators.items())), seed)
