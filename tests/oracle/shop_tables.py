"""The one place for the tables of random shops, source and target, and for the words, clocks and codes that stand in them."""

from __future__ import annotations

from datetime import date, datetime

from tests.oracle.reading import LETTERS

OUTLETS = (
    (1, "ID", "Asia/Jakarta"),
    (2, "ID", "Asia/Makassar"),
    (3, "FR", "Europe/Paris"),
    (4, "US", "America/New_York"),
    (5, "FR", "UTC"),
)
TEXTS = ("", "NULL", "nan", "0", " x ", "x", "Zoé", "Zoe\u0301", "Straße", "STRASSE", "a\r\nb", "a\nb", "O'Neil", "雪", "😀 ok", "\u00a0x", "ID", "-0")
FACTS = (
    '{"language":"id","helpful":3}',
    '{"helpful":3,"language":"id"}',
    '{"language":"fr","price":0.10}',
    '{"language":"fr","price":0.1}',
    '{"price":0.1000000000000000055,"language":"fr"}',
    '{"language":"id","language":"fr"}',
    "{}",
    "[1,2]",
    '{"language":null}',
    '{"big":9007199254740993}',
    '{"big":9007199254740992}',
)
CLOCKS = (
    datetime(2024, 3, 31, 2, 30),  # noqa: DTZ001 - a wall clock that Paris never showed
    datetime(2024, 10, 27, 2, 30),  # noqa: DTZ001 - one that Paris showed twice
    datetime(2023, 11, 5, 1, 30, 0, 500000),  # noqa: DTZ001 - one that New York showed twice
    datetime(2024, 10, 20, 23, 59, 59),  # noqa: DTZ001
    datetime(2024, 2, 29),  # noqa: DTZ001
    datetime(2024, 7, 1, 12, 0, 0, 1),  # noqa: DTZ001
)
DAYS = (date(2024, 2, 29), date(2024, 10, 26), date(2024, 12, 31), date(1969, 12, 31), date(2024, 3, 30))
STATES = {"paid": 20, "cancelled": 90}
LEVELS = {"basic": 1, "gold": 2}
KINDS = {1: "earn", 2: "spend"}
CODES = {letters: number for number, letters in LETTERS.items()}
SOURCE = {
    "outlets": {"outlet_id": "INTEGER", "region": "VARCHAR", "zone": "VARCHAR"},
    "users": {
        "user_id": "BIGINT",
        "outlet_id": "INTEGER",
        "mail": "VARCHAR",
        "born": "DATE",
        "consent": "BOOLEAN",
        "level": "VARCHAR",
        "joined": "TIMESTAMP",
        "closed": "BOOLEAN",
    },
    "products": {
        "product_id": "BIGINT",
        "sku": "VARCHAR",
        "name": "VARCHAR",
        "price": "DECIMAL(18,3)",
        "currency": "VARCHAR",
        "weight": "DECIMAL(12,4)",
    },
    "orders": {
        "order_id": "BIGINT",
        "order_no": "VARCHAR",
        "user_id": "BIGINT",
        "outlet_id": "INTEGER",
        "state": "VARCHAR",
        "total": "DECIMAL(18,3)",
        "refunded": "DECIMAL(18,3)",
        "currency": "VARCHAR",
        "placed": "TIMESTAMP",
        "closed": "BOOLEAN",
    },
    "lines": {"order_id": "BIGINT", "line_no": "INTEGER", "sku": "VARCHAR", "quantity": "INTEGER", "price": "DECIMAL(18,4)"},
    "coupons": {
        "coupon_id": "BIGINT",
        "code": "VARCHAR",
        "user_id": "BIGINT",
        "outlet_id": "INTEGER",
        "order_id": "BIGINT",
        "face": "DECIMAL(18,3)",
        "currency": "VARCHAR",
        "begins": "TIMESTAMP",
        "ends": "TIMESTAMP",
    },
    "points": {"entry": "VARCHAR", "user_id": "BIGINT", "order_id": "BIGINT", "kind": "INTEGER", "points": "BIGINT", "booked": "TIMESTAMP"},
    "balances": {"user_id": "BIGINT", "balance": "BIGINT"},
    "reviews": {
        "review_id": "BIGINT",
        "user_id": "BIGINT",
        "outlet_id": "INTEGER",
        "order_id": "BIGINT",
        "stars": "INTEGER",
        "body": "VARCHAR",
        "facts": "JSON",
        "written": "TIMESTAMP",
    },
}
ALIVE = {"made": "TIMESTAMPTZ", "touched": "TIMESTAMPTZ"}
TARGET = {
    "customers": {
        "customer_id": "BIGINT",
        "site": "VARCHAR",
        "mail": "VARCHAR",
        "born": "DATE",
        "consent": "BOOLEAN",
        "level": "INTEGER",
        "joined": "TIMESTAMPTZ",
        **ALIVE,
    },
    "items": {
        "item_id": "BIGINT",
        "sku": "VARCHAR",
        "label": "VARCHAR",
        "price_minor": "BIGINT",
        "currency_no": "INTEGER",
        "weight": "DECIMAL(12,4)",
        **ALIVE,
    },
    "sales": {
        "sale_id": "BIGINT",
        "sale_no": "VARCHAR",
        "customer_id": "BIGINT",
        "site": "VARCHAR",
        "state": "INTEGER",
        "total_minor": "BIGINT",
        "refunded_minor": "BIGINT",
        "currency_no": "INTEGER",
        "placed": "TIMESTAMPTZ",
        **ALIVE,
    },
    "sale_lines": {
        "line_id": "BIGINT",
        "sale_id": "BIGINT",
        "line_no": "INTEGER",
        "sku": "VARCHAR",
        "quantity": "INTEGER",
        "price": "DECIMAL(18,4)",
        **ALIVE,
    },
    "vouchers": {
        "voucher_id": "BIGINT",
        "code": "VARCHAR",
        "customer_id": "BIGINT",
        "sale_id": "BIGINT",
        "face_minor": "BIGINT",
        "currency_no": "INTEGER",
        "begins": "TIMESTAMPTZ",
        "ends": "TIMESTAMPTZ",
        **ALIVE,
    },
    "loyalty": {
        "loyalty_id": "BIGINT",
        "row_kind": "INTEGER",
        "entry": "VARCHAR",
        "customer_id": "BIGINT",
        "sale_id": "BIGINT",
        "kind": "VARCHAR",
        "points": "BIGINT",
        "booked": "TIMESTAMPTZ",
        **ALIVE,
    },
    "comments": {
        "comment_id": "BIGINT",
        "customer_id": "BIGINT",
        "sale_id": "BIGINT",
        "stars": "INTEGER",
        "body": "VARCHAR",
        "language": "VARCHAR",
        "facts": "JSON",
        "written": "TIMESTAMPTZ",
        **ALIVE,
    },
}
MAPS = ("accounts", "products", "orders", "coupons", "reviews")
LANGUAGES = {0: "id", 1: "id", 2: "fr", 3: "fr", 4: "fr", 6: None, 7: None, 8: None, 9: None, 10: None}  # place in FACTS; 5 says two
