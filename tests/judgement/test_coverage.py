"""The ledger has a line for every column of both stores, by table and column, whatever order they are found in; an exclusion for nothing is stale."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from dq.compare.schema import read_selects
from dq.contract.reading import read_contract
from dq.coverage import Ledger, make_ledger
from dq.engine import open_engine
from dq.record import LedgerLine
from tests.contract.small_contract import write

SOURCE = {
    "users": ["user_id", "last_seen"],
    "points": ["user_id", "points", "entry"],
    "coupons": ["zone", "user_id", "title", "kind", "face", "ends", "deleted", "currency", "coupon_id", "code", "added"],
    "balances": ["user_id", "balance"],
    "vouchers": ["made"],  # called as a table of the target, which has its own rows
}
TARGET = {
    "vouchers": ["voucher_id", "touched", "title", "made", "kind", "face", "ends", "customer_id", "currency", "code"],
    "loyalty": ["points", "customer_id", "entry"],
    "balances": ["customer_id", "balance"],
    "Aside": ["x"],
}


def ledger(folder: Path, *, excluded: str = "") -> Ledger:
    contract = read_contract(write(folder, file="migration.toml", new=excluded))
    with closing(open_engine({})) as engine:
        selects = read_selects(engine, contract)
    catalogue = {side: {table: dict.fromkeys(columns, "X") for table, columns in tables.items()} for side, tables in (("source", SOURCE), ("target", TARGET))}
    return make_ledger(contract, selects=selects, catalogue=catalogue)


def of(found: Ledger, side: str, table: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {line.column: (line.status, line.entities) for line in found.lines if (line.side, line.table) == (side, table)}


def test_every_column_has_one_line_and_they_stand_in_order(tmp_path: Path) -> None:
    found = [(line.side, line.table, line.column) for line in ledger(tmp_path).lines]
    assert found == [
        (side, table, column) for side, tables in (("source", SOURCE), ("target", TARGET)) for table in sorted(tables) for column in sorted(tables[table])
    ]


def test_a_column_is_compared_or_used_or_excluded_or_uncovered(tmp_path: Path) -> None:
    found = ledger(tmp_path)
    compared, used = ("compared", ("coupons",)), ("used", ("coupons",))
    coupons = dict.fromkeys(("code", "coupon_id", "currency", "ends", "face", "kind", "title", "user_id"), compared)
    assert of(found, "source", "coupons") == {**coupons, "added": ("uncovered", ()), "deleted": used, "zone": used}
    assert of(found, "source", "users") == {"last_seen": ("excluded", ()), "user_id": ("uncovered", ())}
    assert {column: of(found, "target", "vouchers")[column] for column in ("made", "touched", "voucher_id")} == {
        "made": used,
        "touched": used,
        "voucher_id": compared,
    }
    assert of(found, "target", "Aside") == {"x": ("uncovered", ())}
    assert of(found, "source", "vouchers") == {"made": ("uncovered", ())}
    excluded = LedgerLine(side="source", table="users", column="last_seen", status="excluded", reason="is not moved")
    assert [line for line in found.lines if line.reason] == [excluded]
    assert found.stale == {"source": (), "target": ()}


@pytest.mark.parametrize(
    ("side", "table", "columns", "stale"),
    [
        ("target", "Asid", None, "excluded: no table 'Asid'; did you mean 'Aside'?"),
        ("target", "Aside", '["y"]', "excluded: no column 'Aside.y'; known: x"),
        ("source", "coupons", '["face"]', "excluded: 'coupons.face' is compared"),
        ("source", "Aside", None, "excluded: no table 'Aside'; known: balances, coupons, points, users, vouchers"),
    ],
)
def test_an_exclusion_that_names_nothing_or_what_is_compared_is_stale(side: str, table: str, columns: str | None, stale: str, tmp_path: Path) -> None:
    more = f"columns = {columns}\n" if columns else ""
    found = ledger(tmp_path, excluded=f'[[excluded]]\nside = "{side}"\ntable = "{table}"\n{more}reason = "aside"\n')
    assert found.stale[side] == (stale,)
    assert of(found, "target", "Aside") == {"x": ("uncovered", ())}


def test_a_whole_table_may_be_excluded_and_what_is_read_stays_compared(tmp_path: Path) -> None:
    more = "".join(f'[[excluded]]\nside = "target"\ntable = "{table}"\nreason = "aside"\n' for table in ("Aside", "loyalty"))
    found = ledger(tmp_path, excluded=more)
    assert of(found, "target", "Aside") == {"x": ("excluded", ())}
    assert of(found, "target", "loyalty") == dict.fromkeys(("points", "customer_id", "entry"), ("compared", ("entries",)))
    assert {line.reason for line in found.lines if line.table == "loyalty"} == {None}
