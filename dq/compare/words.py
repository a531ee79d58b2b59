"""The one place for text columns with only a few values: where many rows are joined and kept, a number of one byte stands for each.

A dictionary's words are numbered once, not row by row, so that telling the rows apart by these numbers costs less than by the texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dq.compare.equality import rule_of
from dq.compare.fingerprint import sample
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, literal, path, quote

_FEW = 256  # fewer values than that are told as numbers of one byte
_FEW_OF_A_SAMPLE = 32  # more values than that in a sample: all rows are not asked
Words = Mapping[str, Sequence[str]]  # column to every value it has, ascending


def few_words(engine: Engine, entity: Entity, *, rows: int) -> Words:
    """Return the values of the columns that slices and money are told apart by, and of the compared texts, of those with few of them.

    Args:
        engine: the engine; source.e and target.e stand.
        entity: the entity.
        rows: how many the larger side has.
    """
    step = f"{entity.name}: evidence"
    sorts = dict.fromkeys((*entity.slices, *((entity.money.currency,) if entity.money and entity.money.currency else ())))
    texts = [name for name in _comparable(entity) if name not in sorts]
    if texts:
        counted = ", ".join(f"count(DISTINCT {quote(name)})" for name in texts)
        relations = [f"SELECT {counted} FROM {path(side, entity.name)} WHERE {sample(entity, rows=rows)}" for side in ("source", "target")]
        for found in engine.execute(Query(" UNION ALL ".join(relations), step=step)):
            texts = [name for name, count in zip(texts, found, strict=True) if name in texts and count <= _FEW_OF_A_SAMPLE]
    words: dict[str, Sequence[str]] = {}
    for name in (*sorts, *texts):
        one = "SELECT DISTINCT CAST({0} AS VARCHAR) AS word FROM {1} WHERE {0} IS NOT NULL LIMIT {2}"
        sides = " UNION ".join(f"({one.format(quote(name), path(side, entity.name), _FEW)})" for side in ("source", "target"))
        values = [row[0] for row in engine.execute(Query(f"SELECT word FROM ({sides}) ORDER BY word", step=step))]
        if 0 < len(values) < _FEW and not any("\0" in value for value in values):  # which no statement may hold
            words[name] = values
    return words


def word_type(words: Sequence[str]) -> str:
    """Return the type of a column that has only these words."""
    return f"ENUM ({', '.join(map(literal, words))})"


def told(entity: Entity, words: Words) -> Mapping[str, str]:
    """Return column to the expression of its value as one of its words; of texts that are compared as they are."""
    return {name: _told(name, words[name]) for name in _comparable(entity) if name in words}


def _told(name: str, words: Sequence[str]) -> str:
    listed = f"[{', '.join(map(literal, words))}]"
    return f"list_extract(CAST({listed} AS {word_type(words)}[]), list_position({listed}, {quote(name)}))"


def _comparable(entity: Entity) -> Iterator[str]:
    """Yield the texts that only equality tells apart."""
    return (column.name for column in entity.compared if column.type.sql == "VARCHAR" and rule_of(column, entity=entity) is None)
