"""The one place for the shape of an entity's evidence tables, and the fragments of SQL that fill them.

evidence."<e>.rows": k_0 … (key), status, owner, amount_source, amount_target, currency, s_0 … (slices), b (bucket), source_hash,
target_hash, mask_0 … (bit i: the i-th compared column differs). evidence."<e>.cells": k_0 …, c (the column's place among the
compared ones), source_value, target_value, rule (NULL: broken).
evidence."<e>.equal_after": c, rule, n cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

WORD = 60  # bits of a mask that one BIGINT holds


@dataclass(frozen=True, slots=True)
class Tables:
    """The quoted names of an entity's evidence tables."""

    rows: str
    cells: str
    equal_after: str


def tables(entity: Entity) -> Tables:
    """Return the names of an entity's evidence tables."""
    return Tables(*(path("evidence", f"{entity.name}.{part}") for part in ("rows", "cells", "equal_after")))


def make_tables(engine: Engine, entity: Entity) -> Tables:
    """Create an entity's evidence tables, empty; those of an earlier attempt go."""
    names = tables(entity)
    keys = [f"k_{index} {column.type.sql}" for index, column in enumerate(entity.keys)]
    amount = entity.column(entity.money.amount).type.sql if entity.money else "BIGINT"
    rows = [
        *keys,
        "status VARCHAR",
        f"owner {entity.column(entity.owner).type.sql if entity.owner else 'BIGINT'}",
        f"amount_source {amount}",
        f"amount_target {amount}",
        "currency VARCHAR",
        *(f"s_{index} VARCHAR" for index, _ in enumerate(entity.slices)),
        "b USMALLINT",
        "source_hash UBIGINT",
        "target_hash UBIGINT",
        *(f"mask_{word} BIGINT" for word in range(words(entity))),
    ]
    cells = [*keys, "c USMALLINT", "source_value VARCHAR", "target_value VARCHAR", "rule VARCHAR"]
    equal_after = ["c USMALLINT", "rule VARCHAR", "n BIGINT"]
    for name, columns in ((names.rows, rows), (names.cells, cells), (names.equal_after, equal_after)):
        engine.execute(Query(f"CREATE OR REPLACE TABLE {name} ({', '.join(columns)})", step=f"{entity.name}: evidence"))
    return names


def words(entity: Entity) -> int:
    """Return how many mask columns the entity's compared columns need."""
    return max(1, -(-len(entity.compared) // WORD))


def bits(entity: Entity) -> Iterator[tuple[int, str, int, Column]]:
    """Yield (place, mask column, bit's value, column) of every compared column."""
    for place, column in enumerate(entity.compared):
        yield place, f"mask_{place // WORD}", 1 << place % WORD, column


def on_key(entity: Entity, source: str = "s", target: str = "t") -> str:
    """Return the equality of two rows' keys; a NULL key equals none."""
    return " AND ".join(f"{source}.{quote(name)} = {target}.{quote(name)}" for name in entity.key)


def key_names(entity: Entity) -> list[str]:
    """Return the evidence tables' key columns."""
    return [f"k_{index}" for index, _ in enumerate(entity.key)]


def fact_names(entity: Entity) -> list[str]:
    """Return the columns of the evidence rows that `facts` fills."""
    return ["owner", "amount_source", "amount_target", "currency", *(f"s_{index}" for index, _ in enumerate(entity.slices)), "b"]


def facts(entity: Entity, aliases: Sequence[str]) -> list[str]:
    """Return what a row's harm is reckoned from: owner, both amounts, currency, slices, bucket.

    Args:
        entity: the entity.
        aliases: where to read, first choice first: ("s", "t"), or one side alone.
    """

    def first(name: str) -> str:
        return f"coalesce({', '.join(f'{alias}.{quote(name)}' for alias in aliases)})"

    def amount(alias: str) -> str:
        return f"{alias}.{quote(entity.money.amount)}" if entity.money and alias in aliases else "NULL"

    return [
        first(entity.owner) if entity.owner else "NULL",
        amount("s"),
        amount("t"),
        first(entity.money.currency) if entity.money and entity.money.currency else "NULL",
        *(f"CAST({first(name)} AS VARCHAR)" for name in entity.slices),
        f"coalesce({', '.join(f'{alias}.b' for alias in aliases)})",
    ]
