"""A failure is waived from the command line: proposed from a run, judged by the next, named wherever the run is told."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from small import PERSONAL, Dq, Said, Small, assert_refused, copied

from dq.folder import read_record
from dq.judgement.countersigning import identity
from dq.record import Outcome, Record
from dq.running import Options, run_contract

pytestmark = pytest.mark.slow  # seconds together

NOTE = "UPDATE vouchers SET note = 'other' WHERE code = 'C-002'"
ANOTHER = "UPDATE vouchers SET note = 'other' WHERE code = 'C-003'"
ELSE = "UPDATE vouchers SET note = 'else' WHERE code = 'C-002'"
GONE = "DELETE FROM vouchers WHERE code = 'C-001'"
CUT = "UPDATE vouchers SET note = left(note, 10) WHERE code IN ('C-002', 'C-003')"
SAID = ("--check", "coupons.values", "--reason", "the note is internal", "--expires", "2024-11-30", "--author", "Ayu Lestari")


@pytest.fixture(scope="module")
def template(plain_template: Small, tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A migration with one wrong note, and its run."""
    small = copied(plain_template, tmp_path_factory.mktemp("waived"))
    small.reseal("target", NOTE)
    run_contract(small.contract, options=Options(runs=small.runs))
    return small


@pytest.fixture
def broken(template: Small, tmp_path: Path) -> Small:
    """An own copy of it."""
    return copied(template, tmp_path / "broken")


def waive(dq: Dq, small: Small, *arguments: object, said: tuple[object, ...] = SAID) -> Said:
    return dq("waive", "latest", "--contract", small.contract, "--runs", small.runs, *said, *arguments)


def again(dq: Dq, small: Small, *arguments: object, runs: Path | None = None) -> tuple[Said, Record]:
    """Run again, and return what was said and recorded."""
    runs = runs or small.runs
    said = dq("run", "--contract", small.contract, "--runs", runs, *arguments)
    return said, read_record(runs / said.last.rpartition("run=")[2])


def waivers(small: Small) -> list[dict[str, object]]:
    found: list[dict[str, object]] = tomllib.loads((small.contract / "waivers.toml").read_text())["waiver"]
    return found


def test_a_waiver_is_proposed_from_what_the_run_found(broken: Small, dq: Dq) -> None:
    said = waive(dq, broken, "--ticket", "MIG-7")
    assert said.status == 0, said
    (found,) = waivers(broken)
    rows = found.pop("rows")
    assert isinstance(rows, dict)
    assert rows["count"] == 1
    assert {name: str(value) for name, value in found.items()} == {
        "check": "coupons.values",
        "reason": "the note is internal",
        "ticket": "MIG-7",
        "author": "Ayu Lestari",
        "approver_role": "data-owner",
        "expires": "2024-11-30",
    }


def test_it_says_what_it_waives_and_what_is_left_to_be_done(broken: Small, dq: Dq) -> None:
    assert waive(dq, broken).out.splitlines() == [
        "coupons.values: exactly 1 row",
        "until 30 Nov 2024 24:00 UTC, asked for by Ayu Lestari: the note is internal",
        f"written to {broken.contract / 'waivers.toml'}",
        "next: have waivers.toml read in review, then dq run",
        "It counts only when data-owner has signed that run, and never by Ayu Lestari.",
    ]


def test_the_next_run_is_waived_and_not_passed(broken: Small, dq: Dq) -> None:
    waive(dq, broken)
    said, record = again(dq, broken)
    assert (said.status, record.outcome, record.check("coupons.values").outcome, record.entities[0].outcome) == (0, *3 * (Outcome.WAIVED,))
    assert said.last == f"WAIVED batch=all run={record.run}"
    assert record.headline == "All that has moved: 40 rows in 1 entity compared, 1 check waived, first coupons.values."


def test_every_rendering_names_the_waiver_and_who_must_sign(broken: Small, dq: Dq) -> None:
    waive(dq, broken, "--ticket", "MIG-7")
    said, record = again(dq, broken)
    folder = broken.runs / record.run
    texts = [said.out, *((folder / name).read_text() for name in ("report.html", "summary.md", "junit.xml", "report.json"))]
    plain = [" ".join(text.split()) for text in texts]
    missing = [(place, word) for place, text in enumerate(plain) for word in ("the note is internal", "MIG-7", "Ayu Lestari", "data-owner") if word not in text]
    assert missing == []
    assert ["signed this run" in re.sub(r"[`*]", "", text) for text in plain] == [True, True, True, True, False]


def test_no_key_and_no_value_stands_in_the_file_or_is_said(broken: Small, dq: Dq) -> None:
    said = waive(dq, broken)
    for secret in (PERSONAL, "Sri", "C-002", "other"):
        assert secret not in said.out + said.err + (broken.contract / "waivers.toml").read_text()


def test_the_runs_id_follows_the_waivers(broken: Small, dq: Dq) -> None:
    before = broken.record()["run"]
    waive(dq, broken)
    assert again(dq, broken)[1].run != before


OTHERS = (
    ("one row more", (NOTE, ANOTHER), "1 row more than the 1 that it names"),
    ("another row", (ANOTHER,), "other rows, or other values, than the 1 that it names"),
    ("the same row, another value", (ELSE,), "other rows, or other values, than the 1 that it names"),
)


@pytest.mark.parametrize(("statements", "why"), [case[1:] for case in OTHERS], ids=[case[0] for case in OTHERS])
def test_other_rows_are_not_waived(statements: tuple[str, ...], why: str, broken: Small, dq: Dq) -> None:
    waive(dq, broken)
    broken.reseal("target", *statements)
    said, record = again(dq, broken)
    assert (said.status, record.check("coupons.values").outcome) == (1, Outcome.FAILED)
    assert f"Its waiver does not hold: {why}." in " ".join(said.out.split())


def test_what_is_found_beside_its_rows_changes_nothing_for_a_waiver(broken: Small, dq: Dq) -> None:
    """A row that is missing before it gives its row another ordinal."""
    waive(dq, broken)
    broken.reseal("target", NOTE, GONE)
    said, record = again(dq, broken)
    assert (said.status, record.check("coupons.values").outcome, record.check("coupons.rows").outcome) == (1, Outcome.WAIVED, Outcome.FAILED)


def test_a_waiver_of_rows_that_were_mended_is_refused_as_stale(broken: Small, dq: Dq) -> None:
    waive(dq, broken)
    broken.reseal("target")
    said, record = again(dq, broken)
    assert (said.status, [check.id for check in record.checks if check.outcome is not Outcome.PASSED]) == (1, ["waivers.live"])
    assert "take it out of waivers.toml" in " ".join(said.out.split())


@pytest.mark.parametrize(("as_of", "status"), [("2024-11-07T23:59:59+00:00", 0), ("2024-11-08T00:00:00+00:00", 1)])
def test_a_waiver_ends_with_its_last_day_as_of_the_run(as_of: str, status: int, broken: Small, dq: Dq) -> None:
    waive(dq, broken, "--expires", "2024-11-07")
    assert again(dq, broken, "--as-of", as_of)[0].status == status


def test_sums_that_disagree_are_waived_by_themselves(plain: Small, dq: Dq) -> None:
    plain.reseal("target", "UPDATE vouchers SET amount = amount + 1 WHERE code = 'C-004'")
    again(dq, plain)
    for check in ("coupons.values", "coupons.sums.amount"):
        assert waive(dq, plain, "--check", check).status == 0
    assert again(dq, plain)[0].status == 0
    plain.reseal("target", "UPDATE vouchers SET amount = amount + 2 WHERE code = 'C-004'")
    assert again(dq, plain)[1].check("coupons.sums.amount").outcome is Outcome.FAILED


def test_a_cause_is_waived_up_to_its_cap(plain: Small, dq: Dq) -> None:
    plain.reseal("target", CUT)
    again(dq, plain)
    said = waive(dq, plain, "--cause", "cut", "--at-most-rows", 3)
    assert said.out.splitlines()[1] == "cause: note is cut at 10 characters; at most 3 rows"
    statuses = []
    for codes in ("'C-002'", "'C-002', 'C-003', 'C-004'", "'C-002', 'C-003', 'C-004', 'C-005'"):
        plain.reseal("target", f"UPDATE vouchers SET note = left(note, 10) WHERE code IN ({codes})")
        statuses.append(again(dq, plain)[0].status)
    assert statuses == [0, 0, 1]


def test_a_waiver_of_a_batch_is_of_that_batch(batched: Small, dq: Dq) -> None:
    batched.reseal("target", NOTE)
    again(dq, batched, "--batch", 1)
    waive(dq, batched)
    assert [waiver["batch"] for waiver in waivers(batched)] == [1]
    assert again(dq, batched, "--batch", 1)[0].status == 0


def test_a_gate_does_not_open_on_a_waiver_that_nobody_has_signed(batched: Small, dq: Dq) -> None:
    batched.reseal("target", NOTE)
    again(dq, batched, "--batch", 1)
    waive(dq, batched)
    said = dq("gate", "--batch", 2, "--contract", batched.contract, "--runs", batched.runs)
    assert (said.status, said.last.startswith("GATE SHUT")) == (3, True)
    assert "Not proven: the waiver of coupons.values counts only when data-owner has signed." in " ".join(said.out.split())


@pytest.mark.parametrize(("person", "outcome"), [("Budi Santoso", Outcome.WAIVED), ("AYU LESTARI", Outcome.NOT_PROVEN)])
def test_a_gate_opens_on_a_waiver_that_another_person_has_signed(person: str, outcome: Outcome, batched: Small, dq: Dq) -> None:
    batched.reseal("target", NOTE)
    again(dq, batched, "--batch", 1)
    waive(dq, batched)
    _, record = again(dq, batched, "--batch", 1)
    options = Options(runs=batched.runs, signed={identity(line): {"data-owner": (person,)} for line in record.waivers})
    assert run_contract(batched.contract, command="gate", batch=2, options=options).record.outcome is outcome


def test_money_needs_finance(broken: Small, dq: Dq) -> None:
    broken.edit("coupons.toml", "[columns]", 'money = { amount = "amount", unit = "points" }\n[columns]')
    assert_refused(waive(dq, broken, "--approver-role", "data-owner"), 2, "--approver-role: 'data-owner' is not enough", "needs 'finance'")
    waive(dq, broken)
    assert waivers(broken)[0]["approver_role"] == "finance"


def test_what_stands_in_the_file_stays_byte_by_byte(broken: Small, dq: Dq) -> None:
    file = broken.contract / "waivers.toml"
    before = b"# agreed on Monday  \r\n\n# nothing yet"
    file.write_bytes(before)
    file.chmod(0o600)
    assert waive(dq, broken).status == 0
    assert (file.read_bytes()[: len(before)], file.stat().st_mode & 0o777) == (before, 0o600)
    assert [path.name for path in broken.contract.iterdir() if path.name.startswith(".")] == []


def test_quotes_line_breaks_and_emoji_in_a_reason_are_read_as_they_were_said(broken: Small, dq: Dq) -> None:
    reason = 'she said "no"\\ and\nleft\t👍 \x7f好评'
    assert waive(dq, broken, "--reason", reason).status == 0
    assert waivers(broken)[0]["reason"] == reason


ATTACKS = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "</style>", "GATE OPEN batch=2 run=0123456789ab")


def test_a_reason_is_text_wherever_it_stands(broken: Small, dq: Dq) -> None:
    waive(dq, broken, "--reason", "\n".join(ATTACKS), "--author", ATTACKS[0], "--ticket", ATTACKS[1], "--approver-role", ATTACKS[3])
    said, record = again(dq, broken)
    folder = broken.runs / record.run
    page, summary = (folder / "report.html").read_text(), (folder / "summary.md").read_text()
    live = re.findall(r"<(?:script|img|svg onload)|<[a-z]+ [^>]*\bon[a-z]+=", page)
    assert live == []
    assert "{{7*7}}" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in re.sub(r"`[^`]*`", "", summary)
    assert ET.fromstring((folder / "junit.xml").read_text()).find(".//script") is None  # noqa: S314 - it is ours
    assert [line for line in said.out.splitlines() if line.startswith("GATE OPEN")] == []
    assert said.status == 0


def test_the_same_waiver_is_not_written_twice(broken: Small, dq: Dq) -> None:
    waive(dq, broken)
    before = (broken.contract / "waivers.toml").read_bytes()
    assert_refused(waive(dq, broken), 2, "waivers.toml: waiver.1: a second one for coupons.values and the same batch: take waiver.0 out first")
    assert (broken.contract / "waivers.toml").read_bytes() == before


REFUSED = (
    (("--check", "coupons.value"), "--check: there is no check 'coupons.value'", "did you mean 'coupons.values'?"),
    (("--check", "coupons.rows"), "--check coupons.rows: it is PASSED: there is nothing to waive", ""),
    (("--check", "coupons.schema"), "--check: coupons.schema cannot be waived: ", ""),
    (("--check", "canary.coupons"), "--check: canary.coupons cannot be waived: a run that misses what was planted proves nothing", ""),
    (("--check", "snapshot.source"), "--check: snapshot.source cannot be waived: a snapshot that does not hold proves nothing", ""),
    (("--reason", " "), "--reason: is empty", ""),
    (("--author", ""), "--author: is empty", ""),
    (("--approver-role", ""), "--approver-role: is empty", ""),
    (("--expires", "soon"), "--expires: 'soon' is no day, e.g. 2024-12-01, and no instant, e.g. 2024-12-01T17:00:00Z", ""),
    (("--expires", "2024-11-30T17:00"), "--expires: an instant needs an offset", ""),
    (("--expires", "2024-11-01"), "--expires: 2024-11-01 is over as of the run", ""),
    (("--cause", "cuts"), "--cause: no cause of coupons.values is called 'cuts'", ""),
    (("--at-most-rows", "3"), "--at-most-rows and --at-most-money go with --cause", ""),
    (("--at-most-money", "12000"), "--at-most-money: '12000' is no currency with an amount, each once, e.g. 'IDR 12000.00'", ""),
)


@pytest.mark.parametrize(("arguments", "said", "hint"), REFUSED, ids=[" ".join(case[0]) for case in REFUSED])
def test_what_cannot_be_waived_is_refused_in_one_line(arguments: tuple[str, ...], said: str, hint: str, broken: Small, dq: Dq) -> None:
    assert_refused(waive(dq, broken, *arguments), 2, said, hint)
    assert not (broken.contract / "waivers.toml").exists()


def test_a_deadline_is_the_end_of_every_waiver(broken: Small, dq: Dq) -> None:
    broken.edit("migration.toml", 'entities = ["coupons"]', 'entities = ["coupons"]\ndeadline = 2024-11-20T00:00:00Z')
    assert_refused(waive(dq, broken), 2, "--expires: 2024-11-30 ends after the deadline, 2024-11-20T00:00:00+00:00 (migration.toml)")


def test_what_is_not_proven_cannot_be_waived(plain: Small, dq: Dq) -> None:
    plain.reseal("target", "DELETE FROM vouchers", NOTE)
    plain.reseal("source", "DELETE FROM coupons")
    assert again(dq, plain)[0].status == 3
    assert_refused(waive(dq, plain), 2, "--check coupons.values: it is NOT PROVEN, and only a failure can be waived")


def test_without_a_person_who_asks_nothing_is_written(broken: Small, dq: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DQ_AUTHOR", raising=False)
    assert_refused(waive(dq, broken, said=SAID[:-2]), 2, "--author: who asks for it?")
    monkeypatch.setenv("DQ_AUTHOR", "Budi Santoso")
    assert waive(dq, broken, said=SAID[:-2]).status == 0
    assert waivers(broken)[0]["author"] == "Budi Santoso"


def test_without_its_findings_a_run_cannot_say_which_rows_these_are(broken: Small, dq: Dq) -> None:
    (findings,) = broken.runs.glob("*/restricted/findings.parquet")
    findings.unlink()
    assert_refused(waive(dq, broken), 2, "findings.parquet: is not there, so nobody can say which rows these are")


def test_another_migrations_run_is_refused(broken: Small, dq: Dq) -> None:
    broken.edit("migration.toml", 'name = "small"', 'name = "large"')
    assert_refused(waive(dq, broken), 2, "is of another migration (small) than", "(large)")


def test_one_json_object_says_what_was_written(broken: Small, dq: Dq) -> None:
    said = json.loads(waive(dq, broken, "--json").out)
    assert (said["command"], said["waiver"]["check"], said["waiver"]["rows"]["count"], said["failed"]) == ("waive", "coupons.values", 1, [])


def test_a_waiver_that_is_none_stops_every_command(broken: Small, dq: Dq) -> None:
    (broken.contract / "waivers.toml").write_text('[[waiver]]\ncheck = "coupons.values"\n')
    for command in ("run", "check"):
        said = dq(command, "--contract", broken.contract, *(("--runs", broken.runs) if command == "run" else ()))
        assert_refused(said, 2, "waivers.toml: waiver.0.reason: missing")


def test_any_number_of_threads_gives_the_same_bytes(broken: Small, dq: Dq) -> None:
    waive(dq, broken)
    found = set()
    for threads in (1, 2):
        runs = broken.folder / f"runs-{threads}"
        _, record = again(dq, broken, "--threads", threads, runs=runs)
        found.add((runs / record.run / "report.json").read_bytes())
    assert len(found) == 1


def test_what_looks_at_all_batches_is_waived_for_all(batched: Small, dq: Dq) -> None:
    batched.reseal("target", "UPDATE vouchers SET note = 'harmed' WHERE voucher_id = 1")
    for batch in (1, None):
        arguments = () if batch is None else ("--batch", batch)
        assert again(dq, batched, *arguments)[0].status == (1 if batch else 0)
        if batch:
            assert waive(dq, batched, "--check", "coupons.natives").status == 0
    assert "batch" not in waivers(batched)[0]
