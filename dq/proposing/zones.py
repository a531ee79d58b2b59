"""The one place that guesses which zone's wall clock a store keeps, from wall clocks beside the instants that they became."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from dq.compare.clocks import spelt

_DAY, _QUARTER = 86_400_000_000, 900_000_000  # microseconds
_FARTHEST = 14 * 4 * _QUARTER  # Source: IANA time zone database: no zone is further from UTC
_OFFSETS = 6  # of one zone, at most, in the years of one store
_TRIED = 150  # rows
_RIGHT = 0.95
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def may_be_clock(walls: Sequence[int | None], instants: Sequence[int | None]) -> bool:
    """Say whether wall clocks and instants are apart by a zone's offsets, nearly everywhere; a day more where the last day is still valid."""
    apart = Counter(wall - instant for wall, instant in zip(walls, instants, strict=True) if wall is not None and instant is not None)
    plausible = {offset: rows for offset, rows in apart.most_common(_OFFSETS) if abs(offset) <= _FARTHEST + _DAY and offset % _QUARTER == 0}
    return bool(apart) and sum(plausible.values()) >= 0.9 * sum(apart.values())


def zones_of(walls: Sequence[int | None], instants: Sequence[int | None], *, first: Sequence[str] = ()) -> tuple[tuple[str, bool], ...]:
    """Return (zone, the last day is still valid) of the zones that explain nearly all rows, the best first: `first`, then UTC, then of the commonest area."""
    pairs = [(wall, instant) for wall, instant in zip(walls, instants, strict=True) if wall is not None and instant is not None]
    step = max(1, len(pairs) // _TRIED)
    tried = pairs[::step]
    names = list(dict.fromkeys((*first, "UTC", *_named())))
    found: list[tuple[float, int, str, bool]] = []
    for later in (False, True):
        shifted = [(wall + _DAY * later, instant) for wall, instant in tried]
        for place, name in enumerate(names):
            if sum(convert(wall, name) == instant for wall, instant in shifted[:8]) < 5 and len(shifted) > 8:  # noqa: PLR2004 - most of the first
                continue
            right = sum(convert(wall, name) == instant for wall, instant in shifted) / max(1, len(shifted))
            if right >= _RIGHT:
                found.append((-right, place, name, later))
        if found:
            break
    areas = Counter(name.partition("/")[0] for _, _, name, _ in found)
    ranked = sorted(found, key=lambda item: (item[0], min(item[1], len(first) + 1), -areas[item[2].partition("/")[0]], item[2]))
    return tuple((name, later) for _, _, name, later in ranked)


def convert(wall: int, zone: str) -> int | None:
    """Return the instant of a zone's wall clock, in microseconds since 1970; None where it is out of range."""
    try:
        local = (_EPOCH + timedelta(microseconds=wall)).replace(tzinfo=_zone(zone))
        return (local.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
    except OverflowError:
        return None


def is_zone(value: object) -> bool:
    """Say whether a value is the name of a zone."""
    return isinstance(value, str) and spelt(value) is not None


def _named() -> Iterator[str]:
    """Yield the zones that are called by a place; others are old names of these."""
    areas = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    yield from (name for name in sorted(available_timezones()) if name.partition("/")[0] in areas)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(spelt(name) or name)
