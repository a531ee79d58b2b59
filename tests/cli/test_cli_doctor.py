"""Whether everything is here that a gate needs, in a line each; nothing is compared and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from small import MOMENT, Dq, Said, Small, assert_refused

from dq import doctoring
from dq.doctoring import examine
from dq.stores.manifest import manifest_path


def doctor(dq: Dq, small: Small, *arguments: object) -> Said:
    return dq("doctor", "--contract", small.contract, "--runs", small.runs, *arguments)


def states(said: Said) -> dict[str, str]:
    return {line["what"]: line["state"] for line in json.loads(said.out)["found"]}


@pytest.fixture(autouse=True)
def _roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else this machine does, it has memory enough."""
    monkeypatch.setattr(doctoring, "MEMORY", 1)


def test_where_all_is_here_it_ends_with_0_and_writes_nothing(plain: Small, dq: Dq) -> None:
    before = sorted(plain.folder.rglob("*"))
    said = doctor(dq, plain)
    assert (said.status, sorted(plain.folder.rglob("*"))) == (0, before)
    assert said.out.splitlines()[0] == f"here      contract            {plain.contract}: 1 entity, 0 waivers"


def test_what_is_optional_changes_nothing(plain: Small, dq: Dq) -> None:
    found = states(doctor(dq, plain, "--json"))
    assert (found["signers.toml"], found["stores.lock.toml"]) == ("optional", "optional")


BROKEN: tuple[tuple[str, Callable[[Small], object], str], ...] = (
    ("contract", lambda small: (small.contract / "coupons.toml").write_text("nokey = 1"), "coupons.toml: columns: a table of columns is needed"),
    ("contract", lambda small: (small.contract / "waivers.toml").write_text("[[waiver]]"), "waivers.toml: waiver.0.check: missing"),
    ("source snapshot", lambda small: small.snapshot("source").unlink(), "no such file"),
    ("target snapshot", lambda small: manifest_path(small.snapshot("target")).unlink(), "no manifest target.manifest.json beside it"),
    ("target snapshot", lambda small: small.snapshot("target").write_bytes(b"DUCK"), "4 bytes, its manifest says"),
    ("source snapshot", lambda small: Path(f"{small.snapshot('source')}.wal").write_bytes(b""), "a .wal stands beside it"),
    ("disk", lambda small: small.runs.write_text("a file"), "cannot be written to"),
)


@pytest.mark.parametrize(("what", "spoil", "why"), BROKEN, ids=[f"{what}: {why}" for what, _, why in BROKEN])
def test_what_is_missing_is_named_and_the_status_is_3(what: str, spoil: Callable[[Small], object], why: str, plain: Small, dq: Dq) -> None:
    spoil(plain)
    said = doctor(dq, plain, "--json")
    assert (said.status, [name for name, state in states(said).items() if state == "missing"]) == (3, [what])
    assert why in next(line["said"] for line in json.loads(said.out)["found"] if line["what"] == what)


def test_too_little_memory_is_told(plain: Small, dq: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctoring, "MEMORY", 10**18)
    assert states(doctor(dq, plain, "--json"))["memory"] == "missing"


def test_a_clock_that_is_behind_the_snapshots_is_told(plain: Small) -> None:
    found = examine(plain.contract, runs=plain.runs, now=MOMENT.replace(tzinfo=UTC) - timedelta(hours=1))
    assert [symptom.what for symptom in found if symptom.state == "missing" and "a clock is wrong" in symptom.said] == ["source snapshot", "target snapshot"]


def test_a_contract_that_is_not_there_leaves_the_machine_to_be_looked_at(plain: Small) -> None:
    found = examine(plain.folder / "nowhere", runs=plain.runs, now=datetime.now(tz=UTC))
    assert [symptom.what for symptom in found if symptom.state == "missing"] == ["contract"]
    assert {"engine", "disk", "memory"} <= {symptom.what for symptom in found}


def test_an_option_that_there_is_not_is_refused(dq: Dq) -> None:
    assert_refused(dq("doctor", "--quick"), 2, "--quick")


def test_keys_and_values_that_are_past_their_day_are_named_and_change_no_status(plain: Small, run: Dq, dq: Dq) -> None:
    plain.edit("migration.toml", "max_age_hours = 72", "max_age_hours = 72\nkeep_days = 30")
    assert run(plain).status == 0
    assert states(doctor(dq, plain, "--json"))["keys and values"] == "here"
    (varying,) = plain.runs.glob("*/run.json")
    varying.write_text(json.dumps(json.loads(varying.read_text()) | {"kept_until": "2024-12-01"}))
    said = doctor(dq, plain)
    assert (said.status, said.out.splitlines()[-1]) == (
        0,
        f"overdue   keys and values     {varying.parent / 'restricted'}: kept until 2024-12-01, dq prune --yes deletes them",
    )


def test_a_snapshot_that_is_past_its_day_is_named(plain: Small, dq: Dq) -> None:
    plain.write_manifest("source", kept_until="2024-12-01")
    plain.write_manifest("target", kept_until="8999-01-01")
    said = doctor(dq, plain)
    overdue = [line for line in said.out.splitlines() if line.startswith("overdue")]
    assert overdue == [
        f"overdue   source snapshot     {plain.contract / '..' / 'source.duckdb'}: was to be kept until 2024-12-01: delete it, or seal a newer one"
    ]
    assert said.status == 0
