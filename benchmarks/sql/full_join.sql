-- What a careful person writes: one full outer join, null-safe counts for every column. Duplicate keys would show as more rows joined
-- than a side has.
SELECT
    count(*) AS joined,
    count(s.order_id) AS source_rows,
    count(t.order_id) AS target_rows,
    count(*) FILTER (t.order_id IS NULL) AS missing,
    count(*) FILTER (s.order_id IS NULL) AS extra,
    count(*) FILTER (s.order_id IS NOT NULL AND t.order_id IS NOT NULL AND s.account_id IS DISTINCT FROM t.account_id) AS account_id,
    count(*) FILTER (s.order_id IS NOT NULL AND t.order_id IS NOT NULL AND s.region IS DISTINCT FROM t.region) AS region,
    count(*) FILTER (s.order_id IS NOT NULL AND t.order_id IS NOT NULL AND s.status IS DISTINCT FROM t.status) AS status,
    count(*) FILTER (s.order_id IS NOT NULL AND t.order_id IS NOT NULL AND s.currency IS DISTINCT FROM t.currency) AS currency,
    count(*) FILTER (s.order_id IS NOT NULL AND t.order_id IS NOT NULL AND s.total IS DISTINCT FROM t.total) AS total,
    count(*) FILTER (s.order_id IS NOT NULL AND t.order_id IS NOT NULL AND s.created_at IS DISTINCT FROM t.created_at) AS created_at
FROM source.orders AS s
FULL OUTER JOIN target.orders AS t ON s.order_id = t.order_id;
