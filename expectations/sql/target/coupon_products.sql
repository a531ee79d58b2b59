SELECT campaign_id AS definition_id, item_id AS product_id
FROM campaign_items
