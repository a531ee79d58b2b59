"""The one place that makes a seeded source of chance: the same draws on every machine."""

from __future__ import annotations

import random


def seeded(seed: int) -> random.Random:
    """Return a source of chance that always draws the same."""
    return random.Random(seed)  # noqa: S311 - what is drawn is no secret
