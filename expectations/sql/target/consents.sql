SELECT
    c.customer_id AS account_id, c.purpose, u.site AS region, c.is_granted AS granted, c.version, c.asked_ts AS asked_at
FROM customer_consents AS c
LEFT JOIN customers AS u ON u.customer_id = c.customer_id
