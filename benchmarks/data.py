"""The one place for the benchmark's data: made once per number of rows by set operations, the same bytes of content every time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

SQL = Path(__file__).with_name("sql")
FOLDER = Path(__file__).with_name(".data")
STORES = ("source", "ten", "one_percent", "all_rows", "moved", "people", "shop", "merged", "crosswalk")
PARQUET = ("source", "ten")
LARGEST = 15_485_862  # the id maps multiply by the next prime


@dataclass(frozen=True)
class Data:
    """Where the stores of one size lie: one DuckDB file a store, Parquet files of those that file comparers read."""

    folder: Path
    rows: int

    def store(self, name: str) -> Path:
        """Return the DuckDB file of one store."""
        return self.folder / f"{name}.duckdb"

    def parquet(self, name: str) -> Path:
        """Return the Parquet file of one store."""
        return self.folder / f"{name}.parquet"


def build(rows: int, *, tell: Callable[[str], None] = print) -> Data:
    """Return the data of `rows` orders, making it first where it is not there yet."""
    if not 1000 <= rows <= LARGEST:  # noqa: PLR2004 - fewer rows than that measure only overhead
        message = f"rows must be from 1000 to {LARGEST}, not {rows}"
        raise ValueError(message)
    done = Data(FOLDER / str(rows), rows)
    if done.folder.exists():
        return done
    tell(f"making the data: {rows:,} orders, once")
    draft = Data(FOLDER / f"{rows}.part", rows)
    shutil.rmtree(draft.folder, ignore_errors=True)
    draft.folder.mkdir(parents=True)
    _fill(draft, tell=tell)
    draft.folder.rename(done.folder)
    return done


def _fill(data: Data, *, tell: Callable[[str], None]) -> None:
    """Make every store in `data`'s folder."""
    made = data.folder / "made.duckdb"
    with duckdb.connect(str(made)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET threads = 2")
        connection.execute("SET memory_limit = '6GB'")
        connection.execute(f"SET temp_directory = '{data.folder / 'spill'}'")
        connection.execute(f"SET VARIABLE rows = {data.rows}")
        for name in STORES:
            connection.execute(f"ATTACH '{data.store(name)}' AS {name}")
        for script in ("orders", "plain", "gated", "conformed"):
            tell(f"  {script}")
            connection.execute((SQL / f"{script}.sql").read_text(encoding="utf-8"))
        for name in PARQUET:
            connection.execute(f"COPY {name}.orders TO '{data.parquet(name)}' (FORMAT parquet)")
        for name in STORES:
            connection.execute(f"CHECKPOINT {name}")
            connection.execute(f"DETACH {name}")
    made.unlink()
    shutil.rmtree(data.folder / "spill", ignore_errors=True)
