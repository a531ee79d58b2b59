"""What the commands print: the last line of run and gate, `--json`, help and usage, errors with and without `--debug`."""

from __future__ import annotations

import json
import re

import pytest
from small import PERSONAL, PRIVATE, Dq, Small, assert_refused

pytestmark = pytest.mark.slow  # seconds together

LINE = re.compile(r"(PASSED|WAIVED|FAILED|NOT PROVEN|GATE OPEN|GATE SHUT) batch=(\d+|all) run=[0-9a-f]{12}( \(first batch\))?")
COMMANDS = ("run", "gate", "check", "snapshot", "show", "demo")
BROKEN = ("DELETE FROM vouchers WHERE code = 'C-001'", "UPDATE vouchers SET note = 'x' WHERE code = 'C-002'")


def _json(said: str) -> dict[str, object]:
    (line,) = said.splitlines()
    found: dict[str, object] = json.loads(line)
    return found


@pytest.mark.parametrize(
    ("command", "batch", "broken", "expected"),
    [
        ("run", 1, False, (0, "PASSED batch=1 run=")),
        ("run", None, False, (0, "PASSED batch=all run=")),
        ("run", 1, True, (1, "FAILED batch=1 run=")),
        ("gate", 2, False, (0, "GATE OPEN batch=2 run=")),
        ("gate", 2, True, (1, "GATE SHUT batch=2 run=")),
    ],
)
def test_the_last_line_says_the_verdict(batched: Small, run: Dq, command: str, batch: int | None, *, broken: bool, expected: tuple[int, str]) -> None:
    batched.reseal("target", *(BROKEN if broken else ()))
    said = run(batched, *(("--batch", batch) if batch else ()), command=command)
    status, begins = expected
    assert (said.status, said.err, bool(LINE.fullmatch(said.last))) == (status, "", True)
    assert said.last == f"{begins}{batched.record()['run']}"


def test_the_gate_of_the_first_batch_says_so(batched: Small, run: Dq) -> None:
    said = run(batched, "--batch", 1, command="gate")
    assert (said.status, said.last) == (0, f"GATE OPEN batch=1 run={batched.record()['run']} (first batch)")


@pytest.mark.parametrize("statement", ["DROP TABLE coupons", "ALTER TABLE coupons DROP COLUMN note", "ALTER TABLE coupons ALTER amount TYPE DOUBLE"])
def test_the_gate_of_the_first_batch_is_shut_where_the_store_is_another(batched: Small, run: Dq, statement: str) -> None:
    """No row is compared yet, and no fitness is asked of that entity; still its store must be the one that the contract reads."""
    batched.reseal("source", statement)
    said = run(batched, "--batch", 1, command="gate")
    assert (said.status, said.last) == (1, f"GATE SHUT batch=1 run={batched.record()['run']} (first batch)")
    assert batched.outcomes()["coupons.schema"] == "FAILED"


def test_a_gate_that_could_not_be_proven_is_shut(batched: Small, run: Dq) -> None:
    said = run(batched, "--batch", 2, "--as-of", "2024-12-05T20:00:00+00:00", command="gate")
    assert (said.status, said.last) == (3, f"GATE SHUT batch=2 run={batched.record()['run']}")


def test_the_gate_of_a_batch_is_another_record_than_its_run(batched: Small, run: Dq) -> None:
    run(batched, "--batch", 1)
    run(batched, "--batch", 1, command="gate")
    run(batched)
    assert len(batched.litter()) == 3


@pytest.mark.parametrize(("command", "broken"), [("run", False), ("run", True), ("gate", False)])
def test_json_is_one_object_with_the_verdict(batched: Small, run: Dq, command: str, *, broken: bool) -> None:
    batched.reseal("target", *(BROKEN if broken else ()))
    said = run(batched, "--batch", 1 if command == "run" else 2, "--json", command=command)
    record = batched.record()
    found = _json(said.out)
    assert (found["command"], found["run"], found["outcome"], found["exit_status"]) == (command, record["run"], record["outcome"], said.status)
    assert (found["not_passed"], found["folder"]) == (batched.outcomes(), str(batched.runs / record["run"]))
    assert sum(found["checks"].values()) == len(record["checks"])  # type: ignore[attr-defined]
    assert (said.err, said.out.isascii()) == ("", True)


def test_check_prints_the_same_as_json(plain: Small, dq: Dq) -> None:
    plain.reseal("source", "ALTER TABLE coupons ADD COLUMN more DATE")
    found = _json(dq("check", "--contract", plain.contract, "--json").out)
    assert found == {
        "command": "check",
        "outcome": "FAILED",
        "exit_status": 1,
        "checks": {"PASSED": 4, "WAIVED": 0, "FAILED": 1, "NOT PROVEN": 0},
        "not_passed": {"coverage.source": "FAILED"},
    }


def test_a_run_shows_no_personal_data(plain: Small, run: Dq) -> None:
    plain.reseal("target", *BROKEN)
    said = run(plain, "--debug")
    (folder,) = plain.runs.iterdir()
    told = said.out + said.err + "".join((folder / name).read_text() for name in ("report.html", "report.json", "summary.md", "junit.xml", "run.json"))
    for personal in (*PRIVATE, "C-001", "C-002"):
        assert personal not in told


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help_with_an_example(dq: Dq, command: str, option: str) -> None:
    said = dq(command, option)
    assert (said.status, said.err) == (0, "")
    assert f"dq {command}" in said.out
    assert "Example" in said.out


def test_help_names_every_command(dq: Dq) -> None:
    said = dq("--help")
    assert (said.status, said.err) == (0, "")
    for command in COMMANDS:
        assert command in said.out


def test_the_version_is_printed(dq: Dq) -> None:
    from dq import __version__  # noqa: PLC0415

    assert dq("--version").out == f"dq {__version__}\n"


USAGE = {
    "no such command": (("rnu",), ("rnu",)),
    "no such option": (("run", "--bacth", "1"), ("--bacth", "--batch")),
    "no number": (("run", "--batch", "one"), ("--batch", "integer")),
    "a batch is missing": (("gate",), ("--batch",)),
    "an argument too much": (("run", "1"), ("1",)),
    "no such folder": (("run", "--contract", "/nowhere"), ("/nowhere: no such contract folder",)),
    "no size": (("run", "--memory", "much"), ("--memory", "900MB")),
    "no threads": (("run", "--threads", "0"), ("--threads", "greater than or equal to 1")),
    "rows without sql": (("check", "--rows", "3"), ("--rows goes with --sql",)),
    "to without findings": (("show", "--to", "x.csv"), ("--to goes with --findings",)),
    "no such side": (("snapshot", "sorce", "--from", "x"), ("no side 'sorce'", "did you mean 'source'?")),
    "no store named": (("snapshot", "source"), ("--from",)),
    "too few accounts": (("demo", "--accounts", "0"), ("--accounts", "greater than or equal to 1")),
    "corruptions of nothing": (("demo", "--broken"), ("--broken goes with --snapshots",)),
}


@pytest.mark.parametrize(("arguments", "parts"), USAGE.values(), ids=USAGE)
def test_wrong_usage_is_one_line(plain: Small, dq: Dq, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], parts: tuple[str, ...]) -> None:
    plain.contract.rename(plain.folder / "expectations")
    monkeypatch.chdir(plain.folder)
    assert_refused(dq(*arguments), 2, *parts)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_debug_may_stand_anywhere_and_shows_where(plain: Small, dq: Dq, place: int) -> None:
    arguments: list[object] = ["run", "--contract", plain.folder / "nowhere"]
    arguments.insert(place, "--debug")
    said = dq(*arguments)
    assert (said.status, "Traceback" in said.err, said.err.splitlines()[-1]) == (2, True, f"dq: {plain.folder}/nowhere: no such contract folder")
    assert "Traceback" not in dq("run", "--contract", plain.folder / "nowhere").err


def test_an_error_of_our_own_is_one_line_without_its_words(plain: Small, run: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an unforeseen error says may be a row's value."""

    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError(PERSONAL)

    monkeypatch.setattr("dq.answering.make_record", crash)
    said = run(plain)
    assert (said.status, said.err) == (3, "dq: an error of dq itself (ZeroDivisionError); --debug shows where\n")
    assert plain.litter() == []
    assert PERSONAL in run(plain, "--debug").err


def test_a_runs_folder_that_cannot_be_written_is_wrong_usage(plain: Small, dq: Dq) -> None:
    (plain.folder / "file").write_text("")
    assert_refused(dq("run", "--contract", plain.contract, "--runs", plain.folder / "file"), 2, f"{plain.folder}/file: cannot be written to (file exists)")


@pytest.mark.parametrize("broken", [False, True])
def test_a_shut_gate_names_the_notebooks_before_its_last_line(batched: Small, run: Dq, *, broken: bool) -> None:
    batched.reseal("target", *(BROKEN if broken else ()))
    said = run(batched, "--batch", 2, command="gate")
    named = [line for line in said.out.splitlines()[:-1] if "--notebook" in line]
    assert named == ([f"Why, in notebooks: dq show {batched.record()['run']} --notebook --runs {batched.runs}"] if broken else [])
