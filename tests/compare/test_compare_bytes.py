"""The record is the same to the byte whatever the order of rows and columns and the number of threads; a broken proof of it is not proven."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny import COLUMNS, FILES, ROWS, Place, Rows, moved, rows_of, stores_of

from dq.engine import Engine, Row
from dq.record import Outcome
from dq.sql import Query
from tests.oracle.sealing import Small, Table, make_small
from tests.oracle.seeds import seeded

pytestmark = pytest.mark.slow  # many whole runs

Stores = dict[str, dict[str, Table]]
VOUCHERS: Place = ("target", "vouchers")
MANY = range(10, 60)
BROKEN: dict[Place, Rows] = {
    ("source", "coupons"): rows_of(("source", "coupons"), *((number, f"M{number}", 2, 1, number, 0) for number in MANY)),
    VOUCHERS: rows_of(
        VOUCHERS,
        moved(101, "A1", 11, 99),
        moved(901, "N1", 91, 500),
        moved(555, "X1", 11, 1),
        *(moved(100 + number, f"M{number}", 12, number * (100 if number % 7 == 0 else 1)) for number in MANY if number % 9),
        without=(101, 901),
    ),
    ("crosswalk", "coupons"): rows_of(("crosswalk", "coupons"), *((number, 100 + number) for number in MANY)),
}


def as_they_are(stores: Stores) -> Stores:
    return stores


def rows_shuffled(stores: Stores) -> Stores:
    rng = seeded(11)
    return {side: {name: Table(table.columns, rng.sample(table.rows, len(table.rows))) for name, table in store.items()} for side, store in stores.items()}


def columns_turned_round(stores: Stores) -> Stores:
    def turned(table: Table) -> Table:
        return Table(dict(reversed(table.columns.items())), [tuple(reversed(row)) for row in table.rows])

    return {side: {name: turned(table) for name, table in reversed(store.items())} for side, store in stores.items()}


def report(folder: Path, change: Callable[[Stores], Stores], *, threads: int) -> bytes:
    small: Small = make_small(folder, files=FILES, stores=change(stores_of(BROKEN)), batch=1)
    return (small.run(folder / "runs", batch=1, threads=threads).folder / "report.json").read_bytes()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return report(tmp_path_factory.mktemp("one"), as_they_are, threads=1)


def test_the_record_that_is_held_against_the_others_has_something_to_tell(expected: bytes) -> None:
    for word in (b'"missing"', b'"extra"', b'"changed"', b"coupons#1", b'"causes"'):
        assert word in expected


@pytest.mark.parametrize(
    ("change", "threads"),
    [(rows_shuffled, 1), (as_they_are, 2), (rows_shuffled, 4), (columns_turned_round, 1)],
    ids=["rows in another order", "two threads", "four threads", "columns and tables in another order"],
)
def test_the_bytes_of_the_record_depend_on_nothing_but_its_inputs(change: Callable[[Stores], Stores], threads: int, expected: bytes, tmp_path: Path) -> None:
    assert expected == report(tmp_path, change, threads=threads)


def test_evidence_that_was_tampered_with_is_not_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound, tampered = Engine.execute, []

    def execute(engine: Engine, query: Query) -> list[Row]:
        if query.step == "coupons: both ways agree":
            tampered.extend(sound(engine, Query("DELETE FROM evidence.\"coupons.rows\" WHERE k_0 = 'A1' RETURNING k_0")))
        return sound(engine, query)

    monkeypatch.setattr(Engine, "execute", execute)
    record = make_small(tmp_path, files=FILES, stores=stores_of(BROKEN), batch=1).run(tmp_path / "runs", batch=1).record
    assert tampered
    for kind in ("keys", "rows", "values", "attribution", "counts", "sums.points"):
        check = record.check(f"coupons.{kind}")
        assert (check.outcome, check.reason) == (Outcome.NOT_PROVEN, "the rows found and the fingerprints do not agree")
    assert record.exit_status == 3


def test_the_stores_have_every_table_that_is_turned_round() -> None:
    assert set(COLUMNS) == set(ROWS)
