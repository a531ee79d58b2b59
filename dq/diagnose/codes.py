"""The one place that says whether a word became another one in every row that had it: then the map of codes is wrong, and not some rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dq.compare.rows import key_names, tables
from dq.contract.models import Column
from dq.diagnose.population import Subject
from dq.engine import Engine
from dq.sql import Query, path, quote
from dq.words import counted

_SEVERAL = 3  # rows; of fewer it would be too much to say that it is the map


def whole_words(engine: Engine, subject: Subject, column: Column, found: Sequence[tuple[str, int]]) -> Mapping[str, str]:
    """Return of the labels whose word became another in every row that both sides have: why.

    Args:
        engine: the engine.
        subject: the entity.
        column: the column.
        found: its labels and how many rows have each.
    """
    words = {label: (*label.removeprefix("became:").split(":", 1), rows) for label, rows in found if label.startswith("became:") and rows >= _SEVERAL}
    if not words:
        return {}
    entity = subject.entity
    keys, value = key_names(entity), f"s.{quote(column.name)}"
    on = " AND ".join(f"r.{key} = s.{quote(name)}" for key, name in zip(keys, entity.key, strict=True))
    apart = f"SELECT 1 FROM {tables(entity).rows} AS r WHERE r.status <> 'changed' AND {on}"
    sql = f"""
        SELECT coalesce(CAST({value} AS VARCHAR), 'NULL'), count(*) FROM {path("source", entity.name)} AS s
        WHERE NOT EXISTS ({apart}) GROUP BY 1"""
    rows = {str(word): int(number) for word, number in engine.execute(Query(sql, step=subject.step))}
    whole = {label: (str(before), str(after)) for label, (before, after, number) in words.items() if rows.get(str(before)) == number}
    swapped = {before for before, _ in whole.values()} == {after for _, after in whole.values()}
    reason = "the words are in each other's place in the map of codes" if swapped else "the map of codes is wrong"
    return {
        label: f"all {counted(rows[before], 'row')} that were {before}, so {'it is a default' if before == 'NULL' else reason}"
        for label, (before, _) in whole.items()
    }
