"""The HTML report is one dead page: whatever stands in the record, it shows text, asks for nothing and says the verdict first."""

from __future__ import annotations

import re
from collections.abc import Callable

import extreme_records
import pytest
import records
from parsed import Page
from shuffled import reversed_mappings

from dq.record import Outcome, Record, SumLine
from dq.report.displays import check_display, entity_display, run_display
from dq.report.html import LARGEST, render_html

RECORDS: dict[str, Callable[[], Record]] = {
    "clean": records.clean,
    "broken": records.broken,
    "not proven": records.not_proven,
    "waived": records.waived,
    "gate open": records.gate_open,
    "gate shut": records.gate_shut,
    "hostile": extreme_records.hostile,
}
FRAGMENTS: dict[str, Callable[[Record], str]] = {
    "run": run_display,
    "entity": lambda record: entity_display(record, record.entities[0].entity),
    "check": lambda record: check_display(record.checks[2], record.causes),
}
TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "main",
    "footer",
    "section",
    "article",
    "div",
    "span",
    "p",
    "a",
    "strong",
    "h1",
    "h2",
    "h3",
    "h4",
}
TAGS |= {"table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "ul", "ol", "li", "details", "summary", "svg", "circle", "path", "rect"}
TAGS |= {"b", "figure", "figcaption", "line", "polyline", "pre", "code"}
ATTRIBUTES = {
    "lang",
    "dir",
    "charset",
    "http-equiv",
    "name",
    "content",
    "class",
    "id",
    "href",
    "role",
    "scope",
    "rowspan",
    "data-label",
    "aria-hidden",
    "aria-labelledby",
}
ATTRIBUTES |= {"focusable", "viewbox", "preserveaspectratio", "width", "height", "cx", "cy", "r", "rx", "x", "y", "d"}
ATTRIBUTES |= {"aria-label", "colspan", "points", "x1", "x2", "y1", "y2"}
WORDS = {
    "clean": ("PASSED", "batch 1"),
    "broken": ("FAILED", "batch 1"),
    "not proven": ("GATE SHUT", "batch 2"),
    "waived": ("WAIVED", "batch 1"),
    "gate open": ("GATE OPEN", "batch 3"),
    "gate shut": ("GATE SHUT", "batch 3"),
    "hostile": ("NOT PROVEN", "batch 1"),
}


def live_nodes(source: str) -> list[str]:
    page = Page(source)
    strange = [element.tag for element in page.elements if element.tag not in TAGS]
    strange += [f"{element.tag} {name}" for element in page.elements for name in element.attributes if name not in ATTRIBUTES]
    return strange + [element.attributes["href"] for element in page.all("a") if not re.fullmatch(r"#[a-z]+(-[0-9]+)?", element.attributes["href"])]


def outermost_selectors(style: str) -> list[str]:
    """Return the selectors that are in no other rule; those of a media query that is in no rule count as such."""
    found, preludes = [], [""]
    for char in re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL):
        if char == "{":
            if not any(prelude and not prelude.startswith("@") for prelude in preludes[:-1]) and not preludes[-1].strip().startswith("@"):
                found += preludes[-1].split(",")
            preludes[-1] = preludes[-1].strip()
            preludes.append("")
        elif char == "}":
            preludes.pop()
            preludes[-1] = ""
        elif char == ";":
            preludes[-1] = ""
        else:
            preludes[-1] += char
    return [selector.strip() for selector in found]


@pytest.mark.parametrize("name", RECORDS)
def test_no_text_of_a_record_becomes_an_element_or_an_attribute(name: str) -> None:
    assert live_nodes(render_html(RECORDS[name]())) == []


@pytest.mark.parametrize("name", RECORDS)
def test_every_element_is_closed_in_its_place(name: str) -> None:
    page = Page(render_html(RECORDS[name]()))
    assert (page.misplaced, page.open) == ([], [])


@pytest.mark.parametrize("name", RECORDS)
def test_no_address_stands_in_the_page(name: str) -> None:
    assert "//" not in render_html(RECORDS[name]())


def test_the_policy_allows_nothing_but_the_style_of_the_page() -> None:
    policies = [element.attributes["content"] for element in Page(render_html(records.clean())).all("meta") if "http-equiv" in element.attributes]
    assert len(policies) == 1
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'", policies[0])


@pytest.mark.parametrize("name", RECORDS)
def test_the_verdict_is_the_first_heading_with_what_was_asked(name: str) -> None:
    page = Page(render_html(RECORDS[name]()))
    words, about = WORDS[name]
    assert [element.text.startswith(f"{words}{about}") for element in page.all("h1")] == [True]
    assert page.all("title")[0].text.startswith(f"{words}: {about}")


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_is_written_as_a_word(outcome: Outcome) -> None:
    record = records.clean(checks=(records.check("coupons.rows", outcome=outcome),), outcome=outcome)
    badges = [element.text for element in Page(render_html(record)).elements if element.attributes.get("class", "").startswith("badge")]
    expected = [] if outcome is Outcome.PASSED else [outcome.value]
    assert [text for text in badges if text != Outcome.PASSED.value] == expected


def test_a_gate_names_its_outcome_beside_its_words() -> None:
    facts = [element.text for element in Page(render_html(records.not_proven())).all("dd")]
    assert {"May batch 2 start?", "batch 1", "NOT PROVEN"} <= set(facts)


def test_a_gate_for_the_first_batch_says_that_nothing_was_compared() -> None:
    page = render_html(records.clean(command="gate", batch=1, batches=()))
    assert "nothing yet: the first batch" in page


def test_a_gate_whose_exit_status_is_not_zero_is_shut_whatever_its_outcome() -> None:
    record = records.gate_open().model_copy(update={"exit_status": 3})
    assert Page(render_html(record)).all("h1")[0].text.startswith("GATE SHUT")


def test_a_promise_that_entities_share_is_told_once() -> None:
    promise = records.PROMISES["points_entries"]
    heads = [element for element in Page(render_html(records.clean())).all("th") if element.text == promise]
    assert [head.attributes["rowspan"] for head in heads] == ["2"]


def test_a_broken_check_tells_its_causes() -> None:
    articles = {element.text for element in Page(render_html(records.broken())).all("article")}
    instants = next(text for text in articles if text.startswith("\ncoupons.instants"))
    assert "expires_at is 7 h early: local time read as UTC" in instants
    assert "status is delivered" not in instants


def test_examples_that_are_alike_stand_in_one_row() -> None:
    rows = [element.text for element in Page(render_html(records.broken())).all("tr") if "h early" in element.text and "coupons#" in element.text]
    assert rows == ["changedcoupons#1, coupons#2, coupons#4, coupons#6expires_at7:00 h early", "changedcoupons#3expires_at8:00 h early"]


def test_counts_have_no_gross() -> None:
    line = SumLine(by={"region": "ID"}, source_net="97", target_net="67", source_gross="97", target_gross="67", agrees=False)
    heads = {
        kind: [element.text for element in Page(check_display(records.check(f"orders.{kind}", outcome=Outcome.FAILED, sums=(line,)))).all("th")]
        for kind in ("counts", "sums")
    }
    assert heads == {"counts": ["region", "Source", "Target", "ID"], "sums": ["region", "Source, net", "Target, net", "Source, gross", "Target, gross", "ID"]}


def test_a_cause_that_names_no_check_is_not_lost() -> None:
    cause = records.broken().causes[0].model_copy(update={"checks": ("coupons.gone",), "sentence": "nobody asked for it"})
    assert "nobody asked for it" in render_html(records.clean(causes=(cause,)))


def test_checks_that_one_reason_keeps_from_being_proven_are_told_together() -> None:
    articles = [element.text for element in Page(render_html(records.not_proven())).all("article") if "products." in element.text]
    assert len(articles) == 2
    assert all(f"products.{kind}" in articles[1] for kind in ("keys", "rows", "values", "attribution", "instants", "counts", "natives"))


def test_uncovered_columns_stand_in_the_open() -> None:
    page = Page(render_html(records.not_proven()))
    shown = [element.within for element in page.all("td") if element.text == "mobile"]
    assert shown
    assert all("details" not in within for within in shown)


def test_what_passed_is_folded() -> None:
    page = Page(render_html(records.clean()))
    assert [("details" in element.within) for element in page.all("th") if element.text == "accounts.rows"] == [True]


@pytest.mark.parametrize("name", RECORDS)
def test_tables_have_a_caption_and_each_head_a_scope(name: str) -> None:
    page = Page(render_html(RECORDS[name]()))
    assert len(page.all("caption")) == len(page.all("table"))
    assert {element.attributes.get("scope") for element in page.all("th")} <= {"col", "row", "rowgroup"}


@pytest.mark.parametrize("name", RECORDS)
def test_the_page_has_its_landmarks_and_no_name_twice(name: str) -> None:
    page = Page(render_html(RECORDS[name]()))
    names = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
    assert len(names) == len(set(names))
    assert {element.attributes["href"][1:] for element in page.all("a")} <= set(names)


def test_what_cannot_be_seen_is_shown_as_code_points() -> None:
    page = Page(render_html(extreme_records.hostile()))
    text = page.all("body")[0].text
    unseen = [char for char in text if char != "\n" and not char.isprintable()]
    assert unseen == []
    assert "‹U+202E›" in text
    assert "‹U+0000›" in text
    assert "‹U+D800›" in text


@pytest.mark.parametrize("name", RECORDS)
def test_the_order_of_mappings_does_not_reach_the_page(name: str) -> None:
    record = RECORDS[name]()
    assert render_html(record) == render_html(reversed_mappings(record))


def test_an_enormous_record_makes_a_page_that_still_opens() -> None:
    page = render_html(extreme_records.enormous())
    assert len(page.encode()) <= LARGEST
    assert "more in report.json" in page


@pytest.mark.parametrize("fragment", FRAGMENTS)
@pytest.mark.parametrize("name", RECORDS)
def test_a_display_is_as_dead_as_the_page(name: str, fragment: str) -> None:
    source = FRAGMENTS[fragment](RECORDS[name]())
    page = Page(source)
    assert live_nodes(source) == []
    assert (page.misplaced, page.open) == ([], [])
    assert "//" not in source


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_a_display_brings_no_name_into_the_notebook_and_no_style_beyond_itself(fragment: str) -> None:
    page = Page(FRAGMENTS[fragment](records.broken()))
    selectors = outermost_selectors(page.all("style")[0].text)
    assert [element.attributes["id"] for element in page.elements if "id" in element.attributes] == []
    assert page.elements[0].attributes["class"] == "dq-display"
    assert len(selectors) >= 4
    assert [selector for selector in selectors if ".dq-display" not in selector] == []


def test_a_display_of_an_enormous_record_stays_small() -> None:
    record = extreme_records.enormous()
    assert max(len(run_display(record)), len(entity_display(record, "entity_1")), len(check_display(record.checks[0], record.causes))) < 600_000


@pytest.mark.parametrize("name", ["clean", "broken", "gate_shut", "waived"])
def test_every_promise_has_a_section_that_its_row_links_to(name: str) -> None:
    record = getattr(records, name)()
    page = Page(render_html(record))
    links = [element.attributes["href"] for element in page.all("a") if element.attributes["href"].startswith("#promise-")]
    ids = [element.attributes["id"] for element in page.elements if element.attributes.get("id", "").startswith("promise-")]
    assert sorted(ids) == sorted(f"promise-{number}" for number in range(1, len(record.entities) + 1))
    assert {link[1:] for link in links} == set(ids)
