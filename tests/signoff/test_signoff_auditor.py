"""An auditor's ways, as docs/sign-off.md has them: its two scripts and stock ssh-keygen agree with `dq verify` on good and bad files."""

from __future__ import annotations

import contextlib
import io
import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from dq.errors import RefusedError
from dq.signoff.envelope import Envelope
from dq.signoff.file import listing
from dq.signoff.parity import NAME
from dq.signoff.sshsig import check_message
from tests.docs.pages import blocks

from . import attacks
from .signed import LATER, NOW, World, key_table, public_key
from .test_signoff_keys import by_hardware, hardware_key

UNPACK, AUDIT, COUNT = (block.text for block in blocks("python") if block.page == "docs/sign-off.md")
SEED = 20241212
FLIPS = 400
VERSION = range(6, 10)  # of an SSHSIG
# What the page says that its scripts do not look at: the page made again, the record's own words, the snapshots.
NOT_LOOKED_AT = {
    attacks.f06_page_attested_again,
    attacks.f16_attested_otherwise,
    attacks.f27_a_byte_of_the_target,
    attacks.k18_attested_with_another_contract,
    attacks.x_one_subject_fewer,
    attacks.f25_does_not_follow,
    attacks.f16_one_fact_more,
    attacks.x_a_link,
}
SEEN = [attack for attack in attacks.ATTACKS if attack not in NOT_LOOKED_AT]
COMPILED = {name: compile(text, name, "exec") for name, text in (("audit.py", AUDIT), ("count.py", COUNT))}


def called(script: str, *arguments: object, typed: str = "") -> str | None:
    """Call a script of the page in this process, and return what it prints; None where it ends with an error."""
    before, printed = (sys.argv, sys.stdin), io.StringIO()
    sys.argv, sys.stdin = [script, *map(str, arguments)], io.StringIO(typed)
    try:
        with contextlib.redirect_stdout(printed):
            exec(COMPILED[script], {})  # noqa: S102 - the page's own
    except Exception:  # noqa: BLE001 - whatever it stumbles over is a refusal
        return None
    finally:
        sys.argv, sys.stdin = before
    return printed.getvalue()


def holds(world: World) -> bool:
    """Say whether the page's audit.py finds every signature and digest of a run right."""
    return called("audit.py", world.folder, world.small.contract / "signers.toml") is not None


def audits(world: World, *, as_of: datetime = LATER) -> bool:
    """Say whether the page's scripts, one after the other, verify a run."""
    roster = world.small.contract / "signers.toml"
    said = called("audit.py", world.folder, roster)
    counted = None if said is None else called("count.py", roster, as_of.isoformat(), typed=said)
    return counted is not None and counted.splitlines()[-1].startswith("VERIFIED")


def unpack(world: World, out: Path) -> list[Path]:
    """Run the page's unpack.py, and return the messages."""
    roster = world.small.contract / "signers.toml"
    subprocess.run([sys.executable, "-c", UNPACK, world.folder, roster, out], check=True, capture_output=True)
    return sorted(out.glob("*.message"))


def stock_says(ssh_keygen: str, out: Path, number: int, principal: str, *, at: datetime = NOW) -> bool:
    """Ask stock ssh-keygen what the page asks it."""
    when = f"verify-time={at:%Y%m%d%H%M%S}Z"
    asked = [ssh_keygen, "-Y", "verify", "-f", out / "allowed_signers", "-I", principal, "-n", "dq-sign-off", "-O", when, "-s", out / f"{number}.sig"]
    return subprocess.run(asked, input=(out / f"{number}.message").read_bytes(), capture_output=True, check=False).returncode == 0


def imported(script: str) -> set[str]:
    """Return what a script imports that Python does not bring."""
    named = {word for line in re.findall(r"(?m)^(?:import|from) (.+)$", script) for word in re.split(r", | import.*", line) if word}
    return named - set(sys.stdlib_module_names)


def test_audit_py_is_thirty_lines_that_need_nothing_but_cryptography() -> None:
    lines = [line for line in AUDIT.splitlines() if line.strip()]
    assert (len(lines) <= 30, [line for line in lines if len(line) > 120 or ";" in line]) == (True, [])
    assert imported(AUDIT) == {"cryptography.hazmat.primitives.asymmetric.ed25519"}


def test_count_py_needs_nothing_but_python() -> None:
    assert imported(COUNT) == set()


def test_the_scripts_say_in_processes_of_their_own_who_accepted(signed: World) -> None:
    roster = signed.small.contract / "signers.toml"
    audited = subprocess.run([sys.executable, "-c", AUDIT, signed.folder, roster], capture_output=True, text=True, check=True)
    done = subprocess.run([sys.executable, "-c", COUNT, roster, LATER.isoformat()], input=audited.stdout, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            f"{NOW.isoformat()} budi finance accept",
            f"{NOW.isoformat()} sri data-owner accept",
            "VERIFIED ['data-owner', 'finance']",
        ],
    ), done.stderr


OF_FORM = [attack for attack in SEEN if attack.__name__[:3] in ("f05", "f07", "f12", "f13", "f14", "f15") or attack in (attacks.f06_page, attacks.f16_a_float)]


@pytest.mark.parametrize("attack", OF_FORM, ids=lambda attack: attack.__name__)
def test_audit_py_alone_refuses_files_and_signatures_that_are_others(attack: Callable[[World], None], signed: World) -> None:
    assert holds(signed)
    attack(signed)
    assert not holds(signed)


@pytest.mark.parametrize("attack", SEEN, ids=lambda attack: attack.__name__)
def test_the_scripts_refuse_what_dq_verify_refuses(attack: Callable[[World], None], signed: World) -> None:
    attack(signed)
    assert (audits(signed), signed.verify().problems == ()) == (False, False)


@pytest.mark.parametrize("number", range(5))
def test_the_scripts_and_dq_verify_agree_on_files_drawn_at_random(signed: World, number: int) -> None:
    """Subsets, orders, renewals and rejections of all people, in all roles they hold."""
    dice = random.Random(SEED + number)  # noqa: S311 - no secret
    words = [
        signed.forge(person, person=person, role=role, decision=decision, reason=reason, signed_at=NOW.replace(minute=minute).isoformat())
        for person, role in (("sri", "data-owner"), ("budi", "finance"), ("budi", "business-owner"), ("tina", "finance"), ("stranger", "finance"))
        for decision, reason in (("accept", None), ("accept", None), ("reject", "no"))
        for minute in dice.sample(range(60), 1)
    ]
    attested, before = signed.verify(), 0
    assert attested.attested is not None
    for _ in range(20):
        signed.put(*dice.sample(words, dice.randint(1, 4)))
        agreed = audits(signed)
        assert agreed == (signed.verify().problems == ()), signed.file.read_text()
        before += agreed
    assert before < 20


def test_audit_py_agrees_on_bits_flipped_at_random(signed: World) -> None:
    dice = random.Random(SEED)  # noqa: S311 - no secret
    for path in (signed.file, signed.folder / NAME, signed.folder / "report.html"):
        content = path.read_bytes()
        for _ in range(FLIPS // 4):
            place, bit = dice.randrange(len(content)), dice.randrange(8)
            path.write_bytes(content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :])
            assert not audits(signed), (path.name, place, bit)
        path.write_bytes(content)
    assert audits(signed)


def test_stock_ssh_keygen_verifies_every_sign_off_of_its_person_alone(ssh_keygen: str, signed: World, tmp_path: Path) -> None:
    signed.sign("tina", "finance", reason="no")
    assert len(unpack(signed, tmp_path)) == 3
    people = ("sri", "budi", "tina", "stranger")
    assert {(number, person) for number in (1, 2, 3) for person in people if stock_says(ssh_keygen, tmp_path, number, person)} == {
        (1, "sri"),
        (2, "budi"),
        (3, "tina"),
    }


def test_stock_ssh_keygen_and_dq_draw_the_same_ends_of_a_key(ssh_keygen: str, signed: World, tmp_path: Path) -> None:
    unpack(signed, tmp_path)
    moments = [datetime.fromisoformat(text) for text in ("2023-12-31T16:59:59+00:00", "2023-12-31T17:00:00+00:00", "2098-12-31T16:59:59+00:00")]
    (person,) = (person for person in signed.roster.policy.people if person.name == "sri")
    assert [stock_says(ssh_keygen, tmp_path, 1, "sri", at=at) for at in moments] == [person.keys[0].held_at(at) for at in moments] == [False, True, True]


def test_stock_ssh_keygen_agrees_on_bits_flipped_at_random(ssh_keygen: str, signed: World, tmp_path: Path) -> None:
    """In what is signed, and in the signature."""
    dice = random.Random(SEED)  # noqa: S311 - no secret
    envelope = signed.envelopes()[0]
    found: list[tuple[bool, bool]] = []
    for _ in range(FLIPS // 2):
        payload, signature = bytearray(envelope.payload), bytearray(envelope.signature)
        spoiled = dice.choice((payload, signature))
        place = dice.randrange(len(spoiled))
        if spoiled is signature and place in VERSION:
            continue  # ssh-keygen takes version 0 for 1; dq does not
        spoiled[place] ^= 1 << dice.randrange(8)
        found.append(_both(ssh_keygen, signed, replace(envelope, payload=bytes(payload), signature=bytes(signature)), tmp_path))
    assert found == [(False, False)] * len(found)
    assert _both(ssh_keygen, signed, envelope, tmp_path) == (True, True)


def test_check_novalidate_says_good_to_a_stranger_and_verify_does_not(ssh_keygen: str, signed: World, tmp_path: Path) -> None:
    signed.put(signed.forge("stranger"))
    unpack(signed, tmp_path)
    asked = [ssh_keygen, "-Y", "check-novalidate", "-n", "dq-sign-off", "-s", tmp_path / "1.sig"]
    assert subprocess.run(asked, input=(tmp_path / "1.message").read_bytes(), capture_output=True, check=False).returncode == 0
    assert not stock_says(ssh_keygen, tmp_path, 1, "sri")


def _both(ssh_keygen: str, world: World, envelope: Envelope, out: Path) -> tuple[bool, bool]:
    try:
        check_message(envelope.signed, envelope.signature, public_key("sri"))
        ours = True
    except RefusedError:
        ours = False
    world.file.write_bytes(listing([envelope]))
    (out / "allowed_signers").write_text(f"sri {public_key('sri').line}\n")
    (out / "1.message").write_bytes(envelope.signed)
    (out / "1.sig").write_text(f"-----BEGIN SSH SIGNATURE-----\n{envelope.written()['signatures'][0]['sig']}\n-----END SSH SIGNATURE-----\n")  # type: ignore[index]
    return ours, stock_says(ssh_keygen, out, 1, "sri")


def test_a_hardware_keys_sign_off_is_verified_in_all_three_ways(ssh_keygen: str, signed: World, tmp_path: Path) -> None:
    key = hardware_key("budi")
    signed.set_roster(keys={"budi": key_table("budi", line=key.line)})
    touched, untouched = (replace(signed.envelopes()[1], keyid=key.fingerprint) for _ in range(2))
    touched = replace(touched, signature=by_hardware("budi", touched.signed))
    signed.put(signed.envelopes()[0], touched)
    unpack(signed, tmp_path)
    assert (signed.verify().problems, audits(signed), stock_says(ssh_keygen, tmp_path, 2, "budi")) == ((), True, True)
    signed.put(signed.envelopes()[0], replace(untouched, signature=by_hardware("budi", untouched.signed, flags=0)))
    assert (signed.verify().exit_status, audits(signed)) == (1, False)
