"""The help page: both languages say the same, and it helps with the reseller's own numbers."""

from __future__ import annotations

import re

from app.config import ROOT
from app.wording import codes
from app.wording.i18n import gettext, speaking

HELP = ROOT / "app" / "templates" / "help"


def test_both_languages_hold_the_same(owner):
    texts = {lang: (HELP / f"{lang}.html").read_text(encoding="utf-8") for lang in ("fr", "en")}
    for shape in (r'<section id="(\w+)"', r"<(h2|h3|dt|dd|p|li)\b"):
        found = {lang: re.findall(shape, text) for lang, text in texts.items()}
        assert found["fr"] == found["en"]


def test_each_state_is_explained_once_under_its_heading():
    for lang in ("fr", "en"):
        for part in (HELP / f"{lang}.html").read_text(encoding="utf-8").split("<h3>"):
            terms = re.findall(r"<dt>(.*?)</dt>", part)
            assert len(set(terms)) == len(terms), terms


def test_each_state_of_a_credit_and_of_a_chargeback_is_explained_by_its_name():
    """What nobody knows of a credit stood on the lists and in no sentence."""
    shown = [*codes.CREDITS.values(), codes.CREDIT_PROPOSALS["open"], codes.CHARGEBACKS["reversed"]]
    for lang in ("fr", "en"):
        text = (HELP / f"{lang}.html").read_text(encoding="utf-8")
        with speaking(lang):
            assert [word for word in map(gettext, shown) if f"<dt>{word}</dt>" not in text] == []


def test_the_contents_lead_to_what_is_there(owner):
    page = owner.page("/aide")
    wanted = {link["href"].removeprefix("#") for link in page.one("nav", class_="contents").all("a")}
    assert wanted == {section["id"] for section in page.all("section")}


def test_it_is_linked_where_the_questions_come_up(owner):
    """The figures and files of a list, the roles of an invitation; each leads to a part that is there."""
    sections = {section["id"] for section in owner.page("/aide").all("section")}
    templates = (ROOT / "app" / "templates").rglob("*.html")
    linked = {
        each for path in templates for each in re.findall(r'help_link\("(\w+)"', path.read_text("utf-8"))
    }
    assert linked == {"etats", "chiffres", "fichiers", "roles"}
    assert linked <= sections
    for path, answers in (("/transactions", ("chiffres", "fichiers")), ("/acces/inviter", ("roles",))):
        ways = [link["href"] for link in owner.page(path).one("main").all("a") if "/aide#" in link["href"]]
        assert ways == [f"/aide#{section}" for section in answers]


def test_whom_to_ask_is_the_maintainer(owner, browser):
    for page in (owner.page("/aide"), browser.page("/aide")):
        assert any(link["href"] == "tel:0199002525" for link in page.all("a"))
        assert "assistance@horizon.example" in page.text
        assert "Bordereau" not in page.text
    assert len(owner.page("/aide").one("nav", class_="menu").all("a")) == 2
