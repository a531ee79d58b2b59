SELECT
    p.payment_no, p.order_id, s.user_id AS account_id, o.region, p.method, p.reference, p.amount, p.refunded, p.currency, p.status, p.paid_at, o.zone
FROM payments AS p
JOIN orders AS s ON s.order_id = p.order_id
JOIN outlets AS o ON o.outlet_id = s.outlet_id
WHERE p.deleted_at IS NULL
