"""A record holds every check that is declared and nothing else passes; its headline and what it did not look at are plain words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dq.asking import Question
from dq.contract.models import Contract
from dq.contract.reading import read_contract
from dq.coverage import Ledger
from dq.folder import indented
from dq.ground import Asked
from dq.judgement.base import judged, not_proven
from dq.record import Check, EntityResult, LedgerLine, Outcome
from dq.recording import complete, crosswalk_names, declared_ids, headline, judge_stores, make_record, not_checked
from tests.contract.small_contract import FILES, write

AS_OF = datetime(2024, 11, 1, tzinfo=UTC)
FIT = "coupons.fit.code.match_regex"
ROOM = "coupons.room"


def question(contract: Contract, *, command: Any = "run", batch: int | None = 1, batches: tuple[int, ...] = (1,)) -> Question:
    return Question(command, contract, {}, batch, AS_OF, Asked(batches, batches))


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    return read_contract(write(tmp_path))


@pytest.fixture
def bare(tmp_path: Path) -> Contract:
    """Return a contract without batches, deadline, freeze, pin, baseline and crosswalk."""
    migration = FILES["migration.toml"]
    for lost in ("freeze   = 2024-10-20T17:00:00Z\n", "deadline = 2024-12-12T17:00:00Z\n", 'accounts = "accounts"\n'):
        migration = migration.replace(lost, "")
    for section in ("stores.baseline", "stores.crosswalk"):
        before, _, after = migration.partition(f"[{section}]\n")
        migration = before + after[after.index("[") :]
    migration = migration[: migration.index("[[batches]]")].replace('"coupons", "entries", "balances"', '"things"')
    columns = '[columns]\nid = "BIGINT"\nborn = "INSTANT"\n'
    files = {"migration.toml": migration, "things.toml": f'promise = "It moves."\nkey = "id"\n{columns}'}
    for name, text in {**files, **{f"sql/{side}/things.sql": "SELECT id, born FROM things\n" for side in ("source", "target")}}.items():
        (tmp_path / "bare" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bare" / name).write_text(text, encoding="utf-8")
    return read_contract(tmp_path / "bare")


SIDES = [f"snapshot.{side}" for side in ("source", "target", "baseline", "crosswalk")]
MAPS = ["crosswalk.accounts", "crosswalk.coupons", "crosswalk.batches", "crosswalk.merges", "crosswalk.erasures", "canary.crosswalk"]


def test_what_is_declared_depends_on_the_contract_and_the_question_alone(contract: Contract) -> None:
    run = declared_ids(question(contract))
    entities = [check_id for entity in contract.entities for check_id in (*(item[0] for item in entity.check_ids()), f"canary.{entity.name}")]
    assert list(run) == [*SIDES, "coverage.source", "coverage.target", "calendar.deadline", *MAPS, *entities]
    assert set(declared_ids(question(contract, command="gate", batch=2))) - set(run) == {FIT, ROOM}
    assert set(declared_ids(question(contract, command="gate", batch=1))) - set(run) == {FIT}  # it has moved
    first = declared_ids(question(contract, command="gate", batch=1, batches=()))
    schemas = [f"{entity.name}.schema" for entity in contract.entities]
    assert list(first) == [*SIDES, "coverage.source", "coverage.target", "calendar.deadline", *schemas, FIT, ROOM]


def test_a_bare_contract_implies_less(bare: Contract) -> None:
    assert crosswalk_names(bare) == ()
    kinds = ("schema", "keys", "rows", "instants", "counts")
    expected = ("snapshot.source", "snapshot.target", "coverage.source", "coverage.target", *(f"things.{kind}" for kind in kinds), "canary.things")
    assert declared_ids(question(bare, batch=None, batches=())) == expected


def test_what_did_not_run_or_ran_twice_or_that_nobody_declared_is_not_proven(bare: Contract) -> None:
    asked = question(bare, batch=None, batches=())
    ran = [
        judged(check_id, broken=0, reason=None, entity=None if "." not in check_id else check_id.partition(".")[0], kind="x", name="n", sentence="fine")
        for check_id in (*reversed(declared_ids(asked)), "things.more", "things.rows")
        if check_id not in ("things.keys", "snapshot.target")
    ]
    found = complete(ran, asked)
    assert [check.id for check in found] == [*declared_ids(asked), "things.more"]
    by_id = {check.id: check for check in found}
    assert by_id["things.keys"] == not_proven("things.keys", entity="things", kind="keys", reason="it did not run")
    assert by_id["snapshot.target"] == not_proven("snapshot.target", entity=None, kind="snapshot", reason="it did not run")
    assert by_id["things.rows"] == not_proven("things.rows", entity="things", kind="x", name="n", reason="it ran twice")
    assert by_id["things.more"] == not_proven("things.more", entity="things", kind="x", name="n", reason="the contract declares no such check")
    assert {check.outcome for check in found if check.sentence == "fine"} == {Outcome.PASSED}


def result(*, outcome: Outcome | None = None, **counts: int) -> EntityResult:
    zero = dict.fromkeys(("source_rows", "target_rows", "compared", "same", "changed", "missing", "extra", "duplicate", "native", "excused", "unmapped"), 0)
    outcome = outcome or (Outcome.FAILED if set(counts) - {"compared"} else Outcome.PASSED)
    return EntityResult(entity="coupons", promise="", outcome=outcome, people=None, money=(), columns=(), **{**zero, **counts})


def check(outcome: Outcome, check_id: str = "coupons.rows") -> Check:
    return Check(id=check_id, entity="coupons", kind="rows", outcome=outcome, sentence="", reason="of this" if outcome is Outcome.NOT_PROVEN else None)


FINE, BAD, UNKNOWN = check(Outcome.PASSED), check(Outcome.FAILED), check(Outcome.NOT_PROVEN, "coupons.keys")


@pytest.mark.parametrize(
    ("checks", "entities", "words"),
    [
        ([FINE], [result(compared=2), result(compared=3)], "Batch 1: 5 rows in 2 entities compared, every promise kept."),
        ([FINE, check(Outcome.WAIVED)], [result(compared=1)], "Batch 1: 1 row in 1 entity compared, 1 check waived, first coupons.rows."),
        (
            [check(Outcome.WAIVED), check(Outcome.FAILED, "waivers.live")],
            [result(changed=1, outcome=Outcome.WAIVED)],
            "Batch 1: 1 check of 2 failed, first waivers.live.",
        ),
        ([FINE], [], "Batch 1: the source is fit to move, in 1 check."),
        ([BAD, FINE], [result(changed=1), result(compared=1)], "Batch 1: 1 row breaks what was promised, in coupons."),
        ([BAD, FINE], [result(changed=1, missing=2, extra=3, duplicate=4)], "Batch 1: 10 rows break what was promised, in coupons."),
        ([FINE, BAD], [result(compared=1)], "Batch 1: 1 check of 2 failed, first coupons.rows."),
        ([FINE, UNKNOWN], [result(compared=1)], "Batch 1: 1 check could not be proven, first coupons.keys: of this."),
        (
            [BAD, UNKNOWN, check(Outcome.NOT_PROVEN)],
            [],
            "Batch 1: 1 check of 3 failed, first coupons.rows; 2 checks could not be proven, first coupons.keys: of this.",
        ),
    ],
)
def test_a_headline_says_the_worst_in_one_sentence(contract: Contract, checks: list[Check], entities: list[EntityResult], words: str) -> None:
    assert headline(question(contract), checks=checks, entities=entities) == words


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"batch": None}, "All that has moved: "),
        ({"batch": 2}, "Batch 2: "),
        ({"command": "gate", "batch": 1, "batches": ()}, "Gate for batch 1, the first batch: "),
        ({"command": "gate", "batch": 2}, "Gate for batch 2, batch 1 compared: "),
        ({"command": "gate", "batch": 3, "batches": (1, 2)}, "Gate for batch 3, batches 1 and 2 compared: "),
    ],
)
def test_a_headline_says_what_was_asked(contract: Contract, asked: dict[str, Any], what: str) -> None:
    assert headline(question(contract, **asked), checks=[FINE], entities=[result()]).startswith(what)


def test_what_was_not_looked_at_is_said(contract: Contract, bare: Contract) -> None:
    excluded = "Excluded: source users, 1 column: is not moved."
    fit = "Whether the source is fit to move (1 check) is asked by gate and check, not by run."
    before = "There is no crosswalk of before: whether what was mapped when a batch was proven has been mapped otherwise since is not known."
    roster = "There is no roster (signers.toml): nobody is asked to sign."
    assert not_checked(question(contract)) == ("Rows of batch 2 were not compared.", fit, before, roster, excluded)
    assert not_checked(question(contract, batches=())) == ("Rows of batches 1 and 2 were not compared.", fit, roster, excluded)
    room = "Batch 1 has moved already: whether there was room for it in the target is not known."
    assert not_checked(question(contract, command="gate", batches=(1, 2))) == (room, before, roster, excluded)
    assert not_checked(question(contract.model_copy(update={"has_roster": True}), command="gate", batches=(1, 2))) == (room, before, excluded)
    assert not_checked(question(contract, command="gate", batch=3, batches=(1, 2))) == (before, roster, excluded)
    assert not_checked(question(bare, batches=())) == (
        "Nothing is pinned (dq check --pin): whether the stores' tables, columns and types are those of before is not known.",
        "There is no baseline: whether the target's own rows are unharmed is not known.",
        "There is no roster (signers.toml): nobody is asked to sign.",
    )


def test_a_record_is_as_bad_as_its_worst_check_and_of_the_region_of_its_batches(contract: Contract) -> None:
    def record(*checks: Check, **asked: Any) -> Any:
        return make_record(question(contract, **asked), checks=checks, entities=(), causes=(), ledger=Ledger(()), findings=3, unexplained=["x: y"])

    found = record(FINE, UNKNOWN, BAD)
    assert (found.outcome, found.exit_status, found.findings, found.region) == (Outcome.NOT_PROVEN, 3, 3, "ID")
    assert (found.freeze, found.deadline, found.as_of) == ("2024-10-20T17:00:00+00:00", "2024-12-12T17:00:00+00:00", "2024-11-01T00:00:00+00:00")
    assert found.not_checked[-1] == "Not known: x: y."
    assert (record(FINE, BAD).exit_status, record(FINE).exit_status, record().exit_status) == (1, 0, 3)
    assert [record(FINE, batches=batches, batch=batch).region for batches, batch in (((1, 2), None), ((2,), 2), ((), 2), ((), None))] == [
        None,
        "GB",
        "GB",
        None,
    ]


def test_each_store_has_a_ledger_of_its_own() -> None:
    lines = [LedgerLine(side=side, table="t", column="c", status=status) for side, status in (("source", "compared"), ("target", "uncovered"))]
    source, target = judge_stores(Ledger(tuple(lines), {"source": ("for nothing",)}))
    assert (source.id, source.details, target.id, target.details) == ("coverage.source", ("for nothing",), "coverage.target", ("t.c",))
    assert judge_stores(Ledger(tuple(lines)))[0].outcome is Outcome.PASSED


EVERY_CHARACTER = "".join(chr(number) for number in range(0x110000) if not 0xD800 <= number < 0xE000)


@pytest.mark.parametrize("value", [EVERY_CHARACTER, {"b": [True, None, -(10**30)], "a": {}, "c": [[], [{"z": 0, "é": ""}]]}], ids=["text", "nested"])
def test_a_record_is_written_as_the_standard_library_writes_it(value: object) -> None:
    assert (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode() == indented(value)


def test_text_that_has_no_bytes_is_not_written() -> None:
    with pytest.raises(UnicodeEncodeError):
        indented({"a": "\ud800"})
