"""The one place for what a cause is called in a waiver: its sentence in the report, but for how many rows it has."""

from __future__ import annotations

import re

_ROWS = re.compile(r"[0-9][0-9,]* rows?\b")


def cause_name(sentence: str) -> str:
    """Return a cause's sentence without its counts of rows: a cap holds while they change, and no longer than the rest of it is said."""
    return _ROWS.sub("rows", sentence)
