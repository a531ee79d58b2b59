"""The one place that shows the surviving store unharmed: its own rows are as they were, unless they say themselves that they changed.

Source: MIGRATION "It is a merge": a native row may differ only if its own change time moved after the baseline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dq.compare.scope import is_ours
from dq.compare.sides import target_ids
from dq.compare.views import CHANGED, CREATED, ID
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

GIVEN_AWAY, OVERWRITTEN, TURNED_BACK, AHEAD = "given away", "overwritten", "turned back", "ahead"

_REKEYED = f"rekeyed AND status NOT IN ('missing', '{GIVEN_AWAY}', '{OVERWRITTEN}')"  # of a row that has another key, and nothing heavier is told of it
_OURS = quote("dq.ours")  # the contract says of the row's values that it is of what was moved


@dataclass(frozen=True, slots=True)
class Natives:
    """The target's rows of before the first batch, and what became of them."""

    looked_at: int
    missing: int
    changed: int  # they differ, and their change time does not say so
    alive: int  # they differ, and it does
    repeated: int = 0  # ids that stand more often than before: the second is nobody's
    given_away: int = 0  # of another owner: no change of a customer's own does that
    overwritten: int = 0  # a row that was moved stands in their place or they in its, or they came to be at another time
    turned_back: int = 0  # their change time is earlier than it was
    ahead: int = 0  # it is later than the snapshot that has it

    @property
    def harmed(self) -> Mapping[str, int]:
        """What is a finding: status to rows."""
        found = {
            "missing": self.missing,
            GIVEN_AWAY: self.given_away,
            OVERWRITTEN: self.overwritten,
            "changed": self.changed,
            TURNED_BACK: self.turned_back,
            AHEAD: self.ahead,
            "repeated": self.repeated,
        }
        return {status: rows for status, rows in found.items() if rows}


def check_natives(engine: Engine, entity: Entity, *, moment: str, until: str | None) -> Natives:
    """Record the native rows that are gone, given away, overwritten, silently changed or repeated in evidence."<e>.natives" (id, status, rekeyed).

    A row that stands twice and differs twice is one. Rows of an aggregated entity that the migration adds to are compared there and left out here.

    Args:
        engine: the engine; claims.e and the own views of target and baseline stand.
        entity: an entity with [merge].
        moment: when the baseline was taken, ISO 8601 with offset.
        until: when the target was taken; None where nobody knows.
    """
    step = f"{entity.name}.natives"
    before, now = (", ".join(f"{alias}.{quote(column.name)}" for column in entity.columns) for alias in ("b", "t"))
    added = f"ANTI JOIN (FROM {path('claims', entity.name)} WHERE in_scope OR moved) AS c ON c.id = b.{quote(ID)}" if entity.aggregate else ""
    table = path("evidence", f"{entity.name}.natives")
    harms = dict(_harms(entity))
    moved = f"t.{quote(CHANGED)} IS DISTINCT FROM b.{quote(CHANGED)}"
    claims = {
        **harms,
        "same": f"row({before}) IS NOT DISTINCT FROM row({now})",
        "moved": moved,
        "later": f"t.{quote(CHANGED)} > CAST($1 AS TIMESTAMPTZ)",
        "rekeyed": _rekeyed(entity),
    }
    ours = is_ours(engine, entity)
    sql = f"""
        CREATE TABLE {table} AS
        SELECT id, CASE {" ".join(f"WHEN {quote(status)} THEN '{status}'" for status in harms)}
                        WHEN moved AND later THEN 'alive' ELSE 'changed' END AS status, bool_or(rekeyed) AS rekeyed
        FROM (SELECT b.{quote(ID)} AS id, {", ".join(f"{claim} AS {quote(name)}" for name, claim in claims.items())}
              FROM (SELECT *, {ours} AS {_OURS} FROM {path("own_baseline", entity.name)}) AS b {added}
              LEFT JOIN (SELECT *, {ours} AS {_OURS} FROM {path("own_target", entity.name)}) AS t ON t.{quote(ID)} = b.{quote(ID)})
        WHERE missing OR NOT same OR {quote(OVERWRITTEN)} OR (moved AND ({" OR ".join(map(quote, harms))}))
        GROUP BY ALL"""
    (told,) = engine.one(Query(sql, (moment, until), step))
    gone, rekeyed = engine.one(Query(f"SELECT count(*) FILTER (status = 'missing'), count(*) FILTER ({_REKEYED}) FROM {table}", step=step)) if told else (0, 0)
    if rekeyed:
        _tell_taken(engine, entity, step=step)
    before_rows, now_rows = (path(f"own_{side}", entity.name) for side in ("baseline", "target"))
    rows, ids = engine.one(Query(f"SELECT count(*), count(DISTINCT b.{quote(ID)}) FROM {before_rows} AS b {added}", step=step))
    there = f"{now_rows} AS t SEMI JOIN (SELECT b.{quote(ID)} AS id FROM {before_rows} AS b {added}) AS b ON b.id = t.{quote(ID)}"
    (found,) = engine.one(Query(f"SELECT count(*) FROM {there}", step=step))
    if found > ids - gone:
        sql = f"""
            INSERT INTO {table}
            SELECT t.id, 'repeated', false FROM (SELECT t.{quote(ID)} AS id, count(*) AS n FROM {there} GROUP BY 1) AS t
            JOIN (SELECT {quote(ID)} AS id, count(*) AS n FROM {before_rows} GROUP BY 1) AS b USING (id) WHERE t.n > b.n"""
        engine.execute(Query(sql, step=step))
    counts: dict[str, int] = dict(engine.execute(Query(f"SELECT status, count(*) FROM {table} GROUP BY 1", step=step)))
    words = ("missing", "changed", "alive", "repeated", GIVEN_AWAY, OVERWRITTEN, TURNED_BACK, AHEAD)
    return Natives(int(rows), *(int(counts.get(status, 0)) for status in words))


def _tell_taken(engine: Engine, entity: Entity, *, step: str) -> None:
    """Say of native rows with another key than before, which is that of another row and that one the migration's, that they are overwritten."""
    table, rows = path("evidence", f"{entity.name}.natives"), path("own_target", entity.name)
    on = " AND ".join(f"x.{quote(name)} = t.{quote(name)}" for name in entity.key)
    taken = f"""
        SELECT t.{quote(ID)} FROM (SELECT * FROM {rows} WHERE {quote(ID)} IN (SELECT id FROM {table} WHERE {_REKEYED})) AS t
        JOIN (SELECT r.* FROM {rows} AS r SEMI JOIN {path("claims", entity.name)} AS c ON c.id = r.{quote(ID)}) AS x
        ON {on} AND x.{quote(ID)} <> t.{quote(ID)}"""
    sql = f"""
        CREATE OR REPLACE TABLE {table} AS
        SELECT id, CASE WHEN {_REKEYED} AND id IN ({taken}) THEN '{OVERWRITTEN}' ELSE status END AS status, bool_or(rekeyed) AS rekeyed
        FROM {table} GROUP BY ALL"""
    engine.execute(Query(sql, step=step))


def _rekeyed(entity: Entity) -> str:
    """Return the claim that a row `t` of now has another key than its row `b` of before."""
    return f"({' OR '.join(f't.{quote(name)} IS DISTINCT FROM b.{quote(name)}' for name in entity.key)})"


def _harms(entity: Entity) -> Iterator[tuple[str, str]]:
    """Yield (status, claim about a baseline's row `b` and its row `t` of now), first what weighs most; none is ever unknown."""
    yield "missing", f"t.{quote(ID)} IS NULL"
    if entity.owner is not None:
        yield GIVEN_AWAY, f"t.{quote(entity.owner)} IS DISTINCT FROM b.{quote(entity.owner)}"
    another = [f"t.{quote(CREATED)} IS DISTINCT FROM b.{quote(CREATED)}", f"(t.{_OURS} AND NOT b.{_OURS})"]
    another.append(f"({_rekeyed(entity)} AND t.{quote(ID)} IN (SELECT id FROM {path('claims', entity.name)} WHERE id IS NOT NULL))")
    of = entity.merge.of if entity.merge is not None else None
    if of is not None:
        another.append(f"(t.{quote(of)} IS DISTINCT FROM b.{quote(of)} AND t.{quote(of)} IN ({target_ids(str(entity.column(of).through))}))")
    yield OVERWRITTEN, f"coalesce({' OR '.join(another)}, false)"
    then, now = f"b.{quote(CHANGED)}", f"t.{quote(CHANGED)}"
    yield TURNED_BACK, f"coalesce({now} < {then}, {now} IS NULL AND {then} IS NOT NULL)"
    yield AHEAD, f"coalesce({then} IS DISTINCT FROM {now} AND {now} > CAST($2 AS TIMESTAMPTZ), false)"
