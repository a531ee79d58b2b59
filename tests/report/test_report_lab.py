"""What notebooks get: a run by name, exact frames, pictures that say what is not there, tables whose words are text; one line where something lacks."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import extreme_records
import polars as pl
import pytest
import records

from dq.errors import UsageError
from dq.folder import record_bytes
from dq.lab import frames, open_run, pictures, tables, vega
from dq.lab.look import MIME, Nothing
from dq.record import Record
from dq.result import Run


def _run(record: Record, folder: Path = Path()) -> Run:
    return Run(folder, record)


@pytest.fixture
def broken() -> Run:
    return _run(records.broken())


def test_the_newest_run_above_is_opened_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = records.clean()
    (tmp_path / "runs" / record.run).mkdir(parents=True)
    (tmp_path / "runs" / record.run / "report.json").write_bytes(record_bytes(record))
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert [open_run(name).record.run for name in ("latest", record.run[:4])] == [record.run] * 2
    with pytest.raises(UsageError, match="there is no run 'zzz'"):
        open_run("zzz")


def test_no_run_at_all_is_said_with_the_way_to_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dq.lab.opening.Path.cwd", lambda: Path("/nobody/keeps/runs"))  # the folders above are looked through, too
    with pytest.raises(UsageError, match="there is no run yet: make one with `dq run`") as error:
        open_run()
    assert len(error.value._render_traceback_()) == 1


def test_a_missing_extra_is_said_in_one_line() -> None:
    script = "import sys; sys.modules['altair'] = None\nfrom importlib import util; old = util.find_spec\n"
    script += "util.find_spec = lambda name: None if name == 'altair' else old(name)\n"
    script += "try:\n import dq.lab\nexcept Exception as error: print(type(error).__name__, error)"
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert said.stdout == "UsageError notebooks need altair, which is not installed: pip install 'dq-parity[lab]'\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3600, "1 h late"),
        (-25200, "7 h early"),
        (0, "the same instant"),
        (None, "one side is NULL"),
        (-90061, "1 day 1 h 1 min 1 s early"),
        (172800, "2 days late"),
    ],
)
def test_a_shift_is_told_in_words(seconds: int | None, words: str) -> None:
    assert frames._shift(seconds) == words


def test_every_row_compared_is_in_the_shifts_once_whether_its_values_are_kept_or_not(broken: Run, tmp_path: Path) -> None:
    check = next(check for check in broken.record.checks if check.kind == "instants" and check.columns)
    column, cells = next(iter(check.columns.items()))
    (tmp_path / "restricted").mkdir()
    texts = dict.fromkeys(("entity", "check", "status", "column", "source", "target"), pl.String)
    late = (check.entity, check.id, "changed", column, "2024-12-31 17:00:00+00", "2025-01-01 00:00:00.5+00", 1, ["k"], [column])
    kept = pl.DataFrame([late], schema=texts | {"row": pl.Int64, "key": pl.List(pl.String), "columns": pl.List(pl.String)}, orient="row")
    kept.write_parquet(tmp_path / "restricted" / "findings.parquet")
    shifts = frames.shifts(_run(broken.record, tmp_path)[str(check.entity)], column)
    assert dict(shifts.select("shift", "rows").iter_rows()) == {
        "the same instant": broken[str(check.entity)].result.compared - cells,
        "7 h late": 1,
        **({"values not kept": cells - 1} if cells > 1 else {}),
    }


def test_a_column_that_is_not_there_names_the_near_miss(broken: Run) -> None:
    entity = broken[broken._ipython_key_completions_()[0]]
    with pytest.raises(UsageError, match="has no column"):
        frames.shifts(entity, "no such column")


@pytest.mark.parametrize("make", [records.clean, records.broken, records.not_proven, records.gate_shut, extreme_records.hostile])
def test_every_picture_and_table_is_made_of_any_record(make: object) -> None:
    run = _run(make())  # type: ignore[operator]
    for draw in (pictures.promises, pictures.causes, pictures.counts, pictures.sums, pictures.batches, pictures.countdown, pictures.coverage):
        picture = draw(run)
        if isinstance(picture, Nothing):
            assert repr(picture).endswith(".")
        else:
            bundle, _ = picture._repr_mimebundle_()
            assert bundle[MIME]["$schema"].endswith("/v5.json")
    for lay in (tables.counts, tables.slices, tables.sums, tables.causes, tables.broken, tables.made_from, tables.outcomes, tables.at_stake):
        html = lay(run)._repr_html_()
        assert "<script" not in html
        assert "<img" not in html


def test_sums_stay_exact_up_to_the_last_digit() -> None:
    assert tables._amount(Decimal("9007199254740993.25")) == "9,007,199,254,740,993.25"
    assert tables._amount(Decimal("-18499995.50")) == "\N{MINUS SIGN}18,499,995.50"
    assert tables._amount(Decimal("6140000.00")) == "6,140,000"


def test_balances_that_differ_are_sorted_into_sizes_by_region() -> None:
    frame = pl.DataFrame({"region": ["ID", "ID", "GB"], "source": [100, 5, 7], "target": [90, 1005, 7]})
    spec = pictures.differences(frame).to_dict()
    (rows,) = spec["datasets"].values()
    assert [(row["size"], row["region"], row["people"]) for row in rows] == [("\N{MINUS SIGN}10 to 99", "ID", 1), ("+1,000 to 9,999", "ID", 1)]
    assert repr(pictures.differences(frame.filter(pl.col("region") == "GB"))) == "Nobody has too little or too much: 1 person compared."


def test_rows_that_change_hands_flow_from_one_to_the_other() -> None:
    frame = pl.DataFrame({"entity": ["orders"] * 2, "column": ["owner"] * 2, "source": ["1", None], "target": ["2", "1"], "rows": [3, 1]})
    spec = pictures.flows(frame).to_dict()
    ends = [rows for rows in spec["datasets"].values() if "name" in rows[0]]
    assert [[row["words"] for row in rows] for rows in ends] == [["1 (3)", "nobody (1)"], ["1 (1)", "2 (3)"]]


def test_entities_and_checks_are_offered_for_completion_and_show_themselves(broken: Run) -> None:
    (entity, *_) = broken._ipython_key_completions_()
    assert entity in [item.entity for item in broken.record.entities]
    names = broken[entity]._ipython_key_completions_()
    assert [broken[entity][name].result.id for name in names] == [f"{entity}.{name}" for name in names] != []
    check = broken[entity][names[0]]
    assert check.result.sentence in repr(check)
    assert 'class="dq-display"' in check._repr_html_()
    with pytest.raises(UsageError, match="has no check"):
        broken[entity]["no such check"]
    with pytest.raises(UsageError, match="there is no check"):
        broken.check("no such check")


def test_a_picture_in_a_page_cannot_leave_its_place() -> None:
    place = vega.place_for({"data": "</script><script>alert(1)</script>"}, "<b>words</b>")
    assert place.count("<script") == 1
    assert "<b>" not in place


def test_no_script_is_made_where_jupyterlab_is_not_as_expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vega.script.cache_clear()
    monkeypatch.setattr(vega.sysconfig, "get_path", lambda _: str(tmp_path))
    assert vega.script() is None
    vega.script.cache_clear()
