"""The same answer wherever it is asked: locale, time zone, encoding, terminal, folder, path and umask change neither record nor status."""

from __future__ import annotations

import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from small import PLAIN, Dq, Small, copied, environment, make_store

pytestmark = pytest.mark.slow  # many whole runs

DQ = (sys.executable, "-m", "dq")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _call(*arguments: object, env: dict[str, str] | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*DQ, *map(str, arguments)], check=False, capture_output=True, env=env or environment(), cwd=cwd, timeout=120)


def _record(runs: Path) -> bytes:
    (report,) = runs.glob("*/report.json")
    return report.read_bytes()


ENVIRONMENTS = {
    "Jakarta": {"TZ": "Asia/Jakarta", "LANG": "C.UTF-8"},
    "C": {"LANG": "C"},
    "POSIX without UTF-8": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ASCII output": {"PYTHONIOENCODING": "ascii"},
    "narrow": {"COLUMNS": "40", "TERM": "dumb"},
    "hash seed": {"PYTHONHASHSEED": "7", "TZ": "America/St_Johns"},
}


@pytest.mark.slow
@pytest.mark.parametrize("changed", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_the_record_is_the_same_in_every_environment(plain: Small, run: Dq, tmp_path: Path, changed: dict[str, str]) -> None:
    plain.reseal("target", "UPDATE vouchers SET note = 'größer ✓' WHERE amount = 1", "DELETE FROM vouchers WHERE amount = 2")
    expected = run(plain)
    called = _call("run", "--contract", plain.contract, "--runs", tmp_path / "others", env=environment(**changed))
    assert (called.returncode, called.stderr) == (expected.status, b"")
    assert _record(tmp_path / "others") == _record(plain.runs)
    assert called.stdout.decode().splitlines()[-1] == expected.last


@pytest.mark.slow
def test_an_output_that_cannot_carry_a_sign_shows_its_number(plain: Small) -> None:
    (plain.contract / "coupons.toml").write_text((plain.contract / "coupons.toml").read_text().replace("Coupons move.", "Gutscheine ziehen größer um ✓"))
    plain.edit("migration.toml", "The old store moves into the new one", "Größe ✓")
    called = _call("run", "--contract", plain.contract, "--runs", plain.runs, env=environment(PYTHONIOENCODING="ascii"))
    assert (called.returncode, called.stderr, called.stdout.isascii()) == (0, b"", True)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_an_error_with_a_sign_is_one_line_in_every_encoding(plain: Small, encoding: str) -> None:
    called = _call("run", "--contract", plain.folder / "größe ✓", env=environment(PYTHONIOENCODING=encoding))
    assert (called.returncode, called.stderr.count(b"\n")) == (2, 1)
    assert called.stderr.endswith(b"no such contract folder\n")


AWKWARD = ("with space", "it's", 'a "quote"', "größe ✓ 迁移", "semi;colon", "$HOME", "%41", "back\\slash", "-dash", "[brackets]", "*")


@pytest.mark.parametrize("name", AWKWARD)
def test_paths_may_have_any_name(plain_template: Small, run: Dq, tmp_path: Path, name: str) -> None:
    small = copied(plain_template, tmp_path / name)
    said = run(small)
    assert (said.status, said.err) == (0, "")


def test_a_path_beyond_ascii_works_in_the_posix_locale(plain_template: Small, tmp_path: Path) -> None:
    small = copied(plain_template, tmp_path / "größe ✓")
    env = environment(LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    called = _call("run", "--contract", small.contract, "--runs", small.runs, env=env)
    assert (called.returncode, called.stderr) == (0, b"")


def test_relative_paths_count_from_where_one_stands(plain: Small, monkeypatch: pytest.MonkeyPatch, dq: Dq) -> None:
    (plain.folder / "elsewhere").mkdir()
    monkeypatch.chdir(plain.folder / "elsewhere")
    said = dq("run", "--contract", "../contract", "--runs", "runs", "--source", "../source.duckdb")
    assert (said.status, len(list(Path("runs").glob("*/report.json")))) == (0, 1)


def test_the_contract_is_looked_for_where_one_stands(plain: Small, monkeypatch: pytest.MonkeyPatch, dq: Dq) -> None:
    plain.contract.rename(plain.folder / "expectations")
    monkeypatch.chdir(plain.folder)
    assert dq("run").status == 0
    monkeypatch.chdir(plain.runs)
    said = dq("run")
    assert (said.status, said.err) == (2, "dq: expectations: no such contract folder\n")


@pytest.mark.parametrize("mask", [0o077, 0o022, 0o000])
def test_personal_data_is_readable_by_its_owner_alone_whatever_the_umask(plain: Small, run: Dq, dq: Dq, tmp_path: Path, mask: int) -> None:
    plain.reseal("target", "DELETE FROM vouchers WHERE amount = 1")
    make_store(tmp_path / "old.raw", PLAIN["source"])
    old = os.umask(mask)
    try:
        run(plain)
        dq("snapshot", "source", "--from", tmp_path / "old.raw", "--contract", plain.contract, "--to", tmp_path / "sealed.duckdb")
        dq("show", "--runs", plain.runs, "--findings", "all", "--to", tmp_path / "findings.csv")
    finally:
        os.umask(old)
    (folder,) = plain.runs.iterdir()
    modes = {
        "restricted": folder / "restricted",
        "findings": folder / "restricted" / "findings.parquet",
        "snapshot": tmp_path / "sealed.duckdb",
        "manifest": tmp_path / "sealed.manifest.json",
        "export": tmp_path / "findings.csv",
        "report": folder / "report.json",
        "folder": folder,
    }
    found = {name: stat.S_IMODE(path.stat().st_mode) for name, path in modes.items()}
    private = {"restricted": 0o700, "findings": 0o600, "snapshot": 0o600, "manifest": 0o600, "export": 0o600}
    assert found == private | {"report": 0o666 & ~mask, "folder": 0o755 & ~mask}


def _shell(script: str, small: Small) -> subprocess.CompletedProcess[bytes]:
    """Run a line of bash in which `dq` is the command line, from the migration's folder."""
    line = f'dq() {{ "{sys.executable}" -m dq "$@"; }}; {script}'
    return subprocess.run(["bash", "-c", line], check=False, capture_output=True, env=environment(), cwd=small.folder, timeout=120)


LEAVES = "(exec 0<&-; sleep 1)"


@pytest.mark.slow
@pytest.mark.parametrize(("command", "reader", "status"), [("run", LEAVES, 0), ("run", "head -1 >/dev/null", 0), ("check", LEAVES, 0)])
def test_a_reader_who_leaves_early_turns_no_success_into_failure(plain: Small, command: str, reader: str, status: int) -> None:
    runs = "" if command == "check" else "--runs runs"
    called = _shell(f"dq {command} --contract contract {runs} | {reader}; echo ${{PIPESTATUS[0]}}", plain)
    assert (called.stdout, called.stderr) == (f"{status}\n".encode(), b"")


@pytest.mark.parametrize(("moment", "status"), [("2024-11-05T20:00:00+00:00", 1), pytest.param("2024-12-05T20:00:00+00:00", 3, marks=pytest.mark.slow)])
def test_a_reader_who_leaves_early_turns_no_failure_into_success(plain: Small, moment: str, status: int) -> None:
    plain.reseal("target", "DELETE FROM vouchers WHERE amount = 1")
    called = _shell(f"dq run --contract contract --runs runs --as-of {moment} | {LEAVES}; echo ${{PIPESTATUS[0]}}", plain)
    assert (called.stdout, called.stderr) == (f"{status}\n".encode(), b"")


def test_a_reader_who_leaves_a_listing_early_is_no_error(plain: Small, run: Dq) -> None:
    run(plain)
    called = _shell(f"dq show --runs runs | {LEAVES}; echo ${{PIPESTATUS[0]}}", plain)
    assert (called.stdout, called.stderr) == (b"0\n", b"")


@pytest.mark.slow
@pytest.mark.parametrize(("redirect", "status"), [(">&-", 1), ("2>&-", 1), (">&- 2>&-", 1), ("</dev/null", 1), ("<&-", 1)])
def test_a_closed_stream_changes_no_status(plain: Small, redirect: str, status: int) -> None:
    plain.reseal("target", "DELETE FROM vouchers WHERE amount = 1")
    called = _shell(f"dq run --contract contract --runs runs {redirect}", plain)
    assert (called.returncode, len(list(plain.runs.glob("*/report.json")))) == (status, 1)
    assert b"Traceback" not in called.stderr


@pytest.mark.slow
def test_an_output_on_a_full_disk_is_said(plain: Small) -> None:
    called = _shell("dq run --contract contract --runs runs > /dev/full", plain)
    assert (called.returncode, called.stderr) == (3, b"dq: standard output: no space left on device\n")


def _on_terminal(*arguments: object, columns: int) -> tuple[int, str]:
    """Call the command line on a terminal of its own; return its status and what it showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(DQ[0], [*DQ, *map(str, arguments)], environment(COLUMNS=str(columns), TERM="xterm-256color"))  # noqa: S606
    shown = b""
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


@pytest.mark.slow
def test_a_narrow_terminal_shows_everything_within_its_width(plain: Small) -> None:
    plain.reseal("target", "UPDATE vouchers SET note = 'other' WHERE amount = 1")
    status, shown = _on_terminal("run", "--contract", plain.contract, "--runs", plain.runs, columns=40)
    (folder,) = plain.runs.iterdir()
    text = ESCAPES.sub("", shown).replace("\r", "\n")
    assert (status, f"FAILED batch=all run={folder.name}" in text) == (1, True)
    assert "coupons.values" in text
    long = [line for line in text.splitlines() if len(line) > 40 and "report.html" not in line and "run=" not in line]
    assert long == []


@pytest.mark.slow
def test_colours_and_progress_are_for_terminals_only(plain: Small) -> None:
    _, shown = _on_terminal("run", "--contract", plain.contract, "--runs", plain.runs, columns=100)
    called = _call("run", "--contract", plain.contract, "--runs", plain.runs)
    assert (bool(ESCAPES.search(shown)), ESCAPES.search(called.stdout.decode()), called.stderr) == (True, None, b"")
