SELECT
    comment_id AS review_id, customer_id AS account_id, item_id AS product_id, sale_id AS order_id, site AS region, score AS stars,
    headline AS title, content AS body, state AS status, language, details AS attributes, posted_ts AS created_at
FROM comments
