SELECT
    entry_ref, customer_id AS account_id, sale_id AS order_id, site AS region, kind, points, booked_ts AS booked_at, until_ts AS expires_at
FROM loyalty
WHERE row_kind = 1
