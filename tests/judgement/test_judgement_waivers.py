"""A waiver covers exactly what it names while it lasts: then the check is WAIVED, never PASSED; else it stays as it was and says why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dq.contract.waivers import Waiver
from dq.judgement.countersigning import unsigned
from dq.judgement.waivers import Asked, Waived, waive
from dq.record import Cause, Check, Money, Outcome, WaiverLine
from dq.waivers.fingerprint import Fingerprint
from dq.waivers.naming import cause_name

AS_OF = datetime(2024, 11, 5, 20, tzinfo=UTC)
ASKED = Asked(batches=(1,), is_whole=False, as_of=AS_OF, zone="Asia/Jakarta")
ALL = Asked(batches=(1, 2), is_whole=True, as_of=AS_OF, zone="Asia/Jakarta")
SHA, OTHER = "a" * 64, "b" * 64
CUT = Cause(
    entity="things", kind="cut", sentence="text is cut at 40 characters", checks=("things.values",), rows=3, money=(Money(currency="IDR", amount="70"),)
)
GONE = Cause(entity="things", kind="missing", sentence="3 rows missing: all of batch 1", checks=("things.values",), rows=1)
REST = Cause(entity="things", kind="unexplained", sentence="text differs in no common way: unexplained", checks=("things.values",), rows=1)


def check(outcome: Outcome = Outcome.FAILED, **more: Any) -> Check:
    said = {"entity": "things", "kind": "values", "sentence": "3 rows differ.", "broken": 3, "explained": 3, **more}
    return Check(id="things.values", outcome=outcome, **said)


def waiver(**more: Any) -> Waiver:
    said = {"check": "things.values", "batch": 1, "reason": "r", "author": "Ayu", "approver_role": "finance", "expires": "2024-11-30"}
    how = {} if "cause" in more else {"rows": {"count": 3, "sha256": SHA}}
    return Waiver.model_validate({**said, **how, **more})


def cap(cause: str = CUT.sentence, *, rows: int = 3, money: str = "70", **more: Any) -> Waiver:
    return waiver(cause=cause, at_most={"rows": rows, "money": {"IDR": money}}, **more)


def waived(found: Check, *waivers: Waiver, asked: Asked = ASKED, causes: tuple[Cause, ...] = (CUT,), sha256: str | None = SHA) -> Waived:
    return waive([found], waivers, asked=asked, causes=causes, prints={"things.values": Fingerprint(sha256, "" if sha256 else "it cannot be said")})


def outcome(found: Waived) -> Outcome:
    return found.checks[0].outcome


def test_a_failure_that_a_waiver_names_exactly_is_waived() -> None:
    found = waived(check(), waiver())
    assert (outcome(found), found.lines[0].status, found.lines[0].why) == (Outcome.WAIVED, "waived", "exactly the 3 rows that it names")


def test_waived_is_never_passed_and_its_exit_status_is_0() -> None:
    assert (outcome(waived(check(), waiver())), Outcome.WAIVED.exit_status) == (Outcome.WAIVED, 0)


def test_a_waived_check_keeps_every_fact() -> None:
    before = check(people=2, statuses={"changed": 3})
    assert waived(before, waiver()).checks[0] == before.model_copy(update={"outcome": Outcome.WAIVED})


NOT_HELD = (
    ("one row more", check(broken=4), waiver(), SHA, "1 row more than the 3 that it names"),
    ("one row fewer", check(broken=2), waiver(), SHA, "1 row fewer than the 3 that it names"),
    ("other rows", check(), waiver(), OTHER, "other rows, or other values, than the 3 that it names"),
    ("no fingerprint", check(), waiver(), None, "it cannot be said"),
    ("expired", check(), waiver(expires="2024-11-04"), SHA, "it ended on 4 Nov 2024 24:00 Asia/Jakarta"),
    ("expires at the moment", check(), waiver(expires=AS_OF), SHA, "it ended on 6 Nov 2024 03:00 Asia/Jakarta"),
    ("a cap of rows passed", check(), cap(rows=2), SHA, "3 rows of its cause, where it allows 2"),
    ("a cap of money passed", check(), cap(money="69.99"), SHA, "IDR 70 at stake, where it allows 69.99"),
    ("a cap expired", check(), cap(expires="2024-11-04"), SHA, "it ended on 4 Nov 2024 24:00 Asia/Jakarta"),
    ("a cause explains less", check(explained=2), cap(), SHA, "its cause explains 2 of 3 rows that are broken"),
    ("nothing is explained", check(explained=None), cap(), SHA, "its cause explains 0 of 3 rows that are broken"),
    ("more at stake than by the cause", check(money=(Money(currency="IDR", amount="71"),)), cap(), SHA, "IDR 71 at stake, where it allows 70"),
)


@pytest.mark.parametrize(("found", "by", "sha256", "why"), [case[1:] for case in NOT_HELD], ids=[case[0] for case in NOT_HELD])
def test_a_waiver_that_does_not_hold_leaves_the_check_failed_and_says_why(found: Check, by: Waiver, sha256: str | None, why: str) -> None:
    said = waived(found, by, sha256=sha256)
    assert (outcome(said), said.checks[0].sentence) == (Outcome.FAILED, f"3 rows differ. Its waiver does not hold: {why}.")
    assert (said.lines[0].status, said.lines[0].why) == ("does not hold", why)


def test_a_moment_before_its_end_a_waiver_still_counts() -> None:
    assert outcome(waived(check(), waiver(expires=datetime(2024, 11, 5, 20, 0, 0, 1, tzinfo=UTC)))) is Outcome.WAIVED


@pytest.mark.parametrize("status", [Outcome.NOT_PROVEN, Outcome.PASSED])
def test_only_a_failure_is_waived(status: Outcome) -> None:
    assert outcome(waived(check(status), waiver())) is status


def test_what_is_not_proven_leaves_its_waiver_unjudged() -> None:
    assert [line.status for line in waived(check(Outcome.NOT_PROVEN), waiver()).lines] == ["not judged"]


def test_a_waiver_of_what_is_not_broken_any_more_is_a_failure_of_its_own() -> None:
    found = waived(check(Outcome.PASSED), waiver())
    assert [(item.id, item.outcome) for item in found.checks] == [("things.values", Outcome.PASSED), ("waivers.live", Outcome.FAILED)]
    assert found.checks[1].sentence == (
        "1 waiver is for nothing, first that of things.values: nothing that it names is broken any more; take it out of waivers.toml."
    )


def test_an_expired_waiver_of_what_is_not_broken_any_more_is_for_nothing_too() -> None:
    assert waived(check(Outcome.PASSED), waiver(expires="2024-11-04")).checks[1].outcome is Outcome.FAILED


def test_a_cap_for_a_cause_that_is_gone_is_for_nothing() -> None:
    found = waived(check(), cap("text is cut at 30 characters"))
    assert [(item.id, item.outcome) for item in found.checks] == [("things.values", Outcome.FAILED), ("waivers.live", Outcome.FAILED)]


def test_what_nobody_explains_is_no_cause_that_can_be_waived() -> None:
    assert outcome(waived(check(), cap(REST.sentence), causes=(REST,))) is Outcome.FAILED


def test_a_waiver_of_another_batch_says_nothing() -> None:
    found = waived(check(), waiver(batch=2))
    assert (outcome(found), found.lines, found.checks[1].outcome) == (Outcome.FAILED, (), Outcome.PASSED)


def test_a_waiver_of_no_single_batch_counts_in_any_run() -> None:
    assert outcome(waived(check(), waiver(batch=None))) is Outcome.WAIVED


def test_a_waiver_of_no_single_batch_is_for_nothing_only_where_everything_is_compared() -> None:
    lines = [waived(check(Outcome.PASSED), waiver(batch=None), asked=asked).lines for asked in (ASKED, ALL)]
    assert [[line.status for line in found] for found in lines] == [[], ["matches nothing"]]


def test_rows_of_a_batch_are_waived_where_several_are_compared() -> None:
    assert outcome(waived(check(), waiver(), asked=ALL)) is Outcome.WAIVED


def test_a_cap_of_one_batch_is_none_for_several() -> None:
    found = waived(check(), cap(), asked=ALL)
    assert (outcome(found), found.lines[0].why) == (Outcome.FAILED, "it is for batch 1 alone, and this run compares 2 batches together")


def test_a_cap_holds_up_to_its_rows_and_money() -> None:
    assert outcome(waived(check(), cap())) is Outcome.WAIVED


def test_a_cause_is_the_same_whatever_its_number_of_rows() -> None:
    assert cause_name("1,234 rows missing: all of batch 1") == cause_name("rows missing: all of batch 1")


def test_a_cap_leaves_what_another_cause_breaks() -> None:
    found = waived(check(), cap(), causes=(CUT, GONE))
    assert (outcome(found), found.lines[0].why) == (Outcome.FAILED, "something else breaks the check, too: 3 rows missing: all of batch 1")


def test_caps_of_all_causes_cover_a_check_together() -> None:
    assert outcome(waived(check(), cap(), cap("rows missing: all of batch 1"), causes=(CUT, GONE))) is Outcome.WAIVED


def test_without_a_waiver_nothing_is_added() -> None:
    assert waived(check()) == Waived((check(),), ())


def test_what_is_recorded_of_a_waiver_is_what_it_says() -> None:
    (line,) = waived(check(people=2), waiver(ticket="MIG-7")).lines
    assert (line.reason, line.ticket, line.author, line.approver_role, line.expires) == ("r", "MIG-7", "Ayu", "finance", "2024-11-30T17:00:00+00:00")
    assert (line.by, line.sha256, line.rows, line.broken, line.people) == ("rows", SHA, 3, 3, 2)


def lines(**more: Any) -> tuple[WaiverLine, ...]:
    return waived(check(**more), waiver(author="Ayu  LESTARI")).lines


SIGNED = (
    ({}, ("the waiver of things.values counts only when finance has signed",)),
    ({"data-owner": ("Budi",)}, ("the waiver of things.values counts only when finance has signed",)),
    ({"finance": ()}, ("the waiver of things.values counts only when finance has signed",)),
    ({"finance": ("ayu lestari",)}, ("the waiver of things.values is signed for by Ayu  LESTARI, who asked for it",)),
    ({"finance": ("ayu lestari", "Budi")}, ()),
    ({"finance": ("Budi",)}, ()),
)


@pytest.mark.parametrize(("signed", "why"), SIGNED)
def test_a_waiver_counts_when_its_role_has_signed_and_not_by_its_author(signed: dict[str, tuple[str, ...]], why: tuple[str, ...]) -> None:
    assert unsigned(lines(), signed=signed) == why


def test_a_waiver_that_does_not_hold_needs_no_signature() -> None:
    assert unsigned(lines(broken=4), signed={}) == ()
