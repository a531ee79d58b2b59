"""The Markdown summary fits a step summary, and nothing that a store holds becomes live in it."""

from __future__ import annotations

import re

import extreme_records
import pytest
import records
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from shuffled import reversed_mappings

from dq.report.markdown import LARGEST, render_markdown, safe

RECORDS = {
    "clean": records.clean,
    "broken": records.broken,
    "not proven": records.not_proven,
    "waived": records.waived,
    "gate open": records.gate_open,
    "gate shut": records.gate_shut,
    "hostile": extreme_records.hostile,
}
OURS = {"heading", "paragraph", "inline", "strong", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td", "text", "code_inline"}
# What a forge makes of text outside of code: mentions, issues, addresses, hosts, emoji, entities, commits, mathematics.
RECOGNISED = re.compile(r"@|#[0-9]|!\[|\]\(|://|\bwww\.|:[a-z_]+:|&[a-z#]|\$|~|[<>`|*_\\]|\b(?=\w*[0-9])(?=\w*[a-f])[0-9a-f]{7,40}\b")
SAFE = {
    "Coupons move; value and validity stay the same.": "Coupons move; value and validity stay the same.",
    "4,812 rows of 12,000 differ: expires_at (4,779), total (3).": "4,812 rows of 12,000 differ: `expires_at` (4,779), total (3).",
    "in points_entries, points_balances and reviews.": "in `points_entries`, `points_balances` and reviews.",
    "account_id: two owners are swapped": "`account_id`: two owners are swapped",
    "ask @team (someone@evil.example)": "ask `@team (someone@evil.example)`",
    "a | b": "a `‹U+007C›` b",
    "`code`": "`‹U+0060›code‹U+0060›`",
    "<b>bold</b>": "`<b>bold</b>`",
    "[x](javascript:alert(1))": "`[x](javascript:alert(1))`",
    "www.evil.example": "`www.evil.example`",
    "see PROJ-123 and deadbeef1": "see `PROJ-123` and `deadbeef1`",
    "1. first": "`1`. first",
    "- item": "`-` item",
    "": "",
}
PIECES = (*"`*_[]()<>|\\#@!~$&:-+=.\"'/ \n\tab01w", "http://x", "www.a", "<b>", "好", "\u202e", "\x00")
ACTIVE = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def tokens(markdown: str) -> list[Token]:
    parsed = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)
    return [token for block in parsed for token in (block, *(block.children or ()))]


def live(markdown: str) -> list[str]:
    found = tokens(markdown)
    strange = [token.type for token in found if re.sub("_(open|close)$", "", token.type) not in OURS]
    return strange + [token.content for token in found if token.type == "text" and RECOGNISED.search(token.content)]


@pytest.mark.parametrize("name", RECORDS)
def test_nothing_of_a_record_becomes_live(name: str) -> None:
    assert live(render_markdown(RECORDS[name]())) == []


@pytest.mark.parametrize("name", RECORDS)
def test_each_row_of_a_table_has_as_many_cells_as_its_head(name: str) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", render_markdown(RECORDS[name]()), flags=re.MULTILINE)
    assert tables
    assert [len({line.count("|") for line in table.splitlines()}) for table in tables] == [1] * len(tables)


@pytest.mark.parametrize(("text", "expected"), SAFE.items())
def test_words_stay_plain_and_the_rest_is_code(text: str, expected: str) -> None:
    assert safe(text) == expected


@settings(derandomize=True, max_examples=600, deadline=None)
@given(text=ACTIVE)
def test_no_text_at_all_becomes_live(text: str) -> None:
    assert live(safe(text)) == []
    assert live(f"- {safe(text)}") == []
    assert live(f"| a |\n| --- |\n| {safe(text)} |") == []


@settings(derandomize=True, max_examples=300, deadline=None)
@given(text=ACTIVE)
def test_a_list_item_of_any_text_is_one_item_of_one_paragraph(text: str) -> None:
    kinds = [token.type for token in tokens(f"- {safe(text)}")]
    assert (kinds.count("list_item_open"), kinds.count("bullet_list_open"), kinds.count("paragraph_open") <= 1) == (1, 1, True)


def test_the_verdict_comes_first() -> None:
    assert render_markdown(records.gate_shut()).startswith("## ✗ GATE SHUT: batch 3\n")


def test_causes_promises_and_broken_checks_are_told() -> None:
    summary = render_markdown(records.broken())
    assert "| `expires_at` is 7 h early: local time read as UTC | `coupons` | 4,612 | 1,344 |" in summary
    assert summary.count(records.PROMISES["points_entries"]) == 1
    assert "- ✗ **FAILED** `coupons.keys`: 2 rows of the target share one coupon code. (1 person)" in summary


def test_a_waived_check_is_named() -> None:
    assert "- ◇ **WAIVED** `reviews.values`: 3 reviews have another text" in render_markdown(records.waived())


def test_the_order_of_mappings_does_not_reach_the_summary() -> None:
    assert render_markdown(extreme_records.hostile()) == render_markdown(reversed_mappings(extreme_records.hostile()))


def test_an_enormous_record_fits_a_step_summary() -> None:
    summary = render_markdown(extreme_records.enormous())
    assert len(summary.encode()) <= LARGEST
    assert "more checks in report.json" in summary


def test_a_record_of_invisible_text_fits_a_step_summary() -> None:
    invisible = "\u200b" * 5_000
    record = extreme_records.enormous()
    checks = tuple(check.model_copy(update={"id": f"{invisible}{turn}", "sentence": invisible}) for turn, check in enumerate(record.checks))
    entities = tuple(entity.model_copy(update={"entity": f"{invisible}{turn}", "promise": invisible}) for turn, entity in enumerate(record.entities))
    assert len(render_markdown(record.model_copy(update={"checks": checks, "entities": entities})).encode()) <= LARGEST
