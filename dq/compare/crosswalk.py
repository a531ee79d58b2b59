"""The one place that checks the crosswalk as evidence: a function, one-to-one but for declared merges, no collision with native ids.

What it does not map is found while the entities are compared (`Unmapped`) and told here, once. Whether it is as it was: see `before`.
"""

from __future__ import annotations

from dq.compare.evidence import CrosswalkEvidence, Kept, frozen
from dq.compare.keys import Uniqueness, count_keys
from dq.compare.scope import Scope
from dq.compare.sides import is_known, maps, scope_of, through
from dq.compare.views import ID
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

PROBLEMS = {
    "null": "a row with NULL on either side",
    "fan-out": "a source id with more than one row",
    "fan-in": "a target id of several source ids that no merge declares",
    "unmapped": "a source row whose id is not in it",
    "collision": "a target id that the target's own row had before",
}


def make_findings(engine: Engine) -> None:
    """Create evidence.crosswalk (crosswalk, problem, id)."""
    sql = "CREATE TABLE evidence.crosswalk (crosswalk VARCHAR, problem VARCHAR, id VARCHAR)"
    engine.execute(Query(sql, step="crosswalk"))


def look_at_function(engine: Engine, name: str) -> tuple[int, int]:
    """Record NULLs and fan-out of one crosswalk; return (rows, source ids with more than one row).

    With a fan-out any join through this crosswalk would multiply rows: nothing that goes through it is compared.
    """
    view = path("maps", name)
    sql = f"""
        INSERT INTO evidence.crosswalk
        SELECT $1, 'null', coalesce(CAST(source_id AS VARCHAR), CAST(target_id AS VARCHAR), 'NULL')
        FROM {view} WHERE source_id IS NULL OR target_id IS NULL"""
    engine.execute(Query(sql, (name,), f"crosswalk {name}: NULL"))
    (rows,) = engine.one(Query(f"SELECT count(*) FROM {view}", step=f"crosswalk {name}: rows"))
    ids = _count(engine, name, "source_id", rows=rows, step=f"crosswalk {name}: function")
    repeated = ids.rows - ids.nulls - ids.distinct
    if repeated:
        sql = f"""
            INSERT INTO evidence.crosswalk
            SELECT $1, 'fan-out', CAST(source_id AS VARCHAR) FROM {view} WHERE source_id IS NOT NULL GROUP BY source_id HAVING count(*) > 1"""
        engine.execute(Query(sql, (name,), f"crosswalk {name}: fan-out"))
    return ids.rows, repeated


def look_at_targets(engine: Engine, name: str, *, scope: Scope, home: Entity | None, rows: int = 0) -> None:
    """Record undeclared fan-in and collisions with the baseline's ids; the crosswalk has so many rows, where somebody knows."""
    view = path("maps", name)
    declared = name in scope.absorbed
    apart = "NOT EXISTS (SELECT 1 FROM scope.absorbed AS d WHERE d.crosswalk = $1 AND d.source_id = m.source_id AND d.target_id = m.target_id)"
    where = f"WHERE {apart}" if declared else ""
    step = f"crosswalk {name}: one-to-one"
    if declared:
        filled, distinct = engine.one(Query(f"SELECT count(m.target_id), count(DISTINCT m.target_id) FROM {view} AS m {where}", (name,), step))
    else:
        ids = _count(engine, name, "target_id", rows=rows, step=step)
        filled, distinct = ids.rows - ids.nulls, ids.distinct
    if filled != distinct:
        sql = f"""
            INSERT INTO evidence.crosswalk
            SELECT $1, 'fan-in', CAST(m.target_id AS VARCHAR) FROM {view} AS m {where}
            GROUP BY m.target_id HAVING m.target_id IS NOT NULL AND count(DISTINCT m.source_id) > 1"""
        engine.execute(Query(sql, (name,), f"crosswalk {name}: fan-in"))
    if home is None or home.merge is None:
        return
    sql = f"""
        INSERT INTO evidence.crosswalk
        SELECT DISTINCT $1, 'collision', CAST(m.target_id AS VARCHAR)
        FROM {view} AS m SEMI JOIN (SELECT {quote(ID)} AS id FROM {path("own_baseline", home.name)}) AS b ON b.id = m.target_id
        {where}"""
    engine.execute(Query(sql, (name,), f"crosswalk {name}: collisions"))


def count_moved_before(engine: Engine, *, entity: Entity, scope: Scope) -> int:
    """Count rows of the baseline that are the migration's: their id is what the crosswalk made of a source row's, and their key is that row's too.

    An id alone may be a native row's that the crosswalk took (a collision); with its key as well the row was moved, and the baseline is too late.

    Args:
        engine: the engine; the own views stand and `look_at_targets` was taken.
        entity: the entity; one without a map of its own, or without a key beside its id, tells nothing.
        scope: what the run looks at.
    """
    own = entity.own_id
    plain = [quote(column.name) for column in entity.keys if column.through is None]
    if own is None or not plain or entity.merge is None or entity.name not in scope.crosswalks or entity.name in scope.fan_out:
        return 0
    step = f"{entity.name}: moved before the baseline"
    collisions = "SELECT count(*) FROM evidence.crosswalk WHERE crosswalk = $1 AND problem = 'collision'"
    if engine.one(Query(collisions, (entity.name,), step)) == (0,):  # then no id of the map stood there
        return 0
    same = " AND ".join(f"s.{key} = b.{key}" for key in plain)
    sql = f"""
        SELECT count(DISTINCT b.{quote(ID)})
        FROM {path("own_baseline", entity.name)} AS b
        JOIN {path("maps", entity.name)} AS m ON m.target_id = b.{quote(ID)}
        JOIN {path("own_source", entity.name)} AS s ON s.{quote(own.name)} = m.source_id AND {same}
        JOIN evidence.crosswalk AS c ON c.crosswalk = $1 AND c.problem = 'collision' AND c.id = CAST(m.target_id AS VARCHAR)"""
    return int(engine.one(Query(sql, (entity.name,), step))[0])


def one_to_one(engine: Engine, *, scope: Scope) -> tuple[str, ...]:
    """Return the crosswalks that map distinct ids to distinct ids, none of them NULL; both looks at them have been taken."""
    sql = "SELECT DISTINCT crosswalk FROM evidence.crosswalk WHERE problem IN ('null', 'fan-out', 'fan-in')"
    broken = {row[0] for row in engine.execute(Query(sql, step="crosswalk"))}
    return tuple(name for name in scope.crosswalks if name not in broken and name not in scope.absorbed)


def record_unmapped(engine: Engine, *, entity: Entity, scope: Scope) -> None:
    """Record the ids of an entity's rows in scope that the crosswalk does not know, each once; one without a target is told as `null`."""
    joins, where = scope_of(entity, accounts=scope.accounts, absorbed=scope.absorbed)
    for column in through(entity):
        conditions = [*where, f"NOT {is_known(column)}", f"r.{quote(column.name)} IS NOT NULL"]
        sql = f"""
            INSERT INTO evidence.crosswalk
            SELECT DISTINCT $1, 'unmapped', CAST(r.{quote(column.name)} AS VARCHAR)
            FROM {path("own_source", entity.name)} AS r {" ".join((*maps(entity), *joins))}
            WHERE {" AND ".join(conditions)}"""
        engine.execute(Query(sql, (column.through,), f"{entity.name}: unmapped ids"))


def crosswalk_evidence(engine: Engine, name: str, *, rows: int, kept: Kept | None = None) -> CrosswalkEvidence:
    """Return what was found of one table of the crosswalk's snapshot."""
    sql = "SELECT problem, count(DISTINCT id) FROM evidence.crosswalk WHERE crosswalk = $1 GROUP BY 1 ORDER BY 1"
    return CrosswalkEvidence(name, rows, frozen(dict(engine.execute(Query(sql, (name,), "crosswalk")))), kept)


def _count(engine: Engine, name: str, column: str, *, rows: int, step: str) -> Uniqueness:
    view = path("maps", name)
    types = dict(engine.columns(Query(f"SELECT {column} FROM {view}", step=step)))
    return count_keys(engine, view, [(column, types[column])], step=step, rows=rows)
