SELECT
    p.payment_no, p.sale_id AS order_id, s.customer_id AS account_id, s.site AS region, p.method, p.reference, p.amount_minor AS amount,
    p.returned_minor AS refunded, p.currency_no AS currency, p.state AS status, p.paid_ts AS paid_at
FROM sale_payments AS p
JOIN sales AS s ON s.sale_id = p.sale_id
