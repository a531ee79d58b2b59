"""What is signed is written in one way, and nothing else is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dq.errors import RefusedError
from dq.signoff.checked import Attested
from dq.signoff.file import read_sign_offs
from dq.signoff.parity import NAME, read_parity
from dq.signoff.policy import Policy, Roster, machine
from dq.signoff.strict import LARGEST_WHOLE, canonical, read_canonical, read_strict
from dq.signoff.word import read_word

from .signed import LATER, World

pytestmark = pytest.mark.slow  # seconds together

REFUSED = {
    b'{"a":1,"a":1}': "a key stands twice",
    b'{"a":{"b":1,"b":2}}': "a key stands twice",
    b"[1.0]": "a number with a point",
    b"[1e3]": "a number with a point",
    b"[NaN]": "a number with a point",
    b"[-Infinity]": "a number with a point",
    b"[9007199254740992]": "an integer beyond",
    b"[-9007199254740992]": "an integer beyond",
    b"[" + b"9" * 5000 + b"]": "an integer beyond",
    b"[-0]": "an integer beyond",
    b"[" * 100_000: "nested too deeply",
    b'["\xff"]': "not UTF-8 at byte 2",
    b'["\\ud800"]': "surrogates not allowed",
    b"\xef\xbb\xbf[]": "not JSON at character 0",
    b"[1] [2]": "not JSON at character 4",
    b"": "not JSON at character 0",
}
OTHERWISE = (b'{"b":1,"a":2}', b'{"a": 1}', b"[1]\n", b'["\\u0061"]', b'["\\/"]', b'["\xc3\xa9\\n"] ')


@pytest.mark.parametrize("content", REFUSED, ids=lambda content: repr(content[:24]))
def test_what_two_readers_could_read_in_two_ways_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=REFUSED[content]):
        read_strict(content)


@pytest.mark.parametrize("content", OTHERWISE)
def test_the_same_value_in_other_bytes_is_not_canonical(content: bytes) -> None:
    assert read_strict(content) is not None
    with pytest.raises(ValueError, match="not in its canonical form"):
        read_canonical(content)


@pytest.mark.parametrize("content", REFUSED, ids=lambda content: repr(content[:24]))
def test_what_is_refused_has_no_canonical_form(content: bytes) -> None:
    with pytest.raises(ValueError, match=REFUSED[content]):
        read_canonical(content)


@pytest.mark.parametrize("read", [read_strict, read_canonical])
def test_what_is_nested_too_deeply_is_refused_whoever_notices(read: Callable[[bytes], Any]) -> None:
    assert {_refused(read, b"[" * depth + b"]" * depth) for depth in range(100, 3000, 100)} == {None, "nested too deeply"}


def _refused(read: Callable[[bytes], Any], content: bytes) -> str | None:
    """Return why some bytes are not read, or None."""
    try:
        read(content)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("value", [1.5, float("nan"), {"a": [2**53]}, {1: "a"}, {"a": b"b"}, "\ud800", object()])
def test_what_has_no_canonical_form_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match=r"must be text|no text|surrogates"):
        canonical(value)


def test_what_is_written_is_read_back() -> None:
    value = {"好评": ["👍", "é", "e\u0301", ""], "whole": [LARGEST_WHOLE, -LARGEST_WHOLE, 0, True, None], "a": {"money": "28788438787635.09"}}
    assert read_canonical(canonical(value)) == value


def test_every_bit_of_the_sign_offs_flipped_is_refused(signed: World) -> None:
    """F08. In process: the file alone, since every sign-off names the digests of all others; read, verified and counted."""
    signed.put(signed.envelopes()[0])
    content, attested, roster = signed.file.read_bytes(), signed.attested(), signed.roster
    assert _accepted(content, attested, roster)
    accepted = [(place, bit) for place in range(len(content)) for bit in range(8) if _accepted(_flipped(content, place, bit), attested, roster)]
    assert accepted == []


def test_every_bit_of_the_parity_statement_flipped_is_refused(signed: World) -> None:
    """Its bytes are a subject of each sign-off besides."""
    content, policy = (signed.folder / NAME).read_bytes(), signed.roster.policy
    assert _attested(content, policy)
    accepted = [(place, bit) for place in range(len(content)) for bit in range(8) if _attested(_flipped(content, place, bit), policy)]
    assert accepted == []


def test_no_number_that_is_signed_is_money(signed: World) -> None:
    _, statement = read_parity((signed.folder / NAME).read_bytes(), where="")
    run = statement.predicate["dq_run"]
    assert {type(line[side]) for line in run["money"] for side in ("source", "target")} == {str}
    assert run["money"][0] == {"sum": "coupons.sums.amount", "by": "", "source": "210.00", "target": "210.00"}
    assert not [token for token in json.dumps(statement.predicate).replace(",", " ").split() if token.replace(".", "", 1).isdigit() and "." in token]


def _flipped(content: bytes, place: int, bit: int) -> bytes:
    return content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :]


def _accepted(content: bytes, attested: Attested, roster: Roster) -> bool:
    try:
        return bool([read_word(item, attested, roster.policy, as_of=LATER, where="") for item in read_sign_offs(content, where="")])
    except RefusedError:
        return False


def _attested(content: bytes, policy: Policy) -> bool:
    try:
        envelope, _ = read_parity(content, where="")
    except RefusedError:
        return False
    found = machine(policy.validators, envelope.keyid)
    return found is not None and found[1].key.holds(envelope.signature, envelope.signed)
