"""The one place that loads the benchmark's orders into both servers, in databases of random names that go away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pymysql
from dq_fixtures.servers import Servers

from benchmarks.exported import COLUMNS

_POSTGRESQL = {"VARCHAR": "text", "DECIMAL(18,2)": "numeric(18,2)", "TIMESTAMP": "timestamp(6)"}
_MARIADB = {"VARCHAR": "varchar(100)", "TIMESTAMP": "datetime(6)"}


@dataclass(frozen=True)
class Served:
    """Where the orders are, as `dq snapshot --from` takes it, and by parts for the servers' own clients."""

    host: str
    postgresql_port: int
    mariadb_port: int
    database: str

    @property
    def postgresql(self) -> str:
        """The address of the PostgreSQL database."""
        return f"postgresql://postgres@{self.host}:{self.postgresql_port}/{self.database}"

    @property
    def mariadb(self) -> str:
        """The address of the MariaDB database."""
        return f"mariadb://root@{self.host}:{self.mariadb_port}/{self.database}"


@contextmanager
def served(found: Servers, file: Path) -> Iterator[Served]:
    """Load a file of `export` into both servers."""
    name = f"dq_bench_{uuid4().hex}"
    postgresql = {"host": found.host, "port": found.postgresql, "user": "postgres"}
    mariadb = {"host": found.host, "port": found.mariadb, "user": "root", "local_infile": True, "autocommit": True}
    with psycopg.connect(**postgresql, dbname="postgres", autocommit=True) as server, closing(pymysql.connect(**mariadb)) as other, other.cursor() as cursor:
        server.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0".encode())
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            with psycopg.connect(**postgresql, dbname=name) as connection, connection.cursor() as copying:
                copying.execute(_table(_POSTGRESQL).encode())
                with file.open("rb") as rows, copying.copy(r"COPY orders FROM STDIN (FORMAT csv, NULL '\N')") as copy:
                    while data := rows.read(1024 * 1024):
                        copy.write(data)
            server.execute(b"CHECKPOINT")
            cursor.execute(f"USE {name}")
            cursor.execute(_table(_MARIADB))
            cursor.execute(
                "LOAD DATA LOCAL INFILE %s INTO TABLE orders CHARACTER SET utf8mb4 "
                r"FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '\\' LINES TERMINATED BY '\n'",
                (str(file),),
            )
            yield Served(found.host, found.postgresql, found.mariadb, name)
        finally:
            cursor.execute(f"DROP DATABASE {name}")
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _table(types: dict[str, str]) -> str:
    columns = ", ".join(f"{name} {types.get(type_, type_)}" for name, type_ in COLUMNS.items())
    return f"CREATE TABLE orders ({columns}, PRIMARY KEY (order_id))"
