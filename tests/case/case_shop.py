"""A small migration whose customers are each a case of their own: clean, broken in every way, merged, erased, exchanged, mixed up, not yet moved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dq.stores.duckdb_file import seal_duckdb
from dq.stores.seal import Label
from tests.cli.small import FOUR_STORES, TWO_BATCHES, make_store, write_contract

MOMENT = datetime(2024, 11, 5, 20, tzinfo=UTC)
BASELINE = datetime(2024, 10, 28, 17, tzinfo=UTC)

CLEAN, BROKEN, MERGED, ABSORBED, ERASED, GIVEN, TAKEN, LATER, KNOWN = 31011, 31012, 31013, 31014, 31015, 31016, 31017, 31018, 31019
MIXED, STRANGER, RENAMED, NAMESAKE, TWIN = 31021, 31022, 31023, 31024, 5011  # TWIN is also the id in the target of CLEAN
SOURCES = (CLEAN, BROKEN, MERGED, ABSORBED, ERASED, GIVEN, TAKEN, LATER, KNOWN, MIXED, STRANGER, RENAMED, NAMESAKE, TWIN)
NATIVE, OTHER_NATIVE = 7001, 7002
# What became of whom; nobody's where they are not in it.
TARGETS = {
    CLEAN: 5011,
    BROKEN: 5012,
    MERGED: 5013,
    ABSORBED: 5013,
    ERASED: 5015,
    GIVEN: 5016,
    TAKEN: 5017,
    KNOWN: NATIVE,
    MIXED: 5021,
    STRANGER: 5021,
    RENAMED: 5023,
    NAMESAKE: 5024,
    TWIN: 5099,
}
PERSONS = (*((account,) for account in SOURCES if account not in (MERGED, ABSORBED)), (MERGED, ABSORBED))

_MOVED = [source for source in TARGETS if source != ERASED]


def name_of(account: int) -> str:
    """Return what only this account's row says."""
    return f"Person {account:05d}x"


def email_of(account: int) -> str:
    """Return the e-mail of an account."""
    return f"p{account}@example.net"


def order_of(account: int) -> str:
    """Return the number of an account's order."""
    return f"PO-{account:05d}"


def _source() -> list[str]:
    ids = ", ".join(f"({account})" for account in SOURCES)
    return [
        f"CREATE TABLE ids AS SELECT CAST(i AS BIGINT) AS i FROM (VALUES {ids}) AS t(i)",
        f"""CREATE TABLE users AS SELECT i AS user_id, if(i = {LATER}, 'GB', 'ID') AS region, printf('Person %05dx', i) AS name,
           'p' || i || '@example.net' AS email, 'hash-' || i AS password_hash FROM ids""",
        "CREATE TABLE orders AS SELECT 100000 + i AS order_id, printf('PO-%05d', i) AS order_no, i AS user_id, CAST(30 AS DECIMAL(18,2)) AS total FROM ids",
        """CREATE TABLE lines AS SELECT 10 * i + n + 200000 AS line_id, 100000 + i AS order_id, CAST(10 * n AS DECIMAL(18,2)) AS amount
           FROM ids, range(1, 3) AS t(n)""",
        "CREATE TABLE coupons AS SELECT printf('C-%05d-%d', i, n) AS code, i AS user_id, CAST(n AS DECIMAL(18,2)) AS amount FROM ids, range(1, 4) AS t(n)",
        """CREATE TABLE entries AS SELECT printf('E-%05d-%d', i, n) AS ref, i AS user_id, CAST(100 * n AS BIGINT) AS points,
           TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL 1 DAY * n AS booked FROM ids, range(1, 4) AS t(n)""",
        "CREATE TABLE balances AS SELECT user_id, CAST(sum(points) AS BIGINT) AS balance FROM entries GROUP BY 1",
        "DROP TABLE ids",
    ]


_SCHEMA = [
    "CREATE TABLE customers (customer_id BIGINT, site VARCHAR, label VARCHAR, mail VARCHAR, secret VARCHAR, created TIMESTAMPTZ, changed TIMESTAMPTZ)",
    "CREATE TABLE sales (sale_id BIGINT, sale_no VARCHAR, customer_id BIGINT, total DECIMAL(18,2), created TIMESTAMPTZ, changed TIMESTAMPTZ)",
    "CREATE TABLE sale_lines (line_id BIGINT, sale_id BIGINT, amount DECIMAL(18,2), created TIMESTAMPTZ, changed TIMESTAMPTZ)",
    "CREATE TABLE vouchers (voucher_id BIGINT, code VARCHAR, customer_id BIGINT, amount DECIMAL(18,2), created TIMESTAMPTZ, changed TIMESTAMPTZ)",
    """CREATE TABLE loyalty (loyalty_id BIGINT, ref VARCHAR, customer_id BIGINT, points BIGINT, booked TIMESTAMPTZ, created TIMESTAMPTZ,
       changed TIMESTAMPTZ)""",
    "CREATE TABLE standing (standing_id BIGINT, customer_id BIGINT, balance BIGINT, created TIMESTAMPTZ, changed TIMESTAMPTZ)",
]
_THEN, _NOW = "TIMESTAMPTZ '2023-01-01 00:00:00+00'", "TIMESTAMPTZ '2024-11-01 00:00:00+00'"
_NATIVES = [
    f"INSERT INTO customers SELECT i, 'ID', printf('Person %05dx', i), 'p' || i || '@example.net', 's', {_THEN}, {_THEN} FROM range(7001, 7003) AS t(i)",
    f"INSERT INTO vouchers SELECT i, 'N-' || i, i, 5, {_THEN}, {_THEN} FROM range(7001, 7003) AS t(i)",
    f"INSERT INTO loyalty SELECT i, 'NE-' || i, i, 50, {_THEN}, {_THEN}, {_THEN} FROM range(7001, 7003) AS t(i)",
    f"INSERT INTO standing SELECT i, i, 50, {_THEN}, {_THEN} FROM range(7001, 7003) AS t(i)",
]


def _moved(source: Path) -> list[str]:
    pairs = ", ".join(f"({account}, {TARGETS[account]})" for account in _MOVED)
    return [
        f"ATTACH '{source}' AS s (READ_ONLY)",
        f"CREATE TABLE m AS SELECT CAST(i AS BIGINT) AS i, CAST(t AS BIGINT) AS t FROM (VALUES {pairs}) AS v(i, t)",
        f"""INSERT INTO customers SELECT t, region, name, email, password_hash, {_NOW}, {_NOW} FROM s.users JOIN m ON i = user_id
            WHERE i NOT IN ({ABSORBED}, {KNOWN}, {STRANGER})""",
        f"INSERT INTO sales SELECT order_id + 900000, order_no, t, total, {_NOW}, {_NOW} FROM s.orders JOIN m ON i = user_id",
        f"""INSERT INTO sale_lines SELECT line_id + 900000, l.order_id + 900000, amount, {_NOW}, {_NOW}
            FROM s.lines AS l JOIN s.orders AS o USING (order_id) JOIN m ON i = user_id""",
        f"INSERT INTO vouchers SELECT 100000 + row_number() OVER (ORDER BY code), code, t, amount, {_NOW}, {_NOW} FROM s.coupons JOIN m ON i = user_id",
        f"INSERT INTO loyalty SELECT 100000 + row_number() OVER (ORDER BY ref), ref, t, points, booked, {_NOW}, {_NOW} FROM s.entries JOIN m ON i = user_id",
        f"""INSERT INTO standing SELECT 100000 + t, t, sum(balance), {_NOW}, {_NOW} FROM s.balances JOIN m ON i = user_id
            WHERE t NOT IN (SELECT customer_id FROM standing) GROUP BY t""",
        f"UPDATE standing SET balance = balance + 600, changed = {_NOW} WHERE customer_id = {NATIVE}",
        "DROP TABLE m",
        "DETACH s",
    ]


FAULTS = [
    "UPDATE vouchers SET amount = 99 WHERE code = 'C-31012-1'",
    "DELETE FROM vouchers WHERE code = 'C-31012-2'",
    f"INSERT INTO vouchers VALUES (999001, 'C-31012-9', 5012, 7, {_THEN}, {_NOW})",
    "INSERT INTO loyalty SELECT loyalty_id + 800000, * EXCLUDE (loyalty_id) FROM loyalty WHERE ref = 'E-31012-3'",
    f"UPDATE sales SET customer_id = 5017 WHERE sale_no = '{order_of(GIVEN)}'",
    f"UPDATE customers SET label = '{name_of(NAMESAKE)}' WHERE customer_id = 5023",
]


def _crosswalk() -> list[str]:
    accounts = ", ".join(f"({account}, {target})" for account, target in TARGETS.items())
    orders = ", ".join(f"({100000 + account}, {1000000 + account})" for account in _MOVED)
    lines = ", ".join(f"({10 * account + n + 200000}, {10 * account + n + 1100000})" for account in _MOVED for n in (1, 2))
    batches = ", ".join(f"({account}, {2 if account == LATER else 1}, '{'GB' if account == LATER else 'ID'}')" for account in SOURCES)
    tables = {"accounts": accounts, "orders": orders, "lines": lines}
    return [
        *(
            f"CREATE TABLE {name} AS SELECT CAST(a AS BIGINT) AS source_id, CAST(b AS BIGINT) AS target_id FROM (VALUES {rows}) AS t(a, b)"
            for name, rows in tables.items()
        ),
        f"CREATE TABLE batches AS SELECT CAST(a AS BIGINT) AS account_id, CAST(b AS INTEGER) AS batch, r AS region FROM (VALUES {batches}) AS t(a, b, r)",
        "CREATE TABLE merges (crosswalk VARCHAR, source_id BIGINT, target_id BIGINT, kept VARCHAR)",
        f"INSERT INTO merges VALUES ('accounts', {ABSORBED}, 5013, 'source'), ('accounts', {KNOWN}, {NATIVE}, 'target')",
        "CREATE TABLE erasures (account_id BIGINT, reference VARCHAR)",
        f"INSERT INTO erasures VALUES ({ERASED}, 'DSR-1'), ({ERASED}, chr(160)), ({CLEAN}, chr(160) || chr(9) || chr(8203))",
    ]


_CONTRACT = {
    "migration.toml": f"""
        name = "cases"
        title = "The old store moves into the new one"
        regions = ["ID", "GB"]
        entities = ["accounts", "orders", "lines", "coupons", "entries", "balances"]
        accounts = "accounts"
        {FOUR_STORES}
        {TWO_BATCHES}
    """,
    "accounts.toml": """
        promise = "Everybody finds their account."
        key = "account_id"
        owner = "account_id"
        [columns]
        account_id = { type = "BIGINT", through = "accounts" }
        region = "VARCHAR"
        name = "VARCHAR"
        email = "VARCHAR"
        password_hash = "VARCHAR"
    """,
    "orders.toml": """
        promise = "Orders move."
        key = "order_no"
        owner = "account_id"
        [columns]
        order_no = "VARCHAR"
        order_id = { type = "BIGINT", through = "orders" }
        account_id = { type = "BIGINT", through = "accounts" }
        total = "DECIMAL(18,2)"
        [[invariant]]
        name = "lines"
        column = "total"
        equals = { entity = "lines", sum = "amount", by = ["order_id"] }
    """,
    "lines.toml": """
        promise = "Orders move."
        key = "line_id"
        [columns]
        line_id = { type = "BIGINT", through = "lines" }
        order_id = { type = "BIGINT", through = "orders" }
        amount = "DECIMAL(18,2)"
    """,
    "coupons.toml": """
        promise = "Coupons move."
        key = "code"
        owner = "account_id"
        money = { amount = "amount", unit = "units" }
        [columns]
        code = "VARCHAR"
        account_id = { type = "BIGINT", through = "accounts" }
        amount = "DECIMAL(18,2)"
    """,
    "entries.toml": """
        promise = "Points move."
        key = "ref"
        owner = "account_id"
        [columns]
        ref = "VARCHAR"
        account_id = { type = "BIGINT", through = "accounts" }
        points = "BIGINT"
        booked_at = "INSTANT"
    """,
    "balances.toml": """
        promise = "Points move."
        key = "account_id"
        owner = "account_id"
        [columns]
        account_id = { type = "BIGINT", through = "accounts" }
        balance = "BIGINT"
        [aggregate]
        balance = "sum"
        [later]
        balance = { entity = "entries", sum = "points", by = ["account_id"] }
        [[invariant]]
        name = "ledger"
        column = "balance"
        equals = { entity = "entries", sum = "points", by = ["account_id"] }
    """,
    "sql/source/accounts.sql": "SELECT user_id AS account_id, region, name, email, password_hash FROM users",
    "sql/target/accounts.sql": "SELECT customer_id AS account_id, site AS region, label AS name, mail AS email, secret AS password_hash FROM customers",
    "sql/source/orders.sql": "SELECT order_no, order_id, user_id AS account_id, total FROM orders",
    "sql/target/orders.sql": "SELECT sale_no AS order_no, sale_id AS order_id, customer_id AS account_id, total FROM sales",
    "sql/source/lines.sql": "SELECT line_id, order_id, amount FROM lines",
    "sql/target/lines.sql": "SELECT line_id, sale_id AS order_id, amount FROM sale_lines",
    "sql/source/coupons.sql": "SELECT code, user_id AS account_id, amount FROM coupons",
    "sql/target/coupons.sql": "SELECT code, customer_id AS account_id, amount FROM vouchers",
    "sql/source/entries.sql": "SELECT ref, user_id AS account_id, points, booked AS booked_at FROM entries",
    "sql/target/entries.sql": "SELECT ref, customer_id AS account_id, points, booked AS booked_at FROM loyalty",
    "sql/source/balances.sql": "SELECT user_id AS account_id, balance FROM balances",
    "sql/target/balances.sql": "SELECT customer_id AS account_id, balance FROM standing",
}
_MERGED_TABLES = {
    "accounts": ("customers", "customer_id"),
    "orders": ("sales", "sale_id"),
    "lines": ("sale_lines", "line_id"),
    "coupons": ("vouchers", "voucher_id"),
    "entries": ("loyalty", "loyalty_id"),
    "balances": ("standing", "standing_id"),
}


@dataclass(frozen=True, slots=True)
class Shop:
    """The migration in a folder of its own, and its one run."""

    folder: Path

    @property
    def contract(self) -> Path:
        """The contract's folder."""
        return self.folder / "contract"

    @property
    def runs(self) -> Path:
        """Where the run is."""
        return self.folder / "runs"

    def snapshot(self, side: str) -> Path:
        """Return a side's sealed file."""
        return self.folder / f"{side}.duckdb"


def build_shop(folder: Path) -> Shop:
    """Write the contract and seal the stores."""
    files = dict(_CONTRACT)
    for entity, (table, key) in _MERGED_TABLES.items():
        merge = f'[merge]\ntable = "{table}"\nid = "{key}"\ncreated_at = "created"\nchanged_at = "changed"\n'
        files[f"{entity}.toml"] = re.sub(r"(?m)^ +", "", files[f"{entity}.toml"]) + merge
    write_contract(folder / "contract", files)
    source = folder / "source.raw"
    stores = {"source": _source(), "baseline": [*_SCHEMA, *_NATIVES], "target": [*_SCHEMA, *_NATIVES, *_moved(source), *FAULTS], "crosswalk": _crosswalk()}
    for side, statements in stores.items():
        make_store(folder / f"{side}.raw", statements)
    for side in stores:
        seal(folder, side)
    return Shop(folder)


def seal(folder: Path, side: str, *, to: Path | None = None) -> None:
    """Seal a side's store."""
    name = {"source": "old", "crosswalk": "old-new"}.get(side, "new")
    batch = {"source": None, "target": 1, "baseline": 0, "crosswalk": 1}[side]
    label = Label("cases", side, name, None, batch, BASELINE if side == "baseline" else MOMENT)
    seal_duckdb(folder / f"{side}.raw", to or folder / f"{side}.duckdb", label=label, force=True)
