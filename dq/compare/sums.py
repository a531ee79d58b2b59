"""The one place for counts and exact sums by slice, net and gross, taken on each side alone.

They are the second opinion on the fingerprints: gross sums see errors that cancel in the net ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dq.compare.evidence import SumPair
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


def compare_sums(engine: Engine, entity: Entity, *, by: Sequence[str], columns: Sequence[str]) -> dict[str | None, tuple[SumPair, ...]]:
    """Return the row counts (under None) and the sums of columns by slice, ordered by slice; one scan a side.

    Sums are exact: integers and decimals are added as HUGEINT of the smallest unit, and fail loudly past 38 digits.
    """
    slices = [f"CAST({quote(name)} AS VARCHAR) AS g_{index}" for index, name in enumerate(by)]
    groups = [f"g_{index}" for index, _ in enumerate(by)]
    sums = [
        f"CAST(coalesce(sum({quote(name)}), 0) AS VARCHAR) AS net_{index}, CAST(coalesce(sum(abs({quote(name)})), 0) AS VARCHAR) AS gross_{index}"
        for index, name in enumerate(columns)
    ]
    found: dict[str, dict[tuple[str | None, ...], tuple[object, ...]]] = {}
    for side in ("source", "target"):
        items = ", ".join((*slices, "count(*) AS n", *sums))
        sql = f"SELECT {items} FROM {path(side, entity.name)} GROUP BY {', '.join(groups) or '()'}"
        width = len(by)
        rows = engine.execute(Query(sql, step=f"{entity.name}: counts and sums {side}"))
        found[side] = {tuple(row[:width]): tuple(row[width:]) for row in rows}
    slices_found = sorted({*found["source"], *found["target"]}, key=lambda slice_: tuple((value is not None, value or "") for value in slice_))
    nothing = (0, *(("0",) * (2 * len(columns))))
    result: dict[str | None, tuple[SumPair, ...]] = {}
    for place, name in enumerate((None, *columns)):
        net, gross = (0, 0) if name is None else (2 * place - 1, 2 * place)
        result[name] = tuple(
            SumPair(
                by=slice_,
                source_net=Decimal(str(found["source"].get(slice_, nothing)[net])),
                target_net=Decimal(str(found["target"].get(slice_, nothing)[net])),
                source_gross=Decimal(str(found["source"].get(slice_, nothing)[gross])),
                target_gross=Decimal(str(found["target"].get(slice_, nothing)[gross])),
            )
            for slice_ in slices_found
        )
    return result
