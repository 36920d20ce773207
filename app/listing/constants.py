"""Constants of what is declared: written into a statement, where what is asked for is a parameter.

The fields and measures of a list have a hundred words and numbers of their own. As parameters each of them
would be collected, converted and sent again with every question.
"""

from __future__ import annotations

import typing
from typing import Any, Final, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Select, cast, literal, literal_column
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ClauseList
from sqlalchemy.sql.operators import comma_op, in_op
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse
from sqlalchemy.types import TypeEngine

C = TypeVar("C", bound=ColumnElement[Any])
S = TypeVar("S", bound=Select[Any])
# Another style of parameters would double what looks like one of them.
_DIALECT: Final = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # as SQLAlchemy has it


def written_out(declared: C) -> C:
    """``declared``, an expression of the code, with its constants in its text.

    Raises ValueError for a parameter that only whoever asks can fill in: it is no constant.
    """
    found: C = replacement_traverse(declared, {}, _constant)
    return found


def with_constants(built: S) -> S:
    """``built``, a statement that is built once, the same: what has a name in it is left to whoever asks."""
    return typing.cast("S", replacement_traverse(built, {}, _nameless))


def _nameless(element: ExternallyTraversible, **_: Any) -> ExternallyTraversible | None:
    # What is written beside a column, as in column == "x", is a parameter with a name for this one place.
    return _constant(element) if isinstance(element, BindParameter) and element.unique else None


def _constant(element: ExternallyTraversible, **_: Any) -> ExternallyTraversible | None:
    if not isinstance(element, BindParameter):
        return None
    if element.required or element.callable is not None:
        raise ValueError(element.key)
    if element.expanding:
        each = (_written(value, element.type) for value in element.value or ())
        return ClauseList(*each, operator=comma_op).self_group(against=in_op)
    return _written(element.value, element.type)


def _written(value: Any, type_: TypeEngine[Any]) -> ColumnElement[Any]:
    """``value`` in SQL. Raises CompileError for a type that cannot be written."""
    text = literal(value, type_).compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return cast(literal_column(str(text), type_), type_)
