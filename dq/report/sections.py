"""The one place for which section of a report a check belongs to: the snapshots, the crosswalk, the run's own proofs, an entity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dq.record import Check, EntityResult, Record
from dq.report.language import say

# Checks of no entity, by kind, in the order in which they decide what the others are worth.
_OF_ALL: Final = {
    "snapshot": "The snapshots",
    "signoff": "The signed past",
    "carried": "What was signed, today",
    "crosswalk": "The crosswalk",
    "coverage": "The coverage of both stores",
    "calendar": "The calendar",
    "canary": "The proof that this run can fail",
    "waivers": "The waivers",
}
_THE_RUN: Final = "The run"


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections of one record by place: those of no entity, then the entities as the record has them, then unknown ones."""

    entities: tuple[EntityResult, ...]
    numbers: Mapping[str, int]

    @classmethod
    def of(cls, record: Record) -> Sections:
        """Return the sections of `record`."""
        return cls(record.entities, {entity.entity: number for number, entity in enumerate(record.entities, start=1)})

    def place(self, check: Check) -> int:
        """Return where the check's section stands."""
        if check.entity is not None:
            return len(_OF_ALL) + self.numbers.get(check.entity, len(self.entities) + 1)
        return list(_OF_ALL).index(check.kind) if check.kind in _OF_ALL else len(_OF_ALL)

    def heading(self, check: Check) -> str:
        """Return what stands above the check's section."""
        return check.entity if check.entity is not None else say(_OF_ALL.get(check.kind, _THE_RUN))

    def entity(self, place: int) -> tuple[int, EntityResult] | None:
        """Return the entity of a section and its number in the record; None where the section is of none, or of one that the record does not know."""
        number = place - len(_OF_ALL)
        return (number, self.entities[number - 1]) if 0 < number <= len(self.entities) else None
