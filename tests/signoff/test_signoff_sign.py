"""`dq sign` and `dq verify` as a person uses them: what is shown, what is asked, what is refused, and that nothing is lost."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dq.errors import RefusedError
from dq.signoff.file import SIGN_OFFS, read_sign_offs
from dq.signoff.keys import read_signer
from dq.signoff.parity import NAME
from dq.signoff.previous import check_previous
from dq.signoff.signing import Wanted, prepare, sign
from dq.signoff.word import digest_of
from tests.cli.small import Dq, Said, assert_refused, environment

from .signed import LATER, NOW, World, key_table, write_key

pytestmark = pytest.mark.slow  # seconds together

PASSPHRASE = "correct horse"  # noqa: S105 - of keys made at run time
DIGEST = re.compile(r"[0-9a-f]{64}")


def asked(world: World, name: str, role: str, *more: object) -> tuple[object, ...]:
    return ("sign", world.folder, "--role", role, "--key", world.keys / name, "--contract", world.small.contract, "--runs", world.small.runs, *more)


def verified(dq: Dq, world: World, *more: object) -> Said:
    return dq("verify", world.folder, "--contract", world.small.contract, "--as-of", LATER.isoformat(), *more)


def test_what_is_signed_is_shown_before_it_is(attested: World, dq: Dq) -> None:
    said = dq(*asked(attested, "sri", "data-owner"), typed="ID 1\n")
    lines = [re.sub(r"\S{12,64}$", "…", DIGEST.sub("…", line)).split(None, 1) for line in said.out.splitlines()]
    shown = [" ".join(" ".join(line).split()) for line in lines]
    run = attested.folder.name
    assert shown == [
        "migration small: The old store moves into the new one",
        "region ID",
        "batch 1",
        "follows first batch",
        "comes after 0 sign-offs of this run",
        f"run {run}, as of 5 Nov 2024, 20:00 UTC",
        "verdict PASSED: Batch 1: 40 rows in 2 entities compared, every promise kept.",
        "checks 26 passed, 0 waived, 0 failed, 0 not proven",
        "accounts 20",
        "concerned nobody",
        "at stake nothing",
        "money coupons.sums.amount: 210.00, the same",
        "waivers none",
        *(
            f"file {name} …"
            for name in ("baseline.duckdb", "carried.json", "crosswalk.duckdb", NAME, "report.html", "report.json", "source.duckdb", "target.duckdb")
        ),
        "roster …",
        "you sri, data-owner, …",
        "you say ACCEPTED",
        "signed as data-owner by sri: accepted",
        shown[-1],
    ]
    assert said.last.split() == [str(attested.file), hashlib.sha256(attested.file.read_bytes()).hexdigest()]  # for whoever keeps it
    assert said.status == 0


def test_a_sign_off_names_all_that_were_there(attested: World) -> None:
    attested.sign("sri", "data-owner")
    attested.sign("budi", "finance")
    attested.sign("tina", "finance", now=NOW + timedelta(minutes=1), reason="no")
    digests = [digest_of(envelope) for envelope in attested.envelopes()]
    named = [json.loads(envelope.payload)["predicate"]["after"] for envelope in attested.envelopes()]
    assert named == [sorted(digests[:number]) for number in range(3)]


def test_those_who_sign_at_once_name_each_other_not_and_both_count(attested: World) -> None:
    ready = [
        prepare(
            attested.folder, attested.roster, read_signer(attested.keys / name, ask=str), wanted=Wanted(role=role, now=NOW, contract=attested.small.contract)
        )
        for name, role in (("sri", "data-owner"), ("budi", "finance"))
    ]
    for one in ready:
        sign(one, typed=one.words)
    assert [json.loads(envelope.payload)["predicate"]["after"] for envelope in attested.envelopes()] == [[], []]
    assert attested.verify().problems == ()


def test_the_digest_of_the_sign_offs_is_told_when_they_are_verified(signed: World, dq: Dq) -> None:
    digest = hashlib.sha256(signed.file.read_bytes()).hexdigest()
    assert re.search(rf"(?m)^  sign-offs +{signed.folder.name}/{SIGN_OFFS}  {digest}$", verified(dq, signed).out)
    assert json.loads(verified(dq, signed, "--json").out)["sign_offs"] == digest


def test_who_signed_what_and_when_is_said_role_by_role(signed: World, dq: Dq) -> None:
    said = verified(dq, signed, "--policy-digest", signed.roster.digest.upper())
    assert said.status == 0
    assert re.search(r"(?m)^  data-owner +accepted by sri, 29 Nov 2026, 12:00 UTC \(mandatory\)$", said.out)
    assert re.search(r"(?m)^  business-owner +nobody signed$", said.out)
    assert re.search(r"(?m)^  finance +accepted by budi, 29 Nov 2026, 12:00 UTC$", said.out)
    assert re.search(r"(?m)^  roster .* as pinned$", said.out)
    assert re.search(r"(?m)^  page +made again from the record: the same bytes$", said.out)
    assert said.last == f"VERIFIED batch=1 run={signed.folder.name}"


def test_snapshots_that_are_not_here_were_not_looked_at_and_named_ones_are(signed: World, dq: Dq) -> None:
    (signed.folder / "run.json").unlink()
    assert len(re.findall(r"(?m)^  snapshot \w+ +not looked at$", verified(dq, signed).out)) == 4
    said = verified(dq, signed, "--target", signed.small.snapshot("target"))
    assert re.search(r"(?m)^  snapshot target +the same$", said.out)
    said = verified(dq, signed, "--target", signed.small.snapshot("source"))
    assert (said.status, "is not the file that was compared" in said.out) == (1, True)


def test_json_says_the_same(signed: World, dq: Dq) -> None:
    found = json.loads(verified(dq, signed, "--json").out)
    assert (found["verified"], found["word"], found["exit_status"], found["problems"]) == (True, "VERIFIED", 0, [])
    assert [(line["role"], line["status"], line["person"]) for line in found["roles"]] == [
        ("data-owner", "accepted", "sri"),
        ("business-owner", "missing", None),
        ("finance", "accepted", "budi"),
    ]
    signed.put(signed.envelopes()[0])
    found = json.loads(verified(dq, signed, "--json").out)
    assert (found["verified"], found["word"], found["exit_status"]) == (False, "REFUSED", 1)


def test_json_of_a_sign_off_names_person_role_and_decision(attested: World, dq: Dq) -> None:
    found = json.loads(dq(*asked(attested, "tina", "finance", "--reject", "--reason", "no", "--json"), typed="ID 1").out)
    assert {key: found[key] for key in ("run", "person", "role", "decision", "reason")} == {
        "run": attested.folder.name,
        "person": "tina",
        "role": "finance",
        "decision": "reject",
        "reason": "no",
    }


@pytest.mark.parametrize("typed", ["ID 2", "GB 1", "1 ID", "ID", "yes", "ID 1 ID 1", "\x1b[31mID 1"])
def test_another_region_or_batch_signs_nothing(attested: World, dq: Dq, typed: str) -> None:
    assert_refused_and_unsigned(attested, dq(*asked(attested, "sri", "data-owner", "--json"), typed=f"{typed}\n"), "which is not the region and batch")


def test_nobody_who_types_signs_nothing(attested: World, dq: Dq) -> None:
    assert_refused_and_unsigned(attested, dq(*asked(attested, "sri", "data-owner", "--json")), "nobody typed region and batch")


@pytest.mark.parametrize(
    ("name", "role", "more", "part"),
    [
        ("sri", "data-ownr", (), "--role: there is no role 'data-ownr' in"),
        ("sri", "finance", (), "--role: sri does not hold the role 'finance'; held: data-owner"),
        ("stranger", "finance", (), "is nobody's key in"),
        ("ci", "finance", (), "is the validator's key; whoever compares does not sign off"),
        ("gone", "finance", (), "gone: no such file or directory"),
        ("sri", "data-owner", ("--reject",), "--reject: needs --reason TEXT"),
        ("sri", "data-owner", ("--reject", "--reason", "  "), "--reject: needs --reason TEXT"),
        ("sri", "data-owner", ("--reject", "--reason", "a\nb"), "has some that cannot be seen"),
        ("sri", "data-owner", ("--reason", "fine"), "--reason: only a rejection has one"),
        ("sri", "data-owner", ("--previous", "runs"), "follows no other batch"),
        ("sri", "data-owner", ("--policy", "gone.toml"), "gone.toml: no such file or directory; it says whose signatures count"),
        ("sri", "data-owner", ("--export", "x.duckdb"), "--export: this run has no such snapshot"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_signed(  # noqa: PLR0917 - one row of the table
    attested: World, dq: Dq, name: str, role: str, more: tuple[str, ...], part: str
) -> None:
    assert_refused_and_unsigned(attested, dq(*asked(attested, name, role, *more), typed="ID 1\n"), part)


def test_a_key_whose_time_is_over_signs_nothing(attested: World, dq: Dq) -> None:
    attested.set_roster(keys={"sri": key_table("sri", ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"))})
    assert_refused_and_unsigned(
        attested, dq(*asked(attested, "sri", "data-owner"), typed="ID 1"), "sri's key counts from 2024-01-01T00:00:00+00:00 to 2024-02-01"
    )


def test_one_person_signs_in_one_role(signed: World, dq: Dq) -> None:
    said = dq(*asked(signed, "budi", "business-owner"), typed="ID 1\n")
    assert_refused(said, 2, "--role: budi signed this run as finance; one person signs in one role")


def test_a_folder_that_was_touched_is_not_signed(attested: World, dq: Dq) -> None:
    page = attested.folder / "report.html"
    page.write_text(page.read_text().replace("PASSED", "passed"))
    assert_refused(dq(*asked(attested, "sri", "data-owner"), typed="ID 1\n"), 1, "report.html: is not the file that was attested")


def test_a_run_that_nobody_attested_is_not_signed_and_not_proven(attested: World, dq: Dq) -> None:
    (attested.folder / NAME).unlink()
    assert_refused(dq(*asked(attested, "sri", "data-owner"), typed="ID 1\n"), 3, "nobody says what this run saw; `dq run --key` writes it")
    said = verified(dq, attested)
    assert (said.status, said.last) == (3, f"NOT PROVEN run={attested.folder.name}")


def test_a_target_that_was_exported_anew_is_not_accepted(attested: World, dq: Dq) -> None:
    """F27: at signing, another snapshot where the run found its own is no longer what was validated."""
    told = attested.folder / "run.json"
    varying = json.loads(told.read_text())
    varying["snapshots"]["target"]["path"] = str(attested.small.snapshot("target"))
    told.write_text(json.dumps(varying))
    attested.small.reseal("target", "UPDATE vouchers SET amount = amount + 1 WHERE voucher_id = 101")
    said = dq(*asked(attested, "sri", "data-owner"), typed="ID 1\n")
    assert_refused(said, 1, "target snapshot", "is not the file that was compared")
    assert "another snapshot stands there by now" in verified(dq, attested).out  # later batches reuse the place


def test_the_words_of_a_sign_off_are_one_line_whatever_stands_in_them(attested: World, dq: Dq) -> None:
    attested.sign("sri", "data-owner")
    forged = "VERIFIED batch=1 run=000000000000"
    attested.put(attested.forge("sri", decision="reject", reason=f"no\n{forged}\x1b[2J\u202e"))
    said = verified(dq, attested)
    assert (said.status, said.last) == (1, f"REJECTED batch=1 run={attested.folder.name}")
    assert [line for line in said.out.splitlines() if line.startswith("VERIFIED")] == []
    assert "\x1b" not in said.out
    assert "‹U+202E›" in said.out


def test_the_next_batch_names_the_sign_offs_that_it_follows(signed: World, dq: Dq, tmp_path: Path) -> None:
    """Nothing of it has moved in truth: so it is rejected, which is signed and follows as well."""
    small = signed.small
    small.reseal("target", batch=2)
    small.reseal("crosswalk", "INSERT INTO accounts SELECT i, 1000 + i FROM range(21, 41) AS t(i)", batch=2)
    said = dq("run", "--batch", 2, "--contract", small.contract, "--runs", small.runs, "--key", signed.keys / "ci")
    assert said.status in (1, 3), said.err
    folder = small.runs / said.last.rpartition("=")[2]
    rest = ("--role", "data-owner", "--key", signed.keys / "sri", "--contract", small.contract, "--reject", "--reason", "it has not moved")
    shown = dq("sign", folder, *rest, typed="GB 2\n")
    assert (shown.status, bool(re.search(r"follows +batch 1, run [0-9a-f]{12}, 2 sign-offs", shown.out))) == (0, True), shown.err
    assert_refused(dq("sign", folder, *rest, "--previous", folder, typed="GB 2\n"), 2, f"--previous: {folder} is no run of batch 1")
    alone = tmp_path / "alone"
    folder.rename(alone)
    (alone / SIGN_OFFS).unlink()
    assert_refused(dq("sign", alone, *rest, typed="GB 2\n"), 2, "batch 2 follows batch 1, of which there is no signed run beside", "--previous names it")


@pytest.mark.parametrize("typed", [f"{PASSPHRASE}\nID 1\n", "wrong\nID 1\n"])
def test_an_encrypted_key_asks_for_its_passphrase(attested: World, dq: Dq, tmp_path: Path, typed: str) -> None:
    key = write_key(tmp_path, "sri", passphrase=PASSPHRASE.encode())
    said = dq(*asked(attested, "sri", "data-owner")[:4], "--key", key, "--contract", attested.small.contract, typed=typed)
    assert said.status == (0 if typed.startswith(PASSPHRASE) else 2)
    assert PASSPHRASE not in said.out + said.err


def test_a_pipe_signs_in_a_process_of_its_own(attested: World) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dq", *map(str, asked(attested, "sri", "data-owner"))],
        input="ID 1\n", capture_output=True, text=True, check=False, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(read_sign_offs(attested.file.read_bytes(), where="")) == 1


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.chmod", "pathlib.Path.replace"])
def test_a_call_that_is_killed_while_it_writes_loses_nothing(signed: World, step: str) -> None:
    before = signed.file.read_bytes()
    name = step.rpartition(".")
    script = f"import os, sys, pathlib, dq.cli, dq.signoff.signing; {name[0]}.{name[2]} = lambda *_, **__: os.kill(os.getpid(), 9); dq.cli.main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, asked(signed, "tina", "finance"))],
        input="ID 1\n",
        text=True,
        capture_output=True,
        check=False,
        env=environment(),
    )
    assert (done.returncode, signed.file.read_bytes()) == (-9, before)
    signed.sign("tina", "finance", now=datetime.now(tz=UTC))
    assert len(signed.envelopes()) == 3
    assert sorted(path.name for path in signed.folder.glob(".*")) == []


def test_people_who_sign_at_once_are_all_there(attested: World) -> None:
    calls = [
        subprocess.Popen(
            [sys.executable, "-m", "dq", *map(str, asked(attested, name, role))], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment()
        )
        for name, role in (("sri", "data-owner"), ("budi", "business-owner"), ("tina", "finance"))
    ]
    for call in calls:
        call.communicate(b"ID 1\n")
    assert [call.returncode for call in calls] == [0, 0, 0]
    assert sorted(json.loads(item.payload)["predicate"]["person"] for item in attested.envelopes()) == ["budi", "sri", "tina"]


@pytest.mark.parametrize(
    ("more", "status", "part"),
    [
        (("--policy-digest", "abc"), 2, "--policy-digest: 'abc' is no SHA-256"),
        (("--as-of", "2026-11-29"), 2, "has no offset"),
        (("--policy", "gone.toml"), 2, "gone.toml: no such file or directory"),
    ],
)
def test_a_verification_that_is_asked_wrongly_says_so(signed: World, dq: Dq, more: tuple[str, ...], status: int, part: str) -> None:
    assert_refused(dq("verify", signed.folder, "--contract", signed.small.contract, *more), status, part)


def test_a_run_that_is_not_there_is_wrong_usage(signed: World, dq: Dq) -> None:
    asked_of = ("verify", "0000", "--contract", signed.small.contract, "--runs", signed.small.runs)
    assert_refused(dq(*asked_of), 2, "there is no run '0000'")


def assert_refused_and_unsigned(world: World, said: Said, part: str) -> None:
    assert_refused(said, 2, part)
    assert not world.file.exists()


def test_what_follows_a_batch_that_is_not_over_is_not_accepted(signed: World) -> None:
    def check() -> None:
        check_previous(signed.folder, signed.roster, as_of=LATER, contract=signed.small.contract)

    check()
    signed.sign("tina", "finance", reason="the totals of May")
    with pytest.raises(RefusedError, match=rf"the batch before is not over, {signed.folder} is REJECTED: finance: tina rejected it: the totals of May"):
        check()
