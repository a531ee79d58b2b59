"""`dq snapshot` of servers: the demo on them is the demo, a batch's accounts suffice for its run, and every mishap is one line without a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dq_fixtures import build_demo
from dq_fixtures.live import LiveDemo, loaded
from dq_fixtures.servers import MARIADB, POSTGRESQL
from small import Dq

from dq.demo import build_snapshots, write_contract
from dq.stores.manifest import Manifest, read_manifest
from tests.conftest import ACCOUNTS

pytestmark = pytest.mark.slow  # a server each

MOMENTS = {"source": "2024-11-05T18:00:00+00:00", "target": "2024-11-05T20:30:00+00:00", "baseline": "2024-10-28T17:00:00+00:00"}


@dataclass(frozen=True)
class Demo:
    """The demo on servers, its contract, and the embedded snapshots of the same demo."""

    live: LiveDemo
    contract: Path
    embedded: Path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, demo_snapshots: Path) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("live")
    build_demo(folder, accounts=ACCOUNTS)
    write_contract(folder / "expectations")
    (folder / "snapshots").symlink_to(demo_snapshots)
    with loaded(folder) as live:
        yield Demo(live, folder / "expectations", demo_snapshots)


def _taken(dq: Dq, demo: Demo, side: str, target: Path, *options: object) -> Manifest:
    place = getattr(demo.live, side)
    said = dq("snapshot", side, "--from", place, "--contract", demo.contract, "--to", target, "--moment", MOMENTS[side], *options)
    assert (said.status, said.err) == (0, "")
    return read_manifest(target)


@pytest.mark.parametrize("side", ["source", "target", "baseline"])
def test_everything_of_a_server_is_what_the_embedded_demo_holds(demo: Demo, dq: Dq, tmp_path: Path, side: str) -> None:
    live, embedded = _taken(dq, demo, side, tmp_path / "s.duckdb", "--all"), read_manifest(demo.embedded / f"{side}.duckdb")
    assert live.kind == ("mariadb" if side == "source" else "postgresql")
    assert live.content == embedded.content
    assert {name: table.primary_key for name, table in live.taken.items()} == {name: table.primary_key for name, table in embedded.taken.items()}
    assert live.notes == ("the moment was given by hand",)


def test_only_what_the_contract_reads_is_taken_and_it_suffices(demo: Demo, dq: Dq, tmp_path: Path) -> None:
    files = {side: tmp_path / f"{side}.duckdb" for side in MOMENTS}
    for side, file in files.items():
        _taken(dq, demo, side, file, *(("--batch", 1) if side == "target" else ()))
    source = read_manifest(files["source"])
    assert ("carts" in source.left, "last_seen_at" in source.taken["users"].types()) == (True, False)
    sides = [argument for side, file in files.items() for argument in (f"--{side}", file)]
    for runs, arguments in ((tmp_path / "live", sides), (tmp_path / "embedded", [])):
        assert dq("run", "--batch", 1, "--contract", demo.contract, "--runs", runs, *arguments).status == 0
    live, embedded = (json.loads(next((tmp_path / name).glob("*/report.json")).read_text()) for name in ("live", "embedded"))
    for record in (live, embedded):  # all but what says how much was sealed
        assert len(record.pop("snapshots")) == 5
        record["checks"] = [check for check in record["checks"] if not check["id"].startswith(("snapshot.", "canary."))]  # what is planted follows the run's id
        record.pop("run")
        record.pop("inputs", None)
    assert live == embedded


def test_a_batchs_accounts_suffice_for_its_run_and_for_no_other(demo: Demo, dq: Dq, tmp_path: Path) -> None:
    file = tmp_path / "source.duckdb"
    manifest = _taken(dq, demo, "source", file, "--batch", 1)
    whole = read_manifest(demo.embedded / "source.duckdb")
    assert (manifest.batch, manifest.accounts_of) == (1, 1)
    assert 0 < (manifest.taken["user_coupons"].rows or 0) < (whole.taken["user_coupons"].rows or 0)
    assert manifest.taken["orders"].rows == whole.taken["orders"].rows  # whose a line is, only its order says: both are taken whole
    assert manifest.taken["products"].rows == whole.taken["products"].rows
    call = ("--contract", demo.contract, "--runs", tmp_path / "runs", "--source", file)
    assert dq("run", "--batch", 1, *call).status == 0
    said = dq("gate", "--batch", 2, *call)
    told = "dq: source snapshot: it holds the accounts of batch 1 alone; seal it without --batch, or run --batch 1\n"
    assert (said.status, said.err) == (3, told)


def test_a_run_of_the_broken_demo_finds_the_same_on_servers(dq: Dq, tmp_path: Path) -> None:
    for name, live in (("live", True), ("embedded", False)):
        write_contract(tmp_path / name / "expectations")
        build_snapshots(tmp_path / name / "snapshots", accounts=ACCOUNTS, broken=True, live=live)
        assert dq("run", "--batch", 1, "--contract", tmp_path / name / "expectations", "--runs", tmp_path / name / "runs").status == 1
    live_record, embedded_record = (next((tmp_path / name / "runs").glob("*/report.json")).read_bytes() for name in ("live", "embedded"))
    assert live_record == embedded_record


# What --from says, with {} for the demo's source or target; the exit status, and what is said.
MISHAPS = [
    (f"postgresql://postgres@127.0.0.1:{POSTGRESQL}/dq_no_such", 3, "dq_no_such"),
    (f"mariadb://root@127.0.0.1:{MARIADB}/dq_no_such", 3, "dq_no_such"),
    ("postgresql://u@127.0.0.1:1/shop", 3, "postgresql://u@127.0.0.1:1/shop"),
    ("mysql://u@127.0.0.1:1/shop", 3, "mysql://u@127.0.0.1:1/shop"),
    ("postgresql://u@no-such-host.invalid/shop", 3, "postgresql://u@no-such-host.invalid/shop"),
    ("mysql://u@no-such-host.invalid/shop", 3, "mysql://u@no-such-host.invalid/shop"),
    ("postgresql://u:s3cret@h/shop", 2, "--from: a password on the command line"),
    ("postgresql://u@127.0.0.1/shop?sslmod=require", 2, "--from: libpq has no option 'sslmod'; did you mean 'sslmode'?"),
    ("env:DQ_NO_SUCH", 2, "DQ_NO_SUCH is not set"),
    ("oracle://h/shop", 2, "there is no reader for oracle://"),
]


@pytest.mark.parametrize("mishap", MISHAPS, ids=lambda mishap: mishap[0])
def test_a_mishap_is_one_line_and_seals_nothing(demo: Demo, dq: Dq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mishap: tuple[str, int, str]) -> None:
    place, status, told = mishap
    for variable in ("PGPASSWORD", "MYSQL_PWD"):
        monkeypatch.setenv(variable, "s3cret")
    said = dq("snapshot", "source", "--from", place, "--contract", demo.contract, "--to", tmp_path / "s.duckdb")
    assert (said.status, said.out) == (status, "")
    assert told in said.err
    assert said.err.count("\n") == 1
    assert "s3cret" not in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--table", "user"), "--table: the store has no table 'user'; did you mean 'users'?"),
        (("--batch", 9), "--batch: there is no batch 9 (0 to 5)"),
        (("--batch", 0), "--batch: batches of a source count from 1"),
    ],
)
def test_what_a_server_does_not_have_is_wrong_usage(demo: Demo, dq: Dq, tmp_path: Path, options: tuple[object, ...], told: str) -> None:
    said = dq("snapshot", "source", "--from", demo.live.source, "--contract", demo.contract, "--to", tmp_path / "s.duckdb", *options)
    assert (said.status, said.err) == (2, f"dq: {told}\n")


def test_a_store_without_a_table_that_the_contract_reads_is_wrong_usage(demo: Demo, dq: Dq, tmp_path: Path) -> None:
    """The other store's address, say: an empty snapshot would only be found out later."""
    said = dq("snapshot", "source", "--from", demo.live.target, "--contract", demo.contract, "--to", tmp_path / "s.duckdb")
    assert (said.status, said.out, said.err.count("\n"), list(tmp_path.iterdir())) == (2, "", 1, [])
    assert "the store has no table '" in said.err
    assert "which the contract reads" in said.err


def test_a_duckdb_file_is_taken_whole(demo: Demo, dq: Dq, tmp_path: Path) -> None:
    file = demo.embedded / "source.duckdb"
    said = dq("snapshot", "source", "--from", file, "--contract", demo.contract, "--to", tmp_path / "s.duckdb", "--table", "users")
    assert (said.status, said.err) == (2, "dq: --table: a DuckDB file is taken whole, and at once\n")
