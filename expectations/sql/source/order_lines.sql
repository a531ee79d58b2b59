SELECT
    l.line_id, l.order_id, s.user_id AS account_id, l.product_id, o.region, s.currency, l.line_no, l.quantity, l.unit_price, l.discount, l.tax, l.total
FROM order_lines AS l
JOIN orders AS s ON s.order_id = l.order_id
JOIN outlets AS o ON o.outlet_id = s.outlet_id
WHERE l.deleted_at IS NULL
