"""The one place that measures one entity, from its views to its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dq.compare import fingerprint
from dq.compare.base import BaseRows, count_base_rows, make_base_table
from dq.compare.crosswalk import one_to_one, record_unmapped
from dq.compare.declared import record_unplaced
from dq.compare.evidence import EntityEvidence, Population, frozen
from dq.compare.harm import harms
from dq.compare.keys import count_source_keys
from dq.compare.later import make_later
from dq.compare.localise import localise
from dq.compare.owners import OwnedRows, count_owned
from dq.compare.rows import Tables
from dq.compare.schema import Prepared, Sizes
from dq.compare.scope import Claims, Scope, make_claims
from dq.compare.sides import UNMAPPED, identifying, is_absorbed, is_mapped, make_source, make_target, maps, scope_of, through
from dq.compare.signed import Signed
from dq.compare.since import make_since, since_table
from dq.compare.sums import sums_beside
from dq.compare.views import FEW, Raw, look_up, make_own
from dq.compare.withdrawn import has_withdrawn, make_withdrawn
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

SINCE = "changed since they were signed, by their own change time"


def make_views(engine: Engine, prepared: Prepared, *, minor_units: Mapping[str, int], sizes: Sizes) -> Mapping[str, Raw]:
    """Make the own views of every side of an entity, and keep those over small tables."""
    raws: dict[str, Raw] = {}
    for side, types in prepared.types.items():
        raws[side] = look_up(engine, entity=prepared.entity, side=side, types=types, minor_units=minor_units)
        rows = (sizes.get(side, {}).get(table) for table, _ in prepared.selects["source" if side == "source" else "target"].tables)
        kept = all(number is not None and number <= FEW for number in rows)
        make_own(engine, raws[side], entity=prepared.entity, side=side, minor_units=minor_units, kept=kept)
    if has_withdrawn(prepared.entity):
        make_withdrawn(engine, prepared, raws["source"], minor_units=minor_units)
    return raws


def measure(
    engine: Engine,
    prepared: Prepared,
    *,
    raws: Mapping[str, Raw],
    scope: Scope,
    moment: str | None,
    until: str | None = None,
    signed: Sequence[Signed] = (),
) -> EntityEvidence:
    """Measure an entity whose own views stand: populations, fingerprints, differences, sums.

    Args:
        engine: the engine.
        prepared: the entity.
        raws: what `make_views` looked up.
        scope: what the run looks at.
        moment: when the baseline was taken; None where nothing is merged.
        until: when the target was taken; None where nobody knows.
        signed: the batches that were signed: what changed since and says so is set apart.
    """
    entity = prepared.entity
    make_base_table(engine, entity)
    base = {
        side: count_base_rows(engine, prepared.selects[side], entity=entity, side=side, columns=prepared.driving_columns[side], key=prepared.driving_keys[side])
        for side in ("source", "target")
    }
    claims = make_sides(engine, entity, scope=scope, moment=moment, until=until)
    since = _set_since_apart(engine, entity, scope=scope, signed=signed, until=until)
    rows = max(item.rows for item in base.values())
    prints = fingerprint.take(engine, entity, unmapped=UNMAPPED if through(entity) else None, beside=sums_beside(entity), rows=rows)
    keys = count_source_keys(engine, entity, rows=prints.source_rows, one_to_one=one_to_one(engine, scope=scope))
    localised = localise(engine, entity, prints=prints, source_keys=keys, by_map=True)
    unmapped_keys = _unmapped_keys(engine, entity, scope=scope, mapped=prints.source_rows + since)
    owned = count_owned(engine, entity) if scope.accounts != "all" and entity.owner is not None else OwnedRows()
    if scope.batched and owned.unplaced:
        record_unplaced(engine, entity)
    if unmapped_keys or prints.unmapped:
        record_unmapped(engine, entity=entity, scope=scope)
    harm = harms(engine, entity, tables=localised.tables)
    statuses = harm[""].statuses
    repeated = _repeated_rows(engine, localised.tables) if "duplicate" in statuses else 0
    compared = prints.source_rows - statuses.get("missing", 0) - repeated
    return EntityEvidence(
        entity=entity.name,
        population=Population(
            source_rows=prints.source_rows,
            target_rows=prints.target_rows,
            native=claims.native,
            native_new=claims.native_new,
            excused=frozen(_excused(engine, entity, base=base["source"], erased=owned.erased, scope=scope) | ({SINCE: since} if since else {})),
            unmapped=unmapped_keys,
            unplaced=owned.unplaced if scope.batched else 0,
            source_lost=base["source"].lost + base["source"].returned,
            target_lost=base["target"].lost + base["target"].returned,
            source_multiplied=base["source"].multiplied,
            target_multiplied=base["target"].multiplied,
        ),
        compared=compared,
        same=compared - statuses.get("changed", 0),
        harms=harm,
        equal_after=frozen(_equal_after(engine, entity, tables=localised.tables)),
        weak=_weak(raws),
        remarks=_remarks(raws),
        agrees=localised.agrees,
        key_proof=keys.proof,
        owned=owned,
        in_order=localised.in_order,
        fetched=localised.fetched,
    )


def make_sides(engine: Engine, entity: Entity, *, scope: Scope, moment: str | None, until: str | None) -> Claims:
    """Make source.e and target.e of an entity whose own views stand, as they are compared; what explains its sums was made before."""
    make_source(engine, entity=entity, accounts=scope.accounts, absorbed=scope.absorbed)
    claims = make_claims(engine, entity=entity, scope=scope, moment=moment, until=until) if entity.merge is not None and moment is not None else Claims()
    if entity.later:
        make_later(engine, entity)
    make_target(engine, entity=entity)
    return claims


def _set_since_apart(engine: Engine, entity: Entity, *, scope: Scope, signed: Sequence[Signed], until: str | None) -> int:
    """Take the rows that changed since their batch was signed out of both sides; return how many."""
    rows = make_since(engine, entity, signed=signed, until=until)
    if rows:
        apart = since_table(entity)
        make_source(engine, entity=entity, accounts=scope.accounts, absorbed=scope.absorbed, apart=apart)
        make_target(engine, entity=entity, apart=apart)
    return rows


def _unmapped_keys(engine: Engine, entity: Entity, *, scope: Scope, mapped: int) -> int:
    """Count the rows in scope that are set apart because the crosswalk does not map their key.

    Args:
        engine: the engine.
        entity: the entity.
        scope: what the run looks at.
        mapped: how many rows source.e has: those in scope but for the ones asked about, unless it adds them up.
    """
    columns = [column for column in entity.keys if column.through]
    if not columns:
        return 0
    joins, where = scope_of(entity, accounts=scope.accounts, absorbed=scope.absorbed)
    if entity.aggregate:
        joins = [*maps(entity), *joins]
        where.append(f"({' OR '.join(f'(NOT {is_mapped(column)} AND r.{quote(column.name)} IS NOT NULL)' for column in columns)})")
    sql = f"SELECT count(*) FROM {path('own_source', entity.name)} AS r {' '.join(joins)} WHERE {' AND '.join(where) or 'true'}"
    (rows,) = engine.one(Query(sql, step=f"{entity.name}: unmapped keys"))
    return int(rows) if entity.aggregate else int(rows) - mapped


def _excused(engine: Engine, entity: Entity, *, base: BaseRows, erased: int, scope: Scope) -> dict[str, int]:
    """Count the source rows that are set apart for a declared reason."""
    found = {reason: rows for reason, rows in base.excluded if rows} | {"erased on request": erased}
    own = path("own_source", entity.name)
    absorbed = [column for column in identifying(entity) if column.through in scope.absorbed]
    if absorbed and not entity.aggregate:
        joins, where = scope_of(entity, accounts=scope.accounts, absorbed=())
        where.append(f"({' OR '.join(is_absorbed(column) for column in absorbed)})")
        sql = f"SELECT count(*) FROM {own} AS r {' '.join(joins)} WHERE {' AND '.join(where)}"
        found["absorbed by a declared merge"] = int(engine.one(Query(sql, step=f"{entity.name}: absorbed"))[0])
    return {reason: rows for reason, rows in found.items() if rows}


def _repeated_rows(engine: Engine, tables: Tables) -> int:
    sql = f"SELECT count(*) FROM {tables.rows} WHERE status = 'duplicate' AND source_hash IS NOT NULL"
    return int(engine.one(Query(sql, step="repeated keys"))[0])


def _equal_after(engine: Engine, entity: Entity, *, tables: Tables) -> dict[str, int]:
    rows = engine.execute(Query(f"SELECT c, rule, sum(n) FROM {tables.equal_after} GROUP BY 1, 2 ORDER BY 1, 2", step=f"{entity.name}: equal after a rule"))
    return {f"{entity.compared[place].name}: {rule}": int(count) for place, rule, count in rows}


def _weak(raws: Mapping[str, Raw]) -> dict[str, tuple[str, ...]]:
    """Return why a kind of check proves nothing: what could not be converted has no value to compare."""
    zones = [f"{raw.unknown_zones:,} rows of the {side} have a wall clock and a zone that nobody knows" for side, raw in raws.items() if raw.unknown_zones]
    units = [f"{rows:,} rows of the {side} have a {name} that its type cannot hold" for side, raw in raws.items() for name, rows in raw.unfit]
    return {kind: tuple(lines) for kind, lines in (("instants", zones), ("values", units)) if lines}


def _remarks(raws: Mapping[str, Raw]) -> dict[str, tuple[str, ...]]:
    """Return what a reader of a check should know: wall clocks that no clock showed, or that it showed twice."""
    words = {"gap": "in an hour that was left out", "overlap": "in an hour that came twice"}
    lines = [f"{rows:,} rows of the {side} have {name} {words[kind]} in {zone}" for side, raw in raws.items() for name, zone, kind, rows in raw.unsound]
    return {"instants": tuple(lines)} if lines else {}
