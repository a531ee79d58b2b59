"""The one place that lists the mutants of a module, always in the same order, and makes the tree of one of them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from tests.mutants import python, sql

_AROUND = 36  # characters of SQL that are shown on each side of what changes
_SHOWN = 100
_SKIPPED_FIELDS = ("annotation", "returns", "decorator_list", "bases", "type_comment")
_SKIPPED_KEYWORDS = ("step", "file", "alias")  # names in messages


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small break of a module."""

    module: str  # dq/compare/rows.py
    number: int  # in the module
    place: str  # the function, or <module>
    lines: tuple[int, int]  # of the statement, both inclusive
    is_sql: bool
    was: str
    becomes: str

    @property
    def name(self) -> str:
        """Where it is, and its number, which makes it again."""
        return f"{self.module}:{self.lines[0]}#{self.number}"

    @property
    def is_inside(self) -> bool:
        """It stands in a function."""
        return self.place != "<module>" and not self.place.rpartition(".")[2][:1].isupper()

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.name} {self.place}: {self.was}  ->  {self.becomes}"


@dataclass(slots=True)
class _Change:
    """A node's place in the tree, and what stands there instead."""

    holder: ast.AST
    field: str
    index: int | None
    new: ast.AST
    place: str
    lines: tuple[int, int]
    is_sql: bool
    was: str
    becomes: str


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Return every mutant of a module."""
    found = enumerate(_changes(ast.parse(source)))
    return [Mutant(module, number, one.place, one.lines, one.is_sql, one.was, one.becomes) for number, one in found]


def mutated(source: str, number: int) -> ast.Module:
    """Return a module's tree with one mutant in it."""
    tree = ast.parse(source)
    change = next(one for place, one in enumerate(_changes(tree)) if place == number)
    if change.index is None:
        setattr(change.holder, change.field, change.new)
    else:
        getattr(change.holder, change.field)[change.index] = change.new
    return ast.fix_missing_locations(tree)


def _changes(tree: ast.Module) -> Iterator[_Change]:
    yield from _below(tree, place="<module>", statement=None, returns="")


def _below(node: ast.AST, *, place: str, statement: ast.stmt | None, returns: str) -> Iterator[_Change]:
    """Yield the changes of everything below a node."""
    for field, value in ast.iter_fields(node):
        if field in _SKIPPED_FIELDS or (isinstance(node, ast.keyword) and node.arg in _SKIPPED_KEYWORDS):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or isinstance(child, (ast.Raise, ast.Import, ast.ImportFrom)) or _is_told(child):
                continue
            inner, inside, declared = child if isinstance(child, ast.stmt) else statement, place, returns
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                inside = child.name if place == "<module>" else f"{place}.{child.name}"
                declared = ast.unparse(child.returns) if isinstance(child, ast.FunctionDef) and child.returns else ""
            lines = _lines(inner)
            for new, was, becomes in _instead(child, field=field, holder=node, returns=returns, at_top=place == "<module>"):
                yield _Change(node, field, index, new, place, lines, isinstance(child, ast.Constant) and isinstance(child.value, str), was, becomes)
            yield from _below(child, place=inside, statement=inner, returns=declared)


def _instead(child: ast.AST, *, field: str, holder: ast.AST, returns: str, at_top: bool) -> Iterator[tuple[ast.AST, str, str]]:
    """Yield what may stand in a node's place, and what is said of it."""
    if isinstance(child, ast.Constant) and isinstance(child.value, str):
        for begin, end, new in sql.broken(child.value) if sql.is_sql(child.value) else ():
            left, right = child.value[max(0, begin - _AROUND) : begin], child.value[end : end + _AROUND]
            whole = child.value[:begin] + new + child.value[end:]
            yield ast.Constant(whole), _flat(f"{left}[{child.value[begin:end]}]{right}"), f"[{new}]"
        return
    if at_top and isinstance(child, ast.BinOp):
        return  # a type
    for new in python.broken(child):
        yield new, _said(child), _said(new)
    if isinstance(child, ast.Return):
        for new in python.answers(child, returns):
            yield new, _said(child), _said(new)
    is_condition = (field == "test" and isinstance(holder, (ast.If, ast.IfExp, ast.While))) or (field == "ifs" and isinstance(holder, ast.comprehension))
    if is_condition and isinstance(child, ast.expr):
        for new in python.conditions(child, loops=isinstance(holder, ast.While)):
            yield new, f"if {_said(child)}", _said(new)


def _is_told(node: ast.AST) -> bool:
    """Say whether a node is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _lines(statement: ast.stmt | None) -> tuple[int, int]:
    """Return the lines of a statement, of a compound one those before its body."""
    if statement is None:
        return (0, 0)
    body = getattr(statement, "body", None)
    last = body[0].lineno - 1 if isinstance(body, list) and body else statement.end_lineno or statement.lineno
    return (statement.lineno, max(last, statement.lineno))


def _said(node: ast.AST) -> str:
    return _flat(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))))


def _flat(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"
