"""The one place that says who is meant: from an id of either store, a finding or an e-mail to the accounts of one person.

Two accounts are one person's where the crosswalk's merges declare it, never because they merely ended up in one account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dq.case.opening import Reopened
from dq.compare.blanks import says_something
from dq.compare.select import Select, read_select
from dq.compare.views import raw_sql, snapshot
from dq.contract.models import Contract, Entity
from dq.engine import Engine, file_literal
from dq.errors import UsageError, near_miss
from dq.sql import Query, literal, path, quote

_FINDING = re.compile(r"(?P<entity>[A-Za-z0-9_.]+)#(?P<row>[0-9]{1,18})")
_SIDED = re.compile(r"(?P<side>source|target):(?P<id>.+)", re.DOTALL)
_MOST = 50  # accounts of one person; more is no person
_STEP = "looking up the account"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the source."""

    id: str
    batch: int | None = None
    erased: str | None = None  # the reference of its erasure
    merged: str | None = None  # why it became one with another: `source` or `target` says whose profile was kept


@dataclass(frozen=True, slots=True)
class Person:
    """One person: accounts of the source, and what they became in the target."""

    accounts: tuple[Account, ...]
    targets: tuple[str, ...]
    type: str  # of an id, as the engine names it
    through: str | None  # the crosswalk of accounts
    shared: bool = False  # another person's account became the same target account, and no merge declares it

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of the source's accounts."""
        return tuple(account.id for account in self.accounts)


def find_person(run: Reopened, account: str) -> Person:
    """Return whom an id means.

    Args:
        run: the run.
        account: an id of the source or the target (`source:17`, `target:17` where it could be either), a finding (`coupons#17`), or an e-mail.

    Raises:
        UsageError: nobody is meant, or several are; never with what was asked for, which may be an e-mail.
    """
    look = _Look(run.engine, run.contract)
    finding, sided = _FINDING.fullmatch(account.strip()), _SIDED.fullmatch(account.strip())
    if finding is not None:
        return look.whole(*_owner_of_finding(run, look, finding["entity"], int(finding["row"])))
    if sided is not None:
        return look.whole(sided["side"], look.known(sided["id"], side=sided["side"]))
    if not look.is_id(account.strip()):
        return _by_text(look, account.strip())
    sides = [side for side in ("source", "target") if look.is_there(account.strip(), side=side)]
    if not sides:
        raise UsageError(f"run {run.record.run} compared no account of that id, neither in the source nor in the target")
    found = {look.whole(side, account.strip()) for side in sides}
    if len(found) > 1:
        raise UsageError("two persons have that id, one in each store: say source:ID or target:ID")
    return found.pop()


@dataclass(frozen=True, slots=True)
class _Look:
    """Looks ids up in the crosswalk of accounts, and in the rows of the accounts themselves."""

    engine: Engine
    contract: Contract

    @property
    def through(self) -> str | None:
        """The crosswalk that an owner goes through."""
        return accounts_crosswalk(self.contract)

    @property
    def home(self) -> Entity | None:
        """The entity whose rows are the accounts: the one of the crosswalk's name, or one whose key is its owner."""
        owned = [entity for entity in self.contract.entities if entity.owner is not None]
        return next((entity for entity in owned if entity.key == (entity.owner,) and (self.through is None or entity.own_id is not None)), None)

    @property
    def type(self) -> str:
        """The type of an id."""
        owned = next((entity for entity in self.contract.entities if entity.owner is not None), None)
        if owned is None:
            raise UsageError("the contract says of no entity whose its rows are ('owner'), so nobody's case can be told")
        return owned.column(str(owned.owner)).type.sql

    def is_id(self, text: str) -> bool:
        """Say whether a text could be an id."""
        if "@" in text and self.type == "VARCHAR":
            return False
        return bool(self._one(f"SELECT TRY_CAST($1 AS {self.type}) IS NOT NULL AND CAST(TRY_CAST($1 AS {self.type}) AS VARCHAR) = $1", text))

    def known(self, text: str, *, side: str) -> str:
        """Return an id that is there. Raises UsageError."""
        if not self.is_id(text) or not self.is_there(text, side=side):
            raise UsageError(f"the {side} has no account of that id")
        return text

    def is_there(self, account: str, *, side: str) -> bool:
        """Say whether a side has such an account: in the crosswalk, in what it declares, or in the rows."""
        if self.through is not None and self._ids(f"{side}_id", f"{side}_id", [account]):
            return True
        if side == "source" and (self._declared("batches", "batch", account) or self._declared("erasures", "reference", account)):
            return True
        home = self.home
        candidates = [home] if home is not None else [entity for entity in self.contract.entities if entity.owner is not None]
        return any(self._has_rows(entity, account, side=side) for entity in candidates)

    def whole(self, side: str, account: str) -> Person:
        """Return the person that an account is of, with all accounts that merges declare to be theirs. Raises UsageError."""
        if self.through is None:
            return Person((self._account(account),), (account,), self.type, None)
        targets = self._ids("target_id", "source_id", [account]) if side == "source" else [account]
        mapped = self._ids("source_id", "target_id", targets)
        merged = {found for found, _ in self._merges(mapped)}
        plain = [found for found in mapped if found not in merged]  # who was first there: at most one, where all merges are declared
        if side == "target" and len(plain) > 1:
            raise UsageError("accounts of several persons became this one, and no merge declares it: name one by its id in the source")
        mine = [account] if side == "source" else []
        shared = len(plain) > 1
        sources = sorted({*mine, *(mapped if not shared else mine)}, key=_by_size)
        if max(len(sources), len(targets)) > _MOST:
            raise UsageError(f"more than {_MOST} accounts are said to be one person's")
        kept = dict(self._merges(sources))
        accounts = tuple(self._account(source, merged=kept.get(source)) for source in sources)
        return Person(accounts, tuple(sorted(targets, key=_by_size)), self.type, self.through, shared)

    def rows_with(self, select: Select, *, entity: Entity, side: str, where: str, values: tuple[object, ...]) -> list[str]:
        """Return the owners of an entity's rows on one side, as texts."""
        sql = raw_sql(self.engine, select, entity=entity, side=side)
        owner = quote(str(entity.owner))
        query = f"SELECT DISTINCT CAST(r.{owner} AS VARCHAR) FROM ({sql}) AS r WHERE ({where}) AND r.{owner} IS NOT NULL ORDER BY 1 LIMIT {_MOST}"
        return [row[0] for row in self.engine.execute(Query(query, values, _STEP))]

    def select_of(self, entity: Entity, side: str) -> Select:
        """Return an entity's SQL of one side."""
        return read_select(self.engine, self.contract.sql[side, entity.name], file=f"sql/{side}/{entity.name}.sql")

    def _has_rows(self, entity: Entity, account: str, *, side: str) -> bool:
        where = f"r.{quote(str(entity.owner))} = CAST($1 AS {self.type})"
        return bool(self.rows_with(self.select_of(entity, side), entity=entity, side=side, where=where, values=(account,)))

    def _ids(self, wanted: str, column: str, ids: Sequence[str]) -> list[str]:
        """Return the ids on the other side of the map."""
        if not ids:
            return []
        table = path(snapshot("crosswalk"), "main", str(self.through))
        sql = f"SELECT DISTINCT CAST({wanted} AS VARCHAR) FROM {table} WHERE {column} IN ({constants(ids, self.type)}) AND {wanted} IS NOT NULL"
        return [row[0] for row in self.engine.execute(Query(sql, step=_STEP))]

    def _merges(self, sources: Sequence[str]) -> list[tuple[str, str]]:
        """Return (source id, whose profile was kept) of the accounts that a merge declares."""
        if not sources or not self._has("merges"):
            return []
        table = path(snapshot("crosswalk"), "main", "merges")
        sql = f"SELECT DISTINCT CAST(source_id AS VARCHAR), kept FROM {table} WHERE crosswalk = $1 AND source_id IN ({constants(sources, self.type)})"
        return [(str(source), str(kept)) for source, kept in self.engine.execute(Query(sql, (self.through,), _STEP))]

    def _account(self, account: str, *, merged: str | None = None) -> Account:
        batch = self._declared("batches", "batch", account)
        erased = self._declared("erasures", "reference", account)
        return Account(account, int(batch) if batch else None, erased.strip() if erased else None, merged)

    def _declared(self, table: str, column: str, account: str) -> str | None:
        """Return what the crosswalk declares of an account, where it says something."""
        if not self._has(table):
            return None
        said, where = f"CAST({column} AS VARCHAR)", f"account_id IN ({constants([account], self.type)})"
        sql = f"SELECT max({said}) FROM {path(snapshot('crosswalk'), 'main', table)} WHERE {where} AND {says_something(said)}"
        found: str | None = self.engine.one(Query(sql, step=_STEP))[0]
        return found

    def _has(self, table: str) -> bool:
        sql = "SELECT count(*) FROM duckdb_tables() WHERE database_name = $1 AND table_name = $2"
        return bool(self._one(sql, snapshot("crosswalk"), table))

    def _one(self, sql: str, *values: object) -> object:
        return self.engine.one(Query(sql, values, _STEP))[0]


def accounts_crosswalk(contract: Contract) -> str | None:
    """Return the crosswalk that owners go through: the one that the batches list, or that of the first entity with an owner."""
    owners = [entity.column(entity.owner).through for entity in contract.entities if entity.owner is not None]
    return contract.migration.accounts if contract.migration.accounts in owners else next(iter(owners), None)


def constants(ids: Sequence[str], type_: str) -> str:
    """Return ids as constants that a scan can be pruned by."""
    return ", ".join(f"CAST({literal(item)} AS {type_})" for item in ids) or "NULL"


def _owner_of_finding(run: Reopened, look: _Look, name: str, row: int) -> tuple[str, str]:
    """Return side and id of the account that a finding's row is of: the source's, where the row stands there. Raises UsageError."""
    sql = f"""SELECT "check", key FROM read_parquet({file_literal(run.findings.absolute())}) WHERE entity = $1 AND "row" = $2 AND "column" IS NULL"""
    found = run.engine.execute(Query(sql, (name, row), _STEP))
    known = {entity.name: entity for entity in run.contract.entities}
    if not found:
        there = [item.name for item in run.contract.entities] if name not in known else []
        raise UsageError(f"run {run.record.run} has no finding {name}#{row}{near_miss(name, there)}")
    check, key = found[0]
    entity = known.get(name)
    if entity is None or entity.owner is None or any(text is None for text in key):
        raise UsageError(f"{name}#{row} is about no person's row")
    person = {check_id: "target" for check_id, _ in entity.person_sums()}
    if check in person:
        return person[check], str(key[0])
    for side in ("source", "target"):
        owners = list(_owners(look, entity, check, key, side=side))
        if owners:
            return side, owners[0]
    raise UsageError(f"the row of {name}#{row} is nobody's")


def _owners(look: _Look, entity: Entity, check: str | None, key: Sequence[str], *, side: str) -> Iterator[str]:
    """Yield the owners of the rows with a finding's key, which is in the target's ids."""
    if check == f"{entity.name}.natives":
        if side == "target" and entity.merge is not None:
            select = look.select_of(entity, side)
            yield from look.rows_with(select, entity=entity, side=side, where='CAST(r."dq.id" AS VARCHAR) = $1', values=(key[0],))
        return
    claims = []
    for place, column in enumerate(entity.keys, start=1):
        value = f"CAST(${place} AS {column.type.sql})"
        if side == "source" and column.through is not None:
            value = f"(SELECT source_id FROM {path(snapshot('crosswalk'), 'main', column.through)} WHERE target_id = {value})"
            claims.append(f"r.{quote(column.name)} IN {value}")
        elif column.reading("source" if side == "source" else "target").zone or column.reading("source" if side == "source" else "target").codes:
            return  # a key that is converted is not looked up
        else:
            claims.append(f"r.{quote(column.name)} = {value}")
    yield from look.rows_with(look.select_of(entity, side), entity=entity, side=side, where=" AND ".join(claims), values=tuple(key))


def _by_text(look: _Look, text: str) -> Person:
    """Return whose account says a text, such as an e-mail: exactly, or but for upper and lower case. Raises UsageError."""
    home = look.home
    if home is None:
        raise UsageError("the contract has no entity of accounts in which an e-mail could be looked up: name an id")
    set_apart = {*home.key, *home.slices, home.region}
    columns = [column.name for column in home.columns if column.type.name == "VARCHAR" and column.name not in set_apart]
    for form in ("r.{0} = $1", "lower(r.{0}) = lower($1)"):
        where = " OR ".join(form.format(quote(name)) for name in columns) or "false"
        found: dict[tuple[str, ...], Person] = {}
        for side in ("source", "target"):
            for account in look.rows_with(look.select_of(home, side), entity=home, side=side, where=where, values=(text,)):
                person = look.whole(side, account)
                found[(*person.sources, "", *person.targets)] = person
        if len(found) > 1:
            raise UsageError(f"{len(found)} persons' accounts say that: name one by its id")
        if found:
            return next(iter(found.values()))
    raise UsageError("no account says that, neither in the source nor in the target")


def _by_size(text: str) -> tuple[int, str]:
    return len(text), text
