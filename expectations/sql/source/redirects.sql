SELECT
    p.host AS old_host, p.path AS old_path, p.host AS new_host, 301 AS code, p.is_public AS visible, p.kind, p.product_id, p.service_id,
    c.code AS category, NULL AS next_redirect
FROM pages AS p
LEFT JOIN categories AS c ON c.category_id = p.category_id
WHERE p.is_public = 1
