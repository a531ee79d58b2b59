"""The pipelines of docs/ci.md do what the page says: on a small migration, in a checkout, line by line as a runner runs them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dq.signoff.keys import read_signer
from dq.signoff.policy import read_roster
from dq.signoff.signing import Wanted, prepare, sign
from dq.stores.manifest import manifest_path
from tests.cli.small import Small, build
from tests.signoff.signed import roster_text, write_key

from .files_page import LATER, RUN
from .pipelines import ATTESTING, GITHUB, GITLAB, NIGHTLY, Checkout, Ran, check_out, in_order

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pipelines")]

UPLOADED = {name for name in (*RUN, *LATER) if not name.startswith("restricted/")} - {"run.json"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A small migration of which batch 1 has moved, its contract with a roster, and everybody's keys."""
    small = build(tmp_path_factory.mktemp("project"), "batched")
    (small.contract / "signers.toml").write_text(roster_text())
    for name in ("ci", "sri", "budi"):
        write_key(small.folder, name)
    return small


@pytest.fixture
def checkout(project: Small, tmp_path: Path) -> Checkout:
    """That project on a runner."""
    key = project.folder / "ci"
    values = {
        "inputs.moved": "1",
        "inputs.next": "2",
        "vars.RUNS": str(tmp_path / "runs"),
        "vars.ROSTER_SHA256": hashlib.sha256((project.contract / "signers.toml").read_bytes()).hexdigest(),
        "secrets.VALIDATOR_KEY": key.read_text().rstrip("\n"),
        "files.VALIDATOR_KEY": str(key),
    }
    found = check_out(tmp_path, project.contract, values, runs=tmp_path / "runs")
    for side in ("source", "target", "baseline", "crosswalk"):
        for file in (project.snapshot(side), manifest_path(project.snapshot(side))):
            shutil.copy2(file, found.folder / file.name)
    return found


def signed(checkout: Checkout, project: Small) -> None:
    """Let two people sign what was attested."""
    (parity,) = checkout.runs.glob("*/parity.intoto.json")
    contract = checkout.folder / "expectations"
    for name, role in (("sri", "data-owner"), ("budi", "finance")):
        wanted = Wanted(role=role, now=datetime.now(tz=UTC), contract=contract)
        ready = prepare(parity.parent, read_roster(contract / "signers.toml"), read_signer(project.folder / name, ask=str), wanted=wanted)
        sign(ready, typed=ready.words)


def of(pipeline: str) -> Callable[[Checkout, str], Ran]:
    """Return what runs a job of a pipeline."""
    return Checkout.github if pipeline == "GitHub Actions" else lambda checkout, job: checkout.gitlab(GITLAB[job])


PIPELINES = ("GitHub Actions", "GitLab")


def test_both_pipelines_have_the_same_jobs_in_the_same_order() -> None:
    assert [*in_order()] == GITLAB["stages"] == ["prove", "gate", "move"]


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_pipeline_moves_the_next_batch_when_the_one_before_is_proven_and_signed_and_not_before(pipeline: str, checkout: Checkout, project: Small) -> None:
    run = of(pipeline)
    proven = run(checkout, "prove")
    assert (proven.status, "PASSED batch=1" in proven.said) == (0, True), proven.said
    assert [path.name for path in checkout.temp.glob("validator*")] == []  # the key is gone with the step
    if pipeline == "GitHub Actions":
        shut = run(checkout, "gate")
        assert (shut.status, "GATE SHUT batch=2" in shut.said, "report.html" in shut.uploaded) == (3, True, True), shut.said
    else:  # where anybody may start a job by hand
        assert (run(checkout, "move").status, checkout.moved) == (3, [])
    signed(checkout, project)
    gate = run(checkout, "gate")
    assert (gate.status, "GATE OPEN batch=2" in gate.said) == (0, True), gate.said
    assert set(gate.uploaded) <= UPLOADED
    assert {"report.html", "report.json", "summary.md", "junit.xml"} <= set(gate.uploaded)
    moved = run(checkout, "move")
    assert (moved.status, checkout.moved) == (0, ["2"]), moved.said
    if pipeline == "GitHub Actions":
        summary = (checkout.temp / "summary.md").read_text()
        assert summary.index("GATE SHUT") < summary.index("GATE OPEN")


def test_keys_and_values_are_pruned_every_night(checkout: Checkout) -> None:
    (checkout.runs / ("1" * 12) / "restricted").mkdir(parents=True)
    (checkout.runs / ("1" * 12) / "report.json").write_text("{}")
    (checkout.runs / ("1" * 12) / "run.json").write_text('{"kept_until": "2024-12-01"}')
    ran = checkout.gitlab(NIGHTLY["prune"])
    assert (ran.status, "deleted restricted/ of 1 run of 1" in ran.said) == (0, True), ran.said
    assert not (checkout.runs / ("1" * 12) / "restricted").exists()


def test_the_step_that_attests_is_the_one_that_the_page_on_signing_shows() -> None:
    (shown,) = ATTESTING
    (steps,) = ([step["run"] for step in GITHUB["jobs"]["prove"]["steps"] if "--key" in step.get("run", "")],)
    told = shown["run"].replace('"$BATCH"', '"$MOVED"').replace("$RUNNER_TEMP/runs", "$RUNS")
    assert [told] == steps
