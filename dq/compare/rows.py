"""The one place for the shape of an entity's evidence tables, and the fragments of SQL that fill them.

evidence."<e>.rows": k_0 … (key), status, owner, amount_source, amount_target, currency, s_0 … (slices), source_hash, target_hash,
mask_0 … (bit i: the i-th compared column differs). evidence."<e>.cells": k_0 …, c (the column's place among the compared ones),
source_value, target_value.
evidence."<e>.equal_after": c, rule, n cells.
There may be as many rows as the entity has, so a row is as narrow as it can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from dq.compare.words import Words, told, word_type
from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, literal, path, quote

WORD = 60  # bits of a mask that one BIGINT holds
HASH = quote("dq.hash")  # a column that the engine adds to rows of a side; a contract may well have an `h`
STATUSES = ("changed", "duplicate", "excused", "extra", "missing")  # ascending: that is how an ENUM of them sorts
_STATUS = f"ENUM ({', '.join(map(literal, STATUSES))})"
_NOTHING = "UTINYINT"  # the type of a column that is NULL in every row
_MASKS = ((8, "UTINYINT"), (16, "USMALLINT"), (32, "UINTEGER"))  # bits, the narrowest type that holds them


@dataclass(frozen=True, slots=True)
class Tables:
    """The quoted names of an entity's evidence tables."""

    rows: str
    cells: str
    equal_after: str


def tables(entity: Entity) -> Tables:
    """Return the names of an entity's evidence tables."""
    return Tables(*(path("evidence", f"{entity.name}.{part}") for part in ("rows", "cells", "equal_after")))


def make_tables(engine: Engine, entity: Entity, *, words: Words = MappingProxyType({})) -> Tables:
    """Create an entity's evidence tables, empty; those of an earlier attempt go.

    Args:
        engine: the engine.
        entity: the entity.
        words: the words of columns that have only a few (see `few_words`), where there will be many rows.
    """
    names = tables(entity)
    keys = [f"k_{index} {column.type.sql}" for index, column in enumerate(entity.keys)]
    amount = entity.column(entity.money.amount).type.sql if entity.money else _NOTHING
    amount = "HUGEINT" if amount in ("INTEGER", "BIGINT") else amount  # a difference has a bit more than its amounts
    rows = [
        *keys,
        f"status {_STATUS}",
        f"owner {entity.column(entity.owner).type.sql if entity.owner else _NOTHING}",
        f"amount_source {amount}",
        f"amount_target {amount}",
        f"currency {_currency(entity, words)}",
        *(f"{name} {_text(words.get(column))}" for name, column in zip(slice_names(entity), entity.slices, strict=True)),
        "source_hash UBIGINT",
        "target_hash UBIGINT",
        *(f"{name} {mask_type(entity)}" for name in mask_names(entity)),
    ]
    cells = [*keys, "c USMALLINT", "source_value VARCHAR", "target_value VARCHAR"]
    equal_after = ["c USMALLINT", "rule VARCHAR", "n BIGINT"]
    for name, columns in ((names.rows, rows), (names.cells, cells), (names.equal_after, equal_after)):
        engine.execute(Query(f"CREATE OR REPLACE TABLE {name} ({', '.join(columns)})", step=f"{entity.name}: evidence"))
    return names


def drop_hashes(engine: Engine, entity: Entity) -> None:
    """Drop the hashes of an entity's rows once both ways agree; only repeated keys are told apart by them."""
    _drop(engine, entity, ["source_hash", "target_hash"])


def drop_facts(engine: Engine, entity: Entity) -> None:
    """Drop what the harm of an entity's rows was reckoned from; what numbers them is left."""
    _drop(engine, entity, ["currency", "owner", "amount_source", "amount_target", *slice_names(entity)])


def _drop(engine: Engine, entity: Entity, names: Sequence[str]) -> None:
    for name in names:
        engine.execute(Query(f"ALTER TABLE {tables(entity).rows} DROP COLUMN {name}", step=f"{entity.name}: evidence"))


def status(name: str) -> str:
    """Return a status as a constant of its own type: text would be looked up row by row."""
    return f"CAST({literal(name)} AS {_STATUS})"


def words(entity: Entity) -> int:
    """Return how many mask columns the entity's compared columns need."""
    return max(1, -(-len(entity.compared) // WORD))


def mask_names(entity: Entity) -> list[str]:
    """Return the evidence rows' mask columns."""
    return [f"mask_{word}" for word in range(words(entity))]


def mask_type(entity: Entity) -> str:
    """Return the type of the mask columns."""
    return next((type_ for most, type_ in _MASKS if len(entity.compared) <= most), "BIGINT")


def slice_names(entity: Entity) -> list[str]:
    """Return the evidence rows' columns of slices."""
    return [f"s_{index}" for index, _ in enumerate(entity.slices)]


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
    currency = [] if _currency_slice(entity) else ["currency"]
    return ["owner", "amount_source", "amount_target", *currency, *slice_names(entity)]


def facts(entity: Entity, aliases: Sequence[str], *, words: Words = MappingProxyType({})) -> list[str]:
    """Return what a row's harm is reckoned from: owner, both amounts, currency, slices.

    Args:
        entity: the entity.
        aliases: where to read, first choice first: ("s", "t"), or one side alone.
        words: what is told by its words there.
    """
    few = told(entity, words)

    def first(name: str) -> str:
        return f"coalesce({', '.join(f'{alias}.{quote(name)}' for alias in aliases)})"

    def amount(alias: str) -> str:
        return f"{alias}.{quote(entity.money.amount)}" if entity.money and alias in aliases else "NULL"

    return [
        first(entity.owner) if entity.owner else "NULL",
        amount("s"),
        amount("t"),
        *(() if _currency_slice(entity) else (first(entity.money.currency) if entity.money and entity.money.currency else "NULL",)),
        *(first(name) if name in few else f"CAST({first(name)} AS VARCHAR)" for name in entity.slices),
    ]


def _currency_slice(entity: Entity) -> str | None:
    """Return the column of the slice that is the currency, or None."""
    currency = entity.money.currency if entity.money else None
    return f"s_{entity.slices.index(currency)}" if currency in entity.slices else None


def _currency(entity: Entity, words: Words) -> str:
    currency, slice_ = entity.money.currency if entity.money else None, _currency_slice(entity)
    text = _text(words.get(currency)) if currency else _NOTHING
    return f"{text} GENERATED ALWAYS AS ({slice_}) VIRTUAL" if slice_ else text


def _text(words: Sequence[str] | None) -> str:
    return word_type(words) if words else "VARCHAR"
