"""What is said to be no chance is none: the bounds are above the exact probabilities, and the same digits everywhere."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq.diagnose.chance import is_beyond_chance, is_much_more, is_seldom, log_bound, ratio_text
from dq.diagnose.runs import round_count


def exact(hits: int, *, drawn: int, inside: int, among: int) -> Fraction:
    """Return the probability of so many hits or more: the tail of the hypergeometric distribution."""
    ways = sum(math.comb(inside, number) * math.comb(among - inside, drawn - number) for number in range(hits, min(drawn, inside) + 1))
    return Fraction(ways, math.comb(among, drawn))


@given(st.data())
def test_the_bound_is_never_below_the_exact_probability(data: st.DataObject) -> None:
    among = data.draw(st.integers(2, 60))
    inside, drawn = data.draw(st.integers(1, among)), data.draw(st.integers(1, among))
    hits = data.draw(st.integers(max(0, drawn - (among - inside)), min(drawn, inside)))
    bound = log_bound(hits, drawn=drawn, inside=inside, among=among)
    assert bound <= 0
    assert exact(hits, drawn=drawn, inside=inside, among=among) <= Fraction(bound.exp()) * (1 + Fraction(1, 10**20))


def test_a_bound_has_the_same_digits_on_every_machine() -> None:
    assert str(log_bound(412, drawn=415, inside=1200, among=10_000)) == "-856.1539479312365783923647436"
    assert log_bound(3, drawn=30, inside=100, among=1000) == 0


@pytest.mark.parametrize(("hits", "tried", "expected"), [(3, 1, False), (3, 200, False), (7, 1, True), (7, 200, False), (20, 200, True)])
def test_the_more_slices_were_looked_at_the_more_it_takes(hits: int, tried: int, expected: bool) -> None:  # noqa: FBT001 - a case
    assert is_beyond_chance(log_bound(hits, drawn=hits, inside=50, among=100), tried=tried) is expected


@pytest.mark.parametrize(
    ("broken", "among", "alike", "tried", "expected"),
    [(5, 100, 2, 1, True), (5, 100, 2, 5, False), (99, 100, 3, 1, False), (10**7, 10**7, 5000, 1, False), (10**6, 10**7, 5000, 10**7, True)],
)
def test_rows_that_are_alike_are_all_broken_by_no_chance(broken: int, among: int, alike: int, tried: int, expected: bool) -> None:  # noqa: FBT001 - a case
    assert is_seldom(broken, among=among, alike=alike, tried=tried) is expected


@pytest.mark.parametrize(("hits", "expected"), [(500_000, True), (499_999, False), (400_001, False)])
def test_a_slice_is_told_where_it_has_a_quarter_more_than_its_share(hits: int, expected: bool) -> None:  # noqa: FBT001 - a case
    assert is_much_more(hits, drawn=10**6, inside=4 * 10**6, among=10**7) is expected
    assert is_beyond_chance(log_bound(hits, drawn=10**6, inside=4 * 10**6, among=10**7), tried=10) is (hits > 400_001)


@pytest.mark.parametrize(("inside", "among"), [(0, 9), (4, 4)])
def test_a_slice_with_more_findings_than_rows_says_nothing(inside: int, among: int) -> None:
    assert not is_much_more(5, drawn=9, inside=inside, among=among)


def test_a_ratio_is_a_text_of_so_many_digits() -> None:
    assert (ratio_text(1, 3, digits=1), ratio_text(25, 10, digits=0), ratio_text(35, 10, digits=0)) == ("0.3", "2", "4")
    assert Decimal(ratio_text(10**9, 3, digits=2)) == Decimal("333333333.33")


@pytest.mark.parametrize("rows", [100, 500, 1000, 2000, 10_000, 50_000, 65_535, 65_536, 1024, 1_048_575, 1_048_576])
def test_a_number_at_which_programs_stop_is_round(rows: int) -> None:
    assert round_count(rows) == f"exactly {rows:,} rows"


@pytest.mark.parametrize("rows", [0, 1, 10, 50, 99, 101, 300, 1001, 1100, 12_000, 65_534])
def test_other_numbers_are_not(rows: int) -> None:
    assert round_count(rows) == ""
