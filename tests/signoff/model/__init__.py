"""A small-scope exhaustive model of export, validate, sign, waive, re-export, expire, revoke and gate: what may happen, what must follow, and our code."""
