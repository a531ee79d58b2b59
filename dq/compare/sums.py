"""The one place for counts and exact sums by slice, net and gross, taken on each side alone.

They are the second opinion on the fingerprints: gross sums see errors that cancel in the net ones. Where a row costs more than reading
it, they come from the scan that takes the fingerprints anyway (`Beside`), else from scans of their own right after it, while memory still
holds what they read. A sum that could overflow has its scan later and alone, so that it disturbs nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dq.compare.conform import is_conformed
from dq.compare.evidence import SumPair
from dq.compare.slicing import slice_text
from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

_SAFE = 18  # digits; sums of that many never pass 38
_WIDENED = ("INTEGER", "BIGINT")
SIDES = ("source", "target")
Slice = tuple[str | None, ...]
Found = Mapping[Slice, Sequence[object]]  # slice to count, and net and gross of each column


@dataclass(frozen=True, slots=True)
class Beside:
    """What is added up beside the fingerprints: slicings, each a list of columns, and the columns whose sums are wanted."""

    slicings: tuple[tuple[str, ...], ...] = ()
    columns: tuple[Column, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)  # slice to the expression of its text
    together: bool = True  # in the scan of the fingerprints; else each slicing in a scan of its own

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that slices, once."""
        return tuple(dict.fromkeys(name for slicing in self.slicings for name in slicing))

    def inputs(self) -> Iterator[str]:
        """Yield what the scan reads for it, as select items."""
        yield from (f"{self.texts[name]} AS g_{index}" for index, name in enumerate(self.names))
        yield from (f"{summand(column)} AS v_{index}" for index, column in enumerate(self.columns))

    def aggregates(self) -> Iterator[str]:
        """Yield what the scan adds up, as select items."""
        yield f"grouping({', '.join(('b', *self._groups(self.names)))}) AS level" if self.slicings else f"{self.level(None)} AS level"
        yield from self._groups(self.names)
        yield from (f"{item} AS {name}" for index, _ in enumerate(self.columns) for name, item in _added(f"v_{index}", place=index).items())

    def grouping(self) -> str:
        """Return what the scan groups by: buckets, and each slicing in sets of its own."""
        sets = [f"({', '.join(self._groups(slicing))})" for slicing in self.slicings]
        return f"GROUPING SETS ({', '.join(('(b)', *sets))})" if sets else "b"

    def level(self, slicing: Sequence[str] | None) -> int:
        """Return what marks a slicing's rows; None: those of the buckets."""
        grouped = (slicing is None, *(name in (slicing or ()) for name in self.names))
        return int("".join("0" if there else "1" for there in grouped), 2)

    def _groups(self, names: Sequence[str]) -> list[str]:
        return [f"g_{self.names.index(name)}" for name in names]


def sums_beside(entity: Entity) -> Beside:
    """Return which counts and sums of an entity are taken beside its fingerprints: in scans of their own where reading the rows twice costs less."""
    slicings: dict[frozenset[str], tuple[str, ...]] = {}
    for _, _, by in entity.sum_checks():
        slicings.setdefault(frozenset(by), tuple(dict.fromkeys(by)))
    summed = sorted({column for _, column, _ in entity.sum_checks() if column is not None})
    texts = {name: slice_text(entity, name) for slicing in slicings.values() for name in slicing}
    columns = tuple(column for column in map(entity.column, summed) if _is_safe(column))
    return Beside(tuple(slicings.values()), columns, texts, together=is_conformed(entity))


def keep_sums(engine: Engine, entity: Entity, beside: Beside, *, side: str) -> None:
    """Keep a side's slices in evidence."<e>.sums" (side, level, g_0 …, n, net_0, gross_0 …), source first; what <side>_scanned has is taken from there."""
    if not beside.slicings:
        return
    kept = ", ".join(("level", *(f"g_{index}" for index, _ in enumerate(beside.names)), "n", *_names(len(beside.columns))))
    if beside.together:
        selects = [f"SELECT '{side}' AS side, {kept} FROM {side}_scanned WHERE level <> {beside.level(None)}"]
    else:
        selects = [_apart(entity, beside, slicing, side=side) for slicing in beside.slicings]
    for place, select in enumerate(selects):
        into = f"CREATE OR REPLACE TABLE {_table(entity)} AS" if side == SIDES[0] and place == 0 else f"INSERT INTO {_table(entity)}"
        engine.execute(Query(f"{into} {select}", step=f"{entity.name}: counts and sums {side}"))


def _apart(entity: Entity, beside: Beside, slicing: Sequence[str], *, side: str) -> str:
    """Return a scan of a side for one slicing, and the sums that are wanted by it."""
    wanted = {column for _, column, by in entity.sum_checks() if set(by) == set(slicing)}
    groups = [f"{beside.texts[name] if name in slicing else 'CAST(NULL AS VARCHAR)'} AS g_{index}" for index, name in enumerate(beside.names)]
    sums = [
        f"{item if column.name in wanted else 'CAST(NULL AS VARCHAR)'} AS {name}"
        for index, column in enumerate(beside.columns)
        for name, item in _added(summand(column), place=index).items()
    ]
    items = (f"'{side}' AS side", f"{beside.level(slicing)} AS level", *groups, "count(*) AS n", *sums)
    return f"SELECT {', '.join(items)} FROM {path(side, entity.name)} GROUP BY {', '.join(beside.texts[name] for name in slicing) or '()'}"


def compare_sums(engine: Engine, entity: Entity, *, by: Sequence[str], columns: Sequence[str]) -> dict[str | None, tuple[SumPair, ...]]:
    """Return the row counts (under None) and the sums of columns by slice, ordered by slice.

    Sums are exact: integers and decimals are added as HUGEINT of the smallest unit, and fail loudly past 38 digits.
    """
    beside = sums_beside(entity)
    safe = [column.name for column in beside.columns]
    kept, own = ([name for name in columns if (name in safe) is there] for there in (True, False))
    apart = _scanned(engine, entity, by=by, columns=own) if own else {}
    found = _kept(engine, entity, beside, by=by, columns=kept)
    slices = sorted({*found["source"], *found["target"]}, key=lambda slice_: tuple((value is not None, value or "") for value in slice_))
    result: dict[str | None, tuple[SumPair, ...]] = {None: tuple(_pair(slice_, found, net=0, gross=0) for slice_ in slices)}
    for names, rows in ((kept, found), (own, apart)):
        for place, name in enumerate(names):
            result[name] = tuple(_pair(slice_, rows, net=2 * place + 1, gross=2 * place + 2) for slice_ in slices)
    return result


def forget_sums(engine: Engine, entity: Entity) -> None:
    """Drop what was kept beside the fingerprints: as small as it is, it takes megabytes, which those need who have little memory."""
    engine.execute(Query(f"DROP TABLE IF EXISTS {_table(entity)}", step=f"{entity.name}: counts and sums"))


def summand(column: Column, *, alias: str | None = None) -> str:
    """Return what is added up: integers are widened first, the smallest one has no absolute value of its own type."""
    value = f"{alias}.{quote(column.name)}" if alias else quote(column.name)
    return f"CAST({value} AS HUGEINT)" if column.type.name in _WIDENED else value


def _pair(slice_: Slice, found: Mapping[str, Found], *, net: int, gross: int) -> SumPair:
    source, target = (found[side].get(slice_) for side in SIDES)
    return SumPair(
        by=slice_,
        source_net=_exact(source, net),
        target_net=_exact(target, net),
        source_gross=_exact(source, gross),
        target_gross=_exact(target, gross),
    )


def _exact(row: Sequence[object] | None, place: int) -> Decimal:
    return Decimal(str(row[place])) if row is not None else Decimal(0)


def _kept(engine: Engine, entity: Entity, beside: Beside, *, by: Sequence[str], columns: Sequence[str]) -> dict[str, Found]:
    """Read what was kept beside the fingerprints."""
    slicing = next(slicing for slicing in beside.slicings if set(slicing) == set(by))
    groups = [f"g_{beside.names.index(name)}" for name in by]
    places = [[column.name for column in beside.columns].index(name) for name in columns]
    wanted = [f"{kind}_{place}" for place in places for kind in ("net", "gross")]
    sql = f"SELECT side, {', '.join((*groups, 'n', *wanted))} FROM {_table(entity)} WHERE level = {beside.level(slicing)}"
    return _by_side(engine.execute(Query(sql, step=f"{entity.name}: counts and sums")), width=len(by))


def _scanned(engine: Engine, entity: Entity, *, by: Sequence[str], columns: Sequence[str]) -> dict[str, Found]:
    """Scan both sides for sums that are not taken beside the fingerprints."""
    groups = [slice_text(entity, name) for name in by]
    sums = [item for index, name in enumerate(columns) for item in _added(summand(entity.column(name)), place=index).values()]
    rows: list[tuple[object, ...]] = []
    for side in SIDES:
        sql = f"SELECT '{side}', {', '.join((*groups, 'count(*)', *sums))} FROM {path(side, entity.name)} GROUP BY {', '.join(groups) or '()'}"
        rows += engine.execute(Query(sql, step=f"{entity.name}: counts and sums {side}"))
    return _by_side(rows, width=len(by))


def _by_side(rows: Sequence[tuple[object, ...]], *, width: int) -> dict[str, Found]:
    found: dict[str, dict[Slice, Sequence[object]]] = {side: {} for side in SIDES}
    for side, *values in rows:
        found[str(side)][tuple(None if value is None else str(value) for value in values[:width])] = values[width:]
    return dict(found)


def _added(value: str, *, place: int) -> dict[str, str]:
    """Return the net and gross sum of a column as texts: name to aggregate."""
    return {
        f"net_{place}": f"CAST(coalesce(sum({value}), 0) AS VARCHAR)",
        f"gross_{place}": f"CAST(coalesce(sum(abs({value})), 0) AS VARCHAR)",
    }


def _names(columns: int) -> list[str]:
    return [name for place in range(columns) for name in _added("", place=place)]


def _is_safe(column: Column) -> bool:
    return column.type.name in _WIDENED or (column.type.name == "DECIMAL" and column.type.precision <= _SAFE)


def _table(entity: Entity) -> str:
    return path("evidence", f"{entity.name}.sums")
