SELECT
    s.order_no, s.order_id, s.user_id AS account_id, o.region, o.code AS outlet, s.status, s.currency, s.items_total, s.shipping, s.discount,
    s.total, s.refunded, s.payment_method, s.payment_reference, s.note, s.ordered_at, s.paid_at, o.zone
FROM orders AS s
JOIN outlets AS o ON o.outlet_id = s.outlet_id
WHERE s.deleted_at IS NULL
