"""The one place that reads several tables at once, each in a thread and with a reader of its own, all of the same moment.

One reader stays with one connection of the engine. Where a table fails, the others are broken off, and its error is the one that is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Generic, TypeVar

from dq.engine import Engine
from dq.errors import SnapshotError
from dq.stores.catalogue import Reader, Shared

_LOOK = 0.1  # seconds after which it is asked again whether a table failed
_PATIENCE = 30  # seconds that a table which was broken off may take to end
Item = TypeVar("Item")
Found = TypeVar("Found")
Take = Callable[[Reader, Engine, Item], Found]


class Tally:
    """How many rows have come, of all tables together; what waits for a pace, waits for the sum."""

    def __init__(self, keep: Callable[[int], None], told: Callable[[str, int, int | None], None]) -> None:
        """Begin with none.

        Args:
            keep: waits until so many rows may have come.
            told: called with a table, its rows so far and in all, by one thread at a time.
        """
        self._keep = keep
        self._told = told
        self._rows: dict[str, int] = {}
        self._lock = Lock()
        self.broken = False  # a table failed, or nobody waits any more

    def came(self, table: str, rows: int, total: int | None) -> None:
        """Say how many rows of a table have come. Raises SnapshotError where another table failed."""
        if self.broken:
            raise SnapshotError("broken off")
        with self._lock:
            self._rows[table] = rows
            self._told(table, rows, total)
            sum_ = sum(self._rows.values())
        self._keep(sum_)


def at_once(engine: Engine, reader: Reader, items: Sequence[Item], *, take: Take[Item, Found], tally: Tally, jobs: int) -> list[Found]:
    """Take all items, `jobs` at a time where the reader lets others join, and return what was found, in their order.

    Raises:
        SnapshotError: the store could not be read; what the first item that failed raised, and so for any other error.
    """
    work = _Work(take, tally, deque(enumerate(items)))
    with _joined(reader, min(jobs, len(items))) as others:
        threads = [Thread(target=work.beside, args=(other, engine), daemon=True) for other in others]
        for thread in threads:
            thread.start()
        try:
            work.go(reader, engine)
            for thread in threads:
                while thread.is_alive() and not work.errors:
                    thread.join(_LOOK)
        finally:
            tally.broken = True
            for thread, other in zip(threads, others, strict=True):
                if thread.is_alive():
                    other.cancel()
                    thread.join(_PATIENCE)
    if work.errors:
        raise work.errors[0]
    return [work.found[place] for place in range(len(items))]


@dataclass(slots=True)
class _Work(Generic[Item, Found]):
    """What is still to be taken, and what was found."""

    take: Take[Item, Found]
    tally: Tally
    waiting: deque[tuple[int, Item]]
    found: dict[int, Found] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)

    def go(self, reader: Reader, engine: Engine) -> None:
        """Take items until there is none, or one has failed."""
        while self.waiting and not self.errors:
            with suppress(IndexError):  # another thread had the last one
                place, item = self.waiting.popleft()
                try:
                    self.found[place] = self.take(reader, engine, item)
                except BaseException as error:  # noqa: BLE001 - it is raised again where all are waited for
                    self.errors.append(error)
                    self.tally.broken = True

    def beside(self, reader: Reader, engine: Engine) -> None:
        """Do so in another thread."""
        alone = engine.beside()
        try:
            self.go(reader, alone)
        finally:
            alone.close()


@contextmanager
def _joined(reader: Reader, jobs: int) -> Iterator[list[Shared]]:
    """Yield as many other readers of the same moment as there are jobs beside the first, none where nobody can join it."""
    others: list[Shared] = []
    try:
        while isinstance(reader, Shared) and len(others) < jobs - 1:
            other = reader.join()
            if other is None:
                break
            others.append(other)
        yield others
    finally:
        for other in others:
            other.close()
