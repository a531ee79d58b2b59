"""The one place that says what became of each row of a person: in the run's words where it found something, and never with another person's data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dq.case.findings import Found, Key
from dq.case.model import ANOTHER, ANOTHERS, NOT_SHOWN, CaseRow, Status
from dq.case.person import Person
from dq.case.rows import Held, Pair, SourceRow, TargetRow, Values
from dq.contract.models import Entity

_SECRET = re.compile(r"pass(word|wd|phrase)|secret|token|hash", re.IGNORECASE)  # columns whose values serve nobody


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells the rows of one entity."""

    held: Held
    person: Person
    states: Mapping[str, str]  # account of the source, or what a row belongs to, to moved, to move, …
    found: Mapping[Key, list[Found]]  # of rows by key
    harmed: Mapping[Key, list[Found]] = field(default_factory=dict)  # of the target's own rows, by id
    strangers: frozenset[Key] = frozenset()  # keys that are other persons' rows too
    others: frozenset[tuple[str, str]] = frozenset()  # column and text of the target that few others have in the source

    @property
    def entity(self) -> Entity:
        """The entity."""
        return self.held.item.entity

    def rows(self) -> Iterator[CaseRow]:
        """Yield what became of every row: the source's by key, then those of the target alone."""
        pairs: dict[int, list[Pair]] = {}
        for pair in self.held.pairs:
            pairs.setdefault(pair.source, []).append(pair)
        taken: set[int] = set()
        for place, row in enumerate(self.held.source):
            key = self._key(row.values)
            status = self._apart(row)
            if status is not None:
                yield self._source_only(status, row, key)
                continue
            partner = next((pair for pair in pairs.get(place, ()) if pair.target not in taken), None)
            if partner is None or "missing" in self._statuses(key):
                yield self._alone(row, key)
                continue
            taken.add(partner.target)
            yield self._both(row, self.held.target[partner.target], partner, key)
        for place, other in enumerate(self.held.target):
            if place not in taken:
                yield self._target_only(other, self._key(other.values))

    def _apart(self, row: SourceRow) -> Status | None:
        """Return why a row of the source is not compared, or None."""
        state = self.states.get(row.owner or "", "moved")
        apart: tuple[Status, ...] = ("to move", "unplaced", "merged", "unmapped")
        if state in apart:
            return apart[apart.index(state)]
        if row.absorbed:
            return "merged"
        return "unmapped" if set(row.unmapped) & set(self.entity.key) else None

    def _alone(self, row: SourceRow, key: Key) -> CaseRow:
        """Tell of a row that has none beside it at this person's account."""
        statuses = self._statuses(key)
        if "duplicate" in statuses:
            return self._source_only("duplicate", row, key)
        if "changed" in statuses:
            differs = self._columns(key)
            return self._source_only("changed", row, key, differs=differs, elsewhere=True)
        return self._source_only("missing", row, key)

    def _source_only(self, status: Status, row: SourceRow, key: Key, *, differs: tuple[str, ...] = (), elsewhere: bool = False) -> CaseRow:
        return CaseRow(
            status,
            key,
            source=self._shown(row.values),
            differs=differs,
            unmapped=row.unmapped,
            ids=row.ids,
            elsewhere="target" if elsewhere else None,
            findings=self._names(key),
            remarks=self._remarks(key),
        )

    def _both(self, row: SourceRow, other: TargetRow, pair: Pair, key: Key) -> CaseRow:
        status: Status = "duplicate" if "duplicate" in self._statuses(key) else "changed" if pair.differs else "same"
        hidden = key in self.strangers
        return CaseRow(
            status,
            key,
            source=self._shown(row.values),
            target=None if hidden else self._shown(other.values),
            differs=pair.differs,
            equal_after=pair.equal_after,
            unmapped=row.unmapped,
            ids=row.ids,
            elsewhere="target" if hidden else None,
            findings=self._names(key),
            remarks=self._remarks(key),
        )

    def _target_only(self, row: TargetRow, key: Key) -> CaseRow:
        """Tell of a row that stands at this person's account in the target alone; of another person's nothing but that it is there."""
        statuses = self._statuses(key)
        mine = {self._key(other.values) for other in self.held.source}
        if key not in mine and (key in self.strangers or statuses & {"changed", "duplicate"}):
            return CaseRow("duplicate" if "duplicate" in statuses else "changed", elsewhere="source", findings=self._names(key))
        harmed = self.harmed.get((row.id,), [])
        if key in self.strangers:
            return CaseRow("duplicate", key, elsewhere="target", findings=self._names(key))
        status: Status = "duplicate" if "duplicate" in statuses else "extra" if "extra" in statuses else "own"
        remarks = (*self._remarks(key), *(f"the target's own row, {item.status} since the baseline" for item in harmed))
        return CaseRow(status, key, target=self._shown(row.values), findings=(*self._names(key), *(item.name for item in harmed)), remarks=remarks)

    def _key(self, values: Values) -> Key:
        return tuple(values[name] for name in self.entity.key)

    def _statuses(self, key: Key) -> set[str]:
        """Return what the run says of a row: missing, extra, changed, duplicate."""
        return {item.status for item in self.found.get(key, ()) if _is_row(self.entity, item)}

    def _columns(self, key: Key) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for item in self.found.get(key, ()) if item.status == "changed" and item.check is None for name in item.columns))

    def _names(self, key: Key) -> tuple[str, ...]:
        return tuple(item.name for item in self.found.get(key, ()))

    def _remarks(self, key: Key) -> tuple[str, ...]:
        """Return what the run found of a row beside its cells: claims that it breaks."""
        return tuple(f"{item.check}: {item.status}" for item in self.found.get(key, ()) if not _is_row(self.entity, item))

    def _shown(self, values: Values) -> Values:
        """Return values without the id of any account but this person's."""
        mine = {*self.person.targets, *(self.person.sources if self.person.through is None else ())}
        accounts = {column.name for column in self.entity.columns if column.through is not None and column.through == self.person.through}
        accounts |= {str(self.entity.owner)} if self.person.through is None else set()
        return {name: self._text(name, text, is_another=name in accounts and text not in mine) for name, text in values.items()}

    def _text(self, name: str, text: str | None, *, is_another: bool) -> str | None:
        if text is None:
            return None
        if is_another:
            return ANOTHER
        if _SECRET.search(name):
            return NOT_SHOWN
        return ANOTHERS if (name, text) in self.others else text


def _is_row(entity: Entity, item: Found) -> bool:
    return item.check in (None, f"{entity.name}.rows", f"{entity.name}.keys")
