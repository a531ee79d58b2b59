"""The one place that reads MySQL and MariaDB: one read-only transaction of one moment, rows as lines of CSV that the server makes.

A table is locked against changes of shape from its turn on, not before, or an ALTER TABLE of somebody else would wait for hours, and all
queries behind it. So each table is looked at again when its turn comes: what was altered, emptied, renamed or swapped after the moment is
no longer what the transaction could show. A server without a binary log lets go of the lock when the next table comes, others at the end.
Source: MySQL reference, "Consistent Nonlocking Reads" (they do not work over DROP TABLE, nor over ALTER TABLE), "Metadata Locking".
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dq.errors import SnapshotError
from dq.stores.address import Address
from dq.stores.catalogue import StoreColumn, StoreTable
from dq.stores.live import StoreChanged
from dq.stores.mysql.catalogue import Holding, read_holding
from dq.stores.mysql.connection import Session, connect
from dq.stores.mysql.errors import CHANGED, NOT_ALLOWED, UNKNOWN_COLUMN, Refusal, why_refused
from dq.stores.mysql.lines import Lines
from dq.stores.mysql.types import selected
from dq.stores.seal import Origin

LOCK_TIMEOUT = 30  # seconds; queries of others queue up behind an ALTER TABLE that waits, and so do we
CONSISTENCY = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY (REPEATABLE READ, InnoDB)"
_BEGIN = ("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", "SAVEPOINT dq")
_BACK = "ROLLBACK TO SAVEPOINT dq"  # lets go of the last table's lock, where the server does that; the moment stays
_FILES = ("INNODB_SYS_TABLES", "INNODB_TABLES")  # MariaDB's name and MySQL's; they need the privilege PROCESS
# Settings that the text of a value, the number of rows or the length of a session hang on; a server sets those that it knows.
_PLAIN = "SET SESSION sql_mode = '', sql_select_limit = 18446744073709551615, character_set_results = utf8mb4"  # no padding, no '' that is NULL
_SETTINGS = {
    "time_zone": "'+00:00'",
    "sql_big_selects": "1",
    "sql_auto_is_null": "0",
    "net_read_timeout": "3600",
    "net_write_timeout": "3600",  # Source: FACTS "Reading live stores": at 2 s a reader that paused was cut off
    "wait_timeout": "86400",
    "idle_transaction_timeout": "0",
    "idle_readonly_transaction_timeout": "0",
}


def open_mysql(address: Address, *, statement_timeout: int | None = None, connect_timeout: int = 10, lock_timeout: int = LOCK_TIMEOUT) -> MySQL:
    """Connect to a MySQL or MariaDB server and begin the moment that is read.

    Args:
        address: where it is; the URL's options are those of `connection.OPTIONS`.
        statement_timeout: seconds that a single statement, and so the copy of a table, may take; none: as the server has it.
        connect_timeout: seconds that connecting may take.
        lock_timeout: seconds that each table's lock is waited for.

    Raises:
        UsageError: an option that there is not (exit 2).
        SnapshotError: no connection, or the store cannot be read at one moment (exit 3).
        StoreChanged: tables were changed while the moment began; start over.
    """
    with ExitStack() as stack:
        session = stack.enter_context(closing(connect(address, connect_timeout=connect_timeout, statement_timeout=statement_timeout)))
        reader = MySQL(session, address, statement_timeout=statement_timeout, lock_timeout=lock_timeout)
        stack.pop_all()
    return reader


class MySQL:
    """A MySQL or MariaDB database at one moment; a `Reader`."""

    canonical = True

    def __init__(self, session: Session, address: Address, *, statement_timeout: int | None, lock_timeout: int) -> None:
        """Look at the tables, begin the moment, and look again."""
        self._session = session
        self._address = address
        self._timeout = statement_timeout
        self._locked: str | None = None
        self._partial: set[str] = set()  # tables of which the user may read some columns only
        ((self._database, version),) = self._ask("SELECT DATABASE(), VERSION()")
        self._is_mariadb = "MariaDB" in version
        self._set(lock_timeout)
        self._files = next((files for files in _FILES if self._tells(files)), "")
        self._held = self._look()
        before = self._position()
        for statement in _BEGIN:
            self._ask(statement)
        ((moment,),) = self._ask("SELECT UTC_TIMESTAMP(6)")
        watermark = self._watermark(before)
        if self._look().definitions != self._held.definitions:
            raise StoreChanged(f"{address.shown}: tables were changed while the moment began; try again when nobody alters them")
        self._ask(_BACK)
        self.moment: datetime = moment.replace(tzinfo=UTC)
        notes = tuple(f"table '{name}': that no partition was exchanged meanwhile could not be seen (GRANT PROCESS)" for name in self._held.unwatched)
        self._origin = Origin("mariadb" if self._is_mariadb else "mysql", version, CONSISTENCY, watermark, notes, self.moment)

    @property
    def catalogue(self) -> Sequence[StoreTable]:
        """Tables of the database, and by its kind whatever else it has."""
        return self._held.tables

    @property
    def origin(self) -> Origin:
        """What the store is, with what was found out while it was read."""
        notes = (f"table '{name}': the user may not read all its columns; only the others are named" for name in sorted(self._partial))
        return replace(self._origin, notes=(*self._origin.notes, *notes))

    def count(self, table: StoreTable, where: str = "") -> int:
        """Return how many rows the server counts at the moment."""
        self._lock(table)
        ((rows,),) = self._ask(f"SELECT count(*) FROM {table.place}{_where(where)}", table=table, where=where)
        return int(rows)

    def rows(self, table: StoreTable, columns: Sequence[StoreColumn], where: str = "") -> Lines:
        """Return the rows at the moment as CSV."""
        if self._locked != table.name:
            self._lock(table)
        pieces = tuple(selected(columns))
        sql = f"SELECT {', '.join(value for value, _ in pieces)} FROM {table.place}{_where(where)}"
        try:
            return self._session.lines(sql, [piece for _, piece in pieces], told=lambda refusal: self._refused(refusal, table, where))
        except Refusal as refusal:
            raise self._refused(refusal, table, where) from None

    def close(self) -> None:
        """Leave the server, also in the middle of a table."""
        self._session.close()

    def _ask(self, sql: str, *values: object, table: StoreTable | None = None, where: str = "") -> list[tuple[Any, ...]]:
        try:
            return self._session.ask(sql, *values)
        except Refusal as refusal:
            raise self._refused(refusal, table, where) from None

    def _look(self, table: str | None = None) -> Holding:
        return read_holding(self._ask, self._database, is_mariadb=self._is_mariadb, files=self._files, table=table)

    def _tells(self, files: str) -> bool:
        try:
            self._session.ask(f"SELECT NAME FROM information_schema.{files} LIMIT 1")
        except Refusal:
            return False
        return True

    def _set(self, lock_timeout: int) -> None:
        limits = {"lock_wait_timeout": str(lock_timeout)}
        if self._timeout:
            limits |= {"max_statement_time": str(self._timeout)} if self._is_mariadb else {"max_execution_time": str(1000 * self._timeout)}
        self._ask(_PLAIN)
        known = {name for name, *_ in self._ask("SHOW SESSION VARIABLES")}
        settings = [f"{name} = {value}" for name, value in {**_SETTINGS, **limits}.items() if name in known]
        self._ask(f"SET SESSION {', '.join(settings)}")

    def _lock(self, table: StoreTable) -> None:
        """Lock a table against changes of shape, and let go of the one before. Raises StoreChanged where it is no longer the table of the moment."""
        self._locked = None
        self._ask(_BACK, table=table)
        try:
            self._session.ask(f"SELECT * FROM {table.place} LIMIT 0")
        except Refusal as refusal:
            if refusal.code not in NOT_ALLOWED:
                raise self._refused(refusal, table, "") from None
            # the catalogue leaves out the columns that the user may not read
            self._ask(f"SELECT 1 FROM {table.place} LIMIT 0", table=table)
            self._partial.add(table.name)
        if self._look(table.name).definitions.get(table.name) != self._held.definitions[table.name]:
            raise self._changed(table)
        self._locked = table.name

    def _position(self) -> str | None:
        """Return where a MySQL server's log stands now, None where it has none or does not tell this user."""
        if self._is_mariadb:
            return None
        for statement in ("SHOW BINARY LOG STATUS", "SHOW MASTER STATUS"):
            try:
                found = self._session.ask(statement)
            except Refusal:
                continue
            if found:
                file, position, *_, executed = found[0]
                return f"{file}:{position}{f', GTID {executed}' if executed else ''}".replace("\n", "")
        return None

    def _watermark(self, before: str | None) -> str | None:
        """Return where the log stood at the moment: MariaDB keeps that for the transaction, MySQL is asked before and after."""
        if not self._is_mariadb:
            after = self._position()
            return before if before == after else f"between {before} and {after}"
        status = dict(self._ask("SHOW SESSION STATUS LIKE 'Binlog_snapshot_%'"))
        file, position = status.get("Binlog_snapshot_file"), status.get("Binlog_snapshot_position")
        if not file:
            return None
        try:
            ((gtid,),) = self._session.ask("SELECT BINLOG_GTID_POS(%s, %s)", file, int(position or 0))
        except Refusal:
            gtid = None
        return f"{file}:{position}{f', GTID {gtid}' if gtid else ''}"

    def _refused(self, refusal: Refusal, table: StoreTable | None, where: str) -> SnapshotError:
        if table is not None and (refusal.code in CHANGED or (refusal.code == UNKNOWN_COLUMN and not where)):
            return self._changed(table)
        place = self._address.shown if table is None else f"{self._address.shown}: table '{table.name}'"
        return SnapshotError(f"{place}: {why_refused(refusal.code, cause=refusal.cause, timeout=self._timeout, has_condition=bool(where))}")

    def _changed(self, table: StoreTable) -> StoreChanged:
        return StoreChanged(f"{self._address.shown}: table '{table.name}' was changed after the moment; try again when nobody alters it")


def _where(condition: str) -> str:
    return f" WHERE {condition}" if condition else ""
