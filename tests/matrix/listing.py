"""The one place that lists the whole matrix, and runs one item of it by name: a corruption, the broken demo, a spoilt run, a neutral change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dq_fixtures.corruptions import CORRUPTIONS
from dq_fixtures.corruptions.neutral import NEUTRAL
from dq_fixtures.corruptions.registry import FIRST, Stage

from .cases import run_corruption, run_demo, run_neutral, run_sabotage
from .sabotage import SABOTAGES
from .surroundings import SURROUNDINGS

Kind = Literal["corruption", "demo", "sabotage", "neutral", "surrounding"]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the matrix."""

    kind: Kind
    id: str
    what: str
    stage: Stage = FIRST

    @property
    def built(self) -> tuple[int, ...]:
        """Of how many batches moved the demos are that it needs."""
        return (self.stage.moved, *(() if self.stage.before is None else (self.stage.before,)))

    @property
    def neutral(self) -> bool:
        """Nothing may be found."""
        return self.kind in ("neutral", "surrounding")


def items() -> tuple[Item, ...]:
    """Return everything, in a fixed order."""
    return (
        *(Item("corruption", one.id, one.what, one.stage) for one in CORRUPTIONS.values()),
        Item("demo", "demo", "The broken demo as a whole: all of its corruptions at once."),
        Item("demo", "demo.gate", "The broken demo as a whole: may batch 2 start?"),
        *(Item("sabotage", one.id, f"{one.what[:1].upper()}{one.what[1:]}.") for one in SABOTAGES.values()),
        *(Item("neutral", one.id, one.what, one.stage) for one in NEUTRAL.values()),
        *(Item("surrounding", name, f"{one.what[:1].upper()}{one.what[1:]}.".replace("?.", "?"), one.stage) for name, one in SURROUNDINGS.items()),
    )


def run_item(base: Path, item: Item) -> list[str]:
    """Run one item and return what was otherwise than it must be, one line each."""
    runners: dict[Kind, Callable[[Path, str], list[str]]] = {
        "corruption": run_corruption,
        "demo": run_demo,
        "sabotage": run_sabotage,
        "neutral": run_neutral,
        "surrounding": lambda where, name: SURROUNDINGS[name].run(where),
    }
    return runners[item.kind](base, item.id)
