-- Orders as a shop has them: ids with gaps, a fifth as many accounts, the region a property of the account,
-- the currency one of the region's, amounts in that currency's size. Everything follows from the row's number.
-- Variable: rows.
CREATE TABLE orders AS
WITH numbered AS (
    SELECT range AS n, 100001 + (hash(range, 1) % greatest(1, getvariable('rows') // 5))::BIGINT AS account_id
    FROM range(getvariable('rows'))
), drawn AS (
    SELECT
        n, account_id,
        hash(account_id, 2) % 100 AS region_draw, hash(account_id, 3) % 100 AS zone_draw, hash(n, 4) % 100 AS status_draw,
        (hash(n, 5) % 1000000)::BIGINT AS amount_draw, (hash(n, 6) % 3600000000)::BIGINT AS hour_draw
    FROM numbered
), placed AS (
    SELECT
        *,
        CASE WHEN region_draw < 70 THEN 'ID' WHEN region_draw < 82 THEN 'GB' WHEN region_draw < 92 THEN 'FR' ELSE 'GLOBAL' END AS region
    FROM drawn
), priced AS (
    SELECT
        *,
        CASE region WHEN 'ID' THEN 'IDR' WHEN 'GB' THEN 'GBP' WHEN 'FR' THEN 'EUR'
            ELSE CASE WHEN zone_draw < 10 THEN 'JPY' ELSE 'USD' END END AS currency,
        CASE region WHEN 'ID' THEN CASE WHEN zone_draw < 80 THEN 'Asia/Jakarta' ELSE 'Asia/Makassar' END
            WHEN 'GB' THEN 'Europe/London' WHEN 'FR' THEN 'Europe/Paris' ELSE 'UTC' END AS zone
    FROM placed
)
SELECT
    (202100000001 + n + n // 10)::BIGINT AS order_id,
    account_id,
    region,
    CASE WHEN status_draw < 74 THEN 'completed' WHEN status_draw < 84 THEN 'cancelled' WHEN status_draw < 91 THEN 'refunded'
        WHEN status_draw < 95 THEN 'shipped' WHEN status_draw < 98 THEN 'paid' ELSE 'pending' END AS status,
    currency,
    CASE currency WHEN 'IDR' THEN (amount_draw + 9) * 100 WHEN 'JPY' THEN amount_draw // 10 + 100
        ELSE (amount_draw // 5 + 100)::DECIMAL(14,2) * 0.01 END::DECIMAL(18,2) AS total,
    -- 2021-01-01 to 2024-10-20, growing with the order's number, each within an hour of its place
    TIMESTAMP '2021-01-01 00:00:00' + to_microseconds((n * (119900000000000 // getvariable('rows')))::BIGINT + hour_draw) AS created_local,
    zone
FROM priced
ORDER BY n;
