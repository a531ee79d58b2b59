"""A PostgreSQL database at one moment: writers, alterations, cut connections, closed doors; and what stands in its catalogue."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import psycopg
import pytest

from dq.errors import DqError, SnapshotError, UsageError
from dq.stores.address import Address, read_address
from dq.stores.catalogue import StoreTable
from dq.stores.live import ATTEMPTS, Choice, Pace, StoreChanged, seal_store
from dq.stores.postgresql.errors import why_not_connected, why_refused
from dq.stores.postgresql.reader import Copy, PostgreSQL, open_postgresql
from tests.stores.postgresql_server import HOST, LABEL, PORT, Database, database, pretended, sealed

pytestmark = pytest.mark.slow  # a server each

BIG, WIDE = 4_000, 20_000  # rows and their bytes: more than sockets hold
SECRET = "hunter2-is-no-secret"  # noqa: S105 - nothing may show it
SHOP = (
    "CREATE TABLE accounts (id bigint PRIMARY KEY, name text)",
    "CREATE TABLE points (id bigint PRIMARY KEY, account bigint, amount numeric(18,2))",
    "INSERT INTO accounts SELECT i, 'n' || i FROM generate_series(1, 10) AS i",
    "INSERT INTO points SELECT i, i, i FROM generate_series(1, 10) AS i",
)
LARGE = f"CREATE UNLOGGED TABLE large AS SELECT i AS id, repeat('x', {WIDE}) AS note FROM generate_series(1, {BIG}) AS i"


@pytest.fixture(scope="module")
def shared() -> Iterator[Database]:
    """Return a database that tests fill one after the other."""
    with database() as made:
        yield made


@pytest.fixture
def store(shared: Database) -> Iterator[Database]:
    """Return an empty database."""
    yield shared
    shared.clear()


@pytest.fixture(scope="module")
def large() -> Iterator[Database]:
    """Return a database with a table that takes a moment to read; nobody changes it."""
    with database() as made:
        made.run(LARGE)
        yield made


def _found(reader: PostgreSQL, name: str) -> StoreTable:
    return next(table for table in reader.catalogue if table.name == name)


def _all(reader: PostgreSQL, name: str, where: str = "") -> bytes:
    table = _found(reader, name)
    with closing(reader.rows(table, table.columns, where)) as rows:
        return rows.read()


def _one_line(error: pytest.ExceptionInfo[DqError]) -> str:
    line = str(error.value)
    assert "\n" not in line
    assert SECRET not in line
    assert error.value.__cause__ is None or error.value.__suppress_context__ or SECRET not in repr(error.value.__cause__)
    return line


def _empty(folder: Path) -> bool:
    return list(folder.iterdir()) == []


# One moment


def test_tables_are_of_one_moment_while_a_writer_commits_between_them(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP)
    wrote: list[str] = []

    def told(table: str, *_: object) -> None:
        if not wrote:
            wrote.append(table)
            store.run(
                "INSERT INTO accounts VALUES (11, 'late')",
                "INSERT INTO points VALUES (11, 11, 11)",
                "UPDATE points SET amount = 0",
                "DELETE FROM points WHERE id < 5",
            )

    manifest = store.seal(tmp_path / "s.duckdb", told=told)
    assert wrote == ["accounts"]
    assert {name: table.rows for name, table in manifest.taken.items()} == {"accounts": 10, "points": 10}
    assert sealed(tmp_path / "s.duckdb", "SELECT sum(amount), max(id) FROM points")[0] == (55, 10)


def test_the_manifest_says_how_and_when_it_was(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP)
    before = store.run("SELECT clock_timestamp(), pg_current_wal_lsn()::text")[0]
    manifest = store.seal(tmp_path / "s.duckdb")
    after = store.run("SELECT clock_timestamp(), pg_current_wal_lsn()::text")[0]
    assert (manifest.kind, manifest.version) == ("postgresql", store.run("SHOW server_version")[0][0])
    assert manifest.consistency.startswith("REPEATABLE READ, READ ONLY, tables locked in ACCESS SHARE, exported snapshot 0")
    assert before[0] <= manifest.taken_at <= after[0]
    assert manifest.moment.endswith("+00:00")
    assert store.run(f"SELECT '{before[1]}'::pg_lsn <= '{manifest.watermark}' AND '{manifest.watermark}'::pg_lsn <= '{after[1]}'") == [(True,)]


def test_an_exported_snapshot_sees_the_same_rows(store: Database) -> None:
    store.run(*SHOP)
    with closing(store.open()) as reader:
        store.run("DELETE FROM points")
        exported = reader.origin.consistency.rpartition(" ")[2]
        store.run("BEGIN ISOLATION LEVEL REPEATABLE READ", f"SET TRANSACTION SNAPSHOT '{exported}'")
        assert store.run("SELECT count(*) FROM points") == [(reader.count(_found(reader, "points")),)] == [(10,)]
        store.run("ROLLBACK")


def test_several_tables_are_read_at_once_at_the_same_moment(store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.run(*(f"CREATE TABLE t{number} AS SELECT i, {number} AS n FROM generate_series(1, 1000) AS s(i)" for number in range(6)))
    join = PostgreSQL.join

    def joined(self: PostgreSQL) -> PostgreSQL | None:
        store.run(*(f"DELETE FROM t{number} WHERE i % 7 = 0" for number in range(6)))
        return join(self)

    monkeypatch.setattr(PostgreSQL, "join", joined)
    manifest = seal_store(store.open, tmp_path / "s.duckdb", label=LABEL, pace=Pace(jobs=3))
    assert (list(manifest.taken), manifest.rows) == ([f"t{number}" for number in range(6)], 6000)
    assert sealed(tmp_path / "s.duckdb", "SELECT n, count(*) FROM t5 GROUP BY n") == [(5, 1000)]
    assert store.run("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dq snapshot' AND datname = current_database()") == [(0,)]


def test_what_is_committed_while_a_lock_is_waited_for_is_seen(store: Database) -> None:
    """The snapshot is taken after the locks: a table that was emptied and filled meanwhile is whole."""
    store.run(*SHOP)
    lock = PostgreSQL._lock

    def late(reader: PostgreSQL) -> None:
        store.run("TRUNCATE accounts", "INSERT INTO accounts VALUES (7, 'new')")
        lock(reader)
        assert reader._connection.info.transaction_status.name == "INTRANS"

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PostgreSQL, "_lock", late)
        reader = store.open()
    with closing(reader):
        assert _all(reader, "accounts") == b'7,"new"\n' or _all(reader, "accounts") == b"7,new\n"


def test_an_alteration_waits_until_the_moment_is_over(store: Database) -> None:
    store.run(*SHOP, "SET lock_timeout = '100ms'")
    with closing(store.open()):
        for statement in ("ALTER TABLE points ADD COLUMN note text", "TRUNCATE accounts", "DROP TABLE accounts"):
            with pytest.raises(psycopg.errors.LockNotAvailable):
                store.run(statement)
    store.run("ALTER TABLE points ADD COLUMN note text")


def _interfering(patched: pytest.MonkeyPatch, change: Callable[[int], None]) -> list[int]:
    """Let tables be changed after they were listed and before they are locked; return the attempts."""
    lock = PostgreSQL._lock
    attempts: list[int] = []

    def changed(reader: PostgreSQL) -> None:
        attempts.append(len(attempts) + 1)
        change(attempts[-1])
        lock(reader)

    patched.setattr(PostgreSQL, "_lock", changed)
    return attempts


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("ALTER TABLE points ADD COLUMN note text DEFAULT 'x'", {"id", "account", "amount", "note"}),
        ("DROP TABLE accounts", {"id", "account", "amount"}),
        ("CREATE TABLE other (a integer)", {"id", "account", "amount"}),
        ("ALTER TABLE points ALTER COLUMN amount TYPE numeric(18,4)", {"id", "account", "amount"}),
        ("ALTER TABLE points DROP CONSTRAINT points_pkey", {"id", "account", "amount"}),
    ],
)
def test_a_change_between_looking_and_locking_starts_over(
    store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, expected: set[str]
) -> None:
    store.run(*SHOP)
    attempts = _interfering(monkeypatch, lambda attempt: store.run(change) if attempt == 1 else None)  # type: ignore[arg-type,return-value]
    manifest = store.seal(tmp_path / "s.duckdb")
    assert attempts == [1, 2]
    assert set(manifest.taken["points"].types()) == expected


def test_tables_that_are_always_being_altered_are_not_sealed(store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.run(*SHOP)
    attempts = _interfering(monkeypatch, lambda attempt: store.run(f"ALTER TABLE points ADD COLUMN c{attempt} text"))  # type: ignore[arg-type,return-value]
    with pytest.raises(StoreChanged, match="tables were changed while they were being locked") as error:
        store.seal(tmp_path / "s.duckdb")
    assert error.value.exit_status == 3
    assert len(attempts) == ATTEMPTS
    assert _empty(tmp_path)


def test_it_does_not_wait_for_ever_behind_an_alteration(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP, "BEGIN", "ALTER TABLE points ADD COLUMN note text")
    with pytest.raises(SnapshotError, match="somebody is altering its tables, and no lock was to be had in time") as error:
        store.seal(tmp_path / "s.duckdb", opened=lambda: store.open(lock_timeout=1))
    store.run("ROLLBACK")
    assert not isinstance(error.value, StoreChanged)
    assert _empty(tmp_path)


def test_single_columns_may_be_all_that_a_user_may_read(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP)
    user = store.role("SELECT (id, amount) ON points", "SELECT ON accounts")
    choice = Choice(needed=lambda _: {"points": {"id", "amount"}, "accounts": {"id"}})
    manifest = store.seal(tmp_path / "s.duckdb", choice=choice, opened=lambda: open_postgresql(store.address(user=user)))
    assert manifest.taken["points"].types() == {"id": "BIGINT", "amount": "DECIMAL(18,2)"}
    with pytest.raises(SnapshotError, match=r"table 'points': the user may not read it \(GRANT SELECT\)"):
        store.seal(tmp_path / "t.duckdb", opened=lambda: open_postgresql(store.address(user=user)))


@pytest.mark.parametrize("change", ["TRUNCATE points", "ALTER TABLE points ALTER COLUMN account TYPE integer"])
def test_a_table_that_cannot_be_locked_beforehand_is_found_rewritten(store: Database, change: str) -> None:
    store.run(*SHOP)
    user = store.role("SELECT (id) ON points")
    with closing(open_postgresql(store.address(user=user))) as reader:
        assert _found(reader, "points").kind == "table"
        store.run(change)
        with pytest.raises(StoreChanged, match="table 'points' was rewritten or emptied after the moment"):
            reader.count(_found(reader, "points"))


# Broken off


def test_a_connection_that_is_cut_in_the_middle_seals_nothing(large: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = Event()
    read = Copy.read
    came: list[int] = []

    def told(_: str, rows: int, *__: object) -> None:
        if rows and not cut.is_set():
            large.run("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
            cut.set()

    def held_back(copy: Copy, size: int = -1, /) -> bytes:
        """The parser reads far ahead, and would have it all before anybody is told."""
        assert sum(came) < 32 * 1024 * 1024 or cut.wait(10)
        found = read(copy, size)
        came.append(len(found))
        return found

    monkeypatch.setattr(Copy, "read", held_back)
    with pytest.raises(SnapshotError) as error:
        large.seal(tmp_path / "s.duckdb", told=told)
    assert _one_line(error).startswith(f"postgresql://postgres@{HOST}:{PORT}/{large.name}: table 'large': the connection was lost")
    assert 0 < sum(came) < BIG * WIDE
    assert _empty(tmp_path)


def test_a_connection_that_is_cut_between_tables_seals_nothing(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP)

    def told(table: str, rows: int, *_: object) -> None:
        if table == "accounts" and rows:
            store.run("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")

    with pytest.raises(SnapshotError, match="the connection was lost") as error:
        store.seal(tmp_path / "s.duckdb", told=told)
    _one_line(error)
    assert _empty(tmp_path)


def test_rows_can_be_left_in_the_middle_and_read_again(large: Database) -> None:
    with closing(large.open()) as reader:
        table = _found(reader, "large")
        for size in (1, 10, 1_000_000):
            rows = reader.rows(table, table.columns)
            assert len(rows.read(size)) == size
            started = monotonic()
            rows.close()
            rows.close()
            assert monotonic() - started < 5
        assert reader.count(table) == BIG
        assert _all(reader, "large").count(b"\n") == BIG


def test_a_value_that_no_type_holds_is_found_while_the_rest_is_still_coming(store: Database, tmp_path: Path) -> None:
    """The first reading is broken off, with its parser reading ahead in another thread; the second has every row."""
    store.run(
        "CREATE UNLOGGED TABLE prices (amount numeric(10,2), note text)",
        f"INSERT INTO prices SELECT CASE i WHEN 1 THEN 'NaN'::numeric ELSE i END, repeat('y', {WIDE}) FROM generate_series(1, {BIG}) AS i",
    )
    manifest = store.seal(tmp_path / "s.duckdb")
    assert manifest.taken["prices"].rows == BIG
    assert "column 'prices.amount' is kept as text: 1 values are no DECIMAL(10,2)" in manifest.notes


def test_rows_can_be_closed_while_another_thread_reads_them(large: Database) -> None:
    with closing(large.open()) as reader, ThreadPoolExecutor(1) as pool:
        table = _found(reader, "large")
        for seconds in (0.0, 0.001, 0.005, 0.02, 0.05):
            rows = reader.rows(table, table.columns)
            reading = pool.submit(rows.read)
            sleep(seconds)
            rows.close()
            assert reading.exception(10) is None or isinstance(reading.exception(), SnapshotError)
            assert rows.read(1) in {b"", b"1"}
            assert reader.count(table) == BIG


def test_rows_come_in_the_sizes_that_are_asked_for(large: Database) -> None:
    with closing(large.open()) as reader:
        table = _found(reader, "large")
        with closing(reader.rows(table, table.columns, "id <= 1000")) as rows:
            parts = list(iter(lambda: rows.read(777), b""))
        assert {len(part) for part in parts[:-1]} == {777}
        assert b"".join(parts) == _all(reader, "large", "id <= 1000")
        assert rows.read(5) == b""


def test_a_statement_that_takes_too_long_is_told(store: Database) -> None:
    store.run(*SHOP)
    slow = "(SELECT pg_sleep(30)) IS NULL"
    with closing(store.open(statement_timeout=1)) as reader:
        table = _found(reader, "points")
        with (
            closing(reader.rows(table, table.columns, slow)) as rows,
            pytest.raises(SnapshotError, match="'points': it took longer than the statement timeout of 1 s"),
        ):
            rows.read(10)
        assert reader.count(table) == 10
        with pytest.raises(SnapshotError, match="'points': it took longer than the statement timeout of 1 s"):
            reader.count(table, slow)


def test_a_condition_chooses_rows(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP)
    where = """"name" IN ('n1', 'n\\', 'it''s 100%s')"""
    manifest = store.seal(tmp_path / "s.duckdb", choice=Choice(where=lambda table: where if table.name == "accounts" else ""))
    assert {name: table.rows for name, table in manifest.taken.items()} == {"accounts": 1, "points": 10}


def test_an_error_in_a_row_does_not_show_it(store: Database) -> None:
    store.run(*SHOP, f"UPDATE accounts SET name = '{SECRET}' WHERE id = 3")
    with closing(store.open()) as reader:
        table = _found(reader, "accounts")
        with closing(reader.rows(table, table.columns, "name::integer > 0")) as rows, pytest.raises(SnapshotError) as error:
            rows.read()
        assert _one_line(error).endswith("table 'accounts': the server failed with SQLSTATE 22P02")
        with pytest.raises(SnapshotError) as error:
            reader.count(table, f"'{SECRET}' '{SECRET}' =")
        _one_line(error)


# Closed doors


def _at(text: str) -> Address:
    return read_address(text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"postgresql://postgres@nohost.invalid:{PORT}/shop", "there is no host 'nohost.invalid'"),
        (f"postgresql://postgres@{HOST}:1/shop", "nothing answers there; is the server up, and host and port right?"),
        ("postgresql:///shop?host=/nowhere", "nothing answers there; is the server up, and host and port right?"),
        (f"postgresql://postgres@{HOST}:{PORT}/dq_nowhere", "there is no database 'dq_nowhere'"),
        (f"postgresql://dq_nobody@{HOST}:{PORT}/postgres", "there is no user 'dq_nobody'"),
    ],
)
def test_a_door_that_stays_shut_is_told_in_one_line(url: str, expected: str) -> None:
    with pytest.raises(SnapshotError) as error:
        open_postgresql(_at(url))
    assert _one_line(error) == f"{url.partition('?')[0]}: {expected}"


@pytest.mark.parametrize(
    ("state", "message", "expected"),
    [
        ("28P01", 'password authentication failed for user "u"', "the password was refused"),
        (
            "28000",
            'no pg_hba.conf entry for host "10.0.0.1", user "u", database "shop", no encryption',
            "the server admits no such connection of this user (pg_hba.conf)",
        ),
        ("53300", "sorry, too many clients already", "the server has no connection to spare"),
        ("57P03", "the database system is starting up", "the server is starting up or shutting down"),
        ("42501", 'permission denied for database "shop"', "user 'u' may not connect to the database"),
        ("XX000", f"something with {SECRET} in it", "the connection was not made"),
    ],
)
def test_a_refusal_says_why_and_not_the_password(monkeypatch: pytest.MonkeyPatch, state: str, message: str, expected: str) -> None:
    with pretended(state, message) as port:
        monkeypatch.setenv("STORE", f"postgresql://u:{SECRET}@{HOST}:{port}/shop")
        address = _at("env:STORE")
        with pytest.raises(SnapshotError) as error:
            open_postgresql(address)
        assert _one_line(error) == f"postgresql://u@{HOST}:{port}/shop: {expected}"
        assert SECRET not in repr(address)


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", "/nowhere")
    with pretended("28P01", "password authentication failed") as port:
        address = _at(f"postgresql://u@{HOST}:{port}/shop")
        with pytest.raises(SnapshotError, match=r"a password is needed; PGPASSWORD or ~/\.pgpass holds it"):
            open_postgresql(address)
        monkeypatch.setenv("PGPASSWORD", SECRET)
        with pytest.raises(SnapshotError, match="the password was refused") as error:
            open_postgresql(address)
        _one_line(error)


def test_a_server_without_tls_is_refused_where_it_is_demanded() -> None:
    with pretended("28000", "no") as port, pytest.raises(SnapshotError, match="the server offers no TLS, which sslmode demands"):
        open_postgresql(_at(f"postgresql://u@{HOST}:{port}/shop?sslmode=require"))


def test_an_option_that_libpq_has_not_is_told_with_the_near_one() -> None:
    with pytest.raises(UsageError, match=r"--from: libpq has no option 'sslmod'; did you mean 'sslmode'\?"):
        open_postgresql(_at(f"postgresql://postgres@{HOST}:{PORT}/postgres?sslmod=require"))


@pytest.mark.parametrize("option", ["sslmode=mandatory", "connect_timeout=soon", "keepalives=perhaps", "target_session_attrs=best", "gssencmode=x"])
def test_an_options_value_that_there_is_not_names_the_option(option: str) -> None:
    with pytest.raises(UsageError) as error:
        open_postgresql(_at(f"postgresql://postgres@{HOST}:{PORT}/postgres?{option}"))
    assert _one_line(error) == f"--from: the option {option.partition('=')[0]} cannot be that"


def test_a_schema_that_is_not_there_is_told_with_the_near_one() -> None:
    with pytest.raises(UsageError, match=r"--from: the database has no schema 'publik'; did you mean 'public'\?"):
        open_postgresql(_at(f"postgresql://postgres@{HOST}:{PORT}/postgres?schema=publik"))


def test_a_table_that_is_not_there_is_told_with_the_near_one(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP)
    with pytest.raises(UsageError, match=r"--table: the store has no table 'point'; did you mean 'points'\?"):
        store.seal(tmp_path / "s.duckdb", choice=Choice(("point",)))


def test_a_table_that_may_not_be_read_is_named_and_no_other_needs_it(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP)
    user = store.role("SELECT ON accounts")
    with pytest.raises(SnapshotError) as error:
        store.seal(tmp_path / "s.duckdb", opened=lambda: open_postgresql(store.address(user=user)))
    assert _one_line(error) == f"postgresql://{user}@{HOST}:{PORT}/{store.name}: table 'points': the user may not read it (GRANT SELECT)"
    manifest = store.seal(tmp_path / "s.duckdb", choice=Choice(("accounts",)), opened=lambda: open_postgresql(store.address(user=user)))
    assert list(manifest.taken) == ["accounts"]


def test_a_policy_that_would_hide_rows_is_an_error(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP, "ALTER TABLE points ENABLE ROW LEVEL SECURITY", "CREATE POLICY few ON points USING (id < 3)")
    user = store.role("SELECT ON points", "SELECT ON accounts")
    with pytest.raises(SnapshotError, match="table 'points': a row-level security policy would hide rows of it") as error:
        store.seal(tmp_path / "s.duckdb", opened=lambda: open_postgresql(store.address(user=user)))
    _one_line(error)
    assert _empty(tmp_path)
    assert store.seal(tmp_path / "s.duckdb").taken["points"].rows == 10


def test_a_database_whose_encoding_nobody_knows_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(SnapshotError, match="the database is SQL_ASCII: nobody knows the encoding of its text")
    with database(made="ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'") as odd, refused:
        odd.seal(tmp_path / "s.duckdb")


def test_another_encoding_arrives_as_unicode(tmp_path: Path) -> None:
    with database(made="ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'") as latin:
        latin.run("CREATE TABLE t (a text)", "INSERT INTO t VALUES ('Straße é ÿ')")
        latin.seal(tmp_path / "s.duckdb")
    assert sealed(tmp_path / "s.duckdb", "SELECT a FROM t") == [("Straße é ÿ",)]


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dq.stores.postgresql.reader")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match=r"^the PostgreSQL driver is not installed; install dq-parity\[postgresql\]$"):
        importlib.import_module("dq.stores.postgresql.reader")


@pytest.mark.parametrize(
    ("state", "message", "expected"),
    [
        (None, f"consuming input failed: {SECRET}", "the connection was lost"),
        ("08006", SECRET, "the connection was lost"),
        ("57P01", "terminating connection", "the connection was lost: the server ended it"),
        ("57014", "canceling statement", "somebody cancelled it"),
        ("40001", "conflict with recovery", "the server gave up what was read: a replica does when it must catch up"),
        ("53100", SECRET, "the server's disk is full"),
        ("22P02", f'invalid input syntax for type integer: "{SECRET}"', "the server failed with SQLSTATE 22P02"),
        ("23505", SECRET, "the server failed with SQLSTATE 23505"),
        ("42601", SECRET, "it cannot read the condition that chooses the rows"),
        ("42883", "operator does not exist: text = integer\nHINT", "operator does not exist: text = integer (SQLSTATE 42883)"),
        ("XX001", SECRET, "the server found damaged data"),
        ("XX000", SECRET, "the server failed with SQLSTATE XX000"),
        ("42P17", None, "the server failed with SQLSTATE 42P17"),
    ],
)
def test_an_errors_state_becomes_a_line_without_values(state: str | None, message: str | None, expected: str) -> None:
    found = why_refused(state, message)
    assert found.startswith(expected)
    assert SECRET not in found


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("connection failed: FATAL:  Passwort-Authentifizierung für Benutzer »u« fehlgeschlagen", "the connection was not made"),
        ('root certificate file "/x/root.crt" does not exist', "the server's certificate, or one of ours, was not accepted (sslmode, sslrootcert, sslcert)"),
        ("SSL error: certificate verify failed", "the server's certificate, or one of ours, was not accepted (sslmode, sslrootcert, sslcert)"),
        ("SSL error: wrong version number", "TLS could not be agreed on"),
        ("connection timeout expired", "no answer in time"),
    ],
)
def test_what_the_library_says_of_a_connection_becomes_a_line(message: str, expected: str) -> None:
    assert why_not_connected(message, _at("postgresql://u@h/shop")) == expected


# The catalogue


def test_everything_in_the_database_is_named_and_only_tables_are_taken(store: Database, tmp_path: Path) -> None:
    store.run(
        *SHOP,
        "CREATE SCHEMA other",
        "CREATE TABLE other.ledger (a integer)",
        "CREATE VIEW other.seen AS SELECT 1 AS a",
        "CREATE VIEW seen AS SELECT id FROM points",
        "CREATE MATERIALIZED VIEW kept AS SELECT id FROM points",
        "CREATE UNLOGGED TABLE light (a integer)",
        "CREATE TABLE bare ()",
        'CREATE TABLE "Odd ""name""; --" ("a ""b""" integer PRIMARY KEY, "%s" text)',
        """INSERT INTO "Odd ""name""; --" VALUES (1, 'x')""",
        "CREATE TEMP TABLE gone (a integer)",
        "CREATE SEQUENCE counted",
        "CREATE FOREIGN DATA WRAPPER nowhere",
        "CREATE SERVER far FOREIGN DATA WRAPPER nowhere",
        "CREATE FOREIGN TABLE abroad (a integer) SERVER far",
    )
    manifest = store.seal(tmp_path / "s.duckdb")
    assert {table.name: table.kind for table in manifest.tables} == {
        "accounts": "table",
        "points": "table",
        "light": "table",
        'Odd "name"; --': "table",
        "bare": "table without columns",
        "seen": "view",
        "kept": "materialised view",
        "abroad": "foreign table",
        "other.ledger": "table of another schema",
        "other.seen": "view",
    }
    assert set(manifest.taken) == {"accounts", "points", "light", 'Odd "name"; --'}
    assert "foreign table 'abroad' was not taken" in manifest.notes
    assert sealed(tmp_path / "s.duckdb", 'SELECT * FROM "Odd ""name""; --"') == [(1, "x")]


def test_another_schemas_tables_can_be_what_is_taken(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP, "CREATE SCHEMA other", "CREATE TABLE other.points (a integer)", "INSERT INTO other.points VALUES (1)")
    manifest = store.seal(tmp_path / "s.duckdb", opened=lambda: open_postgresql(store.address(query="?schema=other")))
    assert {table.name: table.kind for table in manifest.tables} == {
        "points": "table",
        "public.accounts": "table of another schema",
        "public.points": "table of another schema",
    }
    assert manifest.taken["points"].rows == 1


def test_a_partitioned_table_is_one_table(store: Database, tmp_path: Path) -> None:
    store.run(
        "CREATE TABLE orders (id integer, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region)",
        "CREATE TABLE orders_id PARTITION OF orders FOR VALUES IN ('ID')",
        "CREATE TABLE orders_rest PARTITION OF orders DEFAULT PARTITION BY RANGE (id)",
        "CREATE TABLE orders_rest_all PARTITION OF orders_rest DEFAULT",
        "INSERT INTO orders SELECT i, CASE WHEN i % 2 = 0 THEN 'ID' ELSE 'TH' END FROM generate_series(1, 10) AS i",
        "CREATE FOREIGN DATA WRAPPER nowhere",
        "CREATE SERVER far FOREIGN DATA WRAPPER nowhere",
        "CREATE TABLE mixed (a integer) PARTITION BY LIST (a)",
        "CREATE FOREIGN TABLE mixed_far PARTITION OF mixed FOR VALUES IN (1) SERVER far",
    )
    manifest = store.seal(tmp_path / "s.duckdb")
    assert {table.name: (table.kind, table.rows) for table in manifest.tables} == {"orders": ("table", 10), "mixed": ("table with foreign partitions", None)}
    assert manifest.taken["orders"].primary_key == ("id", "region")


def test_tables_that_inherit_are_tables_of_their_own(store: Database, tmp_path: Path) -> None:
    store.run("CREATE TABLE p (a integer)", "CREATE TABLE c (b integer) INHERITS (p)", "INSERT INTO p VALUES (1)", "INSERT INTO c VALUES (2, 3)")
    manifest = store.seal(tmp_path / "s.duckdb")
    assert {name: table.rows for name, table in manifest.taken.items()} == {"p": 1, "c": 1}
    assert [note for note in manifest.notes if "inherit" in note] == [
        "table 'p' is sealed without the rows of tables that inherit from it: they are tables of their own"
    ]


def test_columns_are_those_that_are_there_in_order(store: Database, tmp_path: Path) -> None:
    store.run(
        "CREATE TABLE t (a integer, gone text, b integer GENERATED ALWAYS AS (a * 2) STORED, c integer GENERATED BY DEFAULT AS IDENTITY)",
        "ALTER TABLE t DROP COLUMN gone",
        "INSERT INTO t (a) VALUES (21)",
        "ALTER TABLE t ADD COLUMN d text DEFAULT 'late'",
    )
    manifest = store.seal(tmp_path / "s.duckdb")
    assert [column.name for column in manifest.taken["t"].columns] == ["a", "b", "c", "d"]
    assert sealed(tmp_path / "s.duckdb", "SELECT * FROM t") == [(21, 42, 1, "late")]


def _keys_of(store: Database, name: str) -> tuple[Sequence[str], set[Sequence[str]]]:
    with closing(store.open()) as reader:
        table = _found(reader, name)
        return table.primary_key, set(table.unique)


def test_keys_are_those_that_hold_for_every_row(store: Database) -> None:
    store.run(
        "CREATE TABLE t (a integer, b integer, c text, d integer, e integer, PRIMARY KEY (b, a) INCLUDE (e), UNIQUE (c) DEFERRABLE)",
        "CREATE UNIQUE INDEX ON t (d, e) INCLUDE (c)",
        "CREATE UNIQUE INDEX ON t (e) WHERE d > 0",
        "CREATE UNIQUE INDEX ON t (lower(c))",
        "CREATE UNIQUE INDEX ON t (e, a) NULLS NOT DISTINCT",
        "CREATE INDEX ON t (e, b)",
        "ALTER TABLE t ADD EXCLUDE USING btree (e WITH =)",
    )
    assert _keys_of(store, "t") == (("b", "a"), {("c",), ("d", "e")})


def test_a_moment_is_in_universal_time_and_nobody_waits_for_what_is_read(store: Database) -> None:
    store.run(*SHOP)
    with closing(store.open()) as reader:
        assert reader.moment.tzinfo is UTC
        assert reader.moment <= datetime.now(tz=UTC)
        store.run("UPDATE points SET amount = 1", "INSERT INTO accounts VALUES (99, 'x')")
        assert reader.count(_found(reader, "accounts")) == 10


def test_an_empty_database_has_a_moment_too(store: Database, tmp_path: Path) -> None:
    assert store.seal(tmp_path / "s.duckdb").tables == ()
