SELECT
    person AS account_id, site AS region, email, phone, name AS full_name, address, birth_date, account_status AS status,
    marketing AS marketing_consent, member_since AS created_at
FROM persons
