"""Great Expectations has one door; it is opened only where it is needed, and leaves the process as it was. The page about it says what is."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from small_shops import build

from dq.expect import parity
from dq.expect.known import COMMON, STOCK

ROOT = Path(__file__).parents[2]
DOOR = ROOT / "dq" / "expect" / "door.py"
PAGE = ROOT / "docs" / "great-expectations.md"
FOREIGN = {"great_expectations", "sqlalchemy", "duckdb_sqlalchemy"}


def imported(file: Path) -> set[str]:
    """Return the packages that a module imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names}


def said(code: str) -> tuple[str, str]:
    """Run code in a process of its own, where warnings are errors; return what it printed and complained."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    return done.stdout.strip(), done.stderr.strip()


def test_only_the_door_imports_great_expectations_and_sqlalchemy() -> None:
    importers = {file for file in (ROOT / "dq").rglob("*.py") if imported(file) & FOREIGN}
    assert importers == {DOOR}


def test_nothing_is_imported_by_who_only_reads_a_contract() -> None:
    code = f"""
import sys
import dq.expect, dq.expect.fitness, dq.expect.refuse, dq.expect.population, dq.expect.known, dq.fit, dq.contract.reading
print(sorted({{name.partition(".")[0] for name in sys.modules}} & {FOREIGN!r}))
"""
    assert said(code) == ("[]", "")


def test_nothing_is_imported_where_there_is_nothing_to_look_at() -> None:
    code = """
import sys
import duckdb
from dq.expect.fitness import Fit, run_fitness
connection = duckdb.connect()
connection.execute("CREATE TABLE t (n INTEGER)")
print(run_fitness(connection, table="t", fits=[Fit("n", "expect_column_values_to_be_unique", {"column": "n"})])[0].outcome)
print("great_expectations" in sys.modules)
"""
    assert said(code) == ("NOT PROVEN\nFalse", "")


@pytest.mark.slow
def test_the_door_leaves_the_process_as_it_was_and_what_it_put_off_is_there_when_it_is_needed() -> None:
    code = """
import logging, sys, warnings
logging.basicConfig(level=logging.WARNING, stream=sys.stdout)
shown, filters = warnings.showwarning, list(warnings.filters)
from dq.expect.parity import suite_of
from dq.expect.datasource import quiet_context
from dq.expect.door import gx
print(shown is warnings.showwarning, filters == warnings.filters, {"scipy", "altair", "jsonschema"} & set(sys.modules))

warnings.simplefilter("ignore")
import pandas
gxe = gx.expectations
frame = pandas.DataFrame({"n": [1, 1, 2, 2], "j": ['{"a": 1}', '{"a": "x"}', '{}', '{"a": 2}']})
asset = quiet_context().data_sources.add_pandas("frames").add_dataframe_asset("frame")
batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
even = {"values": [1, 2], "weights": [0.5, 0.5]}
print(batch.validate(gxe.ExpectColumnValuesToMatchJsonSchema(column="j", json_schema=schema)).result["unexpected_count"])
print(batch.validate(gxe.ExpectColumnKLDivergenceToBeLessThan(column="n", partition_object=even, threshold=0.1)).success)
import scipy.stats, altair, jsonschema
print(round(scipy.stats.norm.cdf(0), 1), altair.Chart.__name__, jsonschema.ValidationError.__name__)
"""
    assert said(code) == ("True True set()\n1\nTrue\n0.5 Chart ValidationError", "")


# ---- the page -----------------------------------------------------------------------------------------------------

COUNTS = {
    "values": "values that are not NULL",
    "rows": "rows",
    "pairs": "rows that `ignore_row_if` leaves",
    "records": "rows that `ignore_row_if` leaves",
    "column": "a column as a whole",
    "table": "the table as a whole",
}


def row_of(name: str) -> str:
    """Return an expectation's row of the page's table."""
    stock = STOCK[name]
    if stock.refused:
        return f"| `{name}` | refused: {stock.refused} | |"
    return f"| `{name}` | {COUNTS[stock.counts]} | {', '.join(stock.on) if stock.counts != 'table' else ''} |"


@pytest.mark.parametrize("name", STOCK)
def test_the_page_has_a_row_for_every_stock_expectation(name: str) -> None:
    assert row_of(name) in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_page_has_no_row_for_anything_else() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    named = [line.split("`")[1] for line in lines if line.startswith(("| `expect_", "| `unexpected_"))]
    assert named == list(STOCK)


@pytest.mark.parametrize("name", COMMON)
def test_the_page_says_of_every_refused_argument_why(name: str) -> None:
    assert f"| `{name}` | {COMMON[name]} |" in PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
def test_the_examples_on_the_page_run_where_great_expectations_was_imported_first(tmp_path: Path) -> None:
    build(tmp_path)
    blocks = PAGE.read_text(encoding="utf-8").split("```python\n")[1:]
    code = "\n".join(block.split("```")[0] for block in blocks)
    printed, _progress = said(f"import os, warnings\nwarnings.simplefilter('ignore')\nos.chdir({str(tmp_path)!r})\n{code}")
    assert printed.splitlines() == ["True", "PASSED"]


CLASSES = [f"| `{cls.__name__}` | {str(cls.__doc__).rstrip('.')} | {', '.join(f'`{kind}`' for kind in cls.kinds)} |" for cls in parity.EXPECTATIONS]


@pytest.mark.parametrize("row", CLASSES)
def test_the_page_has_a_row_for_every_parity_expectation(row: str) -> None:
    assert row in PAGE.read_text(encoding="utf-8").splitlines()
