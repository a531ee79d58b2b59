-- What a careful person writes who knows fingerprints: both sides brought to one shape, row hashes added up in 4,096 buckets of keys, and only
-- the buckets that differ joined. The few own ids in them are looked up in the map first. Returns each cell that differs.
CREATE TEMP TABLE source_prints AS
WITH s AS (
    SELECT
        o.target_id AS order_id, a.target_id AS account_id, r.region, r.status, r.currency, r.total,
        CASE r.zone
            WHEN 'Asia/Jakarta' THEN timezone('Asia/Jakarta', r.created_at)
            WHEN 'Asia/Makassar' THEN timezone('Asia/Makassar', r.created_at)
            WHEN 'Europe/London' THEN timezone('Europe/London', r.created_at)
            WHEN 'Europe/Paris' THEN timezone('Europe/Paris', r.created_at)
            WHEN 'UTC' THEN timezone('UTC', r.created_at)
        END AS created_at
    FROM source.orders AS r
    LEFT JOIN crosswalk.orders AS o ON o.source_id = r.order_id
    LEFT JOIN crosswalk.accounts AS a ON a.source_id = r.account_id
)
SELECT bucket, count(*) AS n, sum((hash(h) >> 32)::UINTEGER) AS lane_1, sum((hash(h) & 4294967295)::UINTEGER) AS lane_2
FROM (SELECT hash(order_id) & 4095 AS bucket, hash(order_id, account_id, region, status, currency, total, created_at) AS h FROM s)
GROUP BY bucket;

CREATE TEMP TABLE target_prints AS
WITH t AS (
    SELECT
        sale_id AS order_id, customer_id AS account_id, market AS region,
        CASE state WHEN 1 THEN 'pending' WHEN 2 THEN 'paid' WHEN 3 THEN 'shipped' WHEN 4 THEN 'completed' WHEN 5 THEN 'cancelled'
            WHEN 6 THEN 'refunded' ELSE 'unknown code ' || state END AS status,
        CASE currency WHEN 360 THEN 'IDR' WHEN 826 THEN 'GBP' WHEN 978 THEN 'EUR' WHEN 840 THEN 'USD' WHEN 392 THEN 'JPY'
            ELSE 'unknown code ' || currency END AS currency,
        (CASE currency WHEN 392 THEN amount::DECIMAL(18,2) ELSE amount * 0.01::DECIMAL(3,2) END)::DECIMAL(18,2) AS total,
        created_ts AS created_at
    FROM target.sales
)
SELECT bucket, count(*) AS n, sum((hash(h) >> 32)::UINTEGER) AS lane_1, sum((hash(h) & 4294967295)::UINTEGER) AS lane_2
FROM (SELECT hash(order_id) & 4095 AS bucket, hash(order_id, account_id, region, status, currency, total, created_at) AS h FROM t)
GROUP BY bucket;

CREATE TEMP TABLE differing AS
SELECT coalesce(a.bucket, b.bucket) AS bucket
FROM source_prints AS a FULL OUTER JOIN target_prints AS b USING (bucket)
WHERE (a.n, a.lane_1, a.lane_2) IS DISTINCT FROM (b.n, b.lane_1, b.lane_2);

CREATE TEMP TABLE own_ids AS
SELECT source_id, target_id
FROM crosswalk.orders
WHERE hash(target_id) & 4095 IN (SELECT bucket FROM differing);

CREATE TEMP TABLE some_orders AS
SELECT * FROM source.orders WHERE order_id IN (SELECT source_id FROM own_ids);

CREATE TEMP TABLE some_sales AS
SELECT * FROM target.sales WHERE hash(sale_id) & 4095 IN (SELECT bucket FROM differing);

WITH s AS (
    SELECT
        o.target_id AS order_id, a.target_id AS account_id, r.region, r.status, r.currency, r.total,
        CASE r.zone
            WHEN 'Asia/Jakarta' THEN timezone('Asia/Jakarta', r.created_at)
            WHEN 'Asia/Makassar' THEN timezone('Asia/Makassar', r.created_at)
            WHEN 'Europe/London' THEN timezone('Europe/London', r.created_at)
            WHEN 'Europe/Paris' THEN timezone('Europe/Paris', r.created_at)
            WHEN 'UTC' THEN timezone('UTC', r.created_at)
        END AS created_at
    FROM some_orders AS r
    LEFT JOIN own_ids AS o ON o.source_id = r.order_id
    LEFT JOIN crosswalk.accounts AS a ON a.source_id = r.account_id
), t AS (
    SELECT
        sale_id AS order_id, customer_id AS account_id, market AS region,
        CASE state WHEN 1 THEN 'pending' WHEN 2 THEN 'paid' WHEN 3 THEN 'shipped' WHEN 4 THEN 'completed' WHEN 5 THEN 'cancelled'
            WHEN 6 THEN 'refunded' ELSE 'unknown code ' || state END AS status,
        CASE currency WHEN 360 THEN 'IDR' WHEN 826 THEN 'GBP' WHEN 978 THEN 'EUR' WHEN 840 THEN 'USD' WHEN 392 THEN 'JPY'
            ELSE 'unknown code ' || currency END AS currency,
        (CASE currency WHEN 392 THEN amount::DECIMAL(18,2) ELSE amount * 0.01::DECIMAL(3,2) END)::DECIMAL(18,2) AS total,
        created_ts AS created_at
    FROM some_sales
)
SELECT
    coalesce(s.order_id, t.order_id) AS order_id,
    CASE WHEN t.order_id IS NULL THEN 'missing' WHEN s.order_id IS NULL THEN 'extra' ELSE 'changed' END AS found,
    s.account_id IS DISTINCT FROM t.account_id AS account_id,
    s.region IS DISTINCT FROM t.region AS region,
    s.status IS DISTINCT FROM t.status AS status,
    s.currency IS DISTINCT FROM t.currency AS currency,
    s.total IS DISTINCT FROM t.total AS total,
    s.created_at IS DISTINCT FROM t.created_at AS created_at
FROM s FULL OUTER JOIN t ON s.order_id = t.order_id
WHERE s.order_id IS NULL OR t.order_id IS NULL
    OR s.account_id IS DISTINCT FROM t.account_id OR s.region IS DISTINCT FROM t.region OR s.status IS DISTINCT FROM t.status
    OR s.currency IS DISTINCT FROM t.currency OR s.total IS DISTINCT FROM t.total OR s.created_at IS DISTINCT FROM t.created_at
ORDER BY order_id;
