"""Opening snapshots: what is held is let go again, whatever happens, and progress is told in bytes."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from dq.errors import SnapshotError, UsageError
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.opening import find_snapshots, open_snapshots
from dq.stores.seal import Label


@pytest.fixture
def pair(tmp_path: Path) -> dict[str, Path]:
    """Two sealed snapshots."""
    for side in ("source", "target"):
        with duckdb.connect(str(tmp_path / f"{side}.db")) as connection:
            connection.execute(f"CREATE TABLE {side} AS SELECT i FROM range(100000) AS t(i)")
        label = Label("small", side, side, None, None, datetime(2024, 11, 5, 20, tzinfo=UTC))
        seal_duckdb(tmp_path / f"{side}.db", tmp_path / f"{side}.duckdb", label=label)
    return {side: tmp_path / f"{side}.duckdb" for side in ("source", "target")}


def _handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_what_is_opened_is_closed(pair: dict[str, Path]) -> None:
    before = _handles()
    opened = open_snapshots(pair)
    assert _handles() == before + 2
    for item in opened.values():
        item.close()
    assert _handles() == before


@pytest.mark.parametrize("spoiled", ["source", "target"])
def test_one_that_is_refused_lets_go_of_all(pair: dict[str, Path], spoiled: str) -> None:
    before = _handles()
    os.truncate(pair[spoiled], 8192)
    with pytest.raises(SnapshotError, match=rf"{spoiled}\.duckdb: has 8,192 bytes, its manifest says"):
        open_snapshots(pair)
    assert _handles() == before


@pytest.mark.parametrize(("named", "error"), [((), SnapshotError), (("target",), UsageError), (("source",), SnapshotError)])
def test_who_named_a_broken_snapshot_decides_whose_error_it_is(pair: dict[str, Path], named: tuple[str, ...], error: type[Exception]) -> None:
    before = _handles()
    with pair["target"].open("r+b") as file:
        file.write(b"\1")
    with pytest.raises(error, match=r"target\.duckdb: its SHA-256 is not the one"):
        open_snapshots(pair, on_command_line=named)
    assert _handles() == before


def test_what_fails_while_they_are_hashed_lets_go_of_all_and_leaves_the_turns_of_threads_as_they_were(pair: dict[str, Path]) -> None:
    before = (_handles(), sys.getswitchinterval())
    with pytest.raises(ZeroDivisionError):
        open_snapshots(pair, meanwhile=lambda: 1 // 0)
    assert (_handles(), sys.getswitchinterval()) == before


def test_progress_is_told_in_bytes_and_comes_to_all_of_them(pair: dict[str, Path]) -> None:
    told: list[int] = []
    for item in open_snapshots(pair, told=told.append).values():
        item.close()
    assert sum(told) == sum(file.stat().st_size for file in pair.values())


@pytest.mark.parametrize(("named", "error"), [((), SnapshotError), (("target",), UsageError), (("source",), SnapshotError)])
def test_who_named_a_missing_snapshot_decides_whose_error_it_is(tmp_path: Path, named: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error, match=r"target snapshot .*: no such file"):
        find_snapshots({"target": tmp_path / "target.duckdb"}, on_command_line=named)


def test_only_the_attached_file_itself_will_do(pair: dict[str, Path]) -> None:
    opened = open_snapshots(pair)
    with pytest.raises(SnapshotError, match="was exchanged between the check and the attach"):
        opened["source"].check_attached()  # nobody attached it: there is one handle, ours
    for item in opened.values():
        item.close()
