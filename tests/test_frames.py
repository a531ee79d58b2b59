"""A run's frames and what a notebook offers of it: whatever text its record holds, every name that can be asked for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from dq.result import Run
from tests.report.extreme_records import hostile
from tests.report.records import broken, entity


@pytest.fixture
def run() -> Run:
    """A recorded broken run."""
    return Run(Path("runs"), broken())


def test_a_frame_holds_half_a_character_as_its_code_point() -> None:
    run = Run(Path("runs"), hostile())
    expected = [cause.sentence.replace("\ud800", "\\ud800") for cause in run.record.causes]
    assert run.causes()["cause"].to_list() == expected
    assert any("\\ud800" in text for text in expected)


@pytest.mark.parametrize("frame", ["checks", "slices"])
def test_every_other_frame_holds_as_many_rows_as_the_record_has_of_it(frame: str) -> None:
    record = hostile()
    rows = {"checks": len(record.checks), "slices": sum(len(check.overrepresented) for check in record.checks)}
    assert getattr(Run(Path("runs"), record), frame)().height == rows[frame]


def test_an_entitys_frames_hold_half_a_character_too() -> None:
    names = [item.entity for item in hostile().entities if "\ud800" in item.entity]
    found = [Run(Path("runs"), hostile())[name].checks().height for name in names]
    assert found == [sum(check.entity == name for check in hostile().checks) for name in names]


def test_entities_are_offered_after_the_dot(run: Run) -> None:
    assert {"causes", "findings", "record", *(item.entity for item in run.record.entities)} <= set(dir(run))
    assert run.coupons == run["coupons"]  # type: ignore[attr-defined]  # they are the record's


def test_entities_are_offered_in_brackets(run: Run) -> None:
    assert run._ipython_key_completions_() == [item.entity for item in run.record.entities]


def test_an_entity_that_is_called_as_a_method_is_in_brackets_alone(run: Run) -> None:
    named = dataclasses.replace(run, record=run.record.model_copy(update={"entities": (entity("checks"), entity("a b"))}))
    assert (named.checks().height, named["checks"].result.entity) == (len(run.record.checks), "checks")
    assert "a b" not in dir(named)
