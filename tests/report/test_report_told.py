"""Every sentence of a real run's record has an Indonesian one: none stays English because no message of the catalogue knows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from dq.lineage import Lineage, LineageLine
from dq.record import Record
from dq.report.junit import render_junit
from dq.report.language import writing
from dq.report.markdown import render_markdown
from dq.report.retelling import retell, retold
from dq.report.terminal import print_verdict
from dq.result import Run

ENGLISH = re.compile(r"\b(?:the|is|are|was|were|of|and|every|rows?|has|with|at|in|differs?|not|what|which|than|people|from|only)\b", re.IGNORECASE)


def sentences(record: Record) -> Iterator[str]:
    """Yield every text of a record that is ours; what is the contract's own, or a name, apart."""
    yield record.headline
    yield from record.not_checked
    yield from record.calendar.sentences if record.calendar else ()
    for check in record.checks:
        yield from (check.sentence, *([check.reason] if check.reason else []), *(one.sentence for one in check.overrepresented), *check.details)
        yield from (text for example in check.examples for text in (example.status, example.note) if text)
    for cause in record.causes:
        yield from (cause.sentence, *(one.sentence for one in cause.overrepresented))


def own_words(contract: Path) -> list[str]:
    """Return the contract's own reasons, which stand as the contract has them; the longest first."""
    found = [text for file in contract.glob("*.toml") for text in re.findall(r'reason\s*=\s*"([^"]+)"', file.read_text(encoding="utf-8"))]
    assert len(found) > 10
    return sorted(found, key=len, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["clean_run", "broken_run"])
def test_every_sentence_of_a_run_is_retold(name: str, request: pytest.FixtureRequest, contract_folder: Path) -> None:
    run: Run = request.getfixturevalue(name)
    found = sorted(set(sentences(run.record)))
    assert len(found) > 100
    told = {text: retell(text, code="id") or text for text in found}
    own = re.compile("|".join(map(re.escape, own_words(contract_folder))))
    assert {text: said for text, said in told.items() if ENGLISH.search(own.sub("", said)) or (said == text and " " in text)} == {}


@pytest.mark.parametrize("render", [render_markdown, render_junit])
def test_what_stands_for_a_ci_job_is_in_the_language_that_is_asked_for(broken_run: Run, render: Callable[..., str], contract_folder: Path) -> None:
    said = render(broken_run.record, language="id")
    promised = [broken_run.record.title, *(entity.promise for entity in broken_run.record.entities)]
    own = re.compile("|".join(map(re.escape, [*own_words(contract_folder), *promised])))
    lines = [line for line in own.sub("", said).replace("`", "").splitlines() if ENGLISH.search(re.sub(r"<[^>]*>|\S*[._]\S*", "", line))]
    assert lines == []


def cases(xml: str) -> list[tuple[str | None, str | None]]:
    return [(one.get("classname"), one.get("name")) for one in ET.fromstring(xml).iter("testcase")]  # noqa: S314 - our own


def test_names_of_test_cases_are_the_same_in_every_language(broken_run: Run) -> None:
    assert cases(render_junit(broken_run.record)) == cases(render_junit(broken_run.record, language="id"))


def test_the_terminal_speaks_the_language_that_is_asked_for(broken_run: Run) -> None:
    file = StringIO()
    print_verdict(broken_run.record, Console(file=file, width=120), report=Path("report.html"), language="id")
    said = file.getvalue()
    assert [text for text in ("Compared", "Money at stake", "rows of", "more in the report", "Report:") if text in said] == []
    assert said.splitlines()[0].startswith("✗ FAILED (tidak terpenuhi): batch 1")
    assert said.splitlines()[-1] == "Laporan: report.html"


def test_what_became_of_findings_is_retold() -> None:
    line = LineageLine(check="coupons.rows", new=1200, still=2, fixed=3, regressed=4, unknown=5, open_since="2024-11-01T00:00:00+00:00")
    lineage = Lineage(run="b" * 12, as_of="2024-11-05T00:00:00+00:00", since="a" * 12, since_as_of="2024-11-04T00:00:00+00:00", lines=(line,))
    with writing("id"):
        said = retold(lineage.sentence)
    assert (
        said
        == "Sejak aaaaaaaaaaaa: 1.200 baru, 2 masih terbuka, 3 selesai, 4 muncul kembali, 5 tidak diketahui pada keduanya; yang tertua terbuka selama 4 hari"
    )
