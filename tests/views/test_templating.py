"""What templates show, call and import is as the library does it, for all that they are given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError
from markupsafe import Markup, escape

from app.views.templating import Templates, escaped

SHOWN = (
    "{% macro twice(text) %}{{ text }}{{ text }}{% endmacro %}"
    '<a title="{{ value }}">{{ value }} {{ twice(value) }} {{ value ~ "<" }}'
    "{% set kept %}{{ value }}{% endset %} {{ kept }} {{ value|upper }} {{ value|safe }}"
    " {% autoescape false %}{{ value }}{% endautoescape %}</a>"
)
#: A page in a layout, with a part that stands in it and a macro of another file.
FILES = {
    "layout.html": "<h1>{% block title %}Layout{% endblock %}</h1>{% block main %}nothing{% endblock %}",
    "macros.html": "{% macro bold(text) %}<b>{{ text }}</b>{% endmacro %}",
    "part.html": "{% from 'macros.html' import bold %}"
    "{% for row in rows %}<p>{{ bold(row) }}</p>{% endfor %}",
    "page.html": "{% extends 'layout.html' %}{% block title %}{{ super() }} & {{ rows[0] }}{% endblock %}"
    "{% block main %}{% for rows in (rows, rows) %}{% include 'part.html' %}{% endfor %}{% endblock %}",
}
VALUES = [
    "plain",
    "",
    "l’été à 12,50 €",
    "<b>",
    "a & b",
    "\"'",
    Markup("<i>made here</i>"),
    12,
    -0.5,
    True,
    None,
    ["<"],
]


def test_the_portal_makes_its_pages_with_it(app):
    assert isinstance(app.jinja_env, Templates)
    assert app.jinja_env.from_string("{{ text }}").render(text="<script>") == "&lt;script&gt;"


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_template_shows_what_the_library_would(app, value):
    theirs = Environment(autoescape=True)
    assert app.jinja_env.from_string(SHOWN).render(value=value) == theirs.from_string(SHOWN).render(
        value=value
    )


CALLS = (
    "{% macro pair(one, two='2', class='') %}{{ one }}|{{ two }}|{{ class }}{{ kwargs }}{% endmacro %}"
    "{% macro around() %}<p>{{ caller('&') }}</p>{% endmacro %}"
    "{{ pair(value) }} {{ pair(value, two=value) }} {{ pair(value, class=value) }} {{ pair(*[value, 1]) }}"
    " {{ pair(**{'one': value}) }} {{ said(value) }} {{ said(text=value)|upper }}"
    "{% call(text) around() %}{{ text }}{{ value }}{% endcall %}{{ (said if value else pair)(value) }}"
    "{% autoescape false %}{{ said(value) }}{{ pair(value) }}{% endautoescape %}"
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_template_calls_functions_and_macros_as_the_library_does(app, value):
    theirs = Environment(autoescape=True)
    given = {"value": value, "said": lambda text: f"<{text}>"}
    assert app.jinja_env.from_string(CALLS).render(given) == theirs.from_string(CALLS).render(given)


class Held:
    """What has an attribute, an item, one that stands for the other, and both of a name."""

    plain, both, nothing = "attribute", "attribute", None

    def __getitem__(self, name):
        return {"item": "item", "both": "item", "late": "item"}[name]

    @property
    def late(self):
        raise AttributeError


READ = (
    "{{ held.plain }} {{ held.item }} {{ held.both }} {{ held.late }} {{ held.nothing }} {{ items.one.two }}"
    " {{ items.keys()|list }} {{ held.none|default('absent') }} {{ held.none is defined }}"
    " {{ nobody is defined }}"
    "{% for one in (held, held) if one.item == one.item %}{{ loop.index }}{{ one.item }}{% endfor %}"
    "{% macro said(one, two=held.item) %}{{ one.both }}{{ two }}{{ one.plain.upper() }}{% endmacro %}"
    "{{ said(held) }}"
    "{{ 'text'.upper() }}"
)


def test_a_template_reads_attributes_and_items_as_the_library_does(app):
    theirs = Environment(autoescape=True, undefined=StrictUndefined)
    given = {"held": Held(), "items": {"one": {"two": "<"}}}
    assert app.jinja_env.from_string(READ).render(given) == theirs.from_string(READ).render(given)
    for nothing in ("{{ held.none }}", "{{ held.none.further }}", "{{ nobody.at_all }}"):
        with pytest.raises(UndefinedError):
            app.jinja_env.from_string(nothing).render(given)


def test_no_function_of_the_templates_takes_their_context(app):
    with app.test_request_context("/"):
        takes = [name for name, one in app.jinja_env.globals.items() if hasattr(one, "jinja_pass_arg")]
    assert not takes


@given(st.text())
def test_any_text_is_escaped_as_by_the_library(text):
    assert str(escaped(text)) == str(escape(text))


def test_a_template_hands_on_in_one_piece_what_the_library_writes_in_many(app):
    theirs = Environment(autoescape=True, loader=DictLoader(FILES))
    ours = app.jinja_env.overlay(loader=DictLoader(FILES))
    rows = ["<1>", "2"]
    pieces = list(theirs.get_template("page.html").generate(rows=rows))
    assert len(pieces) > 1
    assert list(ours.get_template("page.html").generate(rows=rows)) == ["".join(pieces)]
