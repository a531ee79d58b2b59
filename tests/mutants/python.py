"""The one place for how a node of Python's tree is broken: one comparison, condition, constant, operand or statement at a time."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE,),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE,),
    ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
}
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
_TAKES_FACTS = ("judged", "replace")  # besides classes: what is left out falls back to what stands there otherwise


def broken(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node that may stand in a node's place."""
    for kind, ways in _WAYS.items():
        if isinstance(node, kind):
            yield from ways(node)


def answers(node: ast.Return, returns: str) -> Iterator[ast.AST]:
    """Yield other answers of a function, of the type that it declares to return."""
    others = [False, True] if returns == "bool" else [None] if returns.endswith("| None") else []
    for other in others:
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is other):
            yield ast.Return(ast.Constant(other))
    if returns.startswith("tuple[") and returns.endswith("...]") and ast.unparse(node.value or ast.Tuple([], ast.Load())) != "()":
        yield ast.Return(ast.Tuple([], ast.Load()))


def conditions(node: ast.expr, *, loops: bool) -> Iterator[ast.AST]:
    """Yield what a condition may be instead: never, and always unless it would loop for ever."""
    if not isinstance(node, ast.Constant):
        yield ast.Constant(False)
        if not loops:
            yield ast.Constant(True)


def _compare(node: ast.Compare) -> Iterator[ast.AST]:
    for place, op in enumerate(node.ops):
        for other in _COMPARED[type(op)]:
            yield ast.Compare(node.left, [*node.ops[:place], other(), *node.ops[place + 1 :]], node.comparators)


def _bool(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for place in range(len(node.values)):
        rest = [*node.values[:place], *node.values[place + 1 :]]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not):
        yield node.operand


def _binary(node: ast.BinOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.BitOr) and any(isinstance(side, ast.Name) and side.id[:1].isupper() for side in (node.left, node.right)):
        return  # a union of types
    if isinstance(node.op, (ast.Add, ast.Sub, ast.BitOr, ast.BitAnd)):
        yield node.left
    if isinstance(node.op, (ast.Add, ast.Sub)) and isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
        yield ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right)
    listed = any(isinstance(side, (ast.List, ast.Tuple, ast.JoinedStr)) for side in (node.left, node.right))
    if type(node.op) in _COUNTED and not listed:
        yield ast.BinOp(node.left, _COUNTED[type(node.op)](), node.right)


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)


def _call(node: ast.Call) -> Iterator[ast.AST]:
    if not isinstance(node.func, ast.Name):
        return
    if node.func.id in _CALLED:
        other = _CALLED[node.func.id]
        yield ast.Call(ast.Name(other, ast.Load()), node.args, [] if other == "list" else node.keywords)
    if node.func.id in _TAKES_FACTS or (node.func.id[:1].isupper() and node.func.id != "Query"):
        for place, keyword in enumerate(node.keywords):
            if keyword.arg is not None:
                yield ast.Call(node.func, node.args, [*node.keywords[:place], *node.keywords[place + 1 :]])


def _listed(node: ast.List | ast.Tuple) -> Iterator[ast.AST]:
    if isinstance(node.ctx, ast.Load) and (isinstance(node, ast.List) or any(isinstance(item, ast.Starred) for item in node.elts)):
        for place in range(len(node.elts)):
            yield type(node)([*node.elts[:place], *node.elts[place + 1 :]], node.ctx)


def _dropped(_: ast.AST) -> Iterator[ast.AST]:
    yield ast.Pass()


def _assigned(node: ast.Assign) -> Iterator[ast.AST]:
    if isinstance(node.targets[0], (ast.Subscript, ast.Attribute)):
        yield ast.Pass()


_WAYS: dict[type[ast.AST], Callable[..., Iterator[ast.AST]]] = {
    ast.Compare: _compare,
    ast.BoolOp: _bool,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.List: _listed,
    ast.Tuple: _listed,
    ast.Expr: _dropped,
    ast.AugAssign: _dropped,
    ast.Continue: _dropped,
    ast.Break: _dropped,
    ast.Assign: _assigned,
}
