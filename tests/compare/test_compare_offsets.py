"""A wall clock less its offset is the instant that the engine's calendar says, through every gap and overlap."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from sides_compared import engine_alone

from dq.compare.conform import Domain, canonical
from dq.compare.offsets import counted, offset_of, offsets
from dq.contract.columns import read_columns
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, literal

ZONES = {  # zone to how often its offset changes from 2019 to 2024
    "Asia/Jakarta": 0,
    "UTC": 0,
    "Europe/London": 12,
    "America/New_York": 12,
    "Australia/Lord_Howe": 12,  # by half an hour
    "Asia/Kathmandu": 0,  # 5:45 ahead
    "America/St_Johns": 12,
    "Africa/Casablanca": 12,  # back in Ramadan
    "Pacific/Apia": 5,  # summer time was given up
}
LOW, HIGH = datetime(2019, 1, 1, 3, 4, 5), datetime(2024, 12, 31, 23, 59, 59, 999999)  # noqa: DTZ001 - wall clocks have no zone
CLOCKS = f"""
    SELECT unnest(generate_series(TIMESTAMP '{LOW}', TIMESTAMP '{HIGH}', INTERVAL 7 MINUTE)) AS wall
    UNION ALL SELECT unnest([TIMESTAMP '{HIGH}', TIMESTAMP '1970-01-01', TIMESTAMP '2262-01-01', TIMESTAMP 'infinity', TIMESTAMP '-infinity', NULL])"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engine_alone() as opened:
        yield opened


@pytest.mark.parametrize("zone", ZONES)
def test_every_wall_clock_becomes_the_instant_of_the_calendar(zone: str, engine: Engine) -> None:
    spans = offsets(engine, zone, LOW, HIGH)
    assert ZONES[zone] == len(spans) - 2
    calendar = f"timezone('{zone}', wall)"
    instant = counted("wall", offset_of("wall", spans), otherwise=calendar)
    sql = f"SELECT count(*) FILTER ({instant} IS DISTINCT FROM {calendar}), count({offset_of('wall', spans)}) FROM ({CLOCKS})"
    different, without_calendar = engine.one(Query(sql))
    assert different == 0
    assert without_calendar > 400_000


@pytest.mark.parametrize("zone", ZONES)
def test_the_moments_around_a_change_become_the_instants_of_the_calendar(zone: str, engine: Engine) -> None:
    spans = offsets(engine, zone, LOW, HIGH)
    calendar = f"timezone('{zone}', wall)"
    instant = counted("wall", offset_of("wall", spans), otherwise=calendar)
    around = ", ".join(
        f"TIMESTAMP '{span.end}' + INTERVAL '{step}'" for span in spans for step in ("0 SECOND", "1 MICROSECOND", "-1 MICROSECOND", "-1 HOUR", "1 HOUR")
    )
    sql = f"SELECT count(*) FILTER ({instant} IS DISTINCT FROM {calendar}), count(*) FROM (SELECT unnest([{around}]) AS wall)"
    assert (0, 5 * len(spans)) == engine.one(Query(sql))


def test_a_change_at_an_odd_minute_is_left_to_the_calendar(engine: Engine) -> None:
    low, high = datetime(1971, 6, 1), datetime(1972, 6, 1)  # noqa: DTZ001
    assert offsets(engine, "Africa/Monrovia", low, high) == ()


def test_more_changes_than_are_told_apart_are_left_to_the_calendar(engine: Engine) -> None:
    low, high = datetime(1980, 1, 1), datetime(2020, 1, 1)  # noqa: DTZ001
    assert offsets(engine, "Europe/London", low, high) == ()


def test_a_column_of_many_zones_takes_each_row_s_own_offset(engine: Engine) -> None:
    columns = read_columns({"k": "BIGINT", "at": {"type": "INSTANT", "source": {"zone": "zone"}}}, key=["k"], file="t.toml")
    entity = Entity.model_validate({"name": "things", "promise": "It moves.", "key": ["k"], "columns": columns})
    zones = ("Europe/London", "Asia/Jakarta", "America/New_York")
    raw = {"k": "BIGINT", "at": "TIMESTAMP", "zone": "VARCHAR"}
    known = {("at", zone): offsets(engine, zone, LOW, HIGH) for zone in zones[:2]}  # of the third one too few rows were there to look
    plain, quick = (
        canonical(entity.column("at"), "source", entity=entity, raw=raw, domain=Domain(zones, offsets=spans), minor_units={}) for spans in ({}, known)
    )
    named = ", ".join(map(literal, (*zones, "Nowhere")))
    rows = f"SELECT wall AS at, unnest([{named}, NULL]) AS zone FROM ({CLOCKS})"
    sql = f"SELECT count(*) FILTER (({plain}) IS DISTINCT FROM ({quick})), count({quick}) FROM ({rows}) AS r"
    different, converted = engine.one(Query(sql))
    assert different == 0
    assert converted > 1_000_000
    assert plain != quick
