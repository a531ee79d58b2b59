"""A run in itself: the same bytes again, nothing in the record that varies, every crash told by its own check, snapshots watched to the end."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small import PERSONAL, Dq, Said, Small, assert_refused

from dq import answering
from dq.attempts import Attempts
from dq.contract.reading import read_contract
from dq.errors import EngineError
from dq.record import Check
from dq.running import Options, run_contract, steps_told

BROKEN = ("DELETE FROM vouchers WHERE code = 'C-001'", "UPDATE vouchers SET note = note || 'x' WHERE amount BETWEEN 2 AND 12")


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_running_again_leaves_the_run_as_it_is(plain: Small, run: Dq) -> None:
    plain.reseal("target", *BROKEN)
    first = run(plain)
    folder = plain.runs / plain.record()["run"]
    before = _bytes(folder)
    assert (run(plain), plain.litter(), _bytes(folder)) == (first, [folder.name], before)


def test_running_elsewhere_gives_the_same_bytes_but_for_what_varies(plain: Small, run: Dq, tmp_path: Path) -> None:
    plain.reseal("target", *BROKEN)
    run(plain)
    run(plain, "--runs", tmp_path / "elsewhere", "--threads", 2, "--memory", "500MB")
    name = plain.record()["run"]
    here, there = (_bytes(runs / name) for runs in (plain.runs, tmp_path / "elsewhere"))
    assert {file for file in {*here, *there} if here.get(file) != there.get(file)} == {"run.json"}


@pytest.mark.parametrize("threads", [1, 2, pytest.param(4, marks=pytest.mark.slow), pytest.param(8, marks=pytest.mark.slow)])
def test_threads_change_nothing(batched: Small, run: Dq, tmp_path: Path, threads: int) -> None:
    batched.reseal("target", "UPDATE vouchers SET note = note || 'x' WHERE amount BETWEEN 2 AND 12")
    run(batched, "--threads", 3, "--batch", 1)
    run(batched, "--threads", threads, "--batch", 1, "--runs", tmp_path / "elsewhere")
    name = batched.record()["run"]
    assert (tmp_path / "elsewhere" / name / "report.json").read_bytes() == (batched.runs / name / "report.json").read_bytes()


def test_rows_in_another_order_in_another_storage_version_are_the_same_record(plain: Small, run: Dq, tmp_path: Path) -> None:
    run(plain)
    plain.reseal(
        "source",
        "CREATE TABLE c (amount DECIMAL(18,2), code VARCHAR PRIMARY KEY, note VARCHAR)",
        "INSERT INTO c BY NAME FROM coupons ORDER BY hash(code)",
        "DROP TABLE coupons",
        "ALTER TABLE c RENAME TO coupons",
    )
    run(plain, "--runs", tmp_path / "elsewhere")
    name = plain.record()["run"]
    assert (tmp_path / "elsewhere" / name / "report.json").read_bytes() == (plain.runs / name / "report.json").read_bytes()


def test_a_record_that_was_tampered_with_is_not_proven_and_both_folders_are_named(plain: Small, run: Dq) -> None:
    plain.reseal("target", *BROKEN)
    run(plain)
    folder = plain.runs / plain.record()["run"]
    tampered = (folder / "report.json").read_bytes().replace(b'"FAILED"', b'"PASSED"')
    (folder / "report.json").write_bytes(tampered)
    beside = folder.with_name(f"{folder.name}.differs")
    assert_refused(run(plain), 3, str(folder), str(beside), "NOT PROVEN", "another record")
    assert (folder / "report.json").read_bytes() == tampered
    assert json.loads((beside / "report.json").read_text())["outcome"] == "FAILED"
    assert run(plain).status == 3
    assert plain.litter() == [folder.name, beside.name]


def test_a_folder_of_that_name_without_a_record_is_not_overwritten(plain: Small, run: Dq) -> None:
    run(plain)
    folder = plain.runs / plain.record()["run"]
    (folder / "report.json").unlink()
    before = _bytes(folder)
    said = run(plain)
    assert (said.status, _bytes(folder), plain.litter()) == (3, before, [folder.name])
    assert_refused(said, 3, folder.name)


def _leaves(found: object, place: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _leaves(value, f"{place}.{key}")
    elif isinstance(found, list):
        for value in found:
            yield from _leaves(value, f"{place}[]")
    else:
        yield place, found


@pytest.mark.parametrize("broken", [False, True])
def test_the_record_holds_nothing_that_varies(batched: Small, run: Dq, *, broken: bool) -> None:
    batched.reseal("target", *(BROKEN if broken else ()))
    run(batched, "--batch", 1)
    record = batched.record()
    for place, value in _leaves(record):
        assert not isinstance(value, float), place
        assert not re.search(r"second|duration|took|elapsed|host|user|path|started", place), place
        assert not (isinstance(value, str) and re.search(r"(^| )/\w|\.duckdb|[A-Za-z]:\\", value)), (place, value)


def test_what_varies_stands_beside_the_record(plain: Small, run: Dq) -> None:
    run(plain, "--threads", 2, "--memory", "700MB")
    varying = json.loads((plain.runs / plain.record()["run"] / "run.json").read_text())
    assert varying["run"] == plain.record()["run"]
    assert varying["engine"] == {"memory": "700MB", "threads": 2}
    assert set(varying["snapshots"]) == {"source", "target"}
    assert varying["snapshots"]["source"]["sha256"] == plain.manifest("source")["file_sha256"]
    assert varying["seconds"] > 0


def test_small_tables_are_read_by_one_thread(plain: Small, run: Dq) -> None:
    run(plain)
    assert json.loads((plain.runs / plain.record()["run"] / "run.json").read_text())["engine"]["threads"] == 1


def test_the_record_is_canonical_json(plain: Small, run: Dq) -> None:
    run(plain)
    (report,) = plain.runs.glob("*/report.json")
    text = report.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, indent=1) + "\n"


# What happens to the source's file between the hash and the end of the run; what the line says.
def _swap_before_attach(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    other = small.folder / "other.duckdb"
    shutil.copyfile(small.snapshot("target"), other)
    _before(monkeypatch, "open_engine", lambda: other.replace(small.snapshot("source")))


def _wal_before_attach(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    wal = small.snapshot("source").with_name("source.duckdb.wal")
    _after(monkeypatch, "open_engine", lambda: wal.write_bytes(b""))


def _write_while_read(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte, the same size, and the old time put back."""

    def write() -> None:
        there = small.snapshot("source").stat()
        with small.snapshot("source").open("r+b") as stream:
            stream.seek(-1, os.SEEK_END)
            stream.write(b"\x01")
        os.utime(small.snapshot("source"), ns=(there.st_atime_ns, there.st_mtime_ns))

    _before(monkeypatch, "make_record", write)


def _grow_while_read(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    def grow() -> None:
        with small.snapshot("source").open("ab") as stream:
            stream.write(b"\0")

    _before(monkeypatch, "make_record", grow)


def _before(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    original = getattr(answering, name)

    def acting(*arguments: Any, **more: Any) -> Any:
        act()
        return original(*arguments, **more)

    monkeypatch.setattr(answering, name, acting)


def _after(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    original = getattr(answering, name)

    def acting(*arguments: Any, **more: Any) -> Any:
        found = original(*arguments, **more)
        act()
        return found

    monkeypatch.setattr(answering, name, acting)


WATCHED = {
    _swap_before_attach: "was exchanged between the check and the attach",
    _wal_before_attach: "stands beside it",
    _write_while_read: "was written to while it was read",
    _grow_while_read: "was written to while it was read",
}


@pytest.mark.parametrize(("act", "told"), WATCHED.items(), ids=[act.__name__.strip("_") for act in WATCHED])
def test_a_snapshot_that_changes_under_our_hands_is_noticed(
    plain: Small, run: Dq, monkeypatch: pytest.MonkeyPatch, act: Callable[[Small, pytest.MonkeyPatch], None], told: str
) -> None:
    act(plain, monkeypatch)
    assert_refused(run(plain), 3, "source.duckdb", told)
    assert plain.litter() == []


def test_a_file_that_is_put_away_while_it_is_read_changes_nothing(plain: Small, run: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    """We and the engine hold the file itself, not its name; but its last change of state is noticed."""
    _before(monkeypatch, "make_record", lambda: plain.snapshot("source").rename(plain.folder / "away.duckdb"))
    assert_refused(run(plain), 3, "was written to while it was read")


# Every step that may crash alone, in a gate with an invariant, a fitness check, merges and erasures; the checks that are then NOT PROVEN.
ACCOUNTS = {"accounts.keys", "accounts.rows", "accounts.values", "accounts.counts", "accounts.invariant.named", "canary.accounts"}
COUPONS = {f"coupons.{kind}" for kind in ("keys", "rows", "values", "attribution", "natives", "counts", "sums.amount")} | {"canary.coupons"}
FIT = {"accounts.fit.name_there"}
ROOM = {"coupons.room"}
STEPS = {
    ("snapshots", "look_inside"): {"snapshot.source", "snapshot.target", "snapshot.baseline", "snapshot.crosswalk"},
    ("snapshot.source", "discrepancies"): {"snapshot.source"},
    ("snapshot.target", "discrepancies"): {"snapshot.target"},
    ("snapshot.baseline", "discrepancies"): {"snapshot.baseline"},
    ("snapshot.crosswalk", "discrepancies"): {"snapshot.crosswalk"},
    ("crosswalk accounts", "look_at_function"): ACCOUNTS | COUPONS | ROOM | {"crosswalk.accounts"},
    ("crosswalk accounts", "look_at_targets"): ACCOUNTS | COUPONS | ROOM | {"crosswalk.accounts"},
    ("crosswalk accounts", "crosswalk_evidence"): {"crosswalk.accounts"},
    ("crosswalk batches", "look_at_batches"): ACCOUNTS | COUPONS | ROOM | {"crosswalk.batches"},
    ("crosswalk batches", "record_strangers"): ACCOUNTS | COUPONS | ROOM | {"crosswalk.batches"},
    ("crosswalk batches", "crosswalk_evidence"): {"crosswalk.batches"},
    ("crosswalk merges", "look_at_merges"): {"crosswalk.merges"},
    ("crosswalk merges", "crosswalk_evidence"): {"crosswalk.merges"},
    ("crosswalk erasures", "look_at_erasures"): {"crosswalk.erasures"},
    ("crosswalk erasures", "crosswalk_evidence"): {"crosswalk.erasures"},
    ("accounts: views", "make_views"): ACCOUNTS | FIT,
    ("coupons: views", "make_views"): COUPONS | ROOM,
    ("accounts", "measure"): ACCOUNTS,
    ("accounts", "make_moved"): ACCOUNTS,
    ("accounts", "record_outside"): ACCOUNTS,
    ("coupons", "measure"): COUPONS,
    ("coupons", "make_moved"): COUPONS,
    ("coupons", "record_outside"): COUPONS,
    ("accounts.counts", "compare_sums"): {"accounts.counts"},
    ("coupons.counts", "compare_sums"): {"coupons.counts"},
    ("coupons.sums.amount", "compare_sums"): {"coupons.sums.amount"},
    ("accounts.invariant.named", "check_invariant"): {"accounts.invariant.named"},
    ("coupons.natives", "check_natives"): {"coupons.natives"},
    ("canary.accounts", "release"): {"canary.accounts"},
    ("canary.coupons", "release"): {"canary.coupons"},
    ("canary.crosswalk", "release_maps"): {"canary.crosswalk"},
    ("accounts.fit", "_run"): FIT,
    ("coupons.room", "_looked"): ROOM,
    ("snapshot.baseline", "why_too_late"): {"snapshot.baseline"},
    ("calendar.progress", "measure_progress"): {"calendar.deadline"},
}
CRASHES = [ZeroDivisionError(PERSONAL), EngineError("a step: a reason", sql=f"SELECT '{PERSONAL}'")]


def _claim_everything(small: Small) -> None:
    """Give the contract a deadline, an invariant and a fitness check, and the crosswalk merges and erasures."""
    migration = small.contract / "migration.toml"
    migration.write_text("deadline = 2030-01-01T00:00:00Z\n" + migration.read_text())
    with (small.contract / "accounts.toml").open("a") as stream:
        stream.write('[[invariant]]\nname = "named"\nholds = "name IS NOT NULL"\n')
        stream.write('[[fit]]\nname = "name_there"\ntype = "expect_column_values_to_not_be_null"\ncolumn = "name"\n')
    merges = "CREATE TABLE merges (crosswalk VARCHAR, source_id BIGINT, target_id BIGINT, kept VARCHAR)"
    small.reseal("crosswalk", merges, "CREATE TABLE erasures (account_id BIGINT, reference VARCHAR)")


def _crash(monkeypatch: pytest.MonkeyPatch, crash: Callable[[str, str], Exception | None]) -> list[tuple[str, str]]:
    """Let steps crash that are picked by name and function; return all that are tried."""
    attempt = Attempts.__call__
    tried: list[tuple[str, str]] = []

    def trying(self: Attempts, step: str, function: Callable[..., Any], /, *arguments: Any, **more: Any) -> Any:
        tried.append((step, function.__name__))
        error = crash(step, function.__name__)

        def crashing(*_: object, **__: object) -> None:
            if error is not None:
                raise error

        return attempt(self, step, function if error is None else crashing, *arguments, **more)

    monkeypatch.setattr(Attempts, "__call__", trying)
    return tried


def test_every_step_that_may_crash_alone_is_in_the_table(batched: Small, run: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    _claim_everything(batched)
    tried = _crash(monkeypatch, lambda _, __: None)
    assert run(batched, "--batch", 2, command="gate").status == 0
    assert {*tried, ("coupons.sums.amount", "compare_sums")} == set(STEPS)


@pytest.mark.slow
@pytest.mark.parametrize(("step", "unproven"), STEPS.items(), ids=[" ".join(step) for step in STEPS])
def test_a_crash_is_told_by_its_own_checks_and_the_others_run(
    batched: Small, run: Dq, monkeypatch: pytest.MonkeyPatch, step: tuple[str, str], unproven: set[str]
) -> None:
    _claim_everything(batched)
    with_others = {step, ("coupons.counts", "compare_sums")} if step[0] == "coupons.sums.amount" else {step}
    if len(with_others) > 1:
        unproven = unproven | {"coupons.counts"}  # those that are sliced alike are measured together, and alone only where that crashed
    crash = CRASHES[list(STEPS).index(step) % 2]
    _crash(monkeypatch, lambda name, function: crash if (name, function) in with_others else None)
    said = run(batched, "--batch", 2, command="gate")
    assert (said.status, said.err, batched.outcomes()) == (3, "", dict.fromkeys(unproven, "NOT PROVEN"))
    assert PERSONAL not in said.out + json.dumps(batched.record())


def test_a_crash_shows_where_and_what_only_for_debug(plain: Small, run: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    crashes = {"canary.coupons": CRASHES[0], "coupons.counts": CRASHES[1]}
    _crash(monkeypatch, lambda step, _: crashes.get(step))
    quiet, loud = run(plain), run(plain, "--debug")
    assert (quiet.status, quiet.err, loud.status, loud.out) == (3, "", 3, quiet.out)
    assert "ZeroDivisionError" in quiet.out
    for part in ("Traceback", f"ZeroDivisionError: {PERSONAL}", f"SELECT '{PERSONAL}'"):
        assert part in loud.err


def test_causes_that_cannot_be_told_are_said_to_be_unknown(plain: Small, run: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    plain.reseal("target", *BROKEN)
    _crash(monkeypatch, lambda step, _: CRASHES[0] if step == "coupons: causes" else None)
    said = run(plain)
    record = plain.record()
    assert (said.status, record["causes"], record["findings"]) == (1, [], 23)
    assert record["not_checked"][-1].startswith("Not known: coupons: causes: the check crashed (ZeroDivisionError")


# What is done to the checks before they are put together; then what the check says.
def _leave_out(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    return checks[1:]


def _twice(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    return (*checks, checks[0])


def _renamed(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    return (*checks, checks[0].model_copy(update={"id": "coverage.left"}))


COMPLETE = {
    _leave_out: ("coverage.source", "it did not run"),
    _twice: ("coverage.source", "it ran twice"),
    _renamed: ("coverage.left", "the contract declares no such check"),
}


@pytest.mark.parametrize(("act", "told"), COMPLETE.items(), ids=[act.__name__.strip("_") for act in COMPLETE])
def test_the_checks_that_ran_are_those_that_are_declared(
    plain: Small, run: Dq, monkeypatch: pytest.MonkeyPatch, act: Callable[[tuple[Check, ...]], tuple[Check, ...]], told: tuple[str, str]
) -> None:
    judge = answering.judge_stores
    monkeypatch.setattr(answering, "judge_stores", lambda ledger: act(judge(ledger)))
    said = run(plain)
    assert (said.status, plain.outcomes()) == (3, {told[0]: "NOT PROVEN"})
    assert plain.check(told[0])["reason"] == told[1]


def test_the_record_names_every_check_of_the_contract_once(batched: Small, run: Dq) -> None:
    _claim_everything(batched)
    run(batched, "--batch", 2, command="gate")
    ids = [check["id"] for check in batched.record()["checks"]]
    assert len(ids) == len(set(ids))
    assert {"accounts.schema", "coupons.schema", "coverage.source", "coverage.target", *FIT, *ACCOUNTS, *COUPONS} <= set(ids)


def test_a_run_shows_what_is_done_next(plain: Small) -> None:
    told: list[str] = []
    run_contract(plain.contract, options=Options(runs=plain.runs, told=told.append))
    assert told == [
        "digests of the snapshots",
        "contents of the snapshots",
        "schema and crosswalk",
        "coupons: rows",
        "coupons: sums and claims",
        "findings and causes",
        "report",
    ]
    assert len(told) == steps_told(read_contract(plain.contract), command="run")


def test_the_same_question_of_another_batch_is_another_run(batched: Small, run: Dq) -> None:
    said: list[Said] = [run(batched, "--batch", 1), run(batched), run(batched, "--batch", 1, "--as-of", "2024-11-05T21:00:00+00:00")]
    assert ([item.status for item in said], len(batched.litter())) == ([0, 0, 0], 3)
