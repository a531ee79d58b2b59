SELECT
    id AS review_id, person AS account_id, product AS product_id, for_order AS order_id, site AS region, stars, title, text AS body, status,
    language, details AS attributes, posted_at AS created_at
FROM reviews
