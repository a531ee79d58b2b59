"""A slow, plain second opinion on a whole comparison: dicts, `decimal`, `zoneinfo` and `json`, and no SQL engine."""
