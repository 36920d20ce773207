"""The rules that each statement keeps, so that Citus can spread the payment tables later (R14 to R28, §11).

PostgreSQL's own grammar reads a statement (as JSON: objects would take thirty times as long), and what it
finds is held against the tables of the model. The rules know three kinds of tables: those that a merchant
leads are spread over the nodes, the few rows of parties and of their sources are copied to each, and all
others stay on one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final

from pglast.parser import parse_sql_json

from app.models import Base

KEY: Final = "merchant_id"
COPIED: Final = frozenset({"merchant", "reseller", "source", "received_day"})
SPREAD: Final = frozenset(
    name for name, table in Base.metadata.tables.items() if KEY in table.primary_key.columns
)
SINGLE: Final = frozenset(Base.metadata.tables) - SPREAD - COPIED
CLOCKS: Final = frozenset({"now", "clock_timestamp", "statement_timestamp", "random", "gen_random_uuid"})
#: The owner of what is equal to the merchant of a column, but is no column itself.
GIVEN: Final = "a given merchant"
QUERIES: Final = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt"})
#: The parts that hold a node without its kind, since they hold one kind alone.
_BARE: Final = {
    "relation": "RangeVar",
    "larg": "SelectStmt",
    "rarg": "SelectStmt",
    "onConflictClause": "OnConflictClause",
}
_PARAMETER: Final = re.compile(r"%\(\w+\)s|%s")

#: A node of the grammar: its kind, and its parts by name.
Node = tuple[str, dict[str, Any]]


@cache
def faults(statement: str) -> tuple[str, ...]:
    """What ``statement`` does that one of the rules forbids; nothing where it is no query."""
    tree = json.loads(parse_sql_json(_PARAMETER.sub("$1", statement).replace("%%", "%")))
    queries = [node for raw in tree.get("stmts", ()) for node in _nodes(raw["stmt"]) if node[0] in QUERIES]
    return tuple(fault for query in queries for fault in _of_level(query[1]))


def _of_level(query: dict[str, Any]) -> Iterator[str]:
    """The faults of one query, apart from those of the queries inside it."""
    nodes = list(_nodes(query, into_queries=False))
    tables = {_alias(parts): parts["relname"] for kind, parts in nodes if kind == "RangeVar"}
    inner = [parts["subselect"] for kind, parts in nodes if kind == "SubLink"]
    together = set(tables.values()).union(*map(_tables, inner))
    if together & SINGLE and together & SPREAD:
        yield f"R26: {sorted(together & SINGLE)} meet {sorted(together & SPREAD)}"
    copied = {alias for alias, table in tables.items() if table in COPIED}
    for subquery in inner:
        if _tables(subquery) & SPREAD and _owners(subquery) & copied:
            yield f"R15: {sorted(_tables(subquery) & SPREAD)} for each row of {sorted(copied)}"
    spread = {alias for alias, table in tables.items() if table in SPREAD}
    if _parts(spread, list(_equal_keys(nodes))) > 1:
        yield f"R14: {sorted(spread)} meet without {KEY}"
    if any(kind == "JoinExpr" and _is_lateral_outer(parts) for kind, parts in nodes):
        yield "R28: a lateral outer join"
    conflicts = [parts for kind, parts in nodes if kind == "OnConflictClause"]
    if any(_tells_time(node) for conflict in conflicts for node in _nodes(conflict)):
        yield "R27: a clock in ON CONFLICT"


def _nodes(part: Any, *, into_queries: bool = True) -> list[Node]:
    """Each node of ``part``; without what the queries in it hold, unless asked for."""
    found: list[Node] = []
    _collect(part, found, into_queries=into_queries)
    return found


def _collect(part: Any, found: list[Node], *, into_queries: bool) -> None:
    if isinstance(part, list):
        for one in part:
            _collect(one, found, into_queries=into_queries)
    elif isinstance(part, dict):
        for name, value in part.items():
            kind = name if name[0].isupper() else _BARE.get(name)
            is_node = kind is not None and (kind == name or _is_bare(value))
            if kind is not None and is_node:
                found.append((kind, value))
            if into_queries or not is_node or kind not in QUERIES:
                _collect(value, found, into_queries=into_queries)


def _is_bare(value: Any) -> bool:
    return isinstance(value, dict) and not any(name[0].isupper() for name in value)


def _tables(part: Any) -> set[str]:
    return {parts["relname"] for kind, parts in _nodes(part) if kind == "RangeVar"}


def _owners(part: Any) -> set[str]:
    """The aliases whose columns ``part`` names."""
    fields = [parts["fields"] for kind, parts in _nodes(part) if kind == "ColumnRef"]
    return {_last(names[:-1]) for names in fields if len(names) > 1}


def _alias(relation: dict[str, Any]) -> str:
    return str(relation.get("alias", {}).get("aliasname", relation["relname"]))


def _is_lateral_outer(join: dict[str, Any]) -> bool:
    is_lateral = any(parts.get("lateral") for parts in join.get("rarg", {}).values())
    return is_lateral and join["jointype"] != "JOIN_INNER"


def _tells_time(node: Node) -> bool:
    kind, parts = node
    return kind == "SQLValueFunction" or (kind == "FuncCall" and _last(parts["funcname"]) in CLOCKS)


def _last(names: list[Any]) -> str:
    return str(names[-1].get("String", {}).get("sval", ""))


def _equal_keys(nodes: list[Node]) -> Iterator[tuple[str, str]]:
    """Pairs of aliases whose merchants are held equal, by USING, by a comparison or by one of rows."""
    for kind, parts in nodes:
        if kind == "JoinExpr" and any(_last([name]) == KEY for name in parts.get("usingClause", ())):
            sides = _nodes([parts["larg"], parts["rarg"]], into_queries=False)
            yield from pairwise(_alias(relation) for side, relation in sides if side == "RangeVar")
        if kind == "A_Expr" and parts["kind"] == "AEXPR_OP" and _last(parts["name"]) == "=":
            for left, right in zip(_values(parts["lexpr"]), _values(parts["rexpr"]), strict=False):
                first, second = _owner(left), _owner(right)
                if first or second:
                    yield first or GIVEN, second or GIVEN


def _values(part: dict[str, Any]) -> list[Any]:
    """The values of a row, or the one value."""
    return list(part["RowExpr"]["args"]) if "RowExpr" in part else [part]


def _owner(value: dict[str, Any]) -> str:
    """The alias whose merchant a column is; nothing for any other value."""
    fields = value.get("ColumnRef", {}).get("fields", [])
    return _last(fields[:-1]) if len(fields) > 1 and _last(fields) == KEY else ""


def _parts(aliases: set[str], pairs: list[tuple[str, str]]) -> int:
    """How many groups ``aliases`` fall into when those of a pair are in one."""
    groups = [{alias} for alias in aliases.union(*pairs)]
    for pair in pairs:
        joined = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if not group & set(pair)] + [set().union(*joined)]
    return sum(bool(group & aliases) for group in groups)
