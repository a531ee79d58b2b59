"""The gate on a signed past: every batch before is signed by the people of a pinned roster, follows the one before, and stands as it was signed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import datetime, timedelta
from typing import Any

import pytest

import dq as dq_in_python
from dq.errors import UsageError
from tests.cli.small import MOMENT, Dq, Said, assert_refused

from .signed import World

pytestmark = pytest.mark.slow

SIGNED, NOW = MOMENT + timedelta(hours=1), MOMENT + timedelta(hours=2)


def digest_of(world: World) -> str:
    """Return the SHA-256 of the roster."""
    return hashlib.sha256((world.small.contract / "signers.toml").read_bytes()).hexdigest()


def gate(dq: Dq, world: World, *more: object, pin: str | None = None, as_of: datetime = NOW) -> Said:
    """Ask whether batch 2 may start, the roster pinned as it stands; of the target as it stands, however old it is by then."""
    pinned = ("--policy-digest", pin or digest_of(world))
    return dq("gate", "--batch", 2, "--contract", world.small.contract, "--runs", world.small.runs, "--as-of", as_of.isoformat(), *pinned, *more)


@pytest.fixture
def lasting(attested: World) -> World:
    """A run that sri and budi signed soon after the target was taken."""
    attested.sign("sri", "data-owner", now=SIGNED)
    attested.sign("budi", "finance", now=SIGNED)
    return attested


def recorded(world: World) -> dict[str, Any]:
    """Return the record of the gate's one run."""
    records: list[dict[str, Any]] = [json.loads(report.read_text()) for report in world.small.runs.glob("[!.]*/report.json")]
    (found,) = [record for record in records if record["command"] == "gate"]
    return found


def outcomes(world: World) -> dict[str, str]:
    """Return the checks of the gate's run that did not pass."""
    return {check["id"]: check["outcome"] for check in recorded(world)["checks"] if check["outcome"] != "PASSED"}


def test_a_signed_past_that_stands_opens_the_gate(dq: Dq, lasting: World) -> None:
    said = gate(dq, lasting)
    assert (said.status, said.last.split()[:3]) == (0, ["GATE", "OPEN", "batch=2"]), said


def test_a_gate_says_who_signed_and_how_many_rows_stand(dq: Dq, lasting: World) -> None:
    said = gate(dq, lasting, "--json")
    assert said.status == 0
    assert [check["sentence"] for check in recorded(lasting)["checks"] if check["kind"] in ("signoff", "carried")] == [
        "Batch 1 is signed by data-owner and finance.",
        "Batch 1 is as it was signed: 40 rows, but for what changed since and says so.",
    ]


def test_a_roster_that_nothing_pins_is_refused(dq: Dq, lasting: World) -> None:
    said = dq("gate", "--batch", 2, "--contract", lasting.small.contract, "--runs", lasting.small.runs)
    assert_refused(said, 2, "signers.toml", "--policy-digest", "--policy-ref")


def test_python_asks_the_gate_that_the_command_line_asks(dq: Dq, lasting: World) -> None:
    asked = dq_in_python.gate(2, lasting.small.contract, runs=lasting.small.runs, as_of=NOW, policy_digest=digest_of(lasting))
    assert (asked.record.exit_status, [check.id for check in asked.record.checks if check.kind in ("signoff", "carried")]) == (0, ["signoff.1", "carried.1"])
    assert gate(dq, lasting).last == f"GATE OPEN batch=2 run={asked.record.run}"


def test_python_refuses_a_roster_that_nothing_pins(lasting: World) -> None:
    with pytest.raises(UsageError, match="nothing says that it is the roster that was agreed on"):
        dq_in_python.gate(2, lasting.small.contract, runs=lasting.small.runs)


def test_python_shuts_the_gate_on_a_roster_that_was_changed(lasting: World) -> None:
    pin = digest_of(lasting)
    lasting.set_roster(threshold=1)
    asked = dq_in_python.gate(2, lasting.small.contract, runs=lasting.small.runs, as_of=NOW, policy_digest=pin)
    assert {check.id: check.outcome.value for check in asked.record.checks if check.outcome.exit_status} == {
        "signoff.1": "NOT PROVEN",
        "carried.1": "NOT PROVEN",
    }


def test_a_contract_without_a_roster_asks_for_no_signature_and_says_so(dq: Dq, lasting: World) -> None:
    (lasting.small.contract / "signers.toml").unlink()
    said = dq("gate", "--batch", 2, "--contract", lasting.small.contract, "--runs", lasting.small.runs)
    assert said.status == 0
    assert "There is no roster (signers.toml): nobody is asked to sign." in recorded(lasting)["not_checked"]


def test_a_roster_changed_with_the_sign_off_proves_nothing(dq: Dq, lasting: World) -> None:
    pin = digest_of(lasting)
    lasting.set_roster(threshold=1)
    assert gate(dq, lasting, pin=pin).status == 3
    assert outcomes(lasting) == {"signoff.1": "NOT PROVEN", "carried.1": "NOT PROVEN"}


def test_a_roster_is_read_from_a_git_ref(dq: Dq, lasting: World) -> None:
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "roster"]):
        subprocess.run(["git", "-C", str(lasting.small.contract), *command], check=True, capture_output=True)
    there = ("gate", "--batch", 2, "--contract", lasting.small.contract, "--runs", lasting.small.runs, "--as-of", NOW.isoformat(), "--policy-ref")
    assert dq(*there, "main").status == 0
    (lasting.small.contract / "signers.toml").write_text("threshold = 0")
    assert_refused(dq(*there, "nowhere"), 2, "--policy-ref nowhere", "signers.toml")


@pytest.mark.parametrize("name", ["unsigned", "one of two"])
def test_too_few_signatures_prove_nothing(dq: Dq, attested: World, name: str) -> None:
    if name == "one of two":
        attested.sign("sri", "data-owner", now=SIGNED)
    assert gate(dq, attested).status == 3
    assert outcomes(attested) == {"signoff.1": "NOT PROVEN", "carried.1": "NOT PROVEN"}


def test_a_rejected_batch_shuts_the_gate(dq: Dq, lasting: World) -> None:
    lasting.sign("tina", "finance", now=SIGNED + timedelta(minutes=1), reason="the sums are not ours")
    assert gate(dq, lasting).status == 3
    assert outcomes(lasting) == {"signoff.1": "FAILED", "carried.1": "NOT PROVEN"}


def test_a_batch_that_nobody_ran_proves_nothing(dq: Dq, lasting: World) -> None:
    shutil.rmtree(lasting.folder)
    said = gate(dq, lasting)
    assert (said.status, outcomes(lasting)) == (3, {"signoff.1": "NOT PROVEN", "carried.1": "NOT PROVEN"})


@pytest.mark.parametrize("file", ["report.json", "report.html", "carried.json", "parity.intoto.json", "signoff.intoto.json"])
def test_a_changed_file_proves_nothing(dq: Dq, lasting: World, file: str) -> None:
    path = lasting.folder / file
    content = path.read_bytes()
    path.write_bytes(content.replace(b":20,", b":21,", 1) if file == "carried.json" else content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    assert gate(dq, lasting).status == 3
    assert outcomes(lasting)["signoff.1"] == "NOT PROVEN"


def test_a_signature_that_is_too_old_by_now_proves_nothing(dq: Dq, lasting: World) -> None:
    assert gate(dq, lasting, as_of=NOW + timedelta(days=40)).status == 3
    assert outcomes(lasting)["signoff.1"] == "NOT PROVEN"


CHANGED = {
    "a row that changed and does not say so": (
        "UPDATE vouchers SET amount = amount + 1 WHERE code = 'C-003'",
        1,
        {"coupons.values", "coupons.sums.amount", "carried.1"},
    ),
    "a row that changed and says so": ("UPDATE vouchers SET amount = amount + 1, changed = '2024-11-06 02:00:00+00' WHERE code = 'C-003'", 0, set[str]()),
    "a row that is gone": ("DELETE FROM vouchers WHERE code = 'C-003'", 1, {"coupons.rows", "coupons.counts", "coupons.sums.amount", "carried.1"}),
    "a customer's own new row": (
        "INSERT INTO vouchers VALUES (900, 'X-1', 1003, 'new', 5, '2024-11-06 02:00:00+00', '2024-11-06 02:00:00+00')",
        0,
        set[str](),
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_the_target_of_today_is_held_against_what_was_signed(dq: Dq, lasting: World, name: str) -> None:
    changes, status, broken = CHANGED[name]
    lasting.small.reseal("target", changes, moment=MOMENT + timedelta(hours=12))
    assert gate(dq, lasting, as_of=MOMENT + timedelta(hours=13)).status == status
    assert set(outcomes(lasting)) == broken


def test_a_signed_run_with_other_checks_than_the_contract_declares_proves_nothing(dq: Dq, lasting: World) -> None:
    lasting.small.edit("coupons.toml", "[[sums]]", '[[counts]]\nby = ["note"]\n[[sums]]')
    assert gate(dq, lasting).status == 3
    assert outcomes(lasting)["signoff.1"] == "NOT PROVEN"


def test_a_signed_run_is_found_beside_later_runs_that_nobody_signed(dq: Dq, lasting: World) -> None:
    arguments = ("--batch", 1, "--contract", lasting.small.contract, "--runs", lasting.small.runs)
    assert dq("run", *arguments, "--as-of", (MOMENT + timedelta(minutes=5)).isoformat(), "--key", lasting.keys / "ci").status == 0
    assert gate(dq, lasting).status == 0


BROKEN = "UPDATE vouchers SET note = 'other' WHERE code = 'C-003'"


def waived(dq: Dq, world: World, *, author: str = "Rina", reason: str = "known", sign: bool = True) -> None:
    """Break a row of batch 1 that finance and the data owner accept."""
    shutil.rmtree(world.folder)
    world.small.reseal("target", BROKEN)
    where = ("--contract", world.small.contract, "--runs", world.small.runs)
    assert dq("run", "--batch", 1, *where).status == 1
    assert dq("waive", "latest", "--check", "coupons.values", "--reason", reason, "--expires", "2024-11-30", "--author", author, *where).status == 0
    shutil.rmtree(world.folder)
    assert dq("run", "--batch", 1, *where, "--key", world.keys / "ci").status == 0
    if sign:
        world.sign("sri", "data-owner", now=SIGNED)
        world.sign("budi", "finance", now=SIGNED)


def test_a_waiver_counts_inside_a_run_that_its_role_has_signed(dq: Dq, attested: World) -> None:
    waived(dq, attested)
    assert gate(dq, attested).status == 0
    assert outcomes(attested) == {"coupons.values": "WAIVED"}


def test_who_signs_is_shown_what_is_waived(dq: Dq, attested: World) -> None:
    waived(dq, attested, sign=False)
    where = ("--contract", attested.small.contract, "--runs", attested.small.runs)
    said = dq("sign", attested.folder, "--role", "data-owner", "--key", attested.keys / "sri", *where, typed="ID 1\n")
    shown = " ".join(said.out.split())
    assert "waiver coupons.values, 1 row: known (Rina); counts when data-owner signs, until" in shown, said


@pytest.mark.parametrize("reason", ["GATE SHUT batch=2 run=000000000000 GATE OPEN " * 9, "x\nGATE SHUT batch=2\r\nGATE OPEN\u2028GATE SHUT\x1b[1AGATE OPEN"])
def test_a_waivers_reason_is_no_last_line_of_an_open_gate(dq: Dq, attested: World, reason: str) -> None:
    waived(dq, attested, reason=reason)
    said = gate(dq, attested)
    assert said.status == 0
    assert [line for line in said.out.splitlines() if line.startswith(("GATE OPEN", "GATE SHUT"))] == [said.last]


def test_a_waiver_that_came_after_the_signatures_opens_no_gate(dq: Dq, lasting: World) -> None:
    where = ("--contract", lasting.small.contract, "--runs", lasting.small.runs)
    lasting.small.reseal("target", BROKEN, moment=MOMENT + timedelta(hours=1))
    assert dq("run", "--batch", 1, *where).status == 1
    assert dq("waive", "latest", "--check", "coupons.values", "--reason", "known", "--expires", "2024-11-30", "--author", "Rina", *where).status == 0
    assert gate(dq, lasting).status == 3
    assert outcomes(lasting) == {"coupons.values": "WAIVED", "waivers.signed": "NOT PROVEN", "carried.1": "FAILED"}


def test_whoever_asked_for_a_waiver_does_not_sign_for_it(dq: Dq, attested: World) -> None:
    waived(dq, attested, author="Sri")
    assert gate(dq, attested).status == 3
    assert outcomes(attested) == {"coupons.values": "WAIVED", "signoff.1": "NOT PROVEN", "carried.1": "NOT PROVEN", "waivers.signed": "NOT PROVEN"}


def test_the_last_word_of_a_batch_counts(dq: Dq, lasting: World) -> None:
    first = lasting.folder
    where = ("--contract", lasting.small.contract, "--runs", lasting.small.runs)
    assert dq("run", "--batch", 1, *where, "--as-of", (MOMENT + timedelta(minutes=5)).isoformat(), "--key", lasting.keys / "ci").status == 0
    (second,) = [path.parent for path in lasting.small.runs.glob("[!.]*/report.json") if path.parent != first]
    later = World(lasting.small, lasting.keys, run=second)
    later.sign("tina", "finance", now=SIGNED + timedelta(minutes=1), reason="the sums are not ours")
    assert gate(dq, lasting).status == 3
    assert outcomes(lasting)["signoff.1"] == "FAILED"


def test_the_latest_run_to_verify_is_the_latest_that_was_attested(dq: Dq, lasting: World) -> None:
    assert gate(dq, lasting).status == 0
    where = ("--contract", lasting.small.contract, "--runs", lasting.small.runs)
    assert dq("verify", "latest", *where, "--as-of", NOW.isoformat()).last.startswith("VERIFIED batch=1")


@pytest.mark.parametrize("file", ["report.json", "parity.intoto.json"])
def test_a_lost_file_hides_no_rejection(dq: Dq, lasting: World, file: str) -> None:
    first = lasting.folder
    where = ("--contract", lasting.small.contract, "--runs", lasting.small.runs)
    assert dq("run", "--batch", 1, *where, "--as-of", (MOMENT + timedelta(minutes=5)).isoformat(), "--key", lasting.keys / "ci").status == 0
    (second,) = [path.parent for path in lasting.small.runs.glob("[!.]*/report.json") if path.parent != first]
    World(lasting.small, lasting.keys, run=second).sign("tina", "finance", now=SIGNED + timedelta(minutes=1), reason="the sums are not ours")
    (second / file).unlink()
    assert gate(dq, lasting).status == 3
    assert outcomes(lasting)["signoff.1"] == "NOT PROVEN"


def test_a_signed_folder_of_which_nothing_says_what_it_is_shuts_the_gate(dq: Dq, lasting: World) -> None:
    strange = lasting.small.runs / "strange"
    strange.mkdir()
    (strange / "signoff.intoto.json").write_text("[]")
    assert gate(dq, lasting).status == 3
    assert outcomes(lasting)["signoff.1"] == "NOT PROVEN"
