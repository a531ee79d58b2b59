"""The one place that puts a mutant into an imported module, in memory only: the functions that everybody holds get other code.

A module is named by its file below the folder that all is started in.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from tests.mutants.making import Mutant, mutated


class NotPutError(Exception):
    """A mutant changes nothing that is imported."""


def source_of(module: str) -> str:
    """Return the source of a module."""
    return Path(module).read_text(encoding="utf-8")


def put(mutant: Mutant) -> None:
    """Put a mutant into this process; there is no way back. Raises NotPutError, and whatever the mutant raises when it is imported."""
    name = mutant.module.removesuffix(".py").replace("/", ".")
    there = import_module(name)
    tree = mutated(source_of(mutant.module), mutant.number)
    fresh = ModuleType(name)
    fresh.__dict__.update({key: there.__dict__[key] for key in ("__file__", "__package__", "__spec__")})
    exec(compile(tree, str(Path(mutant.module).absolute()), "exec"), fresh.__dict__)  # noqa: S102 - this is what a mutant is
    top, _, method = mutant.place.partition(".")
    if top == "<module>":
        done = [_replace(name, there, fresh) for name in _assigned(tree, mutant.lines[0])]
    elif method and not isinstance(vars(there)[top], FunctionType):
        part = method.partition(".")[0]
        done = [_swap(vars(vars(there)[top])[part], vars(vars(fresh)[top])[part])]
    elif isinstance(vars(there)[top], type):
        done = [_replace(top, there, fresh)]
    else:
        done = [_swap(vars(there)[top], vars(fresh)[top])]
    if not any(done):
        raise NotPutError(str(mutant))


def _swap(old: Any, new: Any) -> bool:
    """Give a function another's code and defaults; return whether they are others."""
    old, new = _function(old), _function(new)
    parts = [(getattr(old, part), getattr(new, part)) for part in ("__code__", "__defaults__", "__kwdefaults__")]
    old.__code__, old.__defaults__, old.__kwdefaults__ = (part for _, part in parts)
    return any(one != other for one, other in parts)


def _function(found: Any) -> FunctionType:
    """Return the function below a property, a class method or a cache."""
    for part in ("fget", "__func__", "func") if isinstance(found, (property, classmethod, staticmethod, cached_property)) else ():
        found = getattr(found, part, found)
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found  # type: ignore[no-any-return]


def _replace(name: str, there: ModuleType, fresh: ModuleType) -> bool:
    """Replace a constant or a class wherever it was imported by its name; return whether it is another."""
    old, new = there.__dict__[name], fresh.__dict__[name]
    for module in list(sys.modules.values()):
        if module is not None and getattr(module, "__dict__", {}).get(name) is old:
            module.__dict__[name] = new
    return bool(old != new)


def _assigned(tree: ast.Module, line: int) -> Iterator[str]:
    """Yield the names that the statement of a line assigns."""
    for statement in tree.body:
        if statement.lineno == line and isinstance(statement, (ast.Assign, ast.AnnAssign)):
            for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
                yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
