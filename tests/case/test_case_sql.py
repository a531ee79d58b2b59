"""Questions of one's own, and the list of what is to be repaired."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from case_shop import BROKEN, GIVEN, TARGETS, order_of

from dq.errors import DqError, UsageError
from dq.result import Run


def test_a_select_reads_the_findings(run: Run) -> None:
    frame = run.sql("SELECT entity, row, status FROM findings WHERE entity = 'coupons' ORDER BY row")
    assert frame.rows() == [("coupons", 1, "changed"), ("coupons", 2, "missing"), ("coupons", 3, "extra")]
    assert run.sql("SELECT count(*) AS n FROM cells").item() == run.cells().height


def test_a_select_joins_findings_with_both_sides_as_they_were_compared(run: Run) -> None:
    sql = """
        SELECT s.account_id, s.amount AS source, t.amount AS target
        FROM findings AS f JOIN source.coupons AS s ON s.code = f.key[1] LEFT JOIN target.coupons AS t USING (code)
        WHERE f.entity = 'coupons' ORDER BY s.code"""
    assert [(row[0], str(row[1]), row[2] and str(row[2])) for row in run.sql(sql).rows()] == [(5012, "1.00", "99.00"), (5012, "2.00", None)]


def test_sums_are_less_the_targets_own(run: Run) -> None:
    assert run.sql("SELECT balance FROM target.balances WHERE account_id = 7001").item() == 600


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM findings", "one SELECT is needed"),
        ("SELECT 1; SELECT 2", "one SELECT is needed, not 2"),
        ("SELECT * FROM source.coupon", "there is no entity 'coupon'; did you mean 'coupons'?"),
        ("SELECT * FROM read_csv('/etc/passwd')", "file system operations are disabled"),
        ("SELECT * FROM finding", "does not exist"),
        ("SELEC 1", "one SELECT is needed"),
    ],
)
def test_nothing_but_a_select_over_what_was_compared_is_answered(run: Run, sql: str, said: str) -> None:
    with pytest.raises(DqError, match=said.replace("?", r"\?")):
        run.sql(sql)


def test_the_repair_list_says_what_to_do_with_each_row_and_whose_it_is(run: Run) -> None:
    coupons = run.repair().filter(entity="coupons").sort("key")
    assert coupons.select("action", "key", "source_accounts", "target_accounts").rows() == [
        ("move again", ["C-31012-1"], [str(BROKEN)], [str(TARGETS[BROKEN])]),
        ("move again", ["C-31012-2"], [str(BROKEN)], None),
        ("take back", ["C-31012-9"], None, [str(TARGETS[BROKEN])]),
    ]
    assert coupons["target_ids"].to_list()[2] == ["999001"]


def test_a_row_that_was_moved_twice_is_taken_back_but_for_one(run: Run) -> None:
    (twice,) = run.repair().filter(action="take back all but one").iter_rows(named=True)
    assert (twice["entity"], twice["key"], len(twice["target_ids"])) == ("entries", ["E-31012-3"], 2)


def test_a_row_at_another_account_is_moved_again_with_both_ids(run: Run) -> None:
    (given,) = run.repair().filter(entity="orders").iter_rows(named=True)
    assert (given["action"], given["key"], given["source_ids"]) == ("move again", [order_of(GIVEN)], [order_of(GIVEN), str(100000 + GIVEN)])
    assert (given["source_accounts"], given["target_accounts"]) == ([str(GIVEN)], ["5017"])


def test_what_has_no_repair_is_looked_at_by_hand(run: Run) -> None:
    entities = run.repair().filter(action="look at by hand")["entity"].unique().sort().to_list()
    assert entities == ["accounts", "balances", "crosswalk.accounts", "crosswalk.erasures", "crosswalk.lines", "crosswalk.orders"]


def test_every_finding_is_in_the_list(run: Run) -> None:
    listed = run.repair()["findings"].explode().sort().to_list()
    found = run.findings().select(pl.format("{}#{}", "entity", "row").alias("name"))["name"].sort().to_list()
    assert listed == found


def test_a_file_of_another_kind_is_refused(run: Run, tmp_path: Path) -> None:
    from dq.report.exports import write_findings  # noqa: PLC0415

    with pytest.raises(UsageError, match="no known suffix"):
        write_findings(run.repair(), tmp_path / "repair.txt")
