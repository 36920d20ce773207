"""Escaping in templates: most values that a page shows hold nothing to escape, and stay what they are.

A page of 50 rows shows 2500 values. The library makes of each of them a text that is marked as safe, for
whoever would put it into another one; a template joins it to its neighbours at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping
from types import CodeType
from typing import Any

from flask.templating import Environment
from jinja2 import Environment as AnyEnvironment
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from markupsafe import escape

#: What stands for something else in HTML.
_SPECIAL = re.compile("[&<>\"']")


def escaped(value: Any) -> str:
    """``value`` as it stands in a page."""
    if type(value) is str and _SPECIAL.search(value) is None:
        return value
    return escape(value)


class _Code(CodeGenerator):
    """The code of a template, which asks its environment to escape."""

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


class _Whole(Template):
    """A template that hands on what it wrote in one piece.

    The rows of a list are 2700 pieces: each would go through all the templates that the rows stand in, one
    by one, on its way to the page.
    """

    @classmethod
    def from_code(
        cls,
        environment: AnyEnvironment,
        code: CodeType,
        globals: MutableMapping[str, Any],  # noqa: A002 - the library's own name
        uptodate: Callable[[], bool] | None = None,
    ) -> Template:
        """The template of ``code``."""
        made = super().from_code(environment, code, globals, uptodate)
        in_pieces = made.root_render_func

        def in_one(context: Context) -> Iterator[str]:
            yield environment.concat(in_pieces(context))

        made.root_render_func = in_one
        return made


class Templates(Environment):
    """The environment of templates whose values are escaped by :func:`escaped`."""

    code_generator_class = _Code
    template_class = _Whole
    escaped = staticmethod(escaped)
