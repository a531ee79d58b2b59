"""The files of a contract: one that is missing, no text, too large or nested without end is refused in one line; a mark of the byte order is none of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from small_contract import refused, write

from dq.contract.reading import read_contract

MISSING = (
    ("migration.toml", "migration.toml: missing file"),
    ("coupons.toml", "migration.toml: entities: 'coupons' has no file coupons.toml; known: balances, entries"),
    ("sql/source/coupons.sql", "sql/source/coupons.sql: missing SQL file; known: balances.sql, entries.sql"),
)


@pytest.mark.parametrize(("file", "message"), MISSING)
def test_a_file_that_is_missing_is_named(file: str, message: str, tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / file).unlink()
    assert message == refused(folder)


def test_a_sql_file_with_a_like_name_is_the_near_miss(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "sql/source/coupons.sql").rename(folder / "sql/source/coupon.sql")
    assert refused(folder) == "sql/source/coupons.sql: missing SQL file; did you mean 'coupon.sql'?"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere") == f"{tmp_path / 'nowhere'}: no such contract folder"


BYTES = (
    ("migration.toml", b'name = "\xff"', "migration.toml: not UTF-8 at byte 8"),
    ("coupons.toml", b"\xfe\xff", "coupons.toml: not UTF-8 at byte 0"),
    ("sql/target/coupons.sql", b"SELECT '\xc3'", "coupons.sql: not UTF-8 at byte 8"),
    ("coupons.toml", b"# " + b"x" * 5_000_000, "coupons.toml: larger than 4194304 bytes"),
    ("sql/source/coupons.sql", b"-- " + b"x" * 5_000_000, "coupons.sql: larger than 4194304 bytes"),
    ("coupons.toml", b"\x00", "coupons.toml: a NUL character in line 1"),
    ("sql/target/coupons.sql", b"SELECT 1\n\x00 WHERE false", "coupons.sql: a NUL character in line 2"),
)


@pytest.mark.parametrize(("file", "content", "message"), BYTES, ids=lambda value: value[:40] if isinstance(value, str) else "")
def test_a_file_that_is_no_text_or_too_large_is_refused(file: str, content: bytes, message: str, tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / file).write_bytes(content)
    assert message == refused(folder)


def test_a_mark_of_the_byte_order_is_no_part_of_a_file(tmp_path: Path) -> None:
    folder = write(tmp_path)
    plain = read_contract(folder)
    for file in (folder / "migration.toml", folder / "coupons.toml", folder / "sql" / "target" / "coupons.sql"):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    marked = read_contract(folder)
    assert (marked.migration, marked.entities, marked.sql) == (plain.migration, plain.entities, plain.sql)


DEEP = (
    ("arrays", "x = " + "[" * 100_000),
    ("closed arrays", "x = " + "[" * 100_000 + "]" * 100_000),
    ("inline tables", "x = " + "{ a = " * 100_000),
    ("dotted keys", ".".join("a" * 100_000) + " = 1"),
    ("headers", "[" + ".".join("a" * 100_000) + "]"),
)


@pytest.mark.parametrize("text", [text for _, text in DEEP], ids=[name for name, _ in DEEP])
def test_a_text_that_is_nested_a_hundred_thousand_times_is_refused_in_bounded_time(text: str, tmp_path: Path) -> None:
    folder = write(tmp_path, file="coupons.toml", old="promise ", new=f"{text}\npromise ")
    started = time.process_time()
    message = refused(folder)
    assert time.process_time() - started < 5
    assert message.startswith("coupons.toml: ")
    assert len(message) < 300
