"""What is the target's own: rows of before, new ones, and those that only look new, being withdrawn, moved, or in the place of another."""

from __future__ import annotations

from pathlib import Path

import pytest
from sides_compared import statuses
from tiny import AFTER, BEFORE, FILES, ROWS, Rows, looked_at, moved, rows_of

from dq.compare.natives import Natives
from dq.sql import Query

pytestmark = pytest.mark.usefixtures("no_canaries")

VOUCHERS, OWN, IDS, ACCOUNTS = ("target", "vouchers"), ("baseline", "vouchers"), ("crosswalk", "coupons"), ("crosswalk", "accounts")


def test_a_target_that_had_nothing_of_its_own_has_no_native_rows(tmp_path: Path) -> None:
    with looked_at(tmp_path, {OWN: [], VOUCHERS: rows_of(VOUCHERS, without=(901, 902, 903))}) as (_, facts):
        (item,) = facts.entities
        assert item.evidence is not None
        assert (item.evidence.population.native, item.evidence.population.native_new, item.evidence.population.target_rows) == (0, 0, 3)
        assert Natives(0, 0, 0, 0) == item.natives


def test_a_native_row_that_stands_twice_is_found_where_another_stood_twice_before(tmp_path: Path) -> None:
    changed = {OWN: [*rows_of(OWN), rows_of(OWN)[0]], VOUCHERS: rows_of(VOUCHERS, rows_of(OWN)[1])}
    with looked_at(tmp_path, changed) as (_, facts):
        natives = facts.entities[0].natives
        assert isinstance(natives, Natives)
        assert natives.harmed == {"repeated": 1}


NEW = {VOUCHERS: rows_of(VOUCHERS, moved(555, "X1", 11, 1), moved(556, "Y1", 91, 1), (557, "X2", None, "amount", 1, AFTER, AFTER))}
"""A new row of somebody who moved, one of a customer of the target's own, and one of nobody."""


@pytest.mark.parametrize(
    ("declared", "extra"),
    [
        ("", set()),
        ('of = "account_id"', {"X1"}),
        ("ours = \"code LIKE 'X%'\"", {"X1", "X2"}),
        ("ours = \"code IN ('Y1', 'N1')\"", {"Y1"}),  # N1 stood in the baseline: it is the target's own, whatever it is called
        ('of = "account_id"\nours = "points > 1"', {"X1", "N3"}),
    ],
)
def test_what_a_moved_thing_has_got_since_is_no_row_of_the_target_s_own(declared: str, extra: set[str], tmp_path: Path) -> None:
    text = FILES["coupons.toml"].replace('changed_at = "touched"', f'changed_at = "touched"\n{declared}')
    with looked_at(tmp_path, NEW, files={"coupons.toml": text}) as (engine, facts):
        (item,) = facts.entities
        assert {(key[0], status) for key, status in statuses(engine, item.entity)} == {(key, "extra") for key in extra}
        assert item.evidence is not None
        assert (item.evidence.population.native, item.evidence.population.native_new) == (2, 4 - len(extra))


@pytest.mark.parametrize(
    ("rows", "unmapped", "seen", "native_new"),
    [
        ([], (), {}, 1),
        ([moved(555, "X1", 12, 1)], (), {("X1", "extra")}, 1),
        ([], (3,), {}, 2),  # what the crosswalk forgot may be the row itself
        ([moved(555, "X1", 11, 1)], (3,), {("X1", "extra")}, 2),  # of somebody of whom it forgot nothing
    ],
)
def test_a_new_row_of_one_who_moved_may_be_one_that_the_crosswalk_forgot(
    rows: Rows, unmapped: tuple[int, ...], seen: set[tuple[str, str]], native_new: int, tmp_path: Path
) -> None:
    text = FILES["coupons.toml"].replace('key     = "code"', 'key = ["account_id", "coupon_id"]').replace("[merge]", '[merge]\nof = "account_id"')
    changed = {VOUCHERS: rows_of(VOUCHERS, *rows), IDS: rows_of(IDS, without=unmapped)}
    with looked_at(tmp_path, changed, files={"coupons.toml": text}) as (engine, facts):
        (item,) = facts.entities
        codes = {str(row[0]): row[1] for row in ROWS[VOUCHERS] + rows}
        assert {(codes[str(key[1])], status) for key, status in statuses(engine, item.entity)} == set(seen)
        assert item.evidence is not None
        assert (item.evidence.population.native_new, item.evidence.population.unmapped) == (native_new, len(unmapped))


def test_a_withdrawn_row_is_known_by_its_whole_key(tmp_path: Path) -> None:
    files = {"coupons.toml": FILES["coupons.toml"].replace('key     = "code"', 'key     = ["code", "kind"]')}
    gift = (904, "A3", 91, "gift", 60, AFTER, AFTER)  # A3, an amount, was withdrawn
    with looked_at(tmp_path, {VOUCHERS: rows_of(VOUCHERS, gift)}, files=files) as (_, facts):
        evidence = facts.entities[0].evidence
        assert evidence is not None
        assert (evidence.population.native_new, evidence.population.target_rows) == (2, 3)


def test_a_row_is_withdrawn_for_any_of_several_reasons(tmp_path: Path) -> None:
    further = "".join(f'[[excluded]]\nside = "source"\nwhere = "points {claim}"\nreason = "points {claim}"\n' for claim in (">= 60", "= 999"))
    files = {"coupons.toml": f"{FILES['coupons.toml']}\n{further}"}
    with looked_at(tmp_path, {VOUCHERS: rows_of(VOUCHERS, moved(904, "A3", 91, 60))}, files=files) as (engine, facts):
        (item,) = facts.entities
        assert statuses(engine, item.entity) == {(("A3",), "extra"): frozenset()}
        assert item.evidence is not None
        assert item.evidence.population.excused == {"withdrawn": 1}  # a row has the first reason that is true of it


def test_a_row_that_came_and_took_the_id_of_one_of_the_same_owner_overwrote_it(tmp_path: Path) -> None:
    plain = (
        FILES["coupons.toml"].replace('key     = "code"', 'key     = ["code", "kind"]').replace('coupon_id  = { type = "BIGINT", through = "coupons" }\n', "")
    )
    files = {"coupons.toml": plain, **{f"sql/{side}/coupons.sql": FILES[f"sql/{side}/coupons.sql"] for side in ("source", "target")}}
    files["sql/source/coupons.sql"] = files["sql/source/coupons.sql"].replace(" c.coupon_id,", "")
    files["sql/target/coupons.sql"] = files["sql/target/coupons.sql"].replace(" voucher_id AS coupon_id,", "")
    for code, alive, overwritten in (("A1", 0, 1), ("N9", 1, 0)):
        changed = {
            OWN: [moved(901, "N1", 11, 5, at=BEFORE)],
            VOUCHERS: rows_of(VOUCHERS, (901, code, 11, "amount", 10, BEFORE, AFTER), without=(101, 901, 902)),
        }
        with looked_at(tmp_path / code, changed, files=files) as (_, facts):
            found = facts.entities[0].natives
            assert isinstance(found, Natives)
            assert (found.looked_at, found.alive, found.overwritten) == (1, alive, overwritten)


@pytest.mark.parametrize(
    ("code", "declared", "told"),
    [
        ("N9", "", {}),
        ("A1", "", {"overwritten": 1}),  # the code of a coupon that was moved, which is there
        ("N3", "", {}),  # of another of the target's own
        ("N9", "ours = \"code LIKE 'N9%'\"", {"overwritten": 1}),
        ("N9", "ours = \"code LIKE 'N%'\"", {}),  # as it was before
    ],
)
def test_a_native_row_that_takes_a_moved_ones_key_or_becomes_a_piece_of_what_moved_overwrote_it(
    code: str, declared: str, told: dict[str, int], tmp_path: Path
) -> None:
    text = FILES["coupons.toml"].replace('changed_at = "touched"', f'changed_at = "touched"\n{declared}')
    changed = {VOUCHERS: rows_of(VOUCHERS, (901, code, 91, "amount", 5, BEFORE, AFTER), without=(901,))}
    with looked_at(tmp_path, changed, files={"coupons.toml": text}) as (engine, facts):
        found = facts.entities[0].natives
        assert isinstance(found, Natives)
        assert (found.harmed, found.alive) == (told, 0 if told else 1)
        assert engine.execute(Query('SELECT id, status FROM evidence."coupons.natives"')) == [(901, "overwritten" if told else "alive")]


def test_a_native_row_that_is_made_a_piece_of_something_that_moved_overwrote_it(tmp_path: Path) -> None:
    text = FILES["coupons.toml"].replace('owner   = "account_id"\n', "").replace('changed_at = "touched"', 'changed_at = "touched"\nof = "account_id"')
    for customer, told in ((92, {}), (11, {"overwritten": 1})):
        changed = {VOUCHERS: rows_of(VOUCHERS, (901, "N1", customer, "amount", 5, BEFORE, AFTER), without=(901,))}
        with looked_at(tmp_path / str(customer), changed, files={"coupons.toml": text}) as (_, facts):
            found = facts.entities[0].natives
            assert isinstance(found, Natives)
            assert found.harmed == told


ONCE = '[[invariant]]\nname = "once"\nunique = ["points"]\nreason = "no two are of one worth"\n'


@pytest.mark.parametrize(
    ("claim", "customer", "points", "accounts", "is_extra"),
    [
        (ONCE, 11, 10, (), True),  # a coupon of hers that was moved, all the same but for its code
        ("", 11, 10, (), False),  # nothing says that it may stand once
        (ONCE, 11, 11, (), False),
        (ONCE, 77, 10, (), False),  # it is hers, and another's
        (ONCE, 77, 40, (), True),  # of somebody who is yet to move, and whom nothing maps
        (ONCE, 77, 40, ((3, 13),), False),  # they will be another
        (ONCE, 77, 41, (), False),
    ],
)
def test_a_new_row_is_a_moved_one_again_where_it_has_what_may_stand_once(
    claim: str, customer: int, points: int, accounts: Rows, *, is_extra: bool, tmp_path: Path
) -> None:
    changed = {VOUCHERS: rows_of(VOUCHERS, moved(999, "Z1", customer, points)), ACCOUNTS: rows_of(ACCOUNTS, *accounts)}
    with looked_at(tmp_path, changed, files={"coupons.toml": f"{FILES['coupons.toml']}{claim}"}) as (engine, facts):
        (item,) = facts.entities
        assert {(key[0], status) for key, status in statuses(engine, item.entity)} == ({("Z1", "extra")} if is_extra else set())
