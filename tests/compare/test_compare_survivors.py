"""A merge needs a survivor: a row of the source that is there, of nobody who was erased, and that has moved where what gave way to it has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sides_compared import engine_alone, make_entity

from dq.compare.declared import _unkept
from dq.compare.scope import Scope
from dq.engine import Engine
from dq.sql import Query

COLUMNS = {"account_id": {"type": "BIGINT", "through": "accounts"}}
SCOPE = Scope("batched", (1,), (1,), ("accounts",), ("accounts",))
GAVE_WAY, SURVIVOR, BECAME = 1, 2, 100


@pytest.fixture
def engine() -> Iterator[Engine]:
    with engine_alone() as opened:
        yield opened


@pytest.mark.parametrize(
    ("rows", "erased", "moved", "unkept"),
    [
        ((GAVE_WAY, SURVIVOR), (), (GAVE_WAY, SURVIVOR), False),
        ((GAVE_WAY, SURVIVOR), (), (), False),  # both are yet to move
        ((GAVE_WAY,), (), (GAVE_WAY,), True),  # the map has it, the source never had
        ((GAVE_WAY, SURVIVOR), (SURVIVOR,), (), True),
        ((GAVE_WAY, SURVIVOR), (SURVIVOR,), (GAVE_WAY,), True),
        ((GAVE_WAY, SURVIVOR), (), (GAVE_WAY,), True),  # it moves later
    ],
)
def test_who_stands_for_what_gave_way(rows: tuple[int, ...], erased: tuple[int, ...], moved: tuple[int, ...], engine: Engine, *, unkept: bool) -> None:
    listed = ", ".join(f"({one})" for one in rows)
    people = ", ".join(f"({one}, {one in erased}, {one in moved})" for one in (GAVE_WAY, SURVIVOR))
    for sql in (
        f"CREATE TABLE own_source.accounts AS FROM (VALUES {listed}) AS r(account_id)",
        f"CREATE TABLE maps.accounts AS FROM (VALUES ({GAVE_WAY}, {BECAME}), ({SURVIVOR}, {BECAME})) AS m(source_id, target_id)",
        f"CREATE TABLE scope.absorbed AS SELECT 'accounts' AS crosswalk, {GAVE_WAY} AS source_id, {BECAME} AS target_id, 'source' AS kept",
        f"CREATE TABLE scope.accounts AS FROM (VALUES {people}) AS a(account_id, erased_ever, moved)",
    ):
        engine.execute(Query(sql))
    home = make_entity(COLUMNS, key="account_id", name="accounts", owner="account_id")
    claims = " OR ".join(f"({claim})" for claim in _unkept("accounts", home, scope=SCOPE))
    assert engine.one(Query(f"SELECT {claims} FROM scope.absorbed AS d")) == (unkept,)
