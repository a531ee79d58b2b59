"""Every type of MariaDB arrives as what the server itself says of each value; what no type holds stays text, and is named."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pymysql
import pytest

from dq.errors import SnapshotError
from dq.stores.live import Choice
from dq.stores.manifest import Manifest
from dq.stores.mysql import connection as mysql_connection
from dq.stores.mysql.types import column_of
from tests.stores.mysql_server import Database, database, sealed

pytestmark = pytest.mark.slow  # a server each

SEED = 20241105
TOO_MUCH = "a row is longer than the server's max_allowed_packet, or holds a character that Unicode lacks"
HOSTILE = "SET time_zone = '-03:30', sql_mode = 'ORACLE,PAD_CHAR_TO_FULL_LENGTH,EMPTY_STRING_IS_NULL', sql_select_limit = 1, character_set_results = latin1"
# What the server says of a value, and what the snapshot does, by different roads than the reader's.
PLAIN = ("CAST(v AS CHAR)", "CAST(v AS VARCHAR)")
TEXT = ("HEX(CONVERT(v USING utf8mb4))", "hex(encode(CAST(v AS VARCHAR)))")
BYTES = ("HEX(v)", "hex(v)")
BITS = ("CONV(HEX(v), 16, 10)", "CAST(v AS VARCHAR)")
DAY = ("DATE_FORMAT(v, '%Y-%m-%d')", "strftime(v, '%Y-%m-%d')")
WALL = ("DATE_FORMAT(v, '%Y-%m-%d %H:%i:%s.%f')", "strftime(v, '%Y-%m-%d %H:%M:%S.%f')")
INSTANT = ("CAST(UNIX_TIMESTAMP(v) * 1000000 AS SIGNED)", "CAST(epoch_us(v) AS VARCHAR)")
CLOCK = ("CAST(TIME_TO_SEC(v) * 1000000 AS SIGNED)", "CAST(epoch_us(v) AS VARCHAR)")
SHOWN = ("CAST(v AS CHAR)", "v")  # kept as text: as the server shows it


@dataclass(frozen=True)
class Case:
    """A column of one type."""

    type: str  # as it is declared
    values: tuple[str, ...]  # SQL literals
    sealed: str  # its type in the snapshot
    says: tuple[str, str]
    named: str = ""  # as the manifest names it, where that is more than it was declared
    kept: int = 0  # how many values no type holds


def _numbers(type_: str, sealed_as: str, *values: str, named: str = "") -> Case:
    return Case(type_, values, sealed_as, PLAIN, named)


ZERO, PARTIAL = "'0000-00-00'", "'2024-00-15'"
EMOJI = "'e\u0301 👩‍👩‍👧 \u202eabc\ufeff'"
TEXTS = ("''", "' '", "'a,b'", "'\"'", "'\"\"'", "'it''s'", r"'\\'", r"'\\N'", r"'a\nb'", r"'\r\n'", r"'\0'", r"'a\0b'", "'NULL'", "'x  '", r"'\t'")
CASES = (
    _numbers("TINYINT", "TINYINT", "-128", "0", "127", named="tinyint(4)"),
    _numbers("TINYINT(1)", "TINYINT", "0", "1", "2", "-1"),
    _numbers("BOOLEAN", "TINYINT", "2", "true", named="tinyint(1)"),
    _numbers("TINYINT UNSIGNED", "UTINYINT", "255", named="tinyint(3) unsigned"),
    _numbers("SMALLINT", "SMALLINT", "-32768", "32767", named="smallint(6)"),
    _numbers("SMALLINT UNSIGNED", "USMALLINT", "65535", named="smallint(5) unsigned"),
    _numbers("MEDIUMINT", "INTEGER", "-8388608", "8388607", named="mediumint(9)"),
    _numbers("MEDIUMINT UNSIGNED", "UINTEGER", "16777215", named="mediumint(8) unsigned"),
    _numbers("INT", "INTEGER", "-2147483648", "2147483647", named="int(11)"),
    _numbers("INT UNSIGNED", "UINTEGER", "4294967295", named="int(10) unsigned"),
    _numbers("BIGINT", "BIGINT", "-9223372036854775808", "9223372036854775807", "9007199254740993", named="bigint(20)"),
    _numbers("BIGINT UNSIGNED", "UBIGINT", "18446744073709551615", "0", named="bigint(20) unsigned"),
    Case("INT(5) ZEROFILL", ("42",), "UINTEGER", ("CAST(v + 0 AS CHAR)", PLAIN[1]), "int(5) unsigned zerofill"),
    Case("BIT(1)", ("b'0'", "b'1'"), "UBIGINT", BITS),
    Case("BIT(64)", ("b'0'", "x'FFFFFFFFFFFFFFFF'", "x'8000000000000000'", "0x30"), "UBIGINT", BITS),
    _numbers("DECIMAL(18,2)", "DECIMAL(18,2)", "-9999999999999999.99", "0.10", "-0.01", "0"),
    _numbers("DECIMAL(5,0)", "DECIMAL(5,0)", "99999", "-99999"),
    _numbers("DECIMAL(38,10)", "DECIMAL(38,10)", "1234567890123456789012345678.0123456789", "-0.0000000001"),
    Case("DECIMAL(38,38)", ("0.12345678901234567890123456789012345678",), "DECIMAL(38,38)", ("SUBSTRING(CAST(v AS CHAR), 2)", PLAIN[1])),
    Case("DECIMAL(39,0)", ("123456789012345678901234567890123456789",), "VARCHAR", SHOWN),
    Case("DECIMAL(65,30)", ("99999999999999999999999999999999999.999999999999999999999999999999", "-0.000000000000000000000000000001"), "VARCHAR", SHOWN),
    Case("YEAR", ("1901", "2155", "0"), "SMALLINT", ("CAST(v + 0 AS CHAR)", PLAIN[1]), "year(4)"),
    Case("DATE", ("'1000-01-01'", "'9999-12-31'", "'0001-01-01'", "'2024-02-29'", "'1582-10-10'"), "DATE", DAY),
    Case("DATE NOT NULL", (ZERO,), "VARCHAR", SHOWN, "date", kept=1),
    Case("DATE", ("'2024-01-01'", ZERO, PARTIAL, "'2024-05-00'", "'0000-01-01'"), "VARCHAR", SHOWN, kept=4),
    Case("DATETIME", ("'2024-11-03 01:30:00'", "'1000-01-01'", "'9999-12-31 23:59:59'"), "TIMESTAMP", WALL),
    Case("DATETIME(3)", ("'2024-03-10 02:30:00.001'", "'1969-12-31 23:59:59.999'"), "TIMESTAMP", WALL),
    Case("DATETIME(6)", ("'9999-12-31 23:59:59.999999'", "'0099-12-31 00:00:00.000001'"), "TIMESTAMP", WALL),
    Case("DATETIME", ("'2024-01-01'", ZERO, PARTIAL), "VARCHAR", SHOWN, kept=2),
    Case("TIMESTAMP NULL", ("'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'2024-10-27 00:30:00'"), "TIMESTAMP WITH TIME ZONE", INSTANT, "timestamp"),
    Case("TIMESTAMP(6) NULL", ("'2038-01-19 03:14:07.999999'",), "TIMESTAMP WITH TIME ZONE", INSTANT, "timestamp(6)"),
    Case("TIMESTAMP NULL", ("'2024-01-01'", ZERO), "VARCHAR", SHOWN, "timestamp", kept=1),
    Case("TIME", ("'00:00:00'", "'23:59:59'"), "TIME", CLOCK),
    Case("TIME(6)", ("'23:59:59.999999'", "'00:00:00.000001'"), "TIME", CLOCK),
    Case("TIME", ("'25:00:00'", "'-00:00:01'", "'838:59:59'", "'-838:59:59'", "'12:00:00'"), "VARCHAR", SHOWN, kept=4),
    Case("CHAR(6)", ("'a'", "' b'", "'c  '", "''"), "VARCHAR", TEXT),
    Case("VARCHAR(60)", (*TEXTS, EMOJI), "VARCHAR", TEXT),
    Case("VARCHAR(60) NOT NULL", (*TEXTS, EMOJI), "VARCHAR", TEXT, "varchar(60)"),
    Case("VARCHAR(60) COLLATE utf8mb4_unicode_ci", ("'ß'", "'SS'", "'\"'"), "VARCHAR", TEXT, "varchar(60)"),
    Case("TEXT", (EMOJI, "REPEAT('\"x\n', 100000)"), "VARCHAR", TEXT),
    Case("LONGTEXT CHARACTER SET utf8mb3", ("'é\"'",), "VARCHAR", TEXT, "longtext"),
    Case("TINYTEXT CHARACTER SET ucs2", ("'é\"日'",), "VARCHAR", TEXT, "tinytext"),
    Case("VARCHAR(9) CHARACTER SET utf16", ("'👩\"'",), "VARCHAR", TEXT, "varchar(9)"),
    Case("VARCHAR(9) CHARACTER SET utf16le", ("'👩\"'",), "VARCHAR", TEXT, "varchar(9)"),
    Case("VARCHAR(9) CHARACTER SET utf32", ("'👩\"'",), "VARCHAR", TEXT, "varchar(9)"),
    Case("VARCHAR(9) CHARACTER SET latin1", tuple(f"_latin1 x'{byte:02x}'" for byte in range(256)), "VARCHAR", TEXT, "varchar(9)"),
    Case("VARCHAR(9) CHARACTER SET cp1251", ("'Ж?\"'", "'€'"), "VARCHAR", TEXT, "varchar(9)"),
    Case("VARCHAR(9) CHARACTER SET sjis", ("'表ソ'", "'?ｶ'", "'\"?\"'"), "VARCHAR", TEXT, "varchar(9)"),
    Case("VARCHAR(9) CHARACTER SET cp932", ("_cp932 x'ED40'", "_cp932 x'FA5C'", "'①'"), "VARCHAR", TEXT, "varchar(9)"),
    Case("VARCHAR(9) CHARACTER SET gbk", ("'你好?'",), "VARCHAR", TEXT, "varchar(9)"),
    Case(
        "ENUM('p','q','it''s','a,b','') CHARACTER SET latin1", ("'q'", "'it''s'", "'a,b'", "''", "'no such'"), "VARCHAR", TEXT, "enum('p','q','it''s','a,b','')"
    ),
    Case("SET('a','b','é')", ("'a,é'", "''", "7"), "VARCHAR", TEXT),
    Case("BINARY(4)", ("x'00'", "x'ff0a2200'", "''"), "BLOB", BYTES),
    Case("VARBINARY(9)", ("''", "x'00'", "x'220a0d2c5cff'"), "BLOB", BYTES),
    Case("BLOB", ("''", "REPEAT(x'00ff', 30000)"), "BLOB", BYTES),
    Case("LONGBLOB NOT NULL", ("''", "x'ff'"), "BLOB", BYTES, "longblob"),
    Case(
        "JSON",
        ("""'{"a": 1e400, "a": 10000000000000000000000000000000.10, "b": "\\\\u0000"}'""", "'null'", "' [1, 2 ]'", """'"x"'"""),
        "JSON",
        TEXT,
        "longtext",
    ),
    Case("GEOMETRY", ("POINT(1, 2)", "ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))', 4326)"), "BLOB", BYTES),
    Case("POINT", ("POINT(0.1, -2)",), "BLOB", BYTES),
    Case("INET6", ("'::1'", "'2001:db8::ff00:42:8329'", "'::ffff:192.0.2.1'"), "VARCHAR", TEXT),
    Case("INET4", ("'192.0.2.1'",), "VARCHAR", TEXT),
    Case("UUID", ("'00000000-0000-4000-8000-00000000000A'",), "UUID", TEXT),
    Case("VARCHAR(20) COMPRESSED", ("'abc'", "''"), "VARCHAR", TEXT, "varchar(20) /*M!100301 COMPRESSED*/"),
    Case("INT AS (id * 2) STORED", (), "INTEGER", PLAIN, "int(11)"),
    Case("VARCHAR(20) AS (CONCAT('\"', id)) VIRTUAL", (), "VARCHAR", TEXT, "varchar(20)"),
    Case("VARCHAR(5) INVISIBLE", ("'x'",), "VARCHAR", TEXT, "varchar(5)"),
)


@pytest.fixture(scope="module")
def shop() -> Iterator[Database]:
    with database() as made:
        made.run("SET sql_mode = ''", "SET NAMES utf8mb4")  # zero dates, and what an ENUM has not
        yield made


@pytest.fixture(scope="module")
def matrix(shop: Database, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """Seal every type, through a session that begins with the settings of a hostile server."""
    for number, case in enumerate(CASES):
        shop.run(f"CREATE TABLE c{number} (id INT PRIMARY KEY, v {case.type})")
        nothing = [] if "NOT NULL" in case.type or " AS (" in case.type else ["NULL"]
        rows = [(row, value) for row, value in enumerate((*case.values, *nothing))]
        for row, value in rows:
            shop.run(f"INSERT INTO c{number} (id, v) VALUES ({row}, {value})")
        if not rows:
            shop.run(f"INSERT INTO c{number} (id) VALUES (7)")
    target = tmp_path_factory.mktemp("matrix") / "s.duckdb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mysql_connection.pymysql, "connect", partial(pymysql.connect, init_command=HOSTILE))
        manifest = shop.seal(target, choice=Choice(tables=tuple(f"c{number}" for number in range(len(CASES)))))
    return target, manifest


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{case.type[:40]}-{case.sealed}" for case in CASES])
def test_what_the_snapshot_holds_is_what_the_server_says(number: int, shop: Database, matrix: tuple[Path, Manifest]) -> None:
    case, (file, manifest) = CASES[number], matrix
    column = next(column for column in manifest.taken[f"c{number}"].columns if column.name == "v")
    assert (column.store_type, column.type) == (case.named or case.type.lower(), case.sealed)
    server = shop.run(f"SELECT id, {case.says[0]} FROM c{number} ORDER BY id")
    found = sealed(file, f"SELECT CAST(id AS VARCHAR), {case.says[1]} FROM c{number} ORDER BY id")
    assert found == [tuple(row) for row in server]
    assert [row for row, value in found if value is None] == [row for row, value in server if value is None]
    notes = [note for note in manifest.notes if f"'c{number}.v'" in note]
    counted = [note for note in notes if " values are no " in note]
    assert [f"{case.kept:,} values" in note for note in counted] == ([True] if case.kept else [])
    reasons = [note for note in notes if note not in counted]
    assert all("is kept as text: it has more than 38 digits" in note for note in reasons)
    assert bool(reasons) == (case.type.startswith("DECIMAL(65") or case.type.startswith("DECIMAL(39"))


@pytest.mark.parametrize(("type_", "form", "sealed_as"), [("DOUBLE", "d", "DOUBLE"), ("FLOAT", "f", "FLOAT"), ("DOUBLE(40,4)", "d", "DOUBLE")])
def test_a_floating_number_is_the_servers_to_the_last_bit(shop: Database, tmp_path: Path, type_: str, form: str, sealed_as: str) -> None:
    """Sealed and given back, each number is what the server holds: its own comparison says so, and so do the bits that went in."""
    draw = random.Random(SEED)  # noqa: S311 - the same numbers each time
    size = struct.calcsize(form)
    drawn = [struct.unpack(form, draw.randbytes(size))[0] for _ in range(400)]
    special = [0.1 + 0.2, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e22, 1 / 3, 123456789012345.67]
    numbers = [number for number in (*drawn, *special, 0.0, 1.0, -1.5) if number == number and abs(number) < (3.4e38 if form == "f" else 2e308)]  # noqa: PLR0124 - not NaN
    if type_ == "DOUBLE(40,4)":
        numbers = [number for number in numbers if 1e-3 < abs(number) < 1e30] + [0.1, 12345.6789, 1e22]
    shop.run("DROP TABLE IF EXISTS f", f"CREATE TABLE f (id INT PRIMARY KEY, v {type_})")
    shop.run("INSERT INTO f VALUES " + ", ".join(f"({row}, {number!r})" for row, number in enumerate(numbers)))
    shop.run("INSERT INTO f SELECT 99999, -1 * pow(2, -1074) * 0.25", "INSERT INTO f SELECT 99998, -1 * pow(2, -1074)")  # zero, with its sign
    shop.seal(tmp_path / "s.duckdb", choice=Choice(tables=("f",)))
    held = sealed(tmp_path / "s.duckdb", "SELECT id, v FROM f ORDER BY id")
    shop.run(
        f"CREATE OR REPLACE TABLE back (id INT PRIMARY KEY, v {type_})", "INSERT INTO back VALUES " + ", ".join(f"({row}, {value!r})" for row, value in held)
    )
    assert shop.run("SELECT count(*), sum(f.v = back.v) FROM f JOIN back USING (id)") == [(str(len(held)),) * 2]
    assert shop.run("SELECT id FROM f WHERE atan2(v, -1) < 0 ORDER BY id") == [(str(row),) for row, value in held if math.copysign(1, value) < 0]
    assert sealed(tmp_path / "s.duckdb", "SELECT typeof(v) FROM f LIMIT 1") == [(sealed_as,)]
    if type_ != "DOUBLE(40,4)":
        assert [struct.pack(form, value) for row, value in held if row < 99998] == [struct.pack(form, number) for number in numbers]


def test_a_timestamp_is_an_instant_and_a_datetime_is_a_wall_clock(shop: Database, tmp_path: Path) -> None:
    shop.run("CREATE TABLE clocks (wall DATETIME, instant TIMESTAMP NULL)", "SET time_zone = '+07:00'")
    shop.run("INSERT INTO clocks VALUES ('2024-06-01 00:00:00', '2024-06-01 00:00:00')", "SET time_zone = '+00:00'")
    shop.seal(tmp_path / "s.duckdb", choice=Choice(tables=("clocks",)))
    found = sealed(tmp_path / "s.duckdb", "SELECT CAST(wall AS VARCHAR), CAST(instant AS VARCHAR) FROM clocks")
    assert found == [("2024-06-01 00:00:00", "2024-05-31 17:00:00+00")]


@pytest.mark.parametrize("type_", ["VARCHAR(9)", "LONGTEXT", "LONGTEXT NOT NULL"])
def test_a_character_that_unicode_lacks_is_an_error_and_no_question_mark(shop: Database, tmp_path: Path, type_: str) -> None:
    type_ = type_.replace(" NOT", " CHARACTER SET cp1250 NOT") if " NOT" in type_ else f"{type_} CHARACTER SET cp1250"
    shop.run(f"CREATE OR REPLACE TABLE odd (n INT, v {type_})", "INSERT INTO odd VALUES (1, 'fine?'), (2, _cp1250 x'3F8A'), (3, '')")
    shop.seal(tmp_path / "s.duckdb", choice=Choice(tables=("odd",)))
    assert sealed(tmp_path / "s.duckdb", "SELECT v FROM odd ORDER BY n") == [("fine?",), ("?Š",), ("",)]
    shop.run("INSERT INTO odd VALUES (4, _cp1250 x'3F81')")
    with pytest.raises(SnapshotError) as caught:
        shop.seal(tmp_path / "again.duckdb", choice=Choice(tables=("odd",)))
    assert str(caught.value) == f"{shop.address().shown}: table 'odd': {TOO_MUCH}"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["s.duckdb", "s.manifest.json"]


LONG = {
    "quotes alone": "REPEAT('\"', 9 * 1024 * 1024), NULL, NULL",
    "binary": "NULL, REPEAT('x', 9 * 1024 * 1024), NULL",
    "more than a packet together": "REPEAT('a\n', 2500000), REPEAT('b', 6000000), REPEAT('\"é', 2000000)",
}


@pytest.mark.parametrize("values", LONG.values(), ids=LONG)
def test_long_values_arrive_and_in_time(shop: Database, tmp_path: Path, values: str) -> None:
    """The server's own REPLACE would take hours for nine million quotes, and its CONCAT is NULL beyond max_allowed_packet (16 MB here)."""
    shop.run(
        "CREATE OR REPLACE TABLE wide (a LONGTEXT, b LONGBLOB, c LONGTEXT CHARACTER SET latin1, d INT)",
        f"INSERT INTO wide VALUES ({values}, 1), ('', '', NULL, 2)",
    )
    shop.seal(tmp_path / "s.duckdb", choice=Choice(tables=("wide",)))
    server = shop.run("SELECT MD5(a), MD5(b), MD5(CONVERT(c USING utf8mb4)), d FROM wide")
    assert sealed(tmp_path / "s.duckdb", "SELECT md5(a), md5(b), md5(c), CAST(d AS VARCHAR) FROM wide") == [tuple(row) for row in server]


def test_a_row_that_the_server_cannot_make_is_an_error_and_not_skipped(shop: Database) -> None:
    """A CONCAT beyond max_allowed_packet is NULL with a warning, which would read like a missing value."""
    shop.run("CREATE OR REPLACE TABLE wide (v INT)", "INSERT INTO wide VALUES (1), (2)")
    with closing(shop.open()) as reader:
        table = next(table for table in reader.catalogue if table.name == "wide")
        column = replace(table.columns[0], select="CONCAT('\"', IF(v = 2, REPEAT('x', 20000000), v), '\"')")
        assert reader.count(table) == 2
        with pytest.raises(SnapshotError) as caught:
            reader.rows(table, [column]).read()
        assert str(caught.value) == f"{shop.address().shown}: table 'wide': {TOO_MUCH}"
        assert reader.rows(table, table.columns).read() == b"1\n2\n"


def test_a_single_column_of_nothing_keeps_its_rows(shop: Database, tmp_path: Path) -> None:
    shop.run("CREATE TABLE bare (v VARCHAR(9))", "INSERT INTO bare VALUES (NULL), (NULL), (''), (NULL)", "CREATE TABLE empty (v INT)")
    manifest = shop.seal(tmp_path / "s.duckdb", choice=Choice(tables=("bare", "empty")))
    assert sealed(tmp_path / "s.duckdb", "SELECT count(*), count(v) FROM bare") == [(4, 1)]
    assert {name: table.rows for name, table in manifest.taken.items()} == {"bare": 4, "empty": 0}


UNSEEN = {  # of MySQL alone, or of later servers
    "json": ("json", "json", "JSON", "text"),
    "vector": ("vector", "vector(3)", "BLOB", "bytes"),
    "geomcollection": ("geomcollection", "geomcollection", "BLOB", "bytes"),
    "xml": ("xmltype", "xmltype", "VARCHAR", "cells"),
}


@pytest.mark.parametrize(("data_type", "column_type", "expected", "piece"), UNSEEN.values(), ids=UNSEEN)
def test_a_type_that_this_server_lacks_has_its_place(data_type: str, column_type: str, expected: str, piece: str) -> None:
    column = column_of("a`b", data_type, column_type, charset=None, length=None, is_nullable=True, is_json=False)
    assert (column.type, column.store_type, column.piece) == (expected, column_type, piece)
    assert column.select.startswith("`a``b`" if piece != "cells" else "IF(`a``b` IS NULL,'',CONCAT('\"',")


def test_why_a_decimal_is_text_is_said() -> None:
    assert column_of("v", "decimal", "decimal(65,30)", charset=None, length=None, is_nullable=True, is_json=False).why == "it has more than 38 digits"
