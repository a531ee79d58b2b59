"""A contract that says what a person may download: the check that it implies, and every way in which it does not hold together."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from small_contract import EXPORT, EXPORT_SQL, write, write_exported

from dq.compare.schema import read_selects
from dq.compare.select import Select
from dq.contract.models import Contract
from dq.contract.reading import read_contract
from dq.engine import open_engine
from dq.errors import ContractError


def selected(contract: Contract) -> dict[str, dict[str, Select]]:
    with closing(open_engine({})) as engine:
        return read_selects(engine, contract)


def test_an_sql_for_the_export_implies_a_check(tmp_path: Path) -> None:
    contract = read_contract(write_exported(tmp_path))
    ids = {entity.name: [check for check, kind, _ in entity.check_ids() if kind == "export"] for entity in contract.entities}
    assert ids == {"coupons": [], "entries": ["entries.export"], "balances": []}
    assert dict(contract.migration.stores.present())["export"].snapshot == tmp_path / "export.duckdb"


def test_the_sql_decides_what_the_contract_is(tmp_path: Path) -> None:
    digest = read_contract(write_exported(tmp_path)).digest
    (tmp_path / "sql" / "export" / "entries.sql").write_text(f"{EXPORT_SQL}-- other\n", encoding="utf-8")
    assert read_contract(tmp_path).digest != digest


REFUSED = {
    "an SQL and no store": ("", EXPORT_SQL, "entries", "sql/export/entries.sql: migration.toml names no [stores.export] that it could read"),
    "a store and no SQL": (EXPORT, "", "entries", "migration.toml: stores.export: nothing reads it: no entity has a sql/export/<entity>.sql"),
    "an SQL of no entity": (EXPORT, EXPORT_SQL, "entrys", "sql/export/entrys.sql: no entity of that name; did you mean 'entries'?"),
    "no person": (EXPORT.replace('person   = "id"\n', ""), EXPORT_SQL, "entries", "migration.toml: stores.export.person: missing"),
    "no moment": (EXPORT.replace('made     = "made"', 'made = ""'), EXPORT_SQL, "entries", "migration.toml: stores.export.made: is empty"),
    "a moment that is the person": (EXPORT.replace('"made"', '"id"'), EXPORT_SQL, "entries", "migration.toml: stores.export.made: 'id' is the person"),
    "a word that is spelt wrongly": (EXPORT.replace("person ", "persn "), EXPORT_SQL, "entries", "did you mean 'person'?"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_export_that_does_not_hold_together_is_refused(tmp_path: Path, name: str) -> None:
    migration, sql, entity, words = REFUSED[name]
    with pytest.raises(ContractError) as caught:
        read_contract(write_exported(tmp_path, migration=migration, sql=sql, entity=entity))
    assert words in str(caught.value)


def test_a_reading_of_an_export_that_there_is_not_is_refused(tmp_path: Path) -> None:
    write(tmp_path, file="coupons.toml", old="target = { 1 =", new='export = { A = "amount" }, target = { 1 =')
    with pytest.raises(ContractError, match=r"coupons\.toml: columns\.kind\.export: there is no sql/export/coupons\.sql"):
        read_contract(tmp_path)


def test_whether_an_entity_is_exported_is_no_key(tmp_path: Path) -> None:
    write(tmp_path, file="entries.toml", old='key     = "entry"', new='key = "entry"\nexported = true')
    with pytest.raises(ContractError, match=r"entries\.toml: exported: an entity is exported where sql/export/entries\.sql is there"):
        read_contract(tmp_path)


SELECTS = {
    "no key": ("SELECT person AS account_id, points FROM entries", "no output column 'entry', which entries.toml needs"),
    "no owner": ("SELECT no AS entry, points FROM entries", "no output column 'account_id', which entries.toml needs"),
    "a column that nobody declared": ("SELECT no AS entry, person AS account_id, pionts FROM entries", "output column 'pionts' is in no [columns]"),
    "somebody else as owner": ("SELECT no AS entry, customer AS account_id FROM entries", "'account_id' is not 'person' of 'entries'"),
    "the owner of a joined table": (
        "SELECT e.no AS entry, p.person AS account_id FROM entries AS e JOIN persons AS p ON p.id = e.customer",
        "'account_id' is not 'person' of 'entries'",
    ),
    "a function": ("SELECT lower(no) AS entry, person AS account_id FROM entries", "the function lower() may not stand here"),
}


@pytest.mark.parametrize("name", SELECTS)
def test_an_sql_that_hides_whose_a_row_is_is_refused(tmp_path: Path, name: str) -> None:
    sql, words = SELECTS[name]
    contract = read_contract(write_exported(tmp_path, sql=sql))
    with pytest.raises(ContractError) as caught:
        selected(contract)
    assert str(caught.value).startswith("sql/export/entries.sql: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("zone", "sql", "words"),
    [
        ("UTC", EXPORT_SQL, None),
        ("zone", EXPORT_SQL.replace("FROM", ", made, zone FROM"), None),
        ("UTC", EXPORT_SQL.replace("FROM", ", made FROM"), None),
        ("zone", EXPORT_SQL.replace("FROM", ", made FROM"), "no output column 'zone', which entries.toml needs"),
        ("UTC", EXPORT_SQL.replace("FROM", ", made, zone FROM"), "output column 'zone' is in no [columns] of entries.toml"),
    ],
)
def test_a_wall_clock_of_an_export_needs_a_zone_by_name_or_its_column(tmp_path: Path, zone: str, sql: str, words: str | None) -> None:
    folder = write_exported(tmp_path, sql=sql)
    file = folder / "entries.toml"
    file.write_text(f'{file.read_text(encoding="utf-8")}made = {{ type = "INSTANT", export = {{ zone = "{zone}" }} }}\n', encoding="utf-8")
    for side in ("source", "target"):
        text = (folder / "sql" / side / "entries.sql").read_text(encoding="utf-8")
        (folder / "sql" / side / "entries.sql").write_text(text.replace(" FROM", ", made FROM"), encoding="utf-8")
    contract = read_contract(folder)
    if words is None and "made" in sql:
        assert "made" in selected(contract)["entries"]["export"].outputs
        return
    with pytest.raises(ContractError, match=re.escape(words or "no output column 'made', which entries.toml needs")):
        selected(contract)


@pytest.mark.parametrize(("declared", "currency"), [('"minor"', "money"), ('{ minor = "unit" }', "unit")])
def test_minor_units_of_an_export_need_their_currency(tmp_path: Path, declared: str, currency: str) -> None:
    folder = write_exported(tmp_path)
    text = (
        (folder / "entries.toml")
        .read_text(encoding="utf-8")
        .replace('owner   = "account_id"', 'owner = "account_id"\nmoney = { amount = "face", currency = "money" }')
    )
    text += f'money = "CURRENCY"\nunit = "CURRENCY"\nface = {{ type = "DECIMAL(18,2)", export = {declared} }}\n'
    (folder / "entries.toml").write_text(text, encoding="utf-8")
    for side in ("source", "target"):
        file = folder / "sql" / side / "entries.sql"
        file.write_text(file.read_text(encoding="utf-8").replace(" FROM", ", face, money, unit FROM"), encoding="utf-8")
    file = folder / "sql" / "export" / "entries.sql"
    file.write_text(EXPORT_SQL.replace(" FROM", ", face FROM"), encoding="utf-8")
    with pytest.raises(ContractError, match=f"no output column '{currency}', which entries.toml needs"):
        selected(read_contract(folder))
    file.write_text(EXPORT_SQL.replace(" FROM", f", face, {currency} FROM"), encoding="utf-8")
    assert selected(read_contract(folder))["entries"]["export"].outputs[-1] == currency
