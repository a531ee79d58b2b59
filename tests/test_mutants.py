"""Mutants are made as they are said to be, in SQL and in Python; what must be killed is, and no file is touched."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.making import mutants_of, mutated
from tests.mutants.sql import broken, is_sql

ROOT = Path(__file__).parent.parent

SQL = {
    "s.a IS DISTINCT FROM t.a": ["s.a <> t.a", "s.a IS NOT DISTINCT FROM t.a"],
    "s FULL JOIN t": ["s LEFT JOIN t", "s RIGHT JOIN t"],
    "s ANTI JOIN t": ["s SEMI JOIN t"],
    "a BETWEEN 1 AND 2 AND b": ["a BETWEEN 1 AND 2 OR b", "a BETWEEN 2 AND 2 AND b", "a BETWEEN 1 AND 3 AND b"],
    "x WHERE a IS NULL": ["x WHERE a IS NOT NULL", "x WHERE true OR a IS NULL"],
    "count(DISTINCT a) FROM b": ["count(a) FROM b", "1 + count(DISTINCT a) FROM b"],
    "FILTER (n > 1)": ["FILTER (true OR n > 1)", "FILTER (n >= 1)", "FILTER (n > 2)"],
    "SELECT 1 UNION SELECT $2": ["SELECT 1 UNION ALL SELECT $2", "SELECT 2 UNION SELECT $2"],
    "GROUP BY 1": [],
    "CREATE OR REPLACE TABLE": [],
}

PYTHON = {
    "def f(a, b):\n    return a > b and b": ["a > b or b", "b", "a > b", "a >= b"],
    "def f(a) -> str | None:\n    if not a:\n        return a[0]": ["a", "False", "True", "return None", "1"],
    "def f(a):\n    a.append(2)": ["pass", "3"],
    "def f(a):\n    'Say 1 and 2.'\n    raise ValueError(1 + 2)": [],
    "A = int | None": [],
    "def f(a: int) -> bool:\n    return max(a)": ["return False", "return True", "min(a)"],
}

SHOP = {
    "shop.py": """\
LIMIT = 3
SQL = "SELECT 1 WHERE a IS NULL"


def few(rows):
    return len(rows) < LIMIT


def first(rows):
    return min(rows[:1])
""",
    "test_shop.py": """\
from shop import SQL, few, first


def test_few():
    assert (few([1, 2]), few([1, 2, 3])) == (True, False)


def test_first():
    assert first([2, 1]) == 2


def test_sql():
    assert "IS NULL" in SQL
""",
}
SURVIVORS = {
    "first: min(rows[:1])  ->  max(rows[:1])",
    "<module>: SELECT [1] WHERE a IS NULL  ->  [2]",
    "<module>: SELECT 1 [WHERE ]a IS NULL  ->  [WHERE true OR ]",
}


@pytest.mark.parametrize("text", SQL)
def test_sql_is_broken_in_known_ways(text: str) -> None:
    assert is_sql(text)
    assert [text[:begin] + new + text[end:] for begin, end, new in broken(text)] == SQL[text]


@pytest.mark.parametrize("text", ["The run is NOT PROVEN.", "rows", "the rows are = those OR not"])
def test_a_sentence_is_no_sql(text: str) -> None:
    assert not is_sql(text)


@pytest.mark.parametrize("source", PYTHON)
def test_python_is_broken_in_known_ways(source: str) -> None:
    assert [mutant.becomes for mutant in mutants_of("m.py", source)] == PYTHON[source]


def test_a_mutant_changes_what_its_line_says_and_nothing_else() -> None:
    source = "def f(a):\n    return f'SELECT {a} WHERE {a} = 1 AND b = 2'"
    (mutant,) = [one for one in mutants_of("m.py", source) if one.becomes == "[OR]"]
    assert (mutant.name, mutant.place, mutant.is_sql, mutant.was) == ("m.py:2#1", "f", True, "= 1 [AND] b = 2")
    assert ast.unparse(mutated(source, mutant.number)) == ast.unparse(ast.parse(source.replace("AND", "OR")))


def test_what_must_be_killed_is_and_no_file_is_touched(tmp_path: Path) -> None:
    for name, text in SHOP.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, "-B", "-m", "tests.mutants", "--number", "0", "--modules", "shop.py", "--tests", "test_shop.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "TMPDIR": str(tmp_path / "tmp")},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    lines = done.stdout.splitlines()
    assert {line.partition(" ")[2].partition(" ")[2].rpartition("  (")[0] for line in lines if line.startswith("SURVIVED")} == SURVIVORS
    assert lines[-2] == "killed 4 of 7"
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir() if path.is_file()} == SHOP
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_test_that_fails_without_a_mutant_is_told(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("LIMIT = 3\n", encoding="utf-8")
    (tmp_path / "test_shop.py").write_text("import shop\n\n\ndef test_limit():\n    assert shop.LIMIT == 4\n", encoding="utf-8")
    command = [sys.executable, "-B", "-m", "tests.mutants", "--modules", "shop.py", "--tests", "test_shop.py"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert "fails without a mutant: test_shop.py::test_limit" in done.stdout
    assert done.returncode == 1
