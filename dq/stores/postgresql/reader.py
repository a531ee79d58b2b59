"""The one place that reads PostgreSQL: one read-only transaction, its tables locked against changes of shape, rows by COPY.

The locks come first and the snapshot after them, so that no ALTER or TRUNCATE stands between what the catalogue says and what is read.
Source: PostgreSQL documentation, "Transaction Isolation" (a snapshot is taken by the first query, not by BEGIN) and "Caveats" of MVCC.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from dq.errors import SnapshotError, UsageError, near_miss
from dq.sql import quote
from dq.stores.address import Address
from dq.stores.catalogue import TEXT, StoreColumn, StoreTable
from dq.stores.live import StoreChanged
from dq.stores.postgresql.catalogue import Holding, read_holding
from dq.stores.postgresql.errors import refused_option, why_not_connected, why_refused
from dq.stores.postgresql.session import BEGIN, MOMENT, REWRITTEN, SET, SETTINGS, origin_of
from dq.stores.seal import Origin

try:
    import psycopg
    from psycopg.pq import Conninfo, TransactionStatus
except ImportError:
    raise UsageError("the PostgreSQL driver is not installed; install dq-parity[postgresql]") from None

SCHEMA = "schema"  # the option of the URL that is ours
LOCK_TIMEOUT = 30  # seconds; queries of others queue up behind a lock that waits for an ALTER TABLE
_CANCEL_TIMEOUT = 5.0  # seconds
_SAVEPOINT, _RELEASE, _BACK = b"SAVEPOINT copy", b"RELEASE SAVEPOINT copy", b"ROLLBACK TO SAVEPOINT copy"
_ALTERED = "tables were changed while they were being locked; try again when nobody alters them"
_GONE = ("3F000", "42P01")  # SQLSTATE of a schema, and a table, that was there a moment ago
Connection = psycopg.Connection[tuple[Any, ...]]


def open_postgresql(address: Address, *, statement_timeout: int | None = None, connect_timeout: int = 10, lock_timeout: int = LOCK_TIMEOUT) -> PostgreSQL:
    """Connect to a PostgreSQL server and begin the moment that is read.

    Args:
        address: where it is; the URL's options go to libpq, but `schema`, which says whose tables are taken (public).
        statement_timeout: seconds that a single statement, and so the copy of a table, may take; none: no limit.
        connect_timeout: seconds that connecting may take.
        lock_timeout: seconds that each table's lock is waited for.

    Raises:
        UsageError: an option or schema that there is not (exit 2).
        SnapshotError: no connection, or the store cannot be read at one moment (exit 3).
        StoreChanged: tables were changed between looking and locking; start over.
    """
    return _opened(address, Limits(statement_timeout, connect_timeout, lock_timeout))


def _opened(address: Address, limits: Limits, *, of: PostgreSQL | None = None) -> PostgreSQL:
    with ExitStack() as stack:
        connection = stack.enter_context(closing(_connected(address, connect_timeout=limits.connect)))
        reader = PostgreSQL(connection, address, limits, of=of)
        stack.pop_all()
    return reader


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that are waited for."""

    statement: int | None
    connect: int
    lock: int


class PostgreSQL:
    """A PostgreSQL database at one moment; a `Reader` that others can join."""

    canonical = True
    origin: Origin
    moment: datetime
    _held: Holding
    _exported: str | None  # the snapshot that others may join

    def __init__(self, connection: Connection, address: Address, limits: Limits, *, of: PostgreSQL | None = None) -> None:
        """Lock the tables, then begin the moment; or join that `of` another reader, whose locks hold as long as it is open."""
        self._connection = connection
        self._address = address
        self._limits = limits
        self._timeout = limits.statement
        self._schema = address.options.get(SCHEMA) or "public"
        self._set({**SETTINGS, "statement_timeout": f"{limits.statement or 0}s", "lock_timeout": f"{limits.lock}s"})
        if of is not None:
            self._held, self._exported, self.origin, self.moment = of._held, of._exported, of.origin, of.moment  # noqa: SLF001 - its own kind
            self._ask(BEGIN)
            self._ask(f"SET TRANSACTION SNAPSHOT '{self._exported}'")
            return
        self._refuse_unknown_encoding()
        self._held = read_holding(self._ask, self._schema)
        self._ask(BEGIN)
        self._lock()
        (found,) = self._ask(MOMENT)
        if not self._held.same_as(read_holding(self._ask, self._schema)):
            raise StoreChanged(f"{address.shown}: {_ALTERED}")
        self._exported = found[2]
        self.origin = origin_of(found, self._held.parents)
        self.moment = found[0].astimezone(UTC)

    @property
    def catalogue(self) -> Sequence[StoreTable]:
        """Tables of the schema, and by its kind whatever else the database has."""
        return self._held.tables

    def count(self, table: StoreTable, where: str = "") -> int:
        """Return how many rows the server counts at the moment."""
        ((rows,),) = self._ask(f"SELECT count(*) FROM {table.place}{_where(where)}", table=table)
        if table.name not in self._held.lockable and self._ask(REWRITTEN, self._held.numbers[table.name])[0][0]:
            raise StoreChanged(f"{self._address.shown}: table '{table.name}' was rewritten or emptied after the moment; try again when nobody alters it")
        return int(rows)

    def rows(self, table: StoreTable, columns: Sequence[StoreColumn], where: str = "") -> Copy:
        """Return the rows at the moment as CSV."""
        selected = ", ".join(f"{column.select} AS {quote(column.name)}" for column in columns)
        # a text that begins with U+FEFF would begin the stream with what looks like a byte order mark; a quote before it says that it is data
        marked = f", FORCE_QUOTE ({quote(columns[0].name)})" if columns[0].type in {TEXT, "JSON"} else ""
        sql = f"COPY (SELECT {selected} FROM {table.place}{_where(where)}) TO STDOUT (FORMAT CSV{marked})"
        return Copy(self._connection, sql, told=lambda error: self._refused(error, table))

    def join(self) -> PostgreSQL | None:
        """Return another reader of the same moment, None where the server exports none. Raises SnapshotError."""
        return None if self._exported is None else _opened(self._address, self._limits, of=self)

    def cancel(self) -> None:
        """Break off what another thread is reading."""
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=_CANCEL_TIMEOUT)

    def close(self) -> None:
        """Leave the server; what the transaction locked is free."""
        self._connection.close()

    def _ask(self, sql: str, *values: object, table: StoreTable | None = None) -> list[tuple[Any, ...]]:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql.encode(), values or None)
                return cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            raise self._refused(error, table) from None

    def _set(self, settings: dict[str, str]) -> None:
        self._ask(SET, list(settings), list(settings.values()))

    def _refuse_unknown_encoding(self) -> None:
        ((encoding,),) = self._ask("SELECT current_setting('server_encoding')")
        if encoding == "SQL_ASCII":
            raise SnapshotError(f"{self._address.shown}: the database is SQL_ASCII: nobody knows the encoding of its text; move it to a database that has one")

    def _lock(self) -> None:
        """Lock what the user may read in full; the rest, of which single columns may be readable, is locked by reading it."""
        places = [table.place for table in self._held.tables if table.name in self._held.lockable]
        if places:
            self._ask(f"LOCK TABLE {', '.join(places)} IN ACCESS SHARE MODE")

    def _refused(self, error: psycopg.Error, table: StoreTable | None = None) -> SnapshotError:
        """Put an error of the driver into one line; during locking, what is not there any more is a change."""
        place = self._address.shown if table is None else f"{self._address.shown}: table '{table.name}'"
        if table is None and error.sqlstate in _GONE:
            return StoreChanged(f"{place}: {_ALTERED}")
        is_policed = table is not None and table.name in self._held.policed
        why = why_refused(error.sqlstate, error.diag.message_primary, of_table=table is not None, is_policed=is_policed, timeout=self._timeout)
        return SnapshotError(f"{place}: {why}")


class Copy:
    """The rows of one COPY, as they come; a stream of `Bytes`."""

    def __init__(self, connection: Connection, sql: str, *, told: Callable[[psycopg.Error], SnapshotError]) -> None:
        """Begin it.

        Args:
            connection: in its transaction; a savepoint keeps that alive when the copy is broken off.
            sql: the statement.
            told: puts an error of the driver into words.
        """
        self._connection = connection
        self._told = told
        self._ahead = bytearray()  # came, and was not asked for yet
        self._ended = False  # nothing more is read
        self._released = False  # everything came; the savepoint is gone
        self._reading = Lock()  # a parser reads ahead in a thread of its own, and may do so while it is closed
        self._stack = ExitStack()
        try:
            connection.execute(_SAVEPOINT)
            self._rows = self._stack.enter_context(connection.cursor().copy(sql.encode()))
        except psycopg.Error as error:
            self.close()
            raise told(error) from None

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, none at the end. Raises SnapshotError."""
        wanted = size if size >= 0 else sys.maxsize
        with self._reading:
            try:
                while len(self._ahead) < wanted and not self._ended:
                    row = self._rows.read()
                    self._ahead += row
                    if not row:
                        self._stack.close()
                        self._connection.execute(_RELEASE)
                        self._ended = self._released = True
            except psycopg.Error as error:
                raise self._told(error) from None
            found = bytes(memoryview(self._ahead)[:wanted])
            del self._ahead[:wanted]
        return found

    def close(self) -> None:
        """Stop; what the server would still send is cancelled, and the transaction goes on."""
        if self._ended:
            return
        self._ended = True  # whoever is reading stops after the row at hand, or when the server has cancelled it
        try:
            if self._is_sending():
                self._connection.cancel_safe(timeout=_CANCEL_TIMEOUT)
            with self._reading:
                if self._released:
                    return
                with suppress(psycopg.errors.QueryCanceled):
                    while self._is_sending() and self._rows.read():
                        pass
                self._stack.close()
                self._connection.execute(_BACK)
        except psycopg.Error:
            self._connection.close()  # it cannot be brought back to where it was; whoever asks next is told

    def _is_sending(self) -> bool:
        return self._connection.info.transaction_status == TransactionStatus.ACTIVE


def _connected(address: Address, *, connect_timeout: int) -> Connection:
    given = {"host": address.host, "port": address.port, "user": address.user, "dbname": address.database, "password": address.password}
    options: dict[str, Any] = {name: value for name, value in address.options.items() if name != SCHEMA}
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    for name in options:
        if name not in known:
            raise UsageError(f"--from: libpq has no option '{name}'{near_miss(name, {*known, SCHEMA})}")
    options = {
        "connect_timeout": connect_timeout,
        "application_name": "dq snapshot",
        **options,
        **{name: value for name, value in given.items() if value is not None},
    }
    try:
        return psycopg.connect(**options, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        option = refused_option(str(error))
        if option is not None:
            raise UsageError(f"--from: the option {option} cannot be that") from None
        raise SnapshotError(f"{address.shown}: {why_not_connected(str(error), address)}") from None


def _where(condition: str) -> str:
    return f" WHERE {condition}" if condition else ""
