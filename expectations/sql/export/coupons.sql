SELECT
    code AS coupon_code, person AS account_id, site AS region, title, kind, value AS face_value, currency, minimum_spend, scope, status,
    uses_left, used_for AS used_order_id, valid_from, valid_until AS expires_at
FROM coupons
