SELECT
    reference AS entry_ref, person AS account_id, for_order AS order_id, site AS region, kind, points, booked_at, valid_until AS expires_at
FROM points
