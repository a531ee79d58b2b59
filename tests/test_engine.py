"""What the door to the engine decides by itself: how many threads tables are worth, and which errors are the machine's."""

from __future__ import annotations

import pytest

from dq.attempts import Attempts
from dq.engine import open_engine
from dq.errors import ResourceError
from dq.settings import Settings, threads_worth
from dq.sql import Query

GROUP = 122_880


@pytest.fixture(autouse=True)
def _four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3})


@pytest.mark.parametrize(("rows", "threads"), [(0, 1), (2 * GROUP - 1, 1), (2 * GROUP, 2), (3 * GROUP, 3), (10**9, 4)])
def test_tables_are_worth_a_thread_for_each_row_group_of_the_largest_and_at_most_all_cores(rows: int, threads: int) -> None:
    assert threads_worth(rows) == threads


@pytest.mark.parametrize(("wanted", "threads"), [(None, 4), (3, 3)])
def test_an_engine_uses_the_threads_that_it_is_told_or_one_a_core(wanted: int | None, threads: int) -> None:
    opened = open_engine({}, settings=Settings(threads=wanted))
    try:
        assert opened.one(Query("SELECT current_setting('threads')")) == (threads,)
    finally:
        opened.close()


def test_a_machine_that_is_too_small_is_no_crash_of_a_check() -> None:
    opened = open_engine({}, settings=Settings(memory="4MB", threads=1, temp=None))
    many = Query("SELECT count(DISTINCT range) FROM range(10000000)", step="many")
    with pytest.raises(ResourceError, match="many: Out of Memory Error"):
        opened.execute(many)
    attempts = Attempts()
    with pytest.raises(ResourceError, match="--memory"):
        attempts("things", opened.execute, many)
    assert attempts.crashes == []
    opened.close()
