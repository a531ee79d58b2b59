SELECT
    c.certificate, c.line_id, s.customer_id AS account_id, s.site AS region, c.serial, c.imei, c.first_day AS starts_on, c.last_day AS ends_on,
    c.state AS status
FROM device_cover AS c
JOIN sale_lines AS l ON l.line_id = c.line_id
JOIN sales AS s ON s.sale_id = l.sale_id
