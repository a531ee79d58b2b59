"""The one place that spoils the comparison itself: a run whose own parts lie, crash or stay away must say that it proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from unittest.mock import patch

import polars as pl
from dq_fixtures.corruptions import checks
from dq_fixtures.corruptions.expected import Expected, Fault, blocked, unproven

from dq.compare.localise import Localised
from dq.compare.rows import make_tables

from .spoiling import Spoil, about, blind, crashing, judged_with, judged_without, losing_one

CRASHED = "the check crashed (RuntimeError"
CANARIES = tuple(f"canary.{entity}" for entity in checks.ENTITIES)
SEEN = "planted in a copy"


@dataclass(frozen=True, kw_only=True)
class Sabotage:
    """One way in which a run cannot be trusted.

    Attributes:
        id: our own, or as in the catalogue.
        what: in plain words.
        spoil: makes the patch that is in force while the run is made.
        on: the corruption of the stores that it is made on; None: the clean demo.
        expected: from what the corruption expects to what must be found.
        crashes: whether a step must have crashed.
    """

    id: str
    what: str
    spoil: Spoil
    expected: Callable[[Expected], Expected]
    on: str | None = None
    crashes: bool = False


SABOTAGES: dict[str, Sabotage] = {}


def _add(
    name: str,
    what: str,
    spoil: Spoil,
    expected: Callable[[Expected], Expected],
    *,
    on: str | None = None,
    crashes: bool = False,
) -> None:
    SABOTAGES[name] = Sabotage(id=name, what=what, spoil=spoil, expected=expected, on=on, crashes=crashes)


def _only(told: Expected) -> Callable[[Expected], Expected]:
    return lambda _: told


def _without_first(told: Expected) -> Expected:
    keys: Collection[tuple[str | None, ...]] = [item.key for item in told if isinstance(item, Fault)]
    return tuple(item for item in told if isinstance(item, Fault) and item.key != min(keys, key=lambda key: int(str(key[0]))))


_add(
    "K12.rows",
    "the comparison of one entity's rows crashes",
    crashing("dq.measuring.measure", when=about("orders")),
    _only(blocked(["orders"], CRASHED)),
    crashes=True,
)
_add(
    "K12.sums",
    "the counts and sums of one entity crash",
    crashing("dq.measuring.compare_sums", when=lambda _, about, **asked: about.name == "coupons" and "face_value" in asked["columns"]),
    _only(unproven(["coupons.sums.face_value"], CRASHED)),
    crashes=True,
)
_add(
    "K12.invariant",
    "one invariant crashes",
    crashing("dq.measuring.check_invariant", when=lambda _, about, claim, **_other: (about.name, claim.name) == ("orders", "refund")),
    _only(unproven(["orders.invariant.refund"], CRASHED)),
    crashes=True,
)
_add(
    "K12.natives",
    "the look at one entity's native rows crashes",
    crashing("dq.measuring.check_natives", when=about("reviews")),
    _only(unproven(["reviews.natives"], CRASHED)),
    crashes=True,
)
_add(
    "K12.canary",
    "the canary of one entity crashes",
    crashing("dq.measuring.release", when=about("products")),
    _only(unproven(["canary.products"], CRASHED)),
    crashes=True,
)
_add(
    "K12.crosswalk",
    "the look at one crosswalk crashes: nothing may go through it",
    crashing("dq.compare.crosswalk.look_at_function", when=lambda _, name: name == "products"),
    _only(unproven(["crosswalk.products"], CRASHED) + blocked(["products", "reviews"], "crosswalk.products cannot be used")),
    crashes=True,
)
_add(
    "K12.snapshot",
    "the look into one snapshot crashes",
    crashing("dq.running.discrepancies", when=lambda _, __, manifest, **___: manifest.side == "baseline"),
    _only(unproven(["snapshot.baseline"], CRASHED)),
    crashes=True,
)
_add(
    "K13.away",
    "one check does not run",
    lambda: patch("dq.recording.judge_entity", judged_without("orders.natives")),
    _only(unproven(["orders.natives"], "it did not run")),
)
_add(
    "K13.twice",
    "one check runs twice",
    lambda: patch("dq.recording.judge_entity", judged_with("coupons.rows", as_="coupons.rows")),
    _only(unproven(["coupons.rows"], "it ran twice")),
)
_add(
    "K13.stray",
    "a check runs that nobody declared",
    lambda: patch("dq.recording.judge_entity", judged_with("coupons.rows", as_="coupons.soup")),
    _only(unproven(["coupons.soup"], "the contract declares no such check")),
)
_add(
    "F36.nothing",
    "the comparison finds nothing, whatever differs",
    lambda: patch("dq.canaries.localise", lambda engine, entity, **_: Localised(make_tables(engine, entity), agrees=True)),
    _only(unproven(CANARIES, SEEN)),
)
_add(
    "F36.hash",
    "every row has the same hash",
    lambda: patch("dq.compare.fingerprint.row_hash", lambda *_: "hash(1)"),
    _only(unproven(CANARIES, SEEN)),
)
_add(
    "F36.column",
    "the comparison is blind to instants",
    lambda: patch("dq.compare.localise._broken", blind(lambda column, _: column.kind == "instants", "false")),
    _only(unproven([f"canary.{entity}" for entity in checks.ENTITIES if f"{entity}.instants" in checks.ALL], SEEN)),
)
_add(
    "F36.blame",
    "the comparison blames the first column for everything",
    lambda: patch("dq.compare.localise._broken", blind(lambda column, entity: entity.name.startswith("canary.") and column == entity.compared[0], "true")),
    _only(unproven(CANARIES, SEEN)),
)
_add(
    "F36.lost",
    "the comparison loses one of two rows that it found",
    lambda: patch("dq.compare.localise._join", losing_one(of="accounts")),
    lambda told: (
        *_without_first(told),
        *unproven([check for check in checks.rest("accounts") if check not in ("accounts.natives", "canary.accounts")], "do not agree"),
    ),
    on="A03",
)
_add(
    "S02",
    "a variable of the program is called like a table that is missing",
    lambda: patch("dq.engine.comments", pl.DataFrame({"comment_id": [1]}), create=True),
    lambda told: told,
    on="S01",
)
