"""A page as a browser reads it. Making one checks the rules that every page of the portal obeys."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from app.rules.cards import holds_card_number
from app.wording.i18n import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.test import TestResponse

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
INLINE = frozenset(["a", "abbr", "b", "button", "em", "i", "span", "strong"])
FIELDS = frozenset(("input", "select", "textarea"))
#: Those of tests begin with 5 or 9; cards of 14 digits, Diners', with 3.
SIRET = re.compile(r"(?<![0-9])(?!3)[0-9]{14}(?![0-9])")
#: What Python puts between the parts of a mail, a number by chance.
BOUNDARY = re.compile(r"={15}[0-9]{19}==")
#: English words of ours that a French page would show if a translation were missing.
ENGLISH = re.compile(
    r"\b(Sign in|Sign out|Remittances?|Amount|Filters|More filters|Clear all|Skip to|See more|Outlet|Issuer"
    r"|Download|Declined|Cancelled|Refunds?|Page not found|Data up to|Yesterday|Last month)\b"
)


def short(address: str) -> str:
    """An address without the merchant or the desk that it names."""
    return re.sub(r"^(/gestion)?/(?:m/)?\d+(?=/)", r"\1", address)


@dataclass
class Element:
    """An element of the page, with its own text and that of all it holds.

    ``said`` is what the whole page says, piece by piece, of which its own begin at ``first`` and end before
    ``end``.
    """

    tag: str
    attributes: dict[str, str]
    said: list[str]
    parent: Element | None = None
    children: list[Element] = field(default_factory=list)
    first: int = 0
    end: int | None = None

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    @property
    def text(self) -> str:
        """All the text inside, with white space as a browser shows it."""
        return " ".join("".join(self.said[self.first : self.end]).split())

    @property
    def classes(self) -> list[str]:
        return self.get("class").split()

    def ancestors(self) -> list[Element]:
        found, above = [], self.parent
        while above is not None:
            found.append(above)
            above = above.parent
        return found

    def inside(self) -> Iterator[Element]:
        """Every element inside, in order."""
        waiting = self.children[::-1]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += reversed(element.children)

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Every element inside that is such, in order; ``class_`` is one of its classes."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        style = wanted.pop("class", None)
        return [
            element
            for element in self.inside()
            if (not tag or element.tag == tag)
            and (style is None or style in element.classes)
            and all(element.attributes.get(name) == value for name, value in wanted.items())
        ]

    def one(self, tag: str = "", **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tag} {attributes}"
        return found[0]


class _TreeBuilder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._said: list[str] = []
        self.root = Element("", {}, self._said)
        self._open = [self.root]
        self._line: list[str] = []
        self.lines: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"<{tag}> has an attribute twice")
        values = {name: value or "" for name, value in attrs}
        element = Element(tag, values, self._said, self._open[-1])
        self._open[-1].children.append(element)
        self._break(tag)
        element.first = len(self._said)
        if tag in VOID:
            element.end = element.first
        else:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag != self._open[-1].tag:
            self.faults.append(f"</{tag}> closes <{self._open[-1].tag}>")
            return
        self._open.pop().end = len(self._said)
        self._break(tag)

    def _break(self, tag: str) -> None:
        """What is no part of a line stands apart from what is around it."""
        if tag not in INLINE:
            self.handle_data(" ")
            self.lines.append("".join(self._line))
            self._line.clear()

    def close(self) -> None:
        super().close()
        self.lines.append("".join(self._line))

    def handle_data(self, data: str) -> None:
        if self._open[-1].tag not in ("script", "style"):
            self._line.append(data)
            self._said.append(data)


def places_of_card_numbers(html: str) -> list[str]:
    """Where ``html`` holds a full card number, in what can be read or in an attribute; never the number."""
    return _card_numbers(_tree(html))


def page_of_mail(html: str) -> Element:
    """The page of a mail, whose tags close what they open."""
    tree = _tree(html)
    assert not tree.faults, "\n".join(tree.faults)
    return tree.root


def _tree(html: str) -> _TreeBuilder:
    builder = _TreeBuilder()
    builder.feed(html)
    builder.close()
    return builder


def _card_numbers(tree: _TreeBuilder) -> list[str]:
    written = [("a line of text", line) for line in tree.lines]
    for element in tree.root.inside():
        written += [(f"{name} of <{element.tag}>", value) for name, value in element.attributes.items()]
    return [place for place, words in written if _holds_card_number(words)]


@lru_cache(10_000)
def _holds_card_number(words: str) -> bool:
    """Whether there is one; what a page says and its attributes are mostly those of the page before."""
    return holds_card_number(BOUNDARY.sub("", SIRET.sub("", words)))


class Fragment:
    """A part of a page, as htmx receives it: it obeys the rules that a part can obey."""

    def __init__(self, response: TestResponse, app: Flask) -> None:
        self.response = response
        self.status = response.status_code
        self._router = app.url_map.bind("localhost")
        data = response.data
        if response.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        self.source = data.decode()
        tree = _tree(self.source)
        self.root = tree.root
        self._faults = [*tree.faults, *(f"a card number: {place}" for place in _card_numbers(tree))]
        self.check()
        assert not self._faults, "\n".join(self._faults)

    def check(self) -> None:
        """Collect what is wrong."""
        elements = self.root.all()
        self._check_ids(elements)
        for address in {
            element.get("href") or element.get("hx-get")
            for element in elements
            if element.tag == "a" or "hx-get" in element.attributes
        }:
            self._check_link(address)
        labelled = Counter(label.get("for") for label in self.root.all("label"))
        for element in elements:
            self._check_inline(element)
            if element.tag == "form":
                self._demand("action" in element.attributes, "a form without an action")
                self._demand(element.get("method") in ("get", "post"), "a form without a method")
            if element.tag in FIELDS:
                self._check_label(element, labelled)
            self._demand("download" not in element.attributes, "a file whose answer may be a page")
            if element.tag == "button":
                self._demand(bool(element.text or element.get("aria-label")), "a button without words")

    def _demand(self, condition: bool, fault: str) -> None:
        if not condition:
            self._faults.append(fault)

    def _check_ids(self, elements: list[Element]) -> None:
        ids = Counter(element["id"] for element in elements if "id" in element.attributes)
        twice = sorted(name for name, count in ids.items() if count > 1)
        self._demand(not twice, f"ids twice: {twice}")
        for element in elements:
            for name in ("aria-describedby", "aria-labelledby", "for"):
                for wanted in element.get(name).split():
                    self._demand(wanted in ids, f"{name} names {wanted}, which is not there")

    def _check_inline(self, element: Element) -> None:
        names = element.attributes
        self._demand(element.tag != "style" and "style" not in names, f"<{element.tag}> has inline style")
        self._demand(element.tag != "script" or "src" in names, "an inline script")
        events = [name for name in names if name.startswith(("on", "hx-on"))]
        self._demand(not events, f"<{element.tag}> has {events}")
        self._demand("[" not in names.get("hx-trigger", ""), "hx-trigger with a filter needs eval")
        self._demand("js:" not in str(names.values()), "a js: value needs eval")

    def _check_label(self, element: Element, labelled: Counter[str]) -> None:
        if element.get("type") in ("hidden", "submit"):
            return
        name = element.get("id")
        self._demand(bool(name) and labelled[name] == 1, f"{element.attributes} has no label")
        self._demand("name" in element.attributes, f"{element.attributes} has no name")

    def _check_link(self, href: str) -> None:
        parts = urlsplit(href)
        if parts.scheme in ("mailto", "tel") or href.startswith("#"):
            return
        self._demand(not parts.scheme and not parts.netloc, f"{href} leads away")
        try:
            self._router.match(parts.path, "GET")
        except RequestRedirect:
            pass
        except (NotFound, MethodNotAllowed):
            self._faults.append(f"{href} leads nowhere")

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        return self.root.all(tag, **attributes)

    def one(self, tag: str = "", **attributes: str) -> Element:
        return self.root.one(tag, **attributes)

    @property
    def text(self) -> str:
        return self.root.text

    @property
    def csrf(self) -> str:
        """The token of the first form."""
        return self.all("input", name="csrf_token")[0]["value"]

    def links(self) -> list[str]:
        """The addresses that this page leads to, on this site."""
        found = [e["href"] for e in self.all("a") if not e["href"].startswith(("#", "mailto:", "tel:"))]
        return [*found, *(e["hx-get"] for e in self.all() if "hx-get" in e.attributes)]


#: How the title of a form begins that came back with faults.
ERROR = re.compile(r"(Erreur\s:|Error:) ")


class HtmlPage(Fragment):
    """A whole page."""

    def check(self) -> None:
        super().check()
        html = self.one("html")
        self._demand(html.get("lang") in LANGUAGES, "no language")
        self._demand(len(self.all("h1")) == 1, "not exactly one h1")
        # Whoever hears the title first hears that the form was not taken.
        title = ERROR.sub("", self.title) if self.all(class_="fault") else self.title
        self._demand(bool(self.all("h1")) and title.startswith(self.h1), "the title begins otherwise")
        viewports = [meta["content"] for meta in self.all("meta", name="viewport")]
        self._demand(viewports == ["width=device-width, initial-scale=1, viewport-fit=cover"], "no viewport")
        self._demand(len(self.all("main")) == 1, "not exactly one main")
        if html.get("lang") == "fr":
            self._demand(not ENGLISH.search(self.text), f"English: {ENGLISH.findall(self.text)}")
        for form in self.all("form", method="post"):
            self._demand(bool(form.all("input", name="csrf_token")), "a form without its CSRF token")

    @property
    def title(self) -> str:
        return self.one("head").one("title").text

    @property
    def h1(self) -> str:
        return self.one("h1").text
