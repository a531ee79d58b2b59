"""A contract's SQL beside its columns: what does not fit is refused with file and near miss; names that hold SQL stay names; the ledger closes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_contract import FILES, write

from dq.compare.schema import read_selects
from dq.contract.models import Contract
from dq.contract.reading import read_contract
from dq.coverage import make_ledger
from dq.engine import Engine, open_engine
from dq.errors import ContractError


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine({})
    yield opened
    opened.close()


SQL, TARGET = "sql/source/coupons.sql", "sql/target/coupons.sql"
CASES = (
    (SQL, "SELECT code", "SELECT 1; SELECT code", f"{SQL}: holds 2 statements; one SELECT is needed"),
    (SQL, "SELECT code", "DELETE FROM coupons; SELECT code", f"{SQL}: not a SELECT: Only SELECT statements can be serialized to json!"),
    (SQL, "SELECT code", "SELECT cod", f"{SQL}: output column 'cod' is in no [columns] of coupons.toml; did you mean 'code'?"),
    (
        SQL,
        "SELECT code, ",
        "SELECT ",
        f"{SQL}: no output column 'code', which coupons.toml declares; known: account_id, coupon_id, currency, ends, face, kind, title, zone",
    ),
    (SQL, ", zone FROM", " FROM", f"{SQL}: 'zone' is neither an output column nor a zone"),
    (
        SQL,
        ", zone FROM",
        ", zones FROM",
        f"{SQL}: output column 'zones' is in no [columns] of coupons.toml; known: account_id, code, coupon_id, currency, ends, face, kind, title",
    ),
    (
        "coupons.toml",
        'zone = "zone"',
        'zone = "Asia/Jakrata"',
        f"{SQL}: output column 'zone' is in no [columns] of coupons.toml; known: account_id, code, coupon_id, currency, ends, face, kind, title",
    ),
    (TARGET, "FROM vouchers", "FROM voucher", "coupons.toml: merge.table: the target's SQL does not read 'vouchers'; did you mean 'voucher'?"),
    (TARGET, "SELECT code", "SELECT lower(code) AS code", f"{TARGET}: the function lower() may not stand here: names and joins only"),
    (TARGET, "SELECT code, ", "SELECT code, code, ", f"{TARGET}: output column 'code' stands there 2 times"),
    (TARGET, "SELECT", "SELEC", f'{TARGET}: not a SELECT: syntax error at or near "SELEC"'),
)


def selects_of(engine: Engine, folder: Path) -> Contract:
    contract = read_contract(folder)
    read_selects(engine, contract)
    return contract


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[2][:40])
def test_sql_that_does_not_fit_its_contract_is_refused(case: tuple[str, str, str, str], engine: Engine, tmp_path: Path) -> None:
    file, old, new, message = case
    with pytest.raises(ContractError) as caught:
        selects_of(engine, write(tmp_path, file=file, old=old, new=new))
    assert message == str(caught.value)


def test_a_zone_of_the_contract_that_nobody_knows_is_refused_with_its_near_miss(engine: Engine, tmp_path: Path) -> None:
    folder = write(tmp_path, file="coupons.toml", old='zone = "zone"', new='zone = "Asia/Jakrata"')
    (folder / SQL).write_text(FILES[SQL].replace(", zone FROM", " FROM"), encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        selects_of(engine, folder)
    assert str(caught.value) == f"{SQL}: 'Asia/Jakrata' is neither an output column nor a zone; did you mean 'Asia/Jakarta'?"


def test_a_column_name_that_holds_sql_stays_a_name(engine: Engine, tmp_path: Path) -> None:
    name = 'entry"; DROP TABLE points; --'
    quoted = '"entry""; DROP TABLE points; --"'
    folder = write(tmp_path, file="entries.toml", old='points     = "BIGINT"', new=f'points = "BIGINT"\n\'{name}\' = "VARCHAR"')
    for side in ("source", "target"):
        file = folder / f"sql/{side}/entries.sql"
        file.write_text(file.read_text(encoding="utf-8").replace("SELECT ", f"SELECT {quoted}, "), encoding="utf-8")
    contract = selects_of(engine, folder)
    assert name in [column.name for column in contract.entity("entries").columns]
    select = read_selects(engine, contract)["entries"]["source"]
    assert select.pointed_at(engine, "s") == f"SELECT {quoted}, entry, user_id AS account_id, points FROM s.main.points"


CATALOGUE = {
    "source": {
        "coupons": dict.fromkeys(("code", "coupon_id", "user_id", "kind", "face", "currency", "title", "ends", "zone", "deleted", "forgotten"), "VARCHAR"),
        "points": dict.fromkeys(("entry", "user_id", "points"), "BIGINT"),
        "balances": dict.fromkeys(("user_id", "balance"), "BIGINT"),
        "users": dict.fromkeys(("user_id", "last_seen"), "BIGINT"),
    },
    "target": {
        "vouchers": dict.fromkeys(("code", "voucher_id", "customer_id", "kind", "face", "currency", "title", "ends", "made", "touched"), "VARCHAR"),
        "loyalty": dict.fromkeys(("entry", "customer_id", "points"), "BIGINT"),
        "balances": dict.fromkeys(("customer_id", "balance"), "BIGINT"),
    },
}


def ledger(engine: Engine, folder: Path) -> tuple[dict[str, set[str]], dict[str, tuple[str, ...]]]:
    contract = read_contract(folder)
    made = make_ledger(contract, selects=read_selects(engine, contract), catalogue=CATALOGUE)
    found: dict[str, set[str]] = {}
    for line in made.lines:
        found.setdefault(line.status, set()).add(f"{line.side}.{line.table}.{line.column}")
    return found, {side: lines for side, lines in made.stale.items() if lines}


def test_every_column_of_both_stores_is_compared_used_excluded_or_uncovered(engine: Engine, tmp_path: Path) -> None:
    found, stale = ledger(engine, write(tmp_path))
    assert found["uncovered"] == {"source.coupons.forgotten", "source.users.user_id"}
    assert found["excluded"] == {"source.users.last_seen"}
    assert found["used"] == {"source.coupons.zone", "source.coupons.deleted", "target.vouchers.made", "target.vouchers.touched"}
    assert len(found["compared"]) == sum(len(columns) for tables in CATALOGUE.values() for columns in tables.values()) - 7
    assert stale == {}


STALE = (
    ('table   = "users"', 'table   = "user"', "excluded: no table 'user'; did you mean 'users'?"),
    ('columns = ["last_seen"]', 'columns = ["last_sen"]', "excluded: no column 'users.last_sen'; did you mean 'last_seen'?"),
    ('side    = "source"', 'side    = "target"', "excluded: no table 'users'; did you mean 'vouchers'?"),
)


@pytest.mark.parametrize(("old", "new", "line"), STALE, ids=[line for *_, line in STALE])
def test_an_exclusion_that_names_nothing_is_told(old: str, new: str, line: str, engine: Engine, tmp_path: Path) -> None:
    _, stale = ledger(engine, write(tmp_path, file="migration.toml", old=old, new=new))
    assert [line] == [told for lines in stale.values() for told in lines]


def test_of_several_zones_that_are_none_the_first_by_name_is_told(tmp_path: Path, engine: Engine) -> None:
    folder = write(tmp_path)
    file = folder / "coupons.toml"
    columns = "".join(f'at_{number} = {{ type = "INSTANT", source = {{ zone = "zone_{number}" }} }}\n' for number in range(6))
    file.write_text(file.read_text(encoding="utf-8").replace("[merge]", f"{columns}[merge]"), encoding="utf-8")
    named = ", ".join(f"at_{number}" for number in range(6))
    for name in (SQL, TARGET):
        (folder / name).write_text((folder / name).read_text(encoding="utf-8").replace("title,", f"title, {named},"), encoding="utf-8")
    with pytest.raises(ContractError, match=f"{SQL}: 'zone_0' is neither an output column nor a zone"):
        selects_of(engine, folder)
