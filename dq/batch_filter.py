"""The one place that says which rows of the source belong to a batch's accounts, as conditions for the source's own server.

The accounts come from the sealed crosswalk: those of the batch, and those merged with them, whose points make one person's balance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dq.compare.schema import read_selects
from dq.compare.select import Select
from dq.contract.models import Contract, Entity
from dq.engine import Engine, open_engine
from dq.errors import EngineError, SnapshotError, UsageError
from dq.signoff.exporter import vouching
from dq.sql import Query, literal, path
from dq.stores.catalogue import StoreTable
from dq.stores.contents import discrepancies
from dq.stores.opening import find_snapshots, open_snapshots

ALIAS = "crosswalk_snapshot"
_QUOTES: Mapping[str, Callable[[str], str]] = {
    "postgresql": lambda name: '"' + name.replace('"', '""') + '"',
    "mysql": lambda name: "`" + name.replace("`", "``") + "`",
}


@dataclass(frozen=True, slots=True)
class BatchFilter:
    """Which rows of a source are a batch's."""

    batch: int
    accounts: int
    owners: Mapping[str, str]  # table to the column that says whose a row is
    ids: Sequence[int | str]
    dialect: str

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of which only some rows are taken."""
        return tuple(sorted(self.owners))

    def where(self, table: StoreTable) -> str:
        """Return the condition on a table's rows, '' where all are taken."""
        column = self.owners.get(table.name)
        if column is None:
            return ""
        listed = ", ".join(str(item) if isinstance(item, int) else _text(item, self.dialect) for item in self.ids) or "NULL"
        return f"{_QUOTES[self.dialect](column)} IN ({listed})"


def filter_of(contract: Contract, *, batch: int, dialect: str) -> BatchFilter:
    """Return the filter of a batch.

    Raises:
        UsageError: there is no such batch (exit 2).
        SnapshotError: the crosswalk's snapshot is not there, or does not hold (exit 3).
    """
    if batch < 1:
        raise UsageError("--batch: batches of a source count from 1")
    if contract.migration.stores.crosswalk is None or contract.migration.accounts is None:
        raise UsageError("--batch: the contract names no crosswalk of accounts, which says whose batch a row is of")
    file = contract.migration.stores.crosswalk.snapshot
    find_snapshots({"crosswalk": file})
    opened = open_snapshots({"crosswalk": file}, vouched=vouching(contract.folder))["crosswalk"]
    try:
        engine = open_engine({ALIAS: str(file)})
        try:
            opened.check_attached()
            for problem in discrepancies(engine, ALIAS, opened.manifest):
                raise SnapshotError(f"crosswalk snapshot {file}: {problem}")
            ids = _ids(engine, contract.migration.accounts, batch=batch)
            owners = _owners(read_selects(engine, contract), contract)
        finally:
            engine.close()
    except EngineError as error:
        raise SnapshotError(f"crosswalk snapshot {file}: it does not say which accounts are of batch {batch} ({error})") from error
    finally:
        opened.close()
    return BatchFilter(batch, len(ids), owners, ids, dialect)


def _ids(engine: Engine, crosswalk: str, *, batch: int) -> list[int | str]:
    accounts, batches = path(ALIAS, "main", crosswalk), path(ALIAS, "main", "batches")
    sql = f"""
        SELECT account_id FROM {batches} WHERE batch = $1
        UNION
        SELECT source_id FROM {accounts}
        WHERE target_id IN (SELECT a.target_id FROM {accounts} AS a JOIN {batches} AS b ON b.account_id = a.source_id WHERE b.batch = $1)
        ORDER BY 1"""
    return [row[0] for row in engine.execute(Query(sql, (batch,), "accounts of a batch"))]


def _owners(selects: Mapping[str, Mapping[str, Select]], contract: Contract) -> dict[str, str]:
    """Return the driving tables whose rows can be chosen by their owner, and the column that names them."""
    owners: dict[str, set[str]] = {}
    for entity in contract.entities:
        column = _owner_column(selects[entity.name]["source"], entity)
        if column is not None:
            owners.setdefault(selects[entity.name]["source"].driving[0], set()).add(column)
    found = {table: next(iter(columns)) for table, columns in owners.items() if len(columns) == 1}
    for entity in contract.entities:
        select = selects[entity.name]["source"]
        for table, alias in select.tables[1:]:  # joined by anything but its owner, rows of other accounts may be needed
            if table in found and select.joined_by(alias) != {found[table]}:
                del found[table]
    return found


def _owner_column(select: Select, entity: Entity) -> str | None:
    return select.column_of(entity.owner, alias=select.driving[1]) if entity.owner is not None else None


def _text(value: str, dialect: str) -> str:
    return literal(value.replace("\\", "\\\\") if dialect == "mysql" else value)
