"""Where a store is, and that its password stays where others cannot read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dq.errors import UsageError
from dq.stores.address import read_address

# What --from says; kind, shown, host, port, user, database, options.
URLS = [
    ("postgresql://u@h:5433/shop", ("postgresql", "postgresql://u@h:5433/shop", "h", 5433, "u", "shop", {})),
    ("postgres://h/shop?sslmode=verify-full", ("postgresql", "postgres://h/shop", "h", None, None, "shop", {"sslmode": "verify-full"})),
    ("mysql:///shop?unix_socket=/run/s", ("mysql", "mysql:///shop", None, None, None, "shop", {"unix_socket": "/run/s"})),
    ("mariadb://a%40b@[::1]:3307/sh%2Fop", ("mysql", "mariadb://a@b@::1:3307/sh/op", "::1", 3307, "a@b", "sh/op", {})),
]

# What --from says, and what is wrong with it. The secret never comes back.
REFUSED = [
    ("postgresql://u:s3cret@h/shop", "put it into PGPASSWORD or ~/.pgpass, or"),
    ("postgresql://u@h/shop?password=s3cret", "put it into PGPASSWORD or ~/.pgpass, or"),
    ("mysql://u:s3cret@h/shop", "put it into MYSQL_PWD or the [client] section of ~/.my.cnf, or"),
    ("mysq://h/shop", "there is no reader for mysq://; did you mean 'mysql'?"),
    ("mysql://h", "the URL names no database"),
    ("postgresql://h:port/shop", "not a URL"),
    ("env:DQ_NO_SUCH_STORE", "the environment variable DQ_NO_SUCH_STORE is not set"),
]


@pytest.mark.parametrize(("text", "expected"), URLS)
def test_a_url_is_read(text: str, expected: tuple[object, ...]) -> None:
    found = read_address(text)
    assert (found.kind, found.shown, found.host, found.port, found.user, found.database, dict(found.options)) == expected


@pytest.mark.parametrize(("text", "told"), REFUSED)
def test_what_is_no_address_or_shows_a_password_is_refused_in_one_line(text: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_address(text)
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_whole_url_may_stand_in_the_environment_and_its_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCO_URL", "mysql://u:s3cret%21@h/shop?ssl_key=s3cret")
    found = read_address("env:POCO_URL")
    assert (found.password, found.shown) == ("s3cret!", "mysql://u@h/shop")
    assert "s3cret" not in repr(found)


def test_a_path_is_a_file_or_a_folder(tmp_path: Path) -> None:
    assert [read_address(str(path)).kind for path in (tmp_path, tmp_path / "old.duckdb")] == ["folder", "file"]
