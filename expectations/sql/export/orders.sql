SELECT
    number AS order_no, id AS order_id, person AS account_id, site AS region, status, currency, goods AS items_total, delivery AS shipping,
    discount, total, refunded, payment AS payment_method, note, ordered_at, paid_at
FROM orders
