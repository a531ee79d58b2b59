"""`dq snapshot`: what it says of itself, what its manifest says, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from small import BATCHED, PERSONAL, PLAIN, Dq, Small, assert_refused, make_store

from dq.stores.manifest import read_manifest

MOMENT = "2024-11-06T03:00:00+07:00"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An unsealed store."""
    make_store(tmp_path / "old.db", BATCHED["source"])
    return tmp_path / "old.db"


def test_one_table_of_one_row_is_said_to_be_one(dq: Dq, tmp_path: Path) -> None:
    make_store(tmp_path / "one.db", ("CREATE TABLE things AS SELECT 1 AS thing",))
    said = dq("snapshot", "source", "--from", tmp_path / "one.db", "--migration", "small", "--to", tmp_path / "one.duckdb")
    manifest = read_manifest(tmp_path / "one.duckdb")
    assert said.out.splitlines()[-3] == f"sealed source: 1 table, 1 row, content {manifest.content[:12]}"


def test_a_store_is_sealed_where_the_contract_looks_for_it(batched: Small, dq: Dq, store: Path) -> None:
    said = dq("snapshot", "source", "--from", store, "--contract", batched.contract, "--moment", MOMENT, "--force")
    manifest = read_manifest(batched.snapshot("source"))
    place = batched.contract / ".." / "source"
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines() == [
        f"sealed source: 2 tables, 80 rows, content {manifest.content[:12]}",
        f"  {place}.duckdb",
        f"  {place}.manifest.json",
    ]
    assert (manifest.migration, manifest.side, manifest.store, manifest.region, manifest.batch, manifest.moment) == (
        "small",
        "source",
        "old",
        None,
        None,
        MOMENT,
    )
    assert PERSONAL not in said.out


def test_the_same_store_sealed_again_gives_the_same_run(batched: Small, dq: Dq, run: Dq, store: Path) -> None:
    first = run(batched, "--batch", 1)
    dq("snapshot", "source", "--from", store, "--contract", batched.contract, "--moment", "2024-11-05T20:00:00+00:00", "--force", "--threads", 1)
    assert run(batched, "--batch", 1) == first


@pytest.mark.parametrize(("arguments", "batch"), [("baseline", 0), ("target --batch 1", 1), ("target --batch 0", 0), ("target", None)])
def test_the_manifest_says_which_batch_had_moved(batched: Small, dq: Dq, store: Path, arguments: str, batch: int | None) -> None:
    side, *rest = arguments.split()
    dq("snapshot", side, "--from", store, "--contract", batched.contract, *rest, "--force")
    assert read_manifest(batched.snapshot(side)).batch == batch


def test_without_a_moment_it_is_now(batched: Small, dq: Dq, store: Path) -> None:
    before = datetime.now(tz=UTC).replace(microsecond=0)
    dq("snapshot", "source", "--from", store, "--contract", batched.contract, "--region", "ID", "--force")
    manifest = read_manifest(batched.snapshot("source"))
    assert (before <= manifest.taken_at <= datetime.now(tz=UTC), manifest.region) == (True, "ID")


def test_what_is_not_taken_is_noted(plain: Small, dq: Dq, tmp_path: Path) -> None:
    make_store(tmp_path / "old.db", (*PLAIN["source"], "CREATE VIEW rich AS SELECT * FROM coupons", "CREATE MACRO hash(a) AS 1"))
    said = dq("snapshot", "source", "--from", tmp_path / "old.db", "--contract", plain.contract, "--force")
    assert said.out.splitlines()[:2] == ["note: view 'rich' was not taken", "note: macro 'hash' was not taken"]


REFUSED = {
    "it is there": ((), ("is there already; --force replaces it",)),
    "no offset": (("--moment", "2024-11-05T20:00:00"), ("--moment", "has no offset")),
    "no moment": (("--moment", "now"), ("--moment", "'now' is no moment in ISO 8601")),
    "no such batch": (("--batch", "7"), ("--batch: there is no batch 7 (0 to 2)",)),
    "no such region": (("--region", "DI"), ("--region: there is no region 'DI'",)),
    "another suffix": (("--to", "sealed.db"), ("a snapshot's name ends in .duckdb",)),
    "a folder that cannot be": (("--to", "/dev/null/s.duckdb"), ("/dev/null: cannot be written to",)),
}


@pytest.mark.parametrize(("arguments", "parts"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_sealed_is_refused_in_a_line(batched: Small, dq: Dq, store: Path, arguments: tuple[str, ...], parts: tuple[str, ...]) -> None:
    before = batched.manifest("source")
    assert_refused(dq("snapshot", "source", "--from", store, "--contract", batched.contract, *arguments), 2, *parts)
    assert batched.manifest("source") == before


def test_a_side_that_the_contract_does_not_name_is_refused(plain: Small, dq: Dq, store: Path) -> None:
    assert_refused(dq("snapshot", "baseline", "--from", store, "--contract", plain.contract), 2, "the contract names no baseline store")


def test_a_store_that_is_not_there_names_the_near_miss(plain: Small, dq: Dq) -> None:
    plain.snapshot("source").rename(plain.folder / "old.duckdb")
    assert_refused(dq("snapshot", "source", "--from", plain.folder / "odl.duckdb", "--contract", plain.contract), 2, "no such file; did you mean 'old.duckdb'?")


def test_a_manifest_says_until_which_day_the_snapshot_is_kept(batched: Small, dq: Dq, store: Path) -> None:
    batched.edit("migration.toml", "max_age_hours = 72", "max_age_hours = 72\nkeep_snapshot_days = 90")
    before = datetime.now(tz=UTC).date()
    assert dq("snapshot", "source", "--from", store, "--contract", batched.contract, "--moment", MOMENT, "--force").status == 0
    day = read_manifest(batched.snapshot("source")).kept_until
    assert day is not None
    assert before <= day - timedelta(days=90) <= datetime.now(tz=UTC).date()
    assert batched.manifest("source")["kept_until"] == day.isoformat()


def test_a_snapshot_of_which_nobody_says_how_long_it_is_kept_has_no_day(batched: Small) -> None:
    assert read_manifest(batched.snapshot("source")).kept_until is None
