"""The one place that makes a shape's files, once, in bounded memory: a DuckDB file and a Parquet file a side, the id maps, and the contract."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import data, shape_sql
from benchmarks.shape import Shape

MEMORY = "4GB"
_MIGRATION = """name     = "orders"
title    = "Orders, copied for the benchmark"
entities = ["orders"]

[stores.source]
name     = "source"
snapshot = "../source.duckdb"

[stores.target]
name     = "target"
snapshot = "../target.duckdb"
"""
_CROSSWALK = """
[stores.crosswalk]
name     = "crosswalk"
snapshot = "../crosswalk.duckdb"
"""


@dataclass(frozen=True)
class Made:
    """Where a shape's files lie."""

    shape: Shape
    folder: Path

    @property
    def stores(self) -> dict[str, Path]:
        """Each side's DuckDB file, with one table `orders`; the id maps' beside them."""
        return {side: self.folder / f"{side}.duckdb" for side in ("source", "target", *(("crosswalk",) if self.shape.mapped else ()))}

    @property
    def contract(self) -> Path:
        """The contract's folder."""
        return self.folder / "contract"

    def parquet(self, side: str) -> Path:
        """Return a side's Parquet file; there is none where ids are mapped."""
        return self.folder / f"{side}.parquet"


def make(shape: Shape, *, tell: Callable[[str], None] = print) -> Made:
    """Return a shape's files, making them first where they are not there yet."""
    made = Made(shape, data.FOLDER / "shapes" / shape.name)
    if made.folder.exists():
        return made
    tell(f"making the data: {shape.name}, once")
    draft = Made(shape, made.folder.with_name(f"{shape.name}.part"))
    shutil.rmtree(draft.folder, ignore_errors=True)
    draft.folder.mkdir(parents=True)
    _fill(draft)
    write_contract(draft)
    draft.folder.rename(made.folder)
    return made


def pair(folder: Path, source: Path, target: Path) -> Path:
    """Return a DuckDB file in `folder` with both sides as tables `source` and `target`, made once from Parquet files, for who compares within a database."""
    done = folder / f"pair-{source.stem}-{target.stem}.duckdb"
    if not done.exists():
        draft = done.with_suffix(".part")
        draft.unlink(missing_ok=True)
        with duckdb.connect(str(draft)) as connection:
            _settle(connection, folder)
            for name, file in (("source", source), ("target", target)):
                connection.execute(f"CREATE TABLE {name} AS FROM '{file}'")
        draft.rename(done)
    return done


def write_contract(made: Made) -> None:
    """Write the contract of two stores of one shape."""
    shape = made.shape
    for side in ("source", "target"):
        folder = made.contract / "sql" / side
        folder.mkdir(parents=True)
        (folder / "orders.sql").write_text(f"SELECT {', '.join(shape.types)}\nFROM orders\n", encoding="utf-8")
    through = {"order_id": "orders", "account_id": "accounts"} if shape.mapped else {}
    types = {**shape.types, "currency": "CURRENCY"}
    columns = [f'{name} = {{ type = "{type_}", through = "{through[name]}" }}' if name in through else f'{name} = "{type_}"' for name, type_ in types.items()]
    lines = (
        'promise = "Every order is copied as it is."',
        f"key     = {json.dumps(list(shape.keys))}",
        'owner   = "account_id"',
        'money   = { amount = "total", currency = "currency" }',
        'slices  = ["region", "currency"]',
        "\n[columns]",
        *columns,
        '\n[[sums]]\ncolumn = "total"\nby     = ["region", "currency"]',
    )
    (made.contract / "orders.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (made.contract / "migration.toml").write_text(_MIGRATION + (_CROSSWALK if shape.mapped else ""), encoding="utf-8")


def changed(shape: Shape) -> int:
    """Return how many rows of a shape differ."""
    with duckdb.connect(":memory:") as connection:
        (rows,) = connection.execute(shape_sql.changed_rows(shape)).fetchone() or (0,)
    return int(rows)


def _fill(made: Made) -> None:
    shape = made.shape
    tables = {
        "source": {"orders": shape_sql.source_rows(shape)},
        "target": {"orders": shape_sql.target_rows(shape)},
        "crosswalk": {name: [select] for name, select in shape_sql.maps(shape).items()},
    }
    for side, file in made.stores.items():
        with duckdb.connect(str(file)) as connection:
            _settle(connection, made.folder)
            for table, selects in tables[side].items():
                connection.execute(f"CREATE TABLE {table} AS {selects[0]}")
                for select in selects[1:]:
                    connection.execute(f"INSERT INTO {table} {select}")
            connection.execute("CHECKPOINT")
            if not shape.mapped:
                connection.execute(f"COPY orders TO '{made.parquet(side)}' (FORMAT parquet)")
    shutil.rmtree(made.folder / "spill", ignore_errors=True)


def _settle(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    for setting in ("TimeZone = 'UTC'", "threads = 2", f"memory_limit = '{MEMORY}'", f"temp_directory = '{folder / 'spill'}'", "enable_progress_bar = false"):
        connection.execute(f"SET {setting}")
