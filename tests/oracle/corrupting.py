"""The one place that corrupts a random shop: a cell, a row, two rows' values exchanged, on any side, in ways that a type allows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.random_shops import Shop
from tests.oracle.reading import DIGITS
from tests.oracle.sealing import Table
from tests.oracle.shop_tables import CODES, DAYS, FACTS, OUTLETS, TEXTS

Rng = random.Random
Row = tuple[Any, ...]
SIDES = ("target", "target", "target", "target", "source", "source", "crosswalk", "crosswalk", "baseline")
CHOICES: dict[str, Sequence[Any]] = {
    "currency": tuple(DIGITS),
    "currency_no": tuple(CODES.values()),
    "zone": tuple(zone for _, _, zone in OUTLETS),
    "facts": FACTS,
    "batch": (1, 2, 3, 7, None),
    "kept": ("source", "target", "both", None),
    "crosswalk": ("accounts", "orders", "nothing"),
    "reference": ("DSR-1", "", "\u00a0", "\u200b", None),
    "row_kind": (1, 2),
    "outlet_id": (1, 2, 3, 4, 5, 6),
}


def corrupt(rng: Rng, shop: Shop) -> None:
    """Do one thing to a shop, and say what."""
    side = rng.choice([side for side in SIDES if side in shop.stores])
    name = rng.choice([name for name, table in shop.stores[side].items() if table.rows] or ["outlets"])
    table = shop.table(side if name != "outlets" else "source", name)
    act = rng.choice((_change, _change, _change, _change, _swap, _drop, _repeat, _renew))
    before = list(table.rows)
    what = act(rng, table)
    if not _has_currencies(table):
        table.rows[:] = before
    elif what:
        shop.said.append(f"{side}.{name}: {what}")


def _change(rng: Rng, table: Table) -> str:
    place, column = rng.randrange(len(table.rows)), rng.choice(tuple(table.columns))
    at = tuple(table.columns).index(column)
    row = table.rows[place]
    others = [other[at] for other in table.rows]
    value = _fresh(rng, others) if at == 0 and "touched" in table.columns else _other(rng, column, row[at], others)
    table.rows[place] = (*row[:at], value, *row[at + 1 :])
    return f"row {place}: {column} {row[at]!r} became {value!r}"


def _has_currencies(table: Table) -> bool:
    """Return whether every amount in minor units has a currency: without one nobody can say what it is."""
    return all(row["currency_no"] is not None or not any(row[name] for name in row if name.endswith("_minor")) for row in table.dicts() if "currency_no" in row)


def _other(rng: Rng, column: str, value: Any, others: Sequence[Any]) -> Any:
    """Return a value that the column may have."""
    if column in CHOICES:
        return rng.choice(CHOICES[column])
    draw = rng.random()
    if draw < 0.3:
        return rng.choice(others)
    return None if draw < 0.4 else rng.choice((*_near(value), *([] if value is not None else others)))


def _near(value: Any) -> Sequence[Any]:
    """Return values that a mistake makes of one."""
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1, -value, value * 100, 99999)
    if isinstance(value, Decimal):
        unit = Decimal(1).scaleb(int(value.as_tuple().exponent))
        return (value + unit, value - unit, value + Decimal("0.0100").quantize(unit), -value)
    if isinstance(value, datetime):
        return [value + gap for gap in (timedelta(hours=7), timedelta(hours=-7), timedelta(days=1), timedelta(microseconds=1), timedelta(days=200))]
    if isinstance(value, date):
        return DAYS
    return (*TEXTS, value + " ", value.upper(), value[:3], value.replace("\r\n", "\n")) if isinstance(value, str) else ()


def _swap(rng: Rng, table: Table) -> str:
    if len(table.rows) < 2:
        return ""
    one, other = rng.sample(range(len(table.rows)), 2)
    at = rng.randrange(len(table.columns))
    first, second = list(table.rows[one]), list(table.rows[other])
    first[at], second[at] = second[at], first[at]
    table.rows[one], table.rows[other] = tuple(first), tuple(second)
    return f"rows {one} and {other} exchanged {tuple(table.columns)[at]}"


def _drop(rng: Rng, table: Table) -> str:
    place = rng.randrange(len(table.rows))
    return f"row gone: {table.rows.pop(place)!r}"


def _repeat(rng: Rng, table: Table) -> str:
    row = rng.choice(table.rows)
    table.rows.append(row)
    return f"row repeated: {row!r}"


def _fresh(rng: Rng, others: Sequence[Any]) -> int:
    """Return an id that nobody has: two rows of one id are no rows of a store that numbers them."""
    return next(number for number in rng.sample(range(88001, 88100), 50) if number not in others)


def _renew(rng: Rng, table: Table) -> str:
    """Repeat a row under another id."""
    row = rng.choice(table.rows)
    if not isinstance(row[0], int):
        return ""
    table.rows.append((_fresh(rng, [other[0] for other in table.rows]), *row[1:]))
    return f"row repeated under another id: {table.rows[-1]!r}"
