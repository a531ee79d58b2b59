SELECT d.definition_id, c.code AS category
FROM coupon_definition_categories AS d
JOIN categories AS c ON c.category_id = d.category_id
