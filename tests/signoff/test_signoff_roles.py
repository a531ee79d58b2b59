"""Counting, without a file: who must have signed, and whose word stands."""

from __future__ import annotations

import itertools
import tomllib
from datetime import timedelta

import pytest

from dq.signoff.policy import Decision, Policy
from dq.signoff.roles import SignOff, count

from .signed import LATER, NOW, PEOPLE, roster_text

POLICY = Policy.model_validate(tomllib.loads(roster_text()))
KEYS = {person.name: person.keys[0] for person in POLICY.people}
HELD = [(person, role) for person, roles in PEOPLE.items() for role in roles]


def word(person: str, role: str, *, decision: Decision = "accept", after: int = 0) -> SignOff:
    return SignOff(person, role, decision, "no" if decision == "reject" else None, NOW + timedelta(minutes=after), KEYS[person], f"{person} {after}")


def expected(said: tuple[tuple[str, str], ...]) -> bool:
    """Say it in the roster's own words: the data owner, and one more role by somebody else, nobody twice."""
    people = [person for person, _ in said]
    roles = {role for _, role in said}
    return len(set(people)) == len(people) and "data-owner" in roles and len(roles) >= 2


@pytest.mark.parametrize("number", range(len(HELD) + 1))
def test_every_choice_of_acceptances_counts_as_the_roster_says(number: int) -> None:
    for said in itertools.combinations(HELD, number):
        assert count([word(*item) for item in said], POLICY, as_of=LATER).accepted == expected(said), said


def test_the_order_of_the_file_means_nothing() -> None:
    said = [word("sri", "data-owner"), word("budi", "finance"), word("budi", "finance", decision="reject", after=1), word("tina", "finance", after=2)]
    assert len({count(order, POLICY, as_of=LATER) for order in itertools.permutations(said)}) == 1


@pytest.mark.parametrize("rejecting", HELD)
def test_one_rejection_is_enough(rejecting: tuple[str, str]) -> None:
    others = [word(*item, after=0) for item in (("sri", "data-owner"), ("budi", "finance"), ("tina", "finance")) if item[0] != rejecting[0]]
    found = count([*others, word(*rejecting, decision="reject")], POLICY, as_of=LATER)
    assert (found.accepted, found.rejected) == (False, True)


def test_a_rejection_does_not_grow_old() -> None:
    said = [word("tina", "finance", decision="reject"), word("sri", "data-owner", after=60 * 24 * 31), word("budi", "finance", after=60 * 24 * 31)]
    assert count(said, POLICY, as_of=NOW + timedelta(days=40)).rejected


def test_a_sign_off_counts_on_its_last_day() -> None:
    said = [word("sri", "data-owner"), word("budi", "finance")]
    assert count(said, POLICY, as_of=NOW + timedelta(days=30)).accepted
    assert not count(said, POLICY, as_of=NOW + timedelta(days=30, microseconds=1)).accepted
