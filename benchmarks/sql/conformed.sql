-- Two stores with other habits: wall clocks with a zone, decimal money, words and own ids in the one; instants, minor units,
-- numeric codes and other ids in the other; two id maps between them. Ten cells differ.
-- Needs: made.orders. Variable: rows. Fills: shop, merged, crosswalk (attached databases).
CREATE TABLE shop.orders AS
SELECT order_id, account_id, region, status, currency, total, created_local AS created_at, zone
FROM made.orders
ORDER BY order_id;

-- Multiplying by a prime modulo the number of rows gives every id another place in a range of its own.
CREATE TABLE crosswalk.orders AS
WITH numbered AS (
    SELECT order_id, row_number() OVER (ORDER BY order_id) - 1 AS n
    FROM made.orders
)
SELECT order_id AS source_id, 500000000001 + (n * 15485863) % getvariable('rows') AS target_id
FROM numbered
ORDER BY source_id;

CREATE TABLE crosswalk.accounts AS
WITH people AS (
    SELECT DISTINCT account_id
    FROM made.orders
), numbered AS (
    SELECT account_id, row_number() OVER (ORDER BY account_id) - 1 AS n, count(*) OVER () AS people
    FROM people
)
SELECT account_id AS source_id, 70000001 + (n * 15485863) % people AS target_id
FROM numbered
ORDER BY source_id;

CREATE TABLE merged.sales AS
WITH picked AS (
    SELECT order_id, row_number() OVER (ORDER BY hash(order_id, 8), order_id) AS pick
    FROM made.orders
    QUALIFY pick <= 10
)
SELECT
    o.target_id AS sale_id,
    CASE WHEN pick IN (1, 2) THEN a.target_id + 1 ELSE a.target_id END AS customer_id,
    s.region AS market,
    CASE WHEN pick IN (3, 4, 5) THEN 7 WHEN pick = 6 THEN NULL
        ELSE CASE s.status WHEN 'pending' THEN 1 WHEN 'paid' THEN 2 WHEN 'shipped' THEN 3 WHEN 'completed' THEN 4
            WHEN 'cancelled' THEN 5 WHEN 'refunded' THEN 6 END END::INTEGER AS state,
    CASE s.currency WHEN 'IDR' THEN 360 WHEN 'GBP' THEN 826 WHEN 'EUR' THEN 978 WHEN 'USD' THEN 840 WHEN 'JPY' THEN 392 END::INTEGER AS currency,
    (CASE s.currency WHEN 'JPY' THEN s.total ELSE s.total * 100 END::BIGINT + CASE WHEN pick IN (7, 8) THEN 1 ELSE 0 END)::BIGINT AS amount,
    (s.created_local AT TIME ZONE s.zone) + CASE WHEN pick IN (9, 10) THEN INTERVAL 7 HOUR ELSE INTERVAL 0 HOUR END AS created_ts
FROM made.orders AS s
JOIN crosswalk.orders AS o ON o.source_id = s.order_id
JOIN crosswalk.accounts AS a ON a.source_id = s.account_id
LEFT JOIN picked USING (order_id)
ORDER BY hash(o.target_id, 7);
