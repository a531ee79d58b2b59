SELECT definition_id, title, kind, face_value, currency, minimum_spend, scope
FROM coupon_definitions
