"""The one place that says how one instant became another: zones taken for each other, summer time, the day's end, fewer digits, an offset.

All in SQL over `s` and `t`. Where the contract says in which zone a row's clock stood, `z` is that zone, and what follows from it is worked out once,
in columns of its own (`beforehand`): `w`, what the clock showed; in microseconds `gap`, from `s` to `t`, `ahead`, how far the zone was ahead of UTC, and
`winter`, how far it is in winter of that year.
"""

from __future__ import annotations

from collections.abc import Iterator

from dq.contract.models import Column
from dq.sql import literal

UTC = "UTC"
_HOUR = 3_600_000_000  # microseconds
_ENDS = ("1 MICROSECOND", "1 MILLISECOND", "1 SECOND", "1 MINUTE")  # how long before midnight a day ends for who counts it so
_UNITS = ("millisecond", "second", "minute", "hour")
_HALVES = {"january": 1, "july": 7}  # months of a year: one of them is in its winter


def beforehand(relation: str, *, zones: tuple[str, ...]) -> str:
    """Return a relation of `s`, `t` and `z` with what follows from the zone; NULL where the zone is not known, or an instant has no end in time."""
    shown = f"(SELECT *, CASE WHEN isfinite(s) THEN {_in_zone(zones, 's')} END AS w FROM {relation})"
    year = "CAST(date_part('year', w) AS BIGINT)"
    begun = ", ".join(f"TRY(make_timestamptz({year}, {month}, 1, 12, 0, 0)) AS {name}" for name, month in _HALVES.items())
    ahead = ", ".join(f"epoch_us({_in_zone(zones, name)}) - epoch_us({name})" for name in _HALVES)
    return f"""
        (SELECT *, CASE WHEN isfinite(s) AND isfinite(t) THEN TRY(epoch_us(t) - epoch_us(s)) END AS gap, epoch_us(w) - epoch_us(s) AS ahead,
                least({ahead}) AS winter
         FROM (SELECT *, {begun} FROM {shown}))"""


def instant_arms(column: Column, *, zones: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield claims and labels of a column's instants; what has no end in time is explained by nothing."""
    sound = "isfinite(s) AND isfinite(t)"
    inclusive = "inclusive" in (column.source.day_end, column.target.day_end)
    if zones:
        yield from ((f"{sound} AND {claim}", label) for claim, label in _of_zones(zones, inclusive=inclusive))
    for unit in _UNITS:
        yield f"{sound} AND date_trunc('{unit}', s) = t", f"'precision:{unit}s'"
    yield f"{sound} AND date_trunc('day', s) = t", "'precision:days'"
    if inclusive:
        yield f"{sound} AND ({' OR '.join(f't = s - INTERVAL {end}' for end in _ENDS)})", "'day end:last moment'"
    yield f"{sound} AND s <> t", "'offset:' || CAST(TRY(epoch_us(t) - epoch_us(s)) AS VARCHAR)"


def _of_zones(zones: tuple[str, ...], *, inclusive: bool) -> Iterator[tuple[str, str]]:
    yield "ahead > winter AND gap = ahead - winter", "concat('summer:left out:', z)"
    yield "ahead > winter AND gap = winter - ahead", "concat('summer:counted twice:', z)"
    yield f"abs(gap) = {_HOUR} AND {_in_zone(zones, 't')} = w", "concat('overlap:', z)"
    if inclusive:
        yield f"t = {_in_zone(zones, 'w - INTERVAL 1 DAY')}", "'day end:not at all'"
        yield f"t = {_in_zone(zones, 'w + INTERVAL 1 DAY')}", "'day end:twice'"
    for zone in dict.fromkeys((*zones, UTC)):
        yield f"z <> {literal(zone)} AND t = timezone({literal(zone)}, w)", f"concat('zone:', z, ':', {literal(zone)})"
    yield "ahead <> 0 AND gap = -ahead", "concat('offset twice:', z)"
    if inclusive:
        for zone in dict.fromkeys((*zones, UTC)):
            for sign, day in (("-", "not at all"), ("+", "twice")):
                wrong = f"timezone({literal(zone)}, w {sign} INTERVAL 1 DAY)"
                yield f"z <> {literal(zone)} AND t = {wrong}", f"concat('zone and day:', z, ':', {literal(zone)}, ':{day}')"
    midnight = "date_trunc('day', w)"
    yield f"t = {_in_zone(zones, midnight)}", "concat('local day:', z)"


def _in_zone(zones: tuple[str, ...], moment: str) -> str:
    """Return what the clock of the row's zone shows at an instant; of a wall clock, the instant at which it shows that."""
    return f"CASE z {' '.join(f'WHEN {literal(zone)} THEN timezone({literal(zone)}, {moment})' for zone in zones)} END"
