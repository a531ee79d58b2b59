"""The one place that finds the files of an export: which table each belongs to, how it is opened, and whether it is still the same file."""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from dq.errors import SnapshotError, UsageError, near_miss
from dq.stores.live import StoreChanged

FORMATS = {"csv": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "parquet": "parquet"}
COMPRESSIONS = ("gz", "zst")
_KINDS = (*FORMATS, *(f"{kind}.{how}" for kind in ("csv", "jsonl", "ndjson") for how in COMPRESSIONS))
BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CHUNK = 1 << 20  # bytes read at a time

Identity = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file as it was found."""

    path: Path
    shown: str  # its place in the folder
    format: str  # csv, jsonl, parquet
    compression: str  # gz, zst or ''
    identity: Identity  # device, inode, size and time of the last change

    def check(self) -> None:
        """Hold that the file is the one that was found. Raises StoreChanged."""
        try:
            now = _identity(self.path.stat())
        except OSError:
            now = None
        if now != self.identity:
            raise StoreChanged(f"{self.shown}: was changed while it was read; export into a folder of its own, and read that")

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Give the file's bytes, decompressed; it is checked before and, where all went well, after. Raises SnapshotError."""
        self.check()
        try:
            with _readable(self.shown), self.path.open("rb") as raw:
                if self.compression == "gz":
                    with gzip.GzipFile(fileobj=raw) as stream:
                        yield cast("BinaryIO", stream)
                elif self.compression == "zst":
                    with pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd") as stream:
                        yield stream
                else:
                    yield raw
        except SnapshotError:
            self.check()  # what was changed meanwhile may well look damaged
            raise
        self.check()

    def refused(self, line: int, what: str) -> SnapshotError:
        """Return the error that names a line; what stands in it is not told. Raises StoreChanged where the file is another by now."""
        self.check()
        return SnapshotError(f"{self.shown}: line {line:,}: {what}")

    def chunks(self) -> Iterator[bytes]:
        """Yield the file's bytes, decompressed, some at a time."""
        with self.opened() as stream:
            if self.compression and not self.identity[2]:
                raise SnapshotError(f"{self.shown}: is empty, so it is no .{self.compression}")
            while chunk := stream.read(_CHUNK):
                yield chunk

    def text(self) -> Iterator[bytes]:
        """Yield the file's bytes without a byte order mark at its start. Raises SnapshotError where that says UTF-16."""
        chunks = self.chunks()
        start = b""
        while len(start) < len(BOM) and (chunk := next(chunks, b"")):
            start += chunk
        if start.startswith(_UTF16):
            raise self.refused(1, "is UTF-16; UTF-8 is what can be read")
        yield start.removeprefix(BOM)
        yield from chunks


@dataclass(frozen=True, slots=True)
class Found:
    """A table's files, in order of their names."""

    table: str
    format: str
    files: tuple[ExportFile, ...]


def find_tables(folder: Path) -> tuple[list[Found], list[str]]:
    """Return the tables of a folder, and what was passed over.

    Raises:
        UsageError: something there is no export, or two things are the same table (exit 2).
    """
    tables: dict[str, tuple[str, Found]] = {}
    passed: list[str] = []
    root = folder.resolve()
    for place in inside(folder, passed):
        if place.is_dir():
            _hold_inside(root, place, place.name)
            parts = [_file(root, part, f"{place.name}/{part.name}") for part in inside(place, passed, f"{place.name}/")]
            if not parts:
                raise UsageError(f"{place}: no files in it; an export of no rows has one file that says so")
            other = next((part for _, part in parts if part.format != parts[0][1].format), None)
            if other is not None:
                raise UsageError(f"{place}: {parts[0][1].shown} and {other.shown} are not of one format")
            found = Found(place.name, parts[0][1].format, tuple(part for _, part in parts))
        else:
            name, file = _file(root, place, place.name)
            found = Found(name, file.format, (file,))
        _hold_writable(found.table, place)
        if found.table in tables:
            raise UsageError(f"{folder}: {tables[found.table][0]} and {place.name} are both table '{found.table}'; leave one")
        tables[found.table] = (place.name, found)
    if not tables:
        raise UsageError(f"{folder}: no exports in it; a table is a file <table>.csv, .jsonl or .parquet, or a folder of them")
    return [found for _, (_, found) in sorted(tables.items())], passed


def inside(folder: Path, passed: list[str], before: str = "") -> list[Path]:
    """Return what stands in a folder, sorted; hidden things and such as _SUCCESS are passed over by name."""
    try:
        there = sorted(folder.iterdir(), key=lambda item: os.fsencode(item.name))
    except OSError as error:
        raise UsageError(f"{folder}: {(error.strerror or 'cannot be read').lower()}") from None
    passed += [f"{before}{os.fsencode(item.name).decode('utf-8', 'replace')}" for item in there if item.name.startswith((".", "_"))]
    return [item for item in there if not item.name.startswith((".", "_"))]


def _file(root: Path, place: Path, shown: str) -> tuple[str, ExportFile]:
    """Return the table that a file's name says, and the file."""
    _hold_inside(root, place, shown)
    try:
        status = place.stat()
    except OSError as error:
        raise UsageError(f"{place}: {(error.strerror or 'cannot be read').lower()}") from None
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"{place}: is no file; a folder of part files stands right under the exports, and holds nothing but files")
    if not os.access(place, os.R_OK):
        raise UsageError(f"{place}: permission denied")
    name, _, kind = place.name.rpartition(".")
    compression = kind.casefold() if kind.casefold() in COMPRESSIONS else ""
    if compression:
        name, _, kind = name.rpartition(".")
    format_ = FORMATS.get(kind.casefold())
    if not name or format_ is None or (compression and format_ == "parquet"):
        ending = ".".join(part for part in (kind if name else "", compression) if part) or place.name
        raise UsageError(f"{place}: not a kind of export{near_miss(ending, _KINDS)}")
    return name, ExportFile(place, shown, format_, compression, _identity(status))


def find_file(place: Path, *, ending: str) -> ExportFile:
    """Return a file that stands right in a folder and has one ending. Raises UsageError where it is a link, a folder or another kind of file."""
    if place.is_symlink():
        raise UsageError(f"{place}: is a link; put the file itself there")
    try:
        status = place.stat()
    except OSError as error:
        raise UsageError(f"{place}: {(error.strerror or 'cannot be read').lower()}") from None
    if not stat.S_ISREG(status.st_mode) or place.suffix.casefold() != ending:
        raise UsageError(f"{place}: is no file <name>{ending}, and nothing else stands there")
    if not os.access(place, os.R_OK):
        raise UsageError(f"{place}: permission denied")
    return ExportFile(place, os.fsencode(place.name).decode("utf-8", "replace"), ending.removeprefix("."), "", _identity(status))


def _hold_inside(root: Path, place: Path, shown: str) -> None:
    if place.is_symlink() and not place.resolve().is_relative_to(root):
        raise UsageError(f"{root / shown}: is a link out of the folder; put the file itself there")


def _hold_writable(table: str, place: Path) -> None:
    try:
        table.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{place.parent}: a file's name is not UTF-8: {os.fsencode(place.name)!r}") from None


def _identity(status: os.stat_result) -> Identity:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@contextmanager
def _readable(shown: str) -> Iterator[None]:
    """Say in one line where a file cannot be read or decompressed."""
    try:
        yield
    except EOFError:
        raise SnapshotError(f"{shown}: is cut off: the compressed data has no end") from None
    except (OSError, pa.ArrowException) as error:
        why = (getattr(error, "strerror", None) or "").lower() or (
            "is cut off" if "runcated" in str(error) else "is damaged, or not compressed as its name says"
        )
        raise SnapshotError(f"{shown}: {why}") from None
    except zlib.error:
        raise SnapshotError(f"{shown}: is damaged") from None
