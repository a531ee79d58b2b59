"""What may stand in a contract's SQL and conditions, and what is refused, each with its one line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sides_compared import engine_alone

from dq.compare.conditions import read_condition
from dq.compare.select import read_select
from dq.engine import Engine
from dq.errors import ContractError

FILE = "sql/source/e.sql"
KNOWN = ("a", "b", "c")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engine_alone() as opened:
        yield opened


def refused(engine: Engine, sql: str) -> str:
    with pytest.raises(ContractError) as caught:
        read_select(engine, sql, file=FILE)
    return str(caught.value)


def condition_refused(engine: Engine, condition: str, *, free: bool) -> str:
    with pytest.raises(ContractError) as caught:
        read_condition(engine, condition, file="e.toml", key="invariant.x", known=KNOWN, free=free)
    return str(caught.value)


REFUSED = (
    ("SELECT a FROM t UNION SELECT a FROM u", "one plain SELECT is needed (no UNION, no WITH)"),
    ("SELECT a FROM t UNION ALL SELECT a FROM u", "one plain SELECT is needed (no UNION, no WITH)"),
    ("SELECT a FROM t EXCEPT SELECT a FROM u", "one plain SELECT is needed (no UNION, no WITH)"),
    ("WITH w AS (SELECT a FROM t) SELECT a FROM w", "WITH may not stand here: one plain SELECT"),
    ("WITH RECURSIVE w AS (SELECT 1 AS a) SELECT a FROM w", "WITH may not stand here: one plain SELECT"),
    ("SELECT a FROM t; SELECT a FROM t", "holds 2 statements; one SELECT is needed"),
    ("SELECT a FROM t; DROP TABLE t", "not a SELECT: Only SELECT statements can be serialized to json!"),
    ("DROP TABLE t", "not a SELECT: Only SELECT statements can be serialized to json!"),
    ("INSERT INTO t VALUES (1)", "not a SELECT: Only SELECT statements can be serialized to json!"),
    ("ATTACH 'x.db'", "not a SELECT: Only SELECT statements can be serialized to json!"),
    ("COPY t TO 'x.csv'", "not a SELECT: Only SELECT statements can be serialized to json!"),
    ("PRAGMA database_list", "not a SELECT: Only SELECT statements can be serialized to json!"),
    ("SET threads = 1", "not a SELECT: Only SELECT statements can be serialized to json!"),
    ("CREATE TABLE x AS SELECT 1", "not a SELECT: Only SELECT statements can be serialized to json!"),
    ("EXPLAIN SELECT a FROM t", "not a SELECT: Only SELECT statements can be serialized to json!"),
    ("VALUES (1)", "'*' (name the columns) may not stand here: names and joins only"),
    ("FROM t", "'*' (name the columns) may not stand here: names and joins only"),
    ("TABLE t", "'*' (name the columns) may not stand here: names and joins only"),
    ("", "holds 0 statements; one SELECT is needed"),
    ("-- nothing", "holds 0 statements; one SELECT is needed"),
    ("SELECT", "not a SELECT: SELECT clause without selection list"),
    ("SELECT a FROM", "not a SELECT: syntax error at end of input"),
    ("SELECT 1", "no FROM may not stand in FROM: tables only"),
    ("SELECT a FROM t GROUP BY a", "GROUP BY may not stand here; declare [aggregate] in the contract"),
    ("SELECT a FROM t GROUP BY ALL", "GROUP BY may not stand here; declare [aggregate] in the contract"),
    ("SELECT count(*) FROM t", "the function count_star() may not stand here: names and joins only"),
    ("SELECT sum(a) AS a FROM t", "the function sum() may not stand here: names and joins only"),
    ("SELECT a FROM t HAVING a > 1", "GROUP BY may not stand here; declare [aggregate] in the contract"),
    ("SELECT DISTINCT a FROM t", "DISTINCT, ORDER BY and LIMIT may not stand here: they hide rows"),
    ("SELECT DISTINCT ON (a) a, b FROM t", "DISTINCT, ORDER BY and LIMIT may not stand here: they hide rows"),
    ("SELECT a FROM t ORDER BY a", "DISTINCT, ORDER BY and LIMIT may not stand here: they hide rows"),
    ("SELECT a FROM t LIMIT 5", "DISTINCT, ORDER BY and LIMIT may not stand here: they hide rows"),
    ("SELECT a FROM t OFFSET 5", "DISTINCT, ORDER BY and LIMIT may not stand here: they hide rows"),
    ("SELECT a FROM t USING SAMPLE 10%", "SAMPLE and QUALIFY may not stand here: they hide rows"),
    ("SELECT a FROM t TABLESAMPLE 10%", "SAMPLE may not stand here: it hides rows"),
    ("SELECT a FROM t QUALIFY row_number() OVER () = 1", "SAMPLE and QUALIFY may not stand here: they hide rows"),
    ("SELECT row_number() OVER () AS a FROM t", "a window function may not stand here: names and joins only"),
    ("SELECT * FROM t", "'*' (name the columns) may not stand here: names and joins only"),
    ("SELECT t.* FROM t", "'*' (name the columns) may not stand here: names and joins only"),
    ("SELECT * EXCLUDE (a) FROM t", "'*' (name the columns) may not stand here: names and joins only"),
    ("SELECT COLUMNS('a') FROM t", "'*' (name the columns) may not stand here: names and joins only"),
    (
        "SELECT CAST(a AS INTEGER) AS a FROM t",
        "a cast (declare the column's type, zone, unit or codes in the contract) may not stand here: names and joins only",
    ),
    ("SELECT a::INTEGER AS a FROM t", "a cast (declare the column's type, zone, unit or codes in the contract) may not stand here: names and joins only"),
    (
        "SELECT TRY_CAST(a AS INTEGER) AS a FROM t",
        "a cast (declare the column's type, zone, unit or codes in the contract) may not stand here: names and joins only",
    ),
    (
        "SELECT DATE '2024-01-01' AS a FROM t",
        "a cast (declare the column's type, zone, unit or codes in the contract) may not stand here: names and joins only",
    ),
    ("SELECT INTERVAL 1 DAY AS a FROM t", "the function to_days() may not stand here: names and joins only"),
    ("SELECT CASE WHEN a = 1 THEN 2 END AS a FROM t", "CASE (declare codes in the contract) may not stand here: names and joins only"),
    ("SELECT if(a, 1, 2) AS a FROM t", "CASE (declare codes in the contract) may not stand here: names and joins only"),
    ("SELECT (SELECT 1) AS a FROM t", "a subquery may not stand here: names and joins only"),
    ("SELECT a FROM t WHERE a IN (SELECT b FROM u)", "a subquery may not stand here: names and joins only"),
    ("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u)", "a subquery may not stand here: names and joins only"),
    ("SELECT a FROM t WHERE a = ANY (SELECT b FROM u)", "a subquery may not stand here: names and joins only"),
    ("SELECT a FROM (SELECT a FROM t)", "a subquery may not stand in FROM: tables only"),
    ("SELECT a FROM read_csv('x.csv')", "a table function may not stand in FROM: tables only"),
    ("SELECT a FROM range(5)", "a table function may not stand in FROM: tables only"),
    ("SELECT a FROM t, u", "only JOIN … ON and LEFT JOIN … ON may stand here"),
    ("SELECT a FROM t CROSS JOIN u", "only JOIN … ON and LEFT JOIN … ON may stand here"),
    ("SELECT t.a FROM t JOIN u USING (a)", "only JOIN … ON and LEFT JOIN … ON may stand here"),
    ("SELECT t.a FROM t NATURAL JOIN u", "only JOIN … ON and LEFT JOIN … ON may stand here"),
    ("SELECT t.a FROM t RIGHT JOIN u ON t.a = u.a", "only JOIN … ON and LEFT JOIN … ON may stand here"),
    ("SELECT t.a FROM t FULL JOIN u ON t.a = u.a", "only JOIN … ON and LEFT JOIN … ON may stand here"),
    ("SELECT t.a FROM t SEMI JOIN u ON t.a = u.a", "only JOIN … ON and LEFT JOIN … ON may stand here"),
    ("SELECT t.a FROM t ANTI JOIN u ON t.a = u.a", "only JOIN … ON and LEFT JOIN … ON may stand here"),
    ("SELECT t.a FROM t ASOF JOIN u ON t.a >= u.a", "only JOIN … ON and LEFT JOIN … ON may stand here"),
    ("SELECT t.a FROM t POSITIONAL JOIN u", "only JOIN … ON and LEFT JOIN … ON may stand here"),
    ("SELECT t.a FROM t LEFT JOIN u ON t.a = u.a AND u.b = (SELECT 1)", "a subquery may not stand here: names and joins only"),
    ("SELECT t.a FROM t JOIN u ON lower(t.a) = u.a", "the function lower() may not stand here: names and joins only"),
    ("SELECT t.a FROM t LEFT JOIN LATERAL (SELECT 1) ON true", "a subquery may not stand in FROM: tables only"),
    ("SELECT a FROM main.t", "'t' is qualified; the engine points tables at a snapshot"),
    ("SELECT a FROM target.main.t", "'t' is qualified; the engine points tables at a snapshot"),
    ("SELECT t.a FROM t JOIN t ON t.a = t.b", "'t' names two tables"),
    ("SELECT s.a FROM t AS s JOIN u AS s ON s.a = s.b", "'s' names two tables"),
    ("SELECT a, a FROM t", "output column 'a' stands there 2 times"),
    ("SELECT a, b AS a FROM t", "output column 'a' stands there 2 times"),
    ("SELECT a + 1 AS a FROM t", "the function +() may not stand here: names and joins only"),
    ("SELECT a || b AS a FROM t", "the function ||() may not stand here: names and joins only"),
    ("SELECT lower(a) AS a FROM t", "the function lower() may not stand here: names and joins only"),
    ("SELECT coalesce(a, b) AS a FROM t", "the function coalesce() may not stand here: names and joins only"),
    ("SELECT random() AS a FROM t", "the function random() may not stand here: names and joins only"),
    ("SELECT getvariable('x') AS a FROM t", "the function getvariable() may not stand here: names and joins only"),
    ("SELECT a[1] AS a FROM t", "the function array_extract() may not stand here: names and joins only"),
    ("SELECT [1] AS a FROM t", "the function list_value() may not stand here: names and joins only"),
    ("SELECT {'a': 1} AS a FROM t", "the function struct_pack() may not stand here: names and joins only"),
    ("SELECT lambda x: x AS a FROM t", "a lambda may not stand here: names and joins only"),
    ("SELECT a FROM t WHERE a = ?", "a parameter may not stand here: names and joins only"),
    ("SELECT a FROM t WHERE a = $1", "a parameter may not stand here: names and joins only"),
    ("SELECT a FROM t WHERE a = 1 + 1", "the function +() may not stand here: names and joins only"),
    ("SELECT a FROM t WHERE regexp_matches(a, 'x')", "the function regexp_matches() may not stand here: names and joins only"),
    ("SELECT a FROM t WHERE a COLLATE NOCASE = 'x'", "COLLATE may not stand here: names and joins only"),
    ("SELECT a FROM t AT (VERSION => 1)", "AT may not stand here: a snapshot is of one moment"),
    ("PIVOT t ON a USING sum(b)", "not a SELECT: Only SELECT statements can be serialized to json!"),
    ("UNPIVOT t ON a INTO NAME n VALUE v", "'*' (name the columns) may not stand here: names and joins only"),
    ("SUMMARIZE t", "'*' (name the columns) may not stand here: names and joins only"),
    ("DESCRIBE t", "'*' (name the columns) may not stand here: names and joins only"),
    ("SHOW TABLES", "'*' (name the columns) may not stand here: names and joins only"),
    ("SELECT a FROM t WHERE b IS TRUE", "a cast (declare the column's type, zone, unit or codes in the contract) may not stand here: names and joins only"),
)
READ = (
    "SELECT a FROM 'x.csv'",
    'SELECT a FROM "x.parquet"',
    "SELECT current_timestamp AS a FROM t",
    "SELECT a.b.c AS a FROM t",
    "SELECT a FROM t WHERE a LIKE 'x%'",
    "SELECT 1 AS a FROM t",
    "SELECT 'x' AS a FROM t",
    "SELECT a FROM t WHERE true",
    "SELECT a FROM t WHERE b = false",
    "SELECT a FROM t WHERE NOT b",
    "SELECT a FROM t WHERE a BETWEEN 1 AND 2",
    "SELECT a FROM t WHERE a IN (1, 2)",
    "SELECT a FROM t WHERE a IS NOT NULL AND (b <> 'x' OR c >= 1.5)",
    "SELECT a ->> 'x' AS a, b -> 'y' AS b FROM t",
    "SELECT s.a, o.b FROM t AS s LEFT JOIN u AS o ON o.id = s.id AND o.kind = 'x'",
)
ALWAYS_REFUSED = (
    ("a > 1; DROP TABLE t", 'not a SELECT: syntax error at or near ";"'),
    ("a > 1 ORDER BY a", 'not a SELECT: syntax error at or near "ORDER"'),
    ("a > 1 LIMIT 1", 'not a SELECT: syntax error at or near "LIMIT"'),
    ("a > 1 --", "not a SELECT: syntax error at end of input"),
    ("a > 1 GROUP BY a", 'not a SELECT: syntax error at or near "GROUP"'),
    ("1 = 1", "names no column: it says the same of every row"),
    ("true", "names no column: it says the same of every row"),
    ("d > 1", "unknown column 'd'; known: a, b, c"),
    ("t.a > 1", "unknown column 't.a'; known: a, b, c"),
    ("a > (SELECT 1)", "a subquery may not stand here: names and joins only"),
    ("a IN (SELECT 1)", "a subquery may not stand here: names and joins only"),
    ("a = b / c", "the function /() may not stand here: names and joins only"),
    ("regexp_matches(a, 'x')", "the function regexp_matches() may not stand here: names and joins only"),
    ("random() < 1", "the function random() may not stand here: names and joins only"),
    ("now() > a", "the function now() may not stand here: names and joins only"),
    ("read_text('/etc/passwd') = a", "the function read_text() may not stand here: names and joins only"),
    ("a::INTEGER = 1", "a cast (declare the column's type, zone, unit or codes in the contract) may not stand here: names and joins only"),
    ("a = CAST('t' AS VARCHAR)", "a cast (declare the column's type, zone, unit or codes in the contract) may not stand here: names and joins only"),
    ("CASE WHEN a THEN b END", "CASE (declare codes in the contract) may not stand here: names and joins only"),
    ("count(*) > 1", "the function count_star() may not stand here: names and joins only"),
    ("row_number() OVER () = 1", "a window function may not stand here: names and joins only"),
    ("a = ?", "a parameter may not stand here: names and joins only"),
    ("", 'not a SELECT: syntax error at or near ")"'),
    (")", 'not a SELECT: syntax error at or near ")"'),
    ("a ILIKE 'x%'", "the function ~~*() may not stand here: names and joins only"),
    ("a || b = 'x'", "the function ||() may not stand here: names and joins only"),
    ("a % 2 = 0", "the function %() may not stand here: names and joins only"),
    ("a // 2 = 0", "the function //() may not stand here: names and joins only"),
)
REFUSED_OUTSIDE_INVARIANTS = (
    ("a = b + c", "the function +() may not stand here: names and joins only"),
    ("a = b * c - 1", "the function -() may not stand here: names and joins only"),
    ("abs(a) < 2", "the function abs() may not stand here: names and joins only"),
    ("length(a) < 2", "the function length() may not stand here: names and joins only"),
    ("coalesce(a, 0) = 0", "the function coalesce() may not stand here: names and joins only"),
    ("lower(a) = upper(b)", "the function lower() may not stand here: names and joins only"),
    ("regexp_full_match(a, '[a-z]+')", "the function regexp_full_match() may not stand here: names and joins only"),
    ("a = -b", "the function -() may not stand here: names and joins only"),
)
CONDITIONS = (
    ("a > 1", "(a > 1)"),
    ("a > 1) OR (1 = 1", "((a > 1) OR (1 = 1))"),
    ("a = b + c", "(a = (b + c))"),
    ("a = b * c - 1", "(a = ((b * c) - 1))"),
    ("abs(a) < 2", "(abs(a) < 2)"),
    ("length(a) < 2", "(length(a) < 2)"),
    ("coalesce(a, 0) = 0", "(COALESCE(a, 0) = 0)"),
    ("lower(a) = upper(b)", "(lower(a) = upper(b))"),
    ("regexp_full_match(a, '[a-z]+')", "regexp_full_match(a, '[a-z]+')"),
    ("a IS NULL", "(a IS NULL)"),
    ("(a = 'x') = (b IS NOT NULL)", "((a = 'x') = (b IS NOT NULL))"),
    ("a > true", "(a > CAST('t' AS BOOLEAN))"),
    ("a", "a"),
    ("a LIKE 'x%'", "(a ~~ 'x%')"),
    ("a NOT LIKE 'x%'", "(a !~~ 'x%')"),
    ("a BETWEEN 1 AND 2", "(a BETWEEN 1 AND 2)"),
    ("NOT a = 1", "(a != 1)"),
    ("NOT (a IN ('x', 'y'))", "(a NOT IN ('x', 'y'))"),
    ("a = -b", "(a = -(b))"),
    ("a = NULL", "(a = NULL)"),
    ("a IS DISTINCT FROM b", "(a IS DISTINCT FROM b)"),
)


@pytest.mark.parametrize(("sql", "message"), REFUSED)
def test_what_hides_rows_or_changes_values_is_refused_with_a_reason(sql: str, message: str, engine: Engine) -> None:
    assert f"{FILE}: {message}" == refused(engine, sql)


@pytest.mark.parametrize("sql", READ)
def test_names_joins_and_comparisons_are_read(sql: str, engine: Engine) -> None:
    assert read_select(engine, sql, file=FILE).outputs


@pytest.mark.parametrize(("condition", "message"), ALWAYS_REFUSED)
@pytest.mark.parametrize("free", [False, True])
def test_a_condition_holds_no_query_no_clock_and_no_unknown_column(condition: str, message: str, engine: Engine, *, free: bool) -> None:
    assert f"e.toml: invariant.x: {message}" == condition_refused(engine, condition, free=free)


@pytest.mark.parametrize(("condition", "message"), REFUSED_OUTSIDE_INVARIANTS)
def test_arithmetic_and_functions_of_a_value_are_for_invariants_only(condition: str, message: str, engine: Engine) -> None:
    assert f"e.toml: invariant.x: {message}" == condition_refused(engine, condition, free=False)
    assert read_condition(engine, condition, file="e.toml", key="invariant.x", known=KNOWN, free=True)


@pytest.mark.parametrize(("condition", "written"), CONDITIONS)
def test_a_condition_is_written_back_with_its_brackets(condition: str, written: str, engine: Engine) -> None:
    assert written == read_condition(engine, condition, file="e.toml", key="invariant.x", known=KNOWN, free=True)


def test_every_table_is_pointed_at_the_snapshot_and_nothing_else_changes(engine: Engine) -> None:
    select = read_select(engine, "SELECT s.a, o.b FROM t AS s LEFT JOIN u AS o ON o.id = s.id WHERE s.c = 'from t'", file=FILE)
    expected = "SELECT s.a, o.b FROM source_snapshot.main.t AS s LEFT JOIN source_snapshot.main.u AS o ON ((o.id = s.id)) WHERE (s.c = 'from t')"
    assert expected == select.pointed_at(engine, "source_snapshot")


def test_a_quoted_name_that_holds_sql_stays_a_name(engine: Engine) -> None:
    select = read_select(engine, 'SELECT "a; DROP TABLE t; --" AS a FROM "t; x"', file=FILE)
    assert select.pointed_at(engine, "s") == 'SELECT "a; DROP TABLE t; --" AS a FROM s.main."t; x"'


def test_a_file_in_from_is_a_table_of_the_snapshot_and_is_never_read(engine: Engine) -> None:
    assert read_select(engine, "SELECT a FROM 'x.csv'", file=FILE).pointed_at(engine, "s") == 'SELECT a FROM s.main."x.csv"'


def test_the_first_table_is_the_driving_one(engine: Engine) -> None:
    assert read_select(engine, "SELECT s.a FROM t AS s JOIN u ON u.id = s.id", file=FILE).driving == ("t", "s")


def test_an_added_output_stands_behind_the_others(engine: Engine) -> None:
    select = read_select(engine, "SELECT s.a FROM t AS s", file=FILE)
    assert select.pointed_at(engine, "x", extra={"dq.id": ("s", "id")}) == 'SELECT s.a, s.id AS "dq.id" FROM x.main.t AS s'


FOUND = {"t": {"id": "BIGINT", "a": "VARCHAR", "c": "VARCHAR"}, "u": {"id": "BIGINT", "b": "JSON"}}


def test_every_column_that_is_named_is_told_with_the_output_that_it_becomes(engine: Engine) -> None:
    select = read_select(engine, "SELECT a AS x, o.b ->> 'k' AS y FROM t AS s JOIN u AS o ON o.id = S.ID WHERE c = '1'", file=FILE)
    expected = {("t", "a", "x"), ("u", "b", "y"), ("u", "id", None), ("t", "id", None), ("t", "c", None)}
    assert expected == set(select.reads(FOUND))


def test_a_name_that_is_no_column_is_unknown_be_it_one_of_the_engine_s_clocks(engine: Engine) -> None:
    select = read_select(engine, "SELECT a, current_timestamp AS d, s.x.y AS e FROM t AS s WHERE current_date > c", file=FILE)
    assert select.unknown(FOUND) == ("current_timestamp", "s.x.y", "current_date")
    joined = read_select(engine, "SELECT a FROM t AS s JOIN u AS o ON o.id = s.id AND s.nothing = current_date", file=FILE)
    assert joined.unknown(FOUND) == ("s.nothing", "current_date")


def test_a_condition_is_not_free_unless_it_is_said(engine: Engine) -> None:
    with pytest.raises(ContractError):
        read_condition(engine, "a + 1 > 2", file="e.toml", key="excluded.0.where", known=KNOWN)
    assert read_condition(engine, "a + 1 > 2", file="e.toml", key="invariant.x", known=KNOWN, free=True)
