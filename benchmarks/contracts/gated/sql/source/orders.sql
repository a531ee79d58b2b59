SELECT order_id, account_id, region, status, currency, total, created_at
FROM orders
