"""Every class that a style sheet names is on some page: what no page wears is taken away."""

from __future__ import annotations

import re

from app.config import ROOT
from app.views.styles import SHEETS

#: Classes that are put together: from a tone, a number or a place on a card, or by htmx itself.
MADE = re.compile(r"(columns|is|note|slot)-[a-z0-9]+|htmx-request")
WORD = re.compile(r"[A-Za-z][\w-]*")


def sources(pattern):
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "app").glob(pattern))


def worn():
    """Words of the class attributes of templates, and of the texts in code that puts classes there."""
    attributes = re.findall(
        r'class="((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)"', sources("templates/**/*.html"), re.DOTALL
    )
    code = sources("**/*.py") + sources("static/js/*.js") + sources("templates/**/*.html")
    texts = re.findall(r'"([^"\n]*)"', code)
    return {word for text in (*attributes, *texts) for word in WORD.findall(text)}


def styled():
    """The classes that a style sheet names."""
    style = re.sub(r"/\*.*?\*/", "", sources("static/css/*.css"), flags=re.DOTALL)
    return {
        name for rule in re.findall(r"([^{}]+)\{", style) for name in re.findall(r"\.([A-Za-z][\w-]*)", rule)
    }


def test_every_style_sheet_is_sent():
    folder = ROOT / "app" / "static" / "css"
    assert sorted(SHEETS) == sorted(path.stem for path in folder.glob("*.css"))


def test_what_marks_a_value_has_its_style():
    assert {"money", "number", "void"} <= styled()


def test_no_style_is_left_that_no_page_wears():
    named = styled()
    assert len(named) > 100
    assert sorted(name for name in named - worn() if not MADE.fullmatch(name)) == []
