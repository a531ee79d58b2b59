"""The clean demo is clean: what was moved corresponds row by row, joined by hand, without any of the engine's code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from dq_fixtures import BATCHES, DemoStores, build_demo
from dq_fixtures.build import describe

Db = duckdb.DuckDBPyConnection

# What each side's rows should be, in the target's ids and units. `{codes}` tables are spelled out here once more, on purpose.
CORRESPOND = {
    "accounts": (
        """SELECT x.target_id, u.region, u.email, u.phone, u.full_name, u.address, u.birth_date, list_position(['active', 'dormant', 'blocked', 'pending'], u.status),
                  u.marketing_consent = 1, u.password_hash, timezone(o.zone, u.created_at)
           FROM movers m JOIN source.users u ON u.user_id = m.account_id JOIN source.outlets o USING (outlet_id) JOIN crosswalk.accounts x ON x.source_id = u.user_id
           WHERE u.user_id NOT IN (SELECT source_id FROM crosswalk.merges)""",
        """SELECT customer_id, site, mail, mobile, display_name, postal_address, born, state, ads_consent, secret_hash, registered_ts
           FROM target.customers WHERE customer_id IN (SELECT target_id FROM crosswalk.accounts) AND customer_id NOT IN (SELECT customer_id FROM baseline.customers)""",
    ),
    "products": (
        """SELECT x.target_id, p.sku, o.region, p.name, c.code, p.currency, (p.price * if(p.currency = 'JPY', 1, 100))::BIGINT,
                  list_position(['on', 'off', 'preorder'], p.status), timezone(o.zone, p.listed_at)
           FROM source.products p JOIN crosswalk.products x ON x.source_id = p.product_id JOIN source.outlets o USING (outlet_id) JOIN source.categories c USING (category_id)
           WHERE p.deleted_at IS NULL""",
        """SELECT i.item_id, i.sku, i.site, i.label, g.code, u.word, i.price_minor, i.state, i.listed_ts
           FROM target.items i JOIN target.item_groups g USING (group_id) JOIN units u ON u.number = i.currency_no WHERE i.sku LIKE 'POCO-%'""",
    ),
    "orders": (
        """SELECT x.target_id, s.order_no, a.target_id, o.region, o.code, map([ 'paid', 'shipped', 'completed', 'cancelled', 'refunded'], [20, 30, 40, 90, 95])[s.status], s.currency,
                  (s.items_total * u.factor)::BIGINT, (s.shipping * u.factor)::BIGINT, (s.discount * u.factor)::BIGINT, (s.total * u.factor)::BIGINT, (s.refunded * u.factor)::BIGINT,
                  s.payment_method, s.payment_reference, s.note, timezone(o.zone, s.ordered_at), timezone(o.zone, s.paid_at)
           FROM movers m JOIN source.orders s ON s.user_id = m.account_id JOIN crosswalk.orders x ON x.source_id = s.order_id JOIN crosswalk.accounts a ON a.source_id = s.user_id
           JOIN source.outlets o USING (outlet_id) JOIN units u ON u.word = s.currency WHERE s.deleted_at IS NULL""",
        """SELECT s.sale_id, s.sale_no, s.customer_id, s.site, s.outlet, s.state, u.word, s.goods_minor, s.freight_minor, s.rebate_minor, s.total_minor, s.returned_minor, s.pay_method,
                  s.pay_reference, s.remark, s.ordered_ts, s.paid_ts
           FROM target.sales s JOIN units u ON u.number = s.currency_no WHERE s.sale_no LIKE 'PO-%'""",
    ),
    "order_lines": (
        """SELECT x.target_id, s.target_id, p.target_id, l.line_no, l.quantity, (l.unit_price * u.factor)::BIGINT, (l.discount * u.factor)::BIGINT, (l.tax * u.factor)::BIGINT,
                  (l.total * u.factor)::BIGINT
           FROM movers m JOIN source.orders o ON o.user_id = m.account_id JOIN source.order_lines l USING (order_id) JOIN crosswalk.order_lines x ON x.source_id = l.line_id
           JOIN crosswalk.orders s ON s.source_id = o.order_id JOIN crosswalk.products p ON p.source_id = l.product_id JOIN units u ON u.word = o.currency WHERE l.deleted_at IS NULL""",
        """SELECT l.line_id, l.sale_id, l.item_id, l.position, l.quantity, l.unit_minor, l.rebate_minor, l.tax_minor, l.total_minor
           FROM target.sale_lines l JOIN target.sales USING (sale_id) WHERE sale_no LIKE 'PO-%'""",
    ),
    "payments": (
        """SELECT p.payment_no, s.target_id, list_position(['bank_transfer', 'e_wallet', 'card', 'cod'], p.method), p.reference, (p.amount * u.factor)::BIGINT, (p.refunded * u.factor)::BIGINT,
                  u.number, map(['captured', 'refunded', 'part_refunded', 'void'], [1, 2, 3, 9])[p.status], timezone(z.zone, p.paid_at)
           FROM movers m JOIN source.orders o ON o.user_id = m.account_id JOIN source.outlets z USING (outlet_id) JOIN source.payments p USING (order_id)
           JOIN crosswalk.orders s ON s.source_id = o.order_id JOIN units u ON u.word = p.currency WHERE p.deleted_at IS NULL""",
        """SELECT payment_no, sale_id, method, reference, amount_minor, returned_minor, currency_no, state, paid_ts FROM target.sale_payments WHERE payment_no LIKE 'PM-%'""",
    ),
    "warranties": (
        """SELECT w.certificate, x.target_id, w.serial, w.imei, w.starts_on, w.ends_on, map(['active', 'claimed', 'expired', 'void'], [1, 2, 3, 9])[w.status]
           FROM movers m JOIN source.orders o ON o.user_id = m.account_id JOIN source.order_lines l USING (order_id) JOIN source.warranties w USING (line_id)
           JOIN crosswalk.order_lines x ON x.source_id = w.line_id WHERE w.deleted_at IS NULL""",
        "SELECT certificate, line_id, serial, imei, first_day, last_day, state FROM target.device_cover WHERE certificate LIKE 'W-%'",
    ),
    "coupons": (
        """SELECT x.target_id, c.code, a.target_id, o.region, d.title, list_position(['amount', 'percent', 'shipping'], d.kind), (d.face_value * u.factor)::BIGINT, d.currency,
                  (d.minimum_spend * u.factor)::BIGINT, d.scope, list_position(['unused', 'used', 'expired', 'frozen'], c.status), c.uses_left, s.target_id,
                  timezone(o.zone, c.valid_from), timezone(o.zone, c.expires_on + INTERVAL 1 DAY)
           FROM movers m JOIN source.user_coupons c ON c.user_id = m.account_id JOIN source.coupon_definitions d USING (definition_id) JOIN source.outlets o USING (outlet_id)
           JOIN crosswalk.coupons x ON x.source_id = c.coupon_id JOIN crosswalk.accounts a ON a.source_id = c.user_id JOIN units u ON u.word = d.currency
           LEFT JOIN crosswalk.orders s ON s.source_id = c.used_order_id WHERE c.deleted_at IS NULL""",
        """SELECT v.voucher_id, v.code, v.customer_id, v.site, v.title, v.kind, v.face_minor, u.word, v.min_spend_minor, v.scope, v.state, v.uses_left, v.used_sale_id, v.valid_from_ts, v.valid_until_ts
           FROM target.vouchers v JOIN units u ON u.number = v.currency_no WHERE v.code LIKE 'PC-%'""",
    ),
    "points_entries": (
        """SELECT l.entry_ref, a.target_id, s.target_id, o.region, list_position(['earn', 'spend', 'expire', 'adjust'], l.kind), l.points, timezone(o.zone, l.created_at),
                  timezone(o.zone, l.expires_on + INTERVAL 1 DAY)
           FROM movers m JOIN source.points_ledger l ON l.user_id = m.account_id JOIN source.outlets o USING (outlet_id) JOIN crosswalk.accounts a ON a.source_id = l.user_id
           LEFT JOIN crosswalk.orders s ON s.source_id = l.order_id""",
        "SELECT entry_ref, customer_id, sale_id, site, kind, points, booked_ts, until_ts FROM target.loyalty WHERE row_kind = 1 AND entry_ref LIKE 'PTS-%'",
    ),
    "points_balances": (
        """SELECT a.target_id, u.region, sum(b.balance) FROM movers m JOIN source.points_balances b ON b.user_id = m.account_id JOIN source.users u USING (user_id)
           JOIN crosswalk.accounts a ON a.source_id = b.user_id GROUP BY ALL""",
        """SELECT t.customer_id, t.site, t.points - coalesce(n.points, 0) FROM target.loyalty t LEFT JOIN baseline.loyalty n USING (loyalty_id)
           WHERE t.row_kind = 2 AND t.customer_id IN (SELECT target_id FROM crosswalk.accounts)""",
    ),
    "reviews": (
        """SELECT x.target_id, a.target_id, p.target_id, s.target_id, o.region, r.stars, r.title, r.body, list_position(['published', 'hidden', 'pending'], r.status),
                  r.attributes ->> 'language', r.attributes ->> 'helpful', r.attributes ->> '$.variant.colour', timezone(o.zone, r.created_at)
           FROM movers m JOIN source.reviews r ON r.user_id = m.account_id JOIN source.outlets o USING (outlet_id) JOIN crosswalk.reviews x ON x.source_id = r.review_id
           JOIN crosswalk.accounts a ON a.source_id = r.user_id JOIN crosswalk.products p ON p.source_id = r.product_id LEFT JOIN crosswalk.orders s ON s.source_id = r.order_id
           WHERE r.deleted_at IS NULL""",
        """SELECT comment_id, customer_id, item_id, sale_id, site, score, headline, content, state, language, details ->> 'helpful', details ->> '$.variant.colour', posted_ts
           FROM target.comments WHERE comment_id IN (SELECT target_id FROM crosswalk.reviews)""",
    ),
    "consents": (
        """SELECT a.target_id, c.purpose, [false, true][1 + c.granted], c.version, timezone(o.zone, c.asked_at)
           FROM movers m JOIN source.consents c ON c.user_id = m.account_id JOIN source.users u USING (user_id) JOIN source.outlets o USING (outlet_id)
           JOIN crosswalk.accounts a ON a.source_id = c.user_id WHERE c.user_id NOT IN (SELECT source_id FROM crosswalk.merges)""",
        """SELECT customer_id, purpose, is_granted, version, asked_ts FROM target.customer_consents
           WHERE customer_id IN (SELECT target_id FROM crosswalk.accounts) AND customer_id NOT IN (SELECT customer_id FROM baseline.customers)""",
    ),
    "redirects": (
        """SELECT p.host, p.path, if(p.host = 'www.po.co.id', 'www.mi.co.id', 'www.mi.com'), 301, true, list_position(['product', 'service', 'category', 'home'], p.kind),
                  i.target_id, s.target_id, c.code
           FROM source.pages p LEFT JOIN crosswalk.products i ON i.source_id = p.product_id LEFT JOIN crosswalk.services s ON s.source_id = p.service_id
           LEFT JOIN source.categories c USING (category_id) WHERE p.is_public = 1""",
        """SELECT r.from_host, r.from_path, r.to_host, r.code, w.is_live, w.kind, w.item_id, w.plan_id, g.code
           FROM target.redirects r JOIN target.site_pages w ON w.host = r.to_host AND w.path = r.to_path LEFT JOIN target.item_groups g USING (group_id)
           WHERE r.from_host LIKE 'www.po.co%'""",
    ),
}
FEW = {
    "services": (
        """SELECT x.target_id, s.code, o.region, s.name, s.currency, (s.price * if(s.currency = 'JPY', 1, 100))::BIGINT, list_position(['on', 'off'], s.status)
           FROM source.services s JOIN crosswalk.services x ON x.source_id = s.service_id JOIN source.outlets o USING (outlet_id)""",
        """SELECT p.plan_id, p.code, p.site, p.label, u.word, p.price_minor, p.state FROM target.service_plans p JOIN units u ON u.number = p.currency_no
           WHERE p.code LIKE 'SVC-%'""",
    ),
    "retired_products": (
        """SELECT p.sku, o.region, r.reason, r.retired_on FROM source.products p JOIN source.retired_products r USING (product_id)
           JOIN source.outlets o USING (outlet_id) WHERE p.status = 'retired'""",
        "SELECT sku, site, reason, retired_on FROM target.retired_items WHERE sku LIKE 'POCO-%'",
    ),
    "coupon_definitions": (
        """SELECT x.target_id, d.title, list_position(['amount', 'percent', 'shipping'], d.kind), (d.face_value * u.factor)::BIGINT, d.currency,
                  (d.minimum_spend * u.factor)::BIGINT, d.scope
           FROM source.coupon_definitions d JOIN crosswalk.coupon_definitions x ON x.source_id = d.definition_id JOIN units u ON u.word = d.currency""",
        """SELECT c.campaign_id, c.name, c.kind, c.face_minor, u.word, c.min_spend_minor, c.scope FROM target.campaigns c JOIN units u ON u.number = c.currency_no
           WHERE c.campaign_id IN (SELECT target_id FROM crosswalk.coupon_definitions)""",
    ),
    "coupon_categories": (
        """SELECT x.target_id, c.code FROM source.coupon_definition_categories d JOIN crosswalk.coupon_definitions x ON x.source_id = d.definition_id
           JOIN source.categories c USING (category_id)""",
        """SELECT r.campaign_id, g.code FROM target.campaign_groups r JOIN target.item_groups g USING (group_id)
           WHERE r.campaign_id IN (SELECT target_id FROM crosswalk.coupon_definitions)""",
    ),
    "coupon_products": (
        """SELECT x.target_id, i.target_id FROM source.coupon_definition_products d JOIN crosswalk.coupon_definitions x ON x.source_id = d.definition_id
           JOIN crosswalk.products i ON i.source_id = d.product_id""",
        "SELECT campaign_id, item_id FROM target.campaign_items WHERE campaign_id IN (SELECT target_id FROM crosswalk.coupon_definitions)",
    ),
}
"""The same of the shop window, of which there are a few dozen rows at most."""
NATIVE = {"customers": "customer_id", "items": "item_id", "sales": "sale_id", "vouchers": "voucher_id", "comments": "comment_id", "loyalty": "loyalty_id"}
NATIVE |= {"customer_consents": "consent_id", "campaigns": "campaign_id", "campaign_groups": "rule_id", "campaign_items": "rule_id"}
NATIVE |= {"sale_lines": "line_id", "sale_payments": "payment_id", "device_cover": "cover_id"}
NATIVE |= {"service_plans": "plan_id", "retired_items": "retired_id", "redirects": "redirect_id"}
SHOP = ("items", "campaigns", "campaign_groups", "campaign_items", "service_plans", "retired_items", "redirects")
"""Tables to which the target added nothing of its own since."""


def attached(stores: DemoStores) -> Db:
    """All four files in one connection, with the accounts that moved and the currencies' units."""
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    for store in stores:
        db.execute(f"ATTACH '{store.path}' AS {store.kind} (READ_ONLY)")
    db.execute(f"""CREATE TEMP TABLE movers AS SELECT account_id FROM crosswalk.batches
                   WHERE batch <= {stores.target.batch} AND account_id NOT IN (SELECT account_id FROM crosswalk.erasures)""")
    db.execute("""CREATE TEMP TABLE units AS FROM (VALUES ('IDR', 360, 100), ('GBP', 826, 100), ('EUR', 978, 100), ('USD', 840, 100), ('CNY', 156, 100), ('JPY', 392, 1))
                  AS u (word, number, factor)""")
    return db


def one(db: Db, sql: str) -> object:
    """The only value of a query."""
    row = db.execute(sql).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture(scope="module", params=[1, len(BATCHES)], ids=["after batch 1", "after the last batch"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Db]:
    """The default demo, early and late in the migration."""
    with attached(build_demo(tmp_path_factory.mktemp("demo"), moved_batches=request.param)) as db:
        yield db


@pytest.mark.parametrize("entity", CORRESPOND)
def test_every_moved_row_corresponds_exactly(demo: Db, entity: str) -> None:
    source, target = CORRESPOND[entity]
    assert one(demo, f"SELECT count(*) FROM ({source})") > 100
    assert demo.execute(f"({source}) EXCEPT ALL ({target})").fetchall() == []
    assert demo.execute(f"({target}) EXCEPT ALL ({source})").fetchall() == []


@pytest.mark.parametrize("entity", FEW)
def test_the_shop_window_corresponds_exactly(demo: Db, entity: str) -> None:
    source, target = FEW[entity]
    assert one(demo, f"SELECT count(*) FROM ({source})") >= 8
    assert demo.execute(f"({source}) EXCEPT ALL ({target})").fetchall() == []
    assert demo.execute(f"({target}) EXCEPT ALL ({source})").fetchall() == []


def test_every_product_is_in_the_target_or_retired_for_a_reason(demo: Db) -> None:
    lost = """SELECT sku FROM source.products WHERE deleted_at IS NULL
              EXCEPT SELECT sku FROM target.items EXCEPT SELECT sku FROM target.retired_items WHERE length(reason) > 10"""
    assert demo.execute(lost).fetchall() == []
    assert one(demo, "SELECT count(*) FROM target.items SEMI JOIN target.retired_items USING (sku)") == 0
    for table in ("reviews", "carts", "coupon_definition_products"):
        assert one(demo, f"SELECT count(*) FROM source.{table} JOIN source.products p USING (product_id) WHERE p.status = 'retired'") == 0, table


def test_no_redirect_leads_to_another(demo: Db) -> None:
    assert one(demo, "SELECT count(*) FROM target.redirects a JOIN target.redirects b ON a.to_host = b.from_host AND a.to_path = b.from_path") == 0


def test_answers_are_yes_no_and_none(demo: Db) -> None:
    for table in ("baseline.customer_consents", "target.customer_consents"):
        assert one(demo, f"SELECT count(DISTINCT coalesce(is_granted::VARCHAR, 'none')) FROM {table}") == 3, table


@pytest.mark.parametrize("table", NATIVE)
def test_a_native_row_differs_from_the_baseline_only_with_a_newer_change_time(demo: Db, table: str) -> None:
    key = NATIVE[table]
    gone = f"SELECT {key} FROM baseline.{table} ANTI JOIN target.{table} USING ({key})"
    changed = f"SELECT {key} FROM ((FROM baseline.{table}) EXCEPT (FROM target.{table}))"
    silent = (
        f"""SELECT {key} FROM ({changed}) JOIN baseline.{table} b USING ({key}) JOIN target.{table} t USING ({key}) WHERE NOT t.updated_ts > b.updated_ts"""
    )
    assert demo.execute(gone).fetchall() == []
    assert demo.execute(silent).fetchall() == []
    assert one(demo, f"SELECT count(*) FROM ({changed})") > 0


@pytest.mark.parametrize("table", NATIVE)
def test_the_target_is_alive(demo: Db, table: str) -> None:
    new = f"SELECT count(*) FROM target.{table} t ANTI JOIN baseline.{table} b USING ({NATIVE[table]}) WHERE created_ts > '2024-10-28 17:00:00+00' AND created_ts < '2024-10-30 00:00:00+00'"
    assert table in SHOP or one(demo, new) > 0


@pytest.mark.parametrize("name", ["accounts", "products", "orders", "order_lines", "coupons", "reviews", "coupon_definitions", "services"])
def test_the_crosswalk_is_one_to_one_but_for_declared_merges(demo: Db, name: str) -> None:
    doubled = one(demo, f"SELECT count(*) - count(DISTINCT target_id) FROM crosswalk.{name}")
    merged_sources = one(demo, f"SELECT count(*) FROM crosswalk.merges WHERE crosswalk = '{name}' AND kept = 'source'")
    natives_twice = one(demo, f"SELECT count(*) - count(DISTINCT target_id) FROM crosswalk.merges WHERE crosswalk = '{name}' AND kept = 'target'")
    assert doubled == merged_sources + natives_twice


def test_merges_of_both_kinds_are_there(demo: Db) -> None:
    kinds = demo.execute("SELECT kept, count(*) > 5 FROM crosswalk.merges GROUP BY kept ORDER BY kept").fetchall()
    assert kinds == [("source", True), ("target", True)]


def test_erased_people_are_gone_from_the_target(demo: Db) -> None:
    assert one(demo, "SELECT count(*) FROM crosswalk.erasures") > 1
    assert one(demo, "SELECT count(*) FROM crosswalk.erasures ANTI JOIN crosswalk.accounts ON account_id = source_id") > 0
    left = "SELECT count(*) FROM crosswalk.erasures JOIN crosswalk.accounts ON account_id = source_id JOIN target.customers ON customer_id = target_id"
    assert one(demo, left) == 0


def test_balances_are_the_sum_of_the_ledger_on_both_sides(demo: Db) -> None:
    source = "SELECT user_id FROM source.points_balances b WHERE balance <> (SELECT coalesce(sum(points), 0) FROM source.points_ledger l WHERE l.user_id = b.user_id)"
    target = """SELECT customer_id FROM target.loyalty b WHERE row_kind = 2
                AND points <> (SELECT coalesce(sum(points), 0) FROM target.loyalty e WHERE e.row_kind = 1 AND e.customer_id = b.customer_id)"""
    assert demo.execute(source).fetchall() == []
    assert demo.execute(target).fetchall() == []


def test_order_totals_add_up(demo: Db) -> None:
    assert one(demo, "SELECT count(*) FROM source.orders WHERE total <> items_total + shipping - discount") == 0


def test_an_order_is_the_sum_of_its_lines_and_of_its_payments_on_both_sides(demo: Db) -> None:
    """So are the native sales that their customers have not changed since."""
    for side, order, key, line, payment, sums in (
        ("source", "orders", "order_id", "order_lines", "payments", ("items_total", "total", "refunded", "total", "amount", "refunded")),
        (
            "target",
            "(FROM target.sales ANTI JOIN (FROM target.sale_lines WHERE updated_ts > created_ts) USING (sale_id))",
            "sale_id",
            "sale_lines",
            "sale_payments",
            ("goods_minor", "total_minor", "returned_minor", "total_minor", "amount_minor", "returned_minor"),
        ),
    ):
        goods, total, back, goods_of, total_of, back_of = sums
        wrong = f"""
            SELECT count(*) FROM {order if side == "target" else "source.orders"} AS o
            WHERE {goods} IS DISTINCT FROM (SELECT sum({goods_of}) FROM {side}.{line} l WHERE l.{key} = o.{key})
               OR {total} IS DISTINCT FROM (SELECT sum({total_of}) FROM {side}.{payment} p WHERE p.{key} = o.{key})
               OR {back} IS DISTINCT FROM (SELECT sum({back_of}) FROM {side}.{payment} p WHERE p.{key} = o.{key})"""
        assert one(demo, wrong) == 0, side
    assert one(demo, "SELECT count(*) FROM source.order_lines WHERE total <> quantity * unit_price - discount + tax OR quantity < 1 OR unit_price < 0") == 0


def test_orders_have_several_lines_and_payments_and_devices_have_warranties(demo: Db) -> None:
    lines, payments = (one(demo, f"SELECT count(*) / (SELECT count(*) FROM source.orders) FROM source.{table}") for table in ("order_lines", "payments"))
    assert 1.8 < float(str(lines)) < 2.2
    assert 1.1 < float(str(payments)) < 1.3
    assert one(demo, "SELECT count(*) FROM (SELECT line_id FROM source.warranties GROUP BY 1 HAVING count(*) > 1)") > 100
    other = "SELECT count(*) FROM source.warranties JOIN source.order_lines USING (line_id) JOIN source.products USING (product_id) WHERE category_id NOT IN (11, 12)"
    assert one(demo, other) == 0
    imeis = "SELECT count(*) FILTER (imei IS NULL) > 50, count(*) FILTER (imei LIKE '0%') > 50, count(*) FILTER (length(imei) = 16) > 20, count(imei) = count(DISTINCT imei)"
    assert demo.execute(f"{imeis} FROM source.warranties").fetchone() == (True, True, True, True)


def test_no_order_is_later_than_the_freeze(demo: Db) -> None:
    assert one(demo, "SELECT max(timezone(zone, ordered_at)) < '2024-10-20 17:00:00+00' FROM source.orders JOIN source.outlets USING (outlet_id)") is True


def test_a_region_sums_to_more_than_a_double_can_count(demo: Db) -> None:
    in_batch = "SELECT sum(total * 100)::HUGEINT FROM source.orders JOIN crosswalk.batches ON account_id = user_id WHERE batch = 1 AND currency = 'IDR'"
    assert one(demo, in_batch) > 2**53


@pytest.mark.parametrize("column", ["source.users.phone", "source.users.full_name", "source.orders.note", "source.reviews.title"])
def test_null_and_empty_are_both_there(demo: Db, column: str) -> None:
    table, name = column.rsplit(".", 1)
    assert demo.execute(f"SELECT count(*) FILTER ({name} IS NULL) > 0, count(*) FILTER ({name} = '') > 0 FROM {table}").fetchone() == (True, True)


def test_texts_hold_what_breaks_careless_programs(demo: Db) -> None:
    for wanted in ("👍", "<script>", "DROP TABLE", "=SUM(", "\r\n"):
        assert one(demo, f"SELECT count(*) FROM target.comments WHERE contains(content, '{wanted}')") > 0, wanted
    assert one(demo, "SELECT count(*) FROM target.customers WHERE strip_accents(display_name) <> display_name") > 0
    assert one(demo, "SELECT count(*) FROM target.customers WHERE nfc_normalize(display_name) <> display_name") == 0


def test_codes_differ_only_in_case(demo: Db) -> None:
    assert one(demo, "SELECT count(DISTINCT code) - count(DISTINCT lower(code)) FROM target.vouchers") > 0


def test_wall_clocks_avoid_gaps_and_overlaps_and_agree_with_zoneinfo(demo: Db) -> None:
    rows = demo.execute("""SELECT zone, ordered_at, timezone(zone, ordered_at) FROM source.orders JOIN source.outlets USING (outlet_id)
                           WHERE zone <> 'UTC' AND (month(ordered_at) IN (3, 10) OR order_id % 40 = 0) ORDER BY order_id""").fetchall()
    assert {zone for zone, _, _ in rows} == {"Asia/Jakarta", "Asia/Makassar", "Europe/London", "Europe/Paris"}
    offsets = set()
    for zone, wall, instant in rows:
        local = wall.replace(tzinfo=ZoneInfo(zone))
        assert local.utcoffset() == local.replace(fold=1).utcoffset()
        assert local == instant
        offsets.add((zone, local.utcoffset()))
    assert {("Europe/London", timedelta(0)), ("Europe/London", timedelta(hours=1))} <= offsets


def test_microseconds_are_there(demo: Db) -> None:
    assert one(demo, "SELECT count(*) > 0 FROM target.sales WHERE microsecond(ordered_ts) % 1000 <> 0") is True


def test_every_base_table_declares_its_key(demo: Db) -> None:
    tables = "SELECT database_name, table_name FROM duckdb_tables() WHERE database_name IN ('source', 'target', 'baseline', 'crosswalk')"
    keyed = "SELECT database_name, table_name FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
    assert demo.execute(f"({tables}) EXCEPT ({keyed})").fetchall() == [("crosswalk", "merges")]


def contents(stores: DemoStores) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    """Every row of every table, in an order of its own."""
    found = {}
    for store in stores:
        with duckdb.connect(str(store.path), read_only=True) as db:
            for (table,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                found[store.kind, table] = db.execute(f"SELECT t::VARCHAR FROM {table} AS t ORDER BY ALL").fetchall()
    return found


@pytest.mark.slow
def test_a_seed_gives_the_same_stores_with_any_number_of_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one_seed = contents(build_demo(tmp_path / "a", accounts=300))
    monkeypatch.setattr("dq_fixtures.build.duckdb.connect", partial(duckdb.connect, config={"threads": 1}))
    assert contents(build_demo(tmp_path / "b", accounts=300)) == one_seed
    assert contents(build_demo(tmp_path / "c", accounts=300, seed=1)) != one_seed


def test_before_the_first_batch_nothing_of_poco_is_there(tmp_path: Path) -> None:
    with attached(build_demo(tmp_path, accounts=200, moved_batches=0)) as db:
        assert one(db, "SELECT count(*) FROM crosswalk.accounts") == 0
        assert one(db, "SELECT count(*) FROM target.sales WHERE sale_no LIKE 'PO-%'") == 0


@pytest.mark.slow
def test_a_batch_that_is_cut_is_cut_into_accounts_of_its_own(tmp_path: Path) -> None:
    pieces = 4
    found = {}
    for cut in (1, pieces):
        with attached(build_demo(tmp_path / str(cut), accounts=1000, moved_batches=len(BATCHES) * cut, pieces=cut)) as db:
            found[cut] = dict(db.execute("SELECT account_id, batch FROM crosswalk.batches").fetchall())
    assert {account: (batch - 1) // pieces + 1 for account, batch in found[pieces].items()} == found[1]
    assert set(found[pieces].values()) == set(range(1, len(BATCHES) * pieces + 1))


def test_pieces_of_a_batch_move_one_after_the_other_within_its_week(tmp_path: Path) -> None:
    stores = [describe(tmp_path, accounts=1, seed=1, moved_batches=batch, pieces=4) for batch in range(1, 6)]
    taken = [store.target.moment for store in stores]
    assert {later - earlier for earlier, later in pairwise(taken)} == {timedelta(days=7) / 4}
    assert taken[4] - taken[0] == timedelta(days=7)


def test_the_moments_are_in_autumn_2024_and_in_order(tmp_path: Path) -> None:
    stores = build_demo(tmp_path, accounts=50)
    assert stores.baseline.moment < stores.source.moment < stores.target.moment < datetime.fromisoformat("2024-12-12T17:00:00Z")
    assert stores.target.moment - stores.source.moment < timedelta(hours=24)


@pytest.mark.parametrize(("accounts", "moved"), [(0, 1), (10, 9), (10, -1)])
def test_an_impossible_demo_is_refused(tmp_path: Path, accounts: int, moved: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        build_demo(tmp_path, accounts=accounts, moved_batches=moved)
