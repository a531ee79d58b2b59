SELECT c.user_id AS account_id, c.purpose, c.granted, c.version, c.asked_at, o.zone
FROM consents AS c
JOIN users AS u ON u.user_id = c.user_id
JOIN outlets AS o ON o.outlet_id = u.outlet_id
