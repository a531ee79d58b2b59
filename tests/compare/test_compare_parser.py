"""DuckDB's parser is asked about many texts at once, and about none again; what it cannot read is left to be told of its file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sides_compared import engine_alone

from dq.compare import parser
from dq.compare.select import read_select
from dq.engine import Engine
from dq.errors import ContractError

GOOD = ("SELECT a FROM t", "SELECT t.b AS c FROM t JOIN u ON t.id = u.id")
BAD = ("SELECT FROM WHERE", "DROP TABLE t", "")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(parser, "_ANSWERS", {})
    with engine_alone() as opened:
        yield opened


def test_many_texts_are_read_in_two_queries(engine: Engine) -> None:
    before = len(engine.profile)
    parser.read_ahead(engine, GOOD)
    for text in GOOD:
        read_select(engine, text, file="x.sql")
    assert len(engine.profile) - before == 2


def test_what_was_read_is_read_no_more(engine: Engine) -> None:
    parser.read_ahead(engine, GOOD)
    before = len(engine.profile)
    parser.read_ahead(engine, GOOD)
    assert len(engine.profile) == before


@pytest.mark.parametrize("bad", BAD)
def test_a_text_that_cannot_be_read_disturbs_no_other_and_is_told_of_its_file(bad: str, engine: Engine) -> None:
    parser.read_ahead(engine, (bad, *GOOD))
    assert [read_select(engine, text, file="x.sql").tables[0] for text in GOOD] == [("t", "t"), ("t", "t")]
    with pytest.raises(ContractError, match=r"^x\.sql: "):
        read_select(engine, bad, file="x.sql")
