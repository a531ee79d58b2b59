"""The one place for sample records: clean, broken, not proven, waived, gates, as a run would have left them."""

from __future__ import annotations

from typing import Any

from dq.record import BatchLine, Calendar, Cause, Check, EntityResult, Example, LedgerLine, Money, Outcome, Record, SliceCount, Snapshot, SumLine, WaiverLine

PROMISES = {
    "accounts": "Every customer finds the account again, with the same name, contacts, consents and status.",
    "products": "All products move to the Mi site and app, or are retired with a reason.",
    "orders": "Purchase history moves: same buyer, lines, money, currency, status and time.",
    "coupons": "Coupons move; value and validity stay the same; they can be used as before.",
    "points_entries": "Points move; their value and validity stay the same.",
    "points_balances": "Points move; their value and validity stay the same.",
    "reviews": "Product reviews move: same author, same product, same stars, text and time.",
}
ROWS = {
    "accounts": 1_612,
    "products": 248,
    "orders": 6_140,
    "coupons": 4_812,
    "points_entries": 18_406,
    "points_balances": 1_598,
    "reviews": 2_377,
}
OWNED = {"accounts", "orders", "coupons", "points_entries", "points_balances", "reviews"}
KINDS = {
    "schema": "Both stores have the tables, columns and types of the contract.",
    "keys": "Every key stands once on each side, none is NULL.",
    "rows": "Every row of the source is in the target, and no other.",
    "values": "All values are equal, column by column.",
    "attribution": "Every row belongs to the same person and product, through the crosswalk.",
    "instants": "Every moment is the same instant.",
    "counts": "Counts by region and status are equal.",
}
COLUMNS = {
    "accounts": ("account_id", "created_at", "email", "name", "phone", "region", "status"),
    "products": ("currency", "name", "price", "product_id", "status"),
    "orders": ("account_id", "created_at", "currency", "order_no", "status", "total"),
    "coupons": ("account_id", "coupon_code", "currency", "expires_at", "face_value", "kind", "region", "status"),
    "points_entries": ("account_id", "entry_id", "expires_at", "points"),
    "points_balances": ("account_id", "balance"),
    "reviews": ("account_id", "body", "created_at", "order_no", "product_id", "review_id", "stars"),
}
TABLES = {
    "source": {
        "accounts": ("users", ("user_id", "created_at", "email", "full_name", "phone", "status"), ("password_hash",)),
        "products": ("products", ("product_id", "currency", "name", "price", "status"), ("search_rank",)),
        "orders": ("orders", ("order_id", "user_id", "created_at", "currency", "order_no", "status", "total"), ("utm_campaign",)),
        "coupons": ("user_coupons", ("coupon_id", "user_id", "code", "expires_on", "status"), ()),
        "points_entries": ("points_ledger", ("entry_id", "user_id", "expires_on", "points"), ()),
        "reviews": ("reviews", ("review_id", "user_id", "body", "created_at", "order_id", "product_id", "stars"), ("spam_score",)),
    },
    "target": {
        "accounts": ("customers", ("customer_id", "registered_ts", "mail", "display_name", "mobile", "state"), ("secret_hash",)),
        "products": ("items", ("item_id", "currency_no", "label", "price_minor", "state"), ("search_rank", "warehouse_slot")),
        "orders": ("sales", ("sale_id", "customer_id", "ordered_ts", "currency_no", "sale_no", "state", "total_minor"), ()),
        "coupons": ("vouchers", ("voucher_id", "customer_id", "code", "valid_until_ts", "state"), ()),
        "points_entries": ("loyalty", ("entry_ref", "customer_id", "until_ts", "points"), ()),
        "reviews": ("opinions", ("opinion_id", "customer_id", "words", "written_ts", "sale_id", "item_id", "stars"), ()),
    },
}
REASONS = {
    "password_hash": "customers set a new password; nothing of it moves",
    "secret_hash": "customers set a new password; nothing of it moves",
    "search_rank": "made anew by each store's search",
}
NOT_CHECKED = (
    "Warranties and redirects: the contract has no entity for them yet.",
    "Passwords and payment tokens: excluded by the contract, the Mi Store asks customers to set new ones.",
    "Whether a coupon can be used at the till: only its stored terms are compared.",
)


def snapshots() -> tuple[Snapshot, ...]:
    """Return the four snapshots every sample reads."""
    digest = "9b74c9897bac770ffc029102a200c5de7c1f4a6e2d0b85a3f6e1427d90c8ab51"
    rows = {"source": 71_204, "target": 64_918, "baseline": 29_115, "crosswalk": 16_530}
    stores = {"source": "poco", "target": "mi", "baseline": "mi", "crosswalk": "poco-mi"}
    moments = {
        "source": "2024-11-04T19:00:00+00:00",
        "target": "2024-11-05T02:30:00+00:00",
        "baseline": "2024-10-27T18:00:00+00:00",
        "crosswalk": "2024-11-05T02:15:00+00:00",
    }
    return tuple(
        Snapshot(
            side=side,  # type: ignore[arg-type]
            store=stores[side],
            content=digest[turn:] + digest[:turn],
            moment=moments[side],
            region=None,
            batch=None,
            rows=rows[side],
            tables=9 + turn,
        )
        for turn, side in enumerate(stores)
    )


def entity(name: str, *, outcome: Outcome = Outcome.PASSED, promise: str | None = None, **changes: Any) -> EntityResult:
    """Return an entity's row: everything the same unless `changes` say otherwise."""
    rows = ROWS.get(name, 100)
    numbers: dict[str, Any] = {
        "source_rows": rows + 12,
        "target_rows": rows,
        "compared": rows,
        "same": rows,
        "changed": 0,
        "missing": 0,
        "extra": 0,
        "duplicate": 0,
        "native": rows // 3,
        "excused": 12,
        "excused_by": {"erased on request": 2, "soft-deleted rows were never promised": 10},
        "unmapped": 0,
        "people": None,
        "money": (),
        "columns": COLUMNS.get(name, ("id",)),
    }
    text = PROMISES.get(name, "") if promise is None else promise
    return EntityResult(entity=name, promise=text, outcome=outcome, **(numbers | changes))


def check(check_id: str, *, outcome: Outcome = Outcome.PASSED, sentence: str = "", **changes: Any) -> Check:
    """Return a check; entity, kind and name follow from its id."""
    first, kind, *rest = [*check_id.split("."), ""]
    of_all = first in {"crosswalk", "snapshot", "coverage", "calendar", "canary"}
    parts: dict[str, Any] = {
        "entity": None if of_all else first,
        "kind": first if of_all else kind,
        "name": (kind if of_all else rest[0] if rest else "") or None,
        "looked_at": ROWS.get(first, 100),
    }
    return Check(id=check_id, outcome=outcome, sentence=sentence or KINDS.get(kind, "It holds."), **(parts | changes))


def ledger(*, uncovered: tuple[str, ...] = ()) -> tuple[LedgerLine, ...]:
    """Return the coverage ledger of both stores; `uncovered` columns are told by nobody."""
    lines = []
    for side, entities in TABLES.items():
        for name, (table, compared, left_out) in entities.items():
            for column in compared:
                used = column.endswith("_id") and name not in {"accounts", "products"}
                status = "uncovered" if column in uncovered else "used" if used else "compared"
                lines.append(LedgerLine(side=side, table=table, column=column, status=status, entities=() if status == "uncovered" else (name,)))  # type: ignore[arg-type]
            for column in left_out:
                reason = REASONS.get(column, "written by the store for itself, promised to nobody")
                lines.append(LedgerLine(side=side, table=table, column=column, status="excluded", reason=reason))  # type: ignore[arg-type]
    return tuple(sorted(lines, key=lambda line: (line.side, line.table, line.column)))


def calendar(**changes: Any) -> Calendar:
    """Return how far a migration of five batches is after the first one."""
    sizes = ((1, "ID", "proven", 1_450, 18_392), (2, "ID", "to move", 1_452, 18_807), (3, "GB", "to move", 790, 9_770), (4, "FR", "to move", 661, None))
    fields: dict[str, Any] = {
        "sentences": (
            "37 days to the deadline on 12 Dec 2024 24:00 Asia/Jakarta.",
            "1 of 4 batches is proven by this run, 1 has moved: 1,450 accounts there, 2,903 left.",
            "At the present pace (1,450 accounts since 4 Nov 2024) done on 7 Nov 2024, 34 days before the deadline.",
        ),
        "days_left": 37,
        "batches": tuple(
            BatchLine(number=number, region=region, status=status, accounts=accounts, rows=rows)  # type: ignore[arg-type]
            for number, region, status, accounts, rows in sizes
        ),
        "accounts_moved": 1_450,
        "accounts_left": 2_903,
        "first_moved_at": "2024-11-04T01:00:00+00:00",
        "last_moved_at": "2024-11-04T01:10:00+00:00",
        "done_at": "2024-11-07T05:33:39.144828+00:00",
    }
    return Calendar(**(fields | changes))


def clean(**changes: Any) -> Record:
    """Return the record of a batch that is proven."""
    checks = [
        *(check(f"snapshot.{side}", sentence=f"The {side} snapshot is what its manifest says.") for side in ("source", "target", "baseline", "crosswalk")),
        *(
            check(f"crosswalk.{name}", sentence=f"The crosswalk of {name} is total and one to one, merges declared.", looked_at=ROWS[name])
            for name in ("accounts", "products", "orders", "coupons", "reviews")
        ),
        *(check(f"coverage.{side}", sentence=f"Every column of the {side} is compared, used or excluded with a reason.") for side in ("source", "target")),
        check("calendar.deadline", sentence="37 days to the deadline. 3 batches of 4 are not moved or not proven.", looked_at=4),
        check("canary.rows", sentence="All 14 ways of corrupting a copy of a slice were found.", looked_at=14),
        *(check(f"{name}.{kind}") for name in ROWS for kind in KINDS),
        *(check(f"{name}.natives", sentence="The target's own rows are as they were.") for name in ROWS),
        check("coupons.sums.face_value", sentence="Sums of face_value are equal, net and gross, in each region and currency."),
        check("points_balances.invariant.ledger", sentence="Every balance is the sum of its entries, on each side alone."),
        check("orders.invariant.total", sentence="Every total is items plus shipping less discount, on each side alone."),
    ]
    fields: dict[str, Any] = {
        "command": "run",
        "run": "3f9a1c0b7d2e",
        "migration": "poco-mi",
        "title": "POCO stores into the Mi Store",
        "batch": 1,
        "batches": (1,),
        "region": "ID",
        "as_of": "2024-11-05T02:30:00+00:00",
        "freeze": "2024-10-20T17:00:00+00:00",
        "deadline": "2024-12-12T17:00:00+00:00",
        "calendar": calendar(),
        "outcome": Outcome.PASSED,
        "headline": "Batch 1 is proven: all seven promises hold for 35,193 rows of 1,612 people.",
        "contract": "c41e0f5a6d7b82930a1f4e6d8c7b5a39e2f10d4c6b8a79553e1d0f2c4b6a8d97",
        "snapshots": snapshots(),
        "versions": {"duckdb": "1.5.6", "dq": "0.1.0"},
        "entities": tuple(entity(name, people=0 if name in OWNED else None) for name in ROWS),
        "checks": tuple(checks),
        "coverage": ledger(),
        "not_checked": NOT_CHECKED,
        "findings": 0,
    }
    fields |= changes
    return Record(exit_status=fields["outcome"].exit_status, **fields)


def _with(record: Record, *, entities: tuple[EntityResult, ...] = (), checks: tuple[Check, ...] = (), **changes: Any) -> Record:
    rows = {item.entity: item for item in entities}
    judged = {item.id: item for item in checks}
    outcome = Outcome.worst(item.outcome for item in ({item.id: item for item in record.checks} | judged).values())
    known = {item.id for item in record.checks}
    return record.model_copy(
        update={
            "entities": tuple(rows.get(item.entity, item) for item in record.entities),
            "checks": tuple(judged.get(item.id, item) for item in record.checks) + tuple(item for item in checks if item.id not in known),
            "outcome": outcome,
            "exit_status": outcome.exit_status,
            **changes,
        }
    )


def broken() -> Record:
    """Return the record of a batch with several kinds of damage, money of three currencies among it."""
    at_stake = (Money(currency="IDR", amount="1284550000.00"), Money(currency="GBP", amount="312.50"), Money(currency="EUR", amount="89.90"))
    totals = (Money(currency="IDR", amount="18449000.00"), Money(currency="GBP", amount="129.99"))
    return _with(
        clean(),
        calendar=calendar(batches=tuple(item.model_copy(update={"status": "not proven" if item.number == 1 else "to move"}) for item in calendar().batches)),
        headline="Three of seven promises are broken: 1,377 people hold coupons that expire early or are missing, and points went to the wrong person.",
        findings=4_846,
        causes=(
            Cause(
                entity="coupons",
                kind="offset",
                sentence="expires_at is 7 h early: local time read as UTC",
                columns=("expires_at",),
                checks=("coupons.instants",),
                rows=4_612,
                people=1_344,
                money=at_stake,
            ),
            Cause(
                entity="coupons",
                kind="offset",
                sentence="expires_at is 8 h early: local time read as UTC",
                columns=("expires_at",),
                checks=("coupons.instants",),
                rows=167,
                people=58,
                money=(Money(currency="IDR", amount="31200000.00"),),
            ),
            Cause(
                entity="coupons",
                kind="missing",
                sentence="every coupon of kind percent that has no status is missing",
                checks=("coupons.rows", "coupons.sums.face_value"),
                rows=8,
                people=8,
                money=(Money(currency="IDR", amount="800000.00"),),
            ),
            Cause(
                entity="orders",
                kind="one value",
                sentence="status is delivered where the source has refunded",
                columns=("status",),
                checks=("orders.values",),
                rows=7,
                people=7,
                money=totals,
            ),
            Cause(
                entity="points_balances",
                kind="swap",
                sentence="account_id: two owners are swapped",
                columns=("account_id",),
                checks=("points_balances.attribution",),
                rows=2,
                people=2,
                every_row=False,
            ),
        ),
        entities=(
            entity(
                "coupons",
                outcome=Outcome.FAILED,
                people=1_377,
                money=at_stake,
                changed=4_779,
                missing=26,
                compared=4_786,
                same=7,
                target_rows=4_789,
                extra=1,
                duplicate=2,
            ),
            entity("orders", outcome=Outcome.FAILED, people=9, money=totals, changed=9, same=6_131),
            entity("points_balances", outcome=Outcome.FAILED, people=2, money=(Money(currency="", amount="15400"),), changed=2, same=1_596),
        ),
        checks=(
            check(
                "coupons.instants",
                outcome=Outcome.FAILED,
                sentence="4,779 coupons end at another instant in the target, most of them 7:00 h early.",
                broken=4_779,
                cells=4_779,
                people=1_370,
                money=at_stake,
                columns={"expires_at": 4_779},
                statuses={"changed": 4_779},
                slices=(
                    SliceCount(by={"region": "ID", "kind": "amount", "status": "unused"}, source=3_120, target=3_104, broken=3_098),
                    SliceCount(by={"region": "ID", "kind": "percent", "status": "unused"}, source=1_204, target=1_198, broken=1_196),
                    SliceCount(by={"region": "ID", "kind": "amount", "status": "used"}, source=488, target=487, broken=485),
                ),
                examples=(
                    Example(row="coupons#1", status="changed", columns=("expires_at",), note="7:00 h early"),
                    Example(row="coupons#2", status="changed", columns=("expires_at",), note="7:00 h early"),
                    Example(row="coupons#3", status="changed", columns=("expires_at",), note="8:00 h early"),
                    Example(row="coupons#4", status="changed", columns=("expires_at",), note="7:00 h early"),
                    Example(row="coupons#6", status="changed", columns=("expires_at",), note="7:00 h early"),
                ),
            ),
            check(
                "coupons.rows",
                outcome=Outcome.FAILED,
                sentence="26 coupons are not in the target, and 1 is in the target only.",
                broken=27,
                people=24,
                money=(Money(currency="IDR", amount="2600000.00"), Money(currency="GBP", amount="12.50")),
                statuses={"missing": 26, "extra": 1},
                slices=(
                    SliceCount(by={"region": "ID", "kind": "amount", "status": "unused"}, source=3_120, target=3_104, broken=17),
                    SliceCount(by={"region": "ID", "kind": "percent", "status": None}, source=8, target=0, broken=8),
                    SliceCount(by={"region": "ID", "kind": "amount", "status": ""}, source=1, target=0, broken=1),
                ),
                examples=(
                    Example(row="coupons#5", status="missing"),
                    Example(row="coupons#17", status="missing"),
                    Example(row="coupons#4806", status="extra", note="in no snapshot of the source, and older than the baseline"),
                ),
            ),
            check(
                "coupons.keys",
                outcome=Outcome.FAILED,
                sentence="2 rows of the target share one coupon code.",
                broken=1,
                people=1,
                statuses={"duplicate": 2},
                examples=(Example(row="coupons#211", status="duplicate", note="2 rows in the target, 1 in the source"),),
            ),
            check(
                "coupons.sums.face_value",
                outcome=Outcome.FAILED,
                sentence="Sums of face_value differ in 2 of 5 slices.",
                broken=2,
                looked_at=5,
                money=(Money(currency="IDR", amount="2600000.00"), Money(currency="GBP", amount="12.50")),
                sums=(
                    SumLine(
                        by={"region": "ID", "currency": "IDR"},
                        source_net="9007199254740993.00",
                        target_net="9007199252140993.00",
                        source_gross="9007199254740993.00",
                        target_gross="9007199252140993.00",
                        agrees=False,
                    ),
                    SumLine(
                        by={"region": "GB", "currency": "GBP"},
                        source_net="84120.50",
                        target_net="84108.00",
                        source_gross="84120.50",
                        target_gross="84108.00",
                        agrees=False,
                    ),
                    SumLine(
                        by={"region": "FR", "currency": "EUR"},
                        source_net="61007.10",
                        target_net="61007.10",
                        source_gross="61007.10",
                        target_gross="61007.10",
                        agrees=True,
                    ),
                    SumLine(
                        by={"region": "GLOBAL", "currency": "EUR"},
                        source_net="-12.00",
                        target_net="-12.00",
                        source_gross="480.00",
                        target_gross="480.00",
                        agrees=True,
                    ),
                    SumLine(by={"region": "ID", "currency": None}, source_net="0.00", target_net="0.00", source_gross="0.00", target_gross="0.00", agrees=True),
                ),
            ),
            check(
                "orders.values",
                outcome=Outcome.FAILED,
                sentence="9 orders have other values in the target: 7 another status, 3 another total.",
                broken=9,
                cells=10,
                people=9,
                money=totals,
                columns={"status": 7, "total": 3},
                statuses={"changed": 9},
                pre_existing=1,
                equal_after={"note: nfc": 12, "note: crlf": 41},
                slices=(
                    SliceCount(by={"region": "ID", "status": "refunded"}, source=112, target=105, broken=7),
                    SliceCount(by={"region": "ID", "status": "delivered"}, source=5_410, target=5_417, broken=2),
                ),
                examples=(
                    Example(row="orders#1", status="changed", columns=("status", "total"), note="code to another code; smaller by 2 digits"),
                    Example(row="orders#2", status="changed", columns=("status",), note="code to another code"),
                ),
            ),
            check(
                "points_balances.attribution",
                outcome=Outcome.FAILED,
                sentence="2 balances stand with another person: the two were swapped.",
                broken=2,
                cells=2,
                people=2,
                money=(Money(currency="", amount="15400"),),
                columns={"account_id": 2},
                statuses={"changed": 2},
                examples=(Example(row="points_balances#1", status="changed", columns=("account_id",), note="the owner is another known person"),),
            ),
            check("reviews.invariant.stars", severity="warning", sentence="Stars are between 1 and 5."),
        ),
    )


def not_proven() -> Record:
    """Return the record of a gate that could not judge: a snapshot does not hold, a filter matches nothing, a column is gone."""
    return _with(
        clean(command="gate", batch=2, batches=(1,), region=None),
        headline="Batch 2 may not start: the target snapshot is too old, and reviews could not be compared.",
        findings=3,
        entities=(
            entity("reviews", outcome=Outcome.NOT_PROVEN, people=None, compared=0, same=0, target_rows=0),
            entity("products", outcome=Outcome.FAILED, changed=0, compared=0, same=0),
        ),
        checks=(
            check(
                "snapshot.target",
                outcome=Outcome.NOT_PROVEN,
                sentence="The target snapshot is 4 days and 6 hours old.",
                reason="the contract allows 72 hours at as_of",
                looked_at=1,
            ),
            check(
                "reviews.rows",
                outcome=Outcome.NOT_PROVEN,
                sentence="No review was compared.",
                reason="0 rows compared, the contract asks for at least 1",
                looked_at=0,
            ),
            check(
                "reviews.values",
                outcome=Outcome.NOT_PROVEN,
                sentence="Values of reviews were not compared.",
                reason="0 rows compared, the contract asks for at least 1",
                looked_at=0,
            ),
            check(
                "products.schema",
                outcome=Outcome.FAILED,
                sentence="The target's products are not as pinned: 1 column has another type, 1 is missing.",
                broken=2,
                looked_at=14,
                details=("goods.price: pinned as DECIMAL(18,2), found DOUBLE", "goods.category_code: pinned as INTEGER, not there"),
            ),
            *(
                check(
                    f"products.{kind}",
                    outcome=Outcome.NOT_PROVEN,
                    sentence="Not proven: the store is not as its pinned schema says.",
                    reason="the store is not as its pinned schema says",
                    looked_at=0,
                )
                for kind in ("keys", "rows", "values", "attribution", "instants", "counts", "natives")
            ),
            check(
                "coverage.target",
                outcome=Outcome.FAILED,
                sentence="1 column of the target is neither compared nor excluded.",
                broken=1,
                looked_at=38,
                details=("customers.mobile",),
            ),
        ),
        coverage=ledger(uncovered=("mobile",)),
    )


def gate_open() -> Record:
    """Return the record of a gate for batch 3 that lets it start."""
    return clean(command="gate", batch=3, batches=(1, 2), headline="Batch 3 may start: the source is fit, and batches 1 and 2 are proven and unharmed.")


def gate_shut() -> Record:
    """Return the record of a gate for batch 3 that is shut by damage in what has moved."""
    return broken().model_copy(update={"command": "gate", "batch": 3, "batches": (1, 2)})


def waived() -> Record:
    """Return the record of a batch whose one failure is waived."""
    return _with(
        clean(headline="Batch 1 is proven but for 3 waived reviews."),
        findings=3,
        entities=(entity("reviews", outcome=Outcome.WAIVED, people=3, changed=3, same=2_374),),
        checks=(
            check(
                "reviews.values",
                outcome=Outcome.WAIVED,
                severity="warning",
                sentence="3 reviews have another text: a trailing space is gone. Waived until 1 December 2024.",
                broken=3,
                cells=3,
                people=3,
                columns={"body": 3},
                statuses={"changed": 3},
            ),
        ),
        waivers=(waiver(),),
    )


def waiver(**changed: object) -> WaiverLine:
    """Return a waiver of three reviews that holds, some of it changed."""
    said: dict[str, object] = {
        "check": "reviews.values",
        "batch": 1,
        "status": "waived",
        "why": "exactly the 3 rows that it names",
        "by": "rows",
        "broken": 3,
        "unit": "row",
        "people": 3,
        "sha256": "c0ffee" * 10 + "beef",
        "rows": 3,
        "reason": "A trailing blank that nobody sees.",
        "ticket": "MIG-7",
        "author": "Ayu Lestari",
        "approver_role": "data-owner",
        "expires": "2024-12-01T17:00:00+00:00",
    }
    return WaiverLine.model_validate(said | changed)
