SELECT
    code AS coupon_code, voucher_id AS coupon_id, campaign_id AS definition_id, customer_id AS account_id, site AS region, title, kind,
    face_minor AS face_value, currency_no AS currency, min_spend_minor AS minimum_spend, scope, state AS status, uses_left, used_sale_id AS used_order_id,
    valid_from_ts AS valid_from, valid_until_ts AS expires_at
FROM vouchers
