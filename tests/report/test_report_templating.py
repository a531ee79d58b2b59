"""Templates are compiled once: what is kept is of this source and this code, and whatever is wrong with it, the page is the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import records

from dq.report import templating
from dq.report.html import render_html

EXPECTED = render_html(records.broken())


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder of their own for compiled templates, in which nothing is yet."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(templating, "cache_from_source", lambda _: str(tmp_path / "kept" / "templating.pyc"))
    templating._environment.cache_clear()
    yield tmp_path / "kept"
    templating._environment.cache_clear()


def again() -> str:
    """Return the page as the next process makes it."""
    templating._environment.cache_clear()
    return render_html(records.broken())


def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that names every template that is compiled from now on."""
    found: list[str] = []
    compile_ = templating.jinja2.Environment.compile

    def told(self: templating.jinja2.Environment, source: str, name: str | None = None, *rest: object) -> object:
        found.append(str(name))
        return compile_(self, source, name, *rest)  # type: ignore[arg-type, call-overload]

    monkeypatch.setattr(templating.jinja2.Environment, "compile", told)
    return found


def test_a_template_is_compiled_once(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, found = again(), compiled(monkeypatch)
    assert (first, again(), found) == (EXPECTED, EXPECTED, [])
    assert all(path.suffix == ".jinja" for path in kept.iterdir())


@pytest.mark.parametrize("content", [b"", b"no template", b"j2\x00\x00"], ids=["empty", "other", "cut"])
def test_what_is_kept_and_is_none_is_compiled_anew(kept: Path, content: bytes) -> None:
    again()
    for path in kept.iterdir():
        path.write_bytes(content)
    assert again() == EXPECTED


def test_what_another_version_of_this_code_compiled_is_compiled_anew(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (again(), kept.exists()) == (EXPECTED, True)
    monkeypatch.setattr(templating, "_own_source", lambda: "another")
    found = compiled(monkeypatch)
    assert (again(), "report.html" in found) == (EXPECTED, True)


def test_where_nothing_can_be_kept_the_page_is_the_same(kept: Path) -> None:
    kept.write_text("a file where the folder should be")
    assert (again(), again()) == (EXPECTED, EXPECTED)


def test_nothing_is_kept_where_python_keeps_nothing(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert (again(), kept.exists()) == (EXPECTED, False)
