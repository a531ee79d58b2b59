"""What `dq init` refuses: one line, the right exit status, and nothing is left where a contract would be."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from dq.cli import status_of
from dq.coverage import UNSAID
from dq.proposing import Proposed
from dq.proposing.writing import REASON
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.seal import Label


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Return the exit status and the one line of an `init`."""
    status = status_of(["init", *map(str, arguments)])
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    return status, told.err


def seal(folder: Path, side: str, *statements: str, migration: str = "library") -> Path:
    raw, file = folder / f"{side}.raw", folder / f"{side}.duckdb"
    with duckdb.connect(str(raw)) as connection:
        for statement in statements:
            connection.execute(statement)
    seal_duckdb(raw, file, label=Label(migration, side, side, None, None, datetime(2024, 11, 5, tzinfo=UTC)))
    return file


def test_a_folder_that_is_not_empty_is_left_alone(library: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "mine.toml").write_text("mine")
    status, line = refused(capsys, tmp_path / "contract", "--source", library["source"], "--target", library["target"])
    assert (status, "is not empty; name another folder" in line) == (2, True)
    assert [item.name for item in tmp_path.rglob("*")] == ["contract", "mine.toml"]


def test_a_file_is_no_folder(library: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "contract").write_text("mine")
    status, line = refused(capsys, tmp_path / "contract", "--source", library["source"], "--target", library["target"])
    assert (status, "is no folder" in line) == (2, True)


def test_a_snapshot_that_is_not_there(library: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = library["source"].with_name("sourc.duckdb")
    status, line = refused(capsys, tmp_path / "contract", "--source", missing, "--target", library["target"])
    assert (status, "no such file; did you mean 'source.duckdb'?" in line) == (2, True)


def test_a_snapshot_without_a_manifest(library: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copyfile(library["source"], tmp_path / "bare.duckdb")
    status, line = refused(capsys, tmp_path / "contract", "--source", tmp_path / "bare.duckdb", "--target", library["target"])
    assert (status, "no manifest bare.manifest.json beside it" in line) == (2, True)


def test_one_file_as_both_sides(library: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, line = refused(capsys, tmp_path / "contract", "--source", library["source"], "--target", library["source"])
    assert (status, "are the same snapshot" in line) == (3, True)


def test_sides_that_were_swapped(library: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, line = refused(capsys, tmp_path / "contract", "--source", library["target"], "--target", library["source"])
    assert (status, "it was sealed as the target" in line) == (3, True)


def test_a_target_of_another_migration(library: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = seal(tmp_path, "target", "CREATE TABLE t (a BIGINT)", migration="clinic")
    status, line = refused(capsys, tmp_path / "contract", "--source", library["source"], "--target", target)
    assert (status, "migration is 'clinic', the source's 'library'" in line) == (3, True)


def test_stores_without_a_table_in_common(library: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = seal(tmp_path, "target", "CREATE TABLE weather (station BIGINT PRIMARY KEY, degrees INTEGER)", "INSERT INTO weather VALUES (90001, 3), (90002, 4)")
    status, line = refused(capsys, tmp_path / "contract", "--source", library["source"], "--target", target)
    assert (status, "no table of the source has a counterpart in the target" in line) == (2, True)
    assert not (tmp_path / "contract").exists()
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []


def test_it_says_what_it_wrote_and_what_comes_next(library: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "contract"
    assert status_of(["init", str(folder), "--source", str(library["source"]), "--target", str(library["target"])]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [f"next: dq check -c {folder}", f"then: dq run -c {folder}"]
    assert "no counterpart of the source's shelf_notes: TODO in migration.toml" in lines
    assert status_of(["check", "-c", str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["not_passed"] == {"coverage.source": "FAILED", "coverage.target": "FAILED"}


def test_the_reason_that_is_written_is_one_that_covers_nothing(proposed: Proposed) -> None:
    assert REASON.startswith(UNSAID)
    assert f'reason = "{REASON}"' in (proposed.folder / "migration.toml").read_text()


def test_a_store_is_sealed_before_there_is_a_contract(library: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, there, to = library["source"].parent / "stores" / "old.duckdb", tmp_path / "nowhere", tmp_path / "source.duckdb"
    arguments = ["snapshot", "source", "--from", str(store), "-c", str(there)]
    assert status_of([*arguments, "--to", str(to)]) == 2
    assert status_of([*arguments, "--migration", "library"]) == 2
    assert "name a file with --to" in capsys.readouterr().err.splitlines()[-1]
    assert status_of([*arguments, "--migration", "library", "--to", str(to)]) == 0
    manifest = json.loads(to.with_name("source.manifest.json").read_text())
    assert (manifest["migration"], manifest["side"], manifest["store"], len(manifest["tables"])) == ("library", "source", "source", 6)
