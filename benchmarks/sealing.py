"""The one place for who reads a server's table into a DuckDB file: its own client with DuckDB reading what it wrote, and `dq snapshot`."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.exported import COLUMNS
from benchmarks.measure import Run
from benchmarks.served import Served

THREADS = 2
_READ = "CREATE TABLE orders AS SELECT * FROM read_csv('{file}', {how}, header = false, auto_detect = false, columns = {columns})"


@dataclass(frozen=True)
class ByCopy:
    r"""`psql \copy … TO` a file, which DuckDB reads typed into a file of its own; the answer is the number of rows."""

    stores: Served

    def __call__(self) -> Run:
        """Nothing needs opening."""
        command = ("psql", "--no-psqlrc", "--quiet", "--dbname", self.stores.postgresql, "--command")

        def run() -> object:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "orders.csv"
                subprocess.run((*command, f"\\copy orders TO '{file}' (FORMAT csv)"), check=True)
                return _read(file, "delim = ',', quote = '\"', escape = '\"'")

        return run


@dataclass(frozen=True)
class ByClient:
    """`mariadb --batch --quick` into a file, which DuckDB reads typed into a file of its own; the answer is the number of rows."""

    stores: Served

    def __call__(self) -> Run:
        """Nothing needs opening."""
        where = (f"--host={self.stores.host}", f"--port={self.stores.mariadb_port}", "--user=root", "--default-character-set=utf8mb4")
        command = ("mariadb", *where, "--batch", "--quick", "--skip-column-names", "--execute=SELECT * FROM orders", self.stores.database)

        def run() -> object:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "orders.tsv"
                with file.open("wb") as out:
                    subprocess.run(command, stdout=out, check=True)
                return _read(file, "delim = '\t', quote = '', escape = '', nullstr = 'NULL'")

        return run


@dataclass(frozen=True)
class Sealing:
    """`dq snapshot` of the table, from the connection to the renamed file; the answer is the number of rows."""

    store: str
    digested: bool = True  # without, the content digest is left out; the file's own is not

    def __call__(self) -> Run:
        """Import what sealing imports."""
        from dq.snapshotting import reader_of  # noqa: PLC0415 - in the contender's own process, before the clock starts
        from dq.stores import seal  # noqa: PLC0415
        from dq.stores.address import read_address  # noqa: PLC0415
        from dq.stores.live import seal_store  # noqa: PLC0415

        reader = reader_of(read_address(self.store))
        label = seal.Label("benchmark", "source", "orders", None, None, datetime.now(tz=UTC))
        if not self.digested:
            seal.table_digest = lambda *_, **__: ""

        def run() -> object:
            with tempfile.TemporaryDirectory() as folder:
                manifest = seal_store(reader, Path(folder) / "orders.duckdb", label=label)
            return manifest.tables[0].rows

        return run


def _read(file: Path, how: str) -> int:
    with duckdb.connect(str(file.with_name("orders.duckdb"))) as connection:
        connection.execute(f"SET threads = {THREADS}")
        connection.execute("SET enable_progress_bar = false")
        (rows,) = connection.execute(_READ.format(file=file, how=how, columns=dict(COLUMNS))).fetchone() or (0,)
    return int(rows)
