SELECT
    r.from_host AS old_host, r.from_path AS old_path, r.to_host AS new_host, r.code, w.is_live AS visible, w.kind, w.item_id AS product_id,
    w.plan_id AS service_id, g.code AS category, n.redirect_id AS next_redirect
FROM redirects AS r
LEFT JOIN site_pages AS w ON w.host = r.to_host AND w.path = r.to_path AND r.to_path LIKE '/%' AND r.to_path NOT LIKE '//%'
LEFT JOIN item_groups AS g ON g.group_id = w.group_id
LEFT JOIN redirects AS n ON n.from_host = r.to_host AND n.from_path = r.to_path
