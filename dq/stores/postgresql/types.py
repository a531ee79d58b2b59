"""The one place that says what a PostgreSQL type is in a snapshot, and how a value of it is asked for.

What no type of the engine holds in full stays the text that the server itself writes.
Source: PostgreSQL documentation, "Data Types"; FACTS "Reading live stores" for what is silently changed elsewhere.
"""

from __future__ import annotations

import re

from dq.sql import quote
from dq.stores.catalogue import TEXT, StoreColumn

_TYPES = {
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "oid": "UINTEGER",
    "real": "FLOAT",
    "double precision": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time without time zone": "TIME",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "uuid": "UUID",
    "bytea": "BLOB",
    "json": "JSON",
    "jsonb": "JSON",
}
_TEXTS = ("text", "character varying", "character", "name", '"char"')
_WIDEST = 38  # digits of a DECIMAL
_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
_MODIFIER = re.compile(r"\(\d+\)")


def column_of(name: str, store_type: str, plain: str) -> StoreColumn:
    """Return a column as it is asked for.

    Args:
        name: the column's.
        store_type: its type, as `format_type` names it.
        plain: the same without domains: the type that they are made of.
    """
    type_, why = snapshot_type(plain)
    value = quote(name)  # COPY writes what the type itself writes; a cast to text would trim a char(n)
    if type_ == "BLOB":
        value = f"pg_catalog.encode({value}, 'hex')"
    return StoreColumn(name, store_type, type_, value, why)


def snapshot_type(plain: str) -> tuple[str, str]:
    """Return the type in the snapshot of a type as `format_type` names it, and why it is text where a reader may wonder."""
    numeric = _NUMERIC.fullmatch(plain)
    if numeric is not None and 0 <= int(numeric[2]) <= int(numeric[1]) <= _WIDEST:
        return f"DECIMAL({numeric[1]},{numeric[2]})", ""
    if plain.startswith("numeric"):
        return TEXT, "no DECIMAL holds every value of it"
    bare = _MODIFIER.sub("", plain)
    if bare in _TYPES:
        return _TYPES[bare], ""
    return TEXT, "" if bare in _TEXTS else "as the server writes it"
