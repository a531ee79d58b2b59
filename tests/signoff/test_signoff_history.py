"""`dq show --history` says who signed: as the sign-offs say it, or as a roster verifies it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cli.small import Dq, assert_refused

from .signed import World

NOW = datetime.now(tz=UTC).replace(microsecond=0) - timedelta(minutes=5)


@pytest.fixture
def lasting(attested: World) -> World:
    """A run that sri and budi signed just now."""
    attested.sign("sri", "data-owner", now=NOW)
    attested.sign("budi", "finance", now=NOW)
    return attested


def told(dq: Dq, world: World, *more: object) -> dict[str, Any]:
    """Return what the history says of the one run."""
    (run,) = json.loads(dq("show", "--history", "--json", "--runs", world.small.runs, "--contract", world.small.contract, *more).out)["runs"]
    return dict(run)


def roster(world: World) -> tuple[object, ...]:
    """Return the option that names the roster."""
    return ("--policy", world.small.contract / "signers.toml")


def test_signers_are_told_as_unverified_where_no_roster_is_given(dq: Dq, lasting: World) -> None:
    found = told(dq, lasting)
    assert found["sign_off"] == "unverified"
    assert [(item["role"], item["person"], item["decision"]) for item in found["sign_offs"]] == [("data-owner", "sri", "accept"), ("finance", "budi", "accept")]


def test_a_roster_verifies_the_signers(dq: Dq, lasting: World) -> None:
    assert told(dq, lasting, *roster(lasting))["sign_off"] == "VERIFIED"


def test_a_forged_sign_off_is_told_as_refused(dq: Dq, lasting: World) -> None:
    lasting.put(lasting.envelopes()[0], lasting.forge("stranger", at=1, person="tina"))
    assert (told(dq, lasting)["sign_off"], told(dq, lasting, *roster(lasting))["sign_off"]) == ("unverified", "REFUSED")


def test_of_a_persons_words_the_last_is_told(dq: Dq, lasting: World) -> None:
    lasting.sign("budi", "finance", now=NOW + timedelta(minutes=1), reason="the sums are not ours")
    found = told(dq, lasting, *roster(lasting))
    assert [(item["person"], item["decision"]) for item in found["sign_offs"]] == [("sri", "accept"), ("budi", "reject")]
    assert found["sign_off"] == "REJECTED"


def test_a_file_of_sign_offs_that_cannot_be_read_names_nobody(dq: Dq, lasting: World) -> None:
    lasting.file.write_text("[")
    assert (told(dq, lasting)["sign_offs"], told(dq, lasting, *roster(lasting))["sign_off"]) == ([], "REFUSED")


def test_a_run_that_nobody_signed_says_nothing_of_it(dq: Dq, attested: World) -> None:
    assert "sign_off" not in told(dq, attested, *roster(attested))


def test_a_roster_goes_with_the_history_alone(dq: Dq, attested: World) -> None:
    assert_refused(dq("show", "--runs", attested.small.runs, *roster(attested)), 2, "--policy goes with --history", "dq verify")
