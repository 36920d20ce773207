"""French, and English for those who ask."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from app.rules.time_zones import today
from app.wording import i18n
from app.wording.days import day_in_words, days_in_words
from tests.views.town import PASSWORD, plain, portal


@pytest.fixture
def town(module_town):
    """These tests only read: they share one database."""
    return module_town


@pytest.fixture
def database(town):
    return town[0]


@pytest.fixture
def app(module_app):
    return module_app


def test_english_is_spoken_to_those_who_ask(owner):
    response = owner.post_form("/langue", lang="en", next="/transactions?type=refund")
    assert response.location == "/transactions?type=refund"
    page = owner.page("/transactions?type=refund")
    assert page.one("html")["lang"] == "en"
    assert "Refund" in page.text
    assert "−€5.00" in page.text
    owner.post_form("/langue", lang="fr")
    assert owner.page("/transactions").one("html")["lang"] == "fr"


def test_days_of_rows_are_written_as_english_writes_them(owner):
    """29/11 is no day to everybody who reads English; the head of the same page has "29 Nov"."""
    night = today() - timedelta(days=1)
    french, english = f"{night:%d/%m} ", f"{night.day} {night:%b} "
    path = "/transactions?sort=amount"
    assert french in plain(owner.page(path).one(id="rows"))
    owner.post_form("/langue", lang="en", next=path)
    rows = plain(owner.page(path).one(id="rows"))
    owner.post_form("/langue", lang="fr")
    assert english in rows
    assert french not in rows


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("en", "en"),
        ("en-GB,en;q=0.9,fr;q=0.5", "en"),
        ("fr-CA,en;q=0.9", "fr"),
        ("eo", "fr"),
        ("", "fr"),
        (";;", "fr"),
    ],
)
def test_before_signing_in_the_browser_chooses_and_then_it_stays_so(browser, shops, asked, spoken):
    headers = {"Accept-Language": asked}
    page = browser.page("/connexion", headers=headers)
    assert page.one("html")["lang"] == spoken
    form = {"csrf_token": page.csrf, "email": shops[0].email, "password": PASSWORD}
    assert browser.post("/connexion", data=form, headers=headers).status_code == 303
    assert browser.page("/remises").one("html")["lang"] == spoken


def test_browsers_do_not_choose_the_language_of_whoever_is_signed_in(owner):
    assert owner.page("/remises", headers={"Accept-Language": "en"}).one("html")["lang"] == "fr"


@pytest.mark.parametrize(
    ("spoken", "days", "day"),
    [("fr", "Du 1er au 7 octobre", "Dimanche 1er novembre"), ("en", "1 to 7 October", "Sunday 1 November")],
)
def test_the_first_of_a_month_is_said_as_the_language_says_it(spoken, days, day):
    with i18n.speaking(spoken):
        assert days_in_words(date(2026, 10, 1), date(2026, 10, 7), date(2026, 11, 1)) == days
        assert day_in_words(date(2026, 11, 1), date(2026, 11, 1)) == day


def test_another_language_is_a_catalogue_and_one_line(database, tmp_path, monkeypatch, shops):
    """Galician, of which one thing is said: the rest is English, and Babel writes days and money."""
    folder = tmp_path / "translations"
    shutil.copytree(i18n.CATALOGUES, folder)
    catalogue = Catalog(locale="gl")
    catalogue.add("Filters", "Filtros")
    (folder / "gl" / "LC_MESSAGES").mkdir(parents=True)
    with (folder / "gl" / "LC_MESSAGES" / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(i18n, "CATALOGUES", folder)
    i18n.LANGUAGES.append("gl")
    try:
        browser = portal(database, tmp_path).test_client()
        page = browser.page("/connexion", headers={"Accept-Language": "gl"})
        others = [name for code, name in i18n.languages() if code != "gl"]
        assert [button.text for button in page.all("button", name="lang")] == others
        browser.sign_in(shops[0].email)
        assert "Galego" in browser.page("/remises").text
        browser.post_form("/langue", lang="gl")
        page = browser.page("/transactions")
        assert page.one("html")["lang"] == "gl"
        assert "Filtros" in page.text
        assert "52,40 €" in plain(page.one("h2"))
        assert f"{today() - timedelta(days=1):%d/%m/%y}" in page.text
        assert browser.page("/aide").one("html")["lang"] == "gl"
        with browser.get(page.one("html")["data-worker"]) as worker:
            assert worker.status_code == 200
    finally:
        i18n.LANGUAGES.remove("gl")


def test_only_our_languages_are_spoken(owner):
    assert owner.post_form("/langue", lang="eo").status_code == 400
    owner.set_cookie("lang", "<script>")
    assert owner.page("/remises").one("html")["lang"] == "fr"
