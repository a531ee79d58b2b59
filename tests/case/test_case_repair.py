"""What became of the rows that a repair list named: asked of a later run."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest
from case_shop import Shop, seal

import dq
from dq.case.repair import MENDED, STILL, UNKNOWN, what_became
from dq.cli import status_of
from dq.errors import UsageError
from dq.record import Outcome
from dq.result import Run

MENDING = [
    "UPDATE vouchers SET amount = 1 WHERE code = 'C-31012-1'",
    "DELETE FROM vouchers WHERE code = 'C-31012-9'",
    "DELETE FROM vouchers WHERE code = 'C-31012-3'",  # a new fault, which the list does not name
]


@pytest.fixture(scope="module")
def runs(shop: Shop, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shop's run and one after two of three coupons were mended, and another was broken."""
    folder = tmp_path_factory.mktemp("later")
    shutil.copytree(run.folder, folder / "runs" / run.record.run)
    shutil.copyfile(shop.folder / "target.raw", folder / "target.raw")
    with duckdb.connect(str(folder / "target.raw")) as store:
        for statement in MENDING:
            store.execute(statement)
    seal(folder, "target")
    snapshots = {side: shop.snapshot(side) for side in ("source", "baseline", "crosswalk")} | {"target": folder / "target.duckdb"}
    dq.run(shop.contract, batch=1, runs=folder / "runs", snapshots=snapshots)
    return folder / "runs"


@pytest.fixture
def later(runs: Path, run: Run) -> Run:
    (folder,) = (folder for folder in runs.iterdir() if folder.name != run.record.run)
    return dq.open_run(folder)


def test_each_row_of_the_list_is_mended_or_still_broken(run: Run, later: Run) -> None:
    listed, now = run.repair(), later.repair(since=run)
    assert now.drop("now").equals(listed)
    coupons = {row["key"][0]: row["now"] for row in now.filter(entity="coupons").iter_rows(named=True)}
    assert coupons == {"C-31012-1": MENDED, "C-31012-2": STILL, "C-31012-9": MENDED}
    assert set(now.filter(entity="orders")["now"]) == {STILL}


def test_nothing_is_mended_where_nothing_was_done(run: Run) -> None:
    assert set(run.repair(since=run)["now"]) == {STILL}


def test_of_an_entity_that_could_not_be_proven_nobody_knows(run: Run, later: Run) -> None:
    checks = tuple(check.model_copy(update={"outcome": Outcome.NOT_PROVEN}) if check.id == "coupons.rows" else check for check in later.record.checks)
    after = later.record.model_copy(update={"checks": checks})
    now = what_became(run.repair(), listed_by=run.record, after=after, findings=later.folder / "restricted" / "findings.parquet").filter(entity="coupons")
    assert {row["key"][0]: row["now"] for row in now.iter_rows(named=True)} == {"C-31012-1": UNKNOWN, "C-31012-2": STILL, "C-31012-9": UNKNOWN}


def test_by_another_contract_nobody_knows(run: Run, later: Run) -> None:
    after = later.record.model_copy(update={"contract": "another"})
    now = what_became(run.repair(), listed_by=run.record, after=after, findings=later.folder / "restricted" / "findings.parquet")
    assert set(now["now"]) == {STILL, UNKNOWN}


def test_a_run_of_other_batches_is_not_asked(run: Run, later: Run) -> None:
    other = later.record.model_copy(update={"batches": (2,)})
    with pytest.raises(UsageError, match=f"run {other.run} did not compare what run {run.record.run} did"):
        what_became(run.repair(), listed_by=run.record, after=other, findings=later.folder / "restricted" / "findings.parquet")


def test_keys_that_read_alike_are_told_apart(run: Run, tmp_path: Path) -> None:
    keys = [["a", "b"], ["ab"], ["a", None], ["a"], ["1:a", "b"], ["", ""], [""]]
    listed = pl.DataFrame({"entity": ["x"] * len(keys), "key": keys}, schema={"entity": pl.String, "key": pl.List(pl.String)})
    for index in range(len(keys)):
        found = listed[index : index + 1].with_columns(pl.lit(None, pl.String).alias("check"), pl.lit(None, pl.String).alias("column"))
        found.write_parquet(tmp_path / "findings.parquet")
        now = what_became(listed, listed_by=run.record, after=run.record, findings=tmp_path / "findings.parquet")
        assert [place for place, said in enumerate(now["now"]) if said == STILL] == [index]


def test_the_command_writes_what_became_of_the_rows(capsys: pytest.CaptureFixture[str], runs: Path, run: Run, later: Run, tmp_path: Path) -> None:
    file = tmp_path / "mended.csv"
    assert status_of(["show", later.record.run, "--runs", str(runs), "--repair", str(file), "--since", run.record.run]) == 0
    out = capsys.readouterr().out
    assert out.startswith("2 mended, ")
    assert out.endswith(f"still broken; with keys and ids: {file}\n")
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert status_of(["show", run.record.run, "--runs", str(runs), "--repair", str(file), "--since", "previous"]) == 2
    assert capsys.readouterr().err == f"dq: there is no earlier run of that batch in {runs}\n"
