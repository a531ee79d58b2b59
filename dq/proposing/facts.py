"""The one place that measures the tables of a snapshot nobody has described: rows, distinct values, unique columns, and sketches of values.

A sketch holds the hashes of a column's distinct values that lie below a bound, the lower the more values there are: two sketches, cut at
the lower bound, hold the same sample of values, so that their overlap is that of the columns. A table is read twice, whatever its size.
Source: Bar-Yossef et al., "Counting distinct elements in a data stream" (2002): the k smallest hashes; Beyer et al. (2007): their overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from dq.compare.conform import INTEGERS
from dq.compare.keys import count_keys
from dq.compare.views import snapshot
from dq.engine import Engine
from dq.sql import Query, path, quote
from dq.stores.manifest import Manifest, TableSeal

SPACE = 2**64  # of hashes
SKETCH = 1024  # hashes that are kept of a column, about
_ABOUT = 0.85  # of the rows: a sketch counts them to some in a hundred
_NEARLY = 0.97  # of the rows
_WIDEST_KEY = 3
_TRIES = 24  # of combinations that may be a key


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it was found; `distinct` is nearly right."""

    name: str
    type: str
    filled: int
    distinct: int
    sketch: frozenset[int] = frozenset()
    bound: int = SPACE  # hashes below it are in the sketch, all of them

    @property
    def kind(self) -> str:
        """How its values are compared: integer, decimal, text, wall clock, or its own type."""
        return kind_of(self.type)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was found; `keys` are the lists of columns that name each row, best first."""

    side: str
    name: str
    rows: int
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...] = ()
    declared: tuple[tuple[str, ...], ...] = ()  # of `keys`, those that the store declares

    def column(self, name: str) -> Column:
        """Return a column by name; raises KeyError."""
        return {column.name: column for column in self.columns}[name]

    @property
    def path(self) -> str:
        """The table in the engine, quoted."""
        return path(snapshot(self.side), "main", self.name)


def kind_of(type_: str) -> str:
    """Return how values of an engine's type are compared."""
    if type_ in INTEGERS:
        return "integer"
    if type_.startswith("DECIMAL"):
        return "decimal"
    return {"VARCHAR": "text", "TIMESTAMP": "clock", "TIMESTAMP WITH TIME ZONE": "instant"}.get(type_, type_)


def look_at(engine: Engine, side: str, manifest: Manifest) -> tuple[Table, ...]:
    """Return the tables of an attached snapshot, by name."""
    return tuple(_table(engine, side, seal) for name, seal in sorted(manifest.taken.items()))


def overlap(one: Column, other: Column) -> tuple[float, float]:
    """Return which share of one's distinct values the other has, and the other way round; 0 where the sketches are too small to say."""
    bound = min(one.bound, other.bound)
    ours = one.sketch if one.bound == bound else {value for value in one.sketch if value < bound}
    theirs = other.sketch if other.bound == bound else {value for value in other.sketch if value < bound}
    both = len(ours & theirs)
    return (both / len(ours) if ours else 0.0), (both / len(theirs) if theirs else 0.0)


def _table(engine: Engine, side: str, seal: TableSeal) -> Table:
    types = seal.types()
    table = Table(side, seal.name, seal.rows or 0, tuple(Column(name, type_, 0, 0) for name, type_ in types.items()))
    if not types:
        return table
    counts = ", ".join(f"count({quote(name)}), approx_count_distinct({quote(name)})" for name in types)
    found = engine.one(Query(f"SELECT {counts} FROM {table.path}", step=f"looking at {seal.name}"))
    sizes = {name: (int(found[2 * index]), int(found[2 * index + 1])) for index, name in enumerate(types)}
    sketches = _sketches(engine, table, sizes)
    columns = tuple(_column(name, type_, *sizes[name], sketches.get(name)) for name, type_ in types.items())
    table = Table(side, seal.name, table.rows, columns)
    declared = tuple(key for key in dict.fromkeys((seal.primary_key, *seal.unique)) if key and is_key(engine, table, key))
    keys = tuple(dict.fromkeys((*declared, *_found_keys(engine, table, declared))))
    return Table(side, seal.name, table.rows, columns, keys, declared)


def _column(name: str, type_: str, filled: int, distinct: int, sketch: tuple[frozenset[int], int] | None) -> Column:
    """Return a column; a sketch counts its distinct values better than the engine's own guess does."""
    if sketch is None:
        return Column(name, type_, filled, distinct)
    values, bound = sketch
    return Column(name, type_, filled, min(filled, len(values) * SPACE // bound), values, bound)


def _sketches(engine: Engine, table: Table, sizes: Mapping[str, tuple[int, int]]) -> dict[str, tuple[frozenset[int], int]]:
    named: list[tuple[str, int, str]] = []
    for column in table.columns:
        hashed = _hashed(column)
        if hashed is not None:
            named.append((column.name, min(SPACE, SPACE * SKETCH // max(1, sizes[column.name][1])), hashed))
    if not named:
        return {}
    lists = ", ".join(f"list(DISTINCT h{index}) FILTER (h{index} < {bound})" for index, (_, bound, _) in enumerate(named))
    hashes = ", ".join(f"{hashed} AS h{index}" for index, (_, _, hashed) in enumerate(named))
    found = engine.one(Query(f"SELECT {lists} FROM (SELECT {hashes} FROM {table.path})", step=f"sketches of {table.name}"))
    return {name: (frozenset(values or ()), bound) for (name, bound, _), values in zip(named, found, strict=True)}


def _hashed(column: Column) -> str | None:
    """Return the hash of a value as an expression, NULL where there is none; None of what no key is made of."""
    name = quote(column.name)
    value = {"integer": f"CAST({name} AS HUGEINT)", "text": name, "DATE": name, "UUID": f"CAST({name} AS VARCHAR)"}.get(column.kind)
    return value and f"CASE WHEN {name} IS NOT NULL THEN hash({value}) END"


def _found_keys(engine: Engine, table: Table, declared: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield further unique columns, and unique combinations where there is no key yet."""
    known = {key[0] for key in declared if len(key) == 1}
    whole = [column for column in table.columns if column.filled == table.rows and _hashed(column) is not None]
    found = bool(declared)
    for column in whole:
        if column.name not in known and column.distinct >= _ABOUT * table.rows > 0 and is_key(engine, table, (column.name,)):
            found = True
            yield (column.name,)
    if found or not table.rows:
        return
    tries = 0
    for size in range(2, _WIDEST_KEY + 1):
        for combination in combinations(sorted(whole, key=lambda column: -column.distinct), size):
            product = 1
            for column in combination:
                product *= column.distinct
            if product < table.rows or tries == _TRIES:
                continue
            tries += 1
            names = tuple(column.name for column in table.columns if column in combination)
            if is_key(engine, table, names):
                yield names
                return


def is_key(engine: Engine, table: Table, names: Sequence[str]) -> bool:
    """Prove that columns name each row, none of them NULL; a few repeated rows are a fault that a run shall find, and no reason against the key."""
    types = {column.name: column.type for column in table.columns}
    found = count_keys(engine, table.path, [(name, types[name]) for name in names], step=f"keys of {table.name}", rows=table.rows)
    return found.holds or (table.side != "source" and found.distinct >= _NEARLY * found.rows > 0)
