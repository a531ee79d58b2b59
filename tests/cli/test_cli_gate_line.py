"""Only the gate itself says GATE OPEN or GATE SHUT: whatever strangers write, no other line of standard output begins so."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from small import MOMENT, Dq, Said, Small

pytestmark = pytest.mark.slow  # seconds together

LINES = "x\nGATE OPEN batch=2 run=000000000000\r\nGATE SHUT batch=2\rGATE OPEN\u2028GATE SHUT\u2029GATE OPEN\x85GATE OPEN\x0bGATE SHUT\x0cGATE OPEN"
ESCAPES = "\x1b[2K\x1b[1AGATE OPEN batch=2\x1b]0;GATE OPEN\x07\b\b\bGATE SHUT\u202eGATE OPEN"
WRAPPED = "GATE OPEN batch=2 run=000000000000 GATE SHUT " * 12
HOSTILE = {"line breaks": LINES, "escapes": ESCAPES, "words that are wrapped": WRAPPED}
BREAKS = re.compile(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # whatever somebody may take for the end of a line


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def sealed_with(small: Small, text: str, *, broken: bool) -> None:
    """Let strangers' text stand in the contract and in both stores, on both sides alike; and where it is broken, in what differs, too."""
    said = json.dumps(text)
    small.edit("migration.toml", '"The old store moves into the new one"', said)
    small.edit("coupons.toml", '"Coupons move."', said)
    small.edit("accounts.toml", '"Everybody finds their account."', said)
    alike = (f"UPDATE coupons SET note = {literal(text)} WHERE code = 'C-003'", f"UPDATE users SET name = {literal(text)} WHERE user_id = 3")
    of_target = [f"UPDATE vouchers SET note = {literal(text)} WHERE code = 'C-003'", f"UPDATE customers SET label = {literal(text)} WHERE customer_id = 1003"]
    of_source = list(alike)
    if broken:
        quoted = '"' + text.replace('"', '""') + '"'
        of_source += [f"ALTER TABLE coupons ADD COLUMN {quoted} VARCHAR", f"CREATE TABLE {quoted} (i INTEGER)"]
        of_target += [
            f"UPDATE vouchers SET code = {literal(text)} WHERE code = 'C-004'",
            f"UPDATE vouchers SET note = {literal(text)} WHERE code IN ('C-005', 'C-006')",
            f"UPDATE customers SET site = {literal(text)} WHERE customer_id IN (1007, 1008)",
        ]
    small.reseal("source", *of_source)
    small.reseal("target", *of_target)


def lines_of_a_gate(said: Said) -> list[str]:
    """Return the lines that begin as a gate's last line does."""
    return [line for line in BREAKS.split(said.out) if line.startswith(("GATE OPEN", "GATE SHUT"))]


@pytest.mark.parametrize("broken", [False, True], ids=["open", "shut"])
@pytest.mark.parametrize("name", HOSTILE)
def test_what_strangers_write_is_no_last_line(batched: Small, run: Dq, name: str, *, broken: bool) -> None:
    sealed_with(batched, HOSTILE[name], broken=broken)
    said = run(batched, "--batch", 2, command="gate")
    assert (said.status == 0) is not broken, said
    assert lines_of_a_gate(said) == [said.last] == [f"GATE {'SHUT' if broken else 'OPEN'} batch=2 run={batched.record()['run']}"]
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]", said.out) == []


@pytest.mark.parametrize("broken", [False, True], ids=["open", "shut"])
@pytest.mark.parametrize("name", HOSTILE)
def test_what_strangers_write_is_no_line_of_json(batched: Small, run: Dq, name: str, *, broken: bool) -> None:
    sealed_with(batched, HOSTILE[name], broken=broken)
    said = run(batched, "--batch", 2, "--json", command="gate")
    (line,) = BREAKS.split(said.out.removesuffix("\n"))
    assert (json.loads(line)["exit_status"], lines_of_a_gate(said), said.out.isascii()) == (said.status, [], True)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_waivers_reason_is_no_last_line(batched: Small, run: Dq, name: str) -> None:
    batched.reseal("target", "UPDATE vouchers SET note = 'x' WHERE code = 'C-005'")
    assert run(batched, "--batch", 1).status == 1
    wanted = ("--check", "coupons.values", "--reason", "known", "--expires", "2024-11-30", "--author", "Rina", "--ticket", "T-1")
    assert run(batched, "latest", *wanted, command="waive").status == 0
    for old in ('"known"', '"Rina"', '"T-1"'):
        batched.edit("waivers.toml", old, json.dumps(HOSTILE[name]))
    said = run(batched, "--batch", 2, "--as-of", (MOMENT + timedelta(hours=1)).isoformat(), command="gate")
    assert (said.status, lines_of_a_gate(said)) == (3, [said.last])
    assert said.last.startswith("GATE SHUT batch=2 run=")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_manifests_words_are_no_last_line(batched: Small, run: Dq, name: str) -> None:
    batched.write_manifest("target", store=HOSTILE[name], region=HOSTILE[name])
    said = run(batched, "--batch", 2, command="gate")
    assert (said.status, said.out, len(BREAKS.split(said.err.removesuffix("\n")))) == (3, "", 1)


def test_a_folder_of_runs_is_no_last_line(batched: Small, dq: Dq) -> None:
    batched.reseal("target", "DELETE FROM vouchers WHERE code = 'C-001'")
    said = dq("gate", "--batch", 2, "--contract", batched.contract, "--runs", batched.folder / "a\nGATE OPEN batch=2")
    assert (said.status, lines_of_a_gate(said)) == (1, [said.last])
