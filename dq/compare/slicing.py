"""The one place for what counts and sums are sliced by: a column as text, or the month of an instant or a date.

Months are those of UTC, on both sides alike: a sum is compared with a sum, and both are cut at the same instants. What has no time is a slice of its own.
"""

from __future__ import annotations

from dq.contract.models import Entity
from dq.sql import quote


def slice_text(entity: Entity, name: str) -> str:
    """Return a row's slice as text, an expression over its canonical columns; NULL where the column is."""
    column, is_month = entity.sliced(name)
    value = quote(column.name)
    if not is_month:
        return f"CAST({value} AS VARCHAR)"
    # by way of the microseconds: through the zone's rules it takes five times as long
    plain = f"make_timestamp(epoch_us({value}))" if column.type.name == "INSTANT" else value
    return f"CASE WHEN isfinite({value}) THEN strftime({plain}, '%Y-%m') ELSE CAST({value} AS VARCHAR) END"
