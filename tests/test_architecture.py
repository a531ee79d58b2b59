"""Laws of the code that nobody should have to remember: one door each, what imports what, what a module says of itself, what stands nowhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from inspect import cleandoc
from pathlib import Path

import pytest

from dq.commands.lazily import ENTRIES, load_all

ROOT = Path(__file__).parent.parent
DQ = ROOT / "dq"
EVERY_COMMAND = "import sys; from dq.commands.lazily import load_all; load_all(); print(*sys.modules)"
MODULES = {path.relative_to(ROOT).as_posix(): path for path in sorted(DQ.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
LONGEST = 300  # lines

# Each library and the modules that may import it; nothing else in dq/ may.
DOORS = {
    "duckdb": ["dq/engine.py"],
    "duckdb_sqlalchemy": ["dq/expect/door.py"],
    "great_expectations": ["dq/expect/door.py"],
    "sqlalchemy": ["dq/expect/door.py"],
    "jinja2": ["dq/report/*"],
    "markupsafe": ["dq/report/*"],
    "typst": ["dq/report/pdf.py"],
    "babel": ["dq/report/language.py"],
    "xlsxwriter": ["dq/report/exports.py"],
    "polars": [
        "dq/engine.py",
        "dq/case/adhoc.py",
        "dq/case/repair.py",
        "dq/result.py",
        "dq/parts.py",
        "dq/lab/*",
        "dq/report/exports.py",
        "dq/report/values.py",
        "dq/commands/show.py",
    ],
    "pyarrow": ["dq/engine.py", "dq/stores/text.py", "dq/stores/batches.py", "dq/stores/exports/*"],
    "msgspec": ["dq/stores/exports/jsonlines.py", "dq/stores/exports/persons.py"],
    "psycopg": ["dq/stores/postgresql/reader.py"],
    "pymysql": ["dq/stores/mysql/connection.py"],
    "pandas": [],
    "numpy": [],
    "iso4217": ["dq/compare/currencies.py"],
    "typer": ["dq/cli.py", "dq/commands/*"],
    "rich": ["dq/commands/*", "dq/report/terminal.py"],
    "pydantic": ["dq/contract/*", "dq/record.py", "dq/signoff/policy.py", "dq/stores/manifest.py"],
    "cryptography": ["dq/signoff/keys.py"],
    "altair": ["dq/lab/*"],
    "great_tables": ["dq/lab/*"],
    "jupyter_client": ["dq/lab/executing.py"],
    "nbclient": ["dq/lab/executing.py"],
    "papermill": ["dq/lab/executing.py"],
    "nbconvert": ["dq/lab/copies.py"],
    "nbformat": ["dq/lab/copies.py", "dq/lab/executing.py"],
    "dq_fixtures": ["dq/demo.py"],
}
UNUSED = ("psycopg2", "MySQLdb", "mysql", "adbc_driver_manager", "connectorx", "pyodbc", "oracledb")  # drivers that no reader has

# Where everything may be caught, and how often.
CATCHES_ALL = {
    "dq/attempts.py": 1,  # a step that crashes becomes a fact
    "dq/cli.py": 1,  # the last place: one line
    "dq/expect/asking.py": 2,  # Great Expectations raises whatever it likes
    "dq/signoff/verifying.py": 1,  # whatever goes wrong while verifying is a refusal
    "dq/report/exports.py": 1,  # clears up and raises again
    "dq/stores/at_once.py": 1,  # a thread's error is raised again where it is waited for
    "dq/stores/opening.py": 2,  # lets go and raises again
}
CLEARS_UP = ("dq/report/exports.py", "dq/stores/opening.py")

# Names of the demo's tables and columns that mean something else in dq/.
MEANS_SOMETHING_ELSE = {
    "created_at": "a key of [merge]",
    "display_name": "a key of a notebook's kernel",
    "items": "a word of Python and of HTML",
    "valid_from": "a key of a signer's key",
    "valid_until": "a key of a signer's key",
    "account_id": "a column of the crosswalk's own batches and erasures",
}

COMMANDS = {entry.module or name for name, entry in ENTRIES.items()}
"""Modules of commands, whose help says what they do."""


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module)


def _first_line(tree: ast.Module) -> str:
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def _public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield public functions and classes, and public methods of public classes."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and not item.name.startswith("_"))


def _words(tree: ast.Module) -> set[str]:
    """Return every word of the strings in a module; docstrings apart."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and ast.get_docstring(node)}  # type: ignore[attr-defined]
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs]
    return {word for text in texts for word in re.findall(r"\w+", text)}


def _tracked() -> list[Path]:
    """Return the files that are under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _asked(script: str, *arguments: object) -> set[str]:
    """Run a script in a process of its own and return the words it prints."""
    called = subprocess.run([sys.executable, "-c", script, *map(str, arguments)], check=True, capture_output=True, text=True)
    return set(called.stdout.split())


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 50


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str) -> None:
    through = [name for name, tree in TREES.items() if any(found.split(".")[0] == library for found in _imports(tree))]
    assert [name for name in through if not any(fnmatch(name, door) for door in DOORS[library])] == []
    assert bool(through) == bool(DOORS[library])


@pytest.mark.parametrize("driver", UNUSED)
def test_a_driver_that_no_reader_has_is_imported_nowhere(driver: str) -> None:
    assert [name for name, tree in TREES.items() if any(found.split(".")[0] == driver for found in _imports(tree))] == []


def test_importing_dq_loads_no_engine() -> None:
    heavy = {"duckdb", "polars", "great_expectations", "sqlalchemy", "jinja2", "pydantic", "rich", "typer"}
    assert _asked("import sys, dq; print(*sys.modules)") & heavy == set()


def test_the_command_line_loads_no_command_before_it_is_called() -> None:
    loaded = _asked("import sys, dq.cli; assert dq.cli.status_of(['--help']) == 0; print(*sys.modules)")
    assert loaded & {"duckdb", "pydantic", "rich.console", "cryptography"} == set()
    assert {name for name in loaded if name.startswith("dq.commands.")} == {"dq.commands.lazily"}


def test_the_commands_load_no_great_expectations() -> None:
    assert _asked(EVERY_COMMAND) & {"great_expectations", "polars", "sqlalchemy", "jinja2.environment"} == set()


def test_the_list_of_commands_tells_each_by_the_first_line_of_its_help() -> None:
    assert {name: entry.said for name, entry in ENTRIES.items()} == {name: cleandoc(command.help).splitlines()[0] for name, command in load_all().items()}


def test_a_run_loads_no_great_expectations(tmp_path: Path) -> None:
    from tests.cli.small import build  # noqa: PLC0415

    small = build(tmp_path, "batched")
    script = "import sys, dq.cli; assert dq.cli.status_of(sys.argv[1:]) == 0; print(*sys.modules)"
    loaded = _asked(script, "run", "--batch", 1, "--contract", small.contract, "--runs", small.runs)
    assert {"duckdb", "jinja2"} <= loaded
    assert loaded & {"great_expectations", "sqlalchemy", "polars", "altair"} == set()


def test_a_gate_of_the_shipped_contract_loads_no_great_expectations(demo_snapshots: Path, contract_folder: Path, tmp_path: Path) -> None:
    script = "import sys, dq.cli; assert dq.cli.status_of(sys.argv[1:]) == 0; print(*sys.modules)"
    sides = [argument for side in ("source", "target", "baseline", "crosswalk", "export") for argument in (f"--{side}", demo_snapshots / f"{side}.duckdb")]
    loaded = _asked(script, "gate", "--batch", 2, "--contract", contract_folder, "--runs", tmp_path, *sides)
    assert loaded & {"great_expectations", "sqlalchemy", "duckdb_sqlalchemy", "pandas"} == set()


def test_nothing_outside_the_lab_needs_it() -> None:
    """A run must work where the extra is missing: what is executed in notebooks is loaded where it is asked for, and nowhere else."""
    outside = {name for name, tree in TREES.items() if not name.startswith("dq/lab/") and any(found.startswith("dq.lab") for found in _imports(tree))}
    assert outside == {"dq/commands/show.py"}
    assert not any(name == "dq.lab" or name.startswith("dq.lab.") for name in _asked(EVERY_COMMAND))


def test_dq_imports_nothing_of_its_tests_and_benchmarks() -> None:
    assert [name for name, tree in TREES.items() if any(found.split(".")[0] in {"tests", "benchmarks", "dq_expectations"} for found in _imports(tree))] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_modules_first_line_says_what_it_is_for(name: str) -> None:
    first = _first_line(TREES[name])
    assert first.endswith((".", ":", ";")) or len(first) > 0
    if name.startswith("dq/commands/") and Path(name).stem in COMMANDS:
        assert first.startswith(f"`dq {Path(name).stem}`")
    elif not name.endswith(("__init__.py", "__main__.py")):
        assert re.search(r"\bThe one\b", first), first


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_has_a_docstring(name: str) -> None:
    told_by_help = set(ENTRIES) if name.startswith("dq/commands/") else set()
    assert [node.name for node in _public(TREES[name]) if not ast.get_docstring(node) and node.name not in told_by_help] == []


def test_everything_is_caught_only_in_the_named_places() -> None:
    found: dict[str, int] = {}
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "BaseException"
                found[name] = found.get(name, 0) + bool(re.search(r"\b(Base)?Exception\b", caught))
    assert {name: count for name, count in found.items() if count} == CATCHES_ALL


@pytest.mark.parametrize("name", CLEARS_UP)
def test_what_is_caught_to_clear_up_is_raised_again(name: str) -> None:
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.ExceptHandler) and node.type is not None and "BaseException" in ast.unparse(node.type):
            last = node.body[-1]
            assert isinstance(last, ast.Raise)
            assert last.exc is None


def test_no_module_is_too_long() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [name for name in MODULES if drawers & set(Path(name).with_suffix("").parts)] == []


def test_dq_knows_no_table_and_column_of_the_demo() -> None:
    """A column that is called by a plain word (status, title) tells nothing; one of several words, and every table, does."""
    pinned = tomllib.loads((ROOT / "expectations" / "stores.lock.toml").read_text(encoding="utf-8"))
    tables = {table for side in ("source", "target") for table in pinned[side]}  # the lists of an export are called by plain words
    columns = {column for side in pinned.values() for table in side.values() for column in table if "_" in column}
    assert min(len(tables), len(columns)) > 10
    known = (tables | columns) - set(MEANS_SOMETHING_ELSE)
    found = {name: sorted(_words(tree) & known) for name, tree in TREES.items() if Path(name).stem != "demo"}
    assert {name: words for name, words in found.items() if words} == {}


def test_packages_that_are_installed_are_all_there_are() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    there = {".".join(Path(name).parent.parts) for name in MODULES if name.endswith("__init__.py")}
    assert {name for name in listed if name.split(".")[0] == "dq"} == there


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "requirements").iterdir()))
def test_requirements_name_no_registry(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert re.findall(r"https?:|file:|--(?:extra-)?index-url|--find-links|--trusted-host|@ ", text) == []
    if name.endswith(".lock"):
        pinned = re.findall(r"(?m)^[a-z0-9][\w.\-\[\]]*==", text)
        assert 0 < len(pinned) <= text.count("--hash=sha256:")


def test_no_tracked_file_names_somebodys_folder() -> None:
    somebodys = re.compile(rb"(?<![\w.])/(?:home|root|work|Users|mnt)/[\w.-]+")
    found = {path.relative_to(ROOT).as_posix(): somebodys.findall(path.read_bytes()) for path in _tracked()}
    assert {name: hits for name, hits in found.items() if hits and name != Path(__file__).relative_to(ROOT).as_posix()} == {}


def test_no_tracked_file_is_made_by_running() -> None:
    made = ("runs/", "snapshots/", "story/", "dq-demo/", "dist/", "build/", ".venv/")
    assert [path for path in _tracked() if path.relative_to(ROOT).as_posix().startswith(made) or path.suffix in {".duckdb", ".pyc", ".wal"}] == []


def test_a_page_in_english_needs_no_catalogue_and_the_command_line_no_typst() -> None:
    loaded = _asked("import sys, dq.cli, dq.commands.show, dq.commands.run; print(*sys.modules)")
    assert loaded & {"babel", "typst", "jinja2", "polars"} == set()
    loaded = _asked("import sys, dq.report.html, dq.report.language as found; found.language_of('en'); print(*sys.modules)")
    assert loaded & {"babel", "typst", "polars"} == set()
