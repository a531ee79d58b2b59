"""What a PostgreSQL server refuses, and how that is told in one line without a value or a password."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from dq.errors import SnapshotError, UsageError
from dq.stores.address import Address, read_address
from dq.stores.live import Choice
from dq.stores.postgresql.errors import why_not_connected, why_refused
from dq.stores.postgresql.reader import open_postgresql
from tests.stores.postgresql_server import HOST, PORT, Database, database, pretended, sealed
from tests.stores.postgresql_tables import SECRET, SHOP, is_empty, one_line

pytestmark = pytest.mark.slow  # a server each


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
def test_a_door_that_stays_shut_is_told_inone_line(url: str, expected: str) -> None:
    with pytest.raises(SnapshotError) as error:
        open_postgresql(_at(url))
    assert one_line(error) == f"{url.partition('?')[0]}: {expected}"


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
        assert one_line(error) == f"postgresql://u@{HOST}:{port}/shop: {expected}"
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
        one_line(error)


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
    assert one_line(error) == f"--from: the option {option.partition('=')[0]} cannot be that"


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
    assert one_line(error) == f"postgresql://{user}@{HOST}:{PORT}/{store.name}: table 'points': the user may not read it (GRANT SELECT)"
    manifest = store.seal(tmp_path / "s.duckdb", choice=Choice(("accounts",)), opened=lambda: open_postgresql(store.address(user=user)))
    assert list(manifest.taken) == ["accounts"]


def test_a_policy_that_would_hide_rows_is_an_error(store: Database, tmp_path: Path) -> None:
    store.run(*SHOP, "ALTER TABLE points ENABLE ROW LEVEL SECURITY", "CREATE POLICY few ON points USING (id < 3)")
    user = store.role("SELECT ON points", "SELECT ON accounts")
    with pytest.raises(SnapshotError, match="table 'points': a row-level security policy would hide rows of it") as error:
        store.seal(tmp_path / "s.duckdb", opened=lambda: open_postgresql(store.address(user=user)))
    one_line(error)
    assert is_empty(tmp_path)
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
