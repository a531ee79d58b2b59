"""S20: where the roster names exporters, a snapshot is attached only when its exporter vouches for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dq.contract import read_contract
from dq.signoff.exporter import attest_snapshot
from dq.stores.manifest import manifest_path, read_manifest, statement_path
from tests.cli.small import Dq, Said, assert_refused, make_store

from .signed import World, key_table, roster_text, signer

SIDES = ("source", "target", "baseline", "crosswalk")


def exporters(key: str) -> str:
    return roster_text(more=f'[[exporters]]\nname = "exporter"\nkeys = [{key}]')


@pytest.fixture
def exported(attested: World) -> World:
    """A migration whose roster names an exporter, who vouched for every snapshot."""
    (attested.small.contract / "signers.toml").write_text(exporters(key_table("exporter")))
    for side in SIDES:
        file = attested.small.snapshot(side)
        attest_snapshot(file, read_manifest(file), signer("exporter"))
    return attested


def missing(world: World) -> None:
    statement_path(world.small.snapshot("target")).unlink()


def by_a_stranger(world: World) -> None:
    file = world.small.snapshot("target")
    attest_snapshot(file, read_manifest(file), signer("stranger"))


def by_the_validator(world: World) -> None:
    file = world.small.snapshot("target")
    attest_snapshot(file, read_manifest(file), signer("ci"))


def of_another_snapshot(world: World) -> None:
    shutil.copy(statement_path(world.small.snapshot("source")), statement_path(world.small.snapshot("target")))


def with_another_manifest(world: World) -> None:
    world.small.write_manifest("target", notes=["all is well"])


def sealed_by_hand(world: World) -> None:
    world.small.seal_by_hand("target", "UPDATE vouchers SET amount = amount + 1 WHERE voucher_id = 101")


def with_a_bit_flipped(world: World) -> None:
    path = statement_path(world.small.snapshot("target"))
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])


def revoked(world: World) -> None:
    (world.small.contract / "signers.toml").write_text(exporters(key_table("exporter", more=", revoked_at = 2026-01-01T00:00:00Z")))


def taken_outside_its_validity(world: World) -> None:
    (world.small.contract / "signers.toml").write_text(exporters(key_table("exporter", ("2024-11-06T00:00:00Z", "2027-01-01T00:00:00Z"))))


SPOILED = {
    missing: "target.intoto.json: no such file or directory",
    by_a_stranger: "its key is no exporter's",
    by_the_validator: "its key is no exporter's",
    of_another_snapshot: "is of another snapshot than target.duckdb and its manifest",
    with_another_manifest: "is of another snapshot than target.duckdb and its manifest",
    sealed_by_hand: "is of another snapshot than target.duckdb and its manifest",
    with_a_bit_flipped: "target.intoto.json: ",
    revoked: "exporter's key was revoked, or did not count at",
    taken_outside_its_validity: "exporter's key was revoked, or did not count at",
}


def run(dq: Dq, world: World, command: str = "run") -> Said:
    pinned = ("--policy-digest", world.roster.digest) if command == "gate" else ()
    others = world.small.runs.with_name("others")
    return dq(command, "--batch", 1 if command == "run" else 2, "--contract", world.small.contract, "--runs", others, *pinned)


@pytest.mark.parametrize("command", ["run", "gate"])
def test_what_its_exporter_vouches_for_is_compared(exported: World, dq: Dq, command: str) -> None:
    signed_nothing = 3 if command == "gate" else 0
    assert run(dq, exported, command).status == signed_nothing


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_what_its_exporter_does_not_vouch_for_is_not_proven(spoil: Callable[[World], None], exported: World, dq: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dq.answering.open_engine", lambda *_, **__: pytest.fail("it was attached"))
    spoil(exported)
    assert_refused(run(dq, exported), 3, " snapshot: ", SPOILED[spoil], "the roster asks for its exporter's statement")


def test_a_customers_case_is_not_read_from_what_nobody_vouches_for(exported: World, dq: Dq) -> None:
    runs = exported.small.runs.with_name("others")
    assert run(dq, exported).status == 0
    asked = ("explain", "latest", "--account", "3", "--runs", runs, "--contract", exported.small.contract)
    assert dq(*asked).status == 0
    missing(exported)
    said = dq(*asked)
    assert (said.status, said.out, "target.intoto.json: no such file or directory" in said.err) == (3, "", True)


def test_a_roster_without_exporters_asks_for_no_statement(attested: World, dq: Dq) -> None:
    assert run(dq, attested).status == 0


def test_dq_snapshot_writes_the_statement_beside_the_manifest(exported: World, dq: Dq, tmp_path: Path) -> None:
    make_store(tmp_path / "store.db", ("CREATE TABLE users (user_id BIGINT)",))
    to = tmp_path / "sealed.duckdb"
    asked = ["snapshot", "source", "--from", tmp_path / "store.db", "--to", to, "--contract", exported.small.contract, "--force"]
    said = dq(*asked, "--key", exported.keys / "exporter")
    assert (said.status, said.last) == (0, f"  {statement_path(to)}")
    assert {path.stat().st_mode & 0o777 for path in (to, manifest_path(to), statement_path(to))} == {0o600}
    assert dq(*asked).status == 0
    assert not statement_path(to).exists()  # nobody vouches for what was sealed since


def test_a_key_that_cannot_sign_is_refused_before_the_store_is_read(exported: World, dq: Dq, tmp_path: Path) -> None:
    asked = ["snapshot", "source", "--from", tmp_path / "gone.db", "--to", tmp_path / "to.duckdb", "--contract", exported.small.contract]
    assert_refused(dq(*asked, "--key", exported.keys / "exporter.pub"), 2, "exporter.pub: a hardware key or an agent's cannot sign this")


def test_the_roster_is_part_of_the_contracts_digest(exported: World) -> None:
    before = read_contract(exported.small.contract).digest
    revoked(exported)
    assert read_contract(exported.small.contract).digest != before
