"""The gate asks whether the target has room for the batch that is to start."""

from __future__ import annotations

from small import PERSONAL, Dq, Small

TAKEN = "UPDATE vouchers SET code = 'C-033' WHERE voucher_id = 3"


def test_a_key_that_the_targets_own_row_has_had_shuts_the_gate(run: Dq, batched: Small) -> None:
    batched.reseal("target", TAKEN)
    batched.reseal("baseline", TAKEN)
    said = run(batched, "--batch", 2, command="gate")
    assert (said.status, said.last.split()[:2], batched.outcomes()) == (1, ["GATE", "SHUT"], {"coupons.room": "FAILED"})
    assert "Batch 2 has no room: the target has the key of 1 row already." in said.out


def test_a_gate_counts_the_rows_that_are_to_come(run: Dq, batched: Small) -> None:
    assert run(batched, "--batch", 2, command="gate").status == 0
    assert batched.check("coupons.room")["looked_at"] == 20


def test_of_a_batch_that_has_moved_nobody_asks_whether_there_was_room(run: Dq, batched: Small) -> None:
    assert run(batched, "--batch", 1, command="gate").status == 0
    record = batched.record()
    assert [check["id"] for check in record["checks"] if check["kind"] == "room"] == []
    assert "Batch 1 has moved already: whether there was room for it in the target is not known." in record["not_checked"]


def test_room_cannot_be_waived(dq: Dq, run: Dq, batched: Small) -> None:
    batched.reseal("target", TAKEN)
    batched.reseal("baseline", TAKEN)
    assert run(batched, "--batch", 2, command="gate").status == 1
    where = ("--contract", batched.contract, "--runs", batched.runs)
    said = dq("waive", "latest", "--check", "coupons.room", "--reason", "x", "--expires", "2024-11-30", "--author", "Rina", *where)
    assert (said.status, "coupons.room cannot be waived" in said.err) == (2, True)


def narrowed(small: Small, column: str, store_type: str) -> None:
    """Let the target's store say that a column of its vouchers is of another type, as its manifest names it."""
    tables = small.manifest("target")["tables"]
    (vouchers,) = (table for table in tables if table["name"] == "vouchers")
    next(item for item in vouchers["columns"] if item["name"] == column)["store_type"] = store_type
    small.write_manifest("target", tables=tables)


def test_texts_that_are_longer_than_the_targets_column_shut_the_gate(run: Dq, batched: Small) -> None:
    narrowed(batched, "note", "varchar(10)")
    said = run(batched, "--batch", 2, command="gate")
    assert (said.status, batched.outcomes()) == (1, {"coupons.room": "FAILED"})
    check = batched.check("coupons.room")
    assert (check["broken"], check["statuses"]) == (20, {"does not fit": 20})
    assert check["details"] == ["note: 20 rows do not fit into vouchers.note varchar(10)"]
    assert "Batch 2 has no room: 20 rows of it do not fit into the columns of note." in said.out


def test_a_text_that_just_fits_leaves_the_gate_open(run: Dq, batched: Small) -> None:
    narrowed(batched, "code", "character(5)")  # C-021
    assert run(batched, "--batch", 2, command="gate").status == 0
    assert batched.check("coupons.room")["sentence"].startswith(
        "Batch 2 has room: no id and no key of it stands in the target, and its values fit into 1 column"
    )


def test_numbers_that_are_larger_than_the_targets_column_shut_the_gate(run: Dq, batched: Small) -> None:
    narrowed(batched, "amount", "numeric(3,1)")  # up to 99.9
    batched.reseal("source", "UPDATE coupons SET amount = 99.9 WHERE code = 'C-021'", "UPDATE coupons SET amount = 100 WHERE code = 'C-022'")
    assert run(batched, "--batch", 2, command="gate").status == 1
    assert batched.check("coupons.room")["details"] == ["amount: 1 row does not fit into vouchers.amount numeric(3,1)"]


def test_ids_that_come_to_their_end_shut_the_gate(run: Dq, batched: Small) -> None:
    narrowed(batched, "voucher_id", "tinyint(4)")  # up to 127; 120 is the highest there
    said = run(batched, "--batch", 2, command="gate")
    assert (said.status, batched.outcomes(), batched.check("coupons.room")["statuses"]) == (1, {"coupons.room": "FAILED"}, {"no id left": 13})
    assert "no id is left for 13 rows" in said.out


def test_no_value_of_a_batch_that_does_not_fit_is_told(run: Dq, batched: Small) -> None:
    narrowed(batched, "note", "varchar(10)")
    said = run(batched, "--batch", 2, command="gate")
    (report,) = batched.runs.glob("*/report.json")
    assert not any(PERSONAL in text for text in (said.out, said.err, report.read_text(), report.with_name("report.html").read_text()))
