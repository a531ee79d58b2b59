-- Both sides in one shape: the source in the order of its keys, the target shuffled, and three ways in which the target may differ.
-- Needs: made.orders. Fills: source, ten, one_percent, all_rows (attached databases), table orders in each.
CREATE TABLE source.orders AS
SELECT order_id, account_id, region, status, currency, total, created_local AT TIME ZONE zone AS created_at
FROM made.orders
ORDER BY order_id;

CREATE TEMP TABLE shuffled AS
FROM source.orders
ORDER BY hash(order_id, 7);

-- Ten cells, in ten rows spread over the keys, in four columns.
CREATE TABLE ten.orders AS
WITH picked AS (
    SELECT order_id, row_number() OVER (ORDER BY hash(order_id, 8), order_id) AS pick
    FROM source.orders
    QUALIFY pick <= 10
)
SELECT
    s.order_id,
    CASE WHEN pick IN (1, 2) THEN s.account_id + 1 ELSE s.account_id END AS account_id,
    s.region,
    CASE WHEN pick IN (3, 4, 5) THEN 'returned' WHEN pick = 6 THEN NULL ELSE s.status END AS status,
    s.currency,
    CASE WHEN pick IN (7, 8) THEN s.total + 0.01 ELSE s.total END::DECIMAL(18,2) AS total,
    CASE WHEN pick IN (9, 10) THEN s.created_at + INTERVAL 7 HOUR ELSE s.created_at END AS created_at
FROM shuffled AS s LEFT JOIN picked USING (order_id)
ORDER BY hash(s.order_id, 7);

-- One row in a hundred has one cell changed, each third of them in another column.
CREATE TABLE one_percent.orders AS
SELECT
    order_id, account_id, region,
    CASE WHEN hash(order_id, 9) % 300 = 0 THEN 'returned' ELSE status END AS status,
    currency,
    CASE WHEN hash(order_id, 9) % 300 = 100 THEN total + 1 ELSE total END::DECIMAL(18,2) AS total,
    CASE WHEN hash(order_id, 9) % 300 = 200 THEN created_at + INTERVAL 7 HOUR ELSE created_at END AS created_at
FROM shuffled;

-- Every row is seven hours late (local time read as UTC); one in ten has another status too, one in a hundred another amount.
CREATE TABLE all_rows.orders AS
SELECT
    order_id, account_id, region,
    CASE WHEN hash(order_id, 10) % 10 = 0 THEN 'returned' ELSE status END AS status,
    currency,
    CASE WHEN hash(order_id, 10) % 100 = 1 THEN total + 1 ELSE total END::DECIMAL(18,2) AS total,
    created_at + INTERVAL 7 HOUR AS created_at
FROM shuffled;
