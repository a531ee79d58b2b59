"""The one place that asks a run what it found of some rows, by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dq.case.opening import Reopened
from dq.engine import file_literal
from dq.sql import Query

Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding: what the run calls it, and what it says."""

    name: str  # coupons#17
    check: str | None  # None: of a changed row, whose cells say it
    status: str
    columns: tuple[str, ...]


def findings_of(run: Reopened, wanted: Sequence[tuple[str, Key]]) -> dict[tuple[str, Key], list[Found]]:
    """Return (entity, key) to the run's findings of that row, by number.

    Args:
        run: the run.
        wanted: entity and key, in the target's ids, as texts.
    """
    keys = sorted(set(wanted), key=repr)
    if not keys or not run.record.findings:
        return {}
    # the file is sorted by entity: groups of rows without one that is wanted are not read
    entities = ", ".join(f"${place}" for place in range(3, 3 + len({entity for entity, _ in keys})))
    sql = f"""
        SELECT f.entity, f."row", f."check", f.status, f.key, f.columns
        FROM read_parquet({file_literal(run.findings.absolute())}) AS f
        SEMI JOIN (SELECT unnest($1) AS entity, unnest($2) AS key) AS w ON w.entity = f.entity AND w.key = f.key
        WHERE f."column" IS NULL AND f.entity IN ({entities}) ORDER BY f.entity, f."row" """
    values = ([entity for entity, _ in keys], [list(key) for _, key in keys], *sorted({entity for entity, _ in keys}))
    found: dict[tuple[str, Key], list[Found]] = {}
    for entity, row, check, status, key, columns in run.engine.execute(Query(sql, values, "findings of a person")):
        found.setdefault((entity, tuple(key)), []).append(Found(f"{entity}#{row}", check, status, tuple(columns)))
    return found
