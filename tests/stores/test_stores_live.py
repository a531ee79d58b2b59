"""What is taken of a store, and that a store which loses a row, changes its tables or breaks off leaves no snapshot."""

from __future__ import annotations

import io
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from dq import interrupts
from dq.errors import DqError, SnapshotError, UsageError
from dq.stores.catalogue import StoreColumn, StoreTable
from dq.stores.live import ATTEMPTS, Choice, Pace, StoreChanged, choose, seal_store
from dq.stores.manifest import Manifest, manifest_path
from dq.stores.seal import Label, Origin

MOMENT = datetime(2024, 11, 5, 20, tzinfo=UTC)
LABEL = Label("small", "source", "old", None, None, None)
COLUMNS = (StoreColumn("a", "int8", "BIGINT", "a"), StoreColumn("b", "text", "VARCHAR", "b"), StoreColumn("c", "date", "DATE", "c"))
TABLE = StoreTable("t", COLUMNS, primary_key=("a",))
OTHER = StoreTable("u", COLUMNS)
VIEW = StoreTable("v", COLUMNS, kind="view")


@dataclass
class Fake:
    """A store of two tables with two rows each, and a view."""

    counts: int = 2
    changes: list[bool] = field(default_factory=list)  # whether reading finds the tables changed, time after time
    catalogue: Sequence[StoreTable] = (TABLE, OTHER, VIEW)
    origin: Origin = field(default_factory=lambda: Origin("fake", "1", "one moment", "7", moment=MOMENT))
    canonical: bool = True
    closed: int = 0
    wheres: list[str] = field(default_factory=list)

    def count(self, _: StoreTable, where: str = "") -> int:
        """Return what it claims."""
        self.wheres.append(where)
        return self.counts

    def rows(self, _: StoreTable, columns: Sequence[StoreColumn], where: str = "") -> io.BytesIO:
        """Return two rows, or find the tables changed."""
        self.wheres.append(where)
        if self.changes and self.changes.pop(0):
            raise StoreChanged("table 't' was changed")
        row = {"a": "{}", "b": '"x"', "c": "2024-11-05"}
        return io.BytesIO("".join(",".join(row[column.name].format(number) for column in columns) + "\n" for number in range(2)).encode())

    def close(self) -> None:
        """Count how often it was left."""
        self.closed += 1


def _seal(fake: Fake, target: Path, **options: object) -> Manifest:
    return seal_store(lambda: fake, target, label=LABEL, threads=1, **options)  # type: ignore[arg-type]


def test_everything_is_taken_and_views_are_named(tmp_path: Path) -> None:
    fake = Fake()
    manifest = _seal(fake, tmp_path / "s.duckdb")
    assert {name: table.rows for name, table in manifest.taken.items()} == {"t": 2, "u": 2}
    assert (manifest.kind, manifest.watermark, manifest.moment, fake.closed) == ("fake", "7", MOMENT.isoformat(), 1)
    assert manifest.notes == ("view 'v' was not taken",)
    assert manifest.left == {}


def test_only_what_is_needed_is_taken_and_the_rest_stands_in_the_manifest(tmp_path: Path) -> None:
    manifest = _seal(Fake(), tmp_path / "s.duckdb", choice=Choice(needed=lambda _: {"t": {"b"}}))
    assert manifest.taken["t"].types() == {"a": "BIGINT", "b": "VARCHAR"}  # its key, too
    assert manifest.left == {"t": {"c": "DATE"}, "u": {"a": "BIGINT", "b": "VARCHAR", "c": "DATE"}}


def test_a_table_that_is_needed_and_not_there_is_refused_unless_others_are_named(tmp_path: Path) -> None:
    needed = lambda _: {"t": {"a"}, "tt": set()}  # noqa: E731
    with pytest.raises(UsageError, match=r"^the store has no table 'tt', which the contract reads; known: t, u, v$|did you mean 't'"):
        _seal(Fake(), tmp_path / "s.duckdb", choice=Choice(needed=needed))
    with pytest.raises(UsageError, match=r"^'v', which the contract reads, is a view"):
        _seal(Fake(), tmp_path / "s.duckdb", choice=Choice(needed=lambda _: {"t": {"a"}, "v": {"a"}}))
    assert not list(tmp_path.iterdir())
    assert set(_seal(Fake(), tmp_path / "s.duckdb", choice=Choice(("t",), needed)).taken) == {"t"}


def test_a_condition_goes_to_the_store(tmp_path: Path) -> None:
    fake = Fake()
    _seal(fake, tmp_path / "s.duckdb", choice=Choice(tables=("t",), where=lambda table: f"{table.name}.a > 0"))
    assert fake.wheres == ["t.a > 0", "t.a > 0"]


def test_a_store_that_counts_other_rows_than_come_leaves_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="table 't': the store counted 3 rows, 2 arrived"):
        _seal(Fake(counts=3), tmp_path / "s.duckdb")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("times", range(ATTEMPTS))
def test_a_store_that_changes_its_tables_is_read_from_the_start(tmp_path: Path, times: int) -> None:
    fake = Fake(changes=[False, True] * times)
    assert _seal(fake, tmp_path / "s.duckdb").rows == 4
    assert fake.closed == times + 1


def test_a_store_that_goes_on_changing_is_given_up(tmp_path: Path) -> None:
    fake = Fake(changes=[True] * ATTEMPTS)
    with pytest.raises(StoreChanged):
        _seal(fake, tmp_path / "s.duckdb")
    assert (fake.closed, list(tmp_path.iterdir())) == (ATTEMPTS, [])


@pytest.mark.parametrize(
    ("tables", "told"),
    [(("x",), "--table: the store has no table 'x'; known: t, u, v"), (("v",), "--table: 'v' is a view, which has no moment of its own; it is not taken")],
)
def test_a_table_that_cannot_be_taken_is_refused(tables: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError) as refused:
        choose((TABLE, OTHER, VIEW), Choice(tables=tables))
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("catalogue", "told"),
    [
        ((StoreTable("T", COLUMNS), TABLE), "tables: 'T' and 't' differ only in case"),
        ((StoreTable("t", (*COLUMNS, StoreColumn("A", "int8", "BIGINT", ""))),), "columns of 't': 'a' and 'A' differ only in case"),
    ],
)
def test_names_that_differ_only_in_case_are_refused(catalogue: tuple[StoreTable, ...], told: str) -> None:
    with pytest.raises(DqError, match=told):
        choose(catalogue, Choice())


def test_a_table_of_which_no_column_is_read_is_counted_by_its_first() -> None:
    ((_, columns),) = choose((OTHER,), Choice(needed=lambda _: {"u": set()}))[0]
    assert [column.name for column in columns] == ["a"]


def test_a_column_that_no_type_holds_is_said(tmp_path: Path) -> None:
    columns = (COLUMNS[0], replace(COLUMNS[1], store_type="numeric", why="no DECIMAL holds every value of it"), COLUMNS[2])
    manifest = _seal(Fake(catalogue=[StoreTable("t", columns)]), tmp_path / "s.duckdb")
    assert manifest.notes == ("column 't.b' (numeric) is kept as text: no DECIMAL holds every value of it",)


def test_a_pace_is_kept(tmp_path: Path) -> None:
    started = monotonic()
    _seal(Fake(), tmp_path / "s.duckdb", pace=Pace(rows_per_second=10))
    assert monotonic() - started >= 0.4


def test_a_store_that_is_read_again_is_read_no_faster(tmp_path: Path) -> None:
    pace = Pace(rows_per_second=20, started=monotonic() - 60)  # a first reading took a minute
    begun = monotonic()
    _seal(Fake(changes=[True, False]), tmp_path / "s.duckdb", pace=pace)
    assert monotonic() - begun >= 4 / 20


def test_a_store_without_a_clock_needs_a_moment(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--moment"):
        _seal(Fake(origin=Origin("fake", "1", "one moment")), tmp_path / "s.duckdb")
    assert not manifest_path(tmp_path / "s.duckdb").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_signal_while_rows_come_is_no_error_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    monkeypatch.setattr(interrupts, "_received", [])

    class Ending(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                interrupts._noted(signal.SIGTERM, None)
            return super().read(1 if size == 1 else -1)

    fake = Fake()
    monkeypatch.setattr(Fake, "rows", lambda *_: Ending(b'1,"x",2024-11-05\n'))
    with pytest.raises(interrupts.Ended) as ended:
        _seal(fake, tmp_path / "s.duckdb", pace=Pace(jobs=jobs))
    assert (ended.value.exit_status, list(tmp_path.iterdir()), fake.closed) == (143, [], 1)
