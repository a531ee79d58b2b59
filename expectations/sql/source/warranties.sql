SELECT
    w.certificate, w.line_id, s.user_id AS account_id, o.region, w.serial, w.imei, w.starts_on, w.ends_on, w.status
FROM warranties AS w
JOIN order_lines AS l ON l.line_id = w.line_id
JOIN orders AS s ON s.order_id = l.order_id
JOIN outlets AS o ON o.outlet_id = s.outlet_id
WHERE w.deleted_at IS NULL
