SELECT
    campaign_id AS definition_id, name AS title, kind, face_minor AS face_value, currency_no AS currency, min_spend_minor AS minimum_spend, scope
FROM campaigns
