"""What became of findings since an earlier run: new, still there, fixed, come back, and since when they have been open."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from small import Dq, Small, assert_refused, copied

import dq as library
from dq import lineage
from dq.errors import UsageError
from dq.folder import read_record, record_bytes
from dq.record import Outcome
from dq.running import Options, run_contract

GONE = "DELETE FROM vouchers WHERE code = 'C-001'"
NOTE = "UPDATE vouchers SET note = 'other' WHERE code = 'C-002'"
AMOUNT = "UPDATE vouchers SET amount = amount + 1 WHERE code = 'C-004'"
RUNS = (("2024-11-05T20:00:00+00:00", (GONE, NOTE)), ("2024-11-06T20:00:00+00:00", (GONE, AMOUNT)), ("2024-11-07T20:00:00+00:00", (GONE, NOTE)))
"""As of when each run is, and what was wrong then: a row is gone in all, a note is wrong, is right, and is wrong again."""

LAST = """\
Check           New  Still  Fixed  Come back  Not known  Open since
coupons.rows    0    1      0      0          0          2024-11-05T20:00
coupons.values  0    0      1      1          0          2024-11-07T20:00
"""
SENTENCE = "0 new, 1 still open, 1 fixed, 1 come back; the oldest open for 2 days"


@pytest.fixture(scope="module")
def template(plain_template: Small, tmp_path_factory: pytest.TempPathFactory) -> tuple[Small, tuple[str, ...]]:
    """A migration with three runs, and their names."""
    small = copied(plain_template, tmp_path_factory.mktemp("lineage"))
    names = []
    for as_of, statements in RUNS:
        small.reseal("target", *statements)
        finished = run_contract(small.contract, options=Options(runs=small.runs, as_of=datetime.fromisoformat(as_of)))
        names.append(finished.record.run)
    return small, tuple(names)


@pytest.fixture
def three(template: tuple[Small, tuple[str, ...]], tmp_path: Path) -> tuple[Small, tuple[str, ...]]:
    """An own copy of it."""
    return copied(template[0], tmp_path / "three"), template[1]


def test_findings_are_held_against_the_run_before(three: tuple[Small, tuple[str, ...]], dq: Dq) -> None:
    small, (_, before, last) = three
    said = dq("show", last, "--since", "previous", "--runs", small.runs)
    assert [line.rstrip() for line in said.out.splitlines()] == [*LAST.splitlines(), f"Since {before}: {SENTENCE}"]


def test_findings_are_held_against_a_run_that_is_named(three: tuple[Small, tuple[str, ...]], dq: Dq) -> None:
    small, (first, _, last) = three
    said = dq("show", last, "--since", first, "--runs", small.runs, "--json")
    assert [(line["check"], line["new"], line["still"], line["fixed"], line["regressed"]) for line in json.loads(said.out)["lines"]] == [
        ("coupons.rows", 0, 1, 0, 0),
        ("coupons.values", 0, 1, 0, 0),
    ]


def test_a_run_says_what_became_of_the_findings_before_it(three: tuple[Small, tuple[str, ...]], run: Dq) -> None:
    small, (_, before, last) = three
    shutil.rmtree(small.runs / last)
    said = run(small, "--as-of", RUNS[-1][0])
    assert said.out.splitlines()[-2:] == [f"Since {before}: {SENTENCE}", f"FAILED batch=all run={last}"]


def test_an_earlier_run_changes_no_byte_of_the_record(three: tuple[Small, tuple[str, ...]], run: Dq) -> None:
    small, (*_, last) = three
    before = (small.runs / last / "report.json").read_bytes()
    shutil.rmtree(small.runs)
    assert "Since" not in run(small, "--as-of", RUNS[-1][0]).out
    assert (small.runs / last / "report.json").read_bytes() == before


def test_an_earlier_run_that_is_damaged_disturbs_no_run(three: tuple[Small, tuple[str, ...]], run: Dq) -> None:
    small, (first, before, last) = three
    shutil.rmtree(small.runs / last)
    (small.runs / before / "restricted" / "findings.parquet").write_bytes(b"nothing")
    (small.runs / first / "report.json").write_text("{}")
    said = run(small, "--as-of", RUNS[-1][0])
    assert (said.status, said.out.splitlines()[-1]) == (1, f"FAILED batch=all run={last}")


def test_no_record_of_another_batch_is_read(three: tuple[Small, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    small, (first, before, last) = three
    record = read_record(small.runs / before)
    (small.runs / before / "report.json").write_bytes(record_bytes(record.model_copy(update={"batch": 1})))
    read: list[str] = []
    monkeypatch.setattr(lineage, "read_record", lambda folder: (read.append(folder.name), read_record(folder))[1])
    earlier = lineage.earlier_runs(lineage.Recorded(small.runs / last, read_record(small.runs / last)), runs=small.runs)
    assert [one.record.run for one in earlier] == [first]
    assert sorted(read) == sorted((first, last))


def test_the_first_run_has_none_before_it(three: tuple[Small, tuple[str, ...]], dq: Dq) -> None:
    small, (first, *_) = three
    assert_refused(dq("show", first, "--since", "previous", "--runs", small.runs), 2, f"there is no earlier run of that batch in {small.runs}")
    with pytest.raises(UsageError, match="there is no earlier run of that batch in"):
        library.open_run(small.runs / first).since()


def test_what_a_run_could_not_prove_is_neither_new_nor_fixed(three: tuple[Small, tuple[str, ...]]) -> None:
    small, (_, before, last) = three
    folder = small.runs / before
    record = read_record(folder)
    checks = [check.model_copy(update={"outcome": Outcome.NOT_PROVEN}) if check.id == "coupons.values" else check for check in record.checks]
    (folder / "report.json").write_text(record.model_copy(update={"checks": tuple(checks)}).model_dump_json())
    lines = {line.check: line for line in library.open_run(small.runs / last).since(library.open_run(folder)).lines}
    assert (lines["coupons.values"].unknown, lines["coupons.values"].fixed, lines["coupons.values"].new) == (1, 1, 0)


def test_a_run_of_another_migration_is_not_compared(three: tuple[Small, tuple[str, ...]]) -> None:
    small, (first, _, last) = three
    record = read_record(small.runs / first).model_copy(update={"migration": "other"})
    (small.runs / first / "report.json").write_text(record.model_dump_json())
    with pytest.raises(UsageError, match="is of another migration"):
        library.open_run(small.runs / last).since(library.open_run(small.runs / first))
