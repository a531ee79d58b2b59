SELECT
    code, plan_id AS service_id, site AS region, label AS name, price_minor AS price, currency_no AS currency, state AS status
FROM service_plans
