"""Great Expectations has one door; it is opened only where it is needed, and leaves the process as it was."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOOR = ROOT / "dq" / "expect" / "door.py"
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
