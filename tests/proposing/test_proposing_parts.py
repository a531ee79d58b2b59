"""Names, zones, keys and columns that cannot be said: the parts of a proposal, each alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from dq.contract import read_contract
from dq.proposing import propose
from dq.proposing.names import alike, plain, refers, words
from dq.proposing.zones import convert, is_zone, zones_of
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.seal import Label

ALIKE = [
    ("orderLines", "order_line", 1.0),
    ("Categories", "category", 1.0),
    ("created_at", "created_ts", 0.9),
    ("voucher", "vaucher", 0.7),
    ("price", "price_minor", 0.6),
]
UNLIKE = [("surname", "postcode"), ("colour", "weight"), ("state", "city")]


@pytest.mark.parametrize(("one", "other", "least"), ALIKE)
def test_names_that_say_the_same_are_alike(one: str, other: str, least: float) -> None:
    assert alike(one, other) >= least
    assert alike(one, other) == pytest.approx(alike(other, one))


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_names_that_say_something_else_are_not(one: str, other: str) -> None:
    assert alike(one, other) < 0.4


def test_a_reference_is_called_like_the_key_that_it_names() -> None:
    assert refers("reader_id", "readers", "reader_id")
    assert refers("old_reader_id", "readers", "reader_id")
    assert refers("reader_id", "readers", "id")
    assert not refers("id", "readers", "id")
    assert not refers("branch_id", "readers", "reader_id")


def test_names_become_plain() -> None:
    assert [plain(name) for name in ("Order Lines", "orderLines", "2nd", "Größe")] == ["order_lines", "order_lines", "t_2nd", "gr_e"]
    assert words("orderLines2") == ("order", "line", "2")


def clocks(zone: str, *, later: bool = False) -> tuple[list[int], list[int]]:
    """Return wall clocks of a zone through two years, and the instants that they are, in microseconds."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    walls, instants = [], []
    for day in range(0, 700, 5):
        wall = datetime(2022, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
        local = (wall + timedelta(days=later)).replace(tzinfo=ZoneInfo(zone))
        walls.append((wall - epoch) // timedelta(microseconds=1))
        instants.append((local - epoch) // timedelta(microseconds=1))
    return walls, instants


def test_a_zone_with_summer_time_is_told_from_one_without() -> None:
    berlin = {name for name, _ in zones_of(*clocks("Europe/Berlin"))}
    assert {"Europe/Berlin", "Europe/Paris"} <= berlin
    assert not {"UTC", "Africa/Lagos", "Europe/London", "Europe/Athens"} & berlin


def test_a_zone_is_one_in_other_letters_too() -> None:
    assert (is_zone("asia/jakarta"), is_zone("Asia/Jakrata"), is_zone(7)) == (True, False, False)
    assert convert(0, "ASIA/Jakarta") == convert(0, "Asia/Jakarta")


def test_utc_comes_first_where_nothing_was_shifted() -> None:
    assert zones_of(*clocks("UTC"))[0] == ("UTC", False)


def test_a_last_day_that_still_counts_is_seen() -> None:
    found = zones_of(*clocks("Asia/Jakarta", later=True))
    assert ("Asia/Jakarta", True) in found
    assert {later for _, later in found} == {True}


def test_a_zone_that_was_seen_before_is_tried_first() -> None:
    assert zones_of(*clocks("Asia/Jakarta"), first=["Asia/Jakarta"])[0] == ("Asia/Jakarta", False)


SOURCE = """
    CREATE TABLE parts AS
    SELECT 'P-' || i AS number, CAST(i AS SMALLINT) AS stock, i * 1.5::DOUBLE AS weight, CAST(i % 3 AS TINYINT) AS grade, i::DECIMAL(9,2) AS price,
           if(i % 9 = 0, TIMESTAMP '2024-01-01 00:00:00', NULL) AS scrapped_at, if(i % 40 = 0, 'only now and then', NULL) AS remark
    FROM range(1, 401) AS t (i)"""
TARGET = """
    CREATE TABLE part AS
    SELECT number, CAST(stock AS BIGINT) AS stock, weight, CAST(grade AS INTEGER) AS grade, CAST(price * 100 AS BIGINT) AS price_cents, remark
    FROM source.parts WHERE scrapped_at IS NULL"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the contract proposed of a hardware shop's stores that declare no key."""
    folder = tmp_path_factory.mktemp("parts")
    with duckdb.connect() as connection:
        for side, sql in (("source", SOURCE), ("target", TARGET)):
            connection.execute(f"ATTACH '{folder / side}.raw' AS {side}; USE {side}; {sql}; USE memory")
    for side in ("source", "target"):
        label = Label("parts", side, side, None, None, datetime(2024, 11, 5, tzinfo=UTC))
        seal_duckdb(folder / f"{side}.raw", folder / f"{side}.duckdb", label=label)
    propose(folder / "contract", {side: folder / f"{side}.duckdb" for side in ("source", "target")})
    return folder / "contract"


def test_a_key_that_no_store_declares_is_found_and_proven(parts: Path) -> None:
    assert read_contract(parts).entity("parts").key == ("number",)
    assert "# guess: unique in the source\n" in (parts / "parts.toml").read_text()


def test_what_a_contract_cannot_say_is_left_uncovered_with_the_reason(parts: Path) -> None:
    entity, text = read_contract(parts).entity("parts"), (parts / "parts.toml").read_text()
    assert {column.name for column in entity.columns} == {"number", "grade", "remark"}
    assert "stock and stock: SMALLINT here and BIGINT there; a contract compares exactly equal types" in text.replace("\n# ", " ")
    assert "weight and weight: DOUBLE is no type of a contract" in text.replace("\n# ", " ")
    assert "price and price_cents: minor units, and no column says the currency" in text.replace("\n# ", " ")
    assert 'columns = ["stock", "weight", "price", "scrapped_at"]' in (parts / "migration.toml").read_text()


def test_small_numbers_of_unequal_types_are_codes_of_themselves(parts: Path) -> None:
    grade = read_contract(parts).entity("parts").column("grade")
    assert (grade.type.name, grade.source.codes, grade.target.codes) == ("ENUM", *[{"0": "0", "1": "1", "2": "2"}] * 2)


def test_rows_that_were_left_out_on_purpose_are_asked_about_and_left_in(parts: Path) -> None:
    text = (parts / "parts.toml").read_text().replace("\n# ", " ")
    assert "TODO: 44 rows of parts have scrapped_at, and none of them a counterpart." in text
    sql = (parts / "sql" / "source" / "parts.sql").read_text()
    assert sql.endswith("\n-- TODO: WHERE scrapped_at IS NULL\n")
    assert "\nWHERE" not in sql


HOSTILE = 'x\n[[excluded]]\nside = "source"'


def test_names_and_words_of_a_store_end_no_comment_and_keys_that_nothing_reads_are_told(tmp_path: Path) -> None:
    keys = f"""
        CREATE TABLE s.things AS SELECT 'T' || i AS code, 'name ' || i AS "{HOSTILE.replace('"', '""')}" FROM range(60) AS t (i);
        CREATE TABLE s.facts AS
        SELECT code, unnest(['{HOSTILE}', 'weight', 'colour']) AS fact, unnest(['a' || code, 'b' || code, 'c' || code]) AS value FROM s.things;
        CREATE TABLE t.things AS SELECT *, 'b' || code AS weight, 'a' || code AS more FROM s.things"""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{tmp_path}/source.raw' AS s; ATTACH '{tmp_path}/target.raw' AS t; {keys}")
    for side in ("source", "target"):
        label = Label("things", side, side, None, None, datetime(2024, 11, 5, tzinfo=UTC))
        seal_duckdb(tmp_path / f"{side}.raw", tmp_path / f"{side}.duckdb", label=label)
    propose(tmp_path / "contract", {side: tmp_path / f"{side}.duckdb" for side in ("source", "target")})
    contract = read_contract(tmp_path / "contract")
    assert (contract.migration.excluded, [column.type.name for column in contract.entity("things").columns]) == ((), ["VARCHAR"] * 4)
    assert {(select.count("LEFT JOIN"), select.count("TODO")) for select in (contract.sql["source", "things"], contract.sql["target", "things"])} == {
        (2, 0),
        (0, 0),
    }
    assert "# TODO: of facts, nothing reads colour: coverage counts columns, and cannot tell\n" in (tmp_path / "contract" / "things.toml").read_text()
