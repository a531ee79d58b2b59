"""The one place for a tiny migration by hand: six coupons of four accounts in two batches, a living target, and what may be changed in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dq.engine import Engine
from dq.ground import Asked
from dq.measuring import Facts
from tests.oracle.sealing import BASELINE, MOMENT, STORES, Small, Table, make_small, measured_unsealed

BEFORE, AFTER = BASELINE - timedelta(days=30), BASELINE + timedelta(days=1)
Rows = list[tuple[Any, ...]]
Place = tuple[str, str]  # side, table

FILES = {
    "migration.toml": """\
name     = "small"
title    = "A tiny shop moves"
regions  = ["ID"]
entities = ["coupons"]
accounts = "accounts"
"""
    + STORES
    + """\
[[batches]]
number = 1
region = "ID"
[[batches]]
number = 2
region = "ID"
""",
    "coupons.toml": """\
promise = "Coupons move."
key     = "code"
owner   = "account_id"
money   = { amount = "points", unit = "points" }
[columns]
code       = "VARCHAR"
coupon_id  = { type = "BIGINT", through = "coupons" }
account_id = { type = "BIGINT", through = "accounts" }
kind       = "VARCHAR"
points     = "BIGINT"
[merge]
table      = "vouchers"
id         = "voucher_id"
created_at = "made"
changed_at = "touched"
[[excluded]]
side   = "source"
where  = "gone = 1"
reason = "withdrawn"
[[sums]]
column = "points"
""",
    "sql/source/coupons.sql": """\
SELECT c.code, c.coupon_id, c.user_id AS account_id, k.kind, c.points
FROM coupons AS c JOIN kinds AS k ON k.kind_id = c.kind_id WHERE c.gone = 0
""",
    "sql/target/coupons.sql": "SELECT code, voucher_id AS coupon_id, customer_id AS account_id, kind, points FROM vouchers\n",
}
COLUMNS: dict[Place, dict[str, str]] = {
    ("source", "coupons"): {"coupon_id": "BIGINT", "code": "VARCHAR", "user_id": "BIGINT", "kind_id": "INTEGER", "points": "BIGINT", "gone": "INTEGER"},
    ("source", "kinds"): {"kind_id": "INTEGER", "kind": "VARCHAR"},
    ("target", "vouchers"): {
        "voucher_id": "BIGINT",
        "code": "VARCHAR",
        "customer_id": "BIGINT",
        "kind": "VARCHAR",
        "points": "BIGINT",
        "made": "TIMESTAMPTZ",
        "touched": "TIMESTAMPTZ",
    },
    ("crosswalk", "accounts"): {"source_id": "BIGINT", "target_id": "BIGINT"},
    ("crosswalk", "coupons"): {"source_id": "BIGINT", "target_id": "BIGINT"},
    ("crosswalk", "batches"): {"account_id": "BIGINT", "batch": "INTEGER", "region": "VARCHAR"},
    ("crosswalk", "merges"): {"crosswalk": "VARCHAR", "source_id": "BIGINT", "target_id": "BIGINT", "kept": "VARCHAR"},
    ("crosswalk", "erasures"): {"account_id": "BIGINT", "reference": "VARCHAR"},
}
COLUMNS["baseline", "vouchers"] = COLUMNS["target", "vouchers"]


def moved(number: int, code: str, customer: int, points: int, *, at: datetime = AFTER) -> tuple[Any, ...]:
    """Return a voucher of the target."""
    return (number, code, customer, "amount", points, at, at)


ROWS: dict[Place, Rows] = {
    ("source", "coupons"): [
        (1, "A1", 1, 1, 10, 0),
        (2, "A2", 1, 1, 20, 0),
        (3, "B1", 2, 1, 30, 0),
        (4, "C1", 3, 1, 40, 0),
        (5, "D1", 4, 1, 50, 0),
        (6, "A3", 1, 1, 60, 1),
    ],
    ("source", "kinds"): [(1, "amount")],
    ("target", "vouchers"): [
        moved(101, "A1", 11, 10),
        moved(102, "A2", 11, 20),
        moved(103, "B1", 12, 30),
        moved(901, "N1", 91, 5, at=BEFORE),
        moved(902, "N2", 91, 6, at=BEFORE),
        moved(903, "N3", 91, 7),
    ],
    ("baseline", "vouchers"): [moved(901, "N1", 91, 5, at=BEFORE), moved(902, "N2", 91, 6, at=BEFORE)],
    ("crosswalk", "accounts"): [(1, 11), (2, 12)],
    ("crosswalk", "coupons"): [(1, 101), (2, 102), (3, 103)],
    ("crosswalk", "batches"): [(1, 1, "ID"), (2, 1, "ID"), (3, 2, "ID"), (4, 2, "ID")],
    ("crosswalk", "merges"): [],
    ("crosswalk", "erasures"): [],
}


def tiny(folder: Path, changed: Mapping[Place, Rows] | None = None, *, files: Mapping[str, str] | None = None, batch: int | None = 1) -> Small:
    """Seal the migration, with some tables' rows replaced, and some of the contract's files.

    Args:
        folder: where.
        changed: (side, table) to its rows.
        files: name to text.
        batch: the last batch that has moved; None where the contract has none.
    """
    return make_small(folder, files={**FILES, **(files or {})}, stores=stores_of(changed), batch=batch)


@contextmanager
def looked_at(folder: Path, changed: Mapping[Place, Rows] | None = None, *, files: Mapping[str, str] | None = None) -> Iterator[tuple[Engine, Facts]]:
    """Yield what is measured of batch 1 (of everything, where the contract has no batches), unsealed."""
    files = {**FILES, **(files or {})}
    batches = (1,) if "[[batches]]" in files["migration.toml"] else ()
    asked = Asked(batches, batches, BASELINE.isoformat(), target_moment=MOMENT.isoformat())
    with measured_unsealed(folder, files=files, stores=stores_of(changed), asked=asked) as found:
        yield found


def stores_of(changed: Mapping[Place, Rows] | None = None) -> dict[str, dict[str, Table]]:
    """Return the stores by side, with some tables' rows replaced."""
    stores: dict[str, dict[str, Table]] = {}
    for (side, name), columns in COLUMNS.items():
        stores.setdefault(side, {})[name] = Table(dict(columns), list((changed or {}).get((side, name), ROWS[side, name])))
    return stores


def rows_of(place: Place, *more: tuple[Any, ...], without: tuple[Any, ...] = ()) -> Rows:
    """Return a table's rows, with more of them and without those of some first values."""
    return [row for row in ROWS[place] if row[0] not in without] + list(more)
