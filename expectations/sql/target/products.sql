SELECT
    i.sku, i.item_id AS product_id, i.site AS region, i.label AS name, g.code AS category, i.price_minor AS price, i.currency_no AS currency,
    i.state AS status, i.listed_ts AS listed_at, r.retired_on
FROM items AS i
JOIN item_groups AS g ON g.group_id = i.group_id
LEFT JOIN retired_items AS r ON r.sku = i.sku
