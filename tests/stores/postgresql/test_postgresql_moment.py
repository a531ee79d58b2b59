"""A PostgreSQL database at one moment: writers and alterations meanwhile, and connections that are cut."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import psycopg
import pytest

from dq.errors import SnapshotError
from dq.stores.live import ATTEMPTS, Choice, Pace, StoreChanged, seal_store
from dq.stores.postgresql.reader import Copy, PostgreSQL, open_postgresql
from tests.stores.postgresql_server import HOST, LABEL, PORT, Database, sealed
from tests.stores.postgresql_tables import BIG, SECRET, SHOP, WIDE, found, is_empty, one_line, rows_of

pytestmark = pytest.mark.slow  # a server each


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
        assert store.run("SELECT count(*) FROM points") == [(reader.count(found(reader, "points")),)] == [(10,)]
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
        assert rows_of(reader, "accounts") == b'7,"new"\n' or rows_of(reader, "accounts") == b"7,new\n"


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
    assert is_empty(tmp_path)


def test_it_does_not_wait_for_ever_behind_an_alteration(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP, "BEGIN", "ALTER TABLE points ADD COLUMN note text")
    with pytest.raises(SnapshotError, match="somebody is altering its tables, and no lock was to be had in time") as error:
        store.seal(tmp_path / "s.duckdb", opened=lambda: store.open(lock_timeout=1))
    store.run("ROLLBACK")
    assert not isinstance(error.value, StoreChanged)
    assert is_empty(tmp_path)


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
        assert found(reader, "points").kind == "table"
        store.run(change)
        with pytest.raises(StoreChanged, match="table 'points' was rewritten or emptied after the moment"):
            reader.count(found(reader, "points"))


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
    assert one_line(error).startswith(f"postgresql://postgres@{HOST}:{PORT}/{large.name}: table 'large': the connection was lost")
    assert 0 < sum(came) < BIG * WIDE
    assert is_empty(tmp_path)


def test_a_connection_that_is_cut_between_tables_seals_nothing(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP)

    def told(table: str, rows: int, *_: object) -> None:
        if table == "accounts" and rows:
            store.run("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")

    with pytest.raises(SnapshotError, match="the connection was lost") as error:
        store.seal(tmp_path / "s.duckdb", told=told)
    one_line(error)
    assert is_empty(tmp_path)


def test_rows_can_be_left_in_the_middle_and_read_again(large: Database) -> None:
    with closing(large.open()) as reader:
        table = found(reader, "large")
        for size in (1, 10, 1_000_000):
            rows = reader.rows(table, table.columns)
            assert len(rows.read(size)) == size
            started = monotonic()
            rows.close()
            rows.close()
            assert monotonic() - started < 5
        assert reader.count(table) == BIG
        assert rows_of(reader, "large").count(b"\n") == BIG


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
        table = found(reader, "large")
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
        table = found(reader, "large")
        with closing(reader.rows(table, table.columns, "id <= 1000")) as rows:
            parts = list(iter(lambda: rows.read(777), b""))
        assert {len(part) for part in parts[:-1]} == {777}
        assert b"".join(parts) == rows_of(reader, "large", "id <= 1000")
        assert rows.read(5) == b""


def test_a_statement_that_takes_too_long_is_told(store: Database) -> None:
    store.run(*SHOP)
    slow = "(SELECT pg_sleep(30)) IS NULL"
    with closing(store.open(statement_timeout=1)) as reader:
        table = found(reader, "points")
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
        table = found(reader, "accounts")
        with closing(reader.rows(table, table.columns, "name::integer > 0")) as rows, pytest.raises(SnapshotError) as error:
            rows.read()
        assert one_line(error).endswith("table 'accounts': the server failed with SQLSTATE 22P02")
        with pytest.raises(SnapshotError) as error:
            reader.count(table, f"'{SECRET}' '{SECRET}' =")
        one_line(error)
