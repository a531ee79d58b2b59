SELECT
    r.review_id, r.user_id AS account_id, r.product_id, r.order_id, o.region, r.stars, r.title, r.body, r.status,
    r.attributes ->> 'language' AS language, r.attributes, r.created_at, o.zone
FROM reviews AS r
JOIN outlets AS o ON o.outlet_id = r.outlet_id
WHERE r.deleted_at IS NULL
