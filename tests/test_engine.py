"""What the door to the engine decides by itself: how many threads a run's files are worth."""

from __future__ import annotations

from pathlib import Path

import pytest

from dq import engine
from dq.engine import Settings, open_engine, threads_worth
from dq.sql import Query

MIB = 2**20


@pytest.fixture(autouse=True)
def _four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "usable_cores", lambda: 4)


@pytest.mark.parametrize(("sizes", "threads"), [((1,), 1), ((20, 11), 1), ((20, 12), 2), ((90,), 3), ((4000, 4000), 4), ((), 4)])
def test_files_are_worth_a_thread_for_each_32_megabytes_and_at_most_all_cores(tmp_path: Path, sizes: tuple[int, ...], threads: int) -> None:
    assert threads_worth([_file(tmp_path / str(place), size) for place, size in enumerate(sizes)]) == threads


def test_a_file_that_is_not_there_is_worth_nothing(tmp_path: Path) -> None:
    assert threads_worth([tmp_path / "none", _file(tmp_path / "one", 40)]) == 2


@pytest.mark.parametrize(("wanted", "threads"), [(None, 4), (3, 3)])
def test_an_engine_uses_the_threads_that_it_is_told_or_that_its_files_are_worth(wanted: int | None, threads: int) -> None:
    opened = open_engine({}, settings=Settings(threads=wanted))
    try:
        assert opened.one(Query("SELECT current_setting('threads')")) == (threads,)
    finally:
        opened.close()


def _file(path: Path, size: int) -> Path:
    """Make a file that has a size and takes no room."""
    with path.open("wb") as file:
        file.truncate(size * MIB)
    return path
