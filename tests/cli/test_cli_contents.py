"""Sealed files that hold something else than their manifest says, or than the contract reads: what is then NOT PROVEN or FAILED, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from small import PERSONAL, Dq, Small

from dq.sql import quote

pytestmark = pytest.mark.slow  # many whole runs

# By hand: the statements run in the sealed source and the manifest is made to match; then what snapshot.source says.
STRANGE = {
    "a view instead of the table": (
        (
            "ALTER TABLE coupons RENAME TO hidden",
            "CREATE VIEW coupons AS SELECT code, note, amount FROM hidden",
        ),
        "a view 'coupons'",
    ),
    "a view that would read the target": (
        (
            "DROP TABLE coupons",
            "CREATE VIEW coupons AS SELECT 'C-001' AS code, 'x' AS note, CAST(1 AS DECIMAL(18,2)) AS amount",
        ),
        "a view 'coupons'",
    ),
    "a macro named like a function of the engine": (("CREATE MACRO hash(a) AS 1",), "a macro 'hash'"),
    "a macro named like an aggregate": (("CREATE MACRO count(a) AS 40",), "a macro 'count'"),
    "a table macro": (("CREATE MACRO rows_of(a) AS TABLE SELECT a",), "a macro 'rows_of'"),
    "another schema": (("CREATE SCHEMA other", "CREATE TABLE other.coupons AS SELECT * FROM main.coupons"), "another schema 'other'"),
    "a computed column": (("CREATE TABLE sums (a INTEGER, b INTEGER GENERATED ALWAYS AS (a + 1) VIRTUAL)",), "a computed column in table 'sums'"),
    "a text that is equal in any case": (('CREATE TABLE words ("a COLLATE b" INTEGER, b VARCHAR COLLATE NOCASE)',), "a collation in table 'words'"),
}


@pytest.mark.parametrize(("statements", "told"), STRANGE.values(), ids=STRANGE)
def test_what_may_not_be_in_a_snapshot_proves_nothing(plain: Small, run: Dq, statements: tuple[str, ...], told: str) -> None:
    plain.seal_by_hand("source", *statements)
    said = run(plain)
    check = plain.check("snapshot.source")
    assert (said.status, said.err, check["outcome"]) == (3, "", "NOT PROVEN")
    assert told in check["reason"]
    assert said.last.startswith("NOT PROVEN batch=all run=")


def test_a_hostile_macro_changes_no_other_answer(plain: Small, run: Dq) -> None:
    plain.seal_by_hand("target", "UPDATE vouchers SET amount = 7 WHERE code = 'C-001'", "CREATE MACRO hash(a, b, c) AS 1", "CREATE MACRO count(a) AS 40")
    run(plain)
    assert plain.outcomes() == {"snapshot.target": "NOT PROVEN", "coupons.values": "FAILED", "coupons.sums.amount": "FAILED"}


# The manifest of the target is changed, its file is not; then what snapshot.target says.
def _rows(tables: list[dict[str, object]]) -> None:
    tables[0]["rows"] = 41


def _column_type(tables: list[dict[str, object]]) -> None:
    tables[0]["columns"] = [*tables[0]["columns"][:2], {"name": "amount", "store_type": "BIGINT", "type": "BIGINT"}]  # type: ignore[index]


def _column_gone(tables: list[dict[str, object]]) -> None:
    tables[0]["columns"] = tables[0]["columns"][:2]  # type: ignore[index]


def _table_more(tables: list[dict[str, object]]) -> None:
    tables.append({"name": "voucher", "rows": 0, "columns": [{"name": "a", "store_type": "INTEGER", "type": "INTEGER"}]})


def _table_gone(tables: list[dict[str, object]]) -> None:
    tables[0]["name"] = "vouchers_2"


LIES = {
    _rows: "table 'vouchers' has 40 rows, its manifest says 41",
    _column_type: "the columns of table 'vouchers' are not those of its manifest",
    _column_gone: "the columns of table 'vouchers' are not those of its manifest",
    _table_more: "table 'voucher' of its manifest is missing; did you mean 'vouchers'?",
    _table_gone: "table 'vouchers' is not in its manifest; did you mean 'vouchers_2'?",
}


@pytest.mark.parametrize(("lie", "told"), LIES.items(), ids=[lie.__name__.strip("_") for lie in LIES])
def test_a_manifest_that_tells_something_else_than_the_file_proves_nothing(
    plain: Small, run: Dq, lie: Callable[[list[dict[str, object]]], None], told: str
) -> None:
    tables = plain.manifest("target")["tables"]
    lie(tables)
    plain.write_manifest("target", tables=tables)
    said = run(plain)
    assert (said.status, plain.check("snapshot.target")["reason"]) == (3, told)


# The source is resealed after these statements; status, the checks that did not pass, and a line that says it.
SHAPES = {
    "missing table": (
        ("ALTER TABLE coupons RENAME TO coupon",),
        3,
        {
            "coverage.source": "FAILED",
            "coupons.schema": "FAILED",
            "coupons.keys": "NOT PROVEN",
            "coupons.rows": "NOT PROVEN",
            "coupons.values": "NOT PROVEN",
            "coupons.counts": "NOT PROVEN",
            "coupons.sums.amount": "NOT PROVEN",
            "canary.coupons": "NOT PROVEN",
        },
        "source: table 'coupons' is missing; did you mean 'coupon'?",
    ),
    "missing column": (
        ("ALTER TABLE coupons DROP COLUMN note",),
        3,
        {
            "coupons.schema": "FAILED",
            "coupons.keys": "NOT PROVEN",
            "coupons.rows": "NOT PROVEN",
            "coupons.values": "NOT PROVEN",
            "coupons.counts": "NOT PROVEN",
            "coupons.sums.amount": "NOT PROVEN",
            "canary.coupons": "NOT PROVEN",
        },
        "note",
    ),
    "other type": (
        ("ALTER TABLE coupons ALTER amount TYPE DOUBLE",),
        3,
        {
            "coupons.schema": "FAILED",
            "coupons.keys": "NOT PROVEN",
            "coupons.rows": "NOT PROVEN",
            "coupons.values": "NOT PROVEN",
            "coupons.counts": "NOT PROVEN",
            "coupons.sums.amount": "NOT PROVEN",
            "canary.coupons": "NOT PROVEN",
        },
        "source: column 'amount' is DOUBLE, the contract reads DECIMAL(18,2)",
    ),
    "other scale": (
        ("ALTER TABLE coupons ALTER amount TYPE DECIMAL(18,3)",),
        3,
        {
            "coupons.schema": "FAILED",
            "coupons.keys": "NOT PROVEN",
            "coupons.rows": "NOT PROVEN",
            "coupons.values": "NOT PROVEN",
            "coupons.counts": "NOT PROVEN",
            "coupons.sums.amount": "NOT PROVEN",
            "canary.coupons": "NOT PROVEN",
        },
        "source: column 'amount' is DECIMAL(18,3), the contract reads DECIMAL(18,2)",
    ),
    "extra column": (("ALTER TABLE coupons ADD COLUMN birthday DATE",), 1, {"coverage.source": "FAILED"}, "coupons.birthday"),
    "extra table": (("CREATE TABLE gifts (gift_id BIGINT)",), 1, {"coverage.source": "FAILED"}, "gifts.gift_id"),
    "a view in the store, which is not taken": (("CREATE VIEW rich AS SELECT * FROM coupons",), 1, {"coverage.source": "FAILED"}, "rich.amount"),
}


@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES)
def test_a_store_of_another_shape_is_said(plain: Small, run: Dq, case: tuple[tuple[str, ...], int, dict[str, str], str]) -> None:
    statements, status, outcomes, told = case
    plain.reseal("source", *statements)
    said = run(plain)
    assert (said.status, plain.outcomes(), said.err) == (status, outcomes, "")
    assert told in json.dumps([plain.check(check_id)["details"] for check_id, outcome in outcomes.items() if outcome == "FAILED"])


# Both stores are resealed after these statements (source, target); then the checks that did not pass and the exit status.
ROWS = {
    "empty on both sides": (("DELETE FROM coupons",), ("DELETE FROM vouchers",), 3, None),
    "empty source": (
        ("DELETE FROM coupons",),
        (),
        3,
        {
            "coupons.rows": "FAILED",
            "coupons.values": "NOT PROVEN",
            "coupons.counts": "FAILED",
            "coupons.sums.amount": "FAILED",
        },
    ),
    "a key twice on one side": (
        ("ALTER TABLE coupons RENAME TO c", "CREATE TABLE coupons AS FROM c", "DROP TABLE c", "INSERT INTO coupons FROM coupons LIMIT 1"),
        (),
        1,
        {"coupons.keys": "FAILED", "coupons.counts": "FAILED", "coupons.sums.amount": "FAILED"},
    ),
    "a key twice on both sides": (
        ("CREATE TABLE c AS FROM coupons", "DROP TABLE coupons", "ALTER TABLE c RENAME TO coupons", "INSERT INTO coupons FROM coupons WHERE amount = 1"),
        ("CREATE TABLE c AS FROM vouchers", "DROP TABLE vouchers", "ALTER TABLE c RENAME TO vouchers", "INSERT INTO vouchers FROM vouchers WHERE amount = 1"),
        1,
        {"coupons.keys": "FAILED"},
    ),
    "a NULL key on both sides": (
        ("CREATE TABLE c AS FROM coupons", "DROP TABLE coupons", "ALTER TABLE c RENAME TO coupons", "UPDATE coupons SET code = NULL WHERE amount = 1"),
        ("CREATE TABLE c AS FROM vouchers", "DROP TABLE vouchers", "ALTER TABLE c RENAME TO vouchers", "UPDATE vouchers SET code = NULL WHERE amount = 1"),
        1,
        {"coupons.keys": "FAILED"},
    ),
    "NULL is not ''": (
        ("UPDATE coupons SET note = NULL WHERE amount = 1",),
        ("UPDATE vouchers SET note = '' WHERE amount = 1",),
        1,
        {"coupons.values": "FAILED"},
    ),
    "NULL on both sides is the same": (("UPDATE coupons SET note = NULL",), ("UPDATE vouchers SET note = NULL",), 0, {}),
}


@pytest.mark.parametrize("case", ROWS.values(), ids=ROWS)
def test_rows_that_prove_nothing_or_are_broken_are_said(
    plain: Small, run: Dq, case: tuple[tuple[str, ...], tuple[str, ...], int, dict[str, str] | None]
) -> None:
    source, target, status, outcomes = case
    plain.reseal("source", *source)
    plain.reseal("target", *target)
    said = run(plain)
    assert (said.status, said.err) == (status, "")
    if outcomes is not None:
        assert plain.outcomes() == outcomes
    else:
        proven = {"snapshot.source", "snapshot.target", "coverage.source", "coverage.target", "coupons.schema"}
        assert {check["id"] for check in plain.record()["checks"] if check["outcome"] == "PASSED"} == proven


HOSTILE = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "-2+3",
    "\u202eelba\u202c",
    "a\u200bb\ufeff",
    "line\nbreak\ttab\x07\x1b[31mred",
    "]]>&amp;<!--",
    "${7*7}{{7*7}}",
    "'; DROP TABLE coupons; --",
    "%s %d {0}",
    "back\\slash",
    "nul\u0000nul",
    "e\u0301 \u00e9",
    "👩‍👩‍👧‍👦",
    "\ud7ff\ue000\uffff",
]


def _literal(text: str) -> str:
    """Return a text as SQL; the character 0 stands in no literal."""
    return " || chr(0) || ".join("'" + part.replace("'", "''") + "'" for part in text.split("\0"))


def test_hostile_texts_are_data(plain: Small, run: Dq) -> None:
    """Different on both sides, as keys and values: each is found, and none of them is seen or run outside `restricted/`."""
    rows = ", ".join(f"({_literal(f'{text}{number}')}, {_literal(text)}, {number})" for number, text in enumerate(HOSTILE))
    plain.reseal("source", f"INSERT INTO coupons VALUES {rows}")
    plain.reseal("target", f"INSERT INTO vouchers SELECT k, v || 'x', a FROM (VALUES {rows}) AS r(k, v, a)")
    said = run(plain)
    check = plain.check("coupons.values")
    assert (said.status, check["broken"]) == (1, len(HOSTILE))
    (folder,) = plain.runs.iterdir()
    for name in ("report.html", "summary.md", "junit.xml", "report.json"):
        text = (folder / name).read_text()
        for hostile in (*HOSTILE, "alert(1)", PERSONAL[:10]):
            assert hostile not in text, name
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u200b\u202e]", said.out + said.err)


def test_hostile_texts_come_out_of_the_findings_as_they_went_in(plain: Small, run: Dq) -> None:
    import polars as pl  # noqa: PLC0415

    rows = ", ".join(f"({_literal(f'{text}{number}')}, {_literal(text)}, {number})" for number, text in enumerate(HOSTILE))
    plain.reseal("source", f"INSERT INTO coupons VALUES {rows}")
    run(plain)
    (folder,) = plain.runs.iterdir()
    found = pl.read_parquet(folder / "restricted" / "findings.parquet").filter(pl.col("status") == "missing")
    assert sorted(key[0] for key in found["key"]) == sorted(f"{text}{number}" for number, text in enumerate(HOSTILE))


AWKWARD = ("order", "a b", 'quo"te', "it's", "x" * 60, "größe", "ключ", "SELECT", "1st", "dotted.name", "semi;colon", "-- comment", "%s", "{0}", "🎟")
ENGINES_OWN = ("b", "h", "n", "s", "t", "r", "k_0", "mask_0", "status", "source_hash", "here", "row", "side", "key", "rule", "c", "place", "in_scope")
MANY = 400  # columns


def _wide(small: Small, columns: tuple[str, ...]) -> None:
    """Give both stores and the contract these columns, all text, the key apart; row 7 differs in the last one."""
    listed = ", ".join(f"{quote(name)} VARCHAR" for name in columns)
    for side, table in (("source", "coupons"), ("target", "vouchers")):
        values = ", ".join(f"'v' || i || '{number}'" for number, _ in enumerate(columns))
        changed = f"UPDATE {table} SET {quote(columns[-1])} = 'other' WHERE code = '7'" if side == "target" else "CHECKPOINT"
        small.reseal(
            side,
            f"DROP TABLE {table}",
            f"CREATE TABLE {table} (code VARCHAR, {listed})",
            f"INSERT INTO {table} SELECT i, {values} FROM range(20) AS t(i)",
            changed,
        )
        (small.contract / f"sql/{side}/coupons.sql").write_text(f"SELECT code, {', '.join(quote(name) for name in columns)} FROM {table}")
    keys = "\n".join(f'{json.dumps(name, ensure_ascii=False)} = "VARCHAR"' for name in columns)
    (small.contract / "coupons.toml").write_text(f'promise = "Coupons move."\nkey = "code"\n[columns]\ncode = "VARCHAR"\n{keys}\n')


@pytest.mark.parametrize("columns", [AWKWARD, ENGINES_OWN], ids=["that need quoting", "that the engine uses itself"])
def test_columns_may_have_names(plain: Small, run: Dq, columns: tuple[str, ...]) -> None:
    _wide(plain, columns)
    said = run(plain)
    assert (said.status, plain.outcomes()) == (1, {"coupons.values": "FAILED"})
    assert plain.check("coupons.values")["columns"] == {columns[-1]: 1}


@pytest.mark.parametrize("name", ["h", "n", "here", "a b"])
def test_a_key_may_have_a_name_that_the_engine_uses_itself(plain: Small, run: Dq, name: str) -> None:
    for side, table, gone in (("source", "coupons", 2), ("target", "vouchers", 3)):
        plain.reseal(side, f"ALTER TABLE {table} RENAME code TO {quote(name)}", f"DELETE FROM {table} WHERE amount = {gone}")
        (plain.contract / f"sql/{side}/coupons.sql").write_text(f"SELECT {quote(name)}, note, amount FROM {table}")
    plain.edit("coupons.toml", 'key = "code"', f'key = "{name}"')
    plain.edit("coupons.toml", "code = ", f'"{name}" = ')
    with (plain.contract / "coupons.toml").open("a") as stream:
        stream.write('[[invariant]]\nname = "worth"\nholds = "amount > 0"\n')
    said = run(plain)
    assert (said.status, plain.check("coupons.rows")["statuses"]) == (1, {"extra": 1, "missing": 1})
    assert set(plain.outcomes().values()) == {"FAILED"}


def test_tables_with_awkward_names_are_compared(plain: Small, run: Dq) -> None:
    for side, table in (("source", "coupons"), ("target", "vouchers")):
        awkward = f'{side} "order" by größe; --'
        plain.reseal(side, f"ALTER TABLE {table} RENAME TO {quote(awkward)}")
        (plain.contract / f"sql/{side}/coupons.sql").write_text(f"SELECT code, note, amount FROM {quote(awkward)}")
    assert run(plain).status == 0


def test_an_entity_may_be_called_as_a_word_of_sql(plain: Small, run: Dq) -> None:
    plain.edit("migration.toml", '"coupons"', '"order"')
    for file, other in (("coupons.toml", "order.toml"), ("sql/source/coupons.sql", "sql/source/order.sql"), ("sql/target/coupons.sql", "sql/target/order.sql")):
        (plain.contract / file).rename(plain.contract / other)
    said = run(plain)
    assert (said.status, plain.check("order.values")["outcome"]) == (0, "PASSED")


@pytest.mark.slow
def test_four_hundred_columns_are_compared(plain: Small, run: Dq) -> None:
    columns = tuple(f"c{number}" for number in range(MANY))
    _wide(plain, columns)
    said = run(plain)
    assert (said.status, plain.outcomes()) == (1, {"coupons.values": "FAILED"})
    assert plain.check("coupons.values")["columns"] == {columns[-1]: 1}


def test_a_text_of_five_megabytes_that_differs_at_its_end_is_found(plain: Small, run: Dq) -> None:
    plain.reseal("source", "UPDATE coupons SET note = repeat('ab', 2621440) || '1' WHERE code = 'C-007'")
    plain.reseal("target", "UPDATE vouchers SET note = repeat('ab', 2621440) || '2' WHERE code = 'C-007'")
    said = run(plain)
    assert (said.status, plain.outcomes(), plain.check("coupons.values")["columns"]) == (1, {"coupons.values": "FAILED"}, {"note": 1})
    (folder,) = plain.runs.iterdir()
    assert max((folder / name).stat().st_size for name in ("report.html", "report.json", "summary.md", "junit.xml")) < 100_000


def test_nan_and_infinity_in_a_column_that_is_left_out_disturb_nothing(plain: Small, run: Dq) -> None:
    plain.reseal("source", "ALTER TABLE coupons ADD COLUMN score DOUBLE", "UPDATE coupons SET score = if(amount < 20, 'NaN', '-Infinity')::DOUBLE")
    with (plain.contract / "migration.toml").open("a") as stream:
        stream.write('[[excluded]]\nside = "source"\ntable = "coupons"\ncolumns = ["score"]\nreason = "a guess"\n')
    assert run(plain).status == 0


def test_a_condition_on_nan_is_the_engines_and_loses_no_row_in_silence(plain: Small, run: Dq) -> None:
    plain.reseal("source", "ALTER TABLE coupons ADD COLUMN score DOUBLE", "UPDATE coupons SET score = if(amount = 7, 'NaN', '1')::DOUBLE")
    plain.edit("sql/source/coupons.sql", "FROM coupons", "FROM coupons WHERE score < 2")
    said = run(plain)
    assert (said.status, plain.outcomes()["coupons.rows"]) == (1, "FAILED")
    assert plain.check("coupons.rows")["statuses"]["lost"] == 1
