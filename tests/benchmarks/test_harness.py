"""The harness's own logic: a peer that fails is a row, a wrong answer is told, a run that was killed goes on, the last line has its keys."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks.__main__ import ALL, chosen_peers, chosen_races
from benchmarks.bench import Bench, Entry, Sides, judge, race
from benchmarks.figures import BARS, figures, quickest
from benchmarks.measure import ContenderError, NoAnswerError, Plan, Run, interleaved
from benchmarks.peer import DESCRIPTIONS, KINDS, Peer, PeerError, install, read_peers
from benchmarks.process import Ended, LimitError, Limits, run
from benchmarks.races import JOIN, OURS, TENTH
from benchmarks.results import Results
from benchmarks.table import Race, table

from .examples import ten_cells, timing

pytestmark = pytest.mark.slow  # seconds together

ROWS = 10_000
PEERS = read_peers()
PLENTY = Limits(seconds=60, memory=4_000_000_000)
LAST_LINE = (
    *("engine_vs_full_join", "one_percent_vs_full_join", "all_changed_vs_full_join", "conformed_vs_handwritten", "engine_vs_peer", "process_vs_peer"),
    *("gate_vs_peer", "peak_mb", "engine_vs_peer_10m", "process_vs_peer_10m", "full_join_100m", "scale_100m_vs_10m", "peer_100m", "peak_mb_100m"),
    *("full_join_100m_mapped", "scale_100m_vs_10m_mapped", "peak_mb_100m_mapped", "help_seconds", "verify_seconds", "gate_demo_seconds"),
)


@dataclass(frozen=True)
class Says:
    """A contender that answers, or says why not."""

    answer: str | None = None

    def __call__(self) -> Run:
        """Nothing needs opening."""

        def run() -> object:
            if self.answer is None:
                raise NoAnswerError("took more than 1 GB, after 3 s")
            return self.answer

        return run


def peer(name: str, code: str) -> Peer:
    """A peer that is a line of Python."""
    return replace(
        PEERS[0], name=name, command=(sys.executable, "-c", code), each_key=(), differ=1, equal="nothing", counts=(r"c([\d,]+)", r"m(\d+)", r"e(\d+)")
    )


# ---- peers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("described", PEERS, ids=lambda described: described.name)
def test_a_peer_is_pinned_and_its_lock_file_has_its_version_and_hashes_and_no_address(described: Peer) -> None:
    lock = (DESCRIPTIONS / f"{described.lock}.lock").read_text(encoding="utf-8")
    assert described.kind in KINDS
    assert described.requires[0] in lock
    assert lock.count("--hash=sha256:") >= lock.count("==")
    assert "://" not in lock


def test_a_peer_is_called_with_each_column_of_the_key() -> None:
    (diffly,) = chosen_peers(PEERS, "diffly*")
    called = diffly.arguments(source=Path("s.parquet"), target=Path("t.parquet"), pair=None, keys=("branch", "number"), values=("total",))
    assert called[1:] == ("s.parquet", "t.parquet", "--json", "--primary-key", "branch", "--primary-key", "number")


def test_a_peer_whose_lock_file_cannot_be_installed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.peer.FOLDER", tmp_path)
    monkeypatch.setattr("benchmarks.peer.DESCRIPTIONS", tmp_path)
    (tmp_path / "lake-sift.lock").write_text("lake-sift=0.6.0\n")
    with pytest.raises(PeerError, match="not installed: "):
        install(chosen_peers(PEERS, "lake-sift*")[0], tell=lambda _: None)


@pytest.mark.parametrize(
    ("ended", "answer"),
    [
        (Ended(1, "c1,000 m2 e3", ""), 1005),
        (Ended(0, "nothing differs", ""), 0),
        (Ended(0, "", "[12:00:00] ERROR - it broke"), "no answer, exit status 0: ERROR - it broke"),
        (Ended(2, "c1 m2 e3", "no such file"), "no answer, exit status 2: no such file"),
    ],
)
def test_a_peers_answer_is_a_number_of_rows_or_there_is_none(ended: Ended, answer: int | str) -> None:
    asked = peer("p", "")
    if isinstance(answer, int):
        assert asked.answer(ended) == answer
    else:
        with pytest.raises(PeerError) as caught:
            asked.answer(ended)
        assert str(caught.value) == answer


@pytest.mark.parametrize(
    ("status", "found", "changed_", "words"),
    [
        (1, 10, 10, ""),
        (0, 0, 0, ""),
        (1, 9, 10, "found 9 rows of 10"),
        (0, 10, 10, "exit status 0 although rows differ"),
        (0, 0, 10, "found 0 rows of 10; exit status 0 although rows differ"),
    ],
)
def test_a_wrong_answer_is_told(status: int, found: int, changed_: int, words: str) -> None:
    assert judge(status, found, changed=changed_) == words


# ---- limits -------------------------------------------------------------------------------------------------------


def test_a_program_that_ends_says_its_status_and_what_it_printed() -> None:
    assert run((sys.executable, "-c", "import sys; print('out'); sys.exit('err')"), limits=PLENTY) == Ended(1, "out\n", "err\n")


def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(LimitError, match=r"not ended after 0\.2 s"):
        run((sys.executable, "-c", "import time; time.sleep(60)"), limits=replace(PLENTY, seconds=0.2))


def test_a_program_that_takes_too_much_memory_is_ended() -> None:
    with pytest.raises(LimitError, match=r"took more than 0\.15 GB, after"):
        run((sys.executable, "-c", "import time; kept = bytearray(200_000_000); time.sleep(60)"), limits=replace(PLENTY, memory=150_000_000))


# ---- races --------------------------------------------------------------------------------------------------------


def test_who_may_fail_is_a_row_and_who_may_not_is_an_error() -> None:
    contenders = {"ours": Says("ten"), "theirs": Says()}
    measured = interleaved(contenders, plan=Plan(rounds=2, may_fail=frozenset({"theirs"})))
    assert measured.failed == {"theirs": "took more than 1 GB, after 3 s"}
    assert {name: (len(found.seconds), found.answer) for name, found in measured.timings.items()} == {"ours": (2, "ten")}
    with pytest.raises(ContenderError, match="theirs: took more than 1 GB, after 3 s"):
        interleaved(contenders, plan=Plan(rounds=1))


@pytest.mark.parametrize("fresh", [False, True])
def test_who_runs_once_is_compared_with_the_first_round(fresh: bool) -> None:  # noqa: FBT001 - a case
    measured = interleaved({"ours": Says("ten"), "slow": Says("ten")}, plan=Plan(rounds=3, once=frozenset({"slow"}), fresh=fresh))
    assert {name: len(found.seconds) for name, found in measured.timings.items()} == {"ours": 3, "slow": 1}
    timings = {"ours": timing(1.0, 5.0, 5.0), "slow": timing(2.0)}
    assert Race("", timings, "slow", {}).ratio("ours") == 0.5


def test_a_race_keeps_peers_that_fail_and_tells_wrong_answers() -> None:
    peers = (peer("right", "print('c10 m0 e0'); exit(1)"), peer("wrong", "print('c9 m0 e0')"), peer("broken", "exit('out of order')"), peer("gone", ""))
    sides = Sides(Path("s"), Path("t"), ("order_id",), ("total",), changed=10)
    bench = Bench(ROWS, 1, lambda _: None, peers, {"gone": "not installed: no wheel"}, PLENTY)
    found = race(bench, Entry("ten cells", {"ours": Says("ten")}, {"ours": "dq"}, "ours", sides=sides))
    assert found.timings.keys() == {"ours", "right", "wrong"}
    assert found.failed == {"gone": "not installed: no wheel", "broken": "no answer, exit status 1: out of order"}
    assert found.remarks == {"wrong": "found 9 rows of 10; exit status 0 although rows differ"}
    assert found.kinds.keys() == {"ours", "right", "wrong", "broken", "gone"}


def test_a_row_of_who_failed_says_why() -> None:
    last = table([ten_cells()]).splitlines()[-1]
    assert [cell.strip() for cell in last.strip("|").split("|")] == ["failed", "-", "-", "-", "-", "-", "", "not ended after 300 s"]


def test_a_race_whose_yardstick_failed_has_no_ratios() -> None:
    found = ten_cells()
    without = replace(found, timings={OURS: found.timings[OURS]})
    assert [cell.strip() for cell in table([without]).splitlines()[3].strip("|").split("|")][:1] == [OURS]
    assert [cell.strip() for cell in table([without]).splitlines()[3].strip("|").split("|")][5] == ""
    assert figures({"ten_cells": without})["engine_vs_full_join"] is None


def test_a_large_race_goes_on_where_ours_fails() -> None:
    bench = Bench(ROWS, 1, lambda _: None)
    found = race(bench, Entry("many", {"by hand": Says("ten"), "ours": Says()}, {"by hand": "hand", "ours": "dq"}, "by hand", large=True))
    assert found.failed == {"ours": "took more than 1 GB, after 3 s"}


def test_races_are_chosen_by_name_and_the_axes_only_where_they_are_asked_for() -> None:
    assert [name for name in chosen_races("", axes=False) if name.startswith("axis-")] == []
    assert chosen_races("", axes=True) == list(ALL)
    assert chosen_races("axis-key-*", axes=False) == ["axis-key-text", "axis-key-two"]
    assert chosen_races("nothing", axes=True) == []


# ---- figures ------------------------------------------------------------------------------------------------------


def test_the_last_line_has_its_keys_also_where_nothing_was_measured() -> None:
    assert figures({}) == dict.fromkeys(LAST_LINE)
    assert {bar.figure for bar in BARS} <= set(LAST_LINE)


def test_figures_are_ours_divided_by_theirs() -> None:
    kinds = {JOIN: "hand", OURS: "dq", TENTH: "dq", "quick": "files"}
    large = Race("", {JOIN: timing(40.0), OURS: timing(10.0), TENTH: timing(1.0), "quick": timing(80.0)}, JOIN, {}, kinds=kinds)
    found = figures({"ten_cells": ten_cells(), "large": large})
    expected = {
        "engine_vs_full_join": 0.5,
        "engine_vs_peer_10m": 0.125,
        "process_vs_peer_10m": 0.375,
        "full_join_100m": 0.25,
        "scale_100m_vs_10m": 10.0,
        "peer_100m": 0.125,
        "peak_mb_100m": 100.0,
    }
    assert expected == {name: found[name] for name in expected}


def test_a_peer_that_counts_wrong_and_a_script_of_ours_are_not_the_quickest() -> None:
    assert quickest(ten_cells()) == "quick"
    assert quickest(ten_cells(remarks={"quick": "exit status 0 although rows differ"})) == "wrong"


# ---- results ------------------------------------------------------------------------------------------------------


def test_a_run_that_was_killed_goes_on_and_one_that_ended_begins_anew(tmp_path: Path) -> None:
    results, settings, runs = Results(tmp_path), {"rounds": 3}, []

    def measure() -> Race:
        runs.append("ten")
        return ten_cells()

    assert results.begin(settings, ["ten", "large"]) == []
    results.measured("ten", measure, about={"command": "make bench"})
    assert results.begin(settings, ["ten", "large"]) == ["ten"]
    results.measured("ten", measure, about={})
    assert runs == ["ten"]
    results.end()
    assert results.begin(settings, ["ten", "large"]) == []


def test_a_run_of_other_settings_does_not_go_on_with_what_was_measured(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.begin({"rounds": 3}, ["ten"])
    results.measured("ten", ten_cells, about={})
    assert results.begin({"rounds": 5}, ["ten"]) == []


def test_a_race_is_read_as_it_was_written(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.begin({}, ["ten"])
    assert results.measured("ten", ten_cells, about={}) == ten_cells()
    assert results.read()["ten"].about["machine"].keys() == {"cores", "memory_gb", "processor", "system"}
