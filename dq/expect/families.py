"""The one place for families of column types: which values may be compared with a column without a silent conversion."""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from dq.errors import near_miss
from dq.expect.exact import DIGITS, as_decimal, is_number, survives

_FAMILIES = {
    "text": ("VARCHAR", "ENUM", "CURRENCY"),
    "json": ("JSON",),
    "boolean": ("BOOLEAN",),
    "integer": (
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
    ),  # UHUGEINT: DuckDB makes DOUBLE of it beside a signed one
    "decimal": ("DECIMAL",),
    "float": ("DOUBLE", "FLOAT"),
    "date": ("DATE",),
    "instant": ("INSTANT", "TIMESTAMP WITH TIME ZONE"),
    "timestamp": ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    "uuid": ("UUID",),
    "blob": ("BLOB",),
}
_CONTRACT_ONLY = {"CURRENCY", "INSTANT"}
_BARE = re.compile(r"[A-Z_ ]+")
_PARAMETERS = {"DECIMAL": re.compile(r"DECIMAL\(\d+,\d+\)"), "ENUM": re.compile(r"ENUM\(.+\)")}
_FAMILY = {name: found for found, names in _FAMILIES.items() for name in names}


def family(type_: str) -> str:
    """Return the family of a DuckDB or contract type name; 'other' for lists, structs and what else there is."""
    if type_.endswith("]"):
        return "other"
    return _FAMILY.get(type_.upper().partition("(")[0].strip(), "other")


def unknown_type(name: str) -> str | None:
    """Return why a name is not the way DuckDB writes a type, or None."""
    base = name.partition("(")[0].strip()
    nested = base in ("STRUCT", "MAP", "UNION") or name.endswith("]")
    if nested or (base in _FAMILY and base not in _CONTRACT_ONLY and _PARAMETERS.get(base, _BARE).fullmatch(name)):
        return None
    return f"DuckDB writes no type as '{name}'{near_miss(name, set(_FAMILY) - _CONTRACT_ONLY | {'DECIMAL(18,2)'})}"


def unsuitable(value: object, type_: str, *, bound: bool = False) -> str | None:
    """Return why a value of the contract cannot be compared exactly with a column of a type, or None.

    A bound passes through a float on its way; an integer of a set does not.
    """
    if value is None:
        return "NULL is never equal to anything: use the expectations about NULL"
    found = family(type_)
    number = is_number(value) and as_decimal(value).is_finite()
    suits = {
        "text": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": number and value == int(value),  # type: ignore[call-overload]
        "decimal": number,
        "date": isinstance(value, date) and not isinstance(value, datetime),
        "instant": isinstance(value, datetime) and value.tzinfo is not None,
        "timestamp": isinstance(value, datetime) and value.tzinfo is None,
        "uuid": _is_uuid(value),
    }
    if not suits.get(found, False):
        return f"{_shown(value)} is not {_WANTED.get(found, 'comparable')}"
    if is_number(value) and not survives(value) and (bound or isinstance(value, float)):
        return f"{_shown(value)} has more digits than Great Expectations keeps of a number ({DIGITS})"
    return None


_WANTED = {
    "text": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "decimal": "a number",
    "date": "a date, as in 2024-10-20 without quotes",
    "instant": "a moment with its offset, as in 2024-10-20T17:00:00Z without quotes",
    "timestamp": "a wall-clock time, as in 2024-10-20T17:00:00 without quotes and offset",
    "uuid": "a UUID in lower case, as in '3f2b8c1e-0000-4000-8000-000000000000'",
}


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)
