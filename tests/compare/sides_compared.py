"""The one place that compares two sides given as Python rows, by the engine's own steps, without stores around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dq.compare import fingerprint, views
from dq.compare.equality import JSON_SAME, json_same
from dq.compare.evidence import Harm
from dq.compare.harm import harms
from dq.compare.keys import Uniqueness, count_keys
from dq.compare.localise import localise
from dq.compare.rows import key_names, tables
from dq.compare.sides import UNMAPPED
from dq.contract.columns import read_columns
from dq.contract.models import Entity
from dq.engine import Engine, open_engine
from dq.settings import Settings
from dq.sql import Query, path, quote
from tests.oracle.agreement import statuses as by_key

Rows = Sequence[tuple[Any, ...]]
Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Compared:
    """What was found of two sides."""

    statuses: dict[tuple[Key, str], frozenset[str]]  # (key, status) to columns; the same rows are not in it
    cells: dict[tuple[Key, str], tuple[str | None, str | None]]  # (key, column) to both values
    equal_after: dict[str, int]
    harms: Mapping[str, Harm]
    agrees: bool
    keys: Uniqueness

    @property
    def is_proven(self) -> bool:
        """Nothing differs, keys are unique, and both ways agree."""
        return self.agrees and self.keys.holds and not self.statuses


def make_entity(columns: Mapping[str, Any], *, key: str | Sequence[str], name: str = "things", **rest: Any) -> Entity:
    """Return an entity of the contract's column declarations."""
    names = [key] if isinstance(key, str) else list(key)
    return Entity.model_validate({"name": name, "promise": "It moves.", "key": names, "columns": read_columns(columns, key=names, file="t.toml"), **rest})


@contextmanager
def engine_alone(threads: int = 1) -> Iterator[Engine]:
    """Yield an engine with the schemas of a run and no store."""
    engine = open_engine({}, settings=Settings(threads=threads))
    engine.register(JSON_SAME, json_same, takes=("VARCHAR", "VARCHAR"), gives="BOOLEAN")
    views.make_schemas(engine)
    yield engine
    engine.close()


def compare(engine: Engine, entity: Entity, source: Rows, target: Rows, *, unmapped: Sequence[int] = ()) -> Compared:
    """Compare rows whose values stand in the contract's order of columns.

    Args:
        engine: the engine.
        entity: the entity.
        source: rows.
        target: rows.
        unmapped: for each source row the bits of the ids that no crosswalk maps; 0 where it is shorter.
    """
    marks = [*unmapped, *[0] * (len(source) - len(unmapped))]
    put(engine, entity, "source", [(*row, mark) for row, mark in zip(source, marks, strict=True)], extra={UNMAPPED: "BIGINT"})
    put(engine, entity, "target", target)
    prints = fingerprint.take(engine, entity, unmapped=UNMAPPED)
    keys = count_keys(engine, path("source", entity.name), [(column.name, column.type.sql) for column in entity.keys], step="keys")
    agrees = localise(engine, entity, prints=prints, source_keys=keys).agrees
    return Compared(statuses(engine, entity), _cells(engine, entity), _equal_after(engine, entity), harms(engine, entity, tables=tables(entity)), agrees, keys)


def put(engine: Engine, entity: Entity, side: str, rows: Rows, *, extra: Mapping[str, str] | None = None) -> None:
    """Make a side's table."""
    types = {column.name: column.type.sql for column in entity.columns} | dict(extra or {})
    columns = ", ".join(f"{quote(name)} {kind}" for name, kind in types.items())
    engine.execute(Query(f"CREATE OR REPLACE TABLE {path(side, entity.name)} ({columns})"))
    if rows:
        marks = ", ".join(f"CAST(? AS {kind})" for kind in types.values())
        sql = f"INSERT INTO {path(side, entity.name)} VALUES {', '.join([f'({marks})'] * len(rows))}"
        engine.execute(Query(sql, tuple(str(value) if isinstance(value, Decimal) else value for row in rows for value in row)))


def statuses(engine: Engine, entity: Entity) -> dict[tuple[Key, str], frozenset[str]]:
    """Return the rows of the evidence that are broken: (key, status) to columns."""
    return {(key, status): columns for key, (status, columns) in by_key(engine, entity).items()}


def _cells(engine: Engine, entity: Entity) -> dict[tuple[Key, str], tuple[str | None, str | None]]:
    keys = ", ".join(f"CAST({key} AS VARCHAR)" for key in key_names(entity))
    rows = engine.execute(Query(f"SELECT {keys}, c, source_value, target_value FROM {tables(entity).cells}"))
    width = len(entity.key)
    return {(row[:width], entity.compared[row[width]].name): tuple(row[width + 1 :]) for row in rows}


def _equal_after(engine: Engine, entity: Entity) -> dict[str, int]:
    rows = engine.execute(Query(f"SELECT c, rule, CAST(sum(n) AS BIGINT) FROM {tables(entity).equal_after} GROUP BY ALL"))
    return {f"{entity.compared[place].name}: {rule}": count for place, rule, count in rows}
