"""A database of its own on the MariaDB server that the tests use, dropped afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pymysql
from dq_fixtures.servers import MARIADB

from dq.stores.address import Address, read_address
from dq.stores.live import Choice, Told, seal_store
from dq.stores.manifest import Manifest
from dq.stores.mysql.reader import MySQL, open_mysql
from dq.stores.seal import Label

HOST, PORT = "127.0.0.1", int(os.environ.get("DQ_MARIADB_PORT") or MARIADB)
HOSTS = ("%", "localhost")  # the latter, or a server's nameless user there comes first
LABEL = Label("small", "source", "old", None, None, datetime(2024, 11, 5, 20, tzinfo=UTC))


@dataclass
class Database:
    """A database, a connection that may do everything in it, and the users made for it."""

    name: str
    connection: Any
    users: list[str] = field(default_factory=list)

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements; return the last one's rows, as text."""
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def user(self, *grants: str, password: str = "let-me-in") -> str:  # noqa: S107 - of a user who lives for a second
        """Make a user who may do what the grants say."""
        name = f"u{uuid4().hex[:12]}"
        for host in HOSTS:
            self.run(f"CREATE USER '{name}'@'{host}' IDENTIFIED BY '{password}'", *(f"GRANT {grant} TO '{name}'@'{host}'" for grant in grants))
        self.users.append(name)
        return name

    def address(self, *, user: str = "root", password: str | None = None, query: str = "") -> Address:
        """Return where it is."""
        found = read_address(f"mariadb://{user}@{HOST}:{PORT}/{self.name}{query}")
        return Address(found.kind, found.shown, None, found.host, found.port, found.user, found.database, found.options, password)

    def open(self, **options: Any) -> MySQL:
        """Begin a moment of it."""
        return open_mysql(self.address(), **options)

    def seal(self, target: Path, *, choice: Choice | None = None, told: Told = lambda *_: None, opened: Callable[[], MySQL] | None = None) -> Manifest:
        """Seal it."""
        return seal_store(opened or self.open, target, label=LABEL, choice=choice, told=told, threads=1)


@contextmanager
def database() -> Iterator[Database]:
    """Make a database with a name that nobody has."""
    name = f"dq_{uuid4().hex}"
    with closing(pymysql.connect(host=HOST, port=PORT, user="root", autocommit=True, conv={}, init_command="SET time_zone = '+00:00'")) as connection:
        made = Database(name, connection)
        made.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4", f"USE {name}", "SET SESSION lock_wait_timeout = 5")
        try:
            yield made
        finally:
            with suppress(pymysql.MySQLError):
                made.run(*(f"DROP USER '{user}'@'{host}'" for user in made.users for host in HOSTS))
            made.run(f"DROP DATABASE {name}")


def sealed(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask a sealed file."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(sql).fetchall()
