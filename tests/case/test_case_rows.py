"""What a case says of each kind of person: every row with what became of it."""

from __future__ import annotations

import pytest
from case_shop import (
    ABSORBED,
    BROKEN,
    CLEAN,
    ERASED,
    GIVEN,
    KNOWN,
    LATER,
    MERGED,
    MIXED,
    NATIVE,
    OTHER_NATIVE,
    RENAMED,
    TAKEN,
    TARGETS,
    TWIN,
    order_of,
)

from dq.case.model import CaseRow, Section
from dq.errors import UsageError
from dq.result import Run


def section(run: Run, account: object, entity: str) -> Section:
    return next(item for item in run.case(str(account)).data.sections if item.entity == entity)


def statuses(run: Run, account: object) -> dict[str, dict[str, int]]:
    return {item.entity: item.counts for item in run.case(str(account)).data.sections if item.rows}


def the_row(found: Section, *key: str) -> CaseRow:
    (row,) = [row for row in found.rows if row.key == key]
    return row


def test_a_clean_person_has_the_same_everywhere(run: Run) -> None:
    case = run.case(CLEAN).data
    assert (case.broken, case.accounts[0].said) == (0, "moved with batch 1")  # its erasure has no reference
    assert case.targets == (str(TARGETS[CLEAN]),)
    assert statuses(run, CLEAN) == {
        "accounts": {"same": 1},
        "orders": {"same": 1},
        "lines": {"same": 2},
        "coupons": {"same": 3},
        "entries": {"same": 3},
        "balances": {"same": 1},
    }


def test_a_person_is_found_from_either_store(run: Run) -> None:
    assert run.case(TARGETS[BROKEN]).data == run.case(BROKEN).data


def test_every_status_is_told(run: Run) -> None:
    coupons = section(run, BROKEN, "coupons")
    assert coupons.counts == {"missing": 1, "changed": 1, "extra": 1, "same": 1}
    changed = the_row(coupons, "C-31012-1")
    assert (changed.differs, changed.source["amount"], changed.target["amount"]) == (("amount",), "1.00", "99.00")  # type: ignore[index]
    assert [row.status for row in coupons.rows if row.source is None] == ["extra"]
    assert the_row(coupons, "C-31012-2").target is None


def test_a_row_bears_the_name_that_the_run_gave_it(run: Run) -> None:
    (name,) = the_row(section(run, BROKEN, "coupons"), "C-31012-1").findings
    entity, _, number = name.partition("#")
    found = run.findings().filter(entity=entity, row=int(number))
    assert found["key"].to_list() == [["C-31012-1"]]


def test_a_finding_names_its_owner(run: Run) -> None:
    (name,) = the_row(section(run, BROKEN, "coupons"), "C-31012-9").findings  # it stands in the target alone
    assert run.case(name).data == run.case(BROKEN).data


def test_a_ledger_has_running_sums_and_says_what_does_not_agree(run: Run) -> None:
    entries = section(run, BROKEN, "entries")
    assert [row.running for row in entries.rows] == [("100", "100"), ("300", "300"), ("600", "600"), ("600", "900")]
    (balance,) = entries.balances
    assert (balance.sums, balance.says, balance.agrees) == (("600", "900"), ("600", "600"), False)
    assert entries.count("duplicate") == 1


def test_what_belongs_to_an_order_stands_under_it_and_adds_up(run: Run) -> None:
    lines = section(run, CLEAN, "lines")
    assert {row.group for row in lines.rows} == {order_of(CLEAN)}
    assert [balance.sums for balance in lines.balances] == [("30.00", "30.00")]


def test_a_merged_person_is_one_from_either_account(run: Run) -> None:
    case = run.case(ABSORBED).data
    assert case == run.case(MERGED).data
    assert [account.id for account in case.accounts] == [str(MERGED), str(ABSORBED)]
    assert "merged, as declared" in case.accounts[1].said
    assert statuses(run, MERGED)["accounts"] == {"same": 1, "merged": 1}
    assert section(run, MERGED, "balances").rows[0].source == {"account_id": "5013", "balance": "1200"}
    assert case.broken == 0


def test_what_the_target_had_of_its_own_is_told_apart(run: Run) -> None:
    assert run.case(KNOWN).data == run.case(NATIVE).data
    assert statuses(run, KNOWN)["coupons"] == {"same": 3, "own": 1}
    assert section(run, KNOWN, "balances").rows[0].target == {"account_id": str(NATIVE), "balance": "600"}  # less the 50 of before
    assert run.case(KNOWN).data.broken == 0


def test_a_customer_of_the_target_alone_has_nothing_to_compare(run: Run) -> None:
    assert {status for counts in statuses(run, OTHER_NATIVE).values() for status in counts} == {"own"}


def test_of_an_erased_person_only_that_is_told(run: Run) -> None:
    case = run.case(ERASED).data
    assert case.rows == 0
    assert case.accounts[0].said == "erased on request, reference DSR-1"
    assert "1 row of the source is of an account that was erased on request, and not shown." in section(run, ERASED, "orders").sentences


def test_who_has_not_moved_yet_misses_nothing(run: Run) -> None:
    found = statuses(run, LATER)
    assert {status for counts in found.values() for status in counts} == {"to move"}
    assert set(found) == {"accounts", "orders", "lines", "coupons", "entries"}


def test_a_row_at_another_persons_account_is_said_to_be_there_and_not_shown(run: Run) -> None:
    given = the_row(section(run, GIVEN, "orders"), order_of(GIVEN))
    assert (given.status, given.elsewhere, given.target, given.differs) == ("changed", "target", None, ("account_id",))
    taken = [row for row in section(run, TAKEN, "orders").rows if row.elsewhere == "source"]
    assert [(row.key, row.source, row.target) for row in taken] == [((), None, None)]
    assert taken[0].findings == given.findings


def test_an_undeclared_merge_shows_nothing_of_the_other_person(run: Run) -> None:
    case = run.case(MIXED).data
    assert [account.id for account in case.accounts] == [str(MIXED)]
    assert any("no merge declares it" in sentence for sentence in case.sentences)
    assert [row.target for row in section(run, MIXED, "accounts").rows] == [None]
    with pytest.raises(UsageError, match="several persons"):
        run.case(f"target:{TARGETS[MIXED]}")


def test_a_text_that_is_another_persons_is_not_shown(run: Run) -> None:
    (row,) = section(run, RENAMED, "accounts").rows
    assert (row.differs, row.target["name"]) == (("name",), "another person's value")  # type: ignore[index]


def test_a_secret_is_not_shown(run: Run) -> None:
    (row,) = section(run, CLEAN, "accounts").rows
    assert {row.source["password_hash"], row.target["password_hash"]} == {"not shown"}  # type: ignore[index]


def test_an_id_of_two_persons_asks_which_store(run: Run) -> None:
    with pytest.raises(UsageError, match="say source:ID or target:ID"):
        run.case(TWIN)
    assert run.case(f"source:{TWIN}").data.accounts[0].id == str(TWIN)
    assert run.case(f"target:{TWIN}").data.accounts[0].id == str(CLEAN)


def test_rows_are_a_frame(run: Run) -> None:
    frame = run.case(BROKEN).rows()
    assert frame.columns == ["entity", "status", "key", "columns", "findings"]
    assert frame.filter(status="missing")["key"].to_list() == [["C-31012-2"]]


def test_a_case_says_in_a_line_what_it_is_without_personal_data(run: Run) -> None:
    assert repr(run.case(BROKEN)) == f"<case of run {run.record.run}: 13 rows, 5 not as promised>"
