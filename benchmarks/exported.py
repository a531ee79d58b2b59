"""The one place for the rows that the servers are loaded with: orders of twelve columns, as CSV, the same every time."""

from __future__ import annotations

from pathlib import Path

import duckdb

COLUMNS = {  # name to DuckDB's type; both servers have the same under their own names
    "order_id": "BIGINT",
    "account_id": "BIGINT",
    "region": "VARCHAR",
    "status": "VARCHAR",
    "currency": "VARCHAR",
    "total": "DECIMAL(18,2)",
    "shipping": "DECIMAL(18,2)",
    "items": "INTEGER",
    "coupon": "VARCHAR",
    "note": "VARCHAR",
    "created_at": "TIMESTAMP",
    "updated_at": "TIMESTAMP",
}
_ROWS = """
    SELECT
        9000000000 + i AS order_id,
        70000000 + mixed[1] % 500000 AS account_id,
        ['ID', 'GB', 'FR', 'GLOBAL'][1 + mixed[2] % 4] AS region,
        ['pending', 'paid', 'shipped', 'completed', 'cancelled', 'refunded'][1 + mixed[3] % 6] AS status,
        ['IDR', 'GBP', 'EUR', 'USD'][1 + mixed[2] % 4] AS currency,
        CAST(mixed[4] % 100000000 * 0.01 AS DECIMAL(18,2)) AS total,
        CAST(mixed[5] % 10000 * 0.01 AS DECIMAL(18,2)) AS shipping,
        CAST(1 + mixed[6] % 9 AS INTEGER) AS items,
        CASE WHEN mixed[7] % 3 = 0 THEN 'POCO' || mixed[8] % 100000 END AS coupon,
        CASE WHEN mixed[7] % 5 = 0 THEN 'Tolong kirim cepat, "please" ' || mixed[8] % 1000 ELSE '' END AS note,
        TIMESTAMP '2021-01-01' + to_microseconds(mixed[9] % 100000000000000) AS created_at,
        TIMESTAMP '2024-06-01' + to_microseconds(mixed[10] % 10000000000000) AS updated_at
    FROM (SELECT i, [CAST(hash(i, place) >> 1 AS BIGINT) FOR place IN range(10)] AS mixed FROM range({rows}) AS t(i))"""


def export(file: Path, rows: int) -> Path:
    """Write `rows` orders as CSV without a header: NULL is nothing, '' is a pair of quotes."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET threads = 2")
        connection.execute(f"COPY ({_ROWS.format(rows=int(rows))}) TO '{file}' (FORMAT csv, HEADER false, NULLSTR '\\N', FORCE_QUOTE (coupon, note))")
    return file
