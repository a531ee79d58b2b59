"""Killed, interrupted, terminated, or twice at once: never half a run, never half a snapshot, and the next call clears up and succeeds."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from driver import SEED, SLOW, Driver, kill
from small import PLAIN, Dq, Small, environment, make_store

from dq import interrupts
from dq.engine import Engine, Row
from dq.interrupts import Ended
from dq.running import Options, run_contract
from dq.sql import Query

RUN_FILES = {"report.json", "run.json", "report.html", "summary.md", "junit.xml", "restricted"}


@pytest.fixture
def seal(plain: Small, tmp_path: Path) -> tuple[object, ...]:
    """The arguments of a call that seals the source anew."""
    make_store(tmp_path / "old.raw", PLAIN["source"])
    place = tmp_path / "sealed" / "source.duckdb"
    return ("snapshot", "source", "--from", tmp_path / "old.raw", "--contract", plain.contract, "--to", place, "--moment", "2024-11-05T20:00:00+00:00")


def _sealed(tmp_path: Path) -> list[str]:
    return sorted(item.name for item in (tmp_path / "sealed").iterdir()) if (tmp_path / "sealed").exists() else []


def _run(small: Small) -> tuple[object, ...]:
    return ("run", "--contract", small.contract, "--runs", small.runs)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_any_query_of_a_run_records_nothing(plain: Small, driver: Driver, number: int) -> None:
    count = driver.ask("count", ("run", "--contract", plain.contract, "--runs", plain.folder / "others"))
    assert isinstance(count, int)
    places = [1, *random.Random(SEED).sample(range(2, count), 6), count]  # noqa: S311 - no secret
    found = {place: driver.ask("signal", _run(plain), place, number) for place in places}
    said = driver.close()
    assert (count > 50, set(found.values()), plain.litter()) == (True, {128 + number}, [])
    word = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}[signal.Signals(number)]
    assert said.splitlines() == [f"dq: {word}; nothing was recorded"] * len(places)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_any_query_of_a_seal_seals_nothing(driver: Driver, seal: tuple[object, ...], tmp_path: Path, number: int) -> None:
    count = driver.ask("count", (*seal, "--force"))
    assert isinstance(count, int)
    for item in (tmp_path / "sealed").iterdir():
        item.unlink()
    found = {place: driver.ask("signal", seal, place, number) for place in range(1, count + 1, 3)}
    assert (set(found.values()), _sealed(tmp_path)) == ({128 + number}, [])
    driver.close()


IGNORED = """
import os, signal, sys, threading
import dq.cli
threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
dq.cli.main(sys.argv[1:])
"""


def test_a_signal_that_the_caller_ignores_stays_ignored(plain: Small) -> None:
    line = 'trap "" TERM; exec "$@"'
    call = ["sh", "-c", line, "sh", sys.executable, "-c", IGNORED, *map(str, _run(plain))]
    called = subprocess.run(call, check=False, capture_output=True, env=environment(), timeout=60)
    assert (called.returncode, called.stderr) == (0, b"")


def test_an_interrupt_in_python_is_an_interrupt(plain: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jupyter's stop button: KeyboardInterrupt comes out of the engine as it went in, and no check takes it for its own failure."""
    execute = Engine.execute

    def slow(self: Engine, query: Query) -> list[Row]:
        if query.step == "coupons: compare fingerprints":
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
            return execute(self, Query(SLOW, step=query.step))
        return execute(self, query)

    monkeypatch.setattr(Engine, "execute", slow)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background has it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            run_contract(plain.contract, options=Options(runs=plain.runs))
    finally:
        signal.signal(signal.SIGINT, before)
    assert plain.litter() == []


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated"), (signal.SIGHUP, "hung up")])
def test_a_signal_is_one_line_and_the_shells_status(plain: Small, run: Dq, monkeypatch: pytest.MonkeyPatch, number: int, word: str) -> None:
    def end(_self: Engine, _query: Query) -> list[Row]:
        raise Ended(number)

    monkeypatch.setattr(Engine, "execute", end)
    said = run(plain)
    assert (said.status, said.out, said.err) == (128 + number, "", f"dq: {word}; nothing was recorded\n")


def test_a_signal_that_a_step_swallows_is_remembered(plain: Small, run: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    """Great Expectations catches everything; what it swallows must not come out as a check that crashed."""

    def swallow(*_: object, **__: object) -> None:
        with suppress(Ended):
            interrupts._noted(signal.SIGTERM, None)

    monkeypatch.setattr(interrupts, "_received", [])
    monkeypatch.setattr("dq.measuring.compare_sums", swallow)
    said = run(plain)
    assert (said.status, said.err, plain.litter()) == (143, "dq: terminated; nothing was recorded\n", [])


@pytest.mark.slow
def test_a_run_that_is_killed_anywhere_leaves_no_half_run(plain: Small, run: Dq, driver: Driver) -> None:
    def look() -> None:
        for folder in plain.runs.iterdir():
            if not folder.name.startswith(".draft-"):
                assert {item.name for item in folder.iterdir()} == RUN_FILES

    kill(driver, _run(plain), look)
    driver.close()
    said = run(plain)
    assert (said.status, plain.litter()) == (0, [plain.record()["run"]])


@pytest.mark.slow
def test_a_seal_that_is_killed_anywhere_leaves_no_half_snapshot(plain: Small, driver: Driver, run: Dq, dq: Dq, seal: tuple[object, ...]) -> None:
    place = Path(str(seal[seal.index("--to") + 1]))

    def look() -> None:
        """What stands there under the snapshot's name is a snapshot, or is refused."""
        if place.exists():
            assert run(plain, "--source", place).status in (0, 3)

    kill(driver, (*seal, "--force"), look)
    driver.close()
    assert dq(*seal, "--force").status == 0
    assert _sealed(place.parent.parent) == ["source.duckdb", "source.manifest.json"]
    assert run(plain, "--source", place).status == 0


@pytest.mark.slow
def test_two_runs_at_once_both_succeed_and_leave_one_folder(plain: Small) -> None:
    calls = [subprocess.Popen([sys.executable, "-m", "dq", *map(str, _run(plain))], stdout=subprocess.PIPE, env=environment()) for _ in range(4)]
    said = [call.communicate(timeout=120)[0].splitlines()[-1] for call in calls]
    assert ({call.returncode for call in calls}, len(set(said)), plain.litter()) == ({0}, 1, [plain.record()["run"]])


def test_a_run_leaves_the_draft_of_another_alone(plain: Small, run: Dq) -> None:
    """Whoever finds a draft asks whether somebody holds it, not whether a process of that number lives: it may live elsewhere."""
    from dq.folder import draft_folder  # noqa: PLC0415

    with draft_folder(plain.runs) as other:
        assert run(plain).status == 0
        assert (other / "restricted").is_dir()
    forsaken = plain.runs / ".draft-of-a-call-that-was-killed"
    forsaken.mkdir()
    run(plain)
    assert plain.litter() == [plain.record()["run"]]


def test_a_second_seal_at_once_is_refused_in_a_line(dq: Dq, seal: tuple[object, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from dq.stores import seal as sealing  # noqa: PLC0415

    said = []
    digest = sealing.table_digest

    def meanwhile(*arguments: object, **more: object) -> str:
        monkeypatch.setattr(sealing, "table_digest", digest)
        said.append(dq(*seal))
        return digest(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(sealing, "table_digest", meanwhile)
    assert dq(*seal).status == 0
    assert (said[0].status, said[0].err) == (2, f"dq: {tmp_path}/sealed/source.duckdb: another call is sealing it right now\n")
    assert _sealed(tmp_path) == ["source.duckdb", "source.manifest.json"]


@pytest.mark.slow
def test_two_seals_at_once_leave_one_snapshot(plain: Small, run: Dq, seal: tuple[object, ...], tmp_path: Path) -> None:
    calls = [subprocess.Popen([sys.executable, "-m", "dq", *map(str, seal)], stderr=subprocess.PIPE, env=environment()) for _ in range(4)]
    said = [call.communicate(timeout=120)[1] for call in calls]
    assert sorted(call.returncode for call in calls) == [0, 2, 2, 2]
    assert all(line.count(b"\n") == 1 and (b"right now" in line or b"is there already" in line) for line in said if line)
    assert _sealed(tmp_path) == ["source.duckdb", "source.manifest.json"]
    assert run(plain, "--source", tmp_path / "sealed" / "source.duckdb").status == 0
