"""French, and English for those who ask."""

from __future__ import annotations

import pytest


@pytest.fixture
def town(module_town):
    """These tests only read: they share one database."""
    return module_town


@pytest.fixture
def database(town):
    return town[0]


def test_english_is_spoken_to_those_who_ask(owner):
    response = owner.post_form("/langue", lang="en", next="/transactions?type=refund")
    assert response.location == "/transactions?type=refund"
    page = owner.page("/transactions?type=refund")
    assert page.one("html")["lang"] == "en"
    assert "Refund" in page.text
    assert "-€5.00" in page.text
    owner.post_form("/langue", lang="fr")
    assert owner.page("/transactions").one("html")["lang"] == "fr"


def test_browsers_do_not_choose_the_language(owner):
    assert owner.page("/remises", headers={"Accept-Language": "en"}).one("html")["lang"] == "fr"


def test_only_our_languages_are_spoken(owner):
    assert owner.post_form("/langue", lang="de").status_code == 400
    owner.set_cookie("lang", "<script>")
    assert owner.page("/remises").one("html")["lang"] == "fr"
