"""What a team answers for: the fingerprint of the rows, what became of a contract's waivers in a run, and proposing one."""
