-- What a careful person writes who must also name every row: the same join, key, status and mask of each row that differs, sorted by key
-- and written as Parquet. It takes no fingerprint, proves no key unique, adds up no money and no people, and keeps no value.
CREATE TEMP TABLE found AS
SELECT
    coalesce(s.order_id, t.order_id) AS order_id,
    CASE WHEN t.order_id IS NULL THEN 'missing' WHEN s.order_id IS NULL THEN 'extra' ELSE 'changed' END::ENUM('missing', 'extra', 'changed') AS status,
    (CASE WHEN s.account_id IS DISTINCT FROM t.account_id THEN 1 ELSE 0 END
        + CASE WHEN s.region IS DISTINCT FROM t.region THEN 2 ELSE 0 END
        + CASE WHEN s.status IS DISTINCT FROM t.status THEN 4 ELSE 0 END
        + CASE WHEN s.currency IS DISTINCT FROM t.currency THEN 8 ELSE 0 END
        + CASE WHEN s.total IS DISTINCT FROM t.total THEN 16 ELSE 0 END
        + CASE WHEN s.created_at IS DISTINCT FROM t.created_at THEN 32 ELSE 0 END)::UTINYINT AS mask
FROM source.orders AS s
FULL OUTER JOIN target.orders AS t ON s.order_id = t.order_id
WHERE s.order_id IS NULL OR t.order_id IS NULL
    OR s.account_id IS DISTINCT FROM t.account_id OR s.region IS DISTINCT FROM t.region OR s.status IS DISTINCT FROM t.status
    OR s.currency IS DISTINCT FROM t.currency OR s.total IS DISTINCT FROM t.total OR s.created_at IS DISTINCT FROM t.created_at;

CREATE TEMP TABLE together AS
SELECT
    mask, row_number() OVER (ORDER BY mask) AS place,
    list_filter(['account_id', 'region', 'status', 'currency', 'total', 'created_at'], lambda name, bit: (mask >> (bit - 1)) & 1 = 1) AS columns
FROM (SELECT DISTINCT mask FROM found);

SET VARIABLE columns = (SELECT list(columns ORDER BY place) FROM together);

CREATE TEMP TABLE ordered AS
SELECT order_id, status, place
FROM found
JOIN together USING (mask)
ORDER BY order_id;

SET preserve_insertion_order = true;

COPY (
    SELECT rowid + 1 AS row, [order_id::VARCHAR] AS key, status, getvariable('columns')[place] AS columns
    FROM ordered
) TO '{folder}/findings.parquet' (FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 1000);
