SELECT p.sku, o.region, r.reason, r.retired_on
FROM products AS p
JOIN outlets AS o ON o.outlet_id = p.outlet_id
LEFT JOIN retired_products AS r ON r.product_id = p.product_id
WHERE p.status = 'retired'
