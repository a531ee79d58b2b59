SELECT sku, site AS region, reason, retired_on
FROM retired_items
