"""Whatever is done to a signed run, its roster or its signatures is refused, and the line says what. Source: CORRUPTIONS, F05 to F18, F24 to F28."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from dq.signoff.roles import RoleLine
from dq.signoff.telling import told_of

from .attacks import ATTACKS
from .signed import NOW, World, key_table


def test_what_nobody_touched_is_verified(signed: World) -> None:
    found = signed.verify()
    assert (found.word, found.problems, found.exit_status) == ("VERIFIED", (), 0)
    assert found.count is not None
    assert found.count.roles == (
        RoleLine("data-owner", mandatory=True, status="accepted", person="sri", signed_at=NOW),
        RoleLine("business-owner", mandatory=False, status="missing"),
        RoleLine("finance", mandatory=False, status="accepted", person="budi", signed_at=NOW),
    )


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_is_refused(attack: Callable[[World], None], signed: World) -> None:
    attack(signed)
    found = signed.verify()
    assert found.exit_status == 1
    assert [problem for problem in found.problems if ATTACKS[attack] in problem], found.problems
    assert found.trace == ""


def test_another_roster_than_the_pinned_one_is_refused(signed: World) -> None:
    """F28: whoever changes the roster together with the sign-off changes its digest."""
    agreed = signed.roster.digest
    assert signed.verify(pin=agreed).problems == ()
    signed.set_roster(people={"sri": ("data-owner",), "stranger": ("business-owner", "finance"), "tina": ("finance",)})
    signed.put(signed.envelopes()[0], signed.forge("stranger", at=1, person="stranger"))
    assert signed.verify().problems == ()  # by the roster of the same change, all is well
    found = signed.verify(pin=agreed)
    assert (found.exit_status, found.attested) == (1, None)
    assert "it is not the roster that was agreed on" in found.problems[0]


def test_who_was_revoked_later_still_counts_as_of_before(signed: World) -> None:
    signed.set_roster(keys={"budi": key_table("budi", more=", revoked_at = 2026-11-29T14:00:00Z")})
    assert signed.verify().problems == ()
    assert signed.verify(as_of=NOW + timedelta(hours=2)).exit_status == 1


def test_a_sign_off_that_is_renewed_counts_by_its_last_date(signed: World) -> None:
    weeks = NOW + timedelta(days=31)
    assert signed.verify(as_of=weeks).exit_status == 1
    signed.sign("sri", "data-owner", now=weeks)
    signed.sign("budi", "finance", now=weeks)
    assert signed.verify(as_of=weeks).problems == ()


def test_a_rejection_is_taken_back_by_the_same_person_alone(signed: World) -> None:
    signed.sign("tina", "finance", reason="the totals of May")
    signed.sign("budi", "finance", now=NOW + timedelta(minutes=1))
    assert signed.verify().word == "REJECTED"
    signed.sign("tina", "finance", now=NOW + timedelta(minutes=2))
    assert signed.verify().problems == ()


def test_an_error_of_ours_is_a_refusal(signed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("dq.signoff.verifying.count", broken)
    found = signed.verify()
    assert (found.exit_status, found.problems) == (1, ("an error of dq itself (ZeroDivisionError); --debug shows where",))
    assert "ZeroDivisionError" in found.trace


def test_base64_has_one_form(signed: World) -> None:
    """The last character of a group may hide bits that a lax reader drops."""
    text = signed.file.read_text()
    sig = json.loads(text)[1]["signatures"][0]["sig"]
    assert sig.endswith("=")
    bare = sig.rstrip("=")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    hidden = bare[:-1] + letters[letters.index(bare[-1]) + 1] + sig[len(bare) :]
    assert base64.b64decode(hidden) == base64.b64decode(sig)
    signed.file.write_text(text.replace(sig, hidden))
    assert signed.verify().exit_status == 1


def test_what_another_version_made_is_not_refused_but_not_proven(signed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dq.signoff.checked.versions", lambda: {"dq": "9.9.9 abc"})
    assert signed.verify().problems == ()  # whose page is the same
    monkeypatch.setattr("dq.report.html.render_html", lambda *_, **__: "another page")
    found = signed.verify()
    assert (found.word, found.exit_status) == ("NOT PROVEN", 3)
    assert "this is 9.9.9 abc: verify it with that" in found.problems[0]


def test_a_sign_off_by_another_roster_is_noted(signed: World) -> None:
    assert not [line for line in told_of(signed.verify()) if "another roster" in line]
    before = signed.roster.digest
    signed.set_roster(more="# a person more, one day")
    found = told_of(signed.verify())
    assert found[-1].startswith("VERIFIED ")
    assert [line.split(None, 1)[1] for line in found if "another roster" in line] == [f"{name} signed by another roster, {before}" for name in ("sri", "budi")]


def test_a_contract_that_changed_since_is_noted(signed: World) -> None:
    assert not [line for line in told_of(signed.verify()) if line.startswith("  note")]
    with (signed.small.contract / "coupons.toml").open("a") as file:
        file.write("# later\n")
    found = told_of(signed.verify())
    assert [line.split(None, 1)[1] for line in found if line.startswith("  note")] == [
        f"the contract in {signed.small.contract} is another by now: coupons.toml"
    ]
    assert found[-1].startswith("VERIFIED ")
