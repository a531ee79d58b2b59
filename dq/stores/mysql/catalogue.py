"""The one place that reads what a MySQL or MariaDB database holds: its tables, their columns and keys, and what is none of these.

Only InnoDB tables are of one moment; every other engine shows what is there when it is read, whatever the transaction.
Source: MySQL and MariaDB reference, "INFORMATION_SCHEMA Tables".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dq.stores.catalogue import StoreColumn, StoreTable
from dq.stores.mysql.types import column_of, name_of

Ask = Callable[..., list[tuple[Any, ...]]]
_TABLES = "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, CREATE_TIME, TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s{0} ORDER BY TABLE_NAME"
_COLUMNS = """
    SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, CHARACTER_OCTET_LENGTH, IS_NULLABLE
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s{0} ORDER BY TABLE_NAME, ORDINAL_POSITION"""
_KEYS = """
    SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %s{0} AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"""
_CHECKS = "SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = %s{0} ORDER BY TABLE_NAME, CHECK_CLAUSE"
_PARTITIONS = """
    SELECT TABLE_NAME, PARTITION_NAME, SUBPARTITION_NAME, PARTITION_DESCRIPTION
    FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = %s{0} AND PARTITION_NAME IS NOT NULL ORDER BY TABLE_NAME, PARTITION_NAME, SUBPARTITION_NAME"""
_FILES = "SELECT NAME, TABLE_ID FROM information_schema.{0} WHERE NAME = %s OR LEFT(NAME, %s) = %s ORDER BY NAME"
_KINDS = {"VIEW": "view", "SYSTEM VIEW": "view", "SEQUENCE": "sequence"}


@dataclass(frozen=True, slots=True)
class Holding:
    """What a database holds."""

    tables: tuple[StoreTable, ...]
    definitions: Mapping[str, tuple[object, ...]]  # table to all that the server says of its shape, its parts, and when it was made or renamed
    unwatched: tuple[str, ...] = ()  # partitioned tables of which another could have become a part without a sign


def read_holding(ask: Ask, database: str, *, is_mariadb: bool, files: str = "", table: str | None = None) -> Holding:
    """Read what a database holds.

    Args:
        ask: runs a statement.
        database: its name, as the server has it.
        is_mariadb: JSON is a text with a check there.
        files: where InnoDB tells the numbers of its tables, '' where it does not tell this user.
        table: only this one.
    """
    narrowed = "" if table is None else " AND TABLE_NAME = %s"
    values = (database,) if table is None else (database, table)
    columns, keys, parts = (_by_table(ask(sql.format(narrowed), *values)) for sql in (_COLUMNS, _KEYS, _PARTITIONS))
    checks = _by_table(ask(_CHECKS.format(narrowed), *values)) if is_mariadb else {}
    numbers = _numbers(ask, database, files, table)
    tables: list[StoreTable] = []
    definitions: dict[str, tuple[object, ...]] = {}
    for name, type_, engine, made, rows in ask(_TABLES.format(narrowed), *values):
        said = (found.get(name, ()) for found in (columns, keys, parts, checks))
        definitions[name] = (type_, engine, made, *(tuple(rows) for rows in said), numbers.get(_file(name)))
        indexes = _indexes(keys.get(name, ()))
        tables.append(
            StoreTable(
                name=name,
                columns=_columns(columns.get(name, ()), {str(clause) for (clause,) in checks.get(name, ())}),
                kind=_kind(type_, engine),
                place=f"{name_of(database)}.{name_of(name)}",
                primary_key=indexes.pop("PRIMARY", ()),
                unique=tuple(indexes.values()),
                rows=rows,
            )
        )
    return Holding(tuple(tables), definitions, tuple(sorted(name for name in parts if _file(name) not in numbers)))


def _numbers(ask: Ask, database: str, files: str, table: str | None) -> dict[str, tuple[object, ...]]:
    """Return table, as InnoDB writes it, to the numbers of it and its parts: they change when it is another, also within a second."""
    if not files:
        return {}
    exact = f"{_file(database)}/{_file(table or '')}"
    begun = exact if table is None else f"{exact}#"
    found: dict[str, tuple[object, ...]] = {}
    for name, number in ask(_FILES.format(files), exact, len(begun), begun):
        owner = str(name).partition("/")[2].partition("#")[0]
        found[owner] = (*found.get(owner, ()), name, number)
    return found


def _file(name: str) -> str:
    """Return how InnoDB writes a name; of letters beyond ASCII nobody finds it, and it has no numbers."""
    return "".join(character if character.isascii() and (character.isalnum() or character == "_") else f"@{ord(character):04x}" for character in name)


def _by_table(rows: Iterable[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    found: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for table, *rest in rows:
        found[table].append(tuple(rest))
    return found


def _columns(rows: Iterable[tuple[Any, ...]], checks: set[str]) -> tuple[StoreColumn, ...]:
    return tuple(
        column_of(
            name,
            data_type,
            column_type,
            charset=charset,
            length=length,
            is_nullable=nullable != "NO",
            is_json=f"json_valid({name_of(name)})" in checks,
        )
        for name, data_type, column_type, charset, length, nullable in rows
    )


def _indexes(rows: Sequence[tuple[Any, ...]]) -> dict[str, tuple[str, ...]]:
    """Return index to its columns; not where it is on the beginning of a text, or on an expression."""
    found: dict[str, list[str | None]] = {}
    for index, column, part in rows:
        found.setdefault(index, []).append(column if part is None else None)
    return {index: tuple(str(name) for name in names) for index, names in found.items() if None not in names}


def _kind(type_: str, engine: str | None) -> str:
    if type_ in _KINDS:
        return _KINDS[type_]
    if engine is None:
        return "unreadable table"
    return "table" if engine.upper() == "INNODB" else f"{engine} table"
