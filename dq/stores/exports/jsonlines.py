"""The one place that reads JSON Lines: every line an object, numbers and nested values exactly as they are written, the rest as text.

A first pass decodes every line, so that keys, lines that are no objects and keys that stand twice are known before anything is loaded.
The rows are counted without decoding, and given as CSV in a second pass.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from operator import itemgetter

import msgspec

from dq.errors import SnapshotError
from dq.stores.catalogue import TEXT, StoreColumn
from dq.stores.exports.files import ExportFile, Found
from dq.stores.exports.stream import Stream
from dq.stores.exports.types import hold_names, text_column

VERSION = "JSON Lines"
LARGEST = 128 * 1024 * 1024  # bytes of a line
_KINDS = bytes(ord("0") if chr(byte) in "-0123456789" else byte for byte in range(256))  # the first byte of a value to its kind
_TEXTS, _NESTED, _NULLS = frozenset(b'"'), frozenset(b"[{"), frozenset(b"n")
_SHAPES = 10_000  # shapes of lines that are held at a time
_SPECIAL = re.compile(rb"[\\\[{]")  # where a value is written otherwise in CSV, or a text looks like that
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_string = msgspec.json.Decoder(str).decode
_pairs = json.JSONDecoder(object_pairs_hook=list, parse_float=str, parse_int=str).decode


class JsonLinesTable:
    """A table that stands in files of JSON Lines."""

    version = VERSION

    def __init__(self, found: Found, pinned: Mapping[str, str]) -> None:
        """Decode every line once. Raises SnapshotError with file and line."""
        self.found = found
        keys = _Keys()
        for file in found.files:
            for number, lines in _blocks(file):
                for line_number, line in enumerate(lines, start=number):
                    if line and not line.isspace():
                        keys.look(file, line_number, line)
        keys.fold()
        names = list(keys.kinds) or list(pinned)
        if not names:
            raise SnapshotError(f"table '{found.table}': no line has a key, so that its columns are not known")
        hold_names(names, pinned, place=f"table '{found.table}'")
        self.columns = tuple(text_column(name, "json", pinned, otherwise="JSON" if keys.kinds.get(name, set()) & _NESTED else TEXT) for name in names)
        absent = {name: keys.lines - keys.there[name] for name in names}
        mixed = [column.name for column in self.columns if column.type == TEXT and keys.mixes(column.name)]
        self.notes = (
            *(f"table '{found.table}': {count:,} lines have no key '{name}'; it is NULL there" for name, count in absent.items() if count),
            *(f"column '{found.table}.{name}': texts and other values stand there; all are kept as text" for name in mixed),
        )

    def count(self) -> int:
        """Count the lines that are not empty, without decoding them."""
        return sum(1 for file in self.found.files for _, lines in _blocks(file) for line in lines if line and not line.isspace())

    def rows(self, columns: Sequence[StoreColumn]) -> Stream:
        """Return the lines as CSV without header, in these columns."""
        return Stream(self._chunks(columns))

    def _chunks(self, columns: Sequence[StoreColumn]) -> Generator[bytes, None, None]:
        row = _rows_of(columns)
        for file in self.found.files:
            for number, lines in _blocks(file):
                try:
                    rows = [row(line) for line in lines if line and not line.isspace()]
                except (msgspec.DecodeError, RecursionError):
                    raise file.refused(number, "what follows is no JSON") from None
                rows.append(b"")
                yield b"\n".join(rows)


class _Keys:
    """The keys of all lines, how often each is there, and the kinds of its values."""

    def __init__(self) -> None:
        self.lines = 0
        self.there: Counter[str] = Counter()
        self.kinds: dict[str, set[int]] = {}
        self._shapes: Counter[tuple[tuple[str, ...], bytes]] = Counter()
        self._frames: dict[tuple[str, ...], tuple[int, bytes]] = {}  # keys to their length in a line without spaces, and a line with spaces

    def look(self, file: ExportFile, number: int, line: bytes) -> None:
        """Decode a line. Raises SnapshotError where it is no object, or a key stands twice."""
        try:
            found = _object(line)
        except msgspec.ValidationError:
            raise file.refused(number, "is no object") from None
        except RecursionError:
            raise file.refused(number, "is nested too deeply") from None
        except msgspec.DecodeError as error:
            why = str(error).removeprefix("JSON is malformed: ")
            raise file.refused(number, "is no JSON: it is cut off, or half a character" if "truncated" in why else f"is no JSON: {why}") from None
        names = tuple(found)
        joined = b"\n".join(found.values())  # Raw is a buffer
        values = joined.split(b"\n") if names else []
        self._shapes[names, bytes([value[0] for value in values]).translate(_KINDS)] += 1
        if len(self._shapes) > _SHAPES:
            self.fold()
        frame = self._frames.get(names)
        if frame is None:
            frame = self._frames[names] = _frame(names)
        # A key that stands twice makes the line longer than what is left of it; only a line that is written in no usual way is decoded again.
        if len(line) != frame[0] + len(joined) and frame[1] % tuple(values) != line:
            _hold_once(file, number, line, names)

    def fold(self) -> None:
        """Add up what was seen."""
        for (names, kinds), count in self._shapes.items():
            self.lines += count
            for name, kind in zip(names, kinds, strict=True):
                self.there[name] += count
                self.kinds.setdefault(name, set()).add(kind)
        self._shapes.clear()
        self._frames.clear()

    def mixes(self, name: str) -> bool:
        """Texts and other values stand under a key."""
        kinds = self.kinds.get(name, set())
        return bool(kinds & _TEXTS and kinds - _TEXTS - _NULLS)


def _frame(names: Sequence[str]) -> tuple[int, bytes]:
    keys = [name.encode() for name in names]
    spaced = b", ".join(b'"' + key.replace(b"%", b"%%") + b'": %b' for key in keys)
    return 2 + sum(len(key) + 3 for key in keys), b"{" + spaced + b"}"


def _hold_once(file: ExportFile, number: int, line: bytes, names: Sequence[str]) -> None:
    try:
        pairs = _pairs(line.decode())
    except RecursionError:
        raise file.refused(number, "is nested too deeply") from None
    if len(pairs) != len(names):
        counted = Counter(name for name, _ in pairs)
        raise file.refused(number, f"the key '{next(name for name, count in counted.items() if count > 1)}' stands there twice")


def _rows_of(columns: Sequence[StoreColumn]) -> Callable[[bytes], bytes]:
    """Return what writes a line as a line of CSV."""
    cells = [(column.name, json_cell if column.type == "JSON" else cell) for column in columns]
    names = [name for name, _ in cells]
    pick = itemgetter(*names) if len(names) > 1 and all(write is cell for _, write in cells) else None

    def row(line: bytes) -> bytes:
        found = _object(line)
        if pick is not None:
            try:
                joined = b"\n" + b"\n".join(pick(found))  # no line end stands in a line
            except KeyError:
                pass
            else:
                if not _SPECIAL.search(joined):
                    return joined.replace(b"\nnull", b"\n")[1:].replace(b"\n", b",")
        return b",".join([write(found.get(name)) for name, write in cells])

    return row


def cell(raw: msgspec.Raw | None) -> bytes:
    """Write a value as a field of CSV: a text without its escapes, anything else as it is written."""
    value = bytes(raw or b"null")
    if value == b"null":
        return b""
    if value.startswith(b'"'):
        return _quoted(_string(value).encode()) if b"\\" in value else value
    return _quoted(value) if value[0] in _NESTED else value


def json_cell(raw: msgspec.Raw | None) -> bytes:
    """Write a value as a field of CSV that holds JSON."""
    value = bytes(raw or b"null")
    return b"" if value == b"null" else _quoted(value)


def _quoted(value: bytes) -> bytes:
    return b'"' + value.replace(b'"', b'""') + b'"'


def _blocks(file: ExportFile) -> Iterator[tuple[int, list[bytes]]]:
    """Yield lines, many at a time, with the number of the first."""
    number, held, size = 1, [b""], 0
    for chunk in file.text():
        end = chunk.rfind(b"\n") + 1
        if end:
            yield number, _checked(file, number, b"".join([*held, chunk[: end - 1]]))
            number += chunk.count(b"\n")
            held, size = [], 0
        held.append(chunk[end:])
        size += len(chunk) - end
        if size > LARGEST:
            raise file.refused(number, f"is larger than {LARGEST >> 20} MB")
    last = b"".join(held)
    if last:
        yield number, _checked(file, number, last)


def _checked(file: ExportFile, number: int, block: bytes) -> list[bytes]:
    """Return the lines of a block. Raises SnapshotError where one is no text."""
    try:
        if not block.isascii():
            block.decode()
    except UnicodeDecodeError as error:
        raise file.refused(number + block.count(b"\n", 0, error.start), "is not UTF-8") from None
    return block.split(b"\n")
