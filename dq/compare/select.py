"""The one place where a contract's SQL is read: one SELECT of joins and names, its tables listed, and pointed at a snapshot.

DuckDB's own parser does the reading (`parser`); the tree is checked, table references are qualified, extra
output columns are added, and the tree is written back. What does not round-trip is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass

from dq.compare import parser
from dq.compare.parser import Node
from dq.engine import Engine
from dq.errors import ContractError

FUNCTIONS = ("->>", "->", "~~", "!~~")
"""What may be called: reading a JSON key, LIKE and NOT LIKE in a condition."""
_OPERATORS = ("OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "COMPARE_IN", "COMPARE_NOT_IN")
_CLASSES = ("COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "FUNCTION", "BETWEEN")
_WORDS = {
    "CAST": "a cast (declare the column's type, zone, unit or codes in the contract)",
    "CASE": "CASE (declare codes in the contract)",
    "SUBQUERY": "a subquery",
    "WINDOW": "a window function",
    "STAR": "'*' (name the columns)",
    "LAMBDA": "a lambda",
    "COMPARISON": "a comparison",
    "CONJUNCTION": "a condition",
    "OPERATOR": "a condition",
    "BETWEEN": "a comparison",
    "PARAMETER": "a parameter",
}


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT of the contract, checked; `tree` is DuckDB's."""

    tree: Node
    file: str
    tables: tuple[tuple[str, str], ...]  # (table, the name it goes by), in order; the first is the driving table

    @property
    def driving(self) -> tuple[str, str]:
        """The first table in FROM, and the name it goes by: its rows are what the entity is made of."""
        return self.tables[0]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the output columns, in order."""
        return tuple(_output_name(item) for item in self._node["select_list"])

    def pointed_at(self, engine: Engine, catalog: str, *, extra: Mapping[str, tuple[str, str]] | None = None, where: str | None = None) -> str:
        """Return the SQL with every table in `catalog`.main.

        Args:
            engine: parses and writes.
            catalog: where the tables are.
            extra: further outputs: name to (table's name here, column).
            where: a condition over the driving table's bare columns, in the place of the SELECT's own.
        """
        tree = deepcopy(self.tree)
        node = tree["statements"][0]["node"]
        if where is not None:
            node["where_clause"] = parser.tree(engine, f"SELECT 1 FROM t WHERE {where}", file=self.file)["statements"][0]["node"]["where_clause"]
            for names in column_names(node["where_clause"]):
                names.insert(0, self.driving[1])
        for table in _tables(node["from_table"], file=self.file):
            table["catalog_name"], table["schema_name"] = catalog, "main"
        for name, (alias, column) in (extra or {}).items():
            node["select_list"].append({"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": name, "column_names": [alias, column]})
        return parser.written(engine, tree)

    def alias_of(self, table: str) -> str | None:
        """Return the name that a base table goes by in this SELECT, or None."""
        return next((alias for name, alias in self.tables if name == table), None)

    def reads(self, found: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, str | None]]:
        """Yield (table, column, output column or None) of every column that is named; None: in a join or a filter.

        Args:
            found: table to column to type; a name without its table is looked up there.
        """
        joins = [condition for condition in _conditions(self._node["from_table"]) if condition is not None]
        for item in self._node["select_list"]:
            yield from self._resolved(column_names(item), found, output=_output_name(item))
        yield from self._resolved(column_names([self._node["where_clause"], joins]), found, output=None)

    def column_of(self, output: str, *, alias: str) -> str | None:
        """Return the column of a table that an output is, as it stands there, or None where it is anything else."""
        for item in self._node["select_list"]:
            if _output_name(item) == output and item["class"] == "COLUMN_REF":
                parts = item["column_names"]
                if parts[:-1] == [alias] or (len(parts) == 1 and len(self.tables) == 1):
                    return str(parts[-1])
        return None

    def joined_by(self, alias: str) -> set[str]:
        """Return the columns of a table that its joins and the filter name; those named without their table are taken for everybody's."""
        conditions = [condition for condition in _conditions(self._node["from_table"]) if condition is not None]
        names = column_names([self._node["where_clause"], conditions])
        return {parts[-1] for parts in names if parts[:-1] in ([], [alias])}

    def unknown(self, found: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
        """Return the names that are no column of any table here: DuckDB takes some for functions, `current_timestamp` for one."""
        joins = [condition for condition in _conditions(self._node["from_table"]) if condition is not None]
        names = column_names([self._node["select_list"], self._node["where_clause"], joins])
        return tuple(dict.fromkeys(".".join(parts) for parts in names if not list(self._resolved(iter([parts]), found, output=None))))

    def _resolved(self, names: Iterator[list[str]], found: Mapping[str, Mapping[str, str]], *, output: str | None) -> Iterator[tuple[str, str, str | None]]:
        for parts in names:
            for table, alias in self.tables:
                columns = {column.casefold(): column for column in found.get(table, {})}  # DuckDB's names fold case
                if (len(parts) == 1 or parts[-2].casefold() == alias.casefold()) and parts[-1].casefold() in columns:
                    yield table, columns[parts[-1].casefold()], output

    @property
    def _node(self) -> Node:
        node: Node = self.tree["statements"][0]["node"]
        return node


def read_select(engine: Engine, sql: str, *, file: str) -> Select:
    """Read one SELECT. Raises ContractError naming the file and what stands there that may not."""
    tree = parser.tree(engine, sql, file=file)
    if len(tree["statements"]) != 1:
        raise ContractError(f"holds {len(tree['statements'])} statements; one SELECT is needed", file=file)
    node = tree["statements"][0]["node"]
    if node["type"] != "SELECT_NODE":
        raise ContractError("one plain SELECT is needed (no UNION, no WITH)", file=file)
    _check_shape(node, file=file)
    tables = tuple((table["table_name"], table["alias"] or table["table_name"]) for table in _tables(node["from_table"], file=file))
    if not tables:
        raise ContractError("reads no table", file=file)
    select = Select(tree=tree, file=file, tables=tables)
    names = select.outputs
    for name in names:
        if names.count(name) > 1:
            raise ContractError(f"output column '{name}' stands there {names.count(name)} times", file=file)
    aliases = [alias for _, alias in tables]
    for alias in aliases:
        if aliases.count(alias) > 1:
            raise ContractError(f"'{alias}' names two tables", file=file)
    if _shape(parser.again(engine, tree)) != _shape(tree):
        raise ContractError("cannot be written back as it was read; put it more simply", file=file)
    return select


def _check_shape(node: Node, *, file: str) -> None:
    if node["cte_map"]["map"]:
        raise ContractError("WITH may not stand here: one plain SELECT", file=file)
    if node["group_expressions"] or node["group_sets"] or node["having"] is not None:
        raise ContractError("GROUP BY may not stand here; declare [aggregate] in the contract", file=file)
    if node["aggregate_handling"] != "STANDARD_HANDLING":
        raise ContractError("GROUP BY may not stand here; declare [aggregate] in the contract", file=file)
    if node["modifiers"]:
        raise ContractError("DISTINCT, ORDER BY and LIMIT may not stand here: they hide rows", file=file)
    if node["sample"] is not None or node["qualify"] is not None:
        raise ContractError("SAMPLE and QUALIFY may not stand here: they hide rows", file=file)
    for item in node["select_list"]:
        check_expression(item, file=file, functions=FUNCTIONS)
        if item["class"] in ("COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN") or item.get("function_name") in ("~~", "!~~") or _is_truth(item):
            raise ContractError(f"{_WORDS.get(item['class'], 'a comparison')} may not be an output column: names only", file=file)
    if node["where_clause"] is not None:
        check_expression(node["where_clause"], file=file, functions=FUNCTIONS)


def check_expression(node: object, *, file: str, functions: tuple[str, ...]) -> None:
    """Raise ContractError where anything stands in a tree but names, constants, comparisons and these functions."""
    if isinstance(node, list):
        for item in node:
            check_expression(item, file=file, functions=functions)
        return
    if not isinstance(node, dict):
        return
    if _is_truth(node):
        return
    if _is_member(node):
        check_expression(node["lhs"], file=file, functions=functions)
        return
    kind = node.get("class")
    if kind is not None and kind not in _CLASSES:
        raise ContractError(f"{_WORDS.get(kind, kind)} may not stand here: names and joins only", file=file)
    called = node["function_name"] if kind == "FUNCTION" else str(node.get("type", "")).removeprefix("OPERATOR_").lower()
    if (kind == "FUNCTION" or (kind == "OPERATOR" and node["type"] not in _OPERATORS)) and called not in functions:
        raise ContractError(f"the function {called}() may not stand here: names and joins only", file=file)
    for name, item in node.items():
        if name != "value":
            check_expression(item, file=file, functions=functions)


def _is_truth(node: Node) -> bool:
    """Return whether a node is `true` or `false`: DuckDB's parser writes a cast of 't' or 'f' for them."""
    if node.get("class") != "CAST" or node["cast_type"]["id"] != "BOOLEAN" or node["child"]["class"] != "CONSTANT":
        return False
    return node["child"]["value"].get("value") in ("t", "f")


def _is_member(node: Node) -> bool:
    """Return whether a node is a JSON member, `column -> 'key'`: DuckDB's parser takes it for a lambda until it is bound."""
    return node.get("class") == "LAMBDA" and node["expr"]["class"] == "CONSTANT"


def _tables(node: Node, *, file: str) -> Iterator[Node]:
    if node["type"] == "JOIN":
        if node["join_type"] not in ("INNER", "LEFT") or node["ref_type"] != "REGULAR" or node["using_columns"]:
            raise ContractError("only JOIN … ON and LEFT JOIN … ON may stand here", file=file)
        if node["condition"] is not None:
            check_expression(node["condition"], file=file, functions=FUNCTIONS)
        yield from _tables(node["left"], file=file)
        yield from _tables(node["right"], file=file)
    elif node["type"] == "BASE_TABLE":
        if node["schema_name"] or node["catalog_name"]:
            raise ContractError(f"'{node['table_name']}' is qualified; the engine points tables at a snapshot", file=file)
        if node["sample"] is not None:
            raise ContractError("SAMPLE may not stand here: it hides rows", file=file)
        if node["at_clause"] is not None:
            raise ContractError("AT may not stand here: a snapshot is of one moment", file=file)
        yield node
    else:
        words = {"TABLE_FUNCTION": "a table function", "SUBQUERY": "a subquery", "EMPTY": "no FROM"}
        raise ContractError(f"{words.get(node['type'], node['type'])} may not stand in FROM: tables only", file=file)


def _conditions(node: Node) -> Iterator[Node | None]:
    if node["type"] == "JOIN":
        yield node["condition"]
        yield from _conditions(node["left"])
        yield from _conditions(node["right"])


def _output_name(item: Node) -> str:
    return str(item["alias"] or (item["column_names"][-1] if item["class"] == "COLUMN_REF" else ""))


def column_names(node: object) -> Iterator[list[str]]:
    """Yield the parts of every column's name in a tree, the list itself that stands there."""
    if isinstance(node, list):
        for item in node:
            yield from column_names(item)
    elif isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            yield node["column_names"]
        for item in node.values():
            yield from column_names(item)


def _shape(node: object) -> object:
    """The tree without the places where things stood in the text."""
    if isinstance(node, list):
        return [_shape(item) for item in node]
    if isinstance(node, dict):
        return {name: _shape(item) for name, item in node.items() if name != "query_location"}
    return node
