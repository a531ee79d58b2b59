"""Every command that reads snapshots can be given others, of every side that a contract may name."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dq.commands.arguments import NO_FILES, Files, with_files
from dq.commands.check import check
from dq.commands.explain import explain
from dq.commands.run import gate, run
from dq.record import Snapshot


@pytest.mark.parametrize("command", [run, gate, check, explain])
def test_a_command_takes_a_snapshot_of_every_side(command: Callable[..., None]) -> None:
    sides = Snapshot.model_fields["side"].annotation.__args__  # type: ignore[union-attr]
    assert set(sides) <= set(inspect.signature(command).parameters)
    assert "files" not in inspect.signature(command).parameters


def test_a_command_gets_those_that_were_named() -> None:
    got: list[Any] = []

    @with_files
    def command(word: str, files: Files = NO_FILES) -> None:
        got.append((word, dict(files)))

    sides = ("source", "target", "baseline", "crosswalk", "crosswalk_before", "export")
    command(word="a", **dict.fromkeys(sides))
    command(word="b", **{**dict.fromkeys(sides), "crosswalk_before": Path("x.duckdb")})
    assert got == [("a", {}), ("b", {"crosswalk_before": Path("x.duckdb")})]
