"""The one place that takes one person's rows out of the snapshots: filtered in the base tables, before anything is joined or converted.

raw_source.e and raw_target.e are tables of the person's rows; maps.x and scope.absorbed hold what the crosswalk says of the ids in them. All that is
built on these (own_source.e, source.e, …) is what a run builds on whole tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq.case.findings import Key
from dq.case.opening import Reopened
from dq.case.person import Person, constants
from dq.compare.conditions import read_condition
from dq.compare.select import Select, read_select
from dq.compare.sides import through
from dq.compare.views import look_up, make_own, raw_sql, snapshot
from dq.contract.models import Contract, Entity, Reading
from dq.engine import Engine
from dq.sql import Query, literal, path, quote

_FEW = 20  # people with the same text: from then on it tells nobody apart


@dataclass(frozen=True, slots=True)
class Owned:
    """An entity whose rows are somebody's: its own owner's, or that of the thing that it belongs to."""

    entity: Entity
    by: str  # the column that says it
    parent: str | None = None  # the entity whose own id `by` is; None: `by` is the owner


def owned(contract: Contract, *, crosswalk: str | None) -> tuple[tuple[Owned, ...], tuple[str, ...]]:
    """Return the entities whose rows are a person's, parents first, and the names of those whose owner is no account of that crosswalk.

    Args:
        contract: the contract.
        crosswalk: the one that accounts go through.
    """
    direct = [Owned(entity, entity.owner) for entity in contract.entities if entity.owner is not None and entity.column(entity.owner).through == crosswalk]
    others = tuple(entity.name for entity in contract.entities if entity.owner is not None and entity.column(entity.owner).through != crosswalk)
    parents = {item.entity.name for item in direct if item.entity.own_id is not None}
    children = []
    for entity in contract.entities:
        by = next((column for column in entity.columns if column.through in parents), None)
        if entity.owner is None and by is not None and not entity.aggregate:
            children.append(Owned(entity, by.name, by.through))
    plain = [item for item in direct if not item.entity.aggregate]
    return (*plain, *(item for item in direct if item.entity.aggregate), *children), others


@dataclass(frozen=True, slots=True)
class Taker:
    """Takes a person's rows of one entity after the other."""

    run: Reopened
    person: Person

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.run.engine

    def select_of(self, entity: Entity, side: str) -> Select:
        """Return an entity's SQL of one side, as the contract has it."""
        return read_select(self.engine, self.run.contract.sql[side, entity.name], file=f"sql/{side}/{entity.name}.sql")

    def take(self, item: Owned, *, side: str, ids: Sequence[str]) -> None:
        """Make raw_<side>.e, the rows whose owner (or parent) is one of some ids of that side, and own_<side>.e on it.

        Args:
            item: the entity.
            side: source, target or baseline.
            ids: as texts.
        """
        entity, step = item.entity, f"{item.entity.name}: {side} rows of a person"
        select = self.select_of(entity, "source" if side == "source" else "target")
        sql = raw_sql(self.engine, select, entity=entity, side=side)
        type_ = entity.column(item.by).type.sql
        table = path(f"raw_{side}", entity.name)
        self.engine.execute(Query(f"CREATE TABLE {table} AS SELECT * FROM ({sql}) AS r WHERE r.{quote(item.by)} IN ({constants(ids, type_)})", step=step))
        types = dict(self.engine.columns(Query(f"SELECT * FROM {table}", step=step)))
        units = self.run.contract.migration.minor_units
        raw = look_up(self.engine, entity=entity, side=side, types=types, minor_units=units)
        make_own(self.engine, raw, entity=entity, side=side, minor_units=units)

    def map_ids(self, entities: Sequence[Entity]) -> None:
        """Make maps.x of every crosswalk that the entities' columns go through, and scope.absorbed, of the ids that stand in the person's source rows.

        Both are made anew with every call.
        """
        wanted: dict[str, list[str]] = {}
        for entity in entities:
            for column in through(entity):
                ids = f"SELECT {quote(column.name)} AS id FROM {path('raw_source', entity.name)} WHERE {quote(column.name)} IS NOT NULL"
                wanted.setdefault(str(column.through), []).append(ids)
        for name, selects in wanted.items():
            ids = " UNION ".join(selects)
            table = path(snapshot("crosswalk"), "main", name)
            sql = f"CREATE OR REPLACE TABLE {path('maps', name)} AS SELECT source_id, target_id FROM {table} WHERE source_id IN ({ids})"
            self.engine.execute(Query(sql, step=f"crosswalk {name}: a person's ids"))
        self._absorbed(list(wanted))

    def _absorbed(self, crosswalks: Sequence[str]) -> None:
        sql = "SELECT count(*) FROM duckdb_tables() WHERE database_name = $1 AND table_name = 'merges'"
        is_declared = self.engine.one(Query(sql, (snapshot("crosswalk"),), "crosswalk merges"))[0] and crosswalks
        merges = path(snapshot("crosswalk"), "main", "merges")
        selects = [
            f"""SELECT crosswalk, source_id, target_id, kept FROM {merges}
                WHERE crosswalk = {literal(name)} AND source_id IN (SELECT source_id FROM {path("maps", name)})"""
            for name in crosswalks
        ]
        nothing = ["SELECT '' AS crosswalk, NULL AS source_id, NULL AS target_id, '' AS kept WHERE false"]
        sql = f"CREATE OR REPLACE TABLE scope.absorbed AS {' UNION '.join(selects if is_declared else nothing)}"
        self.engine.execute(Query(sql, step="crosswalk merges: a person's"))

    def count(self, item: Owned, *, side: str, ids: Sequence[str]) -> int:
        """Count the rows of some ids, without reading them."""
        select = self.select_of(item.entity, side)
        sql = raw_sql(self.engine, select, entity=item.entity, side=side)
        where = f"r.{quote(item.by)} IN ({constants(ids, item.entity.column(item.by).type.sql)})"
        (rows,) = self.engine.one(Query(f"SELECT count(*) FROM ({sql}) AS r WHERE {where}", step=f"{item.entity.name}: {side} rows counted"))
        return int(rows)

    def strangers(self, item: Owned, keys: Sequence[Key]) -> frozenset[Key]:
        """Return which of some keys, in the target's ids, stand in rows of the source that are others'; all of them where nobody can tell."""
        entity = item.entity
        if item.parent is not None or any(column.source != Reading() or column.target != Reading() for column in entity.keys):
            return frozenset(keys)
        select = self.select_of(entity, "source")
        columns, joins = [], []
        for place, column in enumerate(entity.keys):
            columns.append(f"m{place}.target_id" if column.through is not None else f"r.{quote(column.name)}")
            if column.through is not None:
                joins.append(f"JOIN {path(snapshot('crosswalk'), 'main', column.through)} AS m{place} ON m{place}.source_id = r.{quote(column.name)}")
        first = constants([str(key[0]) for key in keys if key[0] is not None], entity.keys[0].type.sql)
        mine = f"r.{quote(item.by)} IN ({constants(self.person.sources, self.person.type)})"
        sql = f"""
            SELECT DISTINCT {", ".join(f"CAST({column} AS VARCHAR)" for column in columns)}
            FROM ({raw_sql(self.engine, select, entity=entity, side="source")}) AS r {" ".join(joins)}
            WHERE {columns[0]} IN ({first}) AND ({mine}) IS NOT TRUE"""
        there = {tuple(row) for row in self.engine.execute(Query(sql, step=f"{entity.name}: rows of others"))}
        return frozenset(key for key in keys if key in there)

    def held_by_few(self, item: Owned, texts: Mapping[str, Sequence[str]]) -> frozenset[tuple[str, str]]:
        """Return which texts, by column, stand in the source with others, but with so few of them that they tell who it is."""
        entity, found = item.entity, set()
        sql = raw_sql(self.engine, self.select_of(entity, "source"), entity=entity, side="source")
        owner, mine = quote(item.by), constants(self.person.sources, self.person.type)
        for name, values in texts.items():
            column = f"r.{quote(name)}"
            query = f"""
                SELECT {column} FROM ({sql}) AS r WHERE {column} IN ({constants(values, "VARCHAR")}) AND (r.{owner} IN ({mine})) IS NOT TRUE
                GROUP BY 1 HAVING count(DISTINCT r.{owner}) <= {_FEW}"""
            found |= {(name, row[0]) for row in self.engine.execute(Query(query, step=f"{entity.name}: texts of others"))}
        return frozenset(found)

    def excluded(self, item: Owned) -> Mapping[str, int]:
        """Count the person's rows that the contract leaves out of the source on purpose, by reason; nothing where the owner stands in another table."""
        entity = item.entity
        select = self.select_of(entity, "source")
        table, alias = select.driving
        column = select.column_of(item.by, alias=alias)
        reasons = [found for found in entity.excluded if found.side == "source"]
        if column is None or item.parent is not None or not reasons:
            return {}
        known = tuple(
            name for name, _ in self.engine.columns(Query(f"SELECT * FROM {path(snapshot('source'), 'main', table)}", step=f"{entity.name}: excluded"))
        )
        wheres = [read_condition(self.engine, found.where, file=entity.file, key="excluded.where", known=known) for found in reasons]
        counts = ", ".join(f"count(*) FILTER ({where})" for where in wheres)
        sql = f"SELECT {counts} FROM {path(snapshot('source'), 'main', table)} WHERE {quote(column)} IN ({constants(self.person.sources, self.person.type)})"
        rows = self.engine.one(Query(sql, step=f"{entity.name}: excluded"))
        return {found.reason: int(count) for found, count in zip(reasons, rows, strict=True) if count}
