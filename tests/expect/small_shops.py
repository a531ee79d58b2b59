"""The one place for two small sealed stores and their contract, for tests that compare in earnest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from dq.stores.duckdb_file import seal_duckdb
from dq.stores.seal import Label

MOMENT = datetime(2024, 11, 5, 20, tzinfo=UTC)
MIGRATION = """
name = "small"
title = "The old shop moves into the new one"
entities = ["coupons"]
[stores.source]
name = "old"
snapshot = "../snapshots/source.duckdb"
[stores.target]
name = "new"
snapshot = "../snapshots/target.duckdb"
"""
COUPONS = """
promise = "Coupons move."
key = "code"
[columns]
code = "VARCHAR"
amount = "DECIMAL(18,2)"
expires_at = "INSTANT"
[[sums]]
column = "amount"
[[invariant]]
name = "positive"
holds = "amount > 0"
severity = "warning"
"""
SELECT = "SELECT code, amount, expires_at FROM coupons"
TABLE = "CREATE TABLE coupons (code VARCHAR PRIMARY KEY, amount DECIMAL(18,2), expires_at TIMESTAMPTZ)"
ROWS = "INSERT INTO coupons SELECT printf('C-%03d', i), i, '2025-01-01 00:00:00+00' FROM range(1, 41) AS t(i)"


def build(folder: Path, *spoiled: str) -> Path:
    """Build and seal both stores, the target with further statements run in it; return the contract's folder."""
    files = {"migration.toml": MIGRATION, "coupons.toml": COUPONS, "sql/source/coupons.sql": SELECT, "sql/target/coupons.sql": SELECT}
    for name, text in files.items():
        file = folder / "expectations" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "snapshots").mkdir()
    for side, name, statements in (("source", "old", (ROWS,)), ("target", "new", (f"{ROWS} ORDER BY i DESC", *spoiled))):
        raw = folder / f"{side}.raw"
        with duckdb.connect(str(raw)) as connection:
            for statement in (TABLE, *statements):
                connection.execute(statement)
        seal_duckdb(raw, folder / "snapshots" / f"{side}.duckdb", label=Label("small", side, name, None, None, MOMENT))
    return folder / "expectations"
