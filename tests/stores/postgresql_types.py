"""Values of every type of PostgreSQL, and two roads to the same text of each: the server's own, and the sealed file's."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Says:
    """What the server says of a value, and what is made of the file's; equal where nothing was changed."""

    server: str  # SQL over v
    file: str
    text: Callable[[Any], str] = str  # of both answers


# format() writes what the type's output function does; a cast to text says '10.0.0.1/32' of an inet
PLAIN = Says("v::text", "v::VARCHAR")
TEXT = Says("encode(convert_to(format('%s', v), 'UTF8'), 'hex')", "lower(hex(encode(v::VARCHAR)))")
PADDED = Says("encode(bpcharsend(v), 'hex')", TEXT.file)  # a cast would trim
NUMBER = Says("v::text", "v", lambda value: str(Decimal(value)))
SINGLE = Says("encode(float4send(v), 'hex')", "v", lambda value: value if isinstance(value, str) else struct.pack(">f", value).hex())
DOUBLE = Says("encode(float8send(v), 'hex')", "v", lambda value: value if isinstance(value, str) else struct.pack(">d", value).hex())
BYTES = Says("encode(v, 'hex')", "lower(hex(v))")
DIGEST = Says("md5(v)", "md5(v)")
DAYS = Says(
    "CASE WHEN isfinite(v) THEN (v - DATE '2000-01-01')::text ELSE v::text END",
    "CASE WHEN isfinite(v) THEN (v - DATE '2000-01-01')::VARCHAR ELSE v::VARCHAR END",
)
MICROS = Says(
    "CASE WHEN isfinite(v) THEN (extract(epoch FROM v) * 1000000)::bigint::text ELSE v::text END",
    "CASE WHEN isfinite(v) THEN epoch_us(v)::VARCHAR ELSE v::VARCHAR END",
)
CLOCK = Says("(extract(epoch FROM v) * 1000000)::bigint::text", "epoch_us(v)::VARCHAR")


@dataclass(frozen=True)
class Case:
    """A column of one type."""

    type: str  # as it is declared, and as the manifest names it
    values: tuple[str, ...]  # SQL
    sealed: str  # its type in the snapshot
    says: Says
    named: str = ""  # as the manifest names it, where that is not how it was declared
    kept: int = 0  # values that the type does not hold, so that all are kept as text
    extension: str = ""  # that it comes with


def _text(type_: str, *values: str, named: str = "", extension: str = "") -> Case:
    return Case(type_, values, "VARCHAR", TEXT, named, extension=extension)


HOSTILE = (
    "''",
    "' '",
    "'  a  '",
    r"'\N'",
    r"'\.'",
    "'a,b'",
    "'\"'",
    "'\"\"'",
    "','",
    "'it''s'",
    r"'\'",
    r"E'a\nb'",
    r"E'\r'",
    r"E'\r\n'",
    r"E'\n'",
    r"E'\t'",
    r"E'\x01\x1f\x7f'",
    "'NULL'",
    "'null'",
    r"U&'\FFFD'",
    r"U&'\FEFF'",
    r"U&'\FEFFabc'",
    r"U&'\FFFF'",
    r"U&'e\0301 \+01F469\200D\+01F467 \202Eabc'",
    r"U&'\+10FFFF'",
    "repeat('\"', 1001)",
)
SETUP = (
    "CREATE TYPE mood AS ENUM ('sad', 'so, so', '', 'NULL')",
    "CREATE TYPE pair AS (a integer, b text)",
    'CREATE TYPE "Odd, ""type" AS (a date)',
    "CREATE TYPE spans AS RANGE (subtype = double precision)",
    "CREATE DOMAIN price AS numeric(10,2) CHECK (VALUE >= 0)",
    "CREATE DOMAIN dear AS price NOT NULL DEFAULT 1000",
    "CREATE DOMAIN code AS char(4)",
    "CREATE DOMAIN raw AS bytea",
    "CREATE DOMAIN list AS integer[]",
)
NUMERIC_ODDITIES = ("'NaN'", "'Infinity'", "'-Infinity'", "0.10", "1e-100", "-0.00", f"{'1234567890' * 10}", f"0.{'1234567890' * 10}")
CASES = (
    Case("smallint", ("-32768", "0", "32767"), "SMALLINT", PLAIN),
    Case("integer", ("-2147483648", "2147483647"), "INTEGER", PLAIN),
    Case("bigint", ("-9223372036854775808", "9223372036854775807", "9007199254740993"), "BIGINT", PLAIN),
    Case("serial", ("1",), "INTEGER", PLAIN, "integer"),
    Case("numeric(18,2)", ("9999999999999999.99", "-9999999999999999.99", "0.10", "-0.01", "0"), "DECIMAL(18,2)", NUMBER),
    Case("numeric(38,10)", (f"{'9' * 28}.{'9' * 10}", f"-{'9' * 28}.{'9' * 10}", "0.0000000001"), "DECIMAL(38,10)", NUMBER),
    Case("numeric(38,38)", (f"0.{'9' * 38}", f"-0.{'0' * 37}1"), "DECIMAL(38,38)", NUMBER),
    Case("numeric(38)", (f"{'9' * 38}",), "DECIMAL(38,0)", NUMBER, "numeric(38,0)"),
    Case("numeric(1)", ("-9", "9"), "DECIMAL(1,0)", NUMBER, "numeric(1,0)"),
    Case("numeric(10,2)", ("1.50", "'NaN'"), "VARCHAR", TEXT, kept=1),
    _text("numeric(39,0)", f"{'9' * 39}", "-1", "'NaN'"),
    _text("numeric(5,-2)", "1234500", "-99"),
    _text("numeric(2,5)", "0.00099"),
    _text("numeric", *NUMERIC_ODDITIES),
    Case("real", ("0.1", "'-0'", "1e-45", "3.4028235e38", "16777217", "'NaN'", "'Infinity'", "'-Infinity'"), "FLOAT", SINGLE),
    Case(
        "double precision",
        ("0.1", "'-0'", "5e-324", "1.7976931348623157e308", "0.1::float8 + 0.2", "9007199254740993", "'NaN'", "'-Infinity'"),
        "DOUBLE",
        DOUBLE,
    ),
    Case("boolean", ("true", "false"), "BOOLEAN", PLAIN),
    Case("oid", ("0", "4294967295"), "UINTEGER", PLAIN),
    Case(
        "date", ("'infinity'", "'-infinity'", "'0001-01-01'", "'1582-10-10'", "'2024-02-29'", "'9999-12-31'", "'10000-01-01'", "'5874897-12-31'"), "DATE", DAYS
    ),
    Case("date", ("'4713-01-01 BC'", "'0044-03-15 BC'", "'2024-11-05'"), "VARCHAR", TEXT, kept=2),
    Case(
        "timestamp",
        ("'infinity'", "'-infinity'", "'1969-12-31 23:59:59.999999'", "'294246-12-31 23:59:59.999999'"),
        "TIMESTAMP",
        MICROS,
        "timestamp without time zone",
    ),
    Case("timestamp", ("'294276-12-31 23:59:59.999999'", "'2024-11-05'"), "VARCHAR", TEXT, "timestamp without time zone", kept=1),
    Case("timestamp", ("'294247-01-10 04:00:54.775807'",), "VARCHAR", TEXT, "timestamp without time zone", kept=1),  # the engine's own infinity
    Case("timestamp(0)", ("'2024-11-05 20:00:00.5'",), "TIMESTAMP", MICROS, "timestamp(0) without time zone"),
    Case(
        "timestamptz",
        ("'infinity'", "'-infinity'", "'2024-11-05 20:00:00.000001+07'", "'12024-01-01 00:00Z'", "'1900-01-01 00:00:00 Asia/Jakarta'"),
        "TIMESTAMP WITH TIME ZONE",
        MICROS,
        "timestamp with time zone",
    ),
    Case("timestamptz", ("'0044-03-15 12:00:00 BC'", "'294276-12-31 23:59:59Z'", "'2024-11-05 20:00+07'"), "VARCHAR", TEXT, "timestamp with time zone", kept=2),
    Case("time", ("'00:00:00'", "'23:59:59.999999'"), "TIME", CLOCK, "time without time zone"),
    Case("time", ("'24:00:00'", "'00:00:00'"), "VARCHAR", TEXT, "time without time zone", kept=1),
    _text("timetz", "'23:59:59.999999+14:59'", "'24:00:00-00:30'", named="time with time zone"),
    _text("interval", "'1 year -2 mons 3 days -04:05:06.000007'", "'178000000 years'", "'-0.000001 s'"),
    _text("interval day to second(3)", "'1 day 2.345 s'"),
    _text("text", *HOSTILE),
    _text("text", r"U&'\FEFF'", r"U&'\FEFFabc'"),  # what the stream begins with
    _text("varchar(2000)", *HOSTILE, named="character varying(2000)"),
    _text("name", *HOSTILE[:12], "'x'"),
    _text('"char"', "'a'", "'\"'", "','", "''", r"E'\n'"),
    Case("char(5)", ("'a'", "''", "'     '", "'abcde'", r"U&'\FEFF'"), "VARCHAR", PADDED, "character(5)"),
    Case("char(2)", (r"U&'\FEFF'",), "VARCHAR", PADDED, "character(2)"),
    Case("char", ("' '", "'x'"), "VARCHAR", PADDED, "character(1)"),
    Case("text", ("repeat('x€\"', 1700000)", "'end'"), "VARCHAR", DIGEST),  # more than the parser takes at once
    Case("uuid", ("'00000000-0000-0000-0000-000000000000'", "'FFFFFFFF-FFFF-4FFF-8FFF-FFFFFFFFFFFF'", "'12345678-1234-5678-1234-567812345678'"), "UUID", PLAIN),
    Case("bytea", ("''", rf"'\x{bytes(range(256)).hex()}'", r"'\x00'", r"'\xefbbbf'", r"'\x5c78'"), "BLOB", BYTES),
    Case(
        "json",
        (
            r"""'{"a": 1,  "a": 2, "big": 1000000000000000000000000000000, "d": 0.10, "e": 1E400, "u": "\u0041\u00e9", "z": [ ]}'""",
            "'null'",
            "'\"\"'",
            r"E'{\n\t\"a\" :\r\n1 }'",
        ),
        "JSON",
        TEXT,
    ),
    Case("jsonb", ("""'{"b": 10e29, "a": 0.10, "a": 0.100, "c": 1e-50, "t": "''"}'""", "'null'", f"'{'9' * 400}.10'", "'\"\\u0022,\\n\"'"), "JSON", TEXT),
    Case("json", (r"""'"\ud83d\ude00"'""", "'1'"), "JSON", TEXT),
    _text("money", "'-92233720368547758.08'", "'1234.56'"),
    _text("inet", "'192.168.0.1/24'", "'::1'", "'10.0.0.1'"),
    _text("cidr", "'10/8'", "'2001:db8::/32'"),
    _text("macaddr", "'08:00:2b:01:02:03'"),
    _text("bit(5)", "B'00101'"),
    _text("varbit", "B''", "B'1010101'", named="bit varying"),
    _text("xml", "'<a>\"&amp;,</a>'", "''"),
    _text("tsvector", "'a:1A fat:2B,4C ''it''''s'''"),
    _text("tsquery", "'fat & (rat | !cat:ab)'"),
    _text("point", "'(1.5,-0)'", "'(NaN,Infinity)'"),
    _text("polygon", "'((0,0),(1,1),(1,0))'"),
    _text("pg_lsn", "'16/B374D848'"),
    _text("regclass", "'pg_class'"),
    _text("int4range", "'[1,5)'", "'empty'", "'(,)'"),
    _text("tstzrange", "'[2024-01-01 00:00+07, infinity)'"),
    _text("int4multirange", "'{[1,2),[5,9)}'"),
    _text("spans", "'[0.1,0.30000000000000004)'", named="spans"),
    _text("integer[]", "'{}'", "'{1,NULL,3}'", "'{{1,2},{3,4}}'", "'[2:3]={1,2}'"),
    _text("text[]", "ARRAY['a,b', NULL, '', 'NULL', '\"', '\\', 'é{}']", r"ARRAY[E'\n']"),
    _text("timestamptz[]", "ARRAY['infinity', '2024-11-05 20:00+07'::timestamptz]", named="timestamp with time zone[]"),
    _text("double precision[]", "ARRAY[0.1::float8 + 0.2, 'NaN']"),
    _text("bytea[]", r"ARRAY['\x00ff'::bytea]"),
    _text("mood", "'so, so'", "''", "'NULL'"),
    _text("pair", "ROW(1, 'a,\"b')", "ROW(NULL, NULL)", "ROW(NULL, '')"),
    _text('"Odd, ""type"', "ROW('0044-03-15 BC')"),
    Case("price", ("0.10", "99999999.99"), "DECIMAL(10,2)", NUMBER),
    Case("dear", ("0.10",), "DECIMAL(10,2)", NUMBER),
    Case("code", ("'a'",), "VARCHAR", PADDED),
    Case("raw", (r"'\x00ff'",), "BLOB", BYTES),
    _text("list", "'{1,NULL}'"),
    _text("citext", "'Straße'", "'STRASSE'", "''", extension="citext"),
    _text("hstore", '\'a=>"1,2", b=>NULL, ""=>""\'', "''", extension="hstore"),
    _text("ltree", "'Top.Science'", extension="ltree"),
)
