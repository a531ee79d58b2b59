"""A claim of a contract's own columns is true or false of a row: what is a number, or compares what cannot be compared, is refused with file and key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_contract import write

from dq.compare.invariants import condition_of
from dq.compare.scope import is_ours
from dq.contract.models import Entity
from dq.contract.reading import read_contract
from dq.engine import Engine, open_engine
from dq.errors import ContractError

CLAIM = "coupons.toml: invariant.positive: "


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine({})
    yield opened
    opened.close()


def coupons(folder: Path, holds: str) -> Entity:
    return read_contract(write(folder, file="coupons.toml", old='holds = "face > 0"', new=f"holds = '''{holds}'''")).entity("coupons")


@pytest.mark.parametrize(
    "holds",
    [
        "face > 0",
        "face - 1 > 0 AND ends > '2024-01-01'",
        "length(title) < 3 OR kind IN ('amount', 'percent')",
        "regexp_full_match(code, '[A-Z]{2}')",
        "title IS NULL OR NOT (title = '{')",
    ],
)
def test_a_claim_that_is_true_or_false_of_a_row_is_asked(holds: str, tmp_path: Path, engine: Engine) -> None:
    entity = coupons(tmp_path, holds)
    assert condition_of(engine, entity, entity.invariant[0])


@pytest.mark.parametrize(
    ("holds", "message"),
    [
        ("face + 1", "is DECIMAL(18,2) of a row, and neither true nor false"),
        ("length(title)", "is BIGINT of a row, and neither true nor false"),
        ("title", "is VARCHAR of a row, and neither true nor false"),
        ("face > 'much'", "can be asked of no row: "),
        ("ends > 5", "can be asked of no row: "),
        ("title + title = 'a'", "can be asked of no row: "),
        ("regexp_full_match(code, '[')", "can be asked of no row: "),
    ],
)
def test_what_is_neither_is_refused_with_file_and_key(holds: str, message: str, tmp_path: Path, engine: Engine) -> None:
    entity = coupons(tmp_path, holds)
    with pytest.raises(ContractError) as caught:
        condition_of(engine, entity, entity.invariant[0])
    assert str(caught.value).startswith(CLAIM + message)
    assert "\n" not in str(caught.value)


def test_what_says_that_a_row_is_ours_is_true_or_false_as_well(tmp_path: Path, engine: Engine) -> None:
    entity = read_contract(write(tmp_path, file="coupons.toml", old='id         = "voucher_id"\n', new='id = "voucher_id"\nours = "coupon_id"\n')).entity(
        "coupons"
    )
    with pytest.raises(ContractError, match=r"^coupons\.toml: merge\.ours: is BIGINT of a row, and neither true nor false$"):
        is_ours(engine, entity)
