"""The one door to typst: the print copy of a report, as PDF/A. It is for paper, never evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dq.errors import UsageError
from dq.record import Record
from dq.report.glyphs import Glyphs, glyphs_of
from dq.report.language import writing
from dq.report.printed import printed

if TYPE_CHECKING:
    from dq.signoff.verifying import Verified

_STANDARD: Final = "a-2a"
_BASE: Final = "Noto Sans"
_MONO: Final = ("Noto Sans Mono", "Noto Sans Mono CJK SC")  # of queries, where one is there
_NEXT: Final = ("Noto Sans CJK SC", "Noto Sans Symbols", "Noto Sans Symbols 2", "Noto Sans Math", "Noto Color Emoji")  # the others follow by name
_REGULAR: Final = 400
_NOT_DRAWN: Final = "\n"


@dataclass(frozen=True, slots=True)
class _Face:
    family: str
    glyphs: Glyphs


def write_pdf(record: Record, path: Path, *, language: str, queries: Mapping[str, str] | None = None, signed: Verified | None = None) -> None:
    """Write the print copy of a record.

    Args:
        record: what was found.
        path: where to.
        language: of the copy.
        queries: check id to its query, for the appendix.
        signed: what verifying the run came to, which the copy begins with; None: nothing of signatures is said.

    Raises:
        UsageError: typst or the fonts are not there; a character that no font draws; a name without .pdf; a place that cannot be written to.
    """
    if path.suffix.lower() != ".pdf":
        raise UsageError(f"{path}: a print copy's name ends in .pdf")
    try:
        import typst  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError("a PDF needs the extra 'pdf': pip install 'dq-parity[pdf]'") from None
    with writing(language):
        data = printed(record, queries=queries or {}) | {"signed": None if signed is None else _signed(signed)}
    faces = _faces(typst.Fonts(include_system_fonts=True, include_embedded_fonts=False).fonts())
    data["fonts"] = _families(data, faces)
    data["mono"] = [*[name for name in _MONO if name in faces][:1], *data["fonts"]]
    template = resources.files("dq.report").joinpath("templates", "report.typ").read_bytes()
    try:
        made = typst.compile(template, format="pdf", sys_inputs={"report": json.dumps(data, ensure_ascii=False)}, pdf_standards=_STANDARD)
    except typst.TypstError as error:
        raise UsageError(f"{path}: the print copy could not be made ({str(error).splitlines()[0]})") from None
    try:
        path.write_bytes(made)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({(error.strerror or 'no reason given').lower()})") from None


def _signed(found: Verified) -> dict[str, Any]:
    from dq.report.signed import printed_signed  # noqa: PLC0415 - the signature library loads where that is asked for

    return printed_signed(found)


def _faces(fonts: Sequence[Any]) -> dict[str, _Face]:
    """Return the regular face of each Noto family that is there, those that are looked into first at the beginning."""
    found: dict[str, _Face] = {}
    regular = [font for font in fonts if font.path and font.style == "normal" and font.weight == _REGULAR and font.family.startswith("Noto ")]
    for font in sorted(regular, key=lambda font: (font.family, abs(font.stretch - 1), font.path)):
        if font.family not in found and "Serif" not in font.family:
            found[font.family] = _Face(font.family, glyphs_of(Path(font.path), font.index))
    if _BASE not in found:
        raise UsageError("a PDF needs the Noto fonts, and they are not there; Debian: fonts-noto-core, fonts-noto-cjk, fonts-noto-color-emoji")
    first = [name for name in (_BASE, *_NEXT) if name in found]
    return {name: found[name] for name in (*first, *(name for name in found if name not in first))}


def _families(data: Mapping[str, Any], faces: Mapping[str, _Face]) -> list[str]:
    """Return the families that draw every character of the data. Raises UsageError for the first that none draws."""
    used = {_BASE: None}
    known: set[str] = set()
    for where, text in _texts(data):
        for char in text:
            if char in known:
                continue
            known.add(char)
            family = next((face.family for face in faces.values() if ord(char) in face.glyphs), None)
            if family is None and char not in _NOT_DRAWN:
                raise UsageError(f"no Noto font that is there draws '{char}' (U+{ord(char):04X}), which stands in {where}")
            if family is not None:
                used[family] = None
    return [name for name in faces if name in used]


def _texts(data: Any, where: str = "report") -> Iterator[tuple[str, str]]:
    """Yield every text and where it stands: the check that it belongs to, or the part of the report."""
    if isinstance(data, str):
        yield where, data
    elif isinstance(data, Mapping):
        inside = str(data.get("id") or data.get("entity") or where)
        for key, value in data.items():
            yield from _texts(value, inside if inside != "report" else str(key))
    elif isinstance(data, Sequence):
        for item in data:
            yield from _texts(item, where)
