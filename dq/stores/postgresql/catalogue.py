"""The one place that asks PostgreSQL what it holds: tables, columns, keys, and what is no table of one moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dq.errors import UsageError, near_miss
from dq.sql import path
from dq.stores.catalogue import StoreColumn, StoreTable
from dq.stores.postgresql.types import column_of

Ask = Callable[..., Sequence[Any]]  # a statement and its values to its rows

_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialised view", "f": "foreign table"}
_OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition"
_RELATIONS = f"""
    WITH RECURSIVE below AS (
        SELECT inhparent AS parent, inhrelid AS child FROM pg_inherits
        UNION
        SELECT b.parent, i.inhrelid FROM below AS b JOIN pg_inherits AS i ON i.inhparent = b.child)
    SELECT c.oid, n.nspname, c.relname, c.relkind::text,
           CASE WHEN c.reltuples >= 0 AND c.relkind = 'r' THEN c.reltuples::bigint END,
           has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
           row_security_active(c.oid),
           EXISTS (SELECT FROM below AS b WHERE b.parent = c.oid),
           EXISTS (SELECT FROM below AS b JOIN pg_class AS f ON f.oid = b.child WHERE b.parent = c.oid AND f.relkind = 'f')
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE {_OURS}
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C\""""
_COLUMNS = f"""
    WITH RECURSIVE plain AS (
        SELECT oid AS domain, typbasetype AS type, typtypmod AS modifier FROM pg_type WHERE typtype = 'd'
        UNION ALL
        SELECT p.domain, t.typbasetype, t.typtypmod FROM plain AS p JOIN pg_type AS t ON t.oid = p.type WHERE t.typtype = 'd')
    SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod),
           coalesce((SELECT format_type(p.type, p.modifier) FROM plain AS p JOIN pg_type AS t ON t.oid = p.type
                     WHERE p.domain = a.atttypid AND t.typtype <> 'd'),
                    format_type(a.atttypid, a.atttypmod))
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE {_OURS} AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum"""
# later versions' columns of pg_index are asked for by name: an index with INCLUDE, with NULLS NOT DISTINCT, WITHOUT OVERLAPS
_KEYS = f"""
    SELECT i.indrelid, i.indisprimary, (
        SELECT array_agg(a.attname::text ORDER BY k.place)
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place) JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE k.place <= coalesce((to_jsonb(i)->>'indnkeyatts')::int, i.indnatts))
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_class AS x ON x.oid = i.indexrelid
    WHERE {_OURS} AND i.indisunique AND i.indisvalid AND NOT i.indisexclusion AND i.indpred IS NULL AND i.indexprs IS NULL
      AND to_jsonb(i)->>'indnullsnotdistinct' IS DISTINCT FROM 'true'
    ORDER BY i.indrelid, x.relname COLLATE "C\""""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a server holds, as one reading of its catalogue found it."""

    tables: tuple[StoreTable, ...]
    numbers: dict[str, int]  # table to its number (oid) in the catalogue
    lockable: frozenset[str]  # tables that the user may read in full, and so may lock
    policed: frozenset[str]  # tables of which a row-level security policy would hide rows
    parents: tuple[str, ...]  # tables that others inherit from

    def same_as(self, other: Holding) -> bool:
        """Say whether nothing was changed but the estimates of how many rows there are."""
        return self._steady() == other._steady()

    def _steady(self) -> tuple[StoreTable, ...]:
        return tuple(replace(table, rows=None) for table in self.tables)


def read_holding(ask: Ask, schema: str) -> Holding:
    """Read the catalogue.

    Args:
        ask: runs a statement.
        schema: whose tables are taken, under their bare names; others' are called `schema.table`, and named only.

    Raises:
        UsageError: there is no such schema.
    """
    schemas = {name for (name,) in ask("SELECT nspname FROM pg_namespace")}
    if schema not in schemas:
        raise UsageError(f"--from: the database has no schema '{schema}'{near_miss(schema, {name for name in schemas if not name.startswith('pg_')})}")
    columns: dict[int, list[StoreColumn]] = {}
    for number, name, store_type, plain in ask(_COLUMNS):
        columns.setdefault(number, []).append(column_of(name, store_type, plain))
    keys: dict[int, dict[bool, list[tuple[str, ...]]]] = {}
    for number, primary, names in ask(_KEYS):
        keys.setdefault(number, {True: [], False: []})[primary].append(tuple(names))
    tables: list[StoreTable] = []
    numbers: dict[str, int] = {}
    marked: dict[str, set[str]] = {"lockable": set(), "policed": set(), "parents": set()}
    for number, there, bare, kind, rows, lockable, policed, has_children, has_foreign in ask(_RELATIONS):
        name = bare if there == schema else f"{there}.{bare}"
        found = keys.get(number, {True: [], False: []})
        listed = tuple(columns.get(number, ()))
        tables.append(
            StoreTable(
                name,
                listed,
                _kind(kind, elsewhere=there != schema, is_empty=not listed, has_foreign=has_foreign),
                path(there, bare) if kind == "p" else f"ONLY {path(there, bare)}",  # what inherits from a table is a table of its own
                found[True][0] if found[True] else (),
                tuple(found[False]),
                rows,
            )
        )
        numbers[name] = number
        for mark, holds in (("lockable", lockable), ("policed", policed), ("parents", has_children and kind == "r")):
            if holds and tables[-1].kind == "table":
                marked[mark].add(name)
    return Holding(tuple(tables), numbers, frozenset(marked["lockable"]), frozenset(marked["policed"]), tuple(sorted(marked["parents"])))


def _kind(letter: str, *, elsewhere: bool, is_empty: bool, has_foreign: bool) -> str:
    kind = _KINDS[letter]
    if kind != "table":
        return kind
    if elsewhere:
        return "table of another schema"
    if letter == "p" and has_foreign:
        return "table with foreign partitions"
    return "table without columns" if is_empty else kind
