"""The one door to the driver of MySQL and MariaDB: connecting, asking, and beginning a result whose rows are still to come.

What leaves this module of an error is its number: the words beside it may hold a value.
"""

from __future__ import annotations

import configparser
import os
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dq.errors import SnapshotError, UsageError, near_miss
from dq.stores.address import Address
from dq.stores.mysql.errors import NO_TLS, Refusal, why_not_connected, why_refused
from dq.stores.mysql.lines import Lines
from dq.stores.mysql.types import Piece

try:
    import pymysql  # type: ignore[import-untyped]
    from pymysql.constants import COMMAND  # type: ignore[import-untyped]
except ImportError:
    raise UsageError("the MySQL driver is not installed; install dq-parity[mysql]") from None

MODES = ("DISABLED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
OPTIONS = ("charset", "read_default_file", "ssl_ca", "ssl_cert", "ssl_key", "ssl_mode", "unix_socket")
CHARSET = "utf8mb4"
_OPTION_FILE = "~/.my.cnf"
_SLACK = 60  # seconds that an answer may be on its way after the server should have given up
_WHO = "SELECT CONNECTION_ID(), @@hostname, @@port, @@server_id"

Connection = Any  # the driver has no types


class Session:
    """One connection to a server."""

    def __init__(self, dial: Callable[[], Connection]) -> None:
        """Connect.

        Args:
            dial: makes a connection; called again for the one that cancels what this one has running.
        """
        self._dial = dial
        self._connection = dial()
        self._left: Lines | None = None  # whose rest nobody wants, and which the server still sends
        self._number: int | None = None  # the connection's, as the server calls it
        self._server: list[object] = []

    def begin(self) -> None:
        """Ask which server this is, and which of its connections. Raises Refusal."""
        ((self._number, *self._server),) = self.ask(_WHO)

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows. Raises Refusal."""
        self._go_on()
        with _refusing(), self._connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())

    def lines(self, sql: str, pieces: Sequence[Piece], *, told: Callable[[Refusal], SnapshotError]) -> Lines:
        """Run a query whose columns are pieces of lines that are still to come. Raises Refusal."""
        self._go_on()
        with _refusing():
            self._connection._execute_command(COMMAND.COM_QUERY, sql)  # noqa: SLF001 - as its own cursors do it
            for _ in range(len(pieces) + 2):  # how many columns, the columns, their end
                self._connection._read_packet()  # noqa: SLF001
            return Lines(self._connection._rfile, self._connection._next_seq_id, pieces, told=told, left=self._leave)  # noqa: SLF001

    def close(self) -> None:
        """Leave the server, whatever it still sends."""
        with suppress(pymysql.MySQLError):
            self._connection.close()

    def _leave(self, lines: Lines) -> None:
        self._left = lines

    def _go_on(self) -> None:
        """Cancel what nobody wants any more; the transaction goes on. Raises Refusal."""
        left, self._left = self._left, None
        if left is None:
            return
        with suppress(SnapshotError, pymysql.MySQLError):  # with no second connection to be had, the rest is read and thrown away
            other = self._dial()
            with other, other.cursor() as cursor:
                cursor.execute(_WHO)
                if list(cursor.fetchone()[1:]) == self._server:  # not some other server behind the same name
                    cursor.execute(f"KILL QUERY {self._number:d}")
        if left.drain():  # it had ended before: then it is the next statement that is cancelled
            with suppress(Refusal):
                self.ask("DO 0")


def connect(address: Address, *, connect_timeout: int, statement_timeout: int | None) -> Session:
    """Connect to a server.

    Raises:
        UsageError: an option that there is not, or a file that cannot be read (exit 2).
        SnapshotError: no connection (exit 3).
    """
    given = _given(address)
    given |= {"connect_timeout": connect_timeout, "read_timeout": connect_timeout}  # the latter: until the server has let us in

    def dial() -> Connection:
        """Make a connection."""
        if "unix_socket" in given and not Path(given["unix_socket"]).is_socket():  # the driver would leave its own end open
            raise SnapshotError(f"{address.shown}: {why_not_connected(0, FileNotFoundError(), address, has_password=True)}")
        try:
            connection = pymysql.connect(**given, autocommit=True, local_infile=False, program_name="dq snapshot")
        except pymysql.MySQLError as error:
            why = why_not_connected(_number(error), error.__context__, address, has_password="password" in given or "read_default_file" in given)
            raise SnapshotError(f"{address.shown}: {why}") from None
        except (configparser.Error, OSError, ValueError):  # of the option file: a connection's own come as the driver's
            raise UsageError(f"--from: {given.get('read_default_file', address.shown)}: cannot be read as an option file") from None
        except (RuntimeError, NotImplementedError):
            raise SnapshotError(f"{address.shown}: the server asks for a way to log in that needs cryptography; install dq-parity[mysql]") from None
        connection._read_timeout = statement_timeout and statement_timeout + _SLACK  # noqa: SLF001 - looked at before each answer
        return connection

    session = Session(dial)
    try:
        session.begin()
        has_tls = bool(session.ask("SHOW SESSION STATUS LIKE 'Ssl_cipher'")[0][1])
    except Refusal as refusal:
        session.close()
        raise SnapshotError(f"{address.shown}: {why_refused(refusal.code, cause=refusal.cause)}") from None
    if _mode(address) in MODES[1:] and not has_tls:  # older drivers go on without
        session.close()
        raise SnapshotError(f"{address.shown}: {why_not_connected(NO_TLS, None, address, has_password=True)}")
    return session


def _given(address: Address) -> dict[str, Any]:
    """Return what the driver is told of the address. Raises UsageError."""
    options = address.options
    for name in options:
        if name not in OPTIONS:
            raise UsageError(f"--from: there is no option '{name}'{near_miss(name, OPTIONS)}")
    if options.get("charset", CHARSET) != CHARSET:
        raise UsageError(f"--from: charset is always {CHARSET}; the server converts to it from whatever a column has")
    password = address.password if address.password is not None else os.environ.get("MYSQL_PWD")
    file = Path(options.get("read_default_file", _OPTION_FILE)).expanduser()
    if "read_default_file" in options and not file.is_file():
        raise UsageError(f"--from: read_default_file: {file}: no such file")
    given = {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "database": address.database,
        "password": password and password.encode(),
        "unix_socket": options.get("unix_socket"),
        "read_default_file": str(file) if file.is_file() else None,
        "charset": CHARSET,
        **_tls(options, _mode(address)),
    }
    return {name: value for name, value in given.items() if value is not None}


def _mode(address: Address) -> str | None:
    """Return what is demanded of TLS; None: it is taken where the server offers it. Raises UsageError."""
    options = address.options
    mode = options.get("ssl_mode", "").upper()
    if mode and mode not in MODES:
        raise UsageError(f"--from: there is no ssl_mode '{options['ssl_mode']}'{near_miss(mode, MODES)}")
    return mode or ("VERIFY_CA" if "ssl_ca" in options else "REQUIRED" if {"ssl_cert", "ssl_key"} & {*options} else None)


def _tls(options: Mapping[str, str], mode: str | None) -> dict[str, Any]:
    if mode is None or mode == "DISABLED":
        return {"ssl_disabled": True} if mode else {}
    try:
        context = ssl.create_default_context(cafile=options.get("ssl_ca"))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the certificates that servers make for themselves do not pass it
        context.check_hostname = mode == "VERIFY_IDENTITY"
        context.verify_mode = ssl.CERT_NONE if mode == "REQUIRED" else ssl.CERT_REQUIRED
        if "ssl_cert" in options:
            context.load_cert_chain(options["ssl_cert"], options.get("ssl_key"))
    except OSError:
        raise UsageError("--from: ssl_ca, ssl_cert or ssl_key: no file that can be read as one") from None
    return {"ssl": context}


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except pymysql.MySQLError as error:
        raise Refusal(_number(error), error.__context__) from None


def _number(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0
