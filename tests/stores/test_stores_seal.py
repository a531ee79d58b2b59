"""Stores sealed and opened again: everything arrives, keys are proven, what is no base table is named, nothing is lost in silence."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from dq.engine import VERSION, Engine, open_engine
from dq.errors import DqError, SnapshotError, UsageError
from dq.sql import Query, path
from dq.stores import seal as sealing
from dq.stores.contents import discrepancies
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.manifest import Manifest, manifest_path, manifest_text, read_manifest
from dq.stores.opening import open_snapshots
from dq.stores.seal import Label, seal

pytestmark = pytest.mark.slow  # seconds together

LABEL = Label("small", "source", "old", None, None, datetime(2024, 11, 5, 20, tzinfo=UTC))
STORE = (
    "CREATE TABLE coupons (code VARCHAR PRIMARY KEY, number BIGINT UNIQUE, note VARCHAR, amount DECIMAL(18,2))",
    "INSERT INTO coupons SELECT 'C-' || i, i, if(i % 3 = 0, NULL, 'n' || i), i FROM range(1000) AS t(i)",
    "CREATE TABLE nothing (a INTEGER)",
)
TYPES = {
    "BOOLEAN": "true",
    "TINYINT": "-128",
    "BIGINT": "9007199254740993",
    "HUGEINT": "170141183460469231731687303715884105727",
    "UBIGINT": "18446744073709551615",
    "DECIMAL(38,10)": "1234567890123456789012345678.0123456789",
    "DOUBLE": "'NaN'",
    "FLOAT": "'-Infinity'",
    "VARCHAR": "'e\u0301 👩‍👩‍👧 ' || chr(0) || chr(10)",
    "BLOB": "'\\x00\\xFF'::BLOB",
    "DATE": "'infinity'",
    "TIMESTAMP": "'0044-03-15 (BC) 12:00:00.000001'",
    "TIMESTAMP WITH TIME ZONE": "'2024-11-05 20:00:00.000001+07'",
    "TIME": "'23:59:59.999999'",
    "INTERVAL": "'1 month 2 days'",
    "UUID": "'00000000-0000-4000-8000-000000000000'",
    "JSON": """'{"b": 1, "a": [90071992547409930000.01]}'""",
    "VARCHAR[]": "['a, b', NULL, '']",
    "STRUCT(x VARCHAR, y INTEGER[])": "{'x': 'a', 'y': [1, NULL]}",
    "MAP(VARCHAR, DECIMAL(18,2))": "MAP {'k': 1.50}",
    "ENUM('p', 'q')": "'q'",
}


@pytest.fixture
def store(tmp_path: Path) -> Callable[..., Path]:
    """Build an unsealed store."""

    def build(*statements: str) -> Path:
        file = tmp_path / "old.db"
        file.unlink(missing_ok=True)
        with duckdb.connect(str(file)) as connection:
            for statement in statements or STORE:
                connection.execute(statement)
        return file

    return build


def _opened(file: Path) -> tuple[Engine, Manifest]:
    """Open a snapshot as a run does, and attach it."""
    opened = open_snapshots({"source": file})["source"]
    engine = open_engine({"source": str(file)})
    opened.check_attached()
    opened.check_unchanged()
    opened.close()
    return engine, opened.manifest


def test_what_is_sealed_is_what_is_opened(store: Callable[..., Path], tmp_path: Path) -> None:
    manifest = seal_duckdb(store(), tmp_path / "s.duckdb", label=LABEL)
    engine, found = _opened(tmp_path / "s.duckdb")
    assert (found, discrepancies(engine, "source", found)) == (manifest, ())
    assert (found.rows, sorted(found.taken), found.moment) == (1000, ["coupons", "nothing"], "2024-11-05T20:00:00+00:00")
    assert (found.kind, found.consistency, found.duckdb) == ("duckdb", "one file, read-only", VERSION)
    (digest,) = engine.one(Query(f"SELECT sum(hash(c)) FROM {path('source', 'main', 'coupons')} AS c"))
    with duckdb.connect(str(tmp_path / "old.db")) as connection:
        assert connection.execute("SELECT sum(hash(c)) FROM coupons AS c").fetchone() == (digest,)


@pytest.mark.parametrize(("type_", "value"), TYPES.items(), ids=TYPES)
def test_every_type_arrives_as_it_is(store: Callable[..., Path], tmp_path: Path, type_: str, value: str) -> None:
    file = store("SET TimeZone = 'UTC'", f"CREATE TABLE t (v {type_})", f"INSERT INTO t VALUES ({value}), (NULL)")
    manifest = seal_duckdb(file, tmp_path / "s.duckdb", label=LABEL)
    assert manifest.taken["t"].types() == {"v": type_}
    with duckdb.connect() as connection:
        for name, place in (("old", file), ("sealed", tmp_path / "s.duckdb")):
            connection.execute(f"ATTACH '{place}' AS {name} (READ_ONLY)")
        rows = connection.execute("SELECT count(*) FROM (SELECT v FROM old.t) AS o JOIN (SELECT v FROM sealed.t) AS s ON o.v IS NOT DISTINCT FROM s.v")
        assert rows.fetchone() == (2,)


def test_sealing_the_same_store_again_gives_the_same_content(store: Callable[..., Path], tmp_path: Path) -> None:
    one = seal_duckdb(store(), tmp_path / "one.duckdb", label=LABEL, threads=1)
    other = seal_duckdb(store(*STORE[:1], STORE[1] + " ORDER BY hash(i)", STORE[2]), tmp_path / "other.duckdb", label=LABEL, threads=4)
    assert one.content == other.content


def test_a_snapshot_sealed_as_a_store_has_the_same_content(store: Callable[..., Path], tmp_path: Path) -> None:
    one = seal_duckdb(store("CREATE TABLE t AS SELECT i FROM range(10) AS r(i)"), tmp_path / "one.duckdb", label=LABEL)
    assert seal_duckdb(tmp_path / "one.duckdb", tmp_path / "other.duckdb", label=LABEL).content == one.content


def test_the_manifest_is_what_the_file_is(store: Callable[..., Path], tmp_path: Path) -> None:
    manifest = seal_duckdb(store(), tmp_path / "s.duckdb", label=LABEL)
    content = (tmp_path / "s.duckdb").read_bytes()
    assert (manifest.file_sha256, manifest.file_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert manifest_path(tmp_path / "s.duckdb").read_text() == manifest_text(manifest)
    assert read_manifest(tmp_path / "s.duckdb") == manifest


def test_a_manifest_with_half_a_character_is_none(store: Callable[..., Path], tmp_path: Path) -> None:
    manifest = seal_duckdb(store(), tmp_path / "s.duckdb", label=LABEL)
    note = manifest_path(tmp_path / "s.duckdb")
    note.write_text(manifest_text(manifest).replace(f'"store": "{manifest.store}"', '"store": "\\ud800"'))
    with pytest.raises(SnapshotError, match=r"s\.manifest\.json: not a manifest: .*surrogates not allowed"):
        read_manifest(tmp_path / "s.duckdb")


def test_files_are_their_owners_alone_and_nothing_else_is_left(store: Callable[..., Path], tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        seal_duckdb(store(), tmp_path / "new" / "s.duckdb", label=LABEL)
    finally:
        os.umask(old)
    modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in (tmp_path / "new").iterdir()}
    assert modes == {"s.duckdb": 0o600, "s.manifest.json": 0o600}


KEYS = {
    "a primary key": ("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER)", ("a",), (("a",),)),
    "several columns": ("CREATE TABLE t (a INTEGER, b INTEGER, PRIMARY KEY (b, a))", ("b", "a"), (("b", "a"),)),
    "a unique constraint": ("CREATE TABLE t (a INTEGER UNIQUE, b INTEGER)", (), (("a",),)),
    "both": ("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER UNIQUE)", ("a",), (("a",), ("b",))),
    "none": ("CREATE TABLE t (a INTEGER, b INTEGER)", (), ()),
}


@pytest.mark.parametrize(("create", "primary", "unique"), KEYS.values(), ids=KEYS)
def test_keys_that_the_store_declares_are_proven(
    store: Callable[..., Path], tmp_path: Path, create: str, primary: tuple[str, ...], unique: tuple[tuple[str, ...], ...]
) -> None:
    file = store(create, "INSERT INTO t SELECT i, i * 7 FROM range(100) AS r(i)")
    table = seal_duckdb(file, tmp_path / "s.duckdb", label=LABEL).taken["t"]
    assert (table.primary_key, table.unique) == (primary, unique)


def test_a_unique_column_with_null_is_no_proven_key(store: Callable[..., Path], tmp_path: Path) -> None:
    file = store("CREATE TABLE t (a INTEGER UNIQUE)", "INSERT INTO t VALUES (1), (NULL), (NULL)")
    assert seal_duckdb(file, tmp_path / "s.duckdb", label=LABEL).taken["t"].unique == ()


def test_a_key_that_does_not_hold_in_the_file_is_declared_and_not_proven(store: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store says primary key; two rows with one key arrive all the same."""
    monkeypatch.setattr("dq.stores.duckdb_file._keys", lambda _: {"t": [("a",)]})
    table = seal_duckdb(store("CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1), (1)"), tmp_path / "s.duckdb", label=LABEL).taken["t"]
    assert (table.primary_key, table.unique) == (("a",), ())


NOT_TAKEN = {
    "a view": ("CREATE VIEW rich AS SELECT code, amount FROM coupons", "view 'rich' was not taken"),
    "a view of nothing": ("CREATE VIEW v AS SELECT 1 AS one", "view 'v' was not taken"),
}


@pytest.mark.parametrize(("statement", "note"), NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_what_is_no_base_table_is_named_and_not_taken(store: Callable[..., Path], tmp_path: Path, statement: str, note: str) -> None:
    manifest = seal_duckdb(store(*STORE, statement), tmp_path / "s.duckdb", label=LABEL)
    (rest,) = [table for table in manifest.tables if not table.taken]
    assert (manifest.notes, rest.kind, rest.rows, rest.content) == ((note,), "view", None, None)
    engine, found = _opened(tmp_path / "s.duckdb")
    assert discrepancies(engine, "source", found) == ()


ELSEWHERE = {
    "a macro": ("CREATE MACRO hash(a) AS 1", "macro 'hash' was not taken"),
    "a table macro": ("CREATE MACRO rows_of(a) AS TABLE SELECT a", "macro 'rows_of' was not taken"),
    "a table of another schema": ("CREATE SCHEMA other; CREATE TABLE other.more (i INTEGER)", "table 'other.more' was not taken"),
}


@pytest.mark.parametrize(("statement", "note"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_stands_elsewhere_in_the_store_is_named_and_not_taken(store: Callable[..., Path], tmp_path: Path, statement: str, note: str) -> None:
    manifest = seal_duckdb(store(*STORE, statement), tmp_path / "s.duckdb", label=LABEL)
    assert (manifest.notes, sorted(manifest.taken)) == ((note,), ["coupons", "nothing"])
    engine, found = _opened(tmp_path / "s.duckdb")
    assert discrepancies(engine, "source", found) == ()


def test_a_column_that_the_store_computes_is_taken_as_it_is(store: Callable[..., Path], tmp_path: Path) -> None:
    file = store("CREATE TABLE t (a INTEGER, b INTEGER GENERATED ALWAYS AS (a + 1) VIRTUAL)", "INSERT INTO t VALUES (1)")
    seal_duckdb(file, tmp_path / "s.duckdb", label=LABEL)
    engine, found = _opened(tmp_path / "s.duckdb")
    assert (engine.execute(Query("SELECT * FROM source.main.t")), discrepancies(engine, "source", found)) == ([(1, 2)], ())


def test_texts_are_sealed_without_the_collation_by_which_others_are_equal_to_them(store: Callable[..., Path], tmp_path: Path) -> None:
    named = 'CREATE TABLE plain ("a COLLATE b" VARCHAR, c INTEGER)'
    file = store(named, "CREATE TABLE t (a VARCHAR COLLATE NOCASE.NOACCENT, b VARCHAR, n INTEGER)", "INSERT INTO t VALUES ('Zoë', 'x', 1), (NULL, '', NULL)")
    manifest = seal_duckdb(file, tmp_path / "s.duckdb", label=LABEL)
    engine, found = _opened(tmp_path / "s.duckdb")
    assert engine.execute(Query("SELECT * FROM source.main.t WHERE a <> 'zoe' OR a IS NULL ORDER BY n")) == [("Zoë", "x", 1), (None, "", None)]
    assert discrepancies(engine, "source", found) == ()
    assert [note for note in manifest.notes if "collation" in note] == [
        "table 't' is sealed without the collations that it declares: texts are what they are, letter by letter"
    ]


@pytest.mark.parametrize("change", ["DELETE FROM {t} WHERE code = 'C-1'", "INSERT INTO {t} SELECT 'x', -1, 'y', 1", "DELETE FROM {t}"])
def test_rows_that_are_lost_or_won_between_count_and_seal_are_noticed(
    store: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    sealed = sealing._sealed

    def losing(engine: Engine, table: sealing.Filled) -> object:
        engine.execute(Query(change.format(t=path(sealing.OUT, "main", "coupons"))))
        return sealed(engine, table)

    monkeypatch.setattr(sealing, "_sealed", losing)
    with pytest.raises(SnapshotError, match=r"table 'coupons': the store counted 1,000 rows, (999|1,001|0) arrived"):
        seal_duckdb(store(), tmp_path / "s.duckdb", label=LABEL)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["old.db"]


def test_a_snapshot_that_is_there_is_replaced_only_by_force(store: Callable[..., Path], tmp_path: Path) -> None:
    target = tmp_path / "s.duckdb"
    first = seal_duckdb(store(), target, label=LABEL)
    with pytest.raises(UsageError, match=r"s\.duckdb: is there already; --force replaces it"):
        seal_duckdb(store("CREATE TABLE t (a INTEGER)"), target, label=LABEL)
    assert read_manifest(target) == first
    second = seal_duckdb(store("CREATE TABLE t (a INTEGER)"), target, label=LABEL, force=True)
    assert (read_manifest(target), sorted(second.taken)) == (second, ["t"])


@pytest.mark.parametrize("there", ["s.manifest.json", "s.duckdb"])
def test_half_a_snapshot_is_not_overwritten_either(store: Callable[..., Path], tmp_path: Path, there: str) -> None:
    (tmp_path / there).symlink_to("nowhere")
    with pytest.raises(UsageError, match=f"{there}: is there already"):
        seal_duckdb(store(), tmp_path / "s.duckdb", label=LABEL)


def test_a_seal_that_fails_by_force_leaves_what_was_there(store: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "s.duckdb"
    first = seal_duckdb(store(), target, label=LABEL)

    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sealing, "_manifest", crash)
    with pytest.raises(ZeroDivisionError):
        seal_duckdb(store(), target, label=LABEL, force=True)
    assert read_manifest(target) == first
    open_snapshots({"source": target})["source"].close()


REFUSED: dict[str, tuple[Callable[[Path], Path], type[DqError], str]] = {
    "no file": (lambda folder: folder / "odl.db", UsageError, "no such file"),
    "a folder": (lambda folder: folder, UsageError, "no such file"),
    "no database": (lambda folder: _written(folder / "x.db", b"code,note\n" * 100), SnapshotError, "not a DuckDB file"),
    "an empty file": (lambda folder: _written(folder / "x.db", b""), SnapshotError, "not a DuckDB file"),
    "a damaged file": (lambda folder: _written(folder / "x.db", (folder / "old.db").read_bytes()[:8192]), SnapshotError, "x.db"),
}


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(("make", "error", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_store_is_refused(store: Callable[..., Path], tmp_path: Path, make: Callable[[Path], Path], error: type[DqError], told: str) -> None:
    store()
    with pytest.raises(error, match=told):
        seal_duckdb(make(tmp_path), tmp_path / "s.duckdb", label=LABEL)
    assert not list(tmp_path.glob("*s.duckdb*"))


def test_a_store_with_changes_that_are_not_in_its_file_is_refused(store: Callable[..., Path], tmp_path: Path) -> None:
    file = store()
    file.with_name("old.db.wal").write_bytes(b"\0")
    with pytest.raises(SnapshotError, match=r"old\.db\.wal stands beside it: its last changes are not in the file"):
        seal_duckdb(file, tmp_path / "s.duckdb", label=LABEL)


def test_a_store_is_not_sealed_over_itself(store: Callable[..., Path], tmp_path: Path) -> None:
    file = store().rename(tmp_path / "s.duckdb")
    with pytest.raises(UsageError, match="name another file with --to"):
        seal_duckdb(file, tmp_path / "s.duckdb", label=LABEL, force=True)


@pytest.mark.parametrize("name", ["s.db", "s", "s.duckdb.gz"])
def test_a_snapshots_name_ends_as_it_should(store: Callable[..., Path], tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"a snapshot's name ends in \.duckdb"):
        seal_duckdb(store(), tmp_path / name, label=LABEL)


def test_the_store_itself_is_not_changed(store: Callable[..., Path], tmp_path: Path) -> None:
    file = store()
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    seal_duckdb(file, tmp_path / "s.duckdb", label=LABEL)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_a_moment_without_an_offset_is_refused(store: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(DqError, match="offset"):
        seal_duckdb(store(), tmp_path / "s.duckdb", label=replace(LABEL, moment=datetime(2024, 11, 5, 20)))  # noqa: DTZ001 - that is what is refused
    assert sorted(item.name for item in tmp_path.iterdir()) == ["old.db"]


def test_a_manifest_that_cannot_be_written_seals_nothing(store: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_text

    def full(self: Path, text: str, **more: str) -> int:
        if self.name.endswith(".manifest"):
            raise OSError(28, "No space left on device")
        return write(self, text, **more)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(SnapshotError, match=r"s\.manifest\.json: cannot be written \(no space left on device\); nothing was sealed"):
        seal_duckdb(store(), tmp_path / "s.duckdb", label=LABEL)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["old.db"]


def test_a_draft_that_a_killed_call_left_is_cleared_away(store: Callable[..., Path], tmp_path: Path) -> None:
    for name in (".s.duckdb.part", ".s.duckdb.part.wal", ".s.duckdb.part.manifest", ".s.duckdb.lock"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".s.duckdb.part.spill").mkdir()
    (tmp_path / ".s.duckdb.part.spill" / "temp.block").write_bytes(b"half")
    seal_duckdb(store(), tmp_path / "s.duckdb", label=LABEL)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["old.db", "s.duckdb", "s.manifest.json"]


def test_a_table_larger_than_the_memory_is_sealed_and_its_spilled_data_goes(store: Callable[..., Path], tmp_path: Path) -> None:
    file = store("CREATE TABLE t AS SELECT range AS a FROM range(1_500_000)")
    small = seal_duckdb(file, tmp_path / "small.duckdb", label=LABEL, memory=["60MB"], threads=2)
    large = seal_duckdb(file, tmp_path / "large.duckdb", label=LABEL)
    assert small.content == large.content
    assert not list(tmp_path.glob(".*"))


def test_rows_too_large_for_the_memory_are_sealed_with_the_next(store: Callable[..., Path], tmp_path: Path) -> None:
    file = store("CREATE TABLE t AS SELECT repeat(md5(CAST(i AS VARCHAR)), 100_000) AS a FROM range(20) r(i)")
    sealed = seal_duckdb(file, tmp_path / "s.duckdb", label=LABEL, memory=["40MB", "900MB"], threads=2)
    assert sealed.content == seal_duckdb(file, tmp_path / "plain.duckdb", label=LABEL, memory=["900MB"]).content
    with pytest.raises(SnapshotError, match=r"--memory gives it more than 40MB$"):
        seal_duckdb(file, tmp_path / "small.duckdb", label=LABEL, memory=["40MB"], threads=2)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["old.db", "plain.duckdb", "plain.manifest.json", "s.duckdb", "s.manifest.json"]


def test_what_a_killed_call_spilled_goes(store: Callable[..., Path], tmp_path: Path) -> None:
    left = tmp_path / ".s.duckdb.part.spill" / "spill"
    left.mkdir(parents=True)
    (left / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"half")
    seal_duckdb(store(), tmp_path / "s.duckdb", label=LABEL)
    assert not list(tmp_path.glob(".*"))


def test_a_reader_that_names_another_type_is_found_when_opened(tmp_path: Path) -> None:
    """The manifest is written from what the reader says; opening holds it against the file."""
    target = tmp_path / "s.duckdb"

    def fill(engine: Engine, out: str) -> tuple[sealing.Origin, list[sealing.Filled], list[object]]:
        engine.execute(Query(f"CREATE TABLE {path(out, 'main', 't')} AS SELECT 1 AS a"))
        column = sealing.ColumnSeal(name="a", store_type="int8", type="BIGINT")
        return sealing.Origin("csv", "1", "one file"), [sealing.Filled("t", 1, (column,), ())], []

    seal(target, label=LABEL, attach={}, fill=fill)  # type: ignore[arg-type]
    engine, found = _opened(target)
    assert discrepancies(engine, "source", found) == ("the columns of table 't' are not those of its manifest",)
    assert json.loads(manifest_path(target).read_text())["kind"] == "csv"


def test_a_type_that_the_store_named_arrives_as_what_it_is(store: Callable[..., Path], tmp_path: Path) -> None:
    file = store(
        "CREATE TYPE mood AS ENUM ('p', 'q')",
        "CREATE TYPE price AS DECIMAL(18,2)",
        "CREATE TABLE t (a mood, b price, c mood[])",
        "INSERT INTO t VALUES ('q', 1.5, ['p'])",
    )
    seal_duckdb(file, tmp_path / "s.duckdb", label=LABEL)
    engine, found = _opened(tmp_path / "s.duckdb")
    assert discrepancies(engine, "source", found) == ()
    assert found.taken["t"].types() == {"a": "ENUM('p', 'q')", "b": "DECIMAL(18,2)", "c": "ENUM('p', 'q')[]"}
