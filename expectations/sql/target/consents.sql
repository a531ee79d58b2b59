SELECT customer_id AS account_id, purpose, is_granted AS granted, version, asked_ts AS asked_at
FROM customer_consents
