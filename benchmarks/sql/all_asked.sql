-- The same join and the same findings, with everything else that is asked of a comparison: fingerprints of both sides in buckets, proof that keys are
-- unique, sums by two slices, people and money of what differs, both values of the first 100,000 cells of each column, the proof that both ways
-- agree. By hand, for this table alone, and with as much memory as it wants.
CREATE TEMP TABLE source_scanned AS
SELECT hash(order_id) >> 52 AS bucket, count(*) AS n, sum((hash(h) >> 32)::UINTEGER) AS lane_1, sum((hash(h) & 4294967295)::UINTEGER) AS lane_2
FROM (SELECT order_id, hash(order_id, account_id, region, status, currency, total, created_at) AS h FROM source.orders)
GROUP BY bucket;

CREATE TEMP TABLE target_scanned AS
SELECT hash(order_id) >> 52 AS bucket, count(*) AS n, sum((hash(h) >> 32)::UINTEGER) AS lane_1, sum((hash(h) & 4294967295)::UINTEGER) AS lane_2
FROM (SELECT order_id, hash(order_id, account_id, region, status, currency, total, created_at) AS h FROM target.orders)
GROUP BY bucket;

SET VARIABLE first_key = (SELECT min(order_id) FROM source.orders);
SET VARIABLE last_key = (SELECT max(order_id) FROM source.orders);

CREATE TEMP TABLE unique_keys AS
SELECT bit_count(bitstring_agg(order_id, getvariable('first_key'), getvariable('last_key'))) AS keys FROM source.orders;

CREATE TEMP TABLE sums AS
SELECT 'source' AS side, region, currency, count(*) AS n, sum(total) AS net, sum(abs(total)) AS gross FROM source.orders GROUP BY ALL
UNION ALL
SELECT 'target' AS side, region, currency, count(*) AS n, sum(total) AS net, sum(abs(total)) AS gross FROM target.orders GROUP BY ALL;

CREATE TEMP TABLE found AS
SELECT
    coalesce(s.order_id, t.order_id) AS order_id,
    CASE WHEN t.order_id IS NULL THEN 'missing' WHEN s.order_id IS NULL THEN 'extra' ELSE 'changed' END::ENUM('missing', 'extra', 'changed') AS status,
    coalesce(s.account_id, t.account_id) AS account_id,
    s.total AS source_total,
    t.total AS target_total,
    coalesce(s.region, t.region) AS region,
    coalesce(s.currency, t.currency) AS currency,
    s.h AS source_hash,
    t.h AS target_hash,
    (CASE WHEN s.account_id IS DISTINCT FROM t.account_id THEN 1 ELSE 0 END
        + CASE WHEN s.region IS DISTINCT FROM t.region THEN 2 ELSE 0 END
        + CASE WHEN s.status IS DISTINCT FROM t.status THEN 4 ELSE 0 END
        + CASE WHEN s.currency IS DISTINCT FROM t.currency THEN 8 ELSE 0 END
        + CASE WHEN s.total IS DISTINCT FROM t.total THEN 16 ELSE 0 END
        + CASE WHEN s.created_at IS DISTINCT FROM t.created_at THEN 32 ELSE 0 END)::UTINYINT AS mask
FROM (SELECT *, hash(order_id, account_id, region, status, currency, total, created_at) AS h FROM source.orders) AS s
FULL OUTER JOIN (SELECT *, hash(order_id, account_id, region, status, currency, total, created_at) AS h FROM target.orders) AS t
    ON s.order_id = t.order_id
WHERE s.h IS DISTINCT FROM t.h
ORDER BY order_id;

CREATE TEMP TABLE left_over AS
SELECT count(*) AS buckets
FROM source_scanned AS s
JOIN target_scanned AS t USING (bucket)
JOIN (
    SELECT
        hash(order_id) >> 52 AS bucket,
        count(source_hash) AS source_n, sum((hash(source_hash) >> 32)::UINTEGER) AS source_1, sum((hash(source_hash) & 4294967295)::UINTEGER) AS source_2,
        count(target_hash) AS target_n, sum((hash(target_hash) >> 32)::UINTEGER) AS target_1, sum((hash(target_hash) & 4294967295)::UINTEGER) AS target_2
    FROM found
    GROUP BY bucket
) AS f USING (bucket)
WHERE (s.n - f.source_n, s.lane_1 - f.source_1, s.lane_2 - f.source_2) IS DISTINCT FROM (t.n - f.target_n, t.lane_1 - f.target_1, t.lane_2 - f.target_2);

CREATE TEMP TABLE harm AS
SELECT region, currency, mask, status, count(*) AS n, sum(abs(coalesce(source_total, 0) - coalesce(target_total, 0))) AS stake FROM found GROUP BY ALL;

SET VARIABLE first_person = (SELECT min(account_id) FROM found);
SET VARIABLE last_person = (SELECT max(account_id) FROM found);

CREATE TEMP TABLE people AS
SELECT bit_count(bitstring_agg(account_id, getvariable('first_person'), getvariable('last_person'))) AS people FROM found;

CREATE TEMP TABLE picked AS
(SELECT rowid AS row, order_id, 2 AS c FROM found WHERE mask & 4 <> 0 ORDER BY rowid LIMIT 100000)
UNION ALL
(SELECT rowid AS row, order_id, 4 AS c FROM found WHERE mask & 16 <> 0 ORDER BY rowid LIMIT 100000)
UNION ALL
(SELECT rowid AS row, order_id, 5 AS c FROM found WHERE mask & 32 <> 0 ORDER BY rowid LIMIT 100000);

CREATE TEMP TABLE cells AS
SELECT
    p.row, p.c,
    CASE p.c WHEN 2 THEN s.status WHEN 4 THEN s.total::VARCHAR ELSE s.created_at::VARCHAR END AS source,
    CASE p.c WHEN 2 THEN t.status WHEN 4 THEN t.total::VARCHAR ELSE t.created_at::VARCHAR END AS target
FROM picked AS p
JOIN source.orders AS s USING (order_id)
JOIN target.orders AS t USING (order_id);

SET VARIABLE columns = (
    SELECT list(list_filter(['account_id', 'region', 'status', 'currency', 'total', 'created_at'], lambda name, bit: (mask >> (bit - 1)) & 1 = 1) ORDER BY mask)
    FROM range(64) AS masks (mask)
);

SET preserve_insertion_order = true;

COPY (
    SELECT row, [order_id::VARCHAR] AS key, status, getvariable('columns')[mask + 1] AS columns, c, source, target
    FROM (
        SELECT rowid AS row, order_id, status, mask, NULL::INTEGER AS c, NULL::VARCHAR AS source, NULL::VARCHAR AS target FROM found
        UNION ALL
        SELECT c.row, f.order_id, f.status, f.mask, c.c, c.source, c.target FROM cells AS c JOIN found AS f ON f.rowid = c.row
        ORDER BY row, c NULLS FIRST
    )
) TO '{folder}/findings.parquet' (FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 1000);
