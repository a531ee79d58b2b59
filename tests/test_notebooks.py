"""The notebooks: kept without outputs, run from top to bottom on a clean and on a broken run, and their claims can fail."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from dq.lab.copies import RUN, page_of, source_notebooks
from dq.lab.executing import Kernel, kernel
from dq.result import Run

SOURCES = dict(source_notebooks())
NAMES = [
    "01_start_here",
    "02_counts",
    "03_balance_sums",
    "04_coupon_expiry",
    "05_review_attribution",
    "06_causes_and_slices",
    "07_one_customer",
    "08_signed_parity_report",
    "09_write_an_expectation",
]
LONGEST = 48  # lines of a cell: the one that writes a whole contract

Notebook = Any


def _read(name: str) -> Notebook:
    return nbformat.reads(SOURCES[name], as_version=4)


def _code(name: str) -> list[Any]:
    return [cell for cell in _read(name).cells if cell.cell_type == "code"]


def test_the_notebooks_are_the_nine() -> None:
    assert list(SOURCES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_valid_and_kept_without_outputs(name: str) -> None:
    nbformat.validate(_read(name))
    assert [cell.id for cell in _code(name) if cell.outputs or cell.execution_count] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_has_its_parameters_in_one_cell_short_cells_and_a_claim_at_its_end(name: str) -> None:
    cells = _code(name)
    assert [place for place, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", [])] == [0]
    assert max(len(cell.source.splitlines()) for cell in cells) <= LONGEST
    assert "assert " in cells[-1].source
    assert "pandas" not in "".join(cell.source for cell in cells)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_names_no_other_that_is_not_there(name: str) -> None:
    text = "".join(cell.source for cell in _read(name).cells)
    assert set(_linked(text)) <= set(NAMES)


def _linked(text: str) -> Iterator[str]:
    for part in text.split("](")[1:]:
        target = part.partition(")")[0]
        if target.endswith(".ipynb"):
            yield target.removesuffix(".ipynb")


@pytest.fixture(scope="module")
def running() -> Iterator[Kernel]:
    """One kernel for all: the libraries are loaded once."""
    with kernel() as found:
        yield found


@pytest.fixture
def runs(clean_run: Run, broken_run: Run) -> dict[str, Path]:
    """Return the folders of a clean and of a broken run."""
    return {"clean": clean_run.folder, "broken": broken_run.folder}


needs_a_kernel = [
    pytest.mark.slow,
    pytest.mark.xdist_group("notebooks"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),  # of the kernel's own libraries
]


def _marked(function: Any) -> Any:
    for mark in needs_a_kernel:
        function = mark(function)
    return function


@_marked
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", ["clean", "broken"])
def test_a_notebooks_claim_holds(running: Kernel, runs: dict[str, Path], state: str, name: str) -> None:
    notebook = _read(name)
    told = {"FAULT": state == "broken"} if name.startswith("09") else {RUN: str(runs[state])}
    assert running.execute(notebook, parameters=told) is None
    page = page_of(notebook, title=name)
    assert re.findall(r"<(?:link|img|iframe|script)[^>]*(?:href|src)=(?!\"data:)", re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)) == []
    if name == "01_start_here":
        assert ("picture: What explains the broken rows" in page) == (state == "broken")


@_marked
def test_a_claim_that_does_not_hold_stops_its_notebook(running: Kernel, runs: dict[str, Path], tmp_path: Path) -> None:
    lying = tmp_path / "lying"
    shutil.copytree(runs["clean"], lying)
    record = json.loads((lying / "report.json").read_bytes())
    record["checks"][-1]["outcome"] = "FAILED"
    (lying / "report.json").write_text(json.dumps(record))
    assert str(running.execute(_read("01_start_here"), parameters={RUN: str(lying)})).startswith("AssertionError")
    assert str(running.execute(_read("08_signed_parity_report"), parameters={RUN: str(lying)})).startswith("AssertionError")


@_marked
def test_no_run_is_said_in_one_line(running: Kernel) -> None:
    notebook = _read("01_start_here")
    assert str(running.execute(notebook, parameters={RUN: "latest"})).startswith("UsageError: there is no run yet: make one with `dq run`")
    (error,) = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs if output.output_type == "error"]
    assert len(error.traceback) == 1
