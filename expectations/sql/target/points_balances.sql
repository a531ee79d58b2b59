SELECT customer_id AS account_id, site AS region, points AS balance
FROM loyalty
WHERE row_kind = 2
