"""A full disk, wherever it fills up: exit 3 with one line, no run folder and no snapshot, nothing half written left behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from small import PLAIN, Dq, Small, assert_refused, make_store
from small_disk import DISK, PAGE, leave

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")


def _runs(disk: Path) -> list[str]:
    return sorted(item.name for item in (disk / "runs").iterdir()) if (disk / "runs").exists() else []


def test_a_run_on_a_disk_that_fills_up_records_all_or_nothing(plain: Small, dq: Dq, disk: Path) -> None:
    """Thirty missing rows; the room that is left grows until it is enough."""
    plain.reseal("target", "DELETE FROM vouchers WHERE amount > 10")
    said_at = []
    for pages in (0, 1, 2, *range(5, 60, 4)):
        leave(disk, pages * PAGE)
        said = dq("run", "--contract", plain.contract, "--runs", disk / "runs")
        (disk / "ballast").unlink()
        if said.status == 1:
            break
        assert_refused(said, 3, "space")
        assert _runs(disk) == []
        assert "FAILED" not in said.out
        said_at.append(said.err)
    (name,) = _runs(disk)
    assert {item.name for item in (disk / "runs" / name).iterdir()} == {"report.json", "run.json", "report.html", "summary.md", "junit.xml", "restricted"}
    for part in ("writing findings", "report.json", "report.html", "runs: "):
        assert any(part in line for line in said_at), part


def test_a_seal_on_a_disk_that_fills_up_seals_all_or_nothing(plain: Small, dq: Dq, disk: Path, tmp_path: Path) -> None:
    make_store(tmp_path / "old.raw", PLAIN["source"])
    arguments = ("snapshot", "source", "--from", tmp_path / "old.raw", "--contract", plain.contract, "--to", disk / "source.duckdb")
    said_at = []

    def sealed(pages: int) -> bool:
        leave(disk, pages * PAGE)
        said = dq(*arguments)
        (disk / "ballast").unlink()
        if said.status == 0:
            assert sorted(item.name for item in disk.iterdir()) == ["source.duckdb", "source.manifest.json"]
            for item in disk.iterdir():
                item.unlink()
            return True
        assert_refused(said, 3, "space")
        assert list(disk.iterdir()) == []
        said_at.append(said.err)
        return False

    assert any(sealed(pages) for pages in range(0, DISK // PAGE, 16))
    assert len(said_at) > 3


def test_a_full_disk_leaves_the_snapshot_that_was_there(plain: Small, dq: Dq, disk: Path, tmp_path: Path) -> None:
    make_store(tmp_path / "old.raw", PLAIN["source"])
    arguments = ("snapshot", "source", "--from", tmp_path / "old.raw", "--contract", plain.contract, "--to", disk / "source.duckdb", "--force")
    dq(*arguments)
    before = {item.name: item.read_bytes() for item in disk.iterdir()}
    leave(disk, 16 * PAGE)
    assert_refused(dq(*arguments), 3, "space")
    (disk / "ballast").unlink()
    assert {item.name: item.read_bytes() for item in disk.iterdir()} == before


def test_a_disk_that_may_only_be_read_is_wrong_usage(plain: Small, dq: Dq, disk: Path, tmp_path: Path) -> None:
    make_store(tmp_path / "old.raw", PLAIN["source"])
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert_refused(dq("run", "--contract", plain.contract, "--runs", disk / "runs"), 2, f"{disk}/runs", "read-only file system")
    arguments = ("snapshot", "source", "--from", tmp_path / "old.raw", "--contract", plain.contract, "--to", disk / "source.duckdb")
    assert_refused(dq(*arguments), 2, str(disk), "read-only file system")


def test_a_disk_without_room_for_one_more_name_is_full(plain: Small, dq: Dq, disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,nr_inodes=2", str(disk)], check=True)
    (disk / "runs").mkdir()
    assert_refused(dq("run", "--contract", plain.contract, "--runs", disk / "runs"), 3, f"{disk}/runs", "no space left on device")
