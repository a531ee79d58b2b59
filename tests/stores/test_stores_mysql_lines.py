"""Rows of any length come off the wire whole, and a stream that breaks is an error, never fewer rows."""

from __future__ import annotations

import io

import pytest

from dq.errors import SnapshotError
from dq.stores.mysql.errors import LOST, NULL_LINE
from dq.stores.mysql.lines import Lines
from dq.stores.mysql.types import Piece


def _packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number & 0xFF]) + payload


def _length(value: bytes) -> bytes:
    size = len(value)
    if size < 0xFB:
        return bytes([size]) + value
    if size < 1 << 16:
        return b"\xfc" + size.to_bytes(2, "little") + value
    return (b"\xfd" + size.to_bytes(3, "little") if size < 1 << 24 else b"\xfe" + size.to_bytes(8, "little")) + value


def _rows(*rows: tuple[bytes | None, ...], end: bytes = b"\xfe\0\0\2\0") -> bytes:
    """Return what a server sends of these rows, from packet 5 on."""
    sent, number = b"", 5
    for row in rows:
        payload = b"".join(b"\xfb" if value is None else _length(value) for value in row)
        while True:
            part, payload = payload[:0xFFFFFF], payload[0xFFFFFF:]
            sent += _packet(number, part)
            number += 1
            if len(part) < 0xFFFFFF:
                break
    return sent + _packet(number, end) if end else sent


def _lines(sent: bytes, *pieces: Piece) -> Lines:
    return Lines(io.BufferedReader(io.BytesIO(sent), 16), 5, pieces or ("cells",), told=lambda refusal: SnapshotError(str(refusal.code)), left=lambda _: None)  # type: ignore[arg-type]


SIZES = (0, 1, 250, 251, 252, 65535, 65536, 1 << 20)


@pytest.mark.parametrize("at_a_time", [1, 7, 1 << 16, -1])
def test_rows_of_every_length_come_off_the_wire(at_a_time: int) -> None:
    texts = [b"x" * size for size in SIZES[: 5 if at_a_time in {1, 7} else None]] * 3
    stream = _lines(_rows(*((text,) for text in texts)))
    assert b"".join(iter(lambda: stream.read(at_a_time), b"")) == b"".join(text + b"\n" for text in texts)


@pytest.mark.parametrize("size", [0xFFFFFF - 5, 0xFFFFFF - 4, 0xFFFFFF - 3, 0xFFFFFF, 2 * 0xFFFFFF + 3])
def test_a_row_of_several_packets_comes_off_the_wire(size: int) -> None:
    assert _lines(_rows((b"a",), (b"y" * size,), (b"b",))).read() == b"a\n" + b"y" * size + b"\nb\n"


def test_pieces_become_cells() -> None:
    rows = [(b"", b'1,"a"', b'q"\n', None, b"\x00\xff", b"2"), (b"", b",", b"", b"x" * 300, b"", b"3")]
    stream = _lines(_rows(*rows), "check", "cells", "text", "text", "bytes", "cells")
    assert stream.read() == b'1,"a","q""\n",,"00ff",2\n' + b',,"","' + b"x" * 300 + b'","",3\n'


BROKEN = {
    "a line that the server could not make": (_rows((b"1",), (None,), (b"2",)), NULL_LINE),
    "an error": (_rows((b"1",), end=b"\xff" + (1317).to_bytes(2, "little") + b"#70100secret"), 1317),
    "no end": (_rows((b"1",), end=b""), LOST),
    "half a row": (_rows((b"1" * 100,), end=b"")[:-5], LOST),
    "half a header": (_rows((b"1",), end=b"") + b"\1\0", LOST),
    "a packet too few": (_packet(5, b"\1a") + _packet(7, b"\1b"), LOST),
    "nonsense": (_packet(5, b"\xfd"), 0),
}


@pytest.mark.parametrize(("sent", "code"), BROKEN.values(), ids=BROKEN)
def test_a_stream_that_breaks_is_an_error(sent: bytes, code: int) -> None:
    stream = _lines(sent)
    with pytest.raises(SnapshotError, match=f"^{code or '(-1|2013)'}$"):
        stream.read()


def test_a_check_that_fails_is_an_error() -> None:
    with pytest.raises(SnapshotError, match=f"^{NULL_LINE}$"):
        _lines(_rows((None, b"x")), "check", "text").read()
