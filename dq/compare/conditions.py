"""The one place where a contract's conditions are read: true or false of a row, over columns that are there, and of nothing else."""

from __future__ import annotations

from dq.compare import parser
from dq.compare.select import FUNCTIONS, check_expression, column_names
from dq.contract.models import Entity
from dq.engine import Engine
from dq.errors import ContractError, EngineError, near_miss
from dq.sql import quote

_FREE = (*FUNCTIONS, "+", "-", "*", "abs", "length", "coalesce", "lower", "upper", "regexp_full_match")


def read_claim(engine: Engine, entity: Entity, condition: str, *, key: str, free: bool = False) -> str:
    """Check a condition over an entity's columns, of the types that the contract declares, and return it as DuckDB writes it.

    Args:
        engine: parses and binds it.
        entity: the entity, whose columns it may name.
        condition: an expression that is true for the rows meant.
        key: the key that holds it, for errors.
        free: as for `read_condition`.

    Raises:
        ContractError: as `read_condition`; also where it is not true or false of a row of these types.
    """
    written = read_condition(engine, condition, file=entity.file, key=key, known=tuple(column.name for column in entity.columns), free=free)
    row = ", ".join(f"CAST(NULL AS {column.type.sql}) AS {quote(column.name)}" for column in entity.columns)
    try:
        type_ = parser.type_of(engine, written, row=row)
    except EngineError as error:
        raise ContractError(f"can be asked of no row: {error}", file=entity.file, key=key) from error
    if type_ != "BOOLEAN":
        raise ContractError(f"is {type_} of a row, and neither true nor false", file=entity.file, key=key)
    return written


def read_condition(engine: Engine, condition: str, *, file: str, key: str, known: tuple[str, ...], free: bool = False) -> str:
    """Check a condition over named columns and return it as DuckDB writes it.

    Args:
        engine: parses it.
        condition: an expression that is true for the rows meant.
        file: the contract's file, for errors.
        key: the key that holds it, for errors.
        known: the columns it may name.
        free: arithmetic and functions of numbers are allowed too (invariants).

    Raises:
        ContractError: it is not one expression, names an unknown column, or holds what may not stand there.
    """
    place = f"{file}: {key}"
    tree = parser.tree(engine, f"SELECT 1 FROM t WHERE ({condition})", file=place)
    node = tree["statements"][0]["node"]
    if len(tree["statements"]) != 1 or node["type"] != "SELECT_NODE" or node["where_clause"] is None or node["modifiers"]:
        raise ContractError("is not one condition", file=file, key=key)
    check_expression(node["where_clause"], file=place, functions=_FREE if free else FUNCTIONS)
    named = list(column_names(node["where_clause"]))
    if not named:
        raise ContractError("names no column: it says the same of every row", file=file, key=key)
    for names in named:
        if len(names) != 1 or names[0] not in known:
            name = ".".join(names)
            raise ContractError(f"unknown column '{name}'{near_miss(name, known)}", file=file, key=key)
    written = parser.written(engine, tree)
    return written[written.index(" WHERE ") + len(" WHERE ") :]
