"""The one place for SQL as a value: a query with its bound values, and the quoting of identifiers and literals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Query:
    """One statement for the engine: text, bound values, and the step it belongs to (named in errors and profiles)."""

    sql: str
    values: tuple[object, ...] = ()
    step: str = ""


def quote(identifier: str) -> str:
    """Quote one identifier; any character but NUL may stand in it."""
    if "\0" in identifier:
        message = "an identifier holds a NUL character"
        raise ValueError(message)
    return '"' + identifier.replace('"', '""') + '"'


def path(*identifiers: str) -> str:
    """Quote and join the parts of a qualified name: catalogue, schema, table, column."""
    return ".".join(quote(part) for part in identifiers)


def literal(text: str) -> str:
    """Write text as a string literal, for the statements that take no bound values (views)."""
    if "\0" in text:
        message = "a literal holds a NUL character"
        raise ValueError(message)
    return "'" + text.replace("'", "''") + "'"


def listed(items: object, separator: str = ", ") -> str:
    """Join SQL fragments."""
    return separator.join(items)  # type: ignore[arg-type]
