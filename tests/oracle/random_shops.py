"""The one place that makes small shops at random: a source, its faithful migration into a living target, and what to corrupt in it.

The migration is written row by row in Python, beside the contract and not from it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.reading import DIGITS, instant
from tests.oracle.sealing import BASELINE, Table
from tests.oracle.shop import ENTITIES, NEEDS, REGIONS, contract_files, is_explained
from tests.oracle.shop_tables import CLOCKS, CODES, DAYS, FACTS, KINDS, LANGUAGES, LEVELS, MAPS, OUTLETS, SOURCE, STATES, TARGET, TEXTS

Rng = random.Random


@dataclass
class Shop:
    """Stores by side, and the contract that says what must hold between them."""

    files: dict[str, str]
    stores: dict[str, dict[str, Table]]
    batches: int  # how many the migration has; 0: it moves at once
    moved: int
    said: list[str] = field(default_factory=list)  # what was corrupted, for a person

    def table(self, side: str, name: str) -> Table:
        """Return a table of a side."""
        return self.stores[side][name]


def make_shop(rng: Rng) -> Shop:
    """Make a shop whose migration is faithful."""
    return _Maker(rng).shop()


def rows_of(shop: Shop) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return all stores as plain rows."""
    return {side: {name: table.dicts() for name, table in store.items()} for side, store in shop.stores.items()}


class _Maker:
    """Draws a source, then moves it."""

    def __init__(self, rng: Rng) -> None:
        self.rng = rng
        wanted = rng.sample(ENTITIES, rng.randint(1, 4))
        self.entities = [name for name in ENTITIES if name in wanted or any(name in NEEDS.get(other, ()) for other in wanted)]
        self.batches = [rng.choice(REGIONS) for _ in range(rng.choice((0, 0, 1, 2, 3)))] if set(self.entities) != {"products"} else []
        self.moved = rng.randint(1, len(self.batches)) if self.batches else 0
        self.is_alive = rng.random() < 0.7
        self.kwd = rng.choice((2, 3))  # the contract may know better than ISO 4217
        self.source = {name: Table(dict(columns)) for name, columns in SOURCE.items()}
        self.target = {name: Table(dict(columns)) for name, columns in TARGET.items()}
        self.baseline = {name: Table(dict(columns)) for name, columns in TARGET.items()}
        self.ids = {name: Table({"source_id": "BIGINT", "target_id": "BIGINT"}) for name in MAPS}
        self.ids["batches"] = Table({"account_id": "BIGINT", "batch": "INTEGER", "region": "VARCHAR"})
        self.ids["merges"] = Table({"crosswalk": "VARCHAR", "source_id": "BIGINT", "target_id": "BIGINT", "kept": "VARCHAR"})
        self.ids["erasures"] = Table({"account_id": "BIGINT", "reference": "VARCHAR"})
        self.next_id = 9000

    def shop(self) -> Shop:
        """Return the shop."""
        self.source["outlets"].rows += OUTLETS
        self._people()
        if self.is_alive:
            self._natives()
        self._products()
        self._orders()
        self._coupons()
        self._points()
        self._reviews()
        minor_units = f"[minor_units]\nKWD = {self.kwd}\n" if self.kwd != DIGITS["KWD"] else ""
        files = contract_files(self.entities, batches=self.batches, is_alive=self.is_alive, minor_units=minor_units)
        stores = {"source": self.source, "target": self.target, "crosswalk": self.ids} | ({"baseline": self.baseline} if self.is_alive else {})
        return Shop(files, stores, len(self.batches), self.moved)

    def text(self) -> str | None:
        """Return a text, or NULL."""
        return None if self.rng.random() < 0.1 else self.rng.choice(TEXTS)

    def clock(self) -> datetime | None:
        """Return a wall clock, or NULL."""
        if self.rng.random() < 0.1:
            return None
        return self.rng.choice((*CLOCKS, datetime(2024, 1, 1) + timedelta(hours=self.rng.randint(0, 8000))))  # noqa: DTZ001 - a wall clock

    def amount(self, currency: str | None) -> Decimal | None:
        """Return an amount with the decimals that a currency has; none in no currency."""
        return None if currency is None else Decimal(self.rng.randint(0, 10**6)).scaleb(-self.digits(currency))

    def digits(self, currency: str) -> int:
        """Return the digits of a currency's minor unit."""
        return self.kwd if currency == "KWD" else DIGITS[currency]

    def new_id(self) -> int:
        """Return an id of the target that nobody has."""
        self.next_id += self.rng.randint(1, 3)
        return self.next_id

    def times(self) -> tuple[datetime, datetime]:
        """Return when a moved row was made and touched: after the baseline."""
        made = BASELINE + timedelta(hours=self.rng.randint(1, 100))
        return made, made

    def _people(self) -> None:
        self.account: dict[int, int] = {}  # who has moved, to the target's id
        self.zone_of = {outlet: zone for outlet, _, zone in OUTLETS}
        self.region_of = {outlet: region for outlet, region, _ in OUTLETS}
        for user in range(1, self.rng.randint(3, 10)):
            outlet = self.rng.choice(OUTLETS)[0]
            closed = self.rng.random() < 0.1
            level = self.rng.choice((*LEVELS, None))
            self.source["users"].rows.append(
                (user, outlet, self.text(), self.rng.choice((*DAYS, None)), self.rng.choice((True, False, None)), level, self.clock(), closed)
            )
            batch = self.rng.randint(1, len(self.batches)) if self.batches else 0
            fate = self.rng.random()
            if self.batches and fate > 0.05:  # who was erased before batches were made is in none
                self.ids["batches"].rows.append((user, batch, self.batches[batch - 1]))
            if batch > self.moved and fate > 0.05:
                continue
            if fate < 0.1:
                self.ids["erasures"].rows.append((user, f"DSR-{user}"))
                if self.rng.random() < 0.5:  # erased after the move: the ids are still known
                    self.ids["accounts"].rows.append((user, self.new_id()))
                continue
            brought = [source for source, target, kept in self._kept() if kept]
            if fate < 0.25 and brought and not closed:
                self._merge(user, self.account[self.rng.choice(brought)], "source")
            elif fate < 0.4 and self.is_alive and not closed:
                native = self.new_id()
                self._native_customer(native)
                self._merge(user, native, "target")
            else:
                self.account[user] = self.new_id()
                self.ids["accounts"].rows.append((user, self.account[user]))
                if not closed:
                    self._move_account(user)

    def _kept(self) -> list[tuple[int, int, bool]]:
        merged = {row[1] for row in self.ids["merges"].rows}
        closed = {row[0] for row in self.source["users"].rows if row[7]}
        return [(source, target, source not in merged and source not in closed) for source, target in self.account.items()]

    def _merge(self, user: int, target: int, kept: str) -> None:
        self.account[user] = target
        self.ids["accounts"].rows.append((user, target))
        self.ids["merges"].rows.append(("accounts", user, target, kept))

    def _move_account(self, user: int) -> None:
        _, outlet, mail, born, consent, level, joined, _ = next(row for row in self.source["users"].rows if row[0] == user)
        there = None if joined is None else instant(joined, self.zone_of[outlet])
        row = (self.account[user], self.region_of[outlet], mail, born, consent, LEVELS.get(level), there, *self.times())
        self.target["customers"].rows.append(row)

    def _native(self, table: str, row: tuple[Any, ...], *, is_changed: tuple[Any, ...] | None = None) -> None:
        """Add a row of the target's own, of before; it may have changed since, and say so."""
        made = BASELINE - timedelta(days=self.rng.randint(1, 300))
        self.baseline[table].rows.append((*row, made, made))
        self.target[table].rows.append((*is_changed, made, BASELINE + timedelta(hours=5)) if is_changed is not None else (*row, made, made))

    def _native_customer(self, customer: int) -> None:
        row = (customer, self.rng.choice(REGIONS), f"own{customer}@shop", self.rng.choice(DAYS), None, 1, BASELINE - timedelta(days=400))
        changed = (*row[:2], f"new{customer}@shop", *row[3:])
        self._native("customers", row, is_changed=changed if self.rng.random() < 0.3 else None)

    def _natives(self) -> None:
        for _ in range(self.rng.randint(0, 2)):
            customer, sale = self.new_id(), self.new_id()
            self._native_customer(customer)
            self._native("sales", (sale, f"own-{sale}", customer, "ID", 20, 100, 0, 360, BASELINE - timedelta(days=30)))
            self._native("sale_lines", (self.new_id(), sale, 1, "own", 1, Decimal("1.0000")))
            self._native("vouchers", (self.new_id(), f"own-{sale}", customer, None, 500, 392, BASELINE, BASELINE + timedelta(days=9)))
            self._native("comments", (self.new_id(), customer, sale, 5, "fine", "id", "{}", BASELINE - timedelta(days=3)))
            self._native("loyalty", (self.new_id(), 1, f"own-{sale}", customer, sale, "earn", 7, BASELINE - timedelta(days=3)))
            self._native("loyalty", (self.new_id(), 2, None, customer, None, None, 7, None))
            self._native("items", (self.new_id(), f"own-{sale}", "own", 100, 978, Decimal("1.0000")))
        if self.rng.random() < 0.5:  # a new customer of the target itself, since then
            customer = self.new_id()
            self.target["customers"].rows.append((customer, "ID", "fresh@shop", None, None, 1, BASELINE + timedelta(hours=1), *self.times()))
            self.target["vouchers"].rows.append((self.new_id(), f"fresh-{customer}", customer, None, 5, 978, None, None, *self.times()))
            self.target["loyalty"].rows.append((self.new_id(), 2, None, customer, None, None, 3, None, *self.times()))

    def _products(self) -> None:
        self.sku = [f"SKU-{number}" for number in range(self.rng.randint(1, 5))]
        for number, sku in enumerate(self.sku, start=100):
            currency = self.rng.choice((*DIGITS, None))
            price, name, weight = self.amount(currency), self.text(), Decimal(self.rng.randint(0, 10**5)).scaleb(-4)
            self.source["products"].rows.append((number, sku, name, price, currency, weight))
            there = self.new_id()
            self.ids["products"].rows.append((number, there))
            self.target["items"].rows.append((there, sku, name, self.minor(price, currency), CODES.get(str(currency)), weight, *self.times()))

    def minor(self, amount: Decimal | None, currency: str | None) -> int | None:
        """Return an amount in minor units."""
        return None if amount is None or currency is None else int(amount.scaleb(self.digits(currency)))

    def _orders(self) -> None:
        self.order: dict[int, int] = {}  # moved
        self.all_orders: dict[int, int] = {}  # order to user
        for number in range(self.rng.randint(1, 12)):
            users = self.source["users"].rows
            if not users:
                return
            user, outlet = self.rng.choice(users)[0], self.rng.choice(OUTLETS)[0]
            order, currency = 500 + number, self.rng.choice(tuple(DIGITS))
            total = self.amount(currency)
            refunded = total if self.rng.random() < 0.2 else Decimal(0)
            state, placed, closed = self.rng.choice((*STATES, None)), self.clock(), self.rng.random() < 0.1
            self.source["orders"].rows.append((order, f"PO-{number}", user, outlet, state, total, refunded, currency, placed, closed))
            if closed:
                continue
            prices = [Decimal(self.rng.randint(0, 10**6)).scaleb(-4) for _ in range(2)]
            if total is not None and abs(total) < 10**6 and self.rng.random() < 0.7:
                prices[1] = total - prices[0]  # the order is the sum of its lines
            lines = [(order, line, self.rng.choice(self.sku), self.rng.randint(-1, 5), price) for line, price in enumerate(prices)]
            self.source["lines"].rows += lines
            self.all_orders[order] = user
            if user not in self.account:
                continue
            self.order[order] = there = self.new_id()
            self.ids["orders"].rows.append((order, there))
            at = None if placed is None else instant(placed, self.zone_of[outlet])
            row = (there, f"PO-{number}", self.account[user], self.region_of[outlet], STATES.get(str(state)), self.minor(total, currency))
            self.target["sales"].rows.append((*row, self.minor(refunded, currency), CODES[currency], at, *self.times()))
            self.target["sale_lines"].rows += [(self.new_id(), there, *line[1:], *self.times()) for line in lines]

    def some_order(self, user: int) -> int | None:
        """Return an order of a user, or none."""
        return self.rng.choice((*(order for order, owner in self.all_orders.items() if owner == user), None))

    def _coupons(self) -> None:
        for number in range(self.rng.randint(0, 10)):
            users = self.source["users"].rows
            if not users:
                return
            user, outlet, currency = self.rng.choice(users)[0], self.rng.choice(OUTLETS)[0], self.rng.choice((*DIGITS, None))
            order, face, begins, ends = self.some_order(user), self.amount(currency), self.clock(), self.clock()
            self.source["coupons"].rows.append((number, f"c{number}", user, outlet, order, face, currency, begins, ends))
            if user in self.account:
                there, zone = self.new_id(), self.zone_of[outlet]
                self.ids["coupons"].rows.append((number, there))
                over = None if ends is None else instant(ends + timedelta(days=1), zone)
                row = (there, f"c{number}", self.account[user], self.order.get(order) if order is not None else None, self.minor(face, currency))
                at = None if begins is None else instant(begins, zone)
                self.target["vouchers"].rows.append((*row, CODES.get(str(currency)), at, over, *self.times()))

    def _points(self) -> None:
        balance: dict[int, int] = {}
        for number in range(self.rng.randint(0, 12)):
            users = self.source["users"].rows
            if not users:
                return
            user, kind = self.rng.choice(users)[0], self.rng.choice(tuple(KINDS))
            points, order, booked = (1 if kind == 1 else -1) * self.rng.choice((1, 250, 10**15)), self.some_order(user), self.clock()
            self.source["points"].rows.append((f"P{number}", user, order, kind, points, booked))
            balance[user] = balance.get(user, 0) + points
            if user in self.account:
                at = None if booked is None else instant(booked, "Asia/Jakarta")
                sale = self.order.get(order) if order is not None else None
                row = (self.new_id(), 1, f"P{number}", self.account[user], sale, KINDS[kind], points, at, *self.times())
                self.target["loyalty"].rows.append(row)
        self.source["balances"].rows += balance.items()
        people: dict[int, int] = {}
        for user, points in balance.items():
            if user in self.account:
                people[self.account[user]] = people.get(self.account[user], 0) + points
        natives = {row[0] for row in self.baseline["customers"].rows}
        for person, brought in people.items():
            there, before = self.new_id(), self.rng.randint(1, 90)
            points = brought + self._since(person)
            if person in natives:  # has points of their own from before
                made = BASELINE - timedelta(days=9)
                self.baseline["loyalty"].rows.append((there, 2, None, person, None, None, before, None, made, made))
                self.target["loyalty"].rows.append((there, 2, None, person, None, None, before + points, None, made, BASELINE + timedelta(hours=2)))
            else:
                self.target["loyalty"].rows.append((there, 2, None, person, None, None, points, None, *self.times()))

    def _since(self, person: int) -> int:
        """Let somebody who has moved earn or spend since, where entries explain it; return what it comes to."""
        if self.rng.random() < 0.6 or not is_explained(self.entities, is_alive=self.is_alive):
            return 0
        amounts = [self.rng.choice((5, -3, 10**12)) for _ in range(self.rng.randint(1, 2))]
        for amount in amounts:
            number, (made, touched) = self.new_id(), self.times()
            self.target["loyalty"].rows.append((number, 1, f"since-{number}", person, None, "earn", amount, made, made, touched))
        return sum(amounts)

    def _reviews(self) -> None:
        for number in range(self.rng.randint(0, 8)):
            users = self.source["users"].rows
            if not users:
                return
            user, outlet = self.rng.choice(users)[0], self.rng.choice(OUTLETS)[0]
            place = self.rng.choice(tuple(LANGUAGES))
            order, stars, body, written = self.some_order(user), self.rng.randint(1, 5), self.text(), self.clock()
            self.source["reviews"].rows.append((number, user, outlet, order, stars, body, FACTS[place], written))
            if user in self.account:
                there = self.new_id()
                self.ids["reviews"].rows.append((number, there))
                at = None if written is None else instant(written, self.zone_of[outlet])
                sale = self.order.get(order) if order is not None else None
                row = (there, self.account[user], sale, stars, body, LANGUAGES[place], FACTS[place], at, *self.times())
                self.target["comments"].rows.append(row)
