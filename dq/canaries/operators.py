"""The one place where the operators that corrupt a copy are registered, by column role; `values` has them.

Source: DECISIONS "Operators and checks": canary operators are generic by column role.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dq.contract.models import Column

Value = str | None
Cells = Sequence[Value]  # one column of the slice, a value a row
Changes = dict[int, Value]  # row's place to its new value; empty where the operator does nothing there
Change = Callable[[Column, Cells, int], Changes]
Cell = Callable[[Column, Value], Value]  # the value itself where the operator does nothing to it

INTEGERS = {"INTEGER": 31, "BIGINT": 63, "HUGEINT": 127}  # bits


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to corrupt a column in one row, or in two."""

    words: str  # what was done, as the report says it
    roles: tuple[str, ...]
    change: Change


OPERATORS: list[Operator] = []


def role_of(column: Column) -> str:
    """Return the role of a column: `id` where a crosswalk maps it, else what its type is for."""
    if column.through is not None and column.kind != "keys":
        return "id"
    return type_role(column)


def type_role(column: Column) -> str:
    """Return what a column's type is for."""
    name = column.type.name
    plain = {"VARCHAR": "text", "ENUM": "code", "CURRENCY": "code", "BOOLEAN": "truth", "DATE": "day", "INSTANT": "instant"}
    return "number" if name == "DECIMAL" or name in INTEGERS else plain.get(name, name.lower())


def operators_of(role: str) -> list[Operator]:
    """Return the operators of a role, in the order of this file."""
    return [operator for operator in OPERATORS if role in operator.roles]


def cell(words: str, *roles: str) -> Callable[[Cell], Cell]:
    """Register a function of one value."""

    def register(function: Cell) -> Cell:
        def change(column: Column, cells: Cells, place: int) -> Changes:
            value = function(column, cells[place])
            return {} if value == cells[place] else {place: value}

        OPERATORS.append(Operator(words, roles, change))
        return function

    return register


def change_of(words: str, *roles: str) -> Callable[[Change], Change]:
    """Register a function of a column and a row's place in it."""

    def register(function: Change) -> Change:
        OPERATORS.append(Operator(words, roles, function))
        return function

    return register


def units(value: str) -> int:
    """Return a number in its smallest unit; the engine writes all decimals that its type has."""
    return int(value.replace(".", ""))
