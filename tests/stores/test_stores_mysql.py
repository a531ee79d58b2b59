"""MariaDB is read at one moment, whole or not at all; whatever goes wrong is one line that holds no value and no secret."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pymysql
import pytest

from dq.errors import DqError, SnapshotError, UsageError
from dq.stores.address import read_address
from dq.stores.live import Choice, StoreChanged, choose
from dq.stores.mysql.connection import connect
from dq.stores.mysql.errors import NULL_LINE, Refusal, why_not_connected, why_refused
from dq.stores.mysql.reader import open_mysql
from tests.stores.mysql_server import HOST, Database, database, sealed

pytestmark = pytest.mark.slow  # a server each

STORE = (
    "CREATE TABLE accounts (id INT PRIMARY KEY, name VARCHAR(40) CHARACTER SET latin1, UNIQUE KEY by_name (name))",
    "INSERT INTO accounts VALUES (1, 'é'), (2, NULL), (3, 'o''clock')",
    "CREATE TABLE orders (id BIGINT UNSIGNED, part SMALLINT, note TEXT, PRIMARY KEY (id, part), UNIQUE KEY short (note(10)))",
    "INSERT INTO orders VALUES (18446744073709551615, 1, NULL), (1, 2, '')",
)
BIG = "INSERT INTO big SELECT seq, REPEAT(CHAR(97 + seq % 26), 250) FROM seq_1_to_250000"


@pytest.fixture
def shop() -> Iterator[Database]:
    with database() as made:
        made.run(*STORE)
        yield made


@pytest.fixture(scope="module")
def large() -> Iterator[Database]:
    """A database of one table of 60 MB, more than all buffers between the server and its reader."""
    with database() as made:
        made.run(
            "CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(250) CHARACTER SET latin1)", BIG, "CREATE TABLE small (id INT)", "INSERT INTO small VALUES (1)"
        )
        yield made


def _refused(action: Callable[[], object], kind: type[DqError] = SnapshotError) -> str:
    with pytest.raises(kind) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    assert "let-me-in" not in message
    return message


def _once(action: Callable[[], object]) -> Callable[[str, int, int | None], None]:
    """Return a listener that acts on the first thing it is told."""
    left = [action]

    def told(_table: str, _rows: int, _of: int | None) -> None:
        while left:
            left.pop()()

    return told


def test_a_store_is_sealed_with_its_keys_and_its_origin(shop: Database, tmp_path: Path) -> None:
    manifest = shop.seal(tmp_path / "s.duckdb")
    assert (manifest.kind, manifest.version.split("-")[1]) == ("mariadb", "MariaDB")
    assert manifest.consistency == "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY (REPEATABLE READ, InnoDB)"
    accounts, orders = manifest.taken["accounts"], manifest.taken["orders"]
    assert (accounts.rows, accounts.primary_key, accounts.unique) == (3, ("id",), (("id",),))
    assert (orders.rows, orders.primary_key, orders.unique) == (2, ("id", "part"), (("id", "part"),))
    assert sealed(tmp_path / "s.duckdb", "SELECT * FROM accounts ORDER BY id") == [(1, "é"), (2, None), (3, "o'clock")]
    assert sealed(tmp_path / "s.duckdb", "SELECT * FROM orders ORDER BY id") == [(1, 2, ""), (18446744073709551615, 1, None)]


def test_the_moment_is_the_servers(shop: Database) -> None:
    before = datetime.now(UTC)
    with closing(shop.open()) as reader:
        assert before - timedelta(seconds=5) < reader.moment < datetime.now(UTC) + timedelta(seconds=5)
        assert reader.origin.moment == reader.moment


def test_a_writer_that_commits_meanwhile_changes_nothing(shop: Database, tmp_path: Path) -> None:
    write = (
        "INSERT INTO orders VALUES (9, 9, 'late')",
        "DELETE FROM orders WHERE id = 1",
        "UPDATE accounts SET name = 'late' WHERE id = 1",
        "DELETE FROM accounts WHERE id = 3",
    )
    manifest = shop.seal(tmp_path / "s.duckdb", told=_once(lambda: shop.run(*write)))
    assert {name: table.rows for name, table in manifest.taken.items()} == {"accounts": 3, "orders": 2}
    assert sealed(tmp_path / "s.duckdb", "SELECT (SELECT count(name) FROM accounts WHERE name <> 'late'), (SELECT count(*) FROM orders WHERE id = 1)") == [
        (2, 1)
    ]
    assert shop.run("SELECT count(*) FROM orders WHERE id = 9") == [("1",)]


def test_rows_are_chosen_by_a_condition_on_the_server(shop: Database, tmp_path: Path) -> None:
    manifest = shop.seal(tmp_path / "s.duckdb", choice=Choice(where=lambda table: "id IN (1, 3)" if table.name == "accounts" else ""))
    assert (manifest.taken["accounts"].rows, manifest.taken["orders"].rows) == (2, 2)


def test_a_condition_that_is_none_is_said(shop: Database, tmp_path: Path) -> None:
    message = _refused(lambda: shop.seal(tmp_path / "s.duckdb", choice=Choice(where=lambda _: "no_such = 'secret'")))
    assert message == f"{shop.address().shown}: table 'accounts': it cannot read the condition that chooses the rows"


OTHERS = {
    "MyISAM table": "CREATE TABLE other (id INT PRIMARY KEY) ENGINE = MyISAM",
    "Aria table": "CREATE TABLE other (id INT PRIMARY KEY) ENGINE = Aria",
    "MEMORY table": "CREATE TABLE other (id INT PRIMARY KEY) ENGINE = MEMORY",
    "CSV table": "CREATE TABLE other (id INT NOT NULL) ENGINE = CSV",
    "view": "CREATE VIEW other AS SELECT id FROM accounts",
    "sequence": "CREATE SEQUENCE other",
}


@pytest.mark.parametrize(("kind", "statement"), OTHERS.items(), ids=OTHERS)
def test_what_escapes_the_moment_is_named_and_not_taken(shop: Database, tmp_path: Path, kind: str, statement: str) -> None:
    shop.run(statement)
    manifest = shop.seal(tmp_path / "s.duckdb")
    assert f"{kind} 'other' was not taken" in manifest.notes
    assert "other" not in manifest.taken
    assert next(table.kind for table in manifest.tables if table.name == "other") == kind
    with closing(shop.open()) as reader, pytest.raises(UsageError, match=f"^--table: 'other' is a {kind}, which has no moment of its own"):
        choose(reader.catalogue, Choice(tables=("other",)))


PARTITIONED = "CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))"
VERSIONED = "CREATE TABLE versions (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING"


def test_a_partitioned_table_is_a_table_and_a_versioned_one_is_as_it_is_now(shop: Database, tmp_path: Path) -> None:
    shop.run(PARTITIONED, "INSERT INTO parts VALUES (1), (11)", VERSIONED, "INSERT INTO versions VALUES (1, 1)", "UPDATE versions SET v = 2")
    manifest = shop.seal(tmp_path / "s.duckdb")
    assert sealed(tmp_path / "s.duckdb", "SELECT (SELECT count(*) FROM parts), (SELECT list(v) FROM versions)") == [(2, [2])]
    assert manifest.taken["versions"].types() == {"id": "INTEGER", "v": "INTEGER"}


def test_names_keep_their_case_and_their_characters(shop: Database, tmp_path: Path) -> None:
    shop.run('CREATE TABLE `Odd ``"%s é` (`a"b` INT, `c``%%d` TEXT, `Σ` INT, PRIMARY KEY (`a"b`))', "INSERT INTO `Odd ``\"%s é` VALUES (1, 'x', 2)")
    manifest = shop.seal(tmp_path / "s.duckdb")
    assert list(manifest.taken['Odd `"%s é'].types()) == ['a"b', "c`%%d", "Σ"]
    assert manifest.taken['Odd `"%s é'].unique == (('a"b',),)


DDL = {
    "column": "ALTER TABLE orders ADD COLUMN z INT DEFAULT 5",
    "column, at once": "ALTER TABLE orders ADD COLUMN z INT FIRST, ALGORITHM = INSTANT",
    "column dropped": "ALTER TABLE orders DROP COLUMN note",
    "type": "ALTER TABLE orders MODIFY note VARCHAR(50)",
    "emptied": "TRUNCATE TABLE orders",
    "made anew": "CREATE OR REPLACE TABLE orders (id BIGINT UNSIGNED, part SMALLINT, note TEXT, PRIMARY KEY (id, part), UNIQUE KEY short (note(10)))",
    "rebuilt": "ALTER TABLE orders FORCE",
    "swapped": "RENAME TABLE orders TO old_orders, twin TO orders",
    "partition emptied": "ALTER TABLE parts TRUNCATE PARTITION p0",
    "partition dropped": "ALTER TABLE parts DROP PARTITION p0",
    "partition exchanged": "ALTER TABLE parts EXCHANGE PARTITION p0 WITH TABLE whole",
}


@pytest.mark.parametrize("statement", DDL.values(), ids=DDL)
def test_a_table_that_is_altered_before_its_turn_starts_the_reading_over(shop: Database, tmp_path: Path, statement: str) -> None:
    """Also where the server would go on without a word: a swapped table, a partition that is gone or is another's."""
    shop.run(PARTITIONED, "INSERT INTO parts VALUES (1), (11)", "CREATE TABLE whole (id INT PRIMARY KEY)", "INSERT INTO whole VALUES (2), (3)")
    shop.run("CREATE TABLE twin LIKE orders", "INSERT INTO twin VALUES (5, 5, 'twin')")
    opened = []

    def count_openings() -> object:
        opened.append(1)
        return shop.open()

    shop.seal(tmp_path / "s.duckdb", told=_once(lambda: shop.run(statement)), opened=count_openings)  # type: ignore[arg-type]
    assert len(opened) == 2
    for table in ("orders", "parts"):
        assert sealed(tmp_path / "s.duckdb", f"SELECT count(*) FROM {table}") == [(int(shop.run(f"SELECT count(*) FROM {table}")[0][0]),)]
    assert sealed(tmp_path / "s.duckdb", "SELECT sum(id) FROM parts")[0][0] == int(shop.run("SELECT sum(id) FROM parts")[0][0])


def test_a_store_that_is_altered_without_end_is_given_up(shop: Database, tmp_path: Path) -> None:
    message = _refused(lambda: shop.seal(tmp_path / "s.duckdb", told=lambda *_: shop.run("ALTER TABLE orders FORCE") and None), StoreChanged)
    assert message == f"{shop.address().shown}: table 'orders' was changed after the moment; try again when nobody alters it"
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_was_read_may_be_altered_while_the_next_is_read(shop: Database) -> None:
    if shop.run("SELECT @@log_bin") != [("0",)]:
        pytest.skip("a server that keeps a binary log holds the lock to the end of the transaction")
    with closing(shop.open()) as reader:
        accounts, orders = (table for table in reader.catalogue if table.name in {"accounts", "orders"})
        assert reader.count(accounts) == 3
        assert reader.rows(accounts, accounts.columns[:1]).read() == b"1\n2\n3\n"
        assert reader.count(orders) == 2
        shop.run("ALTER TABLE accounts ADD COLUMN z INT", "SET lock_wait_timeout = 1")
        with pytest.raises(pymysql.OperationalError, match="1205"):
            shop.run("ALTER TABLE orders ADD COLUMN z INT")


def test_a_partition_that_nobody_can_watch_is_noted(shop: Database) -> None:
    shop.run(PARTITIONED)
    user = shop.user(f"SELECT ON {shop.name}.*")
    with closing(open_mysql(shop.address(user=user, password="let-me-in"))) as reader:  # noqa: S106 - of a user who lives for a second
        assert reader.origin.notes == ("table 'parts': that no partition was exchanged meanwhile could not be seen (GRANT PROCESS)",)


def test_a_table_locked_by_an_alter_is_not_waited_for_without_end(shop: Database) -> None:
    with closing(shop.open(lock_timeout=1)) as reader, database() as other:
        table = next(table for table in reader.catalogue if table.name == "orders")
        other.run(f"LOCK TABLES {shop.name}.orders WRITE")
        message = _refused(lambda: reader.count(table))
        other.run("UNLOCK TABLES")
    assert message == f"{shop.address().shown}: table 'orders': somebody is altering it, and no lock was to be had in time; try again later"


def test_a_connection_killed_in_a_table_leaves_nothing(large: Database, tmp_path: Path) -> None:
    def kill(_table: str, rows: int, _of: int | None) -> None:
        if rows:
            for (number,) in large.run(f"SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{large.name}' AND ID <> CONNECTION_ID()"):
                with suppress(pymysql.MySQLError):  # gone already
                    large.run(f"KILL {number}")

    assert _refused(lambda: large.seal(tmp_path / "s.duckdb", told=kill)) == f"{large.address().shown}: table 'big': the connection was lost"
    assert list(tmp_path.iterdir()) == []


def test_a_statement_that_is_cancelled_in_a_table_leaves_nothing(large: Database, tmp_path: Path) -> None:
    def cancel(_table: str, rows: int, _of: int | None) -> None:
        if rows:
            for (number,) in large.run(f"SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{large.name}' AND ID <> CONNECTION_ID()"):
                large.run(f"KILL QUERY {number}")

    assert _refused(lambda: large.seal(tmp_path / "s.duckdb", told=cancel)) == f"{large.address().shown}: table 'big': somebody cancelled it"
    assert list(tmp_path.iterdir()) == []


def test_a_table_left_in_the_middle_costs_no_moment(large: Database) -> None:
    """What is left of it is cancelled, not read, and the transaction goes on: rows of another time are not seen."""
    with closing(large.open()) as reader:
        big, small = sorted(reader.catalogue, key=lambda table: table.name)
        large.run("INSERT INTO small VALUES (2)")
        for _ in range(3):
            stream = reader.rows(big, big.columns)
            assert stream.read(10) == b'1,"bbbbbbb'
            stream.close()
            assert reader.count(small) == 1
            assert reader.rows(small, small.columns).read() == b"1\n"
        whole = reader.rows(big, big.columns)
        assert sum(iter(lambda: whole.read(1 << 20).count(b"\n"), 0)) == 250_000
        whole.close()
        stream = reader.rows(big, big.columns)
        stream.read(10)
        started = time.monotonic()
    assert time.monotonic() - started < 1
    large.run("DELETE FROM small WHERE id = 2")


def test_a_table_left_in_the_middle_is_read_to_its_end_where_no_other_connection_is_to_be_had(large: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(large.open()) as reader:
        big, small = sorted(reader.catalogue, key=lambda table: table.name)
        stream = reader.rows(big, big.columns)
        stream.read(10)
        stream.close()
        monkeypatch.setattr(reader._session, "_dial", lambda: _raise(SnapshotError("no connection to spare")))
        assert reader.count(small) == 1


def _raise(error: Exception) -> None:
    raise error


def test_a_statement_that_takes_too_long_is_said(large: Database) -> None:
    with closing(large.open(statement_timeout=1)) as reader:
        big = next(table for table in reader.catalogue if table.name == "big")
        assert reader.count(big) == 250_000
        message = _refused(lambda: reader.count(big, "SLEEP(0.01) = 0"))
    assert message == f"{large.address().shown}: table 'big': it took longer than the statement timeout of 1 s"


def test_a_wrong_password_is_one_line_without_it(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    user = shop.user(f"SELECT ON {shop.name}.*", password="another")  # noqa: S106 - of a user who lives for a second
    address = shop.address(user=user, password="let-me-in")  # noqa: S106
    assert _refused(lambda: open_mysql(address)) == f"{address.shown}: the password was refused"
    monkeypatch.delenv("MYSQL_PWD", raising=False)
    bare = shop.address(user=user)
    assert _refused(lambda: open_mysql(bare)) == f"{bare.shown}: a password is needed; MYSQL_PWD or the [client] section of ~/.my.cnf holds it"


@pytest.mark.parametrize("way", ["address", "environment", "option file", "home"])
def test_a_password_comes_from_where_nobody_sees_it(shop: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    user = shop.user(f"SELECT ON {shop.name}.*")
    monkeypatch.delenv("MYSQL_PWD", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / (".my.cnf" if way == "home" else "own.cnf")
    if way in {"option file", "home"}:
        file.write_text('[client]\npassword = "let-me-in"\n')
    if way == "environment":
        monkeypatch.setenv("MYSQL_PWD", "let-me-in")
    query = f"?read_default_file={file}" if way == "option file" else ""
    with closing(open_mysql(shop.address(user=user, password="let-me-in" if way == "address" else None, query=query))) as reader:
        assert [table.name for table in reader.catalogue] == ["accounts", "orders"]


def test_an_option_file_that_is_none_is_said_without_its_lines(shop: Database, tmp_path: Path) -> None:
    file = tmp_path / "own.cnf"
    file.write_text("password = let-me-in\n")
    assert _refused(lambda: open_mysql(shop.address(query=f"?read_default_file={file}")), UsageError) == f"--from: {file}: cannot be read as an option file"
    assert _refused(lambda: open_mysql(shop.address(query="?read_default_file=/no/such")), UsageError).endswith("/no/such: no such file")


def test_a_user_without_the_right_is_told_which(shop: Database, tmp_path: Path) -> None:
    user = shop.user(f"SELECT ON {shop.name}.accounts", f"INSERT ON {shop.name}.orders")
    address = shop.address(user=user, password="let-me-in")  # noqa: S106
    message = _refused(lambda: shop.seal(tmp_path / "s.duckdb", opened=lambda: open_mysql(address)))
    assert message == f"{address.shown}: table 'orders': the user may not read it (GRANT SELECT)"
    stranger = shop.address(user=shop.user(), password="let-me-in")  # noqa: S106
    assert _refused(lambda: open_mysql(stranger)) == f"{stranger.shown}: user '{stranger.user}' may not use the database '{shop.name}'"


def test_columns_that_the_user_may_not_read_are_noted(shop: Database, tmp_path: Path) -> None:
    """The server's catalogue leaves them out, as if the table had no others."""
    user = shop.user(f"SELECT (id) ON {shop.name}.accounts", f"SELECT ON {shop.name}.orders")
    manifest = shop.seal(tmp_path / "s.duckdb", opened=lambda: open_mysql(shop.address(user=user, password="let-me-in")))  # noqa: S106
    assert manifest.taken["accounts"].types() == {"id": "INTEGER"}
    assert manifest.notes == ("table 'accounts': the user may not read all its columns; only the others are named",)


def test_a_place_that_is_not_there_is_one_line(shop: Database) -> None:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    for url, why in {
        f"mariadb://root@{HOST}:{shop.address().port}/no_such_db": "there is no database 'no_such_db'",
        "mysql://root@no-such-host.invalid/shop": "there is no host 'no-such-host.invalid'",
        f"mysql://root@{HOST}:{port}/shop": "nothing answers there; is the server up, and host and port right?",
        "mysql://root@localhost/shop?unix_socket=/no/such.sock": "nothing answers there; is the server up, and its socket right?",
    }.items():
        address = read_address(url)
        assert _refused(lambda address=address: open_mysql(address)) == f"{address.shown}: {why}"  # type: ignore[misc]


def test_a_server_that_says_nothing_is_not_waited_for_without_end(shop: Database) -> None:
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen(1)
        address = read_address(f"mysql://root@{HOST}:{silent.getsockname()[1]}/{shop.name}")
        assert _refused(lambda: open_mysql(address, connect_timeout=1)) == f"{address.shown}: no answer in time"


@pytest.mark.parametrize("query", ["?ssl_mode=REQUIRED", "?ssl_mode=verify_ca", "?ssl_mode=VERIFY_IDENTITY"])
def test_tls_that_is_demanded_and_not_offered_is_an_error(shop: Database, query: str) -> None:
    address = shop.address(query=query)
    assert _refused(lambda: open_mysql(address)) == f"{address.shown}: the server offers no TLS, which ssl_mode demands"


OPTIONS = {
    "?sslmode=REQUIRED": "--from: there is no option 'sslmode'; did you mean 'ssl_mode'?",
    "?ssl_mode=REQIRED": "--from: there is no ssl_mode 'REQIRED'; did you mean 'REQUIRED'?",
    "?charset=latin1": "--from: charset is always utf8mb4; the server converts to it from whatever a column has",
    "?ssl_ca=/no/such.pem": "--from: ssl_ca, ssl_cert or ssl_key: no file that can be read as one",
}


@pytest.mark.parametrize(("query", "expected"), OPTIONS.items(), ids=OPTIONS)
def test_an_option_that_there_is_not_names_the_nearest(shop: Database, query: str, expected: str) -> None:
    assert _refused(lambda: open_mysql(shop.address(query=query)), UsageError) == expected


def test_without_its_driver_the_reader_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['pymysql'] = None\ntry:\n    import dq.stores.mysql.reader\nexcept Exception as error:\n    print(type(error).__name__, error)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "UsageError the MySQL driver is not installed; install dq-parity[mysql]\n"


def test_no_error_says_more_than_one_line_and_none_holds_the_drivers_words(shop: Database) -> None:
    address = shop.address()
    for code in (*range(1000, 1100), 1205, 1213, 1317, 1412, 1698, 1927, 1969, 2003, 2006, 2013, 2026, 3024, 3159, 4151, NULL_LINE, 99999):
        for message in (
            why_refused(code),
            why_not_connected(code, None, address, has_password=True),
            why_not_connected(code, OSError("secret"), address, has_password=True),
        ):
            assert message
            assert "secret" not in message
            assert "{" not in message


def test_a_refusal_is_a_number_and_nothing_else(shop: Database) -> None:
    with closing(connect(shop.address(), connect_timeout=10, statement_timeout=None)) as session, pytest.raises(Refusal, match=r"^error 1305$") as caught:
        session.ask("SELECT no_such_function('secret')")
    assert "secret" not in repr(caught.value)
