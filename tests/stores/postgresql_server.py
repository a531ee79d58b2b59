"""A database of its own on the PostgreSQL server that the tests use, dropped afterwards; and a server that only pretends."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import duckdb
import psycopg
from dq_fixtures.servers import POSTGRESQL

from dq.stores.address import Address, read_address
from dq.stores.live import Choice, Told, seal_store
from dq.stores.manifest import Manifest
from dq.stores.postgresql.reader import PostgreSQL, open_postgresql
from dq.stores.seal import Label

HOST, PORT = "127.0.0.1", int(os.environ.get("DQ_POSTGRESQL_PORT") or POSTGRESQL)
LABEL = Label("small", "source", "old", None, None, None)
SANE = {  # settings of the tests' own connection
    "client_encoding": "UTF8",
    "lock_timeout": "5s",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "search_path": "public",
    "statement_timeout": "0",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",
}
_TEXT_PASSWORD = b"R\0\0\0\x08\0\0\0\x03"  # the server asks for a password in clear text


@dataclass
class Database:
    """A database, a connection that may do everything in it, and the roles made for it."""

    name: str
    connection: psycopg.Connection[Any]
    roles: list[str] = field(default_factory=list)

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements; return the last one's rows."""
        for statement in statements:
            cursor = self.connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description is not None else []

    def clear(self) -> None:
        """Make it empty again, which is faster than another one."""
        if self.connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self.run("ROLLBACK")
        self.run("RESET ALL", "DISCARD TEMP")
        ours = self.run("SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'")
        wrappers = self.run("SELECT quote_ident(fdwname) FROM pg_foreign_data_wrapper")
        self.run(*(f"DROP FOREIGN DATA WRAPPER {name} CASCADE" for (name,) in wrappers), *(f"DROP SCHEMA {name} CASCADE" for (name,) in ours))
        self.run("CREATE SCHEMA public", "GRANT USAGE ON SCHEMA public TO PUBLIC")

    def role(self, *grants: str) -> str:
        """Make a role that may connect, and do what the grants say."""
        name = f"r{uuid4().hex[:12]}"
        self.run(f"CREATE ROLE {name} LOGIN", *(f"GRANT {grant} TO {name}" for grant in grants))
        self.roles.append(name)
        return name

    def address(self, *, user: str = "postgres", query: str = "") -> Address:
        """Return where it is."""
        return read_address(f"postgresql://{user}@{HOST}:{PORT}/{self.name}{query}")

    def open(self, **options: Any) -> PostgreSQL:
        """Begin a moment of it."""
        return open_postgresql(self.address(), **options)

    def seal(self, target: Path, *, choice: Choice | None = None, told: Told = lambda *_: None, opened: Callable[[], PostgreSQL] | None = None) -> Manifest:
        """Seal it."""
        return seal_store(opened or self.open, target, label=LABEL, choice=choice, told=told, threads=1)


@contextmanager
def database(*, made: str = "", settings: dict[str, str] | None = None) -> Iterator[Database]:
    """Make a database with a name that nobody has; `settings` are what its sessions begin with."""
    name = f"dq_{uuid4().hex}"
    options = " ".join(f"-c {setting}={value}" for setting, value in SANE.items())
    with psycopg.connect(host=HOST, port=PORT, user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} {made}".encode())
        for setting, value in (settings or {}).items():
            server.execute(f"ALTER DATABASE {name} SET {setting} = {value}".encode())
        roles: list[str] = []
        try:
            with psycopg.connect(host=HOST, port=PORT, user="postgres", dbname=name, autocommit=True, options=options) as connection:
                yield Database(name, connection, roles)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            for role in roles:
                with suppress(psycopg.Error):
                    server.execute(f"DROP ROLE {role}".encode())


def sealed(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask a sealed file."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(sql).fetchall()


@contextmanager
def pretended(state: str, message: str) -> Iterator[int]:
    """Listen as a server does that wants a password and then refuses with a message; yield the port."""
    with socket.create_server((HOST, 0)) as listener:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, suppress(OSError):
                        _refuse(client, state, message)

        thread = Thread(target=answer, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _refuse(client: socket.socket, state: str, message: str) -> None:
    while len(start := client.recv(4096)) == 8:  # a wish for TLS or GSSAPI
        client.sendall(b"N")
    if start:
        client.sendall(_TEXT_PASSWORD)
        client.recv(4096)
        body = b"".join(kind + text.encode() + b"\0" for kind, text in ((b"S", "FATAL"), (b"V", "FATAL"), (b"C", state), (b"M", message))) + b"\0"
        client.sendall(b"E" + struct.pack("!i", len(body) + 4) + body)
