"""The one place that spoils the comparison itself: a run whose own parts lie, crash or stay away must say that it proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from unittest.mock import patch

import polars as pl
from dq_fixtures.corruptions import checks
from dq_fixtures.corruptions.expected import Expected, Fault, blocked, unproven

from dq.compare.blanks import BLANKS
from dq.compare.localise import Localised
from dq.compare.rows import make_tables
from dq.sql import literal, quote

from .spoiling import (
    HOLDS,
    LEDGER,
    NATIVES,
    UNIQUE,
    Spoil,
    about,
    blind,
    comparing,
    crashing,
    everything_planted,
    finding_nothing_in_files,
    is_number,
    is_text,
    judged_with,
    judged_without,
    losing_one,
    wrapped_at_32_bits,
    xored,
)

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
        blind: a comparison of which only canaries can tell.
    """

    id: str
    what: str
    spoil: Spoil
    expected: Callable[[Expected], Expected]
    on: str | None = None
    crashes: bool = False
    blind: bool = False


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


def _blind(name: str, what: str, spoil: Spoil, canaries: Iterable[str]) -> None:
    """Register a comparison that does not see something: these canaries tell of it, and nothing else."""
    SABOTAGES[name] = Sabotage(id=name, what=what, spoil=spoil, expected=_only(unproven(canaries, SEEN)), blind=True)


def _only(told: Expected) -> Callable[[Expected], Expected]:
    return lambda _: told


_CLAIMING = {
    "holds": ("products", "retired_products", "coupon_definitions", "coupons", "orders", "order_lines", "payments", "warranties"),
    "unique": ("order_lines", "warranties"),
}
"""Which entities have claims of a form."""


def _valued(*without: str) -> tuple[str, ...]:
    """The canaries of entities that have compared columns, but for some in whose few rows no operator shows it."""
    return _canaries(*(entity for entity in checks.ENTITIES if checks.pairs(entity) and entity not in without))


def _canaries(*entities: str) -> list[str]:
    return [f"canary.{entity}" for entity in entities]


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
    _only(unproven(["coupons.sums.face_value", "coupons.sums.liability"], CRASHED)),
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
    "K12.export",
    "the comparison of one entity with persons' exports crashes",
    crashing("dq.measuring.compare_export", when=about("coupons")),
    _only(unproven(["coupons.export"], CRASHED)),
    crashes=True,
)
_add(
    "K12.people",
    "the look at who has an export crashes",
    crashing("dq.measuring.look_at_people", when=lambda *_, **__: True),
    _only(unproven([f"{entity}.export" for entity in checks.EXPORTED], CRASHED)),
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
    _only(
        unproven(["crosswalk.products"], CRASHED)
        + blocked(["products", "redirects", "order_lines", "coupon_products", "reviews"], "crosswalk.products cannot be used")
        + unproven(["orders.invariant.lines"], "the rows of order_lines could not be compared")
    ),
    crashes=True,
)
_add(
    "K12.freeze",
    "the look for rows after the freeze crashes",
    crashing("dq.measuring.check_freeze", when=about("orders")),
    _only(unproven(["orders.freeze"], CRASHED)),
    crashes=True,
)
_add(
    "K12.progress",
    "the count of how far the migration is crashes",
    crashing("dq.measuring.count_batches", when=lambda *_, **_asked: True),
    _only(unproven(["calendar.deadline"], CRASHED)),
    crashes=True,
)
_add(
    "K12.snapshot",
    "the look into one snapshot crashes",
    crashing("dq.answering.discrepancies", when=lambda _, __, manifest, **___: manifest.side == "baseline"),
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
    lambda: patch("dq.canaries.releasing.localise", lambda engine, entity, **_: Localised(make_tables(engine, entity), agrees=True)),
    _only(unproven(CANARIES, SEEN)),
)
_blind(
    "F36.hash",
    "every row has the same hash",
    lambda: patch("dq.compare.fingerprint.row_hash", lambda *_: "hash(1)"),
    CANARIES,
)
_blind(
    "F36.column",
    "the comparison is blind to instants",
    lambda: patch("dq.compare.localise._broken", blind(lambda column, _: column.kind == "instants", "false")),
    [f"canary.{entity}" for entity in checks.ENTITIES if f"{entity}.instants" in checks.ALL],
)
_blind(
    "F36.blame",
    "the comparison blames the first column for everything",
    lambda: patch("dq.compare.localise._broken", blind(lambda column, entity: entity.name.startswith("canary.") and column in entity.compared[:1], "true")),
    [f"canary.{entity}" for entity in checks.ENTITIES if checks.pairs(entity)],
)
_blind(
    "F36.case",
    "the comparison holds upper and lower case for the same",
    comparing(lambda column, value: f"lower({value})" if is_text(column) else None),
    _valued(),
)
_blind(
    "F36.trim",
    "the comparison forgets blanks at the ends",
    comparing(lambda column, value: f"trim({value}, {literal(BLANKS)})" if is_text(column) else None),
    _valued(),
)
_blind(
    "F36.empty",
    "the comparison holds NULL and empty text for the same",
    comparing(lambda column, value: f"coalesce({value}, '')" if is_text(column) else None),
    _canaries("accounts", "consents", "redirects", "orders", "payments", "warranties", "reviews"),
)
_blind(
    "F36.null",
    "the comparison looks at no value whose counterpart is NULL",
    everything_planted(compare__localise__differs=lambda column: f"s.{quote(column.name)} <> t.{quote(column.name)}"),
    _valued(),
)
_blind(
    "F36.short",
    "the comparison looks at no last character",
    comparing(lambda column, value: f"left({value}, -1)" if is_text(column) else None),
    _valued("retired_products"),
)
_blind(
    "F36.fraction",
    "the comparison holds instants of one millisecond for the same",
    comparing(lambda column, value: f"date_trunc('millisecond', {value})" if column.kind == "instants" else None),
    _canaries(*(entity for entity in checks.ENTITIES if f"{entity}.instants" in checks.ALL)),
)
_blind(
    "F36.day",
    "the comparison holds instants of one day for the same",
    comparing(lambda column, value: f"date_trunc('day', {value})" if column.kind == "instants" else None),
    _canaries(*(entity for entity in checks.ENTITIES if f"{entity}.instants" in checks.ALL)),
)
_blind(
    "F36.sign",
    "the comparison forgets the sign of numbers",
    comparing(lambda column, value: f"abs({value})" if is_number(column) and column.through is None else None),
    _valued("accounts", "consents", "retired_products", "warranties"),
)
_blind(
    "F36.unit",
    "the comparison lets a unit more or less pass",
    comparing(lambda column, value: f"floor({value} / 1000)" if is_number(column) and column.through is None else None),
    _valued("accounts", "consents", "retired_products", "warranties"),
)
_blind(
    "F36.owner",
    "the comparison never looks whose a row is, nor what it is about",
    lambda: patch("dq.compare.localise._broken", blind(lambda column, _: column.kind == "attribution", "false")),
    _canaries(*(entity for entity in checks.ENTITIES if f"{entity}.attribution" in checks.ALL)),
)
_blind(
    "F36.columns",
    "the hash of a row forgets which column a value stands in",
    everything_planted(compare__fingerprint__row_hash=xored, compare__parts__row_hash=xored),
    _valued("points_balances", "consents", "services", "retired_products"),
)
_blind(
    "F36.twice",
    "the comparison does not see that a key stands twice",
    lambda: patch("dq.compare.localise.set_repeated_apart", lambda *_, **__: None),
    CANARIES,
)
_blind(
    "F36.width",
    "sums are added up in 32 bits",
    everything_planted(compare__sums__summand=wrapped_at_32_bits),
    _canaries(*(entity for entity in checks.ENTITIES if any(check.startswith(f"{entity}.sums.") for check in checks.ALL))),
)
_blind(
    "F36.gross",
    "gross sums are net ones",
    everything_planted(
        compare__sums___added=lambda value, *, place: {f"{kind}_{place}": f"CAST(coalesce(sum({value}), 0) AS VARCHAR)" for kind in ("net", "gross")}
    ),
    _canaries(*(entity for entity in checks.ENTITIES if any(check.startswith(f"{entity}.sums.") for check in checks.ALL))),
)
_blind(
    "F36.natives",
    "a silent change of the target's own rows is not told",
    everything_planted(everywhere=True, canaries__releasing__check_natives=NATIVES),
    _valued(),
)
_blind(
    "F36.ledger",
    "a total that is wrong in the target alone is not told",
    everything_planted(everywhere=True, canaries__releasing__check_invariant=LEDGER),
    _canaries("orders", "points_balances"),
)
_blind(
    "F36.holds",
    "a claim that only the target breaks is not told",
    everything_planted(everywhere=True, canaries__releasing__check_invariant=HOLDS),
    _canaries(*_CLAIMING["holds"]),
)
_blind(
    "F36.unique",
    "what stands twice in the target alone is not told",
    everything_planted(everywhere=True, canaries__releasing__check_invariant=UNIQUE),
    _canaries(*_CLAIMING["unique"]),
)
_blind(
    "F36.export",
    "what differs in persons' files is not found",
    everything_planted(everywhere=True, canaries__releasing__localise=finding_nothing_in_files()),
    _canaries(*checks.EXPORTED),
)
_blind(
    "F36.targets",
    "nobody looks what the crosswalk maps to",
    everything_planted(canaries__crosswalk__look_at_targets=lambda *_, **__: None),
    ["canary.crosswalk"],
)
_blind(
    "F36.function",
    "nobody looks whether the crosswalk is a function",
    everything_planted(canaries__crosswalk__look_at_function=lambda *_, **__: (0, 0)),
    ["canary.crosswalk"],
)
_blind(
    "F36.unmapped",
    "nobody looks whether the crosswalk maps every id",
    everything_planted(canaries__crosswalk__record_unmapped=lambda *_, **__: None),
    ["canary.crosswalk"],
)
_add(
    "K12.canary.crosswalk",
    "the canary of the crosswalk crashes",
    crashing("dq.measuring.release_maps", when=lambda *_, **_asked: True),
    _only(unproven(["canary.crosswalk"], CRASHED)),
    crashes=True,
)
_add(
    "F36.lost",
    "the comparison loses one of two rows that it found",
    lambda: patch("dq.compare.localise._join", losing_one(of="accounts")),
    lambda told: (
        *_without_first(told),
        *unproven([check for check in checks.rest("accounts") if check not in ("accounts.natives", "accounts.export", "canary.accounts")], "do not agree"),
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
