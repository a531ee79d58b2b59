"""JSON Lines: numbers and nested values exactly as they are written, every bad line named, a key that is missing told from one that stands twice."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dq.errors import SnapshotError
from dq.stores.exports import jsonlines
from dq.stores.exports.folder import open_folder
from tests.stores.exports_sealing import sealed, write

SECRET = "s3cret-value"  # noqa: S105 - stands in bad lines, and in no message
NUMBERS = ["0.10", "1" + "0" * 30, "1E400", "-0", "1e-7", "-0.0", "9007199254740993", "12345678901234567890.12345678901234567890", "7" * 5000]
READ = {  # a file, and its rows
    "NULL and nothing": ('{"a":null,"b":""}\n{"a":"","b":null}\n', [(None, ""), ("", None)]),
    "booleans": ('{"a":true,"b":false}\n', [("true", "false")]),
    "spaces": ('{"a": 1, "b": 2}\n {"a" :1,"b"\t: 2 } \r\n', [("1", "2"), ("1", "2")]),
    "escapes": (r'{"a":"\"\\\/\b\n\u00e9\ud83d\ude00","b":"\u0000"}' + "\n", [('"\\/\b\né😀', "\0")]),
    "escaped keys": (r'{"\u0061":1,"b":2}' + "\n", [("1", "2")]),
    "signs": ('{"a":"é,👩‍👩‍👧","b":"\u2028\ufeff"}\n', [("é,👩‍👩‍👧", "\u2028\ufeff")]),
    "another order": ('{"a":1,"b":2}\n{"b":4,"a":3}\n', [("1", "2"), ("3", "4")]),
    "a byte order mark, empty lines, no last line end": ('\ufeff{"a":1,"b":2}\n\n  \n{"a":3,"b":4}', [("1", "2"), ("3", "4")]),
    "words": ('{"a":"null","b":"[{"}\n{"a":null,"b":"a, null"}\n', [("null", "[{"), (None, "a, null")]),
    "signs of templates": ('{"a": "%s", "b": "%"}\n', [("%s", "%")]),
}
REFUSED = {
    "a key twice": (f'{{"a":1}}\n{{"a":1,"b":2,"a":"{SECRET}"}}\n', "line 2: the key 'a' stands there twice"),
    "a key twice, spaced": (f'{{"a": "{SECRET}", "a": 2}}\n', "line 1: the key 'a' stands there twice"),
    "a key twice, escaped": ('{"a":1,"\\u0061":2}\n', "line 1: the key 'a' stands there twice"),
    "a key twice, as long as the spaces": ('{"a":1,"a":1}\n{"a":1,"b":2}\n', "line 1: the key 'a' stands there twice"),
    "an array": ('{"a":1}\n[1]\n', "line 2: is no object"),
    "a number": ("1\n", "line 1: is no object"),
    "one array of all": ('[\n{"a":1}\n]\n', "line 1: is no object"),
    "a cut line": (f'{{"a":1}}\n{{"a":"{SECRET}', "line 2: is no JSON: it is cut off"),
    "two objects in a line": ('{"a":1}{"a":2}\n', "line 1: is no JSON"),
    "NaN": ('{"a":NaN}\n', "line 1: is no JSON"),
    "a leading zero": ('{"a":007}\n', "line 1: is no JSON"),
    "single quotes": ("{'a':1}\n", "line 1: is no JSON"),
    "half a character": ('{"a":"\\ud800"}\n', "line 1: is no JSON"),
    "not UTF-8": (b'{"a":1}\n{"a":"caf\xe9"}\n', "line 2: is not UTF-8"),
    "UTF-16": ('{"a":1}\n'.encode("utf-16"), "line 1: is UTF-16"),
    "nesting": ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}\n", "line 1: is nested too deeply"),
    "no lines": ("", "table 't': no line has a key"),
    "no keys": ("{}\n", "table 't': no line has a key"),
    "a key without name": ('{"":1}\n', "table 't': column 1 has no name"),
}
NESTED = ['{"x": [1, 0.10,1E400], "x":2}', "[ ]", '"text"', "0.10", '{"q":"\\u00e9 \\" , "}']
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize("case", READ)
def test_values_come_as_they_are_written(folder: Path, case: str) -> None:
    content, rows = READ[case]
    assert sealed(write(folder, {"t.jsonl": content})).rows["t"] == rows


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_keeps_its_digits(folder: Path, number: str) -> None:
    assert sealed(write(folder, {"t.jsonl": f'{{"a":{number}}}\n'})).rows["t"] == [(number,)]


def test_pinned_types_are_exact_or_kept_as_text(folder: Path) -> None:
    lines = '{"a":0.10,"b":1000000000000000000000000000000,"c":1.235,"d":true,"e":1e3}\n'
    types = {"a": "DECIMAL(18,2)", "b": "HUGEINT", "c": "DECIMAL(18,2)", "d": "BOOLEAN", "e": "BIGINT"}
    found = sealed(write(folder, {"t.jsonl": lines}), {"t": types})
    assert found.types["t"] == {**types, "c": "VARCHAR", "e": "VARCHAR"}
    assert [str(value) for value in found.rows["t"][0]] == ["0.10", "1" + "0" * 30, "1.235", "True", "1e3"]


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_line_is_named_and_nothing_of_it_is_told(folder: Path, case: str) -> None:
    content, message = REFUSED[case]
    with pytest.raises(SnapshotError) as caught:
        open_folder(write(folder, {"t.jsonl": content}), types={})
    assert message in str(caught.value)
    assert SECRET not in str(caught.value)


def test_nested_values_are_kept_exactly_as_they_are_written(folder: Path) -> None:
    found = sealed(write(folder, {"t.jsonl": "".join(f'{{"a":{value}}}\n' for value in [*NESTED, "null"])}))
    assert found.types["t"] == {"a": "JSON"}
    assert found.rows["t"] == [*((value,) for value in NESTED), (None,)]


def test_a_key_that_some_lines_lack_is_null_there_and_told(folder: Path) -> None:
    found = sealed(write(folder, {"t/1.jsonl": '{"a":1}\n{"a":2,"b":null}\n', "t/2.jsonl": '{"c":3,"a":3}\n'}))
    assert found.rows["t"] == [("1", None, None), ("2", None, None), ("3", None, "3")]
    assert found.manifest.notes == ("table 't': 2 lines have no key 'b'; it is NULL there", "table 't': 2 lines have no key 'c'; it is NULL there")


def test_texts_beside_other_values_are_told(folder: Path) -> None:
    notes = sealed(write(folder, {"t.jsonl": '{"a":1,"b":"1"}\n{"a":"1","b":null}\n'})).manifest.notes
    assert notes == ("column 't.a': texts and other values stand there; all are kept as text",)


def test_a_pinned_key_that_no_line_has_is_refused(folder: Path) -> None:
    with pytest.raises(SnapshotError, match=r"table 't': no column 'total', which is pinned; did you mean 'totl'\?"):
        open_folder(write(folder, {"t.jsonl": '{"id":1,"totl":2}\n'}), types={"t": {"id": "BIGINT", "total": "BIGINT"}})


def test_an_empty_file_has_the_pinned_columns(folder: Path) -> None:
    found = sealed(write(folder, {"t.jsonl": ""}), {"t": {"a": "BIGINT"}})
    assert (found.types["t"], found.rows["t"]) == ({"a": "BIGINT"}, [])


def test_many_shapes_of_lines_are_added_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "_SHAPES", 2)
    lines = "".join(json.dumps({f"k{i % 7}": 1, f"k{i % 5}": 2}) + "\n" for i in range(70))
    notes = sealed(write(folder, {"t.jsonl": lines})).manifest.notes
    assert [note for note in notes if "'k6'" in note] == ["table 't': 60 lines have no key 'k6'; it is NULL there"]


def test_a_file_of_many_blocks_keeps_all_its_lines(folder: Path) -> None:
    lines = "".join(f'{{"a":{i},"b":"{"é" * 50}"}}\n' for i in range(30_000))
    found = sealed(write(folder, {"t.jsonl": lines}), {"t": {"a": "BIGINT"}})
    assert sorted(row[0] for row in found.rows["t"]) == list(range(30_000))
    with pytest.raises(SnapshotError, match=r"line 30,001: is no JSON"):
        sealed(write(folder, {"t.jsonl": lines + "{\n"}))


@pytest.mark.slow
@settings(deadline=None, max_examples=40, derandomize=True)
@given(rows=st.lists(st.fixed_dictionaries({"a": VALUES, "b": VALUES}), min_size=1, max_size=4), ascii_only=st.booleans(), compact=st.booleans())
def test_whatever_pythons_own_writer_writes_comes_back(rows: list[dict[str, object]], ascii_only: bool, compact: bool) -> None:  # noqa: FBT001
    separators = (",", ":") if compact else None

    def written(value: object) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, separators=separators)

    with TemporaryDirectory() as made:
        found = sealed(write(Path(made) / "exports", {"t.jsonl": "".join(written(row) + "\n" for row in rows)}))
    types = found.types["t"]
    expected = [
        tuple(None if row[name] is None else row[name] if types[name] == "VARCHAR" and isinstance(row[name], str) else written(row[name]) for name in types)
        for row in rows
    ]
    assert found.rows["t"] == expected
