"""Every type of PostgreSQL arrives as what the server itself says of each value; what no type holds stays text, and is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dq.stores.manifest import Manifest
from dq.stores.postgresql.types import snapshot_type
from tests.stores.postgresql_server import Database, database, sealed
from tests.stores.postgresql_types import CASES, SETUP, Case

pytestmark = pytest.mark.slow  # a server each

# What every session of the database begins with, and no value may hang on.
SESSIONS = {
    "timezone": "'Asia/Jakarta'",
    "datestyle": "'SQL, DMY'",
    "intervalstyle": "'iso_8601'",
    "extra_float_digits": "-15",
    "bytea_output": "'escape'",
    "quote_all_identifiers": "on",
    "standard_conforming_strings": "off",
    "client_encoding": "'LATIN1'",
    "statement_timeout": "2000",
    "default_transaction_isolation": "'read committed'",
    "search_path": "'nowhere'",
}


@dataclass(frozen=True)
class Matrix:
    """All cases, each a table, sealed."""

    database: Database
    file: Path
    manifest: Manifest


REASONS = ("no DECIMAL holds every value of it", "as the server writes it")


def _table(case: Case) -> str:
    return f"t{CASES.index(case)}"


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """Seal a database with a table a case, its value in the first column and a row that is NULL."""
    with database(settings=SESSIONS) as made:
        there = {name for (name,) in made.run("SELECT name FROM pg_available_extensions")}
        made.run(*SETUP, *(f"CREATE EXTENSION {name}" for name in {case.extension for case in CASES} & there))
        for case in CASES:
            if case.extension and case.extension not in there:
                continue
            table = _table(case)
            made.run(
                f"CREATE TABLE {table} (v {case.type}, n integer)",
                f"INSERT INTO {table} (v, n) VALUES {', '.join(f'({value}, {n})' for n, value in enumerate(case.values))}",
            )
            if case.type not in {"dear", "serial"}:  # which are never NULL
                made.run(f"INSERT INTO {table} (v, n) VALUES (NULL, -1)")
        file = tmp_path_factory.mktemp("types") / "s.duckdb"
        yield Matrix(made, file, made.seal(file))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{_table(case)} {case.type}")
def test_a_value_is_what_the_server_says_of_it(matrix: Matrix, case: Case) -> None:
    table = matrix.manifest.taken.get(_table(case))
    if table is None:
        assert case.extension
        pytest.skip(f"the server has no extension {case.extension}")
    column = table.columns[0]
    assert (column.type, column.store_type.removeprefix("public.")) == (case.sealed, case.named or case.type)
    assert sealed(matrix.file, f"SELECT v, n FROM {table.name} WHERE n = -1") == ([(None, -1)] if case.type not in {"dear", "serial"} else [])
    theirs = matrix.database.run(f"SELECT n, {case.says.server} FROM {table.name} WHERE n >= 0 ORDER BY n")
    ours = sealed(matrix.file, f"SELECT n, {case.says.file} FROM {table.name} WHERE n >= 0 ORDER BY n")
    assert [(n, case.says.text(value)) for n, value in theirs] == [(n, case.says.text(value)) for n, value in ours]
    assert len(ours) == len(case.values)
    noted = [note for note in matrix.manifest.notes if f"'{table.name}.v'" in note]
    counted = [note for note in noted if " values are no " in note]
    assert [f"{case.kept} values" in note for note in counted] == [True] * bool(case.kept)
    reasons = [note for note in noted if note not in counted]
    said = [f"column '{table.name}.v' ({column.store_type}) is kept as text: {why}" for why in REASONS]
    assert [note for note in reasons if note not in said or case.sealed != "VARCHAR"] == []
    if case.type in {"numeric", "interval", "numeric(39,0)", "numeric(2,5)"}:
        assert len(reasons) == 1


def test_a_type_that_nobody_knows_is_text() -> None:
    told: dict[str, Any] = {
        name: snapshot_type(name)[0] for name in ("public.integer", 'public."date"', "integer[]", "geometry(Point,4326)", "timestamp(3) without time zone[]")
    }
    assert set(told.values()) == {"VARCHAR"}


def test_why_a_column_is_text_is_said() -> None:
    assert snapshot_type("numeric")[1] == "no DECIMAL holds every value of it"
    assert snapshot_type("interval")[1] == "as the server writes it"
    assert snapshot_type("character varying(20)")[1] == ""
