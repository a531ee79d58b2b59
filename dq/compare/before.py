"""The one place that holds the crosswalk against what it was before: what was mapped when a batch was proven is mapped so still.

What binds is what had moved when the crosswalk of before was taken: accounts of the batches up to its own, as its own list says, rows of
theirs, and rows of nobody's, which move with the first batch. A map that was made in advance may be made anew for a batch that had not moved.
Who was erased since binds nothing. Of a pair that is gone with its row nobody says whose it was: it is counted, and no finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dq.compare.declared import misshapen
from dq.compare.evidence import Crash, Kept
from dq.compare.scope import Scope
from dq.compare.views import snapshot
from dq.contract.models import Entity
from dq.contract.stores import BEFORE
from dq.engine import Engine
from dq.sql import Query, literal, path, quote

PROBLEMS = {
    "changed since": "an id, an account of a batch or a merge that is mapped, placed or declared otherwise than before",
    "dropped since": "one that is not mapped, placed or declared any more",
    "added since": "an account that was put into a batch which had moved without it",
}
UNKNOWN = "what it was before cannot be told"


def make_before(engine: Engine, *, moved: Sequence[int], scope: Scope, there: Sequence[str]) -> str | None:
    """Create before.<name> of the tables that the crosswalk had, and scope.settled: the accounts that had moved, but for those erased since.

    Args:
        engine: the crosswalk of before is attached, scope.accounts stands.
        moved: the batches that had moved by then.
        scope: of today.
        there: the tables of the crosswalk of before, as they should be.

    Returns:
        Why it proves nothing, or None.
    """
    for name in there:
        sql = f"CREATE VIEW {path('before', name)} AS FROM {path(snapshot(BEFORE), 'main', name)}"
        engine.execute(Query(sql, step="crosswalk before"))
    if not scope.batched:
        return None
    sql = f"""
        CREATE TABLE scope.settled AS
        SELECT DISTINCT b.account_id, b.batch
        FROM {path("before", "batches")} AS b
        ANTI JOIN (SELECT account_id FROM scope.accounts WHERE erased_ever) AS e ON e.account_id = b.account_id
        WHERE b.account_id IS NOT NULL AND b.batch IN (SELECT unnest($1))"""
    (accounts,) = engine.one(Query(sql, (list(moved),), "crosswalk before: accounts"))
    return None if accounts else f"{UNKNOWN}: no account is in a batch that had moved"


def why_unusable(name: str, there: Mapping[str, Mapping[str, str]], *, wanted: Mapping[str, str | None]) -> str | None:
    """Return why a table of the crosswalk of before cannot be used, or None."""
    reason = misshapen(name, there, wanted=wanted)
    return f"{UNKNOWN}: {reason}" if reason is not None else None


def keep_map(engine: Engine, name: str, *, scope: Scope, accounts: str | None, home: Entity | None) -> Kept | Crash:
    """Record ids that were mapped before, and are mapped otherwise or to nothing now.

    Args:
        engine: the engine; before.<name> and maps.<name> stand, and own_source.e of the home.
        name: the map.
        scope: of today.
        accounts: the map of accounts.
        home: the entity whose own ids it maps, where there is one.

    Returns:
        What was held against it; where nothing was mapped before, that it proves nothing.
    """
    step = f"crosswalk {name}: before"
    before, now = path("before", name), path("maps", name)
    whole = "b.source_id IS NOT NULL AND b.target_id IS NOT NULL"
    (rows,) = engine.one(Query(f"SELECT count(*) FROM {before} AS b WHERE {whole}", step=step))
    if not rows:
        return Crash(f"{UNKNOWN}: it was empty")
    sql = f"""
        CREATE OR REPLACE TEMP TABLE unkept AS
        SELECT DISTINCT b.source_id FROM {before} AS b
        ANTI JOIN {now} AS m ON m.source_id = b.source_id AND m.target_id = b.target_id
        WHERE {whole}"""
    (unkept,) = engine.one(Query(sql, step=step))
    if not unkept:
        return Kept(int(rows))
    join, binds, whose = _binding(name, scope=scope, accounts=accounts, home=home)
    found = f"""
        SELECT u.source_id, m.source_id IS NOT NULL AS mapped, {binds} AS binds, {whose} AS known
        FROM unkept AS u LEFT JOIN (SELECT DISTINCT source_id FROM {now} WHERE target_id IS NOT NULL) AS m ON m.source_id = u.source_id {join}"""
    sql = f"""
        INSERT INTO evidence.crosswalk
        SELECT $1, CASE WHEN mapped THEN 'changed since' ELSE 'dropped since' END, CAST(source_id AS VARCHAR)
        FROM ({found}) WHERE binds AND (known OR mapped)"""
    engine.execute(Query(sql, (name,), step))
    (gone,) = engine.one(Query(f"SELECT count(*) FROM ({found}) WHERE NOT known AND NOT mapped", step=step))
    return Kept(int(rows), int(gone))


def keep_batches(engine: Engine) -> Kept:
    """Record accounts of batches that had moved which stand in another batch or in none now, and those that were put into such a batch since."""
    step, now = "crosswalk batches: before", path(snapshot("crosswalk"), "main", "batches")
    placed = f"EXISTS (SELECT 1 FROM {now} AS n WHERE n.account_id = b.account_id AND n.batch IS NOT NULL)"
    sql = f"""
        INSERT INTO evidence.crosswalk
        SELECT DISTINCT 'batches', CASE WHEN {placed} THEN 'changed since' ELSE 'dropped since' END, CAST(b.account_id AS VARCHAR)
        FROM scope.settled AS b ANTI JOIN {now} AS n ON n.account_id = b.account_id AND n.batch = b.batch"""
    engine.execute(Query(sql, step=step))
    sql = f"""
        INSERT INTO evidence.crosswalk
        SELECT DISTINCT 'batches', 'added since', CAST(n.account_id AS VARCHAR)
        FROM {now} AS n SEMI JOIN (SELECT DISTINCT batch FROM scope.settled) AS m ON m.batch = n.batch
        ANTI JOIN scope.settled AS b ON b.account_id = n.account_id
        JOIN scope.accounts AS a ON a.account_id = n.account_id AND NOT a.erased_ever"""
    engine.execute(Query(sql, step=step))
    (rows,) = engine.one(Query("SELECT count(*) FROM scope.settled", step=step))
    return Kept(int(rows))


def keep_merges(engine: Engine, *, declared: bool, scope: Scope, accounts: str | None, homes: Mapping[str, Entity]) -> Kept:
    """Record merges that were declared before, and are declared otherwise or not at all now; `declared`: any are."""
    before = path("before", "merges")
    now = path(snapshot("crosswalk"), "main", "merges") if declared else f"(FROM {before} LIMIT 0)"
    for name in scope.crosswalks:
        join, binds, whose = _binding(name, scope=scope, accounts=accounts, home=homes.get(name))
        same = f"n.crosswalk = {literal(name)} AND n.source_id = u.source_id"
        sql = f"""
            INSERT INTO evidence.crosswalk
            SELECT DISTINCT 'merges', CASE WHEN EXISTS (SELECT 1 FROM {now} AS n WHERE {same}) THEN 'changed since' ELSE 'dropped since' END,
                   CAST(u.source_id AS VARCHAR)
            FROM {before} AS u ANTI JOIN {now} AS n ON {same} AND n.target_id = u.target_id AND n.kept IS NOT DISTINCT FROM u.kept {join}
            WHERE u.crosswalk = {literal(name)} AND u.source_id IS NOT NULL AND u.target_id IS NOT NULL AND {binds} AND {whose}"""
        engine.execute(Query(sql, step="crosswalk merges: before"))
    (rows,) = engine.one(Query(f"SELECT count(*) FROM {before}", step="crosswalk merges: before"))
    return Kept(int(rows))


def _binding(name: str, *, scope: Scope, accounts: str | None, home: Entity | None) -> tuple[str, str, str]:
    """Return a join and two claims about an id `u` of a map: that it binds, and that somebody says whose it is."""
    if scope.accounts == "all":
        return "", "true", "true"
    if name == accounts:
        return "", _settled("u.source_id", scope), "true"
    if home is None or home.owner is None or home.own_id is None:
        return "", "true", "true"
    own, owner = quote(home.own_id.name), f"r.{quote(home.owner)}"
    owners = f"SELECT r.{own} AS id, bool_and({owner} IS NULL OR {_settled(owner, scope)}) AS settled FROM {path('own_source', home.name)} AS r GROUP BY 1"
    return f"LEFT JOIN ({owners}) AS o ON o.id = u.source_id", "coalesce(o.settled, true)", "o.id IS NOT NULL"


def _settled(account: str, scope: Scope) -> str:
    """Return the claim that an account had moved, and was not erased since."""
    if scope.batched:
        return f"EXISTS (SELECT 1 FROM scope.settled AS b WHERE b.account_id = {account})"
    return f"NOT EXISTS (SELECT 1 FROM scope.accounts AS a WHERE a.account_id = {account} AND a.erased_ever)"
