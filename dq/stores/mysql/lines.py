"""The one place that takes the rows of MySQL and MariaDB off the wire, and makes lines of CSV of their pieces.

PyMySQL takes every row apart by itself, which is most of the time of a table. Here what has come is cut where the packets' headers say, a
megabyte at a time.
Source: MySQL internals, "MySQL Packets" and "Text Resultset Row": a length of three bytes and a sequence number, then of each column
its own length and its bytes.
"""

from __future__ import annotations

import struct
import sys
from binascii import hexlify
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Protocol

from dq.errors import SnapshotError
from dq.stores.mysql.errors import LOST, NULL_LINE, Refusal
from dq.stores.mysql.types import Piece

_CHUNK = 1024 * 1024  # bytes that are taken at a time
_HEADER = 4
_FULL = 0xFFFFFF  # the length of a packet that goes on in the next one
_NULL, _TWO, _THREE, _EIGHT, _ERROR = 0xFB, 0xFC, 0xFD, 0xFE, 0xFF  # what the first byte of a row says; below them it is the text's length
_WIDTHS = MappingProxyType({_TWO: 2, _THREE: 3, _EIGHT: 8})  # bytes that the length takes
_SHORTEST = 9  # bytes of a row whose length takes eight; what is shorter with that first byte is the end
_WHOLE = ("cells", "check")  # pieces that are NULL only where the server could not make them
_header = struct.Struct("<I").unpack_from


class Wire(Protocol):
    """What the server sends, buffered."""

    def read(self, size: int, /) -> bytes:
        """Return so many bytes; fewer where it ended."""

    def read1(self, size: int, /) -> bytes:
        """Return what has come, up to so many bytes; none where it ended."""


class Lines:
    """The rows of one query, as they come; a stream of `Bytes`."""

    def __init__(self, wire: Wire, number: int, pieces: Sequence[Piece], *, told: Callable[[Refusal], SnapshotError], left: Callable[[Lines], None]) -> None:
        """Begin behind the description of the columns.

        Args:
            wire: what the server sends.
            number: the sequence number of the first row's packet.
            pieces: what the columns are.
            told: puts a refusal into words.
            left: called when nobody wants the rest.
        """
        self._wire = wire
        self._number = number
        self._pieces = tuple(pieces)
        self._quick = _NULL if self._pieces == ("cells",) else 0  # a row that begins with less is one short text, and this is the line
        self._told = told
        self._left = left
        self._ahead = bytearray()  # came, and was not asked for yet
        self._ended = False
        self._has_null = False

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, none at the end. Raises SnapshotError."""
        wanted = size if size >= 0 else sys.maxsize
        try:
            while len(self._ahead) < wanted and not self._ended:
                self._ahead += self._come()
        except Refusal as error:
            raise self._told(error) from None
        if self._has_null:
            raise self._told(Refusal(NULL_LINE))
        found = bytes(memoryview(self._ahead)[:wanted])
        del self._ahead[:wanted]
        return found

    def close(self) -> None:
        """Stop; what the server would still send is left to whoever asks it next."""
        self._ahead.clear()
        if not self._ended:
            self._left(self)

    def drain(self) -> bool:
        """Read the rest and throw it away; say whether that was all of it. Raises Refusal where the connection broke."""
        while not self._ended:
            try:
                self._come()
            except Refusal as error:
                if error.code == LOST:
                    raise
                return False
        return True

    def _come(self) -> bytes:
        """Take what has come and return it as lines. Raises Refusal, after which nothing comes."""
        try:
            return self._cut(self._taken(self._wire.read1, _CHUNK))
        except (Refusal, LookupError) as error:  # the latter: what came is no row
            self._ended = True
            raise error if isinstance(error, Refusal) else Refusal(LOST) from None

    def _cut(self, data: bytes) -> bytes:
        lines: list[bytes] = []
        add, end, here, number, quick = lines.append, len(data), 0, self._number, self._quick
        while here + _HEADER < end and not self._ended:
            header = _header(data, here)[0]
            after = here + _HEADER + (header & _FULL)
            if after > end:
                break
            if header >> 24 != number:
                raise Refusal(LOST)
            number = (number + 1) & 0xFF
            if data[here + _HEADER] < quick:
                add(data[here + _HEADER + 1 : after])
            else:
                self._add(lines, data[here + _HEADER : after])
            here = after
        self._number = number
        if here < end:
            self._add(lines, self._whole(data[here:]))
        add(b"")
        return b"\n".join(lines)

    def _add(self, lines: list[bytes], row: bytes) -> None:
        """Add what a packet holds: a row, or the end. Raises Refusal where it is an error."""
        first = row[0] if row else _ERROR
        if first == _ERROR:
            raise Refusal(int.from_bytes(row[1:3], "little") or LOST)
        if first == _EIGHT and len(row) < _SHORTEST:
            self._ended = True
            return
        made: list[bytes] = []
        here = 0
        for piece in self._pieces:
            size = row[here]
            start = here + 1
            if size == _NULL:
                self._has_null = self._has_null or piece in _WHOLE
                made.append(b"")
                here = start
                continue
            if size > _NULL:
                width = _WIDTHS[size]
                size, start = int.from_bytes(row[start : start + width], "little"), start + width
            here = start + size
            value = row[start:here]
            if piece == "text":
                made.append(b'"%b"' % value.replace(b'"', b'""'))
            elif piece == "bytes":
                made.append(b'"%b"' % hexlify(value))
            elif piece == "cells":
                made.append(value)
        lines.append(b",".join(made))

    def _whole(self, begun: bytes) -> bytes:
        """Return what a packet holds of which this is the beginning, and the packets in which it goes on. Raises Refusal."""
        parts: list[bytes] = []
        while True:
            begun += self._exactly(_HEADER - len(begun))
            header = _header(begun)[0]
            size = header & _FULL
            if header >> 24 != self._number:
                raise Refusal(LOST)
            self._number = (self._number + 1) & 0xFF
            parts += (begun[_HEADER:], self._exactly(size - len(begun) + _HEADER))
            if size < _FULL:
                return b"".join(parts)
            begun = b""

    def _exactly(self, size: int) -> bytes:
        data = self._taken(self._wire.read, size) if size > 0 else b""
        if len(data) < size:
            raise Refusal(LOST)
        return data

    @staticmethod
    def _taken(read: Callable[[int], bytes], size: int) -> bytes:
        try:
            data = read(size)
        except OSError as error:
            raise Refusal(LOST, error) from None
        if not data:
            raise Refusal(LOST)
        return data
