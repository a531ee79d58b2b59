SELECT sale_id AS order_id, customer_id AS account_id, market AS region, state AS status, currency, amount AS total, created_ts AS created_at
FROM sales
