SELECT
    p.entry_ref, p.user_id AS account_id, p.order_id, o.region, p.kind, p.points, p.created_at AS booked_at, p.expires_on AS expires_at, o.zone
FROM points_ledger AS p
JOIN outlets AS o ON o.outlet_id = p.outlet_id
