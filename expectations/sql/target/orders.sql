SELECT
    sale_no AS order_no, sale_id AS order_id, customer_id AS account_id, site AS region, outlet, state AS status, currency_no AS currency,
    goods_minor AS items_total, freight_minor AS shipping, rebate_minor AS discount, total_minor AS total, returned_minor AS refunded,
    pay_method AS payment_method, pay_reference AS payment_reference, remark AS note, ordered_ts AS ordered_at, paid_ts AS paid_at
FROM sales
