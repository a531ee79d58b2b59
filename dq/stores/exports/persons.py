"""The one place that reads what persons downloaded of their data: a folder of one JSON file a person, as the account page gives it.

A file is an object: whose it is, when it was made, the account's own fields, and for each kind of thing a list of objects. Each list is a
table, on each of whose rows stands the person whose file it is; the fields are the table of persons. Nothing is guessed: numbers and nested
values stay as they are written, and types are those pinned.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from dq.errors import SnapshotError, UsageError, near_miss
from dq.stores.catalogue import TEXT, StoreColumn, StoreTable
from dq.stores.exports.files import ExportFile, find_file, inside
from dq.stores.exports.jsonlines import cell, json_cell
from dq.stores.exports.stream import Stream
from dq.stores.exports.types import hold_names, text_column
from dq.stores.seal import Origin

KIND, VERSION = "persons", "one JSON file a person"
CONSISTENCY = "files that persons downloaded one by one; the moment is the first one's"
PERSONS, PERSON, FILE = "persons", "person", "file"  # the table of files; whose a row is, on every row; a file's place in order of names
LARGEST = 128 * 1024 * 1024  # bytes of a file
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_objects = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode
Row = Mapping[str, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class PersonFile:
    """One person's file: rows by table, the table of persons first."""

    person: str
    made: datetime
    rows: Mapping[str, Sequence[Row]]


def open_persons(path: Path, *, person: str, made: str, types: Mapping[str, Mapping[str, str]]) -> Persons:
    """Open a folder of personal-data exports.

    Args:
        path: the folder.
        person: the key of a file that says whose it is.
        made: the key that says when it was made, ISO 8601 with offset.
        types: table to column to type, as pinned; what is not pinned stays text, and JSON where it is nested.

    Raises:
        UsageError: something in the folder is no such file (exit 2).
        SnapshotError: a file cannot be read, or is not what a person's file is (exit 3).
    """
    passed: list[str] = []
    files = [find_file(place, ending=".json") for place in inside(path, passed)]
    if not files:
        raise UsageError(f"{path}: no exports in it; a person's is a file <name>.json")
    return Persons(files, passed, keys=(person, made), types=types)


class Persons:
    """A folder of personal-data exports; a `Reader`."""

    canonical = False

    def __init__(self, files: Sequence[ExportFile], passed: Sequence[str], *, keys: tuple[str, str], types: Mapping[str, Mapping[str, str]]) -> None:
        """Read every file once: keys, kinds of values, persons and moments. Raises SnapshotError."""
        self._files, self._passed, self._keys = files, passed, keys
        self._counts: Counter[str] = Counter()
        there: Counter[str] = Counter()
        nested: dict[str, dict[str, bool]] = {}  # table to column to whether an object or a list stands there
        owners: dict[str, ExportFile] = {}
        moments: list[datetime] = []
        for place, file in enumerate(files, start=1):
            read = _read(file, place=place, keys=keys)
            if read.person in owners:
                raise SnapshotError(f"{file.shown}: is of the same person as {owners[read.person].shown}; leave the newer one")
            owners[read.person] = file
            moments.append(read.made)
            for name, rows in read.rows.items():
                there[name] += 1
                self._counts[name] += len(rows)
                columns = nested.setdefault(name, {PERSON: False})
                for row in rows:
                    for key, value in row.items():
                        columns[key] = columns.get(key, False) or bytes(value)[:1] in {b"[", b"{"}
        self._moment = min(moments)
        self._notes = tuple(f"{len(files) - count:,} files have no list '{name}'" for name, count in sorted(there.items()) if count < len(files))
        own = {PERSON: types.get(PERSONS, {}).get(PERSON, TEXT)}
        given = {name: {**own, **types.get(name, {}), **({FILE: "BIGINT"} if name == PERSONS else {})} for name in nested}
        self.catalogue: Sequence[StoreTable] = [_table(name, columns, given[name]) for name, columns in sorted(nested.items())]

    @property
    def origin(self) -> Origin:
        """What the files are, and the moment of the first that was made."""
        notes = [f"'{name}' was passed over" for name in self._passed]
        return Origin(KIND, VERSION, CONSISTENCY, notes=(*notes, *self._notes), moment=self._moment)

    def count(self, table: StoreTable, where: str = "") -> int:
        """Return how many rows the first reading found."""
        if where:
            raise UsageError(f"table '{table.name}': exports are taken whole, without a filter")
        return self._counts[table.name]

    def rows(self, table: StoreTable, columns: Sequence[StoreColumn], where: str = "") -> Stream:
        """Return the rows of a table as CSV, in these columns; the files are read again."""
        self.count(table, where)
        return Stream(self._chunks(table.name, columns))

    def close(self) -> None:
        """Nothing is held open."""

    def _chunks(self, table: str, columns: Sequence[StoreColumn]) -> Generator[bytes, None, None]:
        cells = [(column.name, json_cell if column.type == "JSON" else cell) for column in columns]
        for place, file in enumerate(self._files, start=1):
            rows = _read(file, place=place, keys=self._keys).rows.get(table, ())
            yield b"".join(b",".join([write(row.get(name)) for name, write in cells]) + b"\n" for row in rows)


def _table(name: str, nested: Mapping[str, bool], pinned: Mapping[str, str]) -> StoreTable:
    """Return a table of the catalogue; a list that is empty in every file has the columns that are pinned."""
    if len(nested) == 1:
        nested = {**nested, **dict.fromkeys(pinned, False)}
    hold_names(nested, pinned, place=f"table '{name}'")
    columns = [text_column(key, "json", pinned, otherwise="JSON" if is_nested else TEXT) for key, is_nested in nested.items()]
    return StoreTable(name, tuple(columns), primary_key=(PERSON,) if name == PERSONS else ())


def _read(file: ExportFile, *, place: int, keys: tuple[str, str]) -> PersonFile:
    """Decode a file as far as its values. Raises SnapshotError, which names the file and never what stands in it."""
    text = _text(file)
    _hold_once(file, text)
    try:
        fields = _object(text)
        lists = {name: _objects(value) for name, value in fields.items() if bytes(value)[:1] == b"["}
    except msgspec.ValidationError:
        named = next((name for name, value in _object(text).items() if bytes(value)[:1] == b"["), "") if text.lstrip()[:1] == b"{" else ""
        raise SnapshotError(f"{file.shown}: an entry of a list such as '{named}' is no object" if named else f"{file.shown}: is no object") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise SnapshotError(f"{file.shown}: is no JSON: {str(error).removeprefix('JSON is malformed: ')}") from None
    person, made = keys
    for key in keys:
        if key not in fields:
            raise SnapshotError(f"{file.shown}: has no key '{key}'{near_miss(key, fields)}")
    own = {name: value for name, value in fields.items() if name not in lists}
    for name in (PERSON, FILE):
        if name in own and name != person:
            raise SnapshotError(f"{file.shown}: has a key '{name}', which is a word of the snapshot's own")
    if PERSONS in lists:
        raise SnapshotError(f"{file.shown}: has a list '{PERSONS}', which is a word of the snapshot's own")
    owner = {PERSON: fields[person]}
    rows: dict[str, Sequence[Row]] = {PERSONS: [{**own, **owner, FILE: msgspec.Raw(str(place).encode())}]}
    for name, found in lists.items():
        if any(PERSON in row for row in found):
            raise SnapshotError(f"{file.shown}: an entry of '{name}' has a key '{PERSON}', which is a word of the snapshot's own")
        rows[name] = [{**row, **owner} for row in found]
    return PersonFile(_scalar(file, fields[person], person), _moment(file, fields[made], made), rows)


def _text(file: ExportFile) -> bytes:
    """Return a file's text. Raises SnapshotError where it is none, or too large."""
    parts, size = [], 0
    for chunk in file.text():
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST:
            raise SnapshotError(f"{file.shown}: is larger than {LARGEST >> 20} MB")
    text = b"".join(parts)
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise SnapshotError(f"{file.shown}: is not UTF-8 at byte {error.start:,}") from None
    if not text.strip():
        raise SnapshotError(f"{file.shown}: is empty")
    return text


def _hold_once(file: ExportFile, text: bytes) -> None:
    """Hold that it is JSON, and that no key stands twice, at any depth; parsed apart from what reads the values. Raises SnapshotError."""
    twice: list[str] = []

    def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
        names = Counter(name for name, _ in found)
        twice.extend(name for name, count in names.items() if count > 1)
        return dict(found)

    def refuse(word: str) -> object:
        raise json.JSONDecodeError(f"{word} is no number", "", 0)

    try:
        json.loads(text, object_pairs_hook=pairs, parse_float=str, parse_int=str, parse_constant=refuse)
    except json.JSONDecodeError as error:
        at = f" (line {error.lineno:,}, column {error.colno:,})" if error.doc else ""
        raise SnapshotError(f"{file.shown}: is no JSON: {error.msg.lower()}{at}") from None
    except RecursionError:
        raise SnapshotError(f"{file.shown}: is nested too deeply") from None
    if twice:
        raise SnapshotError(f"{file.shown}: the key '{twice[0]}' stands there twice")


def _scalar(file: ExportFile, value: msgspec.Raw, key: str) -> str:
    """Return the text of a value that has to be a text or a number."""
    found = json.loads(bytes(value), parse_float=str, parse_int=str)
    if not isinstance(found, str) or not found:
        raise SnapshotError(f"{file.shown}: '{key}' is neither a text nor a number")
    return found


def _moment(file: ExportFile, value: msgspec.Raw, key: str) -> datetime:
    try:
        found = datetime.fromisoformat(_scalar(file, value, key))
    except ValueError:
        raise SnapshotError(f"{file.shown}: '{key}' is no moment in ISO 8601, e.g. 2024-11-05T20:30:00+00:00") from None
    if found.tzinfo is None:
        raise SnapshotError(f"{file.shown}: '{key}' has no offset, e.g. 2024-11-05T20:30:00+00:00")
    return found
