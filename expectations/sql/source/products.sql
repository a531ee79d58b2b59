SELECT p.sku, p.product_id, o.region, p.name, c.code AS category, p.price, p.currency, p.status, p.listed_at, r.retired_on, o.zone
FROM products AS p
JOIN categories AS c ON c.category_id = p.category_id
JOIN outlets AS o ON o.outlet_id = p.outlet_id
LEFT JOIN retired_products AS r ON r.product_id = p.product_id
WHERE p.deleted_at IS NULL AND p.status IS DISTINCT FROM 'retired'
