"""The one place for content digests: what is in a table, whatever the order of its rows and columns.

A row is written as a text in which every value is NULL or preceded by its length, so that no separator can be forged; the SHA-256 of
each row is taken, the hashes are sorted, and the SHA-256 of that stream, after a header with names, types and the number of rows, is
the table's digest. Adding hashes would be quicker, and is forged by whoever may choose rows.
Source: DECISIONS "Signed digests".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from dq.engine import Engine
from dq.sql import Query, quote

_NESTED = ("STRUCT", "MAP", "UNION")


def table_digest(engine: Engine, relation: str, *, name: str, types: Mapping[str, str], rows: int) -> str:
    """Return the digest of a relation's rows as 64 hexadecimal digits.

    Args:
        engine: the engine.
        relation: a quoted table.
        name: the table's name, which the digest covers.
        types: column to type; the digest covers both, whatever their order.
        rows: how many rows there are; the digest covers it.
    """
    columns = sorted(types.items())
    digest = hashlib.sha256(json.dumps([name, columns, rows], ensure_ascii=False).encode() + b"\n")
    if columns:
        written = ", ".join(_written(column, type_) for column, type_ in columns)
        query = Query(f"SELECT unhex(sha256(concat({written}))) AS h FROM {relation} ORDER BY h", step=f"digest of {name}")
        for chunk in engine.bytes_of(query):
            digest.update(chunk)
    return digest.hexdigest()


def content_digest(tables: Iterable[tuple[str, str]]) -> str:
    """Return the digest of a store from the names and digests of its tables, in any order."""
    digest = hashlib.sha256()
    for name, content in sorted(tables):
        digest.update(json.dumps([name, content], ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _written(column: str, type_: str) -> str:
    """Return a value's text with its length in bytes before it, 'N' for NULL."""
    name = quote(column)
    if type_ == "BLOB":
        text = f"hex({name})"
    elif type_ == "VARCHAR":
        text = name
    elif type_ == "VARIANT":
        text = f"CAST(CAST({name} AS JSON) AS VARCHAR)"  # as VARCHAR, 1 and '1' look alike
    elif type_.endswith("]") or type_.startswith(_NESTED):
        text = f"CAST(to_json({name}) AS VARCHAR)"  # as VARCHAR, ['a, b'] and ['a', 'b'] look alike
    else:
        text = f"CAST({name} AS VARCHAR)"
    return f"CASE WHEN {name} IS NULL THEN 'N' ELSE concat(strlen({text}), ':', {text}) END"
