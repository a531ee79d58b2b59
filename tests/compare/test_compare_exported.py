"""What persons may download is what was moved for them: rows, the target's own rows beside them, and what makes an export prove nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sides_compared import statuses
from tiny import FILES, Place, Rows, moved, rows_of, stores_of

from dq.compare.evidence import Crash
from dq.compare.exported import Exported, People
from dq.ground import Asked
from dq.measuring import EntityFacts
from tests.oracle.sealing import BASELINE, MOMENT, Table, measured_unsealed

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_canaries")]

STORE = '[stores.export]\nname = "page"\nsnapshot = "export.duckdb"\nperson = "id"\nmade = "made"\n[[batches]]'
ENDS = '[columns]\nends = { type = "INSTANT", export = { zone = "zone" } }'
SQL = "SELECT no AS code, person AS account_id, points, ends, zone FROM coupons\n"
PERSONS, FILED = ("export", "persons"), ("export", "coupons")
COUPONS, VOUCHERS, OWN, IDS, ACCOUNTS, BATCHES, ERASURES = (
    *(("source", "coupons"), ("target", "vouchers"), ("baseline", "vouchers")),
    *(("crosswalk", name) for name in ("coupons", "accounts", "batches", "erasures")),
)
COLUMNS: dict[Place, dict[str, str]] = {
    PERSONS: {"person": "BIGINT", "file": "BIGINT", "made": "TIMESTAMPTZ"},
    FILED: {"person": "BIGINT", "no": "VARCHAR", "points": "BIGINT", "ends": "TIMESTAMP", "zone": "VARCHAR"},
}
END, WALL = datetime(2025, 1, 1, 17, tzinfo=UTC), datetime(2025, 1, 2)  # noqa: DTZ001 - as a page of Jakarta shows it


def filed(person: int, code: str, points: int, *, wall: datetime | None = WALL, zone: str = "Asia/Jakarta") -> tuple[Any, ...]:
    return (person, code, points, wall, zone)


WHOLE: dict[Place, Rows] = {
    PERSONS: [(11, 1, MOMENT), (12, 2, MOMENT)],
    FILED: [filed(11, "A1", 10), filed(11, "A2", 20), filed(12, "B1", 30)],
}


Found = dict[tuple[str, str], set[str]]


def exported(
    folder: Path, changed: dict[Place, Rows], *, sql: str = SQL, coupons: str = "", without: Collection[str] = ()
) -> tuple[EntityFacts, dict[tuple[str, str], set[str]]]:
    """Return what is measured of the coupons of batch 1, and which rows of their export are broken: (code, status) to columns."""
    stores = stores_of(changed)
    for side, name in (("source", "coupons"), VOUCHERS, OWN):
        table = stores[side][name]
        stores[side][name] = Table({**table.columns, "ends": "TIMESTAMPTZ"}, [(*row, END) for row in table.rows])
    for name in without:
        del stores["crosswalk"][name]
    stores["export"] = {name: Table(dict(columns), list(changed.get((side, name), WHOLE[side, name]))) for (side, name), columns in COLUMNS.items()}
    files = {
        **FILES,
        "migration.toml": FILES["migration.toml"].replace("[[batches]]", STORE, 1),
        "coupons.toml": (coupons or FILES["coupons.toml"]).replace("[columns]", ENDS),
        "sql/source/coupons.sql": FILES["sql/source/coupons.sql"].replace("c.points", "c.points, c.ends"),
        "sql/target/coupons.sql": FILES["sql/target/coupons.sql"].replace("points", "points, ends"),
        "sql/export/coupons.sql": sql,
    }
    batches = (1,) if "batches" not in without else ()
    if not batches:
        files["migration.toml"] = files["migration.toml"].partition("[[batches]]")[0]
    asked = Asked(batches, batches, BASELINE.isoformat(), target_moment=MOMENT.isoformat())
    with measured_unsealed(folder, files=files, stores=stores, asked=asked) as (engine, facts):
        (item,) = facts.entities
        copy = item.exported.entity if isinstance(item.exported, Exported) else None
        broken = statuses(engine, copy) if copy is not None else {}
        return item, {(str(key[0]), status): set(columns) for (key, status), columns in broken.items()}


def test_whole_files_say_what_was_migrated(tmp_path: Path) -> None:
    item, broken = exported(tmp_path, {})
    assert (item.people, broken) == (People(2, 0, ()), {})
    assert isinstance(item.exported, Exported)
    assert (item.exported.source_rows, item.exported.export_rows, item.exported.native, item.exported.left_out) == (3, 3, 0, ("coupon_id", "kind"))
    assert (item.exported.agrees, item.exported.problems) == (True, ())


NATIVE = (VOUCHERS, rows_of(VOUCHERS, moved(904, "N4", 11, 9)))  # a coupon that one who moved got in the target
FILES_OF: tuple[tuple[str, dict[Place, Rows], dict[tuple[str, str], set[str]], int], ...] = (
    ("a coupon is not in its file", {FILED: WHOLE[FILED][1:]}, {("A1", "missing"): set()}, 0),
    ("a coupon that nobody moved", {FILED: [*WHOLE[FILED], filed(11, "X1", 1)]}, {("X1", "extra"): set()}, 0),
    ("another value", {FILED: [filed(11, "A1", 11), *WHOLE[FILED][1:]]}, {("A1", "changed"): {"points"}}, 0),
    ("another moment", {FILED: [filed(11, "A1", 10, zone="UTC"), *WHOLE[FILED][1:]]}, {("A1", "changed"): {"ends"}}, 0),
    ("a file that is not there", {PERSONS: WHOLE[PERSONS][:1], FILED: WHOLE[FILED][:2]}, {}, 0),
    ("a coupon in the file of another", {FILED: [filed(12, "A1", 10), *WHOLE[FILED][1:]]}, {("A1", "changed"): {"account_id"}}, 0),
    ("a coupon twice", {FILED: [*WHOLE[FILED], filed(11, "A1", 10)]}, {("A1", "duplicate"): set()}, 0),
    ("the target's own", dict([NATIVE, (FILED, [*WHOLE[FILED], filed(11, "N4", 7)])]), {}, 1),
    ("the target's own in the file of another", dict([NATIVE, (FILED, [*WHOLE[FILED], filed(12, "N4", 9)])]), {("N4", "extra"): set()}, 0),
    ("the target's own twice", dict([NATIVE, (FILED, [*WHOLE[FILED], *[filed(11, "N4", 9)] * 2])]), {("N4", "duplicate"): set()}, 0),
    ("of one whose file is not compared", {FILED: [*WHOLE[FILED], filed(91, "N1", 5)]}, {}, 0),
)


@pytest.mark.parametrize(("changed", "broken", "native"), [case[1:] for case in FILES_OF], ids=[case[0] for case in FILES_OF])
def test_every_row_of_the_files_was_moved_or_is_the_target_s_own(
    changed: dict[Place, Rows], broken: dict[tuple[str, str], set[str]], native: int, tmp_path: Path
) -> None:
    item, found = exported(tmp_path, changed)
    assert found == broken
    assert isinstance(item.exported, Exported)
    assert (item.exported.native, item.exported.agrees, item.exported.harm.keys) == (native, True, len(broken))


@pytest.mark.parametrize(
    ("changed", "people"),
    [
        ({PERSONS: [*WHOLE[PERSONS], (91, 3, MOMENT)]}, People(2, 0, (3,))),
        ({PERSONS: [*WHOLE[PERSONS], (91, 4, MOMENT), (92, 3, MOMENT)]}, People(2, 0, (3, 4))),
        ({PERSONS: [*WHOLE[PERSONS], (13, 3, MOMENT)], ACCOUNTS: rows_of(ACCOUNTS, (3, 13))}, People(2, 1, ())),
        ({BATCHES: rows_of(BATCHES, without=(2,))}, People(1, 0, (2,))),
        ({ERASURES: [(2, "DSR-1")], VOUCHERS: rows_of(VOUCHERS, without=(103,)), FILED: WHOLE[FILED][:2]}, People(2, 0, ())),
    ],
)
def test_who_has_a_file_is_known_by_the_crosswalk(changed: dict[Place, Rows], people: People, tmp_path: Path) -> None:
    item, _ = exported(tmp_path, changed)
    assert item.people == people


@pytest.mark.parametrize("without", [("batches",), ("batches", "erasures")])
def test_without_batches_everybody_whom_the_crosswalk_knows_is_compared(without: tuple[str, ...], tmp_path: Path) -> None:
    changed: dict[Place, Rows] = {COUPONS: rows_of(COUPONS, without=(4, 5)), PERSONS: [*WHOLE[PERSONS], (91, 3, MOMENT)]}
    item, broken = exported(tmp_path, changed, without=without)
    assert (item.people, broken) == (People(2, 0, (3,)), {})


@pytest.mark.parametrize("persons", [[*WHOLE[PERSONS], (11, 3, MOMENT)], [*WHOLE[PERSONS], (None, 3, MOMENT)]])
def test_a_file_is_of_one_person_and_a_person_has_one(persons: Rows, tmp_path: Path) -> None:
    item, _ = exported(tmp_path, {PERSONS: persons})
    assert item.people == Crash("export: a person is NULL, or has two files")


@pytest.mark.parametrize(
    ("changed", "options", "problems"),
    [
        (
            {FILED: [filed(11, "A1", 10, zone="nowhere"), *WHOLE[FILED][1:]]},
            {},
            ("1 rows of the export have a wall clock and a zone that nobody knows",),
        ),
        (
            {FILED: [*WHOLE[FILED], filed(11, "A9", 1, zone=None)]},  # type: ignore[arg-type]
            {"sql": f"{SQL.strip()} WHERE no <> 'A2'"},
            ("1 rows of the export have a wall clock and a zone that nobody knows", "export: the SQL makes 3 rows of the 4 in 'coupons'"),
        ),
        ({}, {"sql": f"{SQL.strip()} WHERE no <> 'A2'"}, ("export: the SQL makes 2 rows of the 3 in 'coupons'",)),
        ({}, {"sql": SQL.replace("FROM coupons", "FROM copons")}, ("export: table 'copons' is missing",)),
        ({}, {"sql": SQL.replace("points", "file AS points")}, ("export: no column 'file'",)),
        ({}, {"sql": SQL.replace("points", "current_date AS points")}, ("export: no column 'current_date'",)),
        ({}, {"sql": SQL.replace("points", "no AS kind, zone AS points")}, ("export: column 'points' is VARCHAR, the contract reads BIGINT",)),
        (
            {},
            {
                "coupons": FILES["coupons.toml"]
                .replace("[[sums]]", "at_least = 9\n[[sums]]")
                .replace("at_least = 9\n", "")
                .replace("promise", "at_least = 9\npromise")
            },
            ("of the source 3 rows are to compare, at least 9 are needed",),
        ),
    ],
)
def test_an_export_that_cannot_be_read_whole_proves_nothing(
    changed: dict[Place, Rows], options: dict[str, str], problems: tuple[str, ...], tmp_path: Path
) -> None:
    item, _ = exported(tmp_path, changed, **options)
    assert item.exported == Exported(problems=problems)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (None, "export: no table 'persons' with 'person' and 'file'"),
        ({"person": "BIGINT", "made": "TIMESTAMPTZ"}, "export: no table 'persons' with 'person' and 'file'"),
        ({"file": "BIGINT", "made": "TIMESTAMPTZ"}, "export: no table 'persons' with 'person' and 'file'"),
        ({**COLUMNS[PERSONS], "person": "VARCHAR"}, "export: 'persons.person' is VARCHAR, the ids of 'accounts' are BIGINT"),
    ],
)
def test_persons_must_be_there_with_ids_of_the_crosswalk_s_type(
    columns: dict[str, str] | None, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if columns is None:
        monkeypatch.delitem(COLUMNS, PERSONS)
    else:
        monkeypatch.setitem(COLUMNS, PERSONS, columns)
    item, _ = exported(tmp_path, {PERSONS: []})
    assert (item.people, item.exported) == (Crash(reason), None)


@pytest.mark.parametrize(("shown", "broken", "native"), [(904, {}, 1), (905, {("N4", "extra"): set()}, 0)])
def test_the_target_s_own_row_has_its_own_id_where_the_export_shows_it(
    shown: int, broken: dict[tuple[str, str], set[str]], native: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COLUMNS, FILED, {**COLUMNS[FILED], "id": "BIGINT"})
    rows = [(*row, 101 + place) for place, row in enumerate(WHOLE[FILED])]
    changed = dict([NATIVE, (FILED, [*rows, (*filed(11, "N4", 9), shown)])])
    item, found = exported(tmp_path, changed, sql=SQL.replace("points", "points, id AS coupon_id"))
    assert isinstance(item.exported, Exported)
    assert (found, item.exported.native) == (broken, native)
