"""A snapshot of a server that is killed, or whose disk fills up: all of it or nothing, and the next call clears up and succeeds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import Driver, kill
from small import Dq, Small, assert_refused
from small_disk import leave, mounted

from dq.stores.manifest import read_manifest
from tests.stores import mysql_server, postgresql_server

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("live ends")]  # loading the servers once

ROWS = 60_000
FIFTY = 25  # kills of each kind of server
LARGER = 16 * 1024 * 1024  # bytes of the disk
_COLUMNS = "id BIGINT PRIMARY KEY, note VARCHAR(200) NOT NULL, amount DECIMAL(18,2)"
_POSTGRESQL = f"INSERT INTO orders SELECT i, md5(i::text) || md5((-i)::text), i * 0.01 FROM generate_series(1, {ROWS}) AS t(i)"
_MARIADB = f"INSERT INTO orders SELECT seq, CONCAT(MD5(seq), MD5(-seq)), seq * 0.01 FROM seq_1_to_{ROWS}"
Seal = tuple[object, ...]


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server with one table."""
    if request.param == "postgresql":
        with postgresql_server.database() as made:
            made.run(f"CREATE TABLE orders ({_COLUMNS})", _POSTGRESQL)
            yield f"postgresql://postgres@{postgresql_server.HOST}:{postgresql_server.PORT}/{made.name}"
    else:
        with mysql_server.database() as other:
            other.run(f"CREATE TABLE orders ({_COLUMNS})", _MARIADB)
            yield f"mariadb://root@{mysql_server.HOST}:{mysql_server.PORT}/{other.name}"


def _seal(plain: Small, store: str, target: Path) -> Seal:
    return ("snapshot", "source", "--from", store, "--contract", plain.contract, "--table", "orders", "--to", target)


def test_a_call_killed_at_random_moments_leaves_a_snapshot_or_none(plain: Small, driver: Driver, dq: Dq, store: str, tmp_path: Path) -> None:
    target = tmp_path / "sealed" / "source.duckdb"
    call = _seal(plain, store, target)

    def look() -> None:
        """A manifest never stands beside another's file; one without the other is no snapshot."""
        if target.exists() and target.with_name("source.manifest.json").exists():
            manifest = read_manifest(target)
            assert (manifest.rows, manifest.file_sha256) == (ROWS, hashlib.sha256(target.read_bytes()).hexdigest())

    kill(driver, (*call, "--force"), look, times=FIFTY)
    assert driver.close() == ""
    said = dq(*call, "--force")
    assert (said.status, said.err) == (0, "")
    assert sorted(item.name for item in target.parent.iterdir()) == ["source.duckdb", "source.manifest.json"]
    look()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_disk_that_fills_up_seals_all_or_nothing(plain: Small, dq: Dq, store: str, tmp_path: Path) -> None:
    refused = 0
    with mounted(tmp_path / "disk", size=LARGER) as disk:
        for free in range(0, LARGER, LARGER // 16):
            leave(disk, free)
            said = dq(*_seal(plain, store, disk / "source.duckdb"))
            (disk / "ballast").unlink()
            if said.status == 0:
                break
            assert_refused(said, 3, "space")
            assert list(disk.iterdir()) == []
            refused += 1
        assert (said.status, said.err) == (0, "")
        assert refused > 3
        assert sorted(item.name for item in disk.iterdir()) == ["source.duckdb", "source.manifest.json"]
