"""The print copy: PDF/A with every character drawn, the same bytes for the same record, and one clear line where it cannot be made."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import records
import typst
from fonts import install_fonts

from dq.errors import UsageError
from dq.report import pdf
from dq.report.glyphs import glyphs_of
from dq.report.language import writing
from dq.report.pdf import write_pdf
from dq.report.pictures import burndown
from dq.report.printed import printed

pytestmark = pytest.mark.xdist_group("fonts")  # one process installs them
WRITTEN = "好评 👍 Ünïcode ✓"


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    """See to it that the fonts are there."""
    install_fonts()


def families(data: object) -> list[str]:
    return pdf._families(data, pdf._faces(typst.Fonts(include_system_fonts=True, include_embedded_fonts=False).fonts()))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "id"])
def test_the_print_copy_is_pdf_a_and_has_the_same_bytes_again(tmp_path: Path, language: str) -> None:
    record = records.gate_shut().model_copy(update={"title": WRITTEN})
    for name in ("first.pdf", "again.pdf"):
        write_pdf(record, tmp_path / name, language=language)
    first = (tmp_path / "first.pdf").read_bytes()
    assert first.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in first
    assert first == (tmp_path / "again.pdf").read_bytes()


def test_each_script_is_drawn_by_a_font_that_has_it() -> None:
    assert families({"title": WRITTEN})[:2] == ["Noto Sans", "Noto Sans CJK SC"]
    assert "Noto Color Emoji" in families({"title": WRITTEN})
    assert families({"title": "plain"}) == ["Noto Sans"]


def test_a_character_that_no_font_draws_is_named_with_its_place(tmp_path: Path) -> None:
    broken = records.broken()
    checks = tuple(check.model_copy(update={"sentence": "a \u0378 b"}) if check.id == "coupons.rows" else check for check in broken.checks)
    with pytest.raises(UsageError, match=r"no Noto font that is there draws '\u0378' \(U\+0378\), which stands in coupons\.rows"):
        write_pdf(broken.model_copy(update={"checks": checks}), tmp_path / "report.pdf", language="en")
    assert list(tmp_path.iterdir()) == []


def test_missing_fonts_and_a_missing_typst_are_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="a PDF needs the Noto fonts, and they are not there; Debian: fonts-noto-core"):
        pdf._faces([])
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(UsageError, match=r"a PDF needs the extra 'pdf': pip install 'dq-parity\[pdf\]'"):
        write_pdf(records.clean(), tmp_path / "report.pdf", language="en")


def test_a_print_copy_has_a_name_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a print copy's name ends in \.pdf"):
        write_pdf(records.clean(), tmp_path / "report.txt", language="en")
    with pytest.raises(UsageError, match="cannot be written"):
        write_pdf(records.clean(), tmp_path / "none" / "report.pdf", language="en")


def test_a_fonts_own_map_says_what_it_draws() -> None:
    font = next(font for font in typst.Fonts(True, False).fonts() if font.family == "Noto Sans" and font.style == "normal" and font.weight == 400)
    glyphs = glyphs_of(Path(font.path), font.index)
    assert [point in glyphs for point in (ord("a"), ord("ñ"), ord("好"), 0x10FFFF)] == [True, True, False, False]


def test_the_copy_says_what_the_page_says() -> None:
    with writing("id"):
        data = printed(records.gate_shut())
    assert data["verdict"] == {"slug": "failed", "words": "GATE SHUT", "plain": "(gerbang TERTUTUP)", "about": "batch 3"}
    assert [row["entity"] for row in data["promises"]["rows"]] == [entity.entity for entity in records.gate_shut().entities]
    assert {part["title"] for part in data["summary"]} >= {"Yang tidak terpenuhi", "Langkah berikutnya"}


def test_the_copy_draws_the_accounts_that_are_left_as_the_page_does() -> None:
    record, page = records.broken(), burndown(records.broken())
    drawn = printed(record)["burndown"]
    assert page is not None
    assert (drawn["said"], drawn["end"], drawn["left"][0], len(drawn["ahead"])) == (page.said, page.end, [0, 0], 2 * bool(page.ahead))
    assert {*(number for point in (*drawn["left"], *drawn["ahead"]) for number in point)} <= {*range(1001)}


def test_the_appendix_has_the_queries_line_by_line(tmp_path: Path) -> None:
    queries = {"coupons.rows": 'SELECT "[*#$_@<" AS x\nFROM y -- 好评', **{f"a.{number}": "SELECT 1" for number in range(60)}}
    found = printed(records.broken(), queries=queries)["queries"]
    write_pdf(records.broken(), tmp_path / "copy.pdf", language="en", queries=queries)
    assert found[0] == {"id": "coupons.rows", "lines": ['SELECT "[*#$_@<" AS x', "FROM y -- 好评"]}
    assert len(found) == 40
