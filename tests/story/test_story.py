"""The story is as it is told, and as its page shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.docs.test_docs_blocks import PLAYED, missing, same

from .chapters import Ended, play
from .telling import Story, StoryError

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("story")]

BROKEN = {"coupons.instants": "FAILED", "reviews.values": "FAILED"}
WAIVED = {"coupons.instants": "WAIVED"}
UNSIGNED = {"signoff.2": "NOT PROVEN", "carried.2": "NOT PROVEN"}
HARMED = {"coupons.values": "FAILED", "coupons.sums.face_value": "FAILED", "coupons.sums.liability": "FAILED", "carried.1": "FAILED"}
TOLD = (
    ("PASSED batch=1", {}),
    ("GATE OPEN batch=2", {}),
    ("FAILED batch=2", BROKEN),
    ("GATE SHUT batch=3", BROKEN | UNSIGNED),
    ("WAIVED batch=2", WAIVED),
    ("GATE SHUT batch=3", WAIVED | UNSIGNED | {"waivers.signed": "NOT PROVEN"}),
    ("GATE OPEN batch=3", WAIVED),
    ("GATE OPEN batch=3", WAIVED),  # a customer has acted since
    ("PASSED batch=3", {}),
    ("GATE OPEN batch=4", WAIVED),
    ("GATE SHUT batch=4", WAIVED | HARMED),
    ("GATE OPEN batch=4", WAIVED),
    ("PASSED batch=4", {}),
    ("GATE OPEN batch=5", WAIVED),
)
"""How each comparison ends, and the checks that do not pass."""

SIGNERS = {1: ["budi", "sri"], 2: ["sri", "tina"], 3: ["budi", "sri"], 4: ["sri", "tina"]}


@pytest.fixture(scope="session")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The story, played once."""
    return play(tmp_path_factory.mktemp("story") / "story", tell=lambda _: None)


def test_four_batches_are_moved_broken_waived_mended_harmed_and_signed(ended: Ended) -> None:
    """Every comparison ends as told with exactly the checks told; every batch is verified; the history names batches, verdicts and signers."""
    story = ended.story
    assert [(step.last, dict(step.checks)) for step in story.steps] == [*TOLD]
    verified = {batch: story.dq(f"dq verify {run} --policy-digest $AGREED").splitlines()[-1] for batch, run in ended.signed.items()}
    assert verified == {batch: f"VERIFIED batch={batch} run={run}" for batch, run in ended.signed.items()}
    history = json.loads(story.dq("dq show --history --json --policy expectations/signers.toml"))["runs"]
    assert [(run["run"], run["command"], run["batch"], run["outcome"]) for run in history] == [
        (step.run, "gate" if step.last.startswith("GATE") else "run", int(step.last[-1]), _outcome(step.checks)) for step in story.steps
    ]
    signed = {run["batch"]: (run["run"], run["sign_off"], sorted(item["person"] for item in run["sign_offs"])) for run in history if "sign_off" in run}
    assert signed == {batch: (run, "VERIFIED", SIGNERS[batch]) for batch, run in ended.signed.items()}
    assert ended.report.is_file()


def test_what_is_signed_is_verified_when_keys_and_values_are_gone(ended: Ended) -> None:
    story, runs = ended.story, ended.story.folder / "runs"
    story.dq("dq prune --keep 0 --yes")
    assert list(runs.glob("*/restricted")) == []
    last = story.dq(f"dq verify {ended.signed[1]} --policy-digest $AGREED").splitlines()[-1]
    assert last == f"VERIFIED batch=1 run={ended.signed[1]}"


def _outcome(checks: object) -> str:
    worst = ("NOT PROVEN", "FAILED", "WAIVED")
    return next((outcome for outcome in worst if outcome in dict(checks).values()), "PASSED")  # type: ignore[call-overload]


def test_the_page_shows_what_the_story_says(ended: Ended) -> None:
    told = "\n".join((*ended.story.lines, "STORY VERIFIED", str(ended.report)[len(str(ended.story.folder.parent)) + 1 :]))
    typed = iter([("make story", told), *((item.command, item.said) for item in ended.story.typed)])
    shown = [part.partition("\n") for block in blocks("console") if block.page == PLAYED for part in re.split(r"(?m)^\$ ", block.text)[1:]]
    assert len(shown) > len(TOLD)
    for command, _, lines in shown:
        said = next((said for one, said in typed if same(one) == same(command)), None)
        assert said is not None, command
        assert missing(same(lines), same(said)) == [], command


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(StoryError, match="something else stands there"):
        play(tmp_path, tell=lambda _: None)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_other_checks_than_told_end_a_story(ended: Ended) -> None:
    command = "dq run --batch 4"
    with pytest.raises(StoryError, match=r"^dq run --batch 4: not passed are none; told was coupons\.values FAILED$"):
        ended.story.step("Batch 4 has moved", command, status=0, ends="PASSED batch=4", checks={"coupons.values": "FAILED"})


def test_a_story_that_goes_otherwise_ends_in_a_clear_line(tmp_path: Path) -> None:
    story = Story(tmp_path, lambda _: None)
    with pytest.raises(StoryError, match=r"^dq check: exit status 2, told was 0\ndq: expectations: no such contract folder$"):
        story.dq("dq check")
