"""`dq check`: the stores pinned and read back, what changed since, the views shown."""

from __future__ import annotations

import tomllib

import pytest
from small import PERSONAL, Dq, Small, assert_refused

LOCK = "stores.lock.toml"


@pytest.fixture
def check(dq: Dq) -> Dq:
    """Check a small migration."""
    return lambda small, *arguments: dq("check", "--contract", small.contract, *arguments)


def test_pinning_writes_every_table_column_and_type(batched: Small, check: Dq) -> None:
    said = check(batched, "--pin")
    assert (said.status, said.out, said.err) == (0, f"pinned: {batched.contract / LOCK}\n", "")
    pinned = tomllib.loads((batched.contract / LOCK).read_text())
    assert pinned["source"] == {
        "coupons": {"code": "VARCHAR", "user_id": "BIGINT", "note": "VARCHAR", "amount": "DECIMAL(18,2)"},
        "users": {"user_id": "BIGINT", "region": "VARCHAR", "name": "VARCHAR"},
    }
    assert pinned["target"]["vouchers"]["created"] == "TIMESTAMP WITH TIME ZONE"


def test_pinning_again_writes_the_same_bytes(batched: Small, check: Dq) -> None:
    check(batched, "--pin")
    first = (batched.contract / LOCK).read_bytes()
    check(batched, "--pin")
    assert (batched.contract / LOCK).read_bytes() == first
    assert not list(batched.contract.glob(".*"))


def test_what_is_pinned_passes_and_awkward_names_are_read_back(plain: Small, check: Dq, run: Dq) -> None:
    plain.reseal("source", """CREATE TABLE "a ""b"" ä.c" ("x y" ENUM ('p', 'q "r"'))""")
    check(plain, "--pin")
    assert tomllib.loads((plain.contract / LOCK).read_text())["source"]['a "b" ä.c'] == {"x y": "ENUM('p', 'q \"r\"')"}
    assert check(plain).status == 1  # nobody looks at that table
    run(plain)
    assert plain.outcomes() == {"coverage.source": "FAILED"}


def test_a_changed_type_fails_that_entitys_schema_and_the_rest_of_it_is_not_proven(batched: Small, check: Dq, run: Dq) -> None:
    check(batched, "--pin")
    batched.edit(LOCK, 'note = "VARCHAR"', 'note = "VARCHAR[]"')
    said = run(batched, "--batch", 1)
    of_coupons = set(batched.outcomes())
    assert said.status == 3
    assert batched.check("coupons.schema")["outcome"] == "FAILED"
    assert batched.check("coupons.schema")["details"] == [
        "source: column 'coupons.note' is VARCHAR, pinned as VARCHAR[]",
        "target: column 'vouchers.note' is VARCHAR, pinned as VARCHAR[]",
        "baseline: column 'vouchers.note' is VARCHAR, pinned as VARCHAR[]",
    ]
    assert {batched.check(check_id)["outcome"] for check_id in of_coupons - {"coupons.schema"}} == {"NOT PROVEN"}
    assert {check_id.removeprefix("canary.").split(".")[0] for check_id in of_coupons} == {"coupons"}
    assert {item["id"] for item in batched.record()["checks"] if item["entity"] == "coupons"} == of_coupons


def test_check_says_what_changed_since_it_was_pinned(batched: Small, check: Dq) -> None:
    check(batched, "--pin")
    batched.reseal("target", "ALTER TABLE customers ALTER label TYPE VARCHAR[] USING [label]", "ALTER TABLE customers DROP COLUMN site")
    said = check(batched)
    assert (said.status, "column 'customers.site' is missing" in said.out) == (1, True)
    assert "column 'customers.label' is VARCHAR[], pinned as VARCHAR" in said.out


def test_check_passes_in_one_line(batched: Small, check: Dq) -> None:
    said = check(batched)
    assert (said.status, said.out, said.err) == (0, "PASSED 8 of 8 checks passed\n", "")


def test_check_records_nothing(plain: Small, check: Dq) -> None:
    before = sorted(item.name for item in plain.folder.iterdir())
    check(plain)
    assert sorted(item.name for item in plain.folder.iterdir()) == before


def test_the_views_of_an_entity_are_shown_without_rows(batched: Small, check: Dq) -> None:
    said = check(batched, "--sql", "coupons")
    shown = [line.removeprefix("-- ") for line in said.out.splitlines() if line.startswith("-- ")]
    assert (said.status, said.err) == (0, "")
    assert shown == [
        *(f"{layer}_{side}.coupons" for side in ("source", "target", "baseline") for layer in ("raw", "own")),
        "source.coupons",
        "target.coupons",
    ]
    assert PERSONAL not in said.out


def test_rows_of_both_sides_are_shown_where_they_are_asked_for(batched: Small, check: Dq) -> None:
    said = check(batched, "--sql", "coupons", "--rows", "2")
    assert (said.status, said.out.count("C-001"), said.out.count("C-002"), said.out.count("C-003")) == (0, 2, 2, 0)


def test_an_entity_that_is_not_there_names_the_near_miss(batched: Small, check: Dq) -> None:
    assert_refused(check(batched, "--sql", "coupon"), 2, "there is no entity 'coupon'; did you mean 'coupons'?")


def test_a_crash_while_checking_is_not_proven(plain: Small, check: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError(PERSONAL)

    monkeypatch.setattr("dq.answering.discrepancies", crash)
    said = check(plain)
    assert (said.status, PERSONAL in said.out + said.err) == (3, False)
    assert "NOT PROVEN: snapshot.source" in said.out
    assert PERSONAL in check(plain, "--debug").err
