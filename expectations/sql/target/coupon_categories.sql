SELECT r.campaign_id AS definition_id, g.code AS category
FROM campaign_groups AS r
JOIN item_groups AS g ON g.group_id = r.group_id
