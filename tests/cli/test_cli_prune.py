"""Keys and values of a run are kept as long as somebody said; its record, its reports and its signatures stay."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from small import Dq, Small, assert_refused

LEFT = ["junit.xml", "report.html", "report.json", "run.json", "signoff.intoto.json", "summary.md"]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Three runs, made on three days; the first is kept until a day that is over, the second until one far away, the third says nothing."""
    runs = tmp_path / "runs"
    said = (("1" * 12, "2024-11-01", "2024-12-01"), ("2" * 12, "2024-11-02", "8999-01-01"), ("3" * 12, "2024-11-03", None))
    for name, day, until in said:
        folder = runs / name
        (folder / "restricted").mkdir(parents=True)
        for file in LEFT:
            (folder / file).write_text("{}")
        (folder / "restricted" / "findings.parquet").write_text("12345")
        (folder / "run.json").write_text(json.dumps({"started": f"{day}T12:00:00+00:00", **({"kept_until": until} if until else {})}))
    return runs


def restricted(runs: Path) -> list[str]:
    return sorted(path.parent.name[0] for path in runs.glob("*/restricted"))


def test_without_yes_nothing_is_deleted(three: Path, dq: Dq) -> None:
    said = dq("prune", "--runs", three)
    assert said.out.splitlines() == [
        "111111111111  made 2024-11-01, kept until 2024-12-01, 5 bytes",
        "would delete restricted/ of 1 run of 3; with --yes it does",
    ]
    assert (said.status, restricted(three)) == (0, ["1", "2", "3"])


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ((), ["2", "3"]),
        (("--older-than", "2024-11-03"), ["3"]),
        (("--older-than", "2024-11-01"), ["1", "2", "3"]),
        (("--keep", "1"), ["3"]),
        (("--keep", "0"), []),
        (("--keep", "9"), ["1", "2", "3"]),
    ],
)
def test_what_is_due_is_deleted(arguments: tuple[str, ...], left: list[str], three: Path, dq: Dq) -> None:
    assert dq("prune", *arguments, "--yes", "--runs", three).status == 0
    assert restricted(three) == left


def test_record_reports_and_signatures_stay(three: Path, dq: Dq) -> None:
    dq("prune", "--keep", 0, "--yes", "--runs", three)
    assert [sorted(path.name for path in folder.iterdir()) for folder in sorted(three.iterdir())] == [LEFT] * 3


def test_a_link_is_not_followed(three: Path, dq: Dq, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (three / ("1" * 12) / "restricted").rename(elsewhere)
    (three / ("1" * 12) / "restricted").symlink_to(elsewhere)
    dq("prune", "--keep", 0, "--yes", "--runs", three)
    assert (elsewhere / "findings.parquet").is_file()


def test_one_json_object_says_what_was_deleted(three: Path, dq: Dq) -> None:
    said = json.loads(dq("prune", "--keep", 2, "--yes", "--runs", three, "--json").out)
    assert said == {"command": "prune", "deleted": True, "runs": ["1" * 12], "bytes": 5}


REFUSED = (
    (("--older-than", "soon"), "--older-than: 'soon' is no day, e.g. 2024-12-31"),
    (("--older-than", "2024-12-31", "--keep", "3"), "--older-than and --keep are two ways; name one"),
    (("--runs", "nowhere"), "nowhere: no such folder of runs"),
)


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_what_means_nothing_is_refused(arguments: tuple[str, ...], said: str, three: Path, dq: Dq) -> None:
    assert_refused(dq("prune", *(arguments if "--runs" in arguments else (*arguments, "--runs", three)), "--yes"), 2, said)
    assert restricted(three) == ["1", "2", "3"]


def test_a_run_says_until_when_its_findings_are_kept(plain: Small, run: Dq, dq: Dq) -> None:
    plain.edit("migration.toml", "max_age_hours = 72", "max_age_hours = 72\nkeep_days = 30")
    assert run(plain).status == 0
    (said,) = (json.loads(file.read_text()) for file in plain.runs.glob("*/run.json"))
    assert said["kept_until"] > said["started"][:10]
    assert dq("prune", "--runs", plain.runs).out == f"nothing to delete: 1 run with a restricted/ in {plain.runs}\n"


def kept(small: Small, days: int) -> None:
    small.edit("migration.toml", "max_age_hours = 72", f"max_age_hours = 72\nkeep_days = {days}")


def test_a_run_tells_until_when_its_findings_are_kept_and_so_does_show(plain: Small, run: Dq, dq: Dq) -> None:
    kept(plain, 30)
    said = run(plain)
    day = json.loads(next(plain.runs.glob("*/run.json")).read_text())["kept_until"]
    told = f"Keys and values are kept until {date.fromisoformat(day):%-d %b %Y}; then dq prune --yes deletes them"
    assert told in said.out.splitlines()
    assert told in dq("show", "--runs", plain.runs).out.splitlines()
    assert json.loads(run(plain, "--json").out)["kept_until"] == day


def test_it_is_told_in_indonesian(plain: Small, run: Dq) -> None:
    kept(plain, 30)
    assert "Kunci dan nilai disimpan sampai " in run(plain, "--lang", "id").out


def test_a_run_whose_findings_are_gone_tells_no_day(plain: Small, run: Dq, dq: Dq) -> None:
    kept(plain, 30)
    assert run(plain).status == 0
    dq("prune", "--keep", 0, "--yes", "--runs", plain.runs)
    assert "are kept until" not in dq("show", "--runs", plain.runs).out


def test_without_a_day_nothing_is_told(plain: Small, run: Dq) -> None:
    assert "are kept until" not in run(plain).out
    assert "kept_until" not in json.loads(run(plain, "--json").out)
