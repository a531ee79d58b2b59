"""The one place that says which tables and columns of a store the contract reads: no more of it need be taken."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dq.compare.schema import read_selects
from dq.contract.models import Contract
from dq.engine import open_engine
from dq.settings import Settings
from dq.stores.catalogue import StoreTable
from dq.stores.live import Columns


def needed_columns(contract: Contract, side: str, catalogue: Sequence[StoreTable]) -> Columns:
    """Return table to the columns that the SQL of a side, `[merge]` and `[[excluded]]` name, also a table that the store lacks; everything of a crosswalk.

    Args:
        contract: the contract.
        side: source, target, baseline (which is read as the target is) or crosswalk.
        catalogue: what the store has.

    Raises:
        ContractError: the contract's SQL is not what it may be.
    """
    if side == "crosswalk":
        return {table.name: {column.name for column in table.columns} for table in catalogue}
    reading = "source" if side == "source" else "target"
    found = {table.name: {column.name: column.type for column in table.columns} for table in catalogue}
    needed: dict[str, set[str]] = {}
    engine = open_engine({}, settings=Settings(threads=1))  # it only reads SQL
    try:
        selects = read_selects(engine, contract)
    finally:
        engine.close()
    for entity in contract.entities:
        select = selects[entity.name][reading]
        for table, _ in select.tables:
            needed.setdefault(table, set())
        for table, column, _ in select.reads(found):
            needed[table].add(column)
        if entity.merge is not None and reading == "target":
            needed[entity.merge.table] |= {entity.merge.id, entity.merge.created_at, entity.merge.changed_at}
        words = {word for item in entity.excluded if item.side == reading for word in re.findall(r"\w+", item.where.casefold())}
        table = select.driving[0]
        needed[table] |= {column for column in found.get(table, {}) if column.casefold() in words}
    return {table: columns & set(found.get(table, ())) for table, columns in needed.items()}
