"""The one place for the list of what is to be repaired: which rows to move again, which to take back, which to look at, whose they are, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from dq.case.adhoc import compared_views
from dq.case.opening import Reopened, Where, reopened
from dq.compare.sides import identifying, mapped, maps
from dq.compare.views import ID
from dq.contract.models import Entity
from dq.engine import file_literal
from dq.errors import UsageError
from dq.record import Outcome, Record
from dq.settings import Settings
from dq.sql import Query, literal, path, quote

if TYPE_CHECKING:
    import polars as pl

MOVE, TAKE, LOOK = "move again", "take back", "look at by hand"
TAKE_COPIES = "take back all but one"
MENDED, STILL, UNKNOWN = "mended", "still broken", "not known"  # what a later run says of a row
# From what the run says of a row; whatever is not named here is looked at by hand.
ACTIONS: Final = {"missing": MOVE, "changed": MOVE, "extra": TAKE}
_LIST = "SELECT entity, action, statuses, columns, key, source_ids, target_ids, source_accounts, target_accounts, cause, findings FROM main.repair"


def repair_list(folder: Path, record: Record, *, where: Where | None = None) -> pl.DataFrame:
    """Return one line for every row that a run found broken: entity, action, statuses, columns, key, ids and accounts of both sides, cause, findings.

    `key` is in the target's ids; `source_ids` are those that the source has (the key first), `target_ids` those of the target's own table.
    A claim that such a row breaks as well is named in its `findings` and has no line of its own. Personal data: keys and ids.

    Raises:
        UsageError, SnapshotError: as `reopened`.
    """
    with TemporaryDirectory(prefix="dq-") as spill, reopened(folder, record, where=where, settings=Settings(temp=Path(spill))) as run:
        sql = f"""
            CREATE TABLE main.found AS
            SELECT entity, key, list(DISTINCT status ORDER BY status) AS statuses,
                   list(DISTINCT status ORDER BY status) FILTER ("check" IS NULL OR "check" IN (entity || '.rows', entity || '.keys')) AS of_row,
                   list_sort(list_distinct(flatten(list(columns)))) AS columns, list(entity || '#' || "row" ORDER BY "row") AS findings,
                   bool_or(coalesce("check" = entity || '.natives', false)) AS is_native
            FROM read_parquet({file_literal(run.findings.absolute())}) WHERE "column" IS NULL AND NOT suffix(coalesce("check", ''), '.export')
            GROUP BY entity, key"""
        run.engine.execute(Query(sql, step="repair: findings"))
        found = {row[0] for row in run.engine.execute(Query("SELECT DISTINCT entity FROM main.found", step="repair: entities"))}
        entities = [entity for entity in run.contract.entities if entity.name in found]
        compared_views(run, {entity.name for entity in entities})
        listed = "entity VARCHAR, key VARCHAR[], ids VARCHAR[], accounts VARCHAR[]"
        for side in ("source", "target"):
            run.engine.execute(Query(f"CREATE TABLE main.{side}_of ({listed})", step="repair"))
            for entity in entities:
                rows = _source_rows(entity) if side == "source" else _target_rows(entity)
                run.engine.execute(Query(f"INSERT INTO main.{side}_of {rows}", step=f"{entity.name}: repair"))
        run.engine.execute(Query(_joined(record, run), step="repair"))
        return run.engine.frame(Query(f"{_LIST} ORDER BY place, action, key", step="repair"))


def what_became(listed: pl.DataFrame, *, listed_by: Record, after: Record, findings: Path) -> pl.DataFrame:
    """Return a run's repair list with what a later run says of just those rows, in a column `now`: mended, still broken, not known.

    Args:
        listed: what `repair_list` returned of the earlier run.
        listed_by: the earlier run.
        after: the later run; of an entity of which it could not prove everything, or by another contract, nobody knows what is mended.
        findings: the later run's.

    Raises:
        UsageError: the later run did not compare the batches of the earlier one.
    """
    import polars as pl  # noqa: PLC0415 - half a second, which who writes no list does not pay

    if (listed_by.migration, listed_by.command) != (after.migration, after.command) or not {*listed_by.batches} <= {*after.batches}:
        raise UsageError(f"run {after.run} did not compare what run {listed_by.run} did: its rows cannot be asked of it")
    unproven = {check.entity or check.id for check in after.checks if check.outcome is Outcome.NOT_PROVEN}
    asks_the_same = after.contract == listed_by.contract
    of_rows = pl.col("column").is_null() & ~pl.col("check").cast(pl.String).str.ends_with(".export").fill_null(value=False)
    broken = pl.read_parquet(findings, columns=["entity", "check", "key", "column"]).filter(of_rows).select(pl.col("entity").cast(pl.String), _name("key"))
    now = (
        pl.when(pl.struct("entity", "name").is_in(broken.unique().to_struct().implode()))
        .then(pl.lit(STILL))
        .when(pl.col("entity").is_in([*unproven]) | pl.lit(not asks_the_same))
        .then(pl.lit(UNKNOWN))
        .otherwise(pl.lit(MENDED))
    )
    return listed.with_columns(_name("key")).with_columns(now.alias("now")).drop("name")


def _name(key: str) -> pl.Expr:
    """Return a key as one text, told apart from every other."""
    import polars as pl  # noqa: PLC0415 - as above

    part = pl.concat_str(pl.element().str.len_bytes(), pl.lit(":"), pl.element()).fill_null("-")
    return pl.col(key).list.eval(part).list.join("").alias("name")


def _source_rows(entity: Entity) -> str:
    """Return entity, key, the source's own ids and accounts of the rows with a finding."""
    keys = ", ".join(f"CAST({mapped(column)} AS VARCHAR)" for column in entity.keys)
    ids = ", ".join(f"CAST(r.{quote(column.name)} AS VARCHAR)" for column in identifying(entity))
    owner = f"CAST(r.{quote(entity.owner)} AS VARCHAR)" if entity.owner is not None else "CAST(NULL AS VARCHAR)"
    rows = f"SELECT [{keys}] AS key, [{ids}] AS ids, {owner} AS account FROM {path('own_source', entity.name)} AS r {' '.join(maps(entity))}"
    return _grouped(entity, rows, ids="flatten(list(DISTINCT ids ORDER BY ids))")


def _target_rows(entity: Entity) -> str:
    keys = ", ".join(f"CAST(r.{quote(name)} AS VARCHAR)" for name in entity.key)
    own = f"CAST(r.{quote(ID)} AS VARCHAR)" if entity.merge is not None else "CAST(NULL AS VARCHAR)"
    owner = f"CAST(r.{quote(entity.owner)} AS VARCHAR)" if entity.owner is not None else "CAST(NULL AS VARCHAR)"
    rows = f"SELECT [{keys}] AS key, {own} AS ids, {owner} AS account FROM {path('own_target', entity.name)} AS r"
    by_key = _grouped(entity, rows, ids="list(DISTINCT ids ORDER BY ids)")
    if entity.merge is None:
        return by_key
    natives = f"SELECT [{own}] AS key, {own} AS ids, {owner} AS account FROM {path('own_target', entity.name)} AS r"
    return f"{by_key} UNION ALL {_grouped(entity, natives, ids='list(DISTINCT ids ORDER BY ids)', native=True)}"


def _grouped(entity: Entity, rows: str, *, ids: str, native: bool = False) -> str:
    name = literal(entity.name)
    found = f"SELECT key FROM main.found WHERE entity = {name} AND is_native = {str(native).lower()}"
    accounts = "list(DISTINCT account ORDER BY account) FILTER (account IS NOT NULL)"
    return f"SELECT {name}, key, {ids}, {accounts} FROM ({rows}) WHERE key IN ({found}) GROUP BY key"


def _joined(record: Record, run: Reopened) -> str:
    """Return the statement that puts together what was found of a row, whose it is, and what is to be done."""
    order = {entity.name: place for place, entity in enumerate(run.contract.entities)}
    places = " ".join(f"WHEN {literal(name)} THEN {place}" for name, place in order.items())
    single = " ".join(f"WHEN f.of_row = ['{status}'] THEN '{action}'" for status, action in ACTIONS.items())
    copies = f"WHEN f.of_row = ['duplicate'] AND len(s.ids) > 0 AND len(s.accounts) <= 1 AND len(t.ids) > 1 THEN '{TAKE_COPIES}'"
    causes = ", ".join(f"CASE WHEN f.entity = {literal(entity)} AND {claim} THEN {literal(said)} END" for entity, claim, said in _causes(record))
    person = "CASE WHEN f.statuses = ['unequal'] THEN f.key ELSE t.accounts END"  # a sum of a person's is named by the person
    return f"""
        CREATE TABLE main.repair AS
        SELECT CASE f.entity {places} ELSE -1 END AS place, f.entity, CASE {single} {copies} ELSE '{LOOK}' END AS action, f.statuses, f.columns, f.key,
               s.ids AS source_ids, t.ids AS target_ids, s.accounts AS source_accounts, {person} AS target_accounts,
               nullif(concat_ws('; ', NULL, {causes or "NULL"}), '') AS cause, f.findings
        FROM main.found AS f LEFT JOIN main.source_of AS s USING (entity, key) LEFT JOIN main.target_of AS t USING (entity, key)"""


def _causes(record: Record) -> Iterator[tuple[str, str, str]]:
    """Yield (entity, claim about a line `f`, sentence) of the causes of which it is certain which rows they explain: all of a column, or of a status."""
    for cause in record.causes:
        others = [other for other in record.causes if other is not cause and other.entity == cause.entity]
        checks = [check for check in record.checks if check.id in cause.checks]
        if cause.columns and not any(set(other.columns) & set(cause.columns) for other in others):
            cells = {check.columns[name] for check in checks for name in cause.columns if name in check.columns}
            if cells == {cause.rows}:
                yield cause.entity, " AND ".join(f"list_contains(f.columns, {literal(name)})" for name in cause.columns), cause.sentence
        for check in checks if not cause.columns else ():
            statuses = [status for status, rows in check.statuses.items() if rows == cause.rows]
            if len(statuses) == 1 and not any(check.id in other.checks and not other.columns for other in others):
                yield cause.entity, f"list_contains(f.of_row, {literal(statuses[0])})", cause.sentence
