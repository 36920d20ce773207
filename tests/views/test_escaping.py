"""What templates show is escaped as the library does it, for all that they are given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup, escape

from app.views.escaping import Templates, escaped

SHOWN = (
    "{% macro twice(text) %}{{ text }}{{ text }}{% endmacro %}"
    '<a title="{{ value }}">{{ value }} {{ twice(value) }} {{ value ~ "<" }}'
    "{% set kept %}{{ value }}{% endset %} {{ kept }} {{ value|upper }} {{ value|safe }}"
    " {% autoescape false %}{{ value }}{% endautoescape %}</a>"
)
VALUES = ["plain", "", "l’été à 12,50 €", "<b>", "a & b", "\"'", Markup("<i>made here</i>"), 12, None, ["<"]]


def test_the_portal_makes_its_pages_with_it(app):
    assert isinstance(app.jinja_env, Templates)
    assert app.jinja_env.from_string("{{ text }}").render(text="<script>") == "&lt;script&gt;"


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_template_shows_what_the_library_would(app, value):
    theirs = Environment(autoescape=True)
    assert app.jinja_env.from_string(SHOWN).render(value=value) == theirs.from_string(SHOWN).render(
        value=value
    )


@given(st.text())
def test_any_text_is_escaped_as_by_the_library(text):
    assert str(escaped(text)) == str(escape(text))
