"""The page in two languages: every message is translated, blanks agree, numbers stand as readers write them, and the record is the same."""

from __future__ import annotations

import ast
import re
from io import BytesIO
from pathlib import Path

import messages
import pytest
import records
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from parsed import Page

from dq.canaries import crosswalk as canaries_crosswalk
from dq.canaries import planting
from dq.canaries.operators import OPERATORS
from dq.diagnose import sentences
from dq.errors import UsageError
from dq.expect.known import STOCK
from dq.folder import record_bytes
from dq.record import Money
from dq.report import blocks
from dq.report.html import render_html
from dq.report.language import RECORDED, language_of, say, say_counted, writing
from dq.report.retelling import retell, retold

DQ = Path(str(messages.PACKAGE)).parent
BLANK = re.compile(r"\{(\w+)\}")
# Modules whose texts become sentences of a record, and those of their texts that become none.
TELLING = (
    "words.py",
    "countdown.py",
    "recording.py",
    "room.py",
    "judgement/base.py",
    "judgement/calendar.py",
    "judgement/canaries.py",
    "judgement/claims.py",
    "judgement/exported.py",
    "judgement/room.py",
    "judgement/rows.py",
    "judgement/countersigning.py",
    "judgement/waivers.py",
    "judgement/whole.py",
    "waivers/applying.py",
    "waivers/fingerprint.py",
    "diagnose/sentences.py",
    "stores/identity.py",
    "expect/fitness.py",
    "diagnose/rows.py",
    "diagnose/causes.py",
    "diagnose/again.py",
    "diagnose/runs.py",
    "diagnose/codes.py",
    "diagnose/rates.py",
    "diagnose/slices.py",
    "compare/schema.py",
    "compare/declared.py",
    "compare/exported.py",
    "stores/contents.py",
    "ground.py",
    "dating.py",
    "measuring.py",
)
TOLD_ELSEWHERE = re.compile(  # in errors, before there is a record
    r"batch of that|names no batch|is taken before the first|is not in migration|snapshot is of batch|is of batch|snapshot: it is of"
    r"|^all regions$|^region '$|^(?:offset twice|zone and day)$"
)
SQL = re.compile(r"\b(?:SELECT|CREATE|FROM|JOIN|WHERE|UNION|CASE|AS|AND|OR|OVER|GROUP|ORDER|USING|IN|IS|END|THEN)\b")
# Names of steps, pieces of SQL.
STEP = re.compile(
    r"^(?:fingerprint of the findings|matches nothing|not judged|contents of the snapshots|crosswalk (?:batches|merges|erasures|before)"
    r"|export: persons|schema and crosswalk|sums and claims|n - apart|base rows"
    r"|rolled back|owners without a batch|crosswalk: rows|DROP TABLE.*|further BIGINT|'missing', 'extra'|in the hour from|rows of the|rows and more .*"
    r"|rows, its manifest says|rows are to compare.*|rows of the export.*|in '|output column '|the target's SQL does not read '|' is in no .*|' is neither .*)$"
)


@pytest.fixture(params=sorted(messages.catalogues()))
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    """Return each language's catalogue."""
    return read_po(BytesIO(messages.catalogues()[request.param]), locale=request.param, abort_invalid=True)


def test_every_message_of_the_page_is_translated_and_no_other_is_there(catalogue: Catalog) -> None:
    wanted = {one for one, _ in messages.messages()}
    translated = {item.id[0] if isinstance(item.id, tuple) else item.id for item in catalogue if item.id and not item.context and all(_becomes(item))}
    assert (sorted(wanted - translated), sorted(translated - wanted)) == ([], [])


def test_blanks_agree(catalogue: Catalog) -> None:
    wrong = {}
    for item in catalogue:
        written = item.id if isinstance(item.id, tuple) else (item.id,)
        blanks = {frozenset(BLANK.findall(text)) for text in (*written, *_becomes(item))}
        if item.id and len(blanks) != 1:
            wrong[item.id] = blanks
    assert wrong == {}


def test_no_translation_is_doubtful(catalogue: Catalog) -> None:
    assert [item.id for item in catalogue if item.fuzzy and item.id] == []


def test_blanks_of_the_records_sentences_say_what_stands_in_them(catalogue: Catalog) -> None:
    kinds = {name[0] for item in catalogue if item.context == RECORDED for name in BLANK.findall(item.id if isinstance(item.id, str) else item.id[0])}
    assert kinds <= set("ndcslxt")


@pytest.mark.parametrize("module", TELLING)
def test_every_piece_of_a_sentence_of_the_record_is_in_the_catalogue(module: str) -> None:
    """Every piece of text with two words that a telling module writes stands in some message; what it only raises, and SQL, apart."""
    known = [text for item in _catalogue() if item.context == RECORDED or item.pluralizable for text in (item.id if isinstance(item.id, tuple) else (item.id,))]
    plain = re.sub(r"\{\w+\}", "", "\n".join(known)).lower()
    pieces = [piece for piece in _pieces(DQ / module) if not TOLD_ELSEWHERE.search(piece) and not STEP.search(piece)]
    assert [piece for piece in pieces if piece.lower() not in plain] == []


LABELS = [
    *sentences._PLAIN,
    *(f"{kind}:7" for kind in sentences._FORMS if kind != "precision"),
    "precision:seconds",
    "became:IDR:USD",
    "rate:IDR:USD:0.0000637",
]


@pytest.mark.parametrize("label", LABELS)
def test_what_happened_to_a_value_can_be_retold(label: str) -> None:
    why = sentences.why(label)
    said = sentences.said("expires_at", label)
    for text in (said, f"{said}: {why}" if why else said):
        assert _english(retell(text, code="id")) == []


def test_each_corruption_of_a_canary_can_be_retold() -> None:
    ways = {*planting.WHOLE, planting.LOST, planting.REPEATED, *canaries_crosswalk._OPERATORS, *(operator.words for operator in OPERATORS)}
    assert sorted(words for words in ways if retell(words, code="id") is None) == []
    assert len(ways) > 40


def test_each_stock_expectation_that_runs_can_be_retold() -> None:
    names = [name.removeprefix("expect_").removeprefix("column_").replace("_", " ") for name, stock in STOCK.items() if not stock.refused]
    assert sorted(name for name in names if retell(f"column: {name} holds for 12 rows.", code="id") is None or retell(name, code="id") is None) == []


@pytest.mark.parametrize(
    ("english", "indonesian"),
    [
        ("1,035 rows of 2,000 differ: body (1,035).", "1.035 baris dari 2.000 berbeda: body (1.035)."),
        ("36 days to the deadline on 12 Dec 2024 24:00 Asia/Jakarta.", "36 hari lagi menuju tenggat 12 Des 2024 24.00 Asia/Jakarta."),
        ("Batch 1: 3 rows break what was promised, in accounts and orders.", "Batch 1: 3 baris melanggar apa yang dijanjikan, pada accounts dan orders."),
        ("26 rows are missing in the target and 1 row is in the target only.", "26 baris hilang di target dan 1 baris hanya ada di target."),
        ("the and of is", "the and of is"),
        ("1 row of the contract's own", "1 row of the contract's own"),
    ],
)
def test_a_sentence_is_retold_and_one_that_nobody_knows_stays(english: str, indonesian: str) -> None:
    with writing("id"):
        assert retold(english) == indonesian
    assert retold(english) == english


def test_numbers_money_and_moments_stand_as_their_readers_write_them() -> None:
    with writing("id"):
        told = (
            blocks.count(1_234_567),
            blocks.money(Money(currency="IDR", amount="9007199254740993.10")),
            blocks.money(Money(currency="EUR", amount="-1234.5")),
            blocks.money(Money(currency="", amount="1200")),
            blocks.moment("2024-08-17T10:05:00+07:00"),
            blocks.counted(2, "row"),
        )
    assert told == ("1.234.567", "Rp9.007.199.254.740.993,10", "EUR −1.234,5", "1.200 satuan", "17 Agu 2024, 10.05 +07:00", "2 baris")
    assert blocks.money(Money(currency="IDR", amount="1234.50")) == "IDR 1,234.50"


def test_a_language_ends_with_its_block_and_an_unknown_one_is_named() -> None:
    with writing("id"):
        assert say("Promises") == "Janji"
    assert say("Promises") == "Promises"
    assert say_counted("{n} row", "{n} rows", 1) == "1 row"
    with pytest.raises(UsageError, match="there is no language 'in'; known: en, id"):
        language_of("in")


@pytest.mark.parametrize("name", ["clean", "broken", "not_proven", "gate_shut", "waived"])
def test_no_english_message_of_ours_is_left_on_the_indonesian_page(name: str) -> None:
    record = getattr(records, name)()
    before = record_bytes(record)
    page = Page(render_html(record, language="id"))
    texts = [element.text.strip() for element in page.elements if element.tag in {"h1", "h2", "h3", "th", "caption", "dt", "summary", "p", "li", "figcaption"}]
    machine = {"GATE OPEN", "GATE SHUT", "NOT PROVEN"}
    ours = {one for one, _ in messages.messages() if " " in one and "{" not in one} - machine
    assert [text for text in texts if text in ours] == []
    assert page.all("html")[0].attributes["lang"] == "id"
    assert record_bytes(record) == before


def test_the_page_has_the_same_bytes_in_whatever_order_languages_are_asked_for() -> None:
    first = render_html(records.broken())
    indonesian = render_html(records.broken(), language="id")
    assert (render_html(records.broken()), render_html(records.broken(), language="id")) == (first, indonesian)
    assert first != indonesian


def _becomes(item: object) -> tuple[str, ...]:
    found = item.string  # type: ignore[attr-defined]
    return (found,) if isinstance(found, str) else tuple(found)


def _catalogue() -> Catalog:
    return read_po(BytesIO(messages.catalogues()["id"]), locale="id")


def _english(text: str | None) -> list[str]:
    """Return the English words of a sentence; that nobody knows it is one, too."""
    return ["not known"] if text is None else re.findall(r"\b(?:the|is|are|was|were|of|and|every|row|rows|has|with|at|in)\b", text)


def _pieces(path: Path) -> list[str]:
    """Return the texts of a module with at least two plain words; docstrings, errors that are raised, and keys apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
    left_out |= {id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
    left_out |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out]
    pieces = [piece.strip(" .,;:()\n") for text in texts for piece in re.split(r"\{\w*\}", text)]
    words = [piece for piece in pieces if re.fullmatch(r"[A-Za-z,'’;:.()\[\]0-9%-]+(?: [A-Za-z,'’;:.()\[\]0-9%-]+)+", piece)]
    return [piece for piece in words if not SQL.search(piece)]
