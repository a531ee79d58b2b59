"""The one place that says how a column of MySQL or MariaDB comes over: what the server is asked for, and the type that it is exactly.

Most columns are an expression of one CSV cell each: NULL is nothing, a number or a date stands bare, everything else in double quotes. Where
the server cannot make the cell of a value that is not NULL, the expression is NULL, and with CONCAT all of the cells beside it: the reader
stops there. Long texts and binaries come as they are and are put into quotes here: the time of the server's REPLACE is the number of
quotes times the length (measured on MariaDB 10.11: 1.9 s for 100,000 quotes, and nothing stops it), and CONCAT ends at max_allowed_packet.

Taken as the server shows it: CHAR(n) without the spaces at its end, which are not told apart from padding; JSON as MySQL writes it.
Source: MySQL and MariaDB reference, "Data Types"; FACTS "Reading live stores".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from dq.stores.catalogue import TEXT, StoreColumn

WIDEST = 38  # digits of a DECIMAL in the snapshot
SHORT = 2048  # bytes of a text or binary that the server puts into quotes
Piece = Literal["cells", "text", "bytes", "check"]
_INTEGERS = {"tinyint": "TINYINT", "smallint": "SMALLINT", "mediumint": "INTEGER", "int": "INTEGER", "bigint": "BIGINT"}
_BARE = {"date": "DATE", "time": "TIME", "datetime": "TIMESTAMP", "timestamp": "TIMESTAMP WITH TIME ZONE", "year": "SMALLINT"}
_REAL = {"float": "FLOAT", "double": "DOUBLE"}
_BYTES = {
    *("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector"),
    *("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection"),
}
_COMPLETE = {"utf8mb4", "utf8mb3", "utf8", "latin1", "ucs2", "utf16", "utf16le", "utf32"}  # every character of these has its own in Unicode
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


@dataclass(frozen=True, slots=True)
class ServerColumn(StoreColumn):
    """A column, how its values come, and what they must be."""

    piece: Piece = "cells"  # cells: as a part of the line that the server makes; else by itself, as it is
    holds: str = ""  # a condition that is true where the server sends the value whole; '' where it always does


def name_of(identifier: str) -> str:
    """Quote one identifier as these servers want it."""
    return "`" + identifier.replace("`", "``") + "`"


def column_of(name: str, data_type: str, column_type: str, *, charset: str | None, length: int | None, is_nullable: bool, is_json: bool) -> ServerColumn:
    """Return a column as it is read.

    Args:
        name: its name.
        data_type: the name of its type alone, `bigint`.
        column_type: the type in full, `bigint(20) unsigned`.
        charset: the character set of its text.
        length: the bytes of its longest text or binary; None where the server does not say.
        is_nullable: it may hold NULL.
        is_json: MariaDB holds it to `json_valid`, which is what JSON is there.
    """
    column, why = name_of(name), ""
    if data_type in _INTEGERS or data_type == "bit":
        unsigned = data_type == "bit" or " unsigned" in column_type
        type_ = f"{'U' if unsigned else ''}{_INTEGERS.get(data_type, 'BIGINT')}"
        value = f"{column}+0" if data_type == "bit" else column
    elif data_type in _REAL:
        # a FLOAT alone is shown with 6 digits, DOUBLE(M,D) with D places; as the product of a double it is the shortest text that is exactly it;
        # only the sign of a zero is not shown by MariaDB, and the angle tells it
        type_, value = _REAL[data_type], f"IF({column}=0 AND ATAN2({column},-1)<0,'-0',{column}*1e0)"
    elif data_type in _BARE:
        type_, value = _BARE[data_type], column
    elif data_type == "decimal":
        value = column
        type_, why = _decimal(column_type)
    elif data_type in _BYTES:
        if length is None or length > SHORT:
            return ServerColumn(name, column_type, "BLOB", column, piece="bytes")
        return ServerColumn(name, column_type, "BLOB", _quoted(f"HEX({column})", column, is_nullable=is_nullable))
    else:
        type_ = {"json": "JSON", "uuid": "UUID"}.get(data_type, "JSON" if is_json else TEXT)
        holds = _holds(column, charset)
        if data_type == "json" or (length or 0) > SHORT:
            return ServerColumn(name, column_type, type_, column, piece="text", holds=holds)
        text = f"REPLACE({_converted(column)} COLLATE utf8mb4_bin,'\"','\"\"')"
        cell = _quoted(f"IF({holds},{text},NULL)" if holds else text, column, is_nullable=is_nullable)
        return ServerColumn(name, column_type, type_, cell)
    return ServerColumn(name, column_type, type_, f"IFNULL({value},'')" if is_nullable else value, why)


def selected(columns: Sequence[StoreColumn]) -> Iterator[tuple[str, Piece]]:
    """Yield what is selected for these columns, and what each piece is; neighbours that the server puts into cells are one."""
    ours = [column if isinstance(column, ServerColumn) else ServerColumn(column.name, column.store_type, column.type, column.select) for column in columns]
    holds = [column.holds for column in ours if column.holds and column.piece != "cells"]
    if holds:
        yield f"IF(({') AND ('.join(holds)}),'',NULL)", "check"
    for piece, group in groupby(ours, key=lambda column: column.piece):
        if piece == "cells":
            # CONCAT and not CONCAT_WS, which would leave out a cell that could not be made
            line = ",',',".join(column.select for column in group)
            yield f"CONCAT({line})", piece
        else:
            yield from ((column.select, piece) for column in group)


def _decimal(column_type: str) -> tuple[str, str]:
    found = _DECIMAL.match(column_type)
    if found and int(found[1]) <= WIDEST:
        return f"DECIMAL({found[1]},{found[2]})", ""
    return TEXT, f"it has more than {WIDEST} digits"


def _quoted(value: str, column: str, *, is_nullable: bool) -> str:
    """Return a cell in quotes; IF and not IFNULL, under which a value that is too long would look like NULL."""
    quoted = f"CONCAT('\"',{value},'\"')"
    return f"IF({column} IS NULL,'',{quoted})" if is_nullable else quoted


def _converted(column: str) -> str:
    return f"CONVERT({column} USING utf8mb4)"


def _holds(column: str, charset: str | None) -> str:
    """Return the condition that no question mark comes for what the server cannot convert; '' where it can convert everything.

    Mostly a text that comes back the same is proof; some codes have a twin with the same meaning, and then the question marks are counted.
    """
    if charset is None or charset in _COMPLETE:
        return ""
    there = _converted(column)
    back = f"CAST(CONVERT({there} USING {charset}) AS BINARY)=CAST({column} AS BINARY)"
    return f"{column} IS NULL OR {back} OR {_marks(column)}={_marks(there)}"


def _marks(text: str) -> str:
    return f"LENGTH({text})-LENGTH(REPLACE({text},'?',''))"
