SELECT person AS account_id, site AS region, points AS balance
FROM balances
