"""The running of templates, without what the library does for any and none of the portal's needs.

A page of 50 rows shows 2500 values, reads 650 attributes and calls 370 functions and macros. The library
makes of each value a text that is marked as safe, for whoever would put it into another one; a template joins
it to its neighbours at once. It reads each attribute in a function that looks for an item too. It asks each
function whether it takes the context, and each import whether the names known to all templates are still the
same: here none does, and they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from keyword import iskeyword
from types import CodeType
from typing import Any

from flask.templating import Environment
from jinja2 import Environment as AnyEnvironment
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]  # what escape is made of

_NUMBERS = (int, float)


def escaped(value: Any) -> str:
    """``value`` as it stands in a page."""
    kind = type(value)
    if kind is str:
        # What the library does of its own before it marks the text as safe, in an eighth of the time.
        plain: str = _escape_inner(value)
        return plain
    if kind is Markup:
        unchanged: str = value
        return unchanged
    # No number holds what stands for something else.
    return str(value) if kind in _NUMBERS else escape(value)


class _Code(CodeGenerator):
    """The code of a template, which calls functions as they are."""

    def visit_Call(  # noqa: N802 - the library's own name
        self,
        node: nodes.Call,
        frame: Frame,
        forward_caller: bool = False,  # noqa: FBT001, FBT002 - as the library has it
    ) -> None:
        """Write a call. What is not known to be for HTML, or has unusual arguments, is the library's."""
        is_plain = not (forward_caller or node.dyn_args or node.dyn_kwargs)
        is_plain = is_plain and not any(iskeyword(argument.key) for argument in node.kwargs)
        if not is_plain or frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - as above
        """Write the reading of an attribute. Where there is none, the library looks for what is meant."""
        self.write("(found if (found := getattr((holder := ")
        self.visit(node.node, frame)
        self.write(f"), {node.attr!r}, missing)) is not missing")
        self.write(f" else environment.getattr(holder, {node.attr!r}))")

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        """Write what stands in a template, gathered in a list and handed on in one piece.

        The rows of a list are 2700 pieces: each would go through all the templates that the rows stand in,
        one by one, on its way to the page.
        """
        if frame.buffer is not None:
            super().blockvisit(nodes, frame)
            return
        self.buffer(frame)
        super().blockvisit(nodes, frame)
        self.writeline(f"if {frame.buffer}: yield concat({frame.buffer})")


class _Names(Context):
    """The names of a template. Those that are known to all need not be compared at each import."""

    def __init__(
        self,
        environment: AnyEnvironment,
        parent: dict[str, Any],
        name: str | None,
        blocks: dict[str, Callable[[Context], Iterator[str]]],
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002, ARG002 - the library's own name
    ) -> None:
        super().__init__(environment, parent, name, blocks)


class _Escaping(Template):
    """A template that escapes as :func:`escaped` does."""

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
        made.root_render_func.__globals__["escape"] = escaped
        return made


class Templates(Environment):
    """The environment of the portal's templates.

    None of their functions and macros may take the context, and no template may be given names of its own.
    """

    code_generator_class = _Code
    template_class = _Escaping
    context_class = _Names
