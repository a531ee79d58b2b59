"""The one place that reads which characters a font can draw, from the font's own character map."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

_COLLECTION: Final = b"ttcf"
_UNICODE: Final = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))  # platform and encoding, those that hold most first
_SEGMENTS, _GROUPS = 4, 12  # formats of a map


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of one face, as ranges in ascending order."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __contains__(self, point: int) -> bool:
        """Whether the face draws a code point."""
        place = bisect_right(self.starts, point) - 1
        return place >= 0 and point <= self.ends[place]


@lru_cache(maxsize=512)
def glyphs_of(path: Path, index: int = 0) -> Glyphs:
    """Return what a face of a font file (TrueType, OpenType, or a collection of them) draws; nothing where it has no Unicode map."""
    with path.open("rb") as file:
        ranges = sorted(_ranges(file, index))
    return Glyphs(tuple(start for start, _ in ranges), tuple(end for _, end in ranges))


def _ranges(file: BinaryIO, index: int) -> Iterator[tuple[int, int]]:
    table = _table(file, b"cmap", index)
    if table is None:
        return
    (count,) = _read(file, table + 2, ">H")
    maps = {tuple(_read(file, table + 4 + 8 * place, ">HH")): _read(file, table + 8 + 8 * place, ">I")[0] for place in range(count)}
    for kind in _UNICODE:
        if kind in maps:
            start = table + int(maps[kind])
            (form,) = _read(file, start, ">H")
            if form == _GROUPS:
                yield from _groups(file, start)
                return
            if form == _SEGMENTS:
                yield from _segments(file, start)
                return


def _groups(file: BinaryIO, start: int) -> Iterator[tuple[int, int]]:
    (count,) = _read(file, start + 12, ">I")
    numbers = _read(file, start + 16, f">{3 * count}I")
    for first, last, glyph in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
        if glyph or last > first:
            yield first, last


def _segments(file: BinaryIO, start: int) -> Iterator[tuple[int, int]]:
    count = _read(file, start + 6, ">H")[0] // 2
    ends = _read(file, start + 14, f">{count}H")
    firsts = _read(file, start + 16 + 2 * count, f">{count}H")
    yield from ((first, last) for first, last in zip(firsts, ends, strict=True) if first != 0xFFFF)  # noqa: PLR2004 - the end of the list


def _table(file: BinaryIO, name: bytes, index: int) -> int | None:
    file.seek(0)
    is_collection = file.read(4) == _COLLECTION
    start = _read(file, 12 + 4 * index, ">I")[0] if is_collection else 0
    (count,) = _read(file, start + 4, ">H")
    for place in range(count):
        file.seek(start + 12 + 16 * place)
        if file.read(len(name)) == name:
            return _read(file, start + 12 + 16 * place + 8, ">I")[0]
    return None


def _read(file: BinaryIO, at: int, form: str) -> tuple[int, ...]:
    file.seek(at)
    return struct.unpack(form, file.read(struct.calcsize(form)))
