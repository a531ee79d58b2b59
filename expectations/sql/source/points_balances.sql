SELECT b.user_id AS account_id, u.region, b.balance
FROM points_balances AS b
JOIN users AS u ON u.user_id = b.user_id
