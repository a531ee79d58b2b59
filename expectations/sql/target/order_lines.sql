SELECT
    l.line_id, l.sale_id AS order_id, s.customer_id AS account_id, l.item_id AS product_id, s.site AS region, s.currency_no AS currency,
    l.position AS line_no, l.quantity, l.unit_minor AS unit_price, l.rebate_minor AS discount, l.tax_minor AS tax, l.total_minor AS total
FROM sale_lines AS l
JOIN sales AS s ON s.sale_id = l.sale_id
