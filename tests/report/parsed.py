"""The one place for looking at rendered HTML as a browser's parser does: its elements, their attributes, its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "input", "link", "hr", "circle", "path", "rect", "line", "polyline"}  # the last five: how our drawings close themselves


@dataclass
class Element:
    """One element: its tag, attributes, ancestors' tags, and all text within."""

    tag: str
    attributes: dict[str, str]
    within: tuple[str, ...]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """Parsed HTML. `misplaced` and `open` are empty when every element was closed in its place."""

    source: str
    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(item.tag for item in self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that closes itself."""
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, tuple(item.tag for item in self.open)))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, if this is its tag."""
        if self.open and self.open[-1].tag == tag:
            self.open.pop()
        else:
            self.misplaced.append(tag)

    def handle_data(self, data: str) -> None:
        """Give text to every element that is open."""
        for element in self.open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        """Return the elements with a tag, in the page's order."""
        return [element for element in self.elements if element.tag == tag]
