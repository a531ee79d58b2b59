"""The engine and the oracle agree on the shipped demo with the shipped contract: whole, and broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from dq.contract.reading import read_contract
from dq.demo import build_snapshots
from dq.stores.manifest import read_manifest
from tests.oracle.agreement import differences
from tests.oracle.people import Asked
from tests.oracle.sealing import Small
from tests.oracle.snapshots import rows_of
from tests.oracle.world import make_world

SIDES = ("source", "target", "baseline", "crosswalk", "export")


def disagreements(contract: Path, snapshots: Path) -> list[str]:
    small = Small(contract, {side: snapshots / f"{side}.duckdb" for side in SIDES})
    moment, until = (read_manifest(small.snapshots[side]).taken_at for side in ("baseline", "target"))
    asked = Asked(frozenset({1}), frozenset({1}))
    world = make_world(read_contract(contract), {side: rows_of(file) for side, file in small.snapshots.items()}, asked=asked, moment=moment, until=until)
    with small.measured(batch=1) as (engine, facts):
        return differences(engine, facts, world)


@pytest.mark.slow
def test_the_clean_demo_is_judged_alike(contract_folder: Path, demo_snapshots: Path) -> None:
    assert disagreements(contract_folder, demo_snapshots) == []


@pytest.mark.slow
def test_the_broken_demo_is_judged_alike(contract_folder: Path, tmp_path: Path) -> None:
    build_snapshots(tmp_path, accounts=400, broken=True)
    assert disagreements(contract_folder, tmp_path) == []
