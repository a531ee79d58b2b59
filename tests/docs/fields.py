"""The one place that reads what models say of their fields: the text below a field, else the comment behind it."""

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
import tokenize
import types
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import EnumType
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from dq.contract.models import Reading
from dq.contract.types import ColumnType

WORDS: Mapping[object, str] = {
    str: "text",
    int: "integer",
    bool: "true or false",
    datetime: "instant",
    date: "day",
    Decimal: "decimal text",
    Path: "path",
    ColumnType: "type",
    Reading: "text or table",
    Any: "as it takes it",
}


def said_of(model: type[BaseModel]) -> dict[str, str]:
    """Return field to what the model's source says of it; a field of which nothing is said is missing."""
    found: dict[str, str] = {}
    for cls in reversed([cls for cls in model.__mro__ if issubclass(cls, BaseModel) and cls is not BaseModel]):
        source = textwrap.dedent(inspect.getsource(cls))
        comments = {token.start[0]: token.string.removeprefix("#").strip() for token in _tokens(source) if token.type == tokenize.COMMENT}
        (body,) = (node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                told = _text(after) or comments.get(node.end_lineno or 0)
                found |= {node.target.id: told} if told and "type: ignore" not in told else {}
    return found


def rows(model: type[BaseModel], *, but: Iterable[str] = (), nothing: str = "None") -> Iterator[tuple[str, str, str, str]]:
    """Yield (name, kind of value, default, meaning) of each field; `nothing` is what None is called."""
    said = said_of(model)
    for name, field in model.model_fields.items():
        if name not in but:
            yield (
                f"`{name}`",
                kind(field.annotation),
                _default(field.default, required=field.is_required()),
                _escaped(re.sub(r"\bNone\b", nothing, said.get(name, ""))),
            )


def kind(annotation: object) -> str:
    """Return what a value is, in words."""
    origin, arguments = get_origin(annotation), [item for item in get_args(annotation) if item not in (type(None), ...)]
    words = arguments if origin is Literal else annotation if isinstance(annotation, EnumType) else ()
    if annotation in WORDS:
        return WORDS[annotation]
    if origin is Annotated:
        return kind(arguments[0])
    if words:
        return ", ".join(f"`{word}`" for word in words)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(kind, arguments)))
    if origin is tuple:
        return f"list of {_several(kind(arguments[0]))}"
    return "table"


def _escaped(text: str) -> str:
    """Return a text in which no angle bracket outside code would be taken for HTML."""
    return "`".join(part if place % 2 else part.replace("<", "&lt;").replace(">", "&gt;") for place, part in enumerate(text.split("`")))


def _several(one: str) -> str:
    if one.startswith("list of"):
        return one.replace("list of", "lists of", 1)
    return one if one.startswith("`") else f"{one}s"


def _default(value: object, *, required: bool) -> str:
    if required:
        return "required"
    if value is PydanticUndefined or value in (None, (), "") or isinstance(value, (BaseModel, dict)):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _text(node: ast.stmt | None) -> str | None:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())
    return None


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(source).readline)
