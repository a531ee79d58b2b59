"""The one place that takes a random shop through both: sealed and measured by the engine, judged by the oracle."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from tests.oracle.agreement import differences
from tests.oracle.corrupting import corrupt
from tests.oracle.people import Asked
from tests.oracle.random_shops import Shop, make_shop, rows_of
from tests.oracle.sealing import BASELINE, MOMENT, Small, make_small
from tests.oracle.world import World, make_world


@dataclass(frozen=True)
class Drawn:
    """A shop, sealed; the batch that is asked about; the same for the oracle."""

    shop: Shop
    small: Small
    batch: int | None
    world: World


def draw(rng: random.Random, folder: Path, *, corruptions: int) -> Drawn:
    """Draw a shop, corrupt it up to so many times, and seal it."""
    shop = make_shop(rng)
    for _ in range(rng.randint(0, corruptions)):
        corrupt(rng, shop)
    batch = rng.choice([None, *range(1, shop.moved + 1)]) if shop.batches else None
    small = make_small(folder, files=shop.files, stores=shop.stores, batch=shop.moved if shop.batches else None)
    moved = frozenset(range(1, shop.moved + 1))
    asked = Asked(moved if batch is None else frozenset({batch}), moved)
    moment = BASELINE if "baseline" in shop.stores else None
    return Drawn(shop, small, batch, make_world(small.contract, rows_of(shop), asked=asked, moment=moment, until=MOMENT))


def disagreements(drawn: Drawn) -> list[str]:
    """Return where engine and oracle differ; and, for a person, what was corrupted."""
    with drawn.small.measured(batch=drawn.batch) as (engine, facts):
        found = differences(engine, facts, drawn.world)
    return [*found, f"batch {drawn.batch}, {len(drawn.shop.said)} corruptions", *drawn.shop.said] if found else []
