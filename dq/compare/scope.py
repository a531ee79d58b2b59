"""The one place that says which rows belong to the run: accounts of the batch, absorbed and erased ones, and the target's own rows.

Source: DECISIONS "Merge", "Crosswalk", "Batches".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from dq.compare.blanks import says_something
from dq.compare.conditions import read_claim
from dq.compare.copies import take_out_copies
from dq.compare.sides import Accounts, chosen, identifying, is_absorbed, mapped, people, scope_of, target_ids
from dq.compare.sides import maps as joined_maps
from dq.compare.views import CREATED, ID, snapshot
from dq.compare.withdrawn import take_out_withdrawn
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

_BEFORE, _DANGLING = quote("dq.before"), quote("dq.dangling")  # of an unclaimed row: it stood in the baseline; the crosswalk names it


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks at: batch numbers compared, batches moved so far, and what the crosswalk declares."""

    accounts: Accounts  # whose rows are in scope
    batches: tuple[int, ...]
    moved: tuple[int, ...]
    absorbed: tuple[str, ...]  # crosswalks with declared merges
    crosswalks: tuple[str, ...]  # maps that are there
    fan_out: tuple[str, ...] = ()  # of these, the ones that no join may go through

    @property
    def batched(self) -> bool:
        """The crosswalk says which account is of which batch."""
        return self.accounts == "batched"

    def with_fan_out(self, names: tuple[str, ...]) -> Scope:
        """Return the scope with what was found of the maps."""
        return replace(self, fan_out=names)


@dataclass(frozen=True, slots=True)
class Claims:
    """How the target's rows divide: not the migration's (native), and the source rows that have a counterpart by id."""

    native: int = 0
    native_new: int = 0


def make_scope(
    engine: Engine, *, batches: Sequence[int], moved: Sequence[int], declared: Sequence[str], crosswalks: Sequence[str], owners: Collection[str] = ()
) -> Scope:
    """Create scope.accounts, scope.absorbed, maps.<crosswalk> and scope."people.<crosswalk>".

    Args:
        engine: the engine, with the crosswalk attached.
        batches: the batches compared.
        moved: the batches moved so far.
        declared: which of batches, merges and erasures the crosswalk's snapshot has, as they should be.
        crosswalks: maps that the contract goes through and that are there.
        owners: those that the owner of any entity goes through.
    """
    where = snapshot("crosswalk")
    accounts: Accounts = "batched" if "batches" in declared else "unerased" if "erasures" in declared else "all"
    if accounts != "all":
        # an erasure without a reference excuses nothing; somebody erased needs no batch
        erased = f"SELECT DISTINCT account_id FROM {path(where, 'main', 'erasures')} WHERE {says_something('reference')} AND account_id IS NOT NULL"
        placed = f"SELECT account_id, batch FROM {path(where, 'main', 'batches')} WHERE account_id IS NOT NULL"
        sql = f"""
            CREATE TABLE scope.accounts AS
            SELECT account_id,
                   coalesce(bool_or(b.batch IN (SELECT unnest($1))) AND bool_or(e.erased) IS NOT TRUE, false) AS in_scope,
                   coalesce(bool_or(b.batch IN (SELECT unnest($2))) AND bool_or(e.erased) IS NOT TRUE, false) AS moved,
                   coalesce(bool_or(b.batch IS NULL OR b.batch IN (SELECT unnest($1))) AND bool_or(e.erased), false) AS erased,
                   coalesce(bool_or(e.erased), false) AS erased_ever,
                   coalesce(bool_or(b.batch IS NOT NULL OR e.erased), false) AS placed, min(b.batch) AS batch, count(b.account_id) AS listed
            FROM ({placed if accounts == "batched" else "SELECT NULL AS account_id, NULL AS batch WHERE false"}) AS b
            FULL JOIN (SELECT account_id, true AS erased FROM ({erased if "erasures" in declared else "SELECT NULL AS account_id WHERE false"})) AS e
            USING (account_id)
            GROUP BY account_id"""
        engine.execute(Query(sql, (list(batches), list(moved)), "scope: accounts"))
    absorbed: tuple[str, ...] = ()
    if "merges" in declared:
        sql = f"CREATE TABLE scope.absorbed AS SELECT DISTINCT crosswalk, source_id, target_id, kept FROM {path(where, 'main', 'merges')}"
        engine.execute(Query(sql, step="scope: merges"))
        rows = engine.execute(Query("SELECT DISTINCT crosswalk FROM scope.absorbed ORDER BY 1", step="scope: merges"))
        absorbed = tuple(row[0] for row in rows)
    for name in crosswalks:
        sql = f"CREATE VIEW {path('maps', name)} AS SELECT source_id, target_id FROM {path(where, 'main', name)}"
        engine.execute(Query(sql, step=f"crosswalk {name}"))
    for name in owners if accounts != "all" else ():
        sql = f"""
            CREATE TABLE {people(name)} AS
            SELECT coalesce(m.source_id, a.account_id) AS id, m.source_id, m.target_id, a.in_scope, a.moved
            FROM {path("maps", name)} AS m FULL JOIN scope.accounts AS a ON a.account_id = m.source_id"""
        engine.execute(Query(sql, step=f"scope: people of {name}"))
    return Scope(accounts, tuple(batches), tuple(moved), absorbed, tuple(crosswalks))


def make_claims(engine: Engine, *, entity: Entity, scope: Scope, moment: str, until: str | None = None) -> Claims:
    """Create claims.e: the target's rows that belong to the migration, and of these the run's; count the native ones.

    Its columns: id; in_scope, whether the row is the run's; batch, of the account that brought it, NULL where none did; brought, whether a source row
    in scope did; moved, whether one did that has moved, in whatever batch. None is ever unknown but the batch.

    A row is claimed by the crosswalk of the entity's own name, or by its key where there is none. A row that nobody claims is native
    if it stood in the baseline, or if it is newer than the baseline, no source row has its key (be it one that the contract excludes), none
    is the same but for its ids (be it somebody's who was erased or is yet to move), and it does not belong to what was moved (`of`, `ours`); otherwise it is
    claimed too, so that it shows as `extra`. So do the rows of an erased person, and, where all that has moved is compared, rows that came
    too early.

    Args:
        engine: the engine.
        entity: an entity with [merge].
        scope: what the run looks at.
        moment: when the baseline was taken, ISO 8601 with offset.
        until: when the target was taken: nothing in it is newer; None where nobody knows.
    """
    by_id = entity.own_id is not None and entity.name in scope.crosswalks
    keys = [quote(name) for name in entity.key]
    _make_source_keys(engine, entity, scope=scope, by_id=by_id)
    own = path("own_target", entity.name)
    on = " AND ".join(f"k.{key} = r.{key}" for key in keys)
    before = f"SELECT {quote(ID)} FROM {path('own_baseline', entity.name)}"
    found = (
        "SELECT own_id AS id, in_scope, left_over, moved, batch FROM source_keys WHERE own_id IS NOT NULL"
        if by_id
        else f"SELECT r.{quote(ID)} AS id, k.in_scope, k.left_over, k.moved, k.batch FROM {own} AS r JOIN source_keys AS k ON {on}"
    )
    # left over is what nobody else brought who has moved, and who was not there before
    claimed = f"""
        SELECT id, in_scope OR (left_over AND NOT moved AND b.{quote(ID)} IS NULL) AS in_scope, batch, f.in_scope AS brought, moved
        FROM (SELECT id, bool_or(in_scope) AS in_scope, bool_or(left_over) AS left_over, bool_or(moved) AS moved, min(batch) AS batch
              FROM ({found}) GROUP BY id) AS f
        LEFT JOIN (SELECT DISTINCT * FROM ({before})) AS b ON b.{quote(ID)} = f.id"""
    dangling = f"r.{quote(ID)} IN ({target_ids(entity.name)})" if by_id else "false"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE unclaimed AS
        SELECT r.{quote(ID)} AS id,
               CASE WHEN {_BEFORE} AND NOT {_DANGLING} THEN 'native'
                    WHEN r.{quote(CREATED)} > CAST($1 AS TIMESTAMPTZ) AND (r.{quote(CREATED)} > CAST($2 AS TIMESTAMPTZ)) IS NOT TRUE
                         AND NOT {_DANGLING} AND NOT ({_belongs(engine, entity)})
                         AND NOT EXISTS (SELECT 1 FROM source_keys AS k WHERE {on}) THEN 'new'
                    ELSE 'extra' END AS origin,
               {_owner_scope(entity, scope)} AS in_scope
        FROM (SELECT r.*, r.{quote(ID)} IN ({before}) AS {_BEFORE}, {dangling} AS {_DANGLING} FROM {own} AS r
              WHERE NOT EXISTS (SELECT 1 FROM claimed AS c WHERE c.id = r.{quote(ID)})) AS r"""
    engine.execute(Query(f"CREATE OR REPLACE TEMP TABLE claimed AS {claimed}", step=f"{entity.name}: claims"))
    engine.execute(Query(sql, (moment, until), step=f"{entity.name}: native rows"))
    take_out_withdrawn(engine, entity)
    take_out_copies(engine, entity, placed=scope.accounts != "all")
    engine.execute(
        Query(
            f"CREATE TABLE {path('claims', entity.name)} AS "
            "SELECT id, in_scope, batch, brought, moved FROM claimed UNION ALL SELECT id, in_scope, NULL, false, false FROM unclaimed WHERE origin = 'extra'",
            step=f"{entity.name}: claims",
        )
    )
    counts: dict[str, int] = dict(engine.execute(Query("SELECT origin, count(*) FROM unclaimed GROUP BY 1", step=f"{entity.name}: native rows")))
    for table in ("source_keys", "claimed", "unclaimed"):
        engine.execute(Query(f"DROP TABLE {table}", step=f"{entity.name}: claims"))
    return Claims(native=counts.get("native", 0), native_new=counts.get("new", 0))


def _make_source_keys(engine: Engine, entity: Entity, *, scope: Scope, by_id: bool) -> None:
    """Create source_keys: the key of each source row in the target's ids, and whether it may have brought a row of the target.

    Where the target's rows are found by their key, a key stands once: else rows with one key would be paired, each with each.
    """
    in_scope, left_over, moved, joins = _claims_of(entity, scope)
    ids = {"own_id": entity.own_id if by_id else None, "of_id": entity.column(entity.merge.of) if entity.merge is not None and entity.merge.of else None}
    named = {quote(column.name): column for column in entity.keys} | {name: column for name, column in ids.items() if column is not None}
    batch = "a.batch" if joins and scope.batched else "CAST(NULL AS BIGINT)"
    facts = {"in_scope": in_scope, "left_over": left_over, "moved": moved, "batch": f"CASE WHEN {in_scope} THEN {batch} END"}
    if not by_id:
        facts = {name: f"{'min' if name == 'batch' else 'bool_or'}({fact})" for name, fact in facts.items()}
    columns = [*(f"{mapped(column)} AS {name}" for name, column in named.items()), *(f"{fact} AS {name}" for name, fact in facts.items())]
    sql = f"""
        CREATE OR REPLACE TEMP TABLE source_keys AS
        SELECT {", ".join(columns)}
        FROM {path("own_source", entity.name)} AS r {" ".join((*joined_maps(entity, only=tuple(named.values())), *joins))}
        {"" if by_id else "GROUP BY ALL"}"""
    engine.execute(Query(sql, step=f"{entity.name}: source keys"))


def _belongs(engine: Engine, entity: Entity) -> str:
    """Return the claim that a target row `r` since the baseline belongs to what was moved, as the contract says.

    A row of a source whose key the crosswalk does not map may be its counterpart: that is told of the crosswalk, and not again.
    """
    merge = entity.merge
    claims: list[str] = []
    if merge is not None and merge.of is not None:
        forgotten = " OR ".join(f"k.{quote(column.name)} IS NULL" for column in entity.keys if column.through and column.name != merge.of)
        apart = f" AND NOT EXISTS (SELECT 1 FROM source_keys AS k WHERE k.of_id = r.{quote(merge.of)} AND ({forgotten}))" if forgotten else ""
        claims.append(f"r.{quote(merge.of)} IN ({target_ids(str(entity.column(merge.of).through))}){apart}")
    return f"coalesce({' OR '.join((*claims, is_ours(engine, entity)))}, false)"


def is_ours(engine: Engine, entity: Entity) -> str:
    """Return the claim, never unknown, that a row's own values say that it is of what was moved, as the contract says."""
    if entity.merge is None or entity.merge.ours is None:
        return "false"
    return f"coalesce({read_claim(engine, entity, entity.merge.ours, key='merge.ours')}, false)"


def _claims_of(entity: Entity, scope: Scope) -> tuple[str, str, str, list[str]]:
    """Return three claims about a source row `r`, and the joins they need.

    In scope: what the run compares has a counterpart in the target. Left over: it should have none (any more, or yet, or none of its own: whoever's it is
    gave way to somebody who speaks for both). Moved: it may have one, whatever the run compares.
    """
    merged = [column for column in identifying(entity) if column.through in scope.absorbed and not entity.aggregate]
    own = [f"NOT {is_absorbed(column)}" for column in merged]
    joins, _ = scope_of(entity, accounts=scope.accounts, absorbed=())
    early = "a.placed AND NOT a.moved" if scope.batches == scope.moved else "false"
    in_scope, moved = (chosen(entity, claim, accounts=scope.accounts) if joins else "true" for claim in ("in_scope", "moved"))
    left = f"(a.erased OR ({early}))" if joins else "false"
    gave_way = [is_absorbed(column) for column in merged if column.name == entity.owner and column != entity.own_id]
    left_over = " OR ".join((_known(left, *own), *(_known(in_scope, claim) for claim in gave_way)))
    return _known(in_scope, *own), f"({left_over})", _known(moved, *own), joins


def _known(*claims: str) -> str:
    """Return that all claims hold, unknown being false."""
    return f"coalesce({' AND '.join(claims)}, false)"


def _owner_scope(entity: Entity, scope: Scope) -> str:
    """Return the claim that an unclaimed target row is this run's: its owner is in the batch (be it erased), or in none."""
    if not scope.batched or entity.owner is None:
        return "true"
    crosswalk = entity.column(entity.owner).through
    owner = quote(entity.owner)
    maps = f"{path('maps', str(crosswalk))} AS m JOIN scope.accounts AS a ON a.account_id = m.source_id"
    others = f"SELECT m.target_id FROM {maps} WHERE m.target_id IS NOT NULL AND a.placed"
    return f"(r.{owner} IN ({others} AND (a.in_scope OR a.erased)) OR r.{owner} IS NULL OR r.{owner} NOT IN ({others}))"
