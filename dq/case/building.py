"""The one place that makes a person's case: each entity's rows taken, held against each other, told, and their sums beside what the contract says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from dq.case.extract import Owned, Taker, owned
from dq.case.findings import Found, Key, findings_of
from dq.case.ledgers import balanced, group_by, is_ledger, ordered
from dq.case.model import AccountLine, CaseData, CaseRow, Section
from dq.case.opening import Reopened
from dq.case.person import Account, Person, find_person
from dq.case.rows import Held, hold
from dq.case.telling import Teller
from dq.compare.later import make_later
from dq.compare.sides import source_view
from dq.compare.views import ID, make_schemas
from dq.contract.models import Entity
from dq.errors import EngineError
from dq.record import Outcome
from dq.sql import Query, literal, path, quote


def case_of(run: Reopened, account: str) -> CaseData:
    """Return everything of the person whom an id means.

    Args:
        run: the run, reopened.
        account: see `find_person`.

    Raises:
        UsageError: nobody is meant, or several are.
    """
    make_schemas(run.engine)
    person = find_person(run, account)
    return _Building(run, person, Taker(run, person)).case()


@dataclass(frozen=True, slots=True)
class _Building:
    run: Reopened
    person: Person
    taker: Taker

    def case(self) -> CaseData:
        """Make the case."""
        items, others = owned(self.run.contract, crosswalk=self.person.through)
        sections: dict[str, Section] = {}
        read = self._taken([item for item in items if item.parent is None], sections)
        self.taker.map_ids([item.entity for item in read])
        told = self._held([item for item in read if not item.entity.aggregate], sections)
        self._claimed([item for item in read if item.entity.aggregate], told)
        told |= self._held([item for item in read if item.entity.aggregate], sections)
        children = self._children([item for item in items if item.parent is not None], told, sections)
        self.taker.map_ids([item.entity for item in children])
        told |= self._held(children, sections, parents={name: rows for name, (_, rows) in told.items()})
        all_rows = {held.item.entity.name: rows for held, rows in told.values()}
        for held, _ in told.values():
            entity = held.item.entity
            sections[entity.name] = self._section(held.item, ordered(self.run.contract, entity, all_rows), all_rows)
        record = self.run.record
        return CaseData(
            run=record.run,
            migration=record.migration,
            title=record.title,
            as_of=record.as_of,
            snapshots={item.side: item.moment for item in record.snapshots},
            accounts=tuple(self._line(account) for account in self.person.accounts),
            targets=self.person.targets,
            sentences=tuple(self._sentences(others)),
            sections=tuple(sections[entity.name] for entity in self.run.contract.entities if entity.name in sections),
        )

    def _taken(self, items: Sequence[Owned], sections: dict[str, Section]) -> list[Owned]:
        """Take the rows of both sides; an entity that cannot be read becomes a section that says so."""
        read = []
        for item in items:
            try:
                self.taker.take(item, side="source", ids=self._of("moved") if item.entity.aggregate else self._of("moved", "to move", "unplaced"))
                self.taker.take(item, side="target", ids=self.person.targets)
            except EngineError as error:
                sections[item.entity.name] = _empty(item.entity, f"It cannot be read: {error}.")
            else:
                read.append(item)
        return read

    def _children(self, items: Sequence[Owned], told: Mapping[str, tuple[Held, list[CaseRow]]], sections: dict[str, Section]) -> list[Owned]:
        """Take the rows of things that belong to the person's own; nothing of a thing that the source knows as another person's."""
        read = []
        for item in items:
            if item.parent is None or item.parent not in told:
                continue
            held, rows = told[item.parent]
            own = held.item.entity.own_id
            name = own.name if own is not None else ""
            sources = [row.ids[name] for row in rows if row.ids and name in row.ids]
            became = [row.source if row.source is not None else row.target or {} for row in rows]
            targets = [text for values in became if (text := values.get(name)) is not None]
            try:
                self.taker.take(item, side="source", ids=sources)
                self.taker.take(item, side="target", ids=targets)
            except EngineError as error:
                sections[item.entity.name] = _empty(item.entity, f"It cannot be read: {error}.")
            else:
                read.append(item)
        return read

    def _held(
        self, items: Sequence[Owned], sections: dict[str, Section], *, parents: Mapping[str, Sequence[CaseRow]] = MappingProxyType({})
    ) -> dict[str, tuple[Held, list[CaseRow]]]:
        """Hold the sides against each other and say what became of each row."""
        held: list[Held] = []
        for item in items:
            try:
                held.append(hold(self.run.engine, item, live=self._of("moved"), ids=self.person.type))
            except EngineError as error:
                sections[item.entity.name] = _empty(item.entity, f"It cannot be compared: {error}.")
        found = findings_of(self.run, [key for item in held for key in _keys(item)])
        return {item.item.entity.name: (item, list(self._teller(item, found, parents.get(item.item.parent or "", ())).rows())) for item in held}

    def _teller(self, held: Held, found: Mapping[tuple[str, Key], list[Found]], parents: Sequence[CaseRow]) -> Teller:
        entity = held.item.entity
        mine = {key: items for (name, key), items in found.items() if name == entity.name}
        native = f"{entity.name}.natives"
        rows = {key: [item for item in items if item.check != native] for key, items in mine.items()}
        harmed = {key: [item for item in items if item.check == native] for key, items in mine.items()}
        states: Mapping[str, str] = self._states()
        if held.item.parent is not None:
            own = self.run.contract.entity(held.item.parent).own_id
            states = {row.ids[own.name]: row.status for row in parents if own is not None and row.ids and own.name in row.ids}
        return Teller(held, self.person, states, rows, harmed, self._strangers(held, rows), self._others(held))

    def _others(self, held: Held) -> frozenset[tuple[str, str]]:
        """Return the texts of the target that differ from this person's and are another's: values that were exchanged between rows."""
        entity = held.item.entity
        told = {*entity.slices, entity.region, *entity.key}
        names = [column.name for column in entity.compared if column.type.name == "VARCHAR" and column.name not in told]
        texts: dict[str, list[str]] = {}
        for pair in held.pairs:
            for name in set(pair.differs) & set(names):
                text = held.target[pair.target].values[name]
                if text and not any(row.values[name] == text for row in held.source):
                    texts.setdefault(name, []).append(text)
        return self.taker.held_by_few(held.item, texts) if texts and held.item.parent is None and not entity.aggregate else frozenset()

    def _strangers(self, held: Held, found: Mapping[Key, list[Found]]) -> frozenset[Key]:
        """Return the keys of target rows that are other persons' too; where the run looked at all rows, its findings say so already."""
        entity = held.item.entity
        keys = {tuple(row.values[name] for name in entity.key) for row in held.target}
        if not self.person.shared:
            mine = {tuple(row.values[name] for name in entity.key) for row in held.source}
            keys = set() if self._is_compared(entity) else keys - found.keys() - mine
        return self.taker.strangers(held.item, sorted(keys, key=repr)) if keys else frozenset()

    def _is_compared(self, entity: Entity) -> bool:
        """Say whether the run held every row of an entity that has moved against its source."""
        record = self.run.record
        judged = next((check for check in record.checks if check.id == f"{entity.name}.rows"), None)
        return judged is not None and judged.outcome is not Outcome.NOT_PROVEN and {*self.run.moved} <= {*record.batches}

    def _claimed(self, items: Sequence[Owned], told: Mapping[str, tuple[Held, list[CaseRow]]]) -> None:
        """Say which rows of the target are the migration's, for the entities that are added up, and for the entries that explain them."""
        engine = self.run.engine
        for entity in (item.entity for item in items if item.entity.merge is not None):
            self.taker.take(next(item for item in items if item.entity == entity), side="baseline", ids=self.person.targets)
            on = " AND ".join(f"s.{quote(name)} = t.{quote(name)}" for name in entity.key)
            moved = source_view(entity, accounts="all", absorbed=())
            sql = f"SELECT t.{quote(ID)} AS id, true AS in_scope FROM {path('own_target', entity.name)} AS t SEMI JOIN ({moved}) AS s ON {on}"
            engine.execute(Query(f"CREATE TABLE {path('claims', entity.name)} AS {sql}", step=f"{entity.name}: a person's claims"))
            for ledger in dict.fromkeys(item.entity for item in entity.later.values()):
                if ledger in told:
                    self._claim_entries(told[ledger])
            if entity.later:
                make_later(engine, entity)

    def _claim_entries(self, told: tuple[Held, list[CaseRow]]) -> None:
        held, rows = told
        entity = held.item.entity
        self.taker.take(held.item, side="baseline", ids=self.person.targets)
        own = {row.key for row in rows if row.status == "own"}
        ids = [row.id for row in held.target if tuple(row.values[name] for name in entity.key) not in own and row.id is not None]
        listed = ", ".join(literal(item) for item in ids) or "NULL"
        sql = f"SELECT {quote(ID)} AS id, true AS in_scope FROM {path('own_target', entity.name)} WHERE CAST({quote(ID)} AS VARCHAR) IN ({listed})"
        self.run.engine.execute(Query(f"CREATE OR REPLACE TABLE {path('claims', entity.name)} AS {sql}", step=f"{entity.name}: a person's claims"))

    def _section(self, item: Owned, rows: Sequence[CaseRow], all_rows: Mapping[str, Sequence[CaseRow]]) -> Section:
        entity = item.entity
        contract = self.run.contract
        return replace(
            _empty(entity, *self._left_out(item)),
            rows=tuple(rows),
            balances=balanced(contract, entity, rows, all_rows),
            is_ledger=is_ledger(contract, entity),
            group_by=group_by(contract, entity),
        )

    def _left_out(self, item: Owned) -> Iterable[str]:
        """Yield what is not among the rows, and why."""
        for reason, rows in self.taker.excluded(item).items():
            yield f"{rows:,} further {'row' if rows == 1 else 'rows'} of the source did not move on purpose: {reason}."
        erased = self._of("erased")
        if erased and item.parent is None and (rows := self.taker.count(item, side="source", ids=erased)):
            said = "1 row of the source is" if rows == 1 else f"{rows:,} rows of the source are"
            yield f"{said} of an account that was erased on request, and not shown."

    def _of(self, *states: str) -> list[str]:
        return [account for account, state in self._states().items() if state in states]

    def _states(self) -> dict[str, str]:
        return {account.id: self._state(account) for account in self.person.accounts}

    def _state(self, account: Account) -> str:
        if account.erased is not None:
            return "erased"
        if not self.run.contract.migration.batches:
            return "moved"
        if account.batch is None:
            return "unplaced"
        return "moved" if account.batch in self.run.moved else "to move"

    def _line(self, account: Account) -> AccountLine:
        state = self._state(account)
        said = {
            "moved": f"moved with batch {account.batch}" if account.batch is not None else "moved",
            "to move": f"moves with batch {account.batch}, which has not moved yet",
            "erased": f"erased on request, reference {account.erased}",
            "unplaced": "in no batch",
        }[state]
        if account.merged is not None:
            kept = {"source": "another account of the same person", "target": "the account that the person had in the target before"}
            said += f"; merged, as declared: {kept.get(account.merged, account.merged)} speaks for both"
        return AccountLine(account.id, account.batch, state, said)  # type: ignore[arg-type]

    def _sentences(self, others: Sequence[str]) -> Iterable[str]:
        run, person = self.run, self.person
        if not person.targets:
            yield "The crosswalk knows no account in the target that these became."
        if not person.accounts:
            yield "This is a customer of the target alone: no account of the source became theirs."
        if person.shared:
            yield "An account of another person was mapped to the same account in the target, and no merge declares it. Nothing of theirs is shown."
        elsewhere = sorted({account.batch for account in person.accounts if account.batch is not None} - {*run.record.batches} & {*run.moved})
        if elsewhere:
            yield f"Run {run.record.run} did not compare batch {', '.join(map(str, elsewhere))}: what stands here of it was compared for this case alone."
        if others:
            yield f"Not looked at: {', '.join(others)}, whose owners are no accounts of {person.through}."


def _keys(held: Held) -> Iterable[tuple[str, Key]]:
    """Yield entity and key of every row, and the ids of the target's rows."""
    entity = held.item.entity
    for values in (*(row.values for row in held.source), *(row.values for row in held.target)):
        yield entity.name, tuple(values[name] for name in entity.key)
    for other in held.target:
        if other.id is not None:
            yield entity.name, (other.id,)


def _empty(entity: Entity, *sentences: str) -> Section:
    money = entity.money.amount if entity.money is not None else None
    amounts = sorted((column.name for column in entity.columns if column.type.name == "DECIMAL" or column.name == money), key=lambda name: name != money)
    instants = tuple(column.name for column in entity.columns if column.type.name == "INSTANT")
    columns = tuple(column.name for column in entity.columns if column.name != entity.owner or column.name in entity.key)
    return Section(entity.name, str(entity.promise), columns, entity.key, tuple(amounts), instants, sentences=tuple(sentences))
