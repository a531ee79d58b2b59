"""What stands in a fenced block is what is: `console` is run and says that, `sh` is read by the real command line, the rest by whoever reads it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from dq.compare.select import read_select
from dq.contract.cross import check_migration
from dq.contract.reading import _entity, _migration, read_contract, read_waivers
from dq.demo import write_contract
from dq.engine import open_engine
from dq.signoff.policy import read_roster
from tests.cli.small import build as build_small
from tests.expect.small_shops import build

from .commands_page import command_line
from .conftest import Tour, recipe
from .files_page import LATER, RUN
from .pages import NAMES, ROOT, Block, blocks

pytestmark = pytest.mark.xdist_group("docs")

LANGUAGES = {"console", "sh", "python", "toml", "sql", "json", "yaml", "text"}
WITH_A_CONTRACT = ("docs/waivers.md",)  # whose commands are typed beside the shipped one
OF_THE_DEMO = ("README.md", "docs/customer-case.md", "docs/tutorial.md")  # whose Python is about a run
PLAYED = "docs/story.md"  # whose commands tests/story types, between which its stores change
AUDITED = "docs/sign-off.md"  # whose Python tests/signoff/test_signoff_auditor.py runs
_RUN = re.compile(r"\b[0-9a-f]{12}\b")


def of(language: str) -> list[object]:
    """Return the blocks in a language, for a parametrised test."""
    return [pytest.param(block, id=block.place) for block in blocks(language)]


def commands(block: Block) -> list[str]:
    """Return the lines of a block that are commands, without what is said behind them."""
    lines = [re.sub(r"\s+#\s.*$", "", line) for line in block.text.splitlines()]
    return [part.strip() for line in lines for part in line.split("; ") if part.strip()]


def read(command: str) -> None:
    """Let the real command line read a command, without doing it."""
    words = shlex.split(command.partition(" < ")[0])
    if words[0] == "dq":
        command_line().commands[words[1]].make_context(words[1], words[2:]).close()
    elif words[0] == "make":
        subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, check=True, capture_output=True)
    elif words[0].endswith("python") and words[1].endswith(".py"):
        assert any(f"`{words[1]}`" in (ROOT / name).read_text(encoding="utf-8") for name in NAMES)
    elif words[0].endswith("python"):
        assert words[1] == "-m"
        assert importlib.util.find_spec(words[2]) is not None
    else:
        assert words[0] in {"cp", "openssl", "sha256sum", "ssh-keygen"}, command


def same(text: str, *, digits: bool = False) -> list[str]:
    """Return the lines of a text as they are compared: white space and the run's id are nothing, and figures only where that is asked for."""
    lines = [" ".join(_RUN.sub("RUN", line).split()) for line in text.splitlines()]
    return [re.sub(r"[\d,]*\d", "N", line) if digits else line for line in lines]


def missing(shown: list[str], said: list[str]) -> list[str]:
    """Return the lines shown that were not said in this order; `…` stands for any number of lines."""
    left = iter(said)
    return [line for line in shown if line not in ("…", "") and not any(line == one for one in left)]


def test_every_block_says_what_it_is() -> None:
    assert [block.place for block in blocks() if block.language not in LANGUAGES or len(block.words) > 1] == []


def test_commands_stand_in_blocks_that_are_run_or_read() -> None:
    typed = re.compile(rf"(?m)^(\$ |make [a-z]|dq ({'|'.join(command_line().commands)})\b)")
    assert [block.place for block in blocks("text") if typed.search(block.text)] == []
    assert len(blocks("console")) > 5


@pytest.mark.parametrize("block", of("sh"))
def test_the_command_line_knows_what_a_page_asks(block: Block) -> None:
    for command in commands(block):
        read(command)


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted({block.page for block in blocks("console")} - {PLAYED}))
def test_what_is_typed_says_what_the_page_shows(page: str, tour: Tour, tmp_path: Path) -> None:
    here = tour if page == "docs/tutorial.md" else Tour(tmp_path)
    if page in WITH_A_CONTRACT:
        write_contract(tmp_path / "expectations")
    for block in blocks("console"):
        if block.page != page:
            continue
        for part in re.split(r"(?m)^\$ ", block.text)[1:]:
            command, _, shown = part.partition("\n")
            assert missing(same(shown), same(here.says(command))) == [], command


def test_the_readme_shows_how_an_open_gate_ends(contract_folder: Path, tmp_path: Path) -> None:
    """On a smaller migration under the same title: the figures are others, but for the number of the contract's entities."""
    contract = read_contract(contract_folder)
    small = build_small(tmp_path, "batched")
    file = small.contract / "migration.toml"
    file.write_text(re.sub('title = ".*"', f'title = "{contract.migration.title}"', file.read_text()))
    said = Tour(tmp_path).says(f"dq gate --batch 2 --contract {small.contract}") + "dq exit status: 0\n"
    (shown,) = (block.text for block in blocks("text") if block.page == "README.md")
    assert missing(same(shown, digits=True), same(said, digits=True)) == []
    assert f"rows in {len(contract.entities)} entities" in shown


@pytest.mark.slow
def test_the_readme_shows_the_figures_of_make_gate(contract_folder: Path, tmp_path: Path) -> None:
    """What `make gate` says of stores of the size that the Makefile gives: every figure, but for the run's id."""
    here = Tour(tmp_path)
    shutil.copytree(contract_folder, tmp_path / "expectations", ignore=shutil.ignore_patterns("__pycache__"))
    said = "".join(here.says(shlex.join(words)) for words in recipe()) + "dq exit status: 0\n"
    (shown,) = (block.text for block in blocks("text") if block.page == "README.md")
    assert missing(same(shown), same(said)) == []


@pytest.mark.slow
@pytest.mark.parametrize("page", OF_THE_DEMO)
def test_python_about_a_run_runs(page: str, in_tour: Tour) -> None:
    code = "\n".join(block.text for block in blocks("python") if block.page == page)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(_RUN.sub(in_tour.run, code), page, "exec"), {})  # noqa: S102 - the page's own
    shown = [line for block in blocks("text") if block.page == page and page != "README.md" for line in same(block.text)]
    assert missing(shown, same(printed.getvalue())) == []


@pytest.mark.slow
def test_python_about_great_expectations_runs_where_that_was_imported_first(tmp_path: Path) -> None:
    build(tmp_path)
    code = "\n".join(block.text for block in blocks("python") if block.page == "docs/great-expectations.md")
    done = subprocess.run(
        [sys.executable, "-c", f"import warnings\nwarnings.simplefilter('ignore')\n{code}"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout.split() == ["True", "PASSED"], done.stderr


def test_python_is_run_on_every_page_that_has_some() -> None:
    assert {block.page for block in blocks("python")} == {*OF_THE_DEMO, "docs/great-expectations.md", AUDITED}


@pytest.mark.parametrize("block", of("toml"))
def test_toml_is_what_the_contracts_models_read(block: Block, tmp_path: Path) -> None:
    raw = tomllib.loads(block.text)
    if "people" in raw:
        (tmp_path / "signers.toml").write_text(block.text)
        assert read_roster(tmp_path / "signers.toml").policy.threshold == 2
        return
    if "waiver" in raw:
        assert read_waivers(block.text)
        return
    if "entities" in raw:
        (tmp_path / "migration.toml").write_text(block.text)
        check_migration(_migration(tmp_path), file="migration.toml")
        return
    needed = "".join(f'{key} = "any"\n' for key in ("promise", "key") if key not in raw)
    columns = "" if "columns" in raw else '\n[columns]\nany = "VARCHAR"\n'
    (tmp_path / "shown.toml").write_text(needed + block.text + columns)
    read_back = _entity(tmp_path / "shown.toml", exported=False)
    assert read_back.key


@pytest.mark.parametrize("block", of("sql"))
def test_sql_is_what_the_contracts_reader_reads(block: Block) -> None:
    engine = open_engine({})
    try:
        assert read_select(engine, block.text, file=block.place).outputs
    finally:
        engine.close()


@pytest.mark.parametrize("block", of("json"))
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", of("yaml"))
def test_a_pipeline_is_yaml_whose_commands_the_command_line_knows_and_nothing_restricted_is_uploaded(block: Block) -> None:
    text = json.dumps(yaml.safe_load(block.text))
    asked = re.findall(r"\.venv/bin/(dq [^&;|>\"\\]*)", text.replace('\\"', ""))
    assert len(asked) > 0
    for command in asked:
        read(re.sub(r"\$\w+", "2", command))
    assert not re.search(r"restricted|run\.json|runs/\*\*|runs/\*(?!/)|\"runs/?\"", text)


UPLOADED = sorted({line.strip().removeprefix("- ") for block in blocks("yaml") for line in block.text.splitlines() if "find " in line})


@pytest.mark.parametrize("line", UPLOADED)
def test_what_a_pipeline_copies_to_upload_is_every_file_of_the_run_but_no_folder_and_no_paths(line: str, tmp_path: Path) -> None:
    run = tmp_path / "kept" / "0123456789ab"
    (run / "restricted" / "notebooks").mkdir(parents=True)
    harmless = {*RUN, *LATER} - {"run.json", "restricted/findings.parquet", "restricted/report.html", "restricted/notebooks/"}
    for name in (*harmless, "run.json", "restricted/findings.parquet", "restricted/report.html", "restricted/notebooks/01.html"):
        (run / name).touch()
    (tmp_path / "upload").mkdir()
    (tmp_path / "gate.txt").write_text("GATE SHUT: batch 2\nGATE SHUT batch=2 run=0123456789ab (first batch)\n")
    subprocess.run(["bash", "-euc", line], cwd=tmp_path, env={**os.environ, "RUNS": str(tmp_path / "kept")}, check=True)
    assert {path.name for path in (tmp_path / "upload").iterdir()} == harmless


def test_every_page_is_looked_at() -> None:
    assert len(NAMES) > 20
