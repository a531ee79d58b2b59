SELECT
    u.user_id AS account_id, u.region, u.email, u.phone, u.full_name, u.address, u.birth_date, u.status, u.marketing_consent,
    u.password_hash, u.created_at, o.zone
FROM users AS u
JOIN outlets AS o ON o.outlet_id = u.outlet_id
WHERE u.deleted_at IS NULL
