"""Findings as a file: what a spreadsheet would run is text, no number and no NULL is lost, and only the owner can read it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from dq.errors import UsageError
from dq.report import exports
from dq.report.exports import write_findings

FRAME = pl.DataFrame(
    {
        "entity": ["coupons", "coupons", "orders"],
        "status": ["changed", "missing", "changed"],
        "key": [["PC-1"], ["PC-2", None], None],
        "column": ["face_value", None, "note"],
        "source": ["-5.00", None, ""],
        "target": ["5.00", None, "=1+1"],
        "rule": [None, None, "nfc"],
        "cause": [1, None, -2],
    },
    schema_overrides={"key": pl.List(pl.String)},
)
SUFFIXES = (".csv", ".parquet", ".xlsx")
GUARDED = {
    "=1+1": "'=1+1",
    "+6281234": "'+6281234",
    "-1+cmd|' /C calc'!A0": "'-1+cmd|' /C calc'!A0",
    "@SUM(A1)": "'@SUM(A1)",
    "\tx": "'\tx",
    "\rx": "'\rx",
    "\nx": "'\nx",
    "＝1": "'＝1",
    "＋1": "'＋1",
    "－1": "'－1",
    "＠x": "'＠x",
    "-": "'-",
    "-15400": "-15400",
    "-0.50": "-0.50",
    "a=1": "a=1",
    "": "",
    "好评 👍": "好评 👍",
}
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def csv_rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))


def excel(path: Path, name: str) -> ET.Element:
    with zipfile.ZipFile(path) as archive:
        return ET.fromstring(archive.read(name))  # noqa: S314 - our own document


def excel_cells(path: Path) -> dict[str, tuple[str, str]]:
    """Return (type, content) by place: `s` for text, `n` for a number; an empty cell is not in it."""
    texts = ["".join(part.text or "" for part in item.iter(f"{SHEET}t")) for item in excel(path, "xl/sharedStrings.xml").iter(f"{SHEET}si")]
    found = {}
    for cell in excel(path, "xl/worksheets/sheet1.xml").iter(f"{SHEET}c"):
        value, kind = cell.findtext(f"{SHEET}v"), cell.attrib.get("t", "n")
        if value is not None:
            found[cell.attrib["r"]] = (kind, texts[int(value)] if kind == "s" else value)
    return found


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".CSV"])
def test_the_file_is_its_owners_alone_and_nothing_stays_beside_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"findings{suffix}"
    path.write_text("old")
    path.chmod(0o644)
    write_findings(FRAME, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_findings_make_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    paths = [tmp_path / f"{turn}{suffix}" for turn in range(2)]
    for path in paths:
        write_findings(FRAME, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_finding_is_a_file_too(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"findings{suffix}"
    write_findings(FRAME.clear(), path)
    assert path.stat().st_size > 0


def test_parquet_gives_back_the_frame(tmp_path: Path) -> None:
    write_findings(FRAME, tmp_path / "findings.parquet")
    assert pl.read_parquet(tmp_path / "findings.parquet").equals(FRAME)


@pytest.mark.parametrize(("text", "expected"), GUARDED.items())
def test_a_text_that_a_spreadsheet_would_run_gets_a_quote(tmp_path: Path, text: str, expected: str) -> None:
    write_findings(pl.DataFrame({"target": [text]}), tmp_path / "findings.csv")
    assert csv_rows(tmp_path / "findings.csv")[1:] == [[expected]]


def test_a_head_that_a_spreadsheet_would_run_gets_a_quote(tmp_path: Path) -> None:
    write_findings(pl.DataFrame({"=x": ["a"]}), tmp_path / "findings.csv")
    assert csv_rows(tmp_path / "findings.csv") == [["'=x"], ["a"]]


def test_numbers_are_not_altered_in_csv(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [-1, 2**60], "d": [Decimal("-1.50"), Decimal("9007199254740993.10")]})
    write_findings(frame, tmp_path / "findings.csv")
    assert csv_rows(tmp_path / "findings.csv")[1:] == [["-1", "-1.50"], [str(2**60), "9007199254740993.10"]]


def test_null_and_empty_text_differ_in_csv(tmp_path: Path) -> None:
    write_findings(pl.DataFrame({"source": ["", None], "n": [1, 2]}), tmp_path / "findings.csv")
    assert (tmp_path / "findings.csv").read_text() == '"source","n"\n"",1\n,2\n'


def test_a_key_is_json_in_csv(tmp_path: Path) -> None:
    write_findings(FRAME.select("key", "cause"), tmp_path / "findings.csv")
    assert [row[0] for row in csv_rows(tmp_path / "findings.csv")] == ["key", '["PC-1"]', '["PC-2", null]', ""]


def test_excel_has_no_formula_and_no_link(tmp_path: Path) -> None:
    path = tmp_path / "findings.xlsx"
    hostile = ["=1+1", "{=1+1}", "https://evil.example", "mailto:a@evil.example", "internal:Sheet1!A1", "0123", "1e5"]
    write_findings(pl.DataFrame({"target": hostile}), path)
    assert [content for place, (kind, content) in excel_cells(path).items() if kind == "s" and place != "A1"] == hostile
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert not re.search(r"<f>|hyperlink", sheet)


def test_null_and_empty_text_differ_in_excel(tmp_path: Path) -> None:
    write_findings(pl.DataFrame({"source": ["", None]}), tmp_path / "findings.xlsx")
    cells = excel_cells(tmp_path / "findings.xlsx")
    assert (cells.get("A2"), cells.get("A3")) == (("s", ""), None)


def test_a_number_that_excel_would_round_is_text(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [2**60], "small": [-7], "d": [Decimal("9007199254740993.10")]})
    write_findings(frame, tmp_path / "findings.xlsx")
    cells = excel_cells(tmp_path / "findings.xlsx")
    assert [cells[place] for place in ("A2", "B2", "C2")] == [("s", str(2**60)), ("n", "-7"), ("s", "9007199254740993.10")]


def test_a_text_longer_than_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    write_findings(pl.DataFrame({"source": ["👍" * 40_000, "short"]}), tmp_path / "findings.xlsx")
    cells = excel_cells(tmp_path / "findings.xlsx")
    assert (cells["A2"][1].lstrip("👍"), cells["A3"][1]) == ("… (+24000 characters)", "short")


def test_what_xml_cannot_hold_is_a_code_point_in_excel(tmp_path: Path) -> None:
    write_findings(pl.DataFrame({"source": ["a\uffffb"]}), tmp_path / "findings.xlsx")
    assert excel_cells(tmp_path / "findings.xlsx")["A2"] == ("s", "a‹U+FFFF›b")


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_EXCEL_ROWS", 2)
    with pytest.raises(UsageError, match=r"3 findings do not fit into an Excel sheet of 2 rows; write \.parquet or \.csv"):
        write_findings(FRAME, tmp_path / "findings.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("findings.xls", r"'\.xls' is no known suffix; did you mean '\.xlsx'\?"),
        ("findings.json", r"'\.json' is no known suffix; known: \.csv, \.parquet, \.xlsx"),
        ("findings", r"'' is no known suffix; known: \.csv, \.parquet, \.xlsx"),
        ("nowhere/findings.csv", r"there is no folder '.*nowhere'"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        write_findings(FRAME, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
