"""CSV as RFC 4180 has it: every value as it is written, every bad line named and nothing of it told, types given and never guessed."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dq.errors import SnapshotError
from dq.stores.exports import records
from dq.stores.exports.folder import open_folder
from dq.stores.live import Choice
from tests.stores.exports_sealing import sealed, write

pytestmark = pytest.mark.slow  # seconds together

SECRET = "s3cret-value"  # noqa: S105 - stands in bad lines, and in no message
READ = {  # a file, and its rows
    "CRLF": ("a,b\r\n1,2\r\n", [("1", "2")]),
    "line ends of both kinds": ("a,b\r\n1,2\n", [("1", "2")]),
    "byte order mark": ("\ufeffa,b\n1,2\n", [("1", "2")]),
    "byte order mark before a quote": ('\ufeff"a","b"\n1,2\n', [("1", "2")]),
    "a value that begins with one": ("a,b\n\ufeff1,2\n", [("\ufeff1", "2")]),
    "quotes": ('a,b\n"say ""hi""",","\n"""",""""""\n', [('say "hi"', ","), ('"', '""')]),
    "line ends in fields": ('a,b\n"1\n2","3\r\n4"\n"\r","\n"\n', [("1\n2", "3\r\n4"), ("\r", "\n")]),
    "NULL and nothing": ('a,b\n,""\n"",\n', [(None, ""), ("", None)]),
    "words for NULL": ("a,b\nNULL,\\N\nnull,NA\n", [("NULL", "\\N"), ("null", "NA")]),
    "spaces": ("a,b\n 1 ,\t2\n", [(" 1 ", "\t2")]),
    "one column with empty lines": ('a\n1\n\n""\n', [("1",), (None,), ("",)]),
    "no last line end": ("a,b\n1,2", [("1", "2")]),
    "header only": ("a,b\n", []),
    "header only, no line end": ("a,b", []),
    "16 digits and more": ("a,b\n1234567890123456,0.1234567890123456789\n", [("1234567890123456", "0.1234567890123456789")]),
    "signs": ("a,b\ne\u0301,👩‍👩‍👧\n", [("e\u0301", "👩‍👩‍👧")]),
}
HOSTILE_NAMES = 'a,"b,""c""","d\ne",ä,select\n1,2,3,4,5\n'
REFUSED = {  # a file, and what is said of it
    "too few fields": (f"a,b\n1,2\n{SECRET}\n", "line 3: 1 fields, the header has 2"),
    "too many fields": (f"a,b\n1,{SECRET},3\n", "line 2: 3 fields, the header has 2"),
    "too many and too few": (f"a,b\n1,2\n1\n{SECRET},2,3\n", "line 3: 1 fields, the header has 2"),
    "an empty line": ("a,b\n1,2\n\n3,4\n", "line 3: is empty"),
    "a quote that never closes": (f'a,b\n1,2\n"{SECRET},2\n3,4\n', "line 3: a quote that never closes"),
    "a quote that closes later": (f'a,b\n1,"{SECRET}\n3,"4"\n', "line 2: text after a closing quote"),
    "text after a quote": (f'a,b\n1,2\n"{SECRET}"x,2\n', "line 3: text after a closing quote"),
    "a space after a quote": ('a,b\n"1" ,2\n', "line 2: text after a closing quote"),
    "a space before a quote": ('a,b\n1, "2"\n', "line 2: a quote inside a field that does not begin with one"),
    "a quote inside": ('a,b\n1,5" pipe\n', "line 2: a quote inside a field that does not begin with one"),
    "a backslash before a quote": ('a,b\n1,"5\\" pipe"\n', "line 2: text after a closing quote"),
    "after a field of two lines": ('a,b\n"1\n2",3\n4\n', "line 4: 1 fields, the header has 2"),
    "carriage returns alone": (f"a,b\n1,{SECRET}\r3,4\n", "line 2: a carriage return that ends no line"),
    "not UTF-8": (b"a,b\n1,2\n3,caf\xe9 " + SECRET.encode() + b"\n", "line 3: is not UTF-8"),
    "a surrogate": (b"a,b\n1,\xed\xa0\x80\n", "line 2: is not UTF-8"),
    "NUL": (f"a,b\n1,{SECRET}\0\n", "line 2: holds a NUL byte"),
    "NUL in quotes": ('a,b\n1,2\n1,"\n\0"\n', "line 4: holds a NUL byte"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "line 1: is UTF-16; UTF-8 is what can be read"),
    "nothing": ("", "t.csv: is empty"),
    "a byte order mark only": ("\ufeff", "t.csv: is empty"),
    "semicolons": ("a;b\n1;2\n", "line 1: looks separated by ';'; a comma is what can be read"),
    "tabs": ("a\tb\n1\t2\n", "line 1: looks separated by tabs"),
    "a column twice": ("a,b,a\n1,2,3\n", "line 1: columns 1 and 3 have the same name"),
    "a column without name": ("a,,b\n1,2,3\n", "line 1: column 2 has no name"),
    "a header with an open quote": ('a,"b\n1,2\n', "line 1: a quote that never closes"),
}
WRONG_HEADERS = {
    "a near miss": ("order_id,totl\n1,2\n", "t.csv: line 1: no column 'total', which is pinned; did you mean 'totl'?"),
    "another case": ("order_id,TOTAL\n1,2\n", "t.csv: line 1: no column 'total', which is pinned; did you mean 'TOTAL'?"),
    "no header": (f"1,{SECRET}\n", "t.csv: line 1: no column that is pinned, as 'order_id'; are the columns' names missing?"),
}
PINNED = {"t": {"order_id": "BIGINT", "total": "DECIMAL(18,2)"}}
NOT_EXACT = {  # type, and texts that are no value of it, exactly as they are written
    "BIGINT": ["007", "1e3", "+1", " 1", "1.0", "9223372036854775808", "1_000", "", "\\N"],
    "UBIGINT": ["-1", "18446744073709551616"],
    "DECIMAL(18,2)": ["1.235", "1e3", ".5", "1.", "01.00", "99999999999999999.00", "1,5", "NaN"],
    "BOOLEAN": ["1", "0", "yes", "TRUE"],
    "DATE": ["2024-02-30", "2024-1-5", "05.01.2024", "2024-01-05 00:00:00", "0000-00-00", "infinity"],
    "TIME": ["25:00:00", "1:2:3", "10:00", "10:00:00.1234567", "10:00:00+07"],
    "TIMESTAMP": ["2024-01-05", "2024-01-05 10:00:00+07", "2024-01-05T10:00:00Z", "2024-01-05 10:00:00.1234567", "2024-02-30 10:00:00"],
    "TIMESTAMP WITH TIME ZONE": ["2024-01-05 10:00:00", "2024-01-05 10:00:00 Asia/Jakarta"],
    "DOUBLE": ["9007199254740993", "1e400", "1e-400", "007", "0.1000000000000000055"],
    "FLOAT": ["16777217"],
    "BLOB": ["\\x41", "4"],
    "INTEGER[]": ["[1.6]"],
    "INTERVAL": ["1.5 months"],
}
EXACT = {
    "BIGINT": ["9223372036854775807", "-9223372036854775808", "0"],
    "DECIMAL(18,2)": ["0.10", "1.5", "-7", "9999999999999999.99"],
    "BOOLEAN": ["true", "f"],
    "DATE": ["2024-02-29"],
    "TIME": ["23:59:59.999999"],
    "TIMESTAMP": ["2024-01-05 10:00:00", "2024-01-05T10:00:00.123456"],
    "TIMESTAMP WITH TIME ZONE": ["2024-01-05 10:00:00+07", "2024-01-05T10:00:00Z"],
    "DOUBLE": ["0.1", "1E+3", "-0.30000000000000004", "1e-300"],
    "UUID": ["00000000-0000-4000-8000-000000000000"],
}
CELLS = st.one_of(st.none(), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8), st.text('a,"\r\n\\N\ufeff ', max_size=6))


@pytest.mark.parametrize("case", READ)
def test_values_come_as_they_are_written(folder: Path, case: str) -> None:
    content, rows = READ[case]
    assert sealed(write(folder, {"t.csv": content})).rows["t"] == rows


def test_columns_may_have_any_name(folder: Path) -> None:
    found = sealed(write(folder, {"t.csv": HOSTILE_NAMES}))
    assert list(found.types["t"]) == ["a", 'b,"c"', "d\ne", "ä", "select"]
    assert found.rows["t"] == [("1", "2", "3", "4", "5")]


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_line_is_named_and_nothing_of_it_is_told(folder: Path, case: str) -> None:
    content, message = REFUSED[case]
    with pytest.raises(SnapshotError) as caught:
        sealed(write(folder, {"t.csv": content}))
    assert message in str(caught.value)
    assert str(caught.value).startswith("t.csv")
    assert SECRET not in str(caught.value)
    assert not folder.with_suffix(".duckdb").exists()


def test_a_bad_line_is_found_far_down(folder: Path) -> None:
    rows = ['1,"two\nlines"\n'] * 200_000
    rows[150_000] = "1,2,3\n"
    with pytest.raises(SnapshotError, match="line 300,002: 3 fields, the header has 2"):
        sealed(write(folder, {"t.csv": "a,b\n" + "".join(rows)}))


def test_a_quote_that_never_closes_does_not_fill_the_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LARGEST", 1 << 20)
    with pytest.raises(SnapshotError, match="line 2: a quote that never closes, or a record larger than 1 MB"):
        sealed(write(folder, {"t.csv": 'a,b\n1,"' + "2\n" * 4_000_000}))


@pytest.mark.parametrize("needed", [["a", "b"], ["b"]])
def test_a_record_may_be_larger_than_what_is_parsed_at_a_time(folder: Path, needed: list[str]) -> None:
    large = "x,\n" * 4_000_000
    found = sealed(write(folder, {"t.csv": f'a,b\n1,"{large}"\n2,3\n'}), choice=Choice(needed=lambda _: {"t": needed}))
    assert [row[-1] for row in found.rows["t"]] == [large, "3"]


@pytest.mark.parametrize("case", WRONG_HEADERS)
def test_a_header_unlike_the_pinned_one_is_refused(folder: Path, case: str) -> None:
    content, message = WRONG_HEADERS[case]
    with pytest.raises(SnapshotError) as caught:
        open_folder(write(folder, {"t.csv": content}), types=PINNED)
    assert str(caught.value) == message


def test_a_column_that_is_not_pinned_is_taken_as_text(folder: Path) -> None:
    found = sealed(write(folder, {"t.csv": "more,total,order_id\n007,0.10,1\n"}), PINNED)
    assert found.types["t"] == {"more": "VARCHAR", "total": "DECIMAL(18,2)", "order_id": "BIGINT"}


@pytest.mark.parametrize(("type_", "text"), [(type_, text) for type_, texts in NOT_EXACT.items() for text in texts])
def test_a_text_that_is_no_value_of_the_pinned_type_stays_text(folder: Path, type_: str, text: str) -> None:
    found = sealed(write(folder, {"t.csv": f'a,b\n"{text}",1\n'}), {"t": {"a": type_, "b": "BIGINT"}})
    assert found.types["t"] == {"a": "VARCHAR", "b": "BIGINT"}
    assert found.rows["t"] == [(text, 1)]


@pytest.mark.parametrize("type_", EXACT)
def test_a_text_that_is_a_value_of_the_pinned_type_becomes_it(folder: Path, type_: str) -> None:
    found = sealed(write(folder, {"t.csv": "a\n" + "\n".join(EXACT[type_]) + "\n"}), {"t": {"a": type_}})
    assert found.types["t"] == {"a": type_}


def test_what_is_kept_as_text_is_told_without_its_values(folder: Path) -> None:
    manifest = sealed(write(folder, {"t.csv": f"a\n1\n{SECRET}\n007\n"}), {"t": {"a": "BIGINT"}}).manifest
    assert manifest.notes == ("column 't.a' is kept as text: 2 values are no BIGINT",)


def test_marks_that_some_stores_write_for_null_are_counted(folder: Path) -> None:
    notes = sealed(write(folder, {"t.csv": 'a,b\n\\N,"\\N"\n1,\\N\r\n\\Nx,x\\N\n2,\\N'})).manifest.notes
    assert notes == (
        "table 't': 3 values are \\N without quotes, which some stores write for NULL; they are kept as this text",
        "t.csv: the last line has no line end; whether something is missing there cannot be seen",
    )


@settings(deadline=None, max_examples=40, derandomize=True)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5), ends=st.sampled_from(["\n", "\r\n"]), swapped=st.booleans())
@example(rows=[["\ufeff", None], ["", "\r"]], ends="\r\n", swapped=True)
def test_whatever_text_is_written_comes_back(rows: list[list[str | None]], ends: str, swapped: bool) -> None:  # noqa: FBT001
    out = io.StringIO()
    out.write(f"a,b{ends}")
    for row in rows:
        cells = ["" if cell is None else '"' + cell.replace('"', '""') + '"' if not cell.isalnum() else cell for cell in row]
        out.write(",".join(cells) + ends)
    with TemporaryDirectory() as made:
        folder = Path(made) / "exports"
        write(folder, {"t.csv": out.getvalue(), **({"t2/1.csv": "b,a\n", "t2/2.csv": out.getvalue()} if swapped else {})})
        found = sealed(folder).rows
    assert found["t"] == [tuple(row) for row in rows]
    assert not swapped or found["t2"] == [tuple(reversed(row)) for row in rows]


@settings(deadline=None, max_examples=40, derandomize=True)
@given(rows=st.lists(st.lists(CELLS.filter(lambda cell: cell is not None), min_size=2, max_size=2), min_size=1, max_size=5))
def test_whatever_pythons_own_writer_writes_comes_back(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    with TemporaryDirectory() as made:
        assert sealed(write(Path(made) / "exports", {"t.csv": out.getvalue()})).rows["t"] == [tuple(row) for row in rows]


def test_the_check_of_pieces_and_the_walk_through_fields_agree() -> None:
    draw, agreed = random.Random(20241105), 0  # noqa: S311 - a seed
    for _ in range(30_000):
        piece = "".join(draw.choices(["a", ",", '"', "\n", "\r\n", "\r"], [6, 4, 4, 4, 1, 1], k=draw.randint(1, 14))).encode()
        start, counted = 0, 0
        while start < len(piece):
            found, start, wrong = records.read_record(piece, start)
            if wrong or len(found) != 2:
                counted = 0
                break
            counted += 1
        assert records._count(piece, records.fold(piece), 2) == counted, piece
        agreed += bool(counted)
    assert agreed > 100
