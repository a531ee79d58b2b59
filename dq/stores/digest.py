"""The one place for content digests: what is in a table, whatever the order of its rows and columns.

A row is written as bytes in which no separator can be forged; the SHA-256 of each row is taken, the hashes are sorted, and the SHA-256
of that stream, after a header with names, types and the number of rows, is the table's digest. Adding hashes would be quicker, and is
forged by whoever may choose rows.

A row's bytes: 02 00, then of each column, by name, 01 for NULL, or 02 and the value. An integer, and what is stored as one (a decimal as
its unscaled number, a date as days, a moment as microseconds since 1970), has the bytes of its type's width, the highest first, the
sign turned over. Everything else is text in UTF-8 (a BLOB its bytes): a byte 00 or 01 has 01 before it, and 00 ends it.
`tests/stores/test_stores_digest.py` writes the same bytes in Python.
Source: DECISIONS "Signed digests".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dq.errors import EngineError
from dq.sql import Query, quote

if TYPE_CHECKING:
    from dq.engine import Engine

_WIDTH = 32  # bytes of a SHA-256
_NESTED = ("STRUCT", "MAP", "UNION")
_WHOLE = re.compile(  # types of a fixed width
    r"BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|DECIMAL\(\d+,\d+\)|DATE|TIME|TIMESTAMP|TIMESTAMP WITH TIME ZONE|UUID"
)
_ORDER = "'ASC NULLS FIRST'"  # what makes the engine write NULL as 01 and nothing turned around


def table_digest(engine: Engine, relation: str, *, name: str, types: Mapping[str, str], rows: int) -> str:
    """Return the digest of a relation's rows as 64 hexadecimal digits.

    Args:
        engine: the engine.
        relation: a quoted table.
        name: the table's name, which the digest covers.
        types: column to type; the digest covers both, whatever their order.
        rows: how many rows there are; the digest covers it.
    """
    digest = _begun(name, types, rows)
    if types:
        for chunk in engine.bytes_of(Query(f"SELECT {row_digest(types)} AS h FROM {relation} ORDER BY h", step=f"digest of {name}")):
            digest.update(chunk)
    return str(digest.hexdigest())


def part_digests(engine: Engine, stream: str, *, name: str, types: Mapping[str, str], rows: Sequence[int]) -> tuple[str, ...]:
    """Return the digests of rows that come in parts, one after the other in one stream; each is that of its part alone.

    Args:
        engine: the engine.
        stream: a SELECT of the rows' digests (see `row_digest`), sorted by part, and by themselves in each.
        name: as of `table_digest`, as is all else.
        types: column to type.
        rows: how many rows each part has.

    Raises:
        EngineError: the stream has more rows, or fewer, than its parts.
    """
    left, found = memoryview(b""), []
    chunks = engine.bytes_of(Query(stream, step=f"digest of {name}"))
    for number in rows:
        digest, wanted = _begun(name, types, number), number * _WIDTH
        while wanted:
            left = left or next(chunks, left)
            if not left:
                raise EngineError(f"digest of {name}: it has fewer rows than were counted")
            part, left = left[:wanted], left[wanted:]
            digest.update(part)
            wanted -= len(part)
        found.append(digest.hexdigest())
    if left or next(chunks, None) is not None:
        raise EngineError(f"digest of {name}: it has more rows than were counted")
    return tuple(found)


def row_digest(types: Mapping[str, str]) -> str:
    """Return the SHA-256 of a row's bytes as an expression, a BLOB of 32 bytes."""
    written = ("CAST('' AS BLOB)", *(_written(column, type_) for column, type_ in sorted(types.items())))
    return f"unhex(sha256(create_sort_key({', '.join(f'{value}, {_ORDER}' for value in written)})))"


def content_digest(tables: Iterable[tuple[str, str]]) -> str:
    """Return the digest of a store from the names and digests of its tables, in any order."""
    digest = hashlib.sha256()
    for name, content in sorted(tables):
        digest.update(json.dumps([name, content], ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _begun(name: str, types: Mapping[str, str], rows: int) -> Any:
    """Return a digest that covers what stands before the rows."""
    return hashlib.sha256(json.dumps([name, sorted(types.items()), rows], ensure_ascii=False).encode() + b"\n")


def _written(column: str, type_: str) -> str:
    """Return a value as what is written of it: itself where it has a fixed width, else a BLOB."""
    name = quote(column)
    if type_ == "BLOB" or _WHOLE.fullmatch(type_):
        return name
    if type_ == "VARIANT" or type_.endswith("]") or type_.startswith(_NESTED):  # as VARCHAR, 1 and '1', ['a, b'] and ['a', 'b'] look alike
        text = f"CAST({name} AS JSON)" if type_ == "VARIANT" else f"to_json({name})"
        return f"encode(CASE WHEN {name} IS NOT NULL THEN concat('=', CAST({text} AS VARCHAR)) END)"  # something may be written as nothing
    return f"encode(CAST({name} AS VARCHAR))"  # as it is, whatever the column's collation
