"""The one place that knows the pages: which there are, their headings, links and fenced blocks, and how a table is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

_FENCE = re.compile(r"^( *)(```+)([^\n`]*)\n(.*?)^\1\2[ ]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the words behind the fence, and what stands in it."""

    page: str
    line: int
    words: tuple[str, ...]
    text: str

    @property
    def language(self) -> str:
        """The first word; '' where there is none."""
        return self.words[0] if self.words else ""

    @property
    def place(self) -> str:
        """Where it stands, for the name of a test."""
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """Return the fenced blocks of all pages that are in one of some languages; of all, where none is named."""
    found = [block for name in NAMES for block in _blocks(name)]
    return [block for block in found if not languages or block.language in languages]


def _blocks(name: str) -> Iterator[Block]:
    text = (ROOT / name).read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(name, text.count("\n", 0, found.start()) + 1, tuple(found[3].split()), dedent(found[4]))


def links(name: str) -> list[str]:
    """Return what a page links to and shows."""
    text = _FENCE.sub("", (ROOT / name).read_text(encoding="utf-8"))
    return [found[1] or found[2] for found in _LINK.finditer(text)]


def anchors(name: str) -> list[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = _FENCE.sub("", (ROOT / name).read_text(encoding="utf-8"))
    found: list[str] = []
    for heading in re.findall(r"(?m)^#{1,6} (.+)$", text):
        bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip().lower())
        anchor = re.sub(r"[^\w\- ]", "", bare).replace(" ", "-")
        times = sum(one == anchor or re.fullmatch(rf"{re.escape(anchor)}-\d+", one) is not None for one in found)
        found.append(f"{anchor}-{times}" if times else anchor)
    return found


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown, and a line below it."""
    head = tuple(head)
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
