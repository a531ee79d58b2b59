"""A second pair of stores, of another trade and other shapes: what is proposed of it is accepted, passes, and finds what was planted."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from dq_fixtures.library import FAULTS

from dq.checking import check_contract
from dq.contract import read_contract
from dq.proposing import Proposed, propose
from dq.record import Record
from dq.running import Options, run_contract

UNCOVERED = {"coverage.source", "coverage.target"}


def said(contract: Path, folder: Path) -> Path:
    """Return a copy of a contract in which a person has said what only a person can."""
    shutil.copytree(contract, folder)
    for file in folder.glob("*.toml"):
        file.write_text(re.sub(r'"TODO: [^"]*"', '"the head librarian says so"', file.read_text()))
    return folder


def run(contract: Path, runs: Path, snapshots: dict[str, Path]) -> Record:
    return run_contract(contract, options=Options(runs=runs, snapshots=snapshots)).record


def test_every_table_finds_its_counterpart(proposed: Proposed) -> None:
    assert set(proposed.entities) == {
        ("branches", "branches", "location"),
        ("loans", "loans", "lending"),
        ("readers", "readers", "member"),
        ("titles", "titles", "catalogue_item"),
    }
    assert proposed.tables_left == {"source": ("shelf_notes",), "target": ("search_log",)}
    assert proposed.columns_left == {"source": 0, "target": 0}


def test_keys_and_readings_are_those_of_the_stores(proposed: Proposed) -> None:
    contract = read_contract(proposed.folder)
    keys = {entity.name: entity.key for entity in contract.entities}
    assert keys == {"branches": ("branch",), "loans": ("branch", "slip"), "readers": ("card",), "titles": ("branch", "shelfmark")}
    loans = contract.entity("loans")
    assert loans.column("state").target.codes == {"10": "out", "20": "back", "30": "late", "40": "lost"}
    assert (loans.column("fee").type.text, loans.column("fee").target.minor) == ("DECIMAL(10,2)", "currency")
    assert loans.column("currency").target.iso_numeric
    assert loans.column("lent").source.zone == loans.column("returned").source.zone
    assert contract.entity("readers").column("standing").target.codes == {"1": "good", "2": "blocked", "3": "guest"}


def test_rows_of_key_and_value_are_joined_one_key_at_a_time(proposed: Proposed) -> None:
    sql = (proposed.folder / "sql" / "source" / "titles.sql").read_text()
    joined = re.findall(r"LEFT JOIN title_facts AS \w+ ON .* AND \w+\.fact = '(\w+)'", sql)
    assert joined == ["binding", "isbn", "language"]


def test_every_guess_is_marked(proposed: Proposed) -> None:
    marked = 0
    for entity in read_contract(proposed.folder).entities:
        text = (proposed.folder / entity.file).read_text()
        assert text.startswith("# guess: ")
        assert re.search(r'^promise = "TODO: ', text, re.MULTILINE)
        assert re.search(r"^key     = .*# guess: ", text, re.MULTILINE)
        lines = text.partition("[columns]\n")[2].partition("\n\n")[0].splitlines()
        for above, line in zip(["", *lines], lines, strict=False):
            if not line.startswith("#"):
                marked += 1
                assert above.startswith("# ")
                assert re.search(r"(sure|likely|doubtful)", above)
    assert marked == proposed.columns == 29


def test_a_guessed_zone_says_which_others_explain_the_same(proposed: Proposed) -> None:
    text = (proposed.folder / "loans.toml").read_text().replace("\n# ", " ")
    assert "explains the source's wall clock; so do " in text
    assert "If all rows were moved by a wrong zone, this guess is wrong with them: ask" in text


def test_dq_check_accepts_it_and_says_what_nobody_has_given_a_reason_for(proposed: Proposed, library: dict[str, Path]) -> None:
    checked = check_contract(proposed.folder)
    assert {check.id for check in checked.checks if check.outcome.value != "PASSED"} == UNCOVERED
    assert checked.outcome.exit_status == 1
    assert library["source"].is_file()


def test_without_reasons_the_verdict_is_no(proposed: Proposed, library: dict[str, Path], tmp_path: Path) -> None:
    record = run(proposed.folder, tmp_path / "runs", library)
    assert {check.id for check in record.checks if check.outcome.value != "PASSED"} == UNCOVERED


def test_with_reasons_the_clean_library_passes(proposed: Proposed, library: dict[str, Path], tmp_path: Path) -> None:
    record = run(said(proposed.folder, tmp_path / "contract"), tmp_path / "runs", library)
    assert [check.id for check in record.checks if check.outcome.value != "PASSED"] == []
    assert {item.entity: item.compared for item in record.entities} == {"loans": 1600, "readers": 300, "titles": 800, "branches": 4}


def test_with_reasons_the_planted_faults_are_found_and_nothing_else(proposed: Proposed, broken_library: dict[str, Path], tmp_path: Path) -> None:
    record = run(said(proposed.folder, tmp_path / "contract"), tmp_path / "runs", broken_library)
    failed = {check.id: check.broken for check in record.checks if check.outcome.value != "PASSED"}
    planted = {check: rows for fault in FAULTS for check, rows in fault.broken.items()}
    assert {check: rows for check, rows in failed.items() if check in planted} == planted
    assert set(failed) - set(planted) == {check for fault in FAULTS for check in fault.follows}


def test_faults_in_a_few_rows_change_no_proposal(proposed: Proposed, broken_library: dict[str, Path], tmp_path: Path) -> None:
    propose(tmp_path / "contract", broken_library)
    clean, broken = read_contract(proposed.folder), read_contract(tmp_path / "contract")
    assert {entity.name: entity for entity in broken.entities} == {entity.name: entity for entity in clean.entities}
    assert broken.sql == clean.sql


def test_the_same_snapshots_give_the_same_contract(proposed: Proposed, library: dict[str, Path]) -> None:
    again = propose(proposed.folder.with_name("again"), library)
    files = sorted(file.relative_to(proposed.folder) for file in proposed.folder.rglob("*") if file.is_file())
    assert len(files) == 2 + 3 * len(proposed.entities)
    assert {file: (again.folder / file).read_bytes() for file in files} == {file: (proposed.folder / file).read_bytes() for file in files}
