"""How long it takes, beside what one would write by hand and beside the peers."""
