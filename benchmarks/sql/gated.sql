-- Two batches: nearly all accounts have moved, those of region GLOBAL are next. Ids stay as they are, so the map is the identity.
-- Needs: made.orders, ten.orders. Fills: moved, people (attached databases).
CREATE TABLE people.batches AS
SELECT DISTINCT
    account_id,
    CASE WHEN region = 'GLOBAL' THEN 2 ELSE 1 END::INTEGER AS batch,
    CASE WHEN region = 'GLOBAL' THEN 'rest' ELSE 'most' END AS region
FROM made.orders
ORDER BY account_id;

CREATE TABLE people.accounts AS
SELECT account_id AS source_id, account_id AS target_id
FROM people.batches
ORDER BY source_id;

CREATE TABLE moved.orders AS
SELECT o.*
FROM ten.orders AS o
WHERE EXISTS (SELECT 1 FROM made.orders AS s WHERE s.order_id = o.order_id AND s.region <> 'GLOBAL')
ORDER BY hash(o.order_id, 7);
