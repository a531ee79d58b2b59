"""The one place for a small contract that has every key once: written with one thing changed, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from dq.contract.reading import read_contract
from dq.errors import ContractError

MIGRATION = """\
name     = "a-b"
title    = "A moves into B"
freeze   = 2024-10-20T17:00:00Z
deadline = 2024-12-12T17:00:00Z
regions  = ["ID", "GB"]
entities = ["coupons", "entries", "balances"]
accounts = "accounts"
[stores.source]
name     = "a"
snapshot = "source.duckdb"
[stores.target]
name     = "b"
snapshot = "target.duckdb"
[stores.baseline]
name     = "b"
snapshot = "baseline.duckdb"
[stores.crosswalk]
name     = "ids"
snapshot = "crosswalk.duckdb"
[limits]
max_age_hours   = 72
max_apart_hours = 24
[[batches]]
number = 1
region = "ID"
[[batches]]
number = 2
region = "GB"
[[excluded]]
side    = "source"
table   = "users"
columns = ["last_seen"]
reason  = "is not moved"
[minor_units]
IDR = 2
"""
COUPONS = """\
promise  = "Coupons move."
key      = "code"
owner    = "account_id"
money    = { amount = "face", currency = "currency" }
slices   = ["kind"]
at_least = 1
[columns]
code       = "VARCHAR"
coupon_id  = { type = "BIGINT", through = "coupons" }
account_id = { type = "BIGINT", through = "accounts", severity = "warning" }
kind       = { type = "ENUM", target = { 1 = "amount", 2 = "percent" } }
face       = { type = "DECIMAL(18,2)", target = "minor", tolerance = "0.01", reason = "rounded" }
currency   = { type = "CURRENCY", target = "iso-numeric" }
title      = { type = "VARCHAR", equal_after = ["nfc", "trim"], reason = "typed by hand" }
ends       = { type = "INSTANT", source = { zone = "zone", day_end = "inclusive" } }
[merge]
table      = "vouchers"
id         = "voucher_id"
created_at = "made"
changed_at = "touched"
[[excluded]]
side   = "source"
where  = "deleted IS NOT NULL"
reason = "withdrawn"
[[sums]]
column = "face"
by     = ["kind", "currency"]
[[counts]]
name = "currencies"
by   = ["currency"]
[[invariant]]
name  = "positive"
holds = "face > 0"
[[fit]]
type   = "expect_column_values_to_match_regex"
column = "code"
regex  = "^[A-Z]+$"
"""
ENTRIES = """\
promise = "Points move."
key     = "entry"
owner   = "account_id"
[columns]
entry      = "VARCHAR"
account_id = { type = "BIGINT", through = "accounts" }
points     = "BIGINT"
"""
BALANCES = """\
promise      = "Points move."
key          = ["account_id"]
owner        = "account_id"
may_be_empty = "nobody has points yet"
[columns]
account_id = { type = "BIGINT", through = "accounts" }
balance    = "BIGINT"
[aggregate]
balance = "sum"
[[invariant]]
name   = "ledger"
column = "balance"
equals = { entity = "entries", sum = "points", by = ["account_id"] }
"""
SOURCE = "SELECT code, coupon_id, user_id AS account_id, kind, face, currency, title, ends, zone FROM coupons WHERE deleted IS NULL\n"
TARGET = "SELECT code, voucher_id AS coupon_id, customer_id AS account_id, kind, face, currency, title, ends FROM vouchers\n"
FILES = {
    "migration.toml": MIGRATION,
    "coupons.toml": COUPONS,
    "entries.toml": ENTRIES,
    "balances.toml": BALANCES,
    "sql/source/coupons.sql": SOURCE,
    "sql/target/coupons.sql": TARGET,
    "sql/source/entries.sql": "SELECT entry, user_id AS account_id, points FROM points\n",
    "sql/target/entries.sql": "SELECT entry, customer_id AS account_id, points FROM loyalty\n",
    "sql/source/balances.sql": "SELECT user_id AS account_id, balance FROM balances\n",
    "sql/target/balances.sql": "SELECT customer_id AS account_id, balance FROM balances\n",
    "stores.lock.toml": '[source.coupons]\ncode = "VARCHAR"\n',
}


def write(folder: Path, *, file: str = "", old: str = "", new: str = "") -> Path:
    """Write the contract, with one text in one file replaced; where there is no `old`, `new` is added at the end."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    if file:
        text = FILES.get(file, "")
        if old not in text:
            message = f"{file} does not say {old!r}"
            raise ValueError(message)
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
    return folder


EXPORT = """
[stores.export]
name     = "page"
snapshot = "export.duckdb"
person   = "id"
made     = "made"
"""
EXPORT_SQL = "SELECT no AS entry, person AS account_id, points FROM entries\n"


def write_exported(folder: Path, *, migration: str = EXPORT, sql: str = EXPORT_SQL, entity: str = "entries") -> Path:
    """Write the contract with a personal-data export of one entity."""
    write(folder, file="migration.toml", new=migration)
    (folder / "sql" / "export").mkdir()
    if sql:
        (folder / "sql" / "export" / f"{entity}.sql").write_text(sql, encoding="utf-8")
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(ContractError) as caught:
        read_contract(folder)
    return str(caught.value)
