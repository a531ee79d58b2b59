"""What a run attests: the mapping of outcomes, files and configuration by digest, the same bytes each time, nothing where it was ended."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import dq as dq_in_python
from dq.contract.reading import file_digests
from dq.errors import UsageError
from dq.record import Outcome
from dq.signoff.carried import NAME as CARRIED
from dq.signoff.envelope import pae
from dq.signoff.facts import facts_of, result_of
from dq.signoff.parity import NAME, read_single
from tests.cli.small import Dq, Small, assert_refused, environment
from tests.report.extreme_records import hostile
from tests.report.records import broken, clean, not_proven, waived

from .signed import World, public_key, roster_text, write_key


def statement(world: World) -> dict[str, Any]:
    import base64  # noqa: PLC0415

    envelope = json.loads((world.folder / NAME).read_bytes())
    payload = base64.b64decode(envelope["payload"])
    (signature,) = envelope["signatures"]
    assert public_key("ci").holds(base64.b64decode(signature["sig"]), pae(payload))  # plain DSSE
    found: dict[str, Any] = json.loads(payload)
    return found


def run(dq: Dq, world: World, *arguments: object) -> Any:
    return dq("run", "--batch", 1, "--contract", world.small.contract, "--runs", world.small.runs, *arguments)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_subjects_are_record_page_and_snapshots_by_their_bytes(attested: World) -> None:
    found = statement(attested)
    assert (found["_type"], found["predicateType"]) == ("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/test-result/v0.1")
    wanted = {name: digest(attested.folder / name) for name in ("report.json", "report.html", "carried.json")}
    wanted |= {f"{side}.duckdb": digest(attested.small.snapshot(side)) for side in ("source", "target", "baseline", "crosswalk")}
    assert {item["name"]: item["digest"]["sha256"] for item in found["subject"]} == wanted


def test_the_configuration_names_every_file_of_the_contract_the_crosswalk_and_the_roster(attested: World) -> None:
    found = {item["name"]: item["digest"]["sha256"] for item in statement(attested)["predicate"]["configuration"]}
    wanted = {f"contract/{name}": value for name, value in file_digests(attested.small.contract).items()}
    assert {"contract/migration.toml", "contract/signers.toml", "contract/sql/source/coupons.sql"} <= set(wanted)
    lock = {"lock/run.lock": digest(Path("requirements/run.lock"))} if Path("requirements/run.lock").is_file() else {}
    assert found == wanted | {"crosswalk": digest(attested.small.snapshot("crosswalk"))} | lock


def test_waivers_and_the_lock_file_are_named_where_they_are_there(attested: World, dq: Dq, tmp_path: Path) -> None:
    (attested.small.contract / "waivers.toml").write_text("")
    (tmp_path / "other.lock").write_text("duckdb==1.5.6\n")
    said = run(dq, attested, "--key", attested.keys / "ci", "--lock", tmp_path / "other.lock", "--runs", tmp_path / "runs", "--json")
    assert said.status == 0, said.err
    found = json.loads(said.out)
    world = World(Small(tmp_path), attested.keys)
    named = {item["name"] for item in statement(world)["predicate"]["configuration"]}
    assert {"contract/waivers.toml", "lock/other.lock"} <= named
    assert found["parity"] == str(world.folder / NAME)


def test_every_check_stands_in_one_list_by_its_outcome() -> None:
    for record in (clean(), broken(), not_proven(), waived(), hostile()):
        found = result_of(record)
        lists = {"PASSED": found["passedTests"], "WAIVED": found["warnedTests"]}
        for outcome, told in lists.items():
            assert told == sorted(check.id for check in record.checks if check.outcome.value == outcome)
        assert found["failedTests"] == sorted(check.id for check in record.checks if check.outcome.exit_status)
        assert found["dq_annotations"] == {check.id: "NOT PROVEN" for check in record.checks if check.outcome is Outcome.NOT_PROVEN}
        assert found["result"] == {"PASSED": "PASSED", "WAIVED": "WARNED", "FAILED": "FAILED", "NOT PROVEN": "FAILED"}[record.outcome.value]
        told_waivers = [(item["check"], item["rows"], item["author"], item["approver_role"]) for item in facts_of(record)["waivers"]]
        assert told_waivers == [(line.check, line.broken, line.author, line.approver_role) for line in record.waivers if line.status == "waived"]


def test_the_same_run_attests_the_same_bytes(attested: World, dq: Dq, tmp_path: Path) -> None:
    before = (attested.folder / NAME).read_bytes()
    for threads, runs in ((1, attested.small.runs), (2, tmp_path / "elsewhere")):
        assert run(dq, attested, "--key", attested.keys / "ci", "--threads", threads, "--runs", runs).status == 0
    assert [path.read_bytes() for path in (attested.folder / NAME, *(tmp_path / "elsewhere").glob(f"*/{NAME}"))] == [before, before]


def test_a_run_without_a_key_attests_nothing_and_leaves_what_is_attested(attested: World, dq: Dq, tmp_path: Path) -> None:
    before = (attested.folder / NAME).read_bytes()
    assert run(dq, attested).status == 0
    assert (attested.folder / NAME).read_bytes() == before
    assert run(dq, attested, "--runs", tmp_path / "elsewhere").status == 0
    assert list((tmp_path / "elsewhere").glob(f"*/{NAME}")) == []


def test_a_key_that_is_no_validators_is_refused_before_anything_is_compared(attested: World, dq: Dq, tmp_path: Path) -> None:
    said = run(dq, attested, "--key", attested.keys / "sri", "--runs", tmp_path / "elsewhere")
    assert_refused(said, 2, "sri: SHA256:", "is no validator's key in", "signers.toml")
    assert not (tmp_path / "elsewhere").exists()


def test_what_was_signed_off_is_not_attested_otherwise(signed: World, dq: Dq, tmp_path: Path) -> None:
    (tmp_path / "other.lock").write_text("duckdb==1.5.6\n")
    before = (signed.folder / NAME).read_bytes()
    said = run(dq, signed, "--key", signed.keys / "ci", "--lock", tmp_path / "other.lock")
    assert_refused(said, 3, "was signed off, and this run would attest something else", "--runs")
    assert (signed.folder / NAME).read_bytes() == before


def test_a_page_in_another_language_is_not_attested_as_this_one(attested: World, dq: Dq) -> None:
    assert_refused(run(dq, attested, "--key", attested.keys / "ci", "--lang", "id"), 3, "report.html: is not the page that this run made")


def test_an_attested_page_in_indonesian_is_made_again_in_it(attested: World, dq: Dq, tmp_path: Path) -> None:
    assert run(dq, attested, "--key", attested.keys / "ci", "--lang", "id", "--runs", tmp_path / "runs").status == 0
    found = dq("verify", "latest", "--runs", tmp_path / "runs", "--contract", attested.small.contract)
    assert "made again from the record: the same bytes" in found.out


def test_a_contract_that_is_changed_while_the_run_goes_on_is_not_attested(attested: World, dq: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    (attested.folder / NAME).unlink()
    monkeypatch.setattr("dq.signoff.parity.file_digests", lambda folder: {**file_digests(folder), "late.toml": ""})
    assert_refused(run(dq, attested, "--key", attested.keys / "ci"), 3, "was changed while the run went on; nothing was attested")
    assert not (attested.folder / NAME).exists()


def test_a_run_that_is_killed_before_it_attests_leaves_no_statement(attested: World) -> None:
    """K14."""
    (attested.folder / NAME).unlink()
    script = "import os, sys, dq.cli, dq.signoff.parity; dq.signoff.parity.attest = lambda *_, **__: os.kill(os.getpid(), 9); dq.cli.main(sys.argv[1:])"
    asked = ["run", "--batch", "1", "--contract", attested.small.contract, "--runs", attested.small.runs, "--key", attested.keys / "ci"]
    done = subprocess.run([sys.executable, "-c", script, *map(str, asked)], capture_output=True, check=False, env=environment())
    assert (done.returncode, (attested.folder / NAME).exists()) == (-9, False)
    assert attested.verify().exit_status == 3


def test_a_broken_run_is_attested_as_it_is_and_can_only_be_rejected(attested: World, dq: Dq, tmp_path: Path) -> None:
    attested.small.reseal("target", "UPDATE vouchers SET amount = amount + 1 WHERE voucher_id = 101")
    runs = tmp_path / "runs"
    assert run(dq, attested, "--key", attested.keys / "ci", "--runs", runs).status == 1
    asked = ["sign", "latest", "--role", "finance", "--key", attested.keys / "tina", "--runs", runs, "--contract", attested.small.contract]
    assert_refused(dq(*asked, typed="ID 1\n"), 2, "is FAILED: it can only be rejected, --reject --reason TEXT")
    assert dq(*asked, "--reject", "--reason", "one coupon is worth more", typed="ID 1\n").status == 0
    found = dq("verify", "latest", "--runs", runs, "--contract", attested.small.contract)
    assert (found.status, "the run itself is FAILED" in found.out, found.last.partition(" ")[0]) == (1, True, "REJECTED")
    assert "made again from the record: the same bytes" in found.out  # with the queries of its broken checks


def test_a_roster_that_means_nothing_stops_check_and_run(attested: World, dq: Dq) -> None:
    (attested.small.contract / "signers.toml").write_text(roster_text(threshold=0))
    for command in ("check", "run"):
        assert_refused(dq(command, "--contract", attested.small.contract), 2, "signers.toml: threshold: input should be greater than or equal to 1")


def test_python_attests_a_run_as_the_command_line_does(attested: World, tmp_path: Path) -> None:
    again = dq_in_python.run(attested.small.contract, batch=1, runs=tmp_path / "runs", key=attested.keys / "ci")
    assert again.folder.name == attested.folder.name
    assert {name: (again.folder / name).read_bytes() for name in (NAME, CARRIED)} == {name: (attested.folder / name).read_bytes() for name in (NAME, CARRIED)}


def test_python_names_the_lock_file_in_what_is_attested(attested: World, tmp_path: Path) -> None:
    (tmp_path / "other.lock").write_text("duckdb==1.5.6\n")
    again = dq_in_python.run(attested.small.contract, batch=1, runs=tmp_path / "runs", key=attested.keys / "ci", lock=tmp_path / "other.lock")
    assert b"lock/other.lock" in read_single((again.folder / NAME).read_bytes(), where="").payload


def test_python_refuses_a_key_that_is_no_validators_before_anything_is_compared(attested: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no validator's key in"):
        dq_in_python.run(attested.small.contract, batch=1, runs=tmp_path / "runs", key=str(attested.keys / "sri"))
    assert not (tmp_path / "runs").exists()


def test_python_asks_for_the_passphrase_of_a_key(attested: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = write_key(tmp_path, "ci", passphrase=b"open sesame")
    monkeypatch.setattr("getpass.getpass", lambda prompt: "open sesame" if prompt == f"Passphrase of {key}: " else "")
    again = dq_in_python.run(attested.small.contract, batch=1, runs=tmp_path / "runs", key=key)
    assert (again.folder / NAME).read_bytes() == (attested.folder / NAME).read_bytes()
