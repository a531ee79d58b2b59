"""The one place that says what type a column of an export has: the pinned one, text where nothing is pinned, or Parquet's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from dq.errors import SnapshotError, near_miss
from dq.stores.catalogue import TEXT, StoreColumn

# Types that a text is read as exactly or not at all; of any other the engine would round, fold or guess.
_EXACT = re.compile(
    r"BOOLEAN|BLOB|JSON|DATE|TIME|TIMESTAMP|TIMESTAMP WITH TIME ZONE|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL\(\d+,\d+\)|DOUBLE|FLOAT|UUID|ENUM\(.*\)",
    re.DOTALL,
)
_DIGITS = 38  # of the engine's DECIMAL


def text_column(name: str, store_type: str, pinned: Mapping[str, str], *, otherwise: str = TEXT) -> StoreColumn:
    """Return a column of a file of texts: types are given, never guessed from what stands there."""
    type_ = pinned.get(name, otherwise)
    if type_ == TEXT or _EXACT.fullmatch(type_):
        return StoreColumn(name, store_type, type_, "")
    return StoreColumn(name, store_type, TEXT, "", f"a text is not read as {type_} for certain")


def hold_names(names: Iterable[str], pinned: Mapping[str, str], *, place: str, why: str = "is pinned") -> None:
    """Hold that column names are there, once each, and that none is missing that has to be there.

    Raises:
        SnapshotError: with the place and the near miss.
    """
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name:
            raise SnapshotError(f"{place}: column {position} has no name")
        if "\0" in name:
            raise SnapshotError(f"{place}: the name of column {position} holds a NUL")
        if seen.setdefault(name, position) != position:
            raise SnapshotError(f"{place}: columns {seen[name]} and {position} have the same name")
    if pinned and not seen.keys() & pinned.keys():  # what stands there may be a row: it is not told
        raise SnapshotError(f"{place}: no column that {why}, as '{next(iter(pinned))}'; are the columns' names missing?")
    for name in pinned:
        if name not in seen:
            raise SnapshotError(f"{place}: no column '{name}', which {why}{near_miss(name, seen.keys() - pinned.keys())}")


def parquet_type(found: pa.DataType) -> tuple[str, pa.DataType]:  # noqa: PLR0911 - a line a kind of type
    """Return the snapshot's type of a column of Parquet, and the Arrow type that the engine reads as exactly that.

    Raises:
        TypeError: there is no such type that holds every value; says why.
    """
    types = pa.types
    if found in _PLAIN:
        return _PLAIN[found]
    if types.is_dictionary(found):
        return parquet_type(found.value_type)
    if types.is_decimal(found):
        if found.precision > _DIGITS or not 0 <= found.scale <= found.precision:
            raise TypeError(f"DECIMAL({found.precision},{found.scale}) has more digits than the {_DIGITS} that a snapshot holds exactly")
        return f"DECIMAL({found.precision},{found.scale})", pa.decimal128(found.precision, found.scale)
    if types.is_timestamp(found):
        return ("TIMESTAMP", pa.timestamp("us")) if found.tz is None else ("TIMESTAMP WITH TIME ZONE", pa.timestamp("us", found.tz))
    if types.is_time(found):
        return "TIME", pa.time64("us")
    if types.is_fixed_size_binary(found):
        return "BLOB", found
    return _nested(found)


def _nested(found: pa.DataType) -> tuple[str, pa.DataType]:
    types = pa.types
    if types.is_map(found):
        key, key_type = parquet_type(found.key_type)
        item, item_type = parquet_type(found.item_type)
        return f"MAP({key}, {item})", pa.map_(key_type, item_type)
    if types.is_fixed_size_list(found):
        inner, inner_type = parquet_type(found.value_type)
        return f"{inner}[{found.list_size}]", pa.list_(inner_type, found.list_size)
    if types.is_list(found) or types.is_large_list(found):
        inner, inner_type = parquet_type(found.value_type)
        return f"{inner}[]", (pa.list_ if types.is_list(found) else pa.large_list)(pa.field(found.value_field.name, inner_type))
    if types.is_struct(found):
        fields = [(field.name, *parquet_type(field.type)) for field in found]
        return f"STRUCT({', '.join(f'{_named(name)} {type_}' for name, type_, _ in fields)})", pa.struct([(name, inner) for name, _, inner in fields])
    raise TypeError(f"a snapshot has no type that holds {found} exactly")


def _named(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


_PLAIN: dict[pa.DataType, tuple[str, pa.DataType]] = {
    pa.bool_(): ("BOOLEAN", pa.bool_()),
    pa.int8(): ("TINYINT", pa.int8()),
    pa.int16(): ("SMALLINT", pa.int16()),
    pa.int32(): ("INTEGER", pa.int32()),
    pa.int64(): ("BIGINT", pa.int64()),
    pa.uint8(): ("UTINYINT", pa.uint8()),
    pa.uint16(): ("USMALLINT", pa.uint16()),
    pa.uint32(): ("UINTEGER", pa.uint32()),
    pa.uint64(): ("UBIGINT", pa.uint64()),
    pa.float16(): ("FLOAT", pa.float32()),
    pa.float32(): ("FLOAT", pa.float32()),
    pa.float64(): ("DOUBLE", pa.float64()),
    pa.string(): (TEXT, pa.string()),
    pa.large_string(): (TEXT, pa.large_string()),
    pa.string_view(): (TEXT, pa.string_view()),
    pa.binary(): ("BLOB", pa.binary()),
    pa.large_binary(): ("BLOB", pa.large_binary()),
    pa.date32(): ("DATE", pa.date32()),
    pa.date64(): ("DATE", pa.date32()),
    pa.null(): (TEXT, pa.string()),
    pa.uuid(): ("UUID", pa.uuid()),
    pa.json_(): ("JSON", pa.json_()),
}
