"""The gate asks whether the target has room for the batch that is to start."""

from __future__ import annotations

from small import Dq, Small

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
