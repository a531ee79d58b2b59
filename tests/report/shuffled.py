"""The one place for a record with every mapping in another order: what a rendering must not notice."""

from __future__ import annotations

from typing import Any

from dq.record import Record


def reversed_mappings(record: Record) -> Record:
    """Return an equal record whose mappings were all filled in the opposite order."""
    return Record.model_validate(_turned(record.model_dump()))


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _turned(item) for name, item in reversed(value.items())}
    if isinstance(value, (list, tuple)):
        return tuple(_turned(item) for item in value)
    return value
