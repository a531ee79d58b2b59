SELECT s.code, s.service_id, o.region, s.name, s.price, s.currency, s.status
FROM services AS s
JOIN outlets AS o ON o.outlet_id = s.outlet_id
