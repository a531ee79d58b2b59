"""One JSON file a person: a list is a table, numbers stay exact, types are those pinned, and every file that is none is named in one line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dq.errors import DqError, SnapshotError, UsageError
from dq.stores.exports.persons import open_persons
from dq.stores.live import seal_store
from dq.stores.seal import Label
from tests.stores.exports_sealing import Sealed, Types, read_back, write

LABEL = Label("small", "export", "page", None, 1, None)
SECRET = "s3cret-value"  # noqa: S105 - stands in bad files, and in no message
ANNA = '{"id": 7, "made": "2024-11-05T20:00:00+07:00", "name": "Anna 🌺", "orders": [{"no": "A1", "total": 12.50}, {"no": "A2", "total": 9007199254740993.10}]}'
BELA = '{"orders": [], "made": "2024-11-05T12:30:00+00:00", "id": 8, "name": ""}'
TYPES: Types = {
    "persons": {"person": "BIGINT", "name": "VARCHAR"},
    "orders": {"no": "VARCHAR", "total": "DECIMAL(18,2)"},
}


def sealed(folder: Path, files: Mapping[str, bytes | str], types: Types = TYPES) -> Sealed:
    """Write files and seal their folder."""
    write(folder, files)
    target = folder.parent / "export.duckdb"
    return read_back(target, seal_store(lambda: open_persons(folder, person="id", made="made", types=types), target, label=LABEL, force=True))


def refusal(folder: Path, files: Mapping[str, bytes | str]) -> DqError:
    """Return why files are refused."""
    with pytest.raises(DqError) as caught:
        sealed(folder, files)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_list_is_a_table_and_the_person_stands_on_every_row(folder: Path) -> None:
    found = sealed(folder, {"anna.json": ANNA, "bela.json": BELA})
    assert {tuple(sorted(row, key=str)) for row in found.rows["orders"]} == {
        tuple(sorted(row, key=str)) for row in [(7, "A1", Decimal("12.50")), (7, "A2", Decimal("9007199254740993.10"))]
    }
    assert found.types["orders"] == {"person": "BIGINT", "no": "VARCHAR", "total": "DECIMAL(18,2)"}
    names = list(found.types["persons"])
    assert [dict(zip(names, row, strict=True)) for row in sorted(found.rows["persons"], key=str)] == [
        {"person": 7, "id": "7", "made": "2024-11-05T20:00:00+07:00", "name": "Anna 🌺", "file": 1},
        {"person": 8, "id": "8", "made": "2024-11-05T12:30:00+00:00", "name": "", "file": 2},
    ]


def test_the_moment_is_that_of_the_first_file_that_was_made(folder: Path) -> None:
    manifest = sealed(folder, {"anna.json": ANNA, "bela.json": BELA}).manifest
    assert manifest.taken_at == datetime(2024, 11, 5, 12, 30, tzinfo=UTC)
    assert (manifest.kind, manifest.side, manifest.batch) == ("persons", "export", 1)


def test_the_order_of_keys_entries_and_the_names_of_files_are_nothing(folder: Path, tmp_path: Path) -> None:
    one = sealed(folder, {"anna.json": ANNA, "bela.json": BELA}).manifest.content
    other = tmp_path / "others"
    orders = '[{"total":9007199254740993.10,"no":"A2"},\n\n{"total":12.50,"no":"A1"}]'
    turned = f'{{"orders":{orders},"name":"Anna \\ud83c\\udf3a","made":"2024-11-05T20:00:00+07:00","id":7}}'
    assert sealed(other, {"1.json": turned, "2.json": BELA}).manifest.content == one


def test_what_is_nested_is_json_as_it_is_written(folder: Path) -> None:
    content = '{"id": 7, "made": "2024-11-05T20:00:00Z", "address": {"zip": 1.10, "lines": [1e2]}, "orders": [{"tags": ["a",  1.0]}]}'
    found = sealed(folder, {"a.json": content}, {})
    assert found.types["orders"]["tags"] == found.types["persons"]["address"] == "JSON"
    assert ("7", '["a",  1.0]') in found.rows["orders"]
    assert '{"zip": 1.10, "lines": [1e2]}' in found.rows["persons"][0]


def test_types_are_given_and_a_value_that_does_not_fit_keeps_its_column_as_text(folder: Path) -> None:
    types = {**TYPES, "orders": {"day": "DATE", "at": "TIMESTAMP WITH TIME ZONE", "flag": "BOOLEAN", "big": "BIGINT"}}
    row = '{"day": "2024-01-31", "at": "2024-01-31T07:00:00+07:00", "flag": true, "big": 9223372036854775807}'
    fine = f'{{"id": 7, "made": "2024-11-05T20:00:00Z", "name": "", "orders": [{row}]}}'
    found = sealed(folder, {"a.json": fine}, types)
    assert set(found.rows["orders"][0]) == {7, date(2024, 1, 31), datetime(2024, 1, 31, tzinfo=UTC), True, 9223372036854775807}
    bad = fine.replace("T07:00:00+07:00", "T07:00:00").replace("9223372036854775807", "1e3")
    assert {name: sealed(folder, {"a.json": bad}, types).types["orders"][name] for name in ("at", "big", "day")} == {
        "at": "VARCHAR",
        "big": "VARCHAR",
        "day": "DATE",
    }


def test_a_list_that_nobody_has_entries_of_has_the_pinned_columns(folder: Path) -> None:
    found = sealed(folder, {"bela.json": BELA})
    assert found.rows["orders"] == []
    assert found.types["orders"] == {"person": "BIGINT", "no": "VARCHAR", "total": "DECIMAL(18,2)"}


def test_a_list_that_is_not_in_every_file_is_noted(folder: Path) -> None:
    without = '{"id": 9, "made": "2024-11-05T20:00:00Z", "name": "C"}'
    assert "1 files have no list 'orders'" in sealed(folder, {"anna.json": ANNA, "c.json": without}).manifest.notes


REFUSED: dict[str, tuple[Mapping[str, bytes | str], type[DqError], str]] = {
    "a key twice": ({"a.json": ANNA.replace('"name"', f'"name": "{SECRET}", "name"')}, SnapshotError, "a.json: the key 'name' stands there twice"),
    "a key twice, deep": ({"a.json": ANNA.replace('"no": "A1"', '"no": "A1", "no": "A1"')}, SnapshotError, "a.json: the key 'no' stands there twice"),
    "a comma too many": ({"a.json": ANNA.replace("]}", "],}")}, SnapshotError, "a.json: is no JSON"),
    "a comma too many in a list": ({"a.json": ANNA.replace("}]", "},]")}, SnapshotError, "a.json: is no JSON"),
    "two objects": ({"a.json": ANNA + BELA}, SnapshotError, "a.json: is no JSON: extra data"),
    "NaN": ({"a.json": ANNA.replace("12.50", "NaN")}, SnapshotError, "a.json: is no JSON: nan is no number"),
    "a leading zero": ({"a.json": ANNA.replace("12.50", "012.50")}, SnapshotError, "a.json: is no JSON"),
    "half a character": ({"a.json": ANNA.replace("🌺", "\\ud83c")}, SnapshotError, "a.json: is no JSON"),
    "not UTF-8": ({"a.json": ANNA.encode().replace("🌺".encode(), b"\xe9")}, SnapshotError, "a.json: is not UTF-8 at byte"),
    "UTF-16": ({"a.json": ANNA.encode("utf-16")}, SnapshotError, "a.json: line 1: is UTF-16"),
    "nothing in it": ({"a.json": " \n"}, SnapshotError, "a.json: is empty"),
    "a list": ({"a.json": f"[{ANNA}]"}, SnapshotError, "a.json: is no object"),
    "a text": ({"a.json": f'"{SECRET}"'}, SnapshotError, "a.json: is no object"),
    "an entry that is no object": (
        {"a.json": ANNA.replace("[{", f'["{SECRET}", {{')},
        SnapshotError,
        "an entry of a list such as 'orders' is no object",
    ),
    "too deep": ({"a.json": ANNA.replace("12.50", "[" * 100_000 + "]" * 100_000)}, SnapshotError, "a.json: is nested too deeply"),
    "nobody's": ({"a.json": ANNA.replace('"id"', '"ident"')}, SnapshotError, "a.json: has no key 'id'"),
    "of NULL": ({"a.json": ANNA.replace("7,", "null,", 1)}, SnapshotError, "a.json: 'id' is neither a text nor a number"),
    "of an object": ({"a.json": ANNA.replace("7,", '{"a": 7},', 1)}, SnapshotError, "a.json: 'id' is neither a text nor a number"),
    "of no moment": ({"a.json": ANNA.replace("2024-11-05T20:00:00+07:00", SECRET)}, SnapshotError, "a.json: 'made' is no moment in ISO 8601"),
    "of a moment nowhere": ({"a.json": ANNA.replace("+07:00", "")}, SnapshotError, "a.json: 'made' has no offset"),
    "two of one person": ({"a.json": ANNA, "b.json": ANNA}, SnapshotError, "b.json: is of the same person as a.json"),
    "a word of our own": ({"a.json": ANNA.replace('"name"', '"person"')}, SnapshotError, "a.json: has a key 'person', which is a word"),
    "a word of our own in a list": ({"a.json": ANNA.replace('"no"', '"person"')}, SnapshotError, "a.json: an entry of 'orders' has a key 'person'"),
    "a list of our own name": ({"a.json": ANNA.replace('"orders"', '"persons"')}, SnapshotError, "a.json: has a list 'persons'"),
    "a column that is pinned is nowhere": ({"a.json": ANNA.replace('"total"', '"sum"')}, SnapshotError, "table 'orders': no column 'total', which is pinned"),
    "no file": ({}, UsageError, "no exports in it; a person's is a file <name>.json"),
    "another kind of file": ({"a.json": ANNA, "b.csv": "a,b"}, UsageError, "b.csv: is no file <name>.json"),
    "a folder": ({"a.json": ANNA, "b/c.json": BELA}, UsageError, "b: is no file <name>.json"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_export_of_a_person_is_refused(folder: Path, name: str) -> None:
    files, kind, words = REFUSED[name]
    error = refusal(folder, files)
    assert isinstance(error, kind)
    assert words in str(error)
    assert not (folder.parent / "export.duckdb").exists()


def test_a_link_is_refused(folder: Path) -> None:
    write(folder, {"a.json": ANNA})
    (folder / "b.json").symlink_to(folder / "a.json")
    assert "b.json: is a link; put the file itself there" in str(refusal(folder, {}))


def test_a_hidden_file_is_passed_over_and_named(folder: Path) -> None:
    assert "'.DS_Store' was passed over" in sealed(folder, {"a.json": ANNA, ".DS_Store": b"\0"}).manifest.notes


def test_a_file_that_changes_while_it_is_read_is_noticed(folder: Path) -> None:
    write(folder, {"a.json": ANNA})
    reader = open_persons(folder, person="id", made="made", types=TYPES)
    (folder / "a.json").write_text(BELA)
    orders = next(table for table in reader.catalogue if table.name == "orders")
    with pytest.raises(SnapshotError, match="was changed while it was read"):
        reader.rows(orders, orders.columns).read()
