-- The floor: rows, and two lanes of mixed row hashes, in 4,096 buckets of keys, each side scanned once. Says which buckets differ, no more.
WITH s AS (
    SELECT hash(order_id) & 4095 AS bucket, hash(order_id, account_id, region, status, currency, total, created_at) AS h
    FROM source.orders
), t AS (
    SELECT hash(order_id) & 4095 AS bucket, hash(order_id, account_id, region, status, currency, total, created_at) AS h
    FROM target.orders
), source_side AS (
    SELECT bucket, count(*) AS n, sum((hash(h) >> 32)::UINTEGER) AS lane_1, sum((hash(h) & 4294967295)::UINTEGER) AS lane_2 FROM s GROUP BY bucket
), target_side AS (
    SELECT bucket, count(*) AS n, sum((hash(h) >> 32)::UINTEGER) AS lane_1, sum((hash(h) & 4294967295)::UINTEGER) AS lane_2 FROM t GROUP BY bucket
)
SELECT coalesce(source_side.bucket, target_side.bucket) AS bucket
FROM source_side FULL OUTER JOIN target_side USING (bucket)
WHERE (source_side.n, source_side.lane_1, source_side.lane_2) IS DISTINCT FROM (target_side.n, target_side.lane_1, target_side.lane_2)
ORDER BY bucket;
