"""The demo through the whole: what a clean and a broken batch come to, in Python, with any number of threads, without personal data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import dq
from dq.canaries.planting import WHOLE
from dq.errors import UsageError
from dq.record import Outcome
from dq.result import Run
from dq.running import Options, run_contract
from dq.settings import Settings
from dq.stores.manifest import read_manifest
from tests.conftest import SIDES

ENTITIES = [
    *("accounts", "consents", "products", "services", "retired_products", "redirects", "orders", "order_lines", "payments", "warranties", "coupons"),
    *("coupon_definitions", "coupon_categories", "coupon_products", "points_entries", "points_balances", "reviews"),
]


def _files(folder: Path) -> dict[str, Path | str]:
    return {side: folder / f"{side}.duckdb" for side in SIDES}


@pytest.fixture
def clean(clean_run: Run) -> Run:
    """The clean demo's batch 1, run."""
    return clean_run


@pytest.fixture
def broken(broken_run: Run) -> Run:
    """The broken demo's batch 1, run."""
    return broken_run


def _leaves(found: object, place: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _leaves(value, f"{place}.{key}")
    elif isinstance(found, list):
        for value in found:
            yield from _leaves(value, f"{place}[]")
    else:
        yield place, found


def test_the_clean_batch_keeps_every_promise(clean: Run) -> None:
    assert {check.id: check.sentence for check in clean.record.checks if check.outcome is not Outcome.PASSED} == {}
    assert (clean.outcome, clean.record.exit_status, clean.record.findings) == (Outcome.PASSED, 0, 0)
    assert [(entity.entity, entity.compared > 0, entity.same == entity.compared) for entity in clean.record.entities] == [
        (name, True, True) for name in ENTITIES
    ]


def test_every_canary_of_the_clean_batch_planted_and_found_all_kinds(clean: Run) -> None:
    canaries = [check for check in clean.record.checks if check.kind == "canary"]
    assert [check.entity for check in canaries] == [None, *ENTITIES]
    assert all(set(WHOLE[:6]) <= set(check.planted) for check in canaries[1:])
    assert all(check.looked_at == sum(check.planted.values()) for check in canaries)


def test_the_broken_batch_fails_and_says_where_and_why(broken: Run) -> None:
    assert (broken.outcome, broken.record.exit_status) == (Outcome.FAILED, 1)
    assert broken.record.findings == broken.findings().height + broken.cells().height > 0
    assert {cause.entity for cause in broken.record.causes} <= set(ENTITIES)
    assert broken.causes().height == len(broken.record.causes) > 0


def test_the_broken_batchs_checks_count_what_is_in_its_findings(broken: Run) -> None:
    """Rows of the migration; the store's own rows, which may be changed too, have a check of their own."""
    found = broken.findings().filter(pl.col("check").is_null() | ~pl.col("check").str.ends_with(".natives"))
    for entity in broken.record.entities:
        mine = found.filter(pl.col("entity") == entity.entity)
        counts = {status: mine.filter(pl.col("status") == status).height for status in ("changed", "missing", "extra")}
        assert counts == {"changed": entity.changed, "missing": entity.missing, "extra": entity.extra}


def test_no_key_and_no_personal_value_leaves_the_restricted_folder(broken: Run) -> None:
    told = {name: (broken.folder / name).read_text() for name in ("report.json", "report.html", "summary.md", "junit.xml", "run.json")}
    told["Jupyter"] = broken._repr_html_()
    keys = {part for key in broken.findings()["key"] for part in key if part is not None and len(part) > 5}
    private = broken.cells().filter(pl.col("column").is_in(["email", "phone", "full_name", "address", "password_hash", "body", "note"]))
    values = {value for value in (*private["source"], *private["target"]) if value is not None and len(value) > 5}
    assert min(len(keys), len(values)) > 0
    for name, text in told.items():
        words = {word.strip(".") for word in re.findall(r"[\w.]+", text)}
        for personal in keys | values:  # a number alone may be part of a digest or of a time
            assert personal not in (words if personal.isdigit() else text), name


@pytest.mark.parametrize("name", ["clean", "broken"])
def test_the_record_holds_nothing_that_varies(name: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(name)
    for place, value in _leaves(json.loads((run.folder / "report.json").read_text())):
        assert not isinstance(value, float), place
        assert not (isinstance(value, str) and re.search(r"(^| )/\w|\.duckdb", value)), (place, value)


@pytest.mark.parametrize("name", ["clean", "broken"])
def test_the_record_names_the_snapshots_by_their_content(name: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(name)
    varying = json.loads((run.folder / "run.json").read_text())
    for item in run.record.snapshots:
        assert item.content == read_manifest(Path(varying["snapshots"][item.side]["path"])).content


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("name", ["clean", "broken"])
def test_threads_and_a_little_memory_change_nothing(name: str, threads: int, request: pytest.FixtureRequest, contract_folder: Path, tmp_path: Path) -> None:
    run: Run = request.getfixturevalue(name)
    files = {side: Path(item["path"]) for side, item in json.loads((run.folder / "run.json").read_text())["snapshots"].items()}
    settings = Settings(memory="300MB", threads=threads)
    again = run_contract(contract_folder, batch=1, options=Options(runs=tmp_path, snapshots=files, settings=settings))
    for file in ("report.json", "report.html", "summary.md", "junit.xml"):
        assert (again.folder / file).read_bytes() == (run.folder / file).read_bytes()
    assert pl.read_parquet(again.folder / "restricted" / "findings.parquet").equals(pl.read_parquet(run.folder / "restricted" / "findings.parquet"))


def test_the_gate_of_the_next_batch_is_open_after_a_clean_one(demo_snapshots: Path, contract_folder: Path, tmp_path: Path) -> None:
    gate = dq.gate(2, contract_folder, runs=tmp_path, snapshots=_files(demo_snapshots))
    assert {check.id: check.sentence for check in gate.record.checks if check.outcome is not Outcome.PASSED} == {}
    assert (gate.record.exit_status, gate.record.batches, gate.record.batch) == (0, (1,), 2)
    assert {check.entity for check in gate.record.checks if check.kind == "fit"} == set(ENTITIES)


def test_the_gate_of_the_first_batch_needs_no_target_that_has_moved(demo_snapshots: Path, contract_folder: Path, tmp_path: Path) -> None:
    gate = dq.gate(1, contract_folder, runs=tmp_path, snapshots=_files(demo_snapshots))
    assert (gate.record.exit_status, gate.record.batches, gate.record.entities) == (0, (), ())


def test_a_run_is_opened_again(clean: Run) -> None:
    assert dq.open_run(clean.folder).record == clean.record


def test_a_folder_without_a_run_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"report\.json: no such file"):
        dq.open_run(tmp_path)


def test_frames_have_the_same_columns_with_and_without_findings(clean: Run, broken: Run) -> None:
    for ask in (Run.findings, Run.cells, Run.causes, Run.checks):
        assert ask(clean).schema == ask(broken).schema


def test_an_entity_that_is_not_there_names_the_near_miss(clean: Run) -> None:
    with pytest.raises(UsageError, match=r"there is no entity 'coupon'; did you mean 'coupons'\?"):
        clean["coupon"]


def test_sums_are_exact_and_agree(clean: Run) -> None:
    sums = clean.sums("orders")
    assert sums["source_net"].to_list() == sums["target_net"].to_list()
    assert sums["agrees"].all()
    assert sums.schema["source_net"] == pl.Decimal(38, sums.schema["source_net"].scale)  # type: ignore[attr-defined]


def test_an_entity_of_a_run_says_in_a_line_what_it_is(clean: Run) -> None:
    compared = next(item.compared for item in clean.record.entities if item.entity == "coupons")
    assert repr(clean["coupons"]) == f"<coupons of run {clean.record.run}: PASSED; {compared:,} rows compared>"
