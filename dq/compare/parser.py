"""The one place that asks DuckDB's parser: a SELECT as a tree, and a tree as text; each text once in a process, and many at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dq.engine import Engine
from dq.errors import ContractError, EngineError
from dq.sql import Query

Node = dict[str, Any]

_READ, _WRITE = "json_serialize_sql({})", "json_deserialize_sql(CAST({} AS JSON))"
_AGAIN = _READ.format(_WRITE)
_STEP = "reading a contract's SQL"


def read_ahead(engine: Engine, statements: Iterable[str]) -> None:
    """Let DuckDB's parser read many texts, and what it writes of them, in two queries; `tree` and `again` have their answers then.

    One that cannot be read is left to `tree`, which says what is wrong.
    """
    try:
        trees = _answer_all(engine, _READ, statements)
        _answer_all(engine, _AGAIN, [json.dumps(found) for text in trees if not (found := json.loads(text))["error"]])
    except EngineError:
        return


def tree(engine: Engine, sql: str, *, file: object) -> Node:
    """Return the tree of a text. Raises ContractError naming the file where it is no SELECT."""
    found: Node = json.loads(_answer(engine, _READ, sql, step=_STEP))
    if found["error"]:
        raise ContractError(f"not a SELECT: {found['error_message']}", file=file)
    return found


def written(engine: Engine, node: Node) -> str:
    """Return a tree as text."""
    return _answer(engine, _WRITE, json.dumps(node), step="writing a contract's SQL")


def again(engine: Engine, node: Node) -> Node:
    """Return the tree of the text of a tree."""
    found: Node = json.loads(_answer(engine, _AGAIN, json.dumps(node), step=_STEP))
    return found


def type_of(engine: Engine, expression: str, *, row: str) -> str:
    """Return the type of an expression over a row that is given as a select list. Raises EngineError where it has none, or no value of that row."""
    if (row, expression) not in _ANSWERS:
        found, _ = engine.one(Query(f"SELECT typeof({expression}), ({expression}) FROM (SELECT {row})", step=_STEP))
        _keep(row, {expression: str(found)})
    return _ANSWERS[row, expression]


_ANSWERS: dict[tuple[str, str], str] = {}  # of the parser, and of types: they depend on the text alone
_KEPT = 2000


def _answer(engine: Engine, question: str, text: str, *, step: str) -> str:
    """Ask DuckDB's parser about a text, once in a process: run and gate, and every cell of a notebook, read the same contract."""
    if (question, text) not in _ANSWERS:
        (answer,) = engine.one(Query(f"SELECT {question.format('?')}", (text,), step))
        _keep(question, {text: str(answer)})
    return _ANSWERS[question, text]


def _answer_all(engine: Engine, question: str, texts: Iterable[str]) -> list[str]:
    """Ask about all texts at once that it was not asked about yet, and return the new answers."""
    new = [text for text in dict.fromkeys(texts) if (question, text) not in _ANSWERS]
    if not new:
        return []
    sql = f"SELECT text, {question.format('text')} FROM (SELECT unnest($1::VARCHAR[]) AS text)"
    found = {str(text): str(answer) for text, answer in engine.execute(Query(sql, (new,), _STEP))}
    _keep(question, found)
    return list(found.values())


def _keep(question: str, answers: Mapping[str, str]) -> None:
    if len(_ANSWERS) + len(answers) > _KEPT:
        _ANSWERS.clear()
    _ANSWERS.update({(question, text): answer for text, answer in answers.items()})
