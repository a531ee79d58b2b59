"""The one place that checks and counts the records of CSV by their bytes, apart from any parser that loads them.

Pieces of whole records are looked at: what stands in quotes is folded into a mark, all bytes but separators are dropped, and what is left must
be as many commas a line as the header has. Only where that fails, the piece is gone through field by field, to say which line is wrong and why.
Source: RFC 4180, and that a file of anything else is refused rather than guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dq.stores.exports.files import ExportFile

LARGEST = 128 * 1024 * 1024  # bytes of a record; a quote that never closes makes one of the rest of the file
_FIELD = re.compile(rb'"[^"]*(?:""[^"]*)*"|[^",\r\n]*')
_STRAY = re.compile(rb'"(?:(?<=[^,\n"]")|[^,\r\n"])')  # of a folded piece: a mark that is not all there is of a field
_NOT_SEPARATORS = bytes(byte for byte in range(256) if byte not in b",\n")


def pieces(file: ExportFile) -> Iterator[tuple[int, bytes]]:
    """Yield pieces of whole records, and the number of the line where each begins; the last may be whatever is left."""
    line, held, size, wanted = 1, [b""], 0, 0
    for chunk in file.text():
        held.append(chunk)
        size += len(chunk)
        if size < wanted:
            continue
        data = b"".join(held)
        end = _last_end(data)
        if end:
            yield line, data[:end]
            line += data.count(b"\n", 0, end)
        elif size > LARGEST:
            raise file.refused(line, f"a quote that never closes, or a record larger than {LARGEST >> 20} MB")
        held, size = [data[end:]], len(data) - end
        wanted = 0 if end else 2 * size  # so that a long record is looked at a few times only
    data = b"".join(held)
    if data:
        yield line, data


def fold(piece: bytes) -> bytes:
    """Return a piece without what stands in quotes; each such text is a mark, a quote."""
    return b'"'.join(piece.split(b'"')[::2]) if b'"' in piece else piece


def count_records(file: ExportFile, piece: bytes, plain: bytes, *, line: int, fields: int) -> int:
    """Return how many records a piece has.

    Args:
        file: whose piece it is.
        piece: as `pieces` gives it.
        plain: the same, folded.
        line: the number of its first line.
        fields: how many a record has.

    Raises:
        SnapshotError: a record is wrong; names the line and what it is.
    """
    return _count(piece, plain, fields) or _explain(file, piece, line, fields)


def _count(piece: bytes, plain: bytes, fields: int) -> int:
    """Return how many records a piece has, 0 where something is wrong with it."""
    whole = plain if plain.endswith(b"\n") else plain + b"\n"
    separators = whole.translate(None, _NOT_SEPARATORS)
    records = separators.count(b"\n")
    if separators != (b"," * (fields - 1) + b"\n") * records or not is_text(piece):
        return 0
    if b"\r" in plain and plain.count(b"\r") != plain.count(b"\r\n"):
        return 0
    if piece.count(b'"') % 2 or (b'"' in plain and _STRAY.search(plain)):
        return 0
    return records


def _explain(file: ExportFile, piece: bytes, line: int, fields: int) -> int:
    """Raise what is wrong in a piece, with its first line that is."""
    place, what = bad_byte(piece)
    start = 0
    while start < place:
        found, following, wrong = read_record(piece, start)
        if not wrong and len(found) != fields:
            wrong = "is empty" if found == [b""] else f"{len(found)} fields, the header has {fields}"
        if wrong:
            place, what = start, wrong
            break
        start = following
    raise file.refused(line + piece.count(b"\n", 0, place), what)


def read_record(data: bytes, start: int) -> tuple[list[bytes], int, str]:
    """Return the fields of the record that begins there, as they are written, where the next one begins, and what is wrong with it."""
    fields: list[bytes] = []
    place = start
    while True:
        field = _FIELD.match(data, place)
        assert field is not None  # noqa: S101 - nothing matches, too
        fields.append(field[0])
        place = field.end()
        after = data[place : place + 2]
        if after[:1] == b",":
            place += 1
        elif after[:1] in {b"\n", b""} or after == b"\r\n":
            return fields, place + (2 if after == b"\r\n" else len(after[:1])), ""
        elif field[0].startswith(b'"'):
            return fields, place, "text after a closing quote"
        elif after[:1] == b"\r":
            return fields, place, "a carriage return that ends no line"
        elif field[0]:
            return fields, place, "a quote inside a field that does not begin with one"
        else:
            return fields, place, "a quote that never closes"


def is_text(piece: bytes) -> bool:
    """All of it is UTF-8 without NUL."""
    if b"\0" in piece:
        return False
    try:
        return piece.isascii() or bool(piece.decode())
    except UnicodeDecodeError:
        return False


def bad_byte(piece: bytes) -> tuple[int, str]:
    """Return the first byte that stands in no text, and what it is."""
    nul = piece.find(b"\0")
    try:
        piece.decode()
    except UnicodeDecodeError as error:
        if nul < 0 or error.start < nul:
            return error.start, "is not UTF-8"
    return (nul, "holds a NUL byte") if nul >= 0 else (len(piece), "is no CSV")


def _last_end(data: bytes) -> int:
    """Return where the last record ends that surely does: after a line end before which there are as many opening as closing quotes."""
    end, quotes = len(data), data.count(b'"')
    while True:
        last = data.rfind(b'"', 0, end)
        cut = data.rfind(b"\n", last + 1, end) if quotes % 2 == 0 else -1
        if cut >= 0 or last < 0:
            return cut + 1
        end, quotes = last, quotes - 1
