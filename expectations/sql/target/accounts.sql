SELECT
    customer_id AS account_id, site AS region, mail AS email, mobile AS phone, display_name AS full_name, postal_address AS address,
    born AS birth_date, state AS status, ads_consent AS marketing_consent, secret_hash AS password_hash, registered_ts AS created_at
FROM customers
