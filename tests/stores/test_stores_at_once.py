"""Tables read at once: the same answers in the same order, one error for all, and nobody is left reading."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from dq.engine import Engine, open_engine
from dq.errors import SnapshotError
from dq.sql import Query
from dq.stores.at_once import Tally, at_once
from dq.stores.catalogue import Bytes, Reader, StoreColumn, StoreTable
from dq.stores.seal import Origin


@dataclass
class Joinable:
    """A reader that others can join, as long as there are seats."""

    seats: list[int]
    cancelled: threading.Event = field(default_factory=threading.Event)
    closed: bool = False
    canonical: bool = True
    catalogue: Sequence[StoreTable] = ()
    origin: Origin = field(default_factory=lambda: Origin("fake", "1", "one moment"))
    others: list[Joinable] = field(default_factory=list)

    def join(self) -> Joinable | None:
        """Return another one while there is a seat."""
        if not self.seats:
            return None
        self.seats.pop()
        self.others.append(Joinable(self.seats))
        return self.others[-1]

    def cancel(self) -> None:
        """Remember it."""
        self.cancelled.set()

    def close(self) -> None:
        """Remember it."""
        self.closed = True

    def count(self, table: StoreTable, where: str = "") -> int:
        """Nobody asks."""
        raise NotImplementedError

    def rows(self, table: StoreTable, columns: Sequence[StoreColumn], where: str = "") -> Bytes:
        """Nobody asks."""
        raise NotImplementedError


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine({})
    yield opened
    opened.close()


def _tally() -> Tally:
    return Tally(lambda _: None, lambda *_: None)


@pytest.mark.parametrize(("jobs", "seats", "expected"), [(1, 9, 1), (3, 9, 3), (3, 1, 2), (3, 0, 1), (9, 9, 4)])
def test_items_are_taken_by_as_many_as_may_and_come_in_order(engine: Engine, jobs: int, seats: int, expected: int) -> None:
    first = Joinable(list(range(seats)))
    together = threading.Barrier(expected)
    seen: set[int] = set()

    def take(reader: Reader, engine: Engine, item: int) -> tuple[int, object]:
        if id(reader) not in seen:
            seen.add(id(reader))
            together.wait(10)
        return item, engine.one(Query("SELECT current_setting('TimeZone')", step="test"))[0]

    found = at_once(engine, first, [1, 2, 3, 4], take=take, tally=_tally(), jobs=jobs)
    assert found == [(number, "UTC") for number in (1, 2, 3, 4)]
    assert len(seen) == expected
    assert all(other.closed and not other.cancelled.is_set() for other in first.others)


def test_one_that_fails_breaks_off_the_others_and_is_the_one_that_is_told(engine: Engine) -> None:
    first, tally, reading, ended = Joinable([1]), _tally(), threading.Event(), threading.Event()

    def take(reader: Reader, _: Engine, item: int) -> int:
        if reader is first:
            assert reading.wait(10)
            raise SnapshotError("table 'a' is not there")
        assert isinstance(reader, Joinable)
        reading.set()
        assert reader.cancelled.wait(10)  # as a driver that waits for its server
        ended.set()
        tally.came("b", 1, 2)
        return item

    with pytest.raises(SnapshotError, match="table 'a' is not there"):
        at_once(engine, first, [1, 2, 3], take=take, tally=tally, jobs=2)
    assert ended.is_set()
    assert first.others[0].closed


def test_an_error_in_a_thread_reaches_the_caller(engine: Engine) -> None:
    first = Joinable([1])

    def take(reader: Reader, _: Engine, item: int) -> int:
        if reader is first:
            time.sleep(0.2)
            return item
        raise SnapshotError("connection lost")

    with pytest.raises(SnapshotError, match="connection lost"):
        at_once(engine, first, [1, 2, 3], take=take, tally=_tally(), jobs=2)


def test_after_a_failure_nothing_more_is_taken() -> None:
    tally = _tally()
    tally.broken = True
    with pytest.raises(SnapshotError, match="broken off"):
        tally.came("a", 1, None)


def test_a_tally_adds_all_tables_up() -> None:
    kept: list[int] = []
    tally = Tally(kept.append, lambda *_: None)
    for table, rows in (("a", 1), ("b", 2), ("a", 5)):
        tally.came(table, rows, None)
    assert kept == [1, 3, 7]
