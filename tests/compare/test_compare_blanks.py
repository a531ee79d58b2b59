"""What is blank to whoever reads it: no text of blanks says something, whatever else it is made of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sides_compared import engine_alone

from dq.compare.blanks import BLANKS, says_something
from dq.engine import Engine
from dq.sql import Query

UNSEEN = "\0\x1b\u00ad\u180e\u200c\u200d\u2060\u202e\U000e0041"  # control and format characters that nobody trims
WORDS = ("a", "-", "0", "é", "中", "🙂", " a ", "\u200ba", "DSR-1\n")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engine_alone() as opened:
        yield opened


def says(engine: Engine, text: str | None) -> object:
    return engine.one(Query(f"SELECT {says_something('CAST($1 AS VARCHAR)')}", (text,)))[0]


@pytest.mark.parametrize("text", [*BLANKS, *UNSEEN, "", BLANKS, UNSEEN], ids=ascii)
def test_what_nobody_can_see_says_nothing(text: str, engine: Engine) -> None:
    assert says(engine, text) is False


@pytest.mark.parametrize("text", WORDS, ids=ascii)
def test_a_character_that_can_be_seen_says_something(text: str, engine: Engine) -> None:
    assert says(engine, text) is True


def test_of_null_nobody_knows_whether_it_says_something(engine: Engine) -> None:
    assert says(engine, None) is None
