"""The one place for the SQL of a shape: its rows, what differs in the target, and the join that a careful person writes for it. Pure functions."""

from __future__ import annotations

from typing import Final

from benchmarks.shape import Shape

CHUNK: Final = 10_000_000  # rows that are made at a time, so that memory is bounded
PRIME: Final = 982_451_653  # multiplying by it modulo the number of rows gives every id another place
_SEVEN_HOURS: Final = "INTERVAL 7 HOUR"


def source_rows(shape: Shape) -> list[str]:
    """Return one SELECT a chunk, in the order of the keys."""
    columns = _source(shape)
    return [_rows(shape, columns, low, min(low + CHUNK, shape.rows)) for low in range(0, shape.rows, CHUNK)]


def target_rows(shape: Shape) -> list[str]:
    """Return one SELECT a chunk, in another order: each chunk takes its rows from all over the keys."""
    chunks = -(-shape.rows // CHUNK)
    chosen = [f"hash(n, 7) % {chunks} = {chunk}" for chunk in range(chunks)]
    return [f"{_rows(shape, _target(shape), 0, shape.rows, which)}\nORDER BY hash(n, 7)" for which in chosen]


def maps(shape: Shape) -> dict[str, str]:
    """Return each id map's name and SELECT."""
    orders = f"SELECT {_order_id('range')} AS source_id, {_mapped_order(shape, 'range')} AS target_id FROM range({shape.rows}) ORDER BY source_id"
    accounts = f"SELECT 100001 + range AS source_id, {_mapped_account(shape, '100001 + range')} AS target_id FROM range({people(shape)}) ORDER BY source_id"
    return {"orders": orders, "accounts": accounts}


def people(shape: Shape) -> int:
    """Return how many accounts there are: a fifth of the orders."""
    return max(1, shape.rows // 5)


def changed_rows(shape: Shape) -> str:
    """Return a SELECT of how many rows differ."""
    where = {"same": "false", "ten": f"n IN ({_picks(shape)})", "one_percent": "hash(n, 9) % 100 = 0", "all_rows": "true"}[shape.share]
    return f"SELECT count(*) FROM range({shape.rows}) AS r(n) WHERE {where}"


def full_join(shape: Shape) -> str:
    """Return what a careful person writes: one full outer join, null-safe counts of every column; through the id maps where there are some."""
    source = _through_maps() if shape.mapped else "source.orders"
    first = shape.keys[0]
    both = f"s.{first} IS NOT NULL AND t.{first} IS NOT NULL"
    counts = ",\n    ".join(f"count(*) FILTER ({both} AND s.{name} IS DISTINCT FROM t.{name}) AS {name}" for name in shape.values)
    keys = " AND ".join(f"s.{name} = t.{name}" for name in shape.keys)
    return f"""SELECT
    count(*) AS joined,
    count(s.{first}) AS source_rows,
    count(t.{first}) AS target_rows,
    count(*) FILTER (t.{first} IS NULL) AS missing,
    count(*) FILTER (s.{first} IS NULL) AS extra,
    {counts}
FROM {source} AS s
FULL OUTER JOIN target.orders AS t ON {keys}"""


def _through_maps() -> str:
    return """(
    SELECT o.target_id AS order_id, a.target_id AS account_id, r.* EXCLUDE (order_id, account_id)
    FROM source.orders AS r
    LEFT JOIN crosswalk.orders AS o ON o.source_id = r.order_id
    LEFT JOIN crosswalk.accounts AS a ON a.source_id = r.account_id
)"""


def _rows(shape: Shape, columns: dict[str, str], low: int, high: int, which: str = "true") -> str:
    """Return the SELECT of both sides' columns for some of the numbers from `low`, inclusive, to `high`, exclusive."""
    named = ",\n    ".join(f"{expression} AS {name}" for name, expression in columns.items())
    return f"""WITH numbered AS (
    SELECT range AS n, 100001 + (hash(range, 1) % {people(shape)})::BIGINT AS account
    FROM range({low}, {high})
), drawn AS (
    SELECT n, account, hash(account, 2) % 100 AS region_draw, hash(n, 4) % 100 AS status_draw, (hash(n, 5) % 1000000)::BIGINT AS amount_draw
    FROM numbered
)
SELECT
    {named}
FROM drawn
WHERE {which}"""


def _source(shape: Shape) -> dict[str, str]:
    keys = {
        "order_id": _order_id("n"),
        "order_code": f"'ORD-' || ({_order_id('n')})",
        "branch": "(n % 1000)::INTEGER",
        "number": "(n // 1000 + 1)::BIGINT",
    }
    values = {
        "account_id": "account",
        "region": "CASE WHEN region_draw < 70 THEN 'ID' WHEN region_draw < 82 THEN 'GB' WHEN region_draw < 92 THEN 'FR' ELSE 'GLOBAL' END",
        "status": "CASE WHEN status_draw < 74 THEN 'completed' WHEN status_draw < 84 THEN 'cancelled' WHEN status_draw < 91 THEN 'refunded' "
        "WHEN status_draw < 95 THEN 'shipped' WHEN status_draw < 98 THEN 'paid' ELSE 'pending' END",
        "currency": "CASE WHEN region_draw < 70 THEN 'IDR' WHEN region_draw < 82 THEN 'GBP' WHEN region_draw < 92 THEN 'EUR' ELSE 'USD' END",
        "total": "(CASE WHEN region_draw < 70 THEN (amount_draw + 9) * 100 ELSE (amount_draw // 5 + 100)::DECIMAL(14,2) * 0.01 END)::DECIMAL(18,2)",
        "created_at": _instant(f"n * {119_900_000_000_000 // shape.rows} + (hash(n, 6) % 3600000000)::BIGINT"),
        "note": f"left(repeat(md5(n::VARCHAR) || md5((n + 1)::VARCHAR), {-(-max(shape.text, 1) // 64)}), {shape.text})",
    }
    return {**{name: keys[name] for name in shape.keys}, **{name: values.get(name) or _more(name, type_) for name, type_ in shape.values.items()}}


def _target(shape: Shape) -> dict[str, str]:
    columns = _source(shape)
    if shape.mapped:
        columns |= {"order_id": _mapped_order(shape, "n"), "account_id": _mapped_account(shape, "account")}
    status, total, created_at = columns["status"], columns["total"], columns["created_at"]
    if shape.share == "ten":  # in ten rows spread over the keys, in four columns
        pick = f"list_position([{_picks(shape)}], n)"
        columns["account_id"] = f"{columns['account_id']} + CASE WHEN {pick} IN (1, 2) THEN 1 ELSE 0 END"
        columns["status"] = f"CASE WHEN {pick} IN (3, 4, 5) THEN 'returned' WHEN {pick} = 6 THEN NULL ELSE {status} END"
        columns["total"] = f"({total} + CASE WHEN {pick} IN (7, 8) THEN 0.01 ELSE 0 END)::DECIMAL(18,2)"
        columns["created_at"] = f"{created_at} + CASE WHEN {pick} IN (9, 10) THEN {_SEVEN_HOURS} ELSE INTERVAL 0 HOUR END"
    elif shape.share == "one_percent":  # one cell of each such row, each third of them in another column
        columns["status"] = f"CASE WHEN hash(n, 9) % 300 = 0 THEN 'returned' ELSE {status} END"
        columns["total"] = f"({total} + CASE WHEN hash(n, 9) % 300 = 100 THEN 1 ELSE 0 END)::DECIMAL(18,2)"
        columns["created_at"] = f"{created_at} + CASE WHEN hash(n, 9) % 300 = 200 THEN {_SEVEN_HOURS} ELSE INTERVAL 0 HOUR END"
    elif shape.share == "all_rows":  # every row is seven hours late; one in ten has another status too, one in a hundred another amount
        columns["status"] = f"CASE WHEN hash(n, 10) % 10 = 0 THEN 'returned' ELSE {status} END"
        columns["total"] = f"({total} + CASE WHEN hash(n, 10) % 100 = 1 THEN 1 ELSE 0 END)::DECIMAL(18,2)"
        columns["created_at"] = f"{created_at} + {_SEVEN_HOURS}"
    return columns


def _picks(shape: Shape) -> str:
    return ", ".join(str((2 * place + 1) * shape.rows // 20) for place in range(10))


def _order_id(number: str) -> str:
    return f"(202100000001 + {number} + {number} // 10)::BIGINT"


def _mapped_order(shape: Shape, number: str) -> str:
    return f"(500000000001 + ({number} * {PRIME}) % {shape.rows})::BIGINT"


def _mapped_account(shape: Shape, account: str) -> str:
    return f"(70000001 + (({account} - 100001) * {PRIME}) % {people(shape)})::BIGINT"


def _more(name: str, type_: str) -> str:
    """Return one more column's values, drawn by its number."""
    draw = f"hash(n, {100 + int(name[1:])})"
    return {
        "BIGINT": f"({draw} % 1000000)::BIGINT",
        "VARCHAR": f"'v' || ({draw} % 1000)",
        "DECIMAL(18,2)": f"(({draw} % 10000000)::BIGINT * 0.01)::DECIMAL(18,2)",
        "INSTANT": _instant(f"({draw} % 100000000000000)::BIGINT"),
    }[type_]


def _instant(microseconds: str) -> str:
    return f"TIMESTAMPTZ '2021-01-01 00:00:00+00' + to_microseconds({microseconds})"
