"""The one place for a question of one's own: one SELECT over a run's findings, and over both sides as the run compared them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dq.asking import ask
from dq.attempts import Attempts
from dq.case.opening import Reopened, Where, reopened
from dq.compare.entity import make_sides
from dq.contract.models import Contract, Entity
from dq.engine import Engine, file_literal, open_engine
from dq.errors import EngineError, SnapshotError, UsageError, near_miss
from dq.folder import FINDINGS
from dq.ground import Ground, lay_ground
from dq.record import Record
from dq.settings import Settings
from dq.sql import Query

if TYPE_CHECKING:
    import polars as pl

FINDINGS_VIEW, CELLS_VIEW = "findings", "cells"
_SIDES = ("source", "target")


def answer(folder: Path, record: Record, sql: str, *, where: Where | None = None) -> pl.DataFrame:
    """Return the rows of one SELECT; nothing can be written, and no other file read.

    Args:
        folder: a run's.
        record: its record.
        sql: over `findings` and `cells` (as `Run.findings()` and `Run.cells()` have them), and over source.<entity> and target.<entity>: the rows
            that the run compared, in the contract's types and the target's ids. The snapshots are opened only where a side is named.
        where: where contract and snapshots lie now, if not where they were.

    Raises:
        UsageError: it is no SELECT, or names an entity that there is not; the findings are gone.
        SnapshotError: a snapshot is gone, or is another than the one compared.
        EngineError: the engine could not answer.
    """
    with TemporaryDirectory(prefix="dq-") as spill:
        settings = Settings(temp=Path(spill), reads=((folder / FINDINGS).absolute(),))
        with _engine(settings) as engine:
            named = _entities_named(engine, sql)
            if not named:
                _make_views(engine, folder)
                return engine.frame(Query(sql, step="sql"))
        with reopened(folder, record, where=where, settings=settings) as run:
            known = [entity.name for entity in run.contract.entities]
            for name in sorted(named - set(known)):
                raise UsageError(f"there is no entity '{name}'{near_miss(name, known)}")
            compared_views(run, named)
            _make_views(run.engine, folder)
            return run.engine.frame(Query(sql, step="sql"))


def compared_views(run: Reopened, names: set[str]) -> Ground:
    """Make source.e and target.e of some entities, as the run compared them; all that they are made of stands too. Raises SnapshotError."""
    contract = _narrowed(run.contract, names)
    asked = ask(run.contract, run.manifests, command=run.record.command, batch=run.record.batch, as_of=None).asked
    ground = lay_ground(run.engine, contract, asked=asked, attempt=Attempts())
    for prepared in ground.prepared:
        entity = prepared.entity
        reason = next(iter(prepared.problems), None) or ground.blocks(entity)
        if reason is not None:
            raise SnapshotError(f"{entity.name} cannot be read: {reason}")
        make_sides(run.engine, entity, scope=ground.scope, moment=asked.baseline_moment, until=asked.target_moment)
    return ground


def _narrowed(contract: Contract, names: set[str]) -> Contract:
    """Return the contract of some entities alone, and of those whose entries explain them."""
    needed = {ledger.entity for entity in contract.entities if entity.name in names for ledger in entity.later.values()}
    kept: tuple[Entity, ...] = tuple(entity for entity in contract.entities if entity.name in names | needed)
    return contract.model_copy(update={"entities": kept})


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine({}, settings=settings)
    try:
        yield engine
    finally:
        engine.close()


def _make_views(engine: Engine, folder: Path) -> None:
    file = (folder / FINDINGS).absolute()
    if not file.is_file():
        raise UsageError(f"{file}: is not there")
    for name, claim, left in ((FINDINGS_VIEW, "IS NULL", '"column", source, target'), (CELLS_VIEW, "IS NOT NULL", "status, columns")):
        sql = f'CREATE VIEW main.{name} AS SELECT * EXCLUDE ({left}) FROM read_parquet({file_literal(file)}) WHERE "column" {claim}'
        engine.execute(Query(sql, step=name))


def _entities_named(engine: Engine, sql: str) -> set[str]:
    """Return the entities whose sides a SELECT reads. Raises UsageError where it is none, or more than one."""
    try:
        tree = json.loads(engine.one(Query("SELECT json_serialize_sql(?)", (sql,), "sql"))[0])
    except EngineError as error:
        raise UsageError(f"one SELECT is needed ({error})") from None
    if tree["error"]:
        raise UsageError(f"one SELECT is needed: {tree['error_message']}")
    if len(tree["statements"]) != 1:
        raise UsageError(f"one SELECT is needed, not {len(tree['statements'])}")
    return {table for schema, table in _tables(tree["statements"][0]) if schema in _SIDES}


def _tables(node: Any) -> Iterator[tuple[str, str]]:
    """Yield (schema, table) of every table that is read."""
    if isinstance(node, list):
        for item in node:
            yield from _tables(item)
    elif isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            yield node["schema_name"], node["table_name"]
        for item in node.values():
            yield from _tables(item)
