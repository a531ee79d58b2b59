"""Two small migrations for tests of the command line: `plain` (two stores, one entity) and `batched` (baseline, crosswalk, two batches).

A clean run of either is PASSED; a test changes one thing and says what must follow.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dq.stores.digest import content_digest
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.manifest import manifest_path
from dq.stores.seal import Label

MOMENT = datetime(2024, 11, 5, 20, tzinfo=UTC)
BASELINE = datetime(2024, 10, 28, 17, tzinfo=UTC)

# A customer's own data, as it must never stand in a message: part of every note of a coupon.
PERSONAL = "Sri Wahyuni 0812-3456-7890"
PRIVATE = ("Sri", "Wahyuni", "0812-3456", "3456-7890")
"""Parts of it that no digest, run id or time can hold by chance, as four digits alone do."""

CUSTOMERS = "CREATE TABLE customers (customer_id BIGINT PRIMARY KEY, site VARCHAR, label VARCHAR)"
VOUCHERS = """
    CREATE TABLE vouchers (voucher_id BIGINT PRIMARY KEY, code VARCHAR, customer_id BIGINT, note VARCHAR, amount DECIMAL(18,2), created TIMESTAMPTZ,
                           changed TIMESTAMPTZ)"""
NATIVES = """
    INSERT INTO vouchers SELECT i, 'N-' || i, 7, 'own', i, '2024-01-01 00:00:00+00', '2024-01-01 00:00:00+00' FROM range(1, 6) AS t(i)"""
MOVED = f"""
    INSERT INTO vouchers
    SELECT 100 + i, printf('C-%03d', i), 1000 + i, '{PERSONAL} ' || i, i, '2024-11-05 02:00:00+00', '2024-11-05 02:00:00+00' FROM range(1, 21) AS t(i)"""

PLAIN = {
    "source": (
        "CREATE TABLE coupons (code VARCHAR PRIMARY KEY, note VARCHAR, amount DECIMAL(18,2))",
        f"INSERT INTO coupons SELECT printf('C-%03d', i), '{PERSONAL} ' || i, i FROM range(1, 41) AS t(i)",
    ),
    "target": (
        "CREATE TABLE vouchers (code VARCHAR PRIMARY KEY, note VARCHAR, amount DECIMAL(18,2))",
        f"INSERT INTO vouchers SELECT printf('C-%03d', i), '{PERSONAL} ' || i, i FROM range(1, 41) AS t(i)",
    ),
}
BATCHED = {
    "source": (
        "CREATE TABLE users (user_id BIGINT PRIMARY KEY, region VARCHAR, name VARCHAR)",
        f"INSERT INTO users SELECT i, if(i <= 20, 'ID', 'GB'), '{PERSONAL} ' || i FROM range(1, 41) AS t(i)",
        "CREATE TABLE coupons (code VARCHAR PRIMARY KEY, user_id BIGINT, note VARCHAR, amount DECIMAL(18,2))",
        f"INSERT INTO coupons SELECT printf('C-%03d', i), i, '{PERSONAL} ' || i, i FROM range(1, 41) AS t(i)",
    ),
    "target": (
        CUSTOMERS,
        f"INSERT INTO customers SELECT 1000 + i, 'ID', '{PERSONAL} ' || i FROM range(1, 21) AS t(i)",
        VOUCHERS,
        NATIVES,
        MOVED,
    ),
    "baseline": (
        CUSTOMERS,
        VOUCHERS,
        NATIVES,
    ),
    "crosswalk": (
        "CREATE TABLE accounts (source_id BIGINT PRIMARY KEY, target_id BIGINT)",
        "INSERT INTO accounts SELECT i, 1000 + i FROM range(1, 21) AS t(i)",
        "CREATE TABLE batches (account_id BIGINT PRIMARY KEY, batch INTEGER, region VARCHAR)",
        "INSERT INTO batches SELECT i, if(i <= 20, 1, 2), if(i <= 20, 'ID', 'GB') FROM range(1, 41) AS t(i)",
    ),
}
STORES = {"plain": PLAIN, "batched": BATCHED}
NAMES = {"source": "old", "target": "new", "baseline": "new", "crosswalk": "old-new"}

FOUR_STORES = """
    [stores.source]
    name = "old"
    snapshot = "../source.duckdb"
    [stores.target]
    name = "new"
    snapshot = "../target.duckdb"
    [stores.baseline]
    name = "new"
    snapshot = "../baseline.duckdb"
    [stores.crosswalk]
    name = "old-new"
    snapshot = "../crosswalk.duckdb"
"""
"""The part of a batched migration.toml that names its stores; `NAMES` has the names."""

TWO_BATCHES = """
    [[batches]]
    number = 1
    region = "ID"
    [[batches]]
    number = 2
    region = "GB"
"""

_PLAIN_CONTRACT = {
    "migration.toml": """
        name = "small"
        title = "The old store moves into the new one"
        entities = ["coupons"]
        [stores.source]
        name = "old"
        snapshot = "../source.duckdb"
        [stores.target]
        name = "new"
        snapshot = "../target.duckdb"
        [limits]
        max_age_hours = 72
        max_apart_hours = 24
    """,
    "coupons.toml": """
        promise = "Coupons move."
        key = "code"
        [columns]
        code = "VARCHAR"
        note = "VARCHAR"
        amount = "DECIMAL(18,2)"
        [[sums]]
        column = "amount"
    """,
    "sql/source/coupons.sql": "SELECT code, note, amount FROM coupons",
    "sql/target/coupons.sql": "SELECT code, note, amount FROM vouchers",
}
_BATCHED_CONTRACT = {
    "migration.toml": f"""
        name = "small"
        title = "The old store moves into the new one"
        regions = ["ID", "GB"]
        entities = ["accounts", "coupons"]
        accounts = "accounts"
        {FOUR_STORES}
        [limits]
        max_age_hours = 72
        max_apart_hours = 24
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
    """,
    "coupons.toml": """
        promise = "Coupons move."
        key = "code"
        owner = "account_id"
        [columns]
        code = "VARCHAR"
        account_id = { type = "BIGINT", through = "accounts" }
        note = "VARCHAR"
        amount = "DECIMAL(18,2)"
        [merge]
        table = "vouchers"
        id = "voucher_id"
        created_at = "created"
        changed_at = "changed"
        [[sums]]
        column = "amount"
    """,
    "sql/source/accounts.sql": "SELECT user_id AS account_id, region, name FROM users",
    "sql/target/accounts.sql": "SELECT customer_id AS account_id, site AS region, label AS name FROM customers",
    "sql/source/coupons.sql": "SELECT code, user_id AS account_id, note, amount FROM coupons",
    "sql/target/coupons.sql": "SELECT code, customer_id AS account_id, note, amount FROM vouchers",
}
CONTRACTS = {"plain": _PLAIN_CONTRACT, "batched": _BATCHED_CONTRACT}


@dataclass(frozen=True, slots=True)
class Small:
    """A small migration in a folder of its own: `contract/`, `runs/`, a snapshot and its manifest a side."""

    folder: Path
    kind: str = "plain"

    @property
    def contract(self) -> Path:
        """The contract's folder."""
        return self.folder / "contract"

    @property
    def runs(self) -> Path:
        """Where run folders are kept."""
        return self.folder / "runs"

    def snapshot(self, side: str) -> Path:
        """Return a side's sealed file."""
        return self.folder / f"{side}.duckdb"

    def manifest(self, side: str) -> dict[str, Any]:
        """Return a side's manifest."""
        found: dict[str, Any] = json.loads(manifest_path(self.snapshot(side)).read_text())
        return found

    def write_manifest(self, of: str, /, **changed: object) -> None:
        """Write a side's manifest with some of its keys changed; the digest of its contents follows its tables."""
        manifest = self.manifest(of) | changed
        content = content_digest((table["name"], table.get("content") or "") for table in manifest["tables"] if table.get("taken", True))
        manifest_path(self.snapshot(of)).write_text(json.dumps({**manifest, "content": content, **changed}))

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that stands in a file of the contract."""
        path = self.contract / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def reseal(self, side: str, *statements: str, batch: int | None = None, moment: datetime | None = None) -> None:
        """Build a side's store, run further statements in it and seal it in its place."""
        raw = self.folder / f"{side}.raw"
        make_store(raw, (*STORES[self.kind][side], *statements))
        seal_duckdb(raw, self.snapshot(side), label=label(side, kind=self.kind, batch=batch, moment=moment), force=True)
        raw.unlink()

    def seal_by_hand(self, side: str, *statements: str) -> None:
        """Run statements in a sealed file and write a manifest to match, as somebody would who wants to deceive."""
        file = self.snapshot(side)
        file.chmod(0o600)
        with duckdb.connect(str(file)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.execute("CHECKPOINT")
            tables = _tables_of(connection)
        known = {table["name"]: table for table in self.manifest(side)["tables"]}
        self.write_manifest(side, tables=[known.get(table["name"], {}) | table for table in tables])
        self.match_file(side)

    def match_file(self, side: str) -> None:
        """Make a side's manifest say what its file is, byte by byte."""
        content = self.snapshot(side).read_bytes()
        self.write_manifest(side, file_sha256=hashlib.sha256(content).hexdigest(), file_bytes=len(content))

    def record(self) -> dict[str, Any]:
        """Return the one run's record."""
        (report,) = self.runs.glob("*/report.json")
        found: dict[str, Any] = json.loads(report.read_text())
        return found

    def outcomes(self) -> dict[str, str]:
        """Return the checks of the one run that did not pass, with their outcomes."""
        return {check["id"]: check["outcome"] for check in self.record()["checks"] if check["outcome"] != "PASSED"}

    def check(self, check_id: str) -> dict[str, Any]:
        """Return one check of the one run."""
        return next(check for check in self.record()["checks"] if check["id"] == check_id)

    def litter(self) -> list[str]:
        """Return what stands in the runs' folder, hidden or not."""
        return sorted(item.name for item in self.runs.iterdir()) if self.runs.exists() else []


@dataclass(frozen=True, slots=True)
class Said:
    """What a call of the command line came to."""

    status: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line on standard output."""
        return self.out.rstrip("\n").split("\n")[-1]


Dq = Callable[..., Said]
"""Calls the command line: arguments in, what it came to out."""


def assert_refused(said: Said, status: int, *parts: str) -> None:
    """Assert that a call ended so, with one line on standard error that holds these parts, no traceback and no personal data."""
    assert (status, 1) == (said.status, len(said.err.splitlines())), said
    for part in parts:
        assert part in said.err
    assert said.err.startswith("dq: ")
    for secret in (*PRIVATE, "Traceback"):
        assert secret not in said.err + said.out


def build(folder: Path, kind: str) -> Small:
    """Write a contract and seal its stores."""
    small = Small(folder, kind)
    write_contract(small.contract, CONTRACTS[kind])
    for side in STORES[kind]:
        small.reseal(side)
    return small


def copied(template: Small, folder: Path) -> Small:
    """Return an own copy of a migration."""
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    return Small(folder, template.kind)


def write_contract(folder: Path, files: dict[str, str]) -> None:
    """Write a contract's files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(re.sub(r"(?m)^ +", "", text))


def make_store(file: Path, statements: Iterable[str]) -> None:
    """Build an unsealed store."""
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)


def label(side: str, *, kind: str = "plain", batch: int | None = None, moment: datetime | None = None) -> Label:
    """Return what a side's snapshot is called."""
    usual = {"source": None, "target": 1, "baseline": 0, "crosswalk": 1}[side] if kind == "batched" else None
    when = moment or (BASELINE if side == "baseline" else MOMENT)
    return Label("small", side, NAMES[side], None, usual if batch is None else batch, when)


def flip(file: Path, place: int, bit: int = 0) -> None:
    """Turn one bit of a file."""
    with file.open("r+b") as stream:
        stream.seek(place)
        (byte,) = stream.read(1)
        stream.seek(place)
        stream.write(bytes([byte ^ (1 << bit)]))


def environment(**changed: str) -> dict[str, str]:
    """Return a plain environment for a call in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LD_LIBRARY_PATH")}
    return kept | changed


def _tables_of(connection: duckdb.DuckDBPyConnection) -> Sequence[dict[str, Any]]:
    """Return the manifest's lines of every table and view in schema main."""
    names = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1").fetchall()
    tables = []
    for (name,) in names:
        columns = connection.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [name]).fetchall()
        (rows,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() or (0,)
        listed = [{"name": column, "store_type": type_, "type": type_} for column, type_ in columns]
        tables.append({"name": name, "rows": rows, "columns": listed})
    return tables
