"""The one place that reads where a store is: a URL of a server, a DuckDB file, or a folder of exports; and keeps its password to itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from dq.errors import UsageError, near_miss

Kind = Literal["postgresql", "mysql", "file", "folder"]
SCHEMES: Mapping[str, Kind] = MappingProxyType({"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql", "mariadb": "mysql"})
PORTS: Mapping[Kind, int] = MappingProxyType({"postgresql": 5432, "mysql": 3306})
VARIABLE = "env:"  # `--from env:NAME` reads the address from the environment, which other users cannot see


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store is."""

    kind: Kind
    shown: str  # as it may be printed: no password, no options
    path: Path | None = None  # of a file or folder
    host: str | None = None  # None: the server's socket on this machine, or as the driver's own files say
    port: int | None = None
    user: str | None = None
    database: str = ""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)  # of the URL's query: TLS and the like
    password: str | None = field(default=None, repr=False)


def read_address(text: str) -> Address:
    """Read `--from`.

    Args:
        text: `postgresql://user@host:5432/shop?sslmode=verify-full`, `mysql://…`, `mariadb://…`, a path, or `env:NAME` for a variable that
            holds one of these; only there may a URL hold a password.

    Raises:
        UsageError: it is none of these, or shows a password (exit 2). The message never repeats the text.
    """
    hidden = text.startswith(VARIABLE)
    if hidden:
        name = text.removeprefix(VARIABLE)
        if not os.environ.get(name):
            raise UsageError(f"--from: the environment variable {name} is not set{near_miss(name, os.environ)}")
        text = os.environ[name]
    if "://" not in text:
        path = Path(text)
        return Address("folder" if path.is_dir() else "file", text, path)
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise UsageError("--from: not a URL; one looks like postgresql://user@host:5432/database") from None
    kind = SCHEMES.get(url.scheme)
    if kind is None:
        raise UsageError(f"--from: there is no reader for {url.scheme}://{near_miss(url.scheme, SCHEMES)}")
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    password = unquote(url.password) if url.password is not None else options.pop("password", None)
    if password is not None and not hidden:
        raise UsageError(f"--from: a password on the command line can be read by everyone on this machine; {_elsewhere(kind)}")
    database = unquote(url.path.removeprefix("/"))
    if not database:
        raise UsageError(f"--from: the URL names no database; one looks like {url.scheme}://user@host:{PORTS[kind]}/database")
    user = unquote(url.username) if url.username else None
    host = unquote(url.hostname) if url.hostname else None
    shown = f"{url.scheme}://{f'{user}@' if user else ''}{host or ''}{f':{port}' if port else ''}/{database}"
    return Address(kind, shown, None, host, port, user, database, options, password)


def _elsewhere(kind: Kind) -> str:
    own = "PGPASSWORD or ~/.pgpass" if kind == "postgresql" else "MYSQL_PWD or the [client] section of ~/.my.cnf"
    return f"put it into {own}, or the whole URL into a variable and say --from {VARIABLE}NAME"
