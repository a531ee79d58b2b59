SELECT
    c.code AS coupon_code, c.coupon_id, c.definition_id, c.user_id AS account_id, o.region, d.title, d.kind, d.face_value, d.currency,
    d.minimum_spend, d.scope, c.status, c.uses_left, c.used_order_id, c.valid_from, c.expires_on AS expires_at, o.zone
FROM user_coupons AS c
JOIN coupon_definitions AS d ON d.definition_id = c.definition_id
JOIN outlets AS o ON o.outlet_id = c.outlet_id
WHERE c.deleted_at IS NULL
