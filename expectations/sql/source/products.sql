SELECT p.sku, p.product_id, o.region, p.name, c.code AS category, p.price, p.currency, p.status, p.listed_at, o.zone
FROM products AS p
JOIN categories AS c ON c.category_id = p.category_id
JOIN outlets AS o ON o.outlet_id = p.outlet_id
WHERE p.deleted_at IS NULL
