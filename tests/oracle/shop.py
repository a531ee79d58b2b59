"""The one place for the contract of the random shops: entities shaped like the shipped ones, each with the tables that it needs.

Which entities a shop has, whether it moves in batches and whether the target is alive is drawn; the texts below are put together to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ENTITIES = ("accounts", "products", "orders", "lines", "coupons", "entries", "balances", "reviews")
REGIONS = ("ID", "FR", "US")

HEAD = """\
name     = "small"
title    = "A small shop moves"
freeze   = 2024-10-20T17:00:00Z
regions  = ["ID", "FR", "US"]
entities = [{entities}]
accounts = "accounts"
{minor_units}
[stores.source]
name     = "one"
snapshot = "source.duckdb"
[stores.target]
name     = "two"
snapshot = "target.duckdb"
[stores.crosswalk]
name     = "ids"
snapshot = "crosswalk.duckdb"
"""
BASELINE = """\
[stores.baseline]
name     = "two"
snapshot = "baseline.duckdb"
"""
BATCH = """\
[[batches]]
number = {number}
region = "{region}"
"""
MERGE = """\
[merge]
table      = "{table}"
id         = "{id}"
created_at = "made"
changed_at = "touched"
"""


@dataclass(frozen=True)
class Texts:
    """An entity's file, its two SELECTs, and where its rows stand in the target."""

    toml: str
    source: str
    target: str
    table: str
    id: str


TEXTS = {
    "accounts": Texts(
        """\
promise = "Every customer finds their account."
key     = "account_id"
owner   = "account_id"
slices  = ["region", "level"]
[columns]
account_id = { type = "BIGINT", through = "accounts" }
region     = "VARCHAR"
mail       = { type = "VARCHAR", equal_after = ["trim", "casefold"], reason = "the new shop writes addresses in small letters" }
born       = "DATE"
consent    = "BOOLEAN"
level      = { type = "ENUM", target = { 1 = "basic", 2 = "gold" } }
joined     = { type = "INSTANT", source = { zone = "zone" } }
[[excluded]]
side   = "source"
where  = "closed = true"
reason = "closed their account"
""",
        """\
SELECT u.user_id AS account_id, o.region, u.mail, u.born, u.consent, u.level, u.joined, o.zone
FROM users AS u
JOIN outlets AS o ON o.outlet_id = u.outlet_id
WHERE u.closed = false
""",
        "SELECT customer_id AS account_id, site AS region, mail, born, consent, level, joined FROM customers\n",
        "customers",
        "customer_id",
    ),
    "products": Texts(
        """\
promise = "Every product is to be found."
key     = "sku"
money   = { amount = "price", currency = "currency" }
slices  = ["currency"]
[columns]
sku        = "VARCHAR"
product_id = { type = "BIGINT", through = "products" }
name       = { type = "VARCHAR", equal_after = ["nfc"], reason = "the new shop composes letters" }
price      = { type = "DECIMAL(18,3)", target = "minor" }
currency   = { type = "CURRENCY", target = "iso-numeric" }
weight     = { type = "DECIMAL(12,4)", tolerance = "0.0010", reason = "scales differ" }
[[sums]]
column = "price"
by     = ["currency"]
[[sums]]
column = "weight"
""",
        "SELECT sku, product_id, name, price, currency, weight FROM products\n",
        "SELECT sku, item_id AS product_id, label AS name, price_minor AS price, currency_no AS currency, weight FROM items\n",
        "items",
        "item_id",
    ),
    "orders": Texts(
        """\
promise = "The purchase history moves."
key     = "order_no"
owner   = "account_id"
created = "placed"
money   = { amount = "total", currency = "currency" }
slices  = ["region", "state"]
[columns]
order_no   = "VARCHAR"
order_id   = { type = "BIGINT", through = "orders" }
account_id = { type = "BIGINT", through = "accounts" }
region     = "VARCHAR"
state      = { type = "ENUM", target = { 20 = "paid", 90 = "cancelled" } }
total      = { type = "DECIMAL(18,3)", target = "minor" }
refunded   = { type = "DECIMAL(18,3)", target = "minor" }
currency   = { type = "CURRENCY", target = "iso-numeric" }
placed     = { type = "INSTANT", source = { zone = "zone" } }
[[excluded]]
side   = "source"
where  = "closed = true"
reason = "a test order"
[[sums]]
column = "total"
by     = ["region", "currency"]
[[counts]]
by = ["currency"]
[[invariant]]
name  = "refund"
holds = "refunded >= 0 AND refunded <= total"
""",
        """\
SELECT s.order_no, s.order_id, s.user_id AS account_id, o.region, s.state, s.total, s.refunded, s.currency, s.placed, o.zone
FROM orders AS s
JOIN outlets AS o ON o.outlet_id = s.outlet_id
WHERE s.closed = false
""",
        """\
SELECT sale_no AS order_no, sale_id AS order_id, customer_id AS account_id, site AS region, state, total_minor AS total, refunded_minor AS refunded,
       currency_no AS currency, placed
FROM sales
""",
        "sales",
        "sale_id",
    ),
    "lines": Texts(
        """\
promise = "Every line of an order moves."
key     = ["order_id", "line_no"]
owner   = "account_id"
slices  = ["sku"]
[columns]
order_id   = { type = "BIGINT", through = "orders" }
line_no    = "INTEGER"
account_id = { type = "BIGINT", through = "accounts" }
sku        = "VARCHAR"
quantity   = "INTEGER"
price      = { type = "DECIMAL(18,4)", tolerance = "0.01", reason = "tax is rounded a line" }
[[sums]]
column = "quantity"
by     = ["sku"]
""",
        """\
SELECT l.order_id, l.line_no, s.user_id AS account_id, l.sku, l.quantity, l.price
FROM lines AS l
JOIN orders AS s ON s.order_id = l.order_id
""",
        """\
SELECT l.sale_id AS order_id, l.line_no, s.customer_id AS account_id, l.sku, l.quantity, l.price
FROM sale_lines AS l
JOIN sales AS s ON s.sale_id = l.sale_id
""",
        "sale_lines",
        "line_id",
    ),
    "coupons": Texts(
        """\
promise = "Value and validity stay the same."
key     = "code"
owner   = "account_id"
money   = { amount = "face", currency = "currency" }
slices  = ["currency"]
[columns]
code       = "VARCHAR"
coupon_id  = { type = "BIGINT", through = "coupons" }
account_id = { type = "BIGINT", through = "accounts" }
order_id   = { type = "BIGINT", through = "orders" }
face       = { type = "DECIMAL(18,3)", target = { minor = "currency" } }
currency   = { type = "CURRENCY", target = "iso-numeric" }
begins     = { type = "INSTANT", source = { zone = "zone" } }
ends       = { type = "INSTANT", source = { zone = "zone", day_end = "inclusive" } }
[[invariant]]
name  = "window"
holds = "begins < ends"
[[invariant]]
name  = "worth"
holds = "(face > 0) = (currency IS NOT NULL) AND NOT code IN ('', 'NULL')"
""",
        """\
SELECT c.code, c.coupon_id, c.user_id AS account_id, c.order_id, c.face, c.currency, c.begins, c.ends, o.zone
FROM coupons AS c
LEFT JOIN outlets AS o ON o.outlet_id = c.outlet_id
""",
        """\
SELECT code, voucher_id AS coupon_id, customer_id AS account_id, sale_id AS order_id, face_minor AS face, currency_no AS currency, begins, ends
FROM vouchers
""",
        "vouchers",
        "voucher_id",
    ),
    "entries": Texts(
        """\
promise = "Points move."
key     = "entry"
owner   = "account_id"
money   = { amount = "points", unit = "points" }
slices  = ["kind"]
[columns]
entry      = "VARCHAR"
account_id = { type = "BIGINT", through = "accounts" }
order_id   = { type = "BIGINT", through = "orders" }
kind       = { type = "ENUM", source = { 1 = "earn", 2 = "spend" } }
points     = "BIGINT"
booked     = { type = "INSTANT", source = { zone = "Asia/Jakarta" } }
[[excluded]]
side   = "target"
where  = "row_kind <> 1"
reason = "a balance"
[[sums]]
column = "points"
by     = ["kind"]
[[sums]]
name   = "booked"
column = "points"
by     = ["booked.month", "kind"]
[[sums]]
name   = "person"
column = "points"
per    = "account_id"
""",
        "SELECT entry, user_id AS account_id, order_id, kind, points, booked FROM points\n",
        "SELECT entry, customer_id AS account_id, sale_id AS order_id, kind, points, booked FROM loyalty WHERE row_kind = 1\n",
        "loyalty",
        "loyalty_id",
    ),
    "balances": Texts(
        """\
promise = "Points move."
key     = "account_id"
owner   = "account_id"
money   = { amount = "balance", unit = "points" }
[columns]
account_id = { type = "BIGINT", through = "accounts" }
balance    = "BIGINT"
[aggregate]
balance = "sum"
[[excluded]]
side   = "target"
where  = "row_kind <> 2"
reason = "an entry"
[[sums]]
column = "balance"
""",
        "SELECT user_id AS account_id, balance FROM balances\n",
        "SELECT customer_id AS account_id, points AS balance FROM loyalty WHERE row_kind = 2\n",
        "loyalty",
        "loyalty_id",
    ),
    "reviews": Texts(
        """\
promise = "Reviews move."
key     = "review_id"
owner   = "account_id"
slices  = ["stars", "language"]
[columns]
review_id  = { type = "BIGINT", through = "reviews" }
account_id = { type = "BIGINT", through = "accounts" }
order_id   = { type = "BIGINT", through = "orders" }
stars      = "INTEGER"
body       = { type = "VARCHAR", equal_after = ["crlf", "nfc"], reason = "lines end otherwise" }
language   = "VARCHAR"
facts      = "JSON"
written    = { type = "INSTANT", source = { zone = "zone" } }
""",
        """\
SELECT r.review_id, r.user_id AS account_id, r.order_id, r.stars, r.body, r.facts ->> 'language' AS language, r.facts, r.written, o.zone
FROM reviews AS r
JOIN outlets AS o ON o.outlet_id = r.outlet_id
""",
        """\
SELECT comment_id AS review_id, customer_id AS account_id, sale_id AS order_id, stars, body, language, facts, written
FROM comments
""",
        "comments",
        "comment_id",
    ),
}
LEDGER = """\
[[invariant]]
name   = "ledger"
column = "balance"
equals = { entity = "entries", sum = "points", by = ["account_id"] }
"""
GOODS = """\
[[invariant]]
name   = "goods"
column = "total"
equals = { entity = "lines", sum = "price", by = ["order_id"] }
[[invariant]]
name   = "once"
unique = ["account_id", "placed"]
"""
LATER = """\
[later]
balance = { entity = "entries", sum = "points", by = ["account_id"] }
"""
NEEDS = {"lines": ("orders",), "balances": ()}


def is_explained(entities: Sequence[str], *, is_alive: bool) -> bool:
    """Return whether entries of the target's own say how a balance changed since: they are compared before it."""
    return is_alive and "entries" in entities[: entities.index("balances")] if "balances" in entities else False


def contract_files(entities: Sequence[str], *, batches: Sequence[str], is_alive: bool, minor_units: str = "") -> dict[str, str]:
    """Return the files of a contract.

    Args:
        entities: which.
        batches: the region of each batch; none where everything moves at once.
        is_alive: the target had rows of its own before, and a baseline shows them.
        minor_units: an exception to ISO 4217, as TOML.
    """
    head = HEAD.format(entities=", ".join(f'"{name}"' for name in entities), minor_units=minor_units)
    head += (BASELINE if is_alive else "") + "".join(BATCH.format(number=number, region=region) for number, region in enumerate(batches, start=1))
    files = {"migration.toml": head}
    for name in entities:
        texts = TEXTS[name]
        toml = texts.toml.replace("[columns]\n", 'region = "region"\n[columns]\n') if batches and name in ("accounts", "orders") else texts.toml
        ledger = LEDGER if name == "balances" and "entries" in entities else GOODS if name == "orders" and "lines" in entities else ""
        ledger += LATER if ledger and name == "balances" and is_explained(entities, is_alive=is_alive) else ""
        files[f"{name}.toml"] = toml + ledger + (MERGE.format(table=texts.table, id=texts.id) if is_alive else "")
        files[f"sql/source/{name}.sql"] = texts.source
        files[f"sql/target/{name}.sql"] = texts.target
    return files
