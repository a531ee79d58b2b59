"""The one place that reads CSV as RFC 4180 has it: header, records checked and counted, and the file's own bytes handed on."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence

import pyarrow as pa
from pyarrow import csv

from dq.errors import SnapshotError
from dq.stores.catalogue import StoreColumn
from dq.stores.exports.files import BOM, ExportFile, Found
from dq.stores.exports.records import bad_byte, count_records, fold, is_text, pieces, read_record
from dq.stores.exports.stream import Stream
from dq.stores.exports.types import hold_names, text_column

VERSION = "RFC 4180 CSV"
_SEPARATORS = {";": "';'", "\t": "tabs", "|": "'|'"}
_BACKSLASH_N = re.compile(rb"(?<![^,\n])\\N(?![^,\r\n])")  # unquoted, as MySQL writes NULL


class CsvTable:
    """A table that stands in CSV files."""

    version = VERSION

    def __init__(self, found: Found, pinned: Mapping[str, str]) -> None:
        """Read the headers. Raises SnapshotError."""
        self.found = found
        self.heads = {file.shown: _header(file) for file in found.files}
        first, *others = found.files
        names, _ = self.heads[first.shown]
        hold_names(names, pinned, place=f"{first.shown}: line 1")
        for file in others:
            theirs, _ = self.heads[file.shown]
            hold_names(theirs, dict.fromkeys(names, ""), place=f"{file.shown}: line 1", why="another part has")
            hold_names(names, dict.fromkeys(theirs, ""), place=f"{first.shown}: line 1", why="another part has")
        self.columns = tuple(text_column(name, "text", pinned) for name in names)
        self._marks = 0  # values \N
        self._open_ends: list[str] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know; complete once the table was counted."""
        marks = [f"table '{self.found.table}': {self._marks:,} values are \\N without quotes, which some stores write for NULL; they are kept as this text"]
        ends = [f"{shown}: the last line has no line end; whether something is missing there cannot be seen" for shown in self._open_ends]
        return (*(marks if self._marks else []), *ends)

    def count(self) -> int:
        """Check every byte and count the records. Raises SnapshotError with file, line and what is wrong there."""
        self._marks, self._open_ends = 0, []
        return sum(self._count(file) for file in self.found.files)

    def rows(self, columns: Sequence[StoreColumn]) -> Stream:
        """Return the records as CSV without header, in these columns."""
        return Stream(self._chunks([column.name for column in columns]))

    def _count(self, file: ExportFile) -> int:
        records, fields, last = 0, len(self.heads[file.shown][0]), b""
        for line, piece in pieces(file):
            plain = fold(piece)
            records += count_records(file, piece, plain, line=line, fields=fields)
            self._marks += len(_BACKSLASH_N.findall(plain)) if b"\\N" in plain else 0
            last = piece[-1:]
        if last != b"\n":
            self._open_ends.append(file.shown)
        return records - 1  # the header

    def _chunks(self, names: Sequence[str]) -> Generator[bytes, None, None]:
        for file in self.found.files:
            header, head = self.heads[file.shown]
            body = _body(file, head)
            start = next(body, b"")
            if [*names] != header or start.startswith(BOM):  # a parser would take the first value's mark for the file's
                body.close()
                yield from _projected(file, header, head, names)
                continue
            last = start
            yield start
            for chunk in body:
                last = chunk or last
                yield chunk
            if last and not last.endswith(b"\n"):
                yield b"\n"


def _projected(file: ExportFile, header: list[str], head: int, names: Sequence[str]) -> Iterator[bytes]:
    """Yield only some columns of a file that was checked, or in another order."""
    text = {name: pa.string() for name in names}
    for line, piece in pieces(file):
        body = piece[head:] if line == 1 else piece
        if not body:
            continue
        table = csv.read_csv(
            pa.BufferReader(BOM + body),
            read_options=csv.ReadOptions(use_threads=False, block_size=len(BOM + body) + 1, column_names=header),
            parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                include_columns=[*names], column_types=text, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
        sink = pa.BufferOutputStream()
        csv.write_csv(table, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
        yield sink.getvalue().to_pybytes()


def _header(file: ExportFile) -> tuple[list[str], int]:
    """Return the names in a file's first record, and how many bytes it has."""
    _, piece = next(pieces(file), (1, b""))
    fields, end, wrong = read_record(piece, 0)
    if not piece.strip():
        raise SnapshotError(f"{file.shown}: is empty; the first line of a CSV has the names of its columns")
    if wrong or not is_text(piece[:end]):
        raise file.refused(1, wrong or bad_byte(piece[:end])[1])
    names = [(field[1:-1].replace(b'""', b'"') if field.startswith(b'"') else field).decode() for field in fields]
    separator = next((name for sign, name in _SEPARATORS.items() if len(names) == 1 and sign in names[0]), None)
    if separator is not None:
        raise file.refused(1, f"looks separated by {separator}; a comma is what can be read")
    return names, end


def _body(file: ExportFile, head: int) -> Generator[bytes, None, None]:
    """Yield what follows the header; the first chunk is long enough to tell a byte order mark."""
    chunks = file.text()
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= head + len(BOM):
            break
    yield start[head:]
    yield from chunks
