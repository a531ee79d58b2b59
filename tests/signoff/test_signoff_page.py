"""The signed report: it begins with what verifying came to, in both languages, on a page and on paper; a run that is not verified never reads as signed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from importlib import resources
from pathlib import Path

import pytest
import typst

from dq.folder import read_record
from dq.pages import queries_at
from dq.record import WaiverLine
from dq.report.html import render_html
from dq.report.language import LANGUAGES, writing
from dq.report.printed import printed
from dq.report.signed import printed_signed, signed_view
from dq.signoff.parity import NAME
from dq.signoff.verifying import Verified
from tests.cli.small import Dq, Said, assert_refused
from tests.report.records import waiver

from . import attacks
from .signed import LATER, NOW, World, public_key

pytestmark = pytest.mark.slow  # seconds together

TEMPLATE = resources.files("dq.report").joinpath("templates", "report.typ").read_bytes()
SIGNED = re.compile(r"Signed off|Ditandatangani, ")
TITLES = {"en": ("Signed off, and verified", "Not verified"), "id": ("Ditandatangani, dan terverifikasi", "Belum terverifikasi")}


def shown(dq: Dq, world: World, *more: object, as_of: object = LATER) -> Said:
    """Ask for the signed report."""
    return dq("show", world.folder, "--signed", "--contract", world.small.contract, "--as-of", str(as_of).replace(" ", "T"), *more)


def texts(page: Path) -> str:
    """Return what stands on a page, without its elements and its style."""
    body = page.read_text().partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_signed_report_says_who_signed_what_when_and_with_which_key(signed: World, dq: Dq) -> None:
    said = shown(dq, signed, "--policy-digest", signed.roster.digest)
    page = signed.folder / "report.signed.html"
    assert (said.status, said.out.splitlines()) == (0, [f"VERIFIED batch=1 run={signed.folder.name}", f"page: {page}"])
    text = texts(page)
    at = "29 Nov 2026, 12:00 UTC"
    for line in (
        "Signed off, verified as of 29 Nov 2026, 13:00 UTC",
        f"data-owner (mandatory) sri accepted {at} {public_key('sri').fingerprint} yes",
        f"finance budi accepted {at} {public_key('budi').fingerprint} yes",
        "business-owner – nobody signed",
        "Needed 2 roles data-owner among them",
        "Accepted 2 roles enough",
        f"Attested by ci {public_key('ci').fingerprint}",
        f"{signed.roster.digest} as pinned",
        *(f"{name} {digest}" for name, digest in {**signed.attested().statement.subject, NAME: signed.attested().digest}.items()),
    ):
        assert line in text, line


def test_the_signed_report_is_the_report_with_what_verifying_came_to_before_it(signed: World, dq: Dq) -> None:
    before = (signed.folder / "report.html").read_bytes()
    assert shown(dq, signed).status == 0
    assert (signed.folder / "report.html").read_bytes() == before
    lines = (signed.folder / "report.signed.html").read_text().splitlines()
    added = [line for line in lines if line not in before.decode().splitlines()]
    assert [line for line in before.decode().splitlines() if line not in lines and not line.startswith("<title>")] == []
    assert len(added) > 20
    assert lines.index('<h2 id="signed">Signed off, and verified</h2>') < next(number for number, line in enumerate(lines) if 'id="promises"' in line)


def test_the_latest_run_is_the_latest_that_somebody_attested(signed: World, dq: Dq) -> None:
    before = signed.folder.name
    where = ("--contract", signed.small.contract, "--runs", signed.small.runs)
    assert dq("run", *where).status == 0  # all that has moved, attested by nobody
    assert dq("show", "--signed", *where, "--as-of", LATER.isoformat()).out.startswith(f"VERIFIED batch=1 run={before}")


def test_a_roster_that_nothing_pins_is_said_on_the_page(signed: World, dq: Dq) -> None:
    shown(dq, signed)
    assert "not pinned: nobody says that it is the roster that was agreed on" in texts(signed.folder / "report.signed.html")


def test_a_rejection_stands_on_the_page_with_its_reason(signed: World, dq: Dq) -> None:
    signed.sign("tina", "finance", now=NOW + timedelta(minutes=1), reason="the totals of May")
    assert shown(dq, signed).out.startswith("REJECTED ")
    text = texts(signed.folder / "report.signed.html")
    assert "finance tina rejected: the totals of May 29 Nov 2026, 12:01 UTC" in text
    assert "Why it is not verified finance: tina rejected it: the totals of May" in text
    assert "NOT VERIFIED: REJECTED" in text
    assert not SIGNED.search(text)


def test_an_earlier_word_of_the_same_person_does_not_count(signed: World, dq: Dq) -> None:
    signed.sign("budi", "finance", now=NOW + timedelta(minutes=1), reason="the totals of May")
    signed.sign("budi", "finance", now=NOW + timedelta(minutes=2))
    shown(dq, signed)
    told = texts(signed.folder / "report.signed.html")
    fingerprint = public_key("budi").fingerprint
    assert told.count(f"{fingerprint} no: the same person signed later") == 2
    assert f"12:02 UTC {fingerprint} yes" in told


@pytest.mark.parametrize("attack", [attack for attack in attacks.ATTACKS if "report" not in attack.__name__], ids=lambda attack: attack.__name__)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_that_is_not_verified_never_reads_as_signed(attack: Callable[[World], None], language: str, signed: World) -> None:
    record = read_record(signed.folder)
    attack(signed)
    found = signed.verify()
    page = render_html(record, language=language, queries=queries_at(record, signed.small.contract), signed=found)
    text = " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)).split())
    with writing(language):
        view = signed_view(found)
    assert (bool(found.problems), view.title, view.why != ()) == (True, TITLES[language][1], True)
    assert text.startswith(f"{view.line}, ")  # the page's title
    assert not SIGNED.search(text)


def test_a_run_that_nobody_attested_says_that_nothing_is_vouched_for(signed: World, dq: Dq) -> None:
    (signed.folder / NAME).unlink()
    assert shown(dq, signed).out.startswith("NOT PROVEN ")
    text = texts(signed.folder / "report.signed.html")
    assert "Nothing below is vouched for" in text
    assert public_key("sri").fingerprint not in text


def test_the_signed_report_is_there_in_indonesian(signed: World, dq: Dq) -> None:
    said = shown(dq, signed, "--lang", "id")
    page = signed.folder / "report.signed.id.html"
    assert (said.status, said.out.splitlines()[-1]) == (0, f"page: {page}")
    text = texts(page)
    for line in ("Ditandatangani, dan terverifikasi", "data-owner (wajib) sri disetujui 29 Nov 2026, 12.00 UTC", "Diperlukan 2 peran termasuk data-owner"):
        assert line in text, line


def test_a_reason_for_not_being_verified_is_retold(signed: World) -> None:
    attacks.f09_one_of_two(signed)
    with writing("id"):
        assert signed_view(signed.verify()).why == ("1 dari 2 peran menyetujui, harus termasuk data-owner: belum ada business-owner dan finance",)


def test_a_text_of_a_sign_off_is_no_element_of_the_page(signed: World, dq: Dq) -> None:
    signed.sign("tina", "finance", now=NOW + timedelta(minutes=1), reason="<script>alert(1)</script> #strong[x]")
    shown(dq, signed)
    page = (signed.folder / "report.signed.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_signed_report_is_told_as_one_json_object(signed: World, dq: Dq) -> None:
    found = json.loads(shown(dq, signed, "--json").out)
    assert (found["word"], found["run"], found["page"]) == ("VERIFIED", signed.folder.name, str(signed.folder / "report.signed.html"))


def test_options_of_the_signed_report_stand_with_it_alone(signed: World, dq: Dq) -> None:
    assert_refused(dq("show", signed.folder, "--policy-digest", "0" * 64), 2, "--policy-digest goes with --signed")
    assert_refused(dq("show", signed.folder, "--as-of", LATER.isoformat()), 2, "--as-of goes with --signed")
    assert_refused(shown(dq, signed, "--show-values"), 2, "--signed: a page for whoever may read it holds no values")


def test_a_contract_without_a_roster_has_no_signed_report(signed: World, dq: Dq) -> None:
    (signed.small.contract / "signers.toml").unlink()
    assert_refused(shown(dq, signed), 2, "signers.toml")
    assert not (signed.folder / "report.signed.html").exists()


@pytest.mark.xdist_group("fonts")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_signed_report_is_there_on_paper(signed: World, dq: Dq, tmp_path: Path, language: str) -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent / "report"))
    from fonts import install_fonts  # noqa: PLC0415

    install_fonts()
    said = shown(dq, signed, "--lang", language, "--pdf", tmp_path / "signed.pdf")
    assert (said.status, said.out.splitlines()[-1]) == (0, f"print copy: {tmp_path / 'signed.pdf'}")
    data = {**printed(read_record(signed.folder)), "signed": printed_signed(signed.verify()), "fonts": ["Noto Sans"], "mono": ["Noto Sans"]}
    headings = typst.query(TEMPLATE, "heading.where(level: 2)", field="body", sys_inputs={"report": json.dumps(data)})
    assert json.loads(headings)[0] == {"func": "text", "text": "Signed off, and verified"}


def with_waivers(signed: World, *waivers: WaiverLine) -> Verified:
    """Return what verifying the run would come to if its record had waivers."""
    found = signed.verify()
    assert found.attested is not None
    return replace(found, attested=replace(found.attested, record=found.attested.record.model_copy(update={"waivers": waivers})))


def test_a_waiver_stands_on_the_page_with_who_countersigned(signed: World) -> None:
    finance = waiver(check="coupons.values", approver_role="finance", author="Rina", reason="one coupon is worth more")
    (table,) = (table for table in signed_view(with_waivers(signed, finance)).tables if table.title == "Waivers, and who countersigned")
    ((check, rows, reason, author, _, by),) = table.rows
    assert (check, rows, reason, author) == ("coupons.values", "3", "one coupon is worth more", "Rina")
    assert by == "budi (finance, 29 Nov 2026, 12:00 UTC)"


@pytest.mark.parametrize(("role", "author"), [("business-owner", "Rina"), ("finance", "Budi")])
def test_a_waiver_that_nobody_else_signed_for_says_who_must(signed: World, role: str, author: str) -> None:
    """Nobody in its role, or its own author alone."""
    (table,) = (one for one in signed_view(with_waivers(signed, waiver(approver_role=role, author=author))).tables if one.title.startswith("Waivers"))
    assert table.rows[0][-1] == f"nobody: {role} must sign, and not {author}"


def test_a_record_without_waivers_has_no_table_of_them(signed: World) -> None:
    assert [table.title for table in signed_view(signed.verify()).tables] == [
        "Sign-offs whose signature holds",
        "What was attested and is signed for, by SHA-256",
    ]
