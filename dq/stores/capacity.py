"""The one place that says what a column of a store can hold, from its type as the store names it: how long a text, from which number to which.

What is not said here has no limit that a type's name tells: JSON, instants, unlimited text. Source: documentation of PostgreSQL 17, MySQL 8.4, MariaDB 11
and DuckDB 1.5, numeric and character types. All of them count a text's length in characters, but for MySQL's TEXT types, which count bytes of UTF-8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TEXT: Final = re.compile(r"(?:n?varchar2?|n?char|character varying|character|bpchar)\((\d+)\)")
_INTEGER: Final = re.compile(r"(u?(?:tinyint|smallint|mediumint|integer|int|bigint|hugeint))(?:\(\d+\))?( unsigned)?(?: zerofill)?")
_DECIMAL: Final = re.compile(r"(?:decimal|numeric)\((\d+),\s*(\d+)\)( unsigned)?(?: zerofill)?")
_BITS: Final = {"tinyint": 8, "smallint": 16, "mediumint": 24, "integer": 32, "int": 32, "bigint": 64, "hugeint": 128}
_BYTES: Final = {"tinytext": 2**8 - 1, "text": 2**16 - 1, "mediumtext": 2**24 - 1}
_COUNT_BYTES: Final = ("mysql", "mariadb")  # kinds of store whose TEXT has an end


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a column can hold: texts, or numbers; None where there is no limit, or it is of the other kind."""

    characters: int | None = None
    octets: int | None = None  # of UTF-8
    low: int | None = None  # in units of the last decimal, inclusive
    high: int | None = None
    scale: int = 0  # decimals


def capacity_of(store_type: str, *, kind: str) -> Capacity | None:
    """Return what a column of a type can hold, or None where its name tells no limit.

    Args:
        store_type: as the store names it: `varchar(64)`, `numeric(12,2)`, `int unsigned`.
        kind: of the store: duckdb, postgresql, mariadb, mysql, ...
    """
    name = " ".join(store_type.casefold().split())
    if text := _TEXT.fullmatch(name):
        return Capacity(characters=int(text[1]))
    if kind in _COUNT_BYTES and name in _BYTES:
        return Capacity(octets=_BYTES[name])
    if whole := _INTEGER.fullmatch(name):
        bare = whole[1].removeprefix("u")
        return _signed(_BITS[bare]) if bare == whole[1] and not whole[2] else Capacity(low=0, high=2 ** _BITS[bare] - 1)
    if decimal := _DECIMAL.fullmatch(name):
        high = 10 ** int(decimal[1]) - 1
        return Capacity(low=0 if decimal[3] else -high, high=high, scale=int(decimal[2]))
    return None


def _signed(bits: int) -> Capacity:
    return Capacity(low=-(2 ** (bits - 1)), high=2 ** (bits - 1) - 1)
