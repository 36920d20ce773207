"""When something breaks: plain words, a number to quote, and nothing that was typed or stored."""

from __future__ import annotations

import json

from flask import abort
from psycopg.errors import DeadlockDetected, QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.database.engine import Database, DatabaseRole
from app.database.login_addresses import Addresses
from app.views import accounts, lists
from app.web import errors
from tests.page import Fragment, HtmlPage
from tests.views.town import portal

TITLES = {
    400: "Cette demande n'est pas compréhensible",
    403: "Vous n'avez pas accès à cette page",
    404: "Page introuvable",
    405: "Cette action n'est pas possible ici",
    413: "L'envoi est trop volumineux",
    422: "Cette recherche est trop large",
    429: "Trop de tentatives",
    500: "Un incident s'est produit de notre côté",
    503: "Le portail est momentanément indisponible",
}
CANARY = "4970101234567893"


def break_with(monkeypatch, error, step="page"):
    """Let ``step`` of showing a list raise ``error``; a question not understood never comes to "page"."""

    def broken(*_args, **_named):
        raise error

    monkeypatch.setattr(lists, step, broken)


def assert_has_menu(page):
    assert len(page.one("nav", class_="menu").all("a")) == 2
    assert page.one("span", class_="brand-name").text == "Monétique Horizon"
    assert page.all("details", class_="account")


def assert_works_again(browser):
    page = browser.page("/remises")
    assert page.title == f"{page.h1} · Remises · Monétique Horizon"


def test_every_error_is_a_plain_french_page_with_a_number(owner, shops, monkeypatch):
    for status, title in TITLES.items():
        monkeypatch.setattr(lists, "page", lambda *_, status=status: abort(status))
        page = owner.page("/remises?status=correct", status=status)
        assert page.h1.replace("’", "'") == title
        assert "Numéro de la demande" in page.text
        ways = [link["href"] for link in page.one("main").all("a", class_="button")]
        again = ["/remises?status=correct"] if status in (429, 500, 503) else []
        assert ways == [*again, shops[0].at("/")]
        assert_has_menu(page)


def test_nothing_but_a_page_is_tried_again_by_a_link(owner, monkeypatch):
    """A form that broke off may have done its work; an address may name another site, or hold a card."""
    break_with(monkeypatch, RuntimeError("no"), "page_or_part")
    for address in (f"/remises?number={CANARY}", "/remises"):
        links = owner.page(address, status=500).one("main").all("a", class_="button")
        assert CANARY not in "".join(link["href"] for link in links)
    monkeypatch.setattr(accounts, "end_signed_in", lambda *_: 1 / 0)
    form = {"csrf_token": owner.page("/aide").csrf}
    page = HtmlPage(owner.post("/deconnexion", data=form), owner.application)
    assert [link.text for link in page.one("main").all("a", class_="button")] == ["Retour à l’accueil"]


def test_an_address_that_is_nobodys_keeps_the_menu_of_whoever_is_signed_in(app, owner):
    assert_has_menu(owner.page("/nowhere", status=404))
    stranger = app.test_client().page("/nowhere", status=404)
    assert not stranger.all("nav", class_="menu")
    assert not stranger.all("details", class_="account")


def test_nobody_is_sent_to_themselves_for_a_page_of_the_maintainer(owner, shops):
    """An owner was told to ask the owner of the account: their own address."""
    page = owner.page("/gestion/commercants", status=403)
    assert page.h1 == "Cette page est celle du mainteneur"
    assert shops[0].email not in page.one("main").text
    assert_has_menu(page)


def test_a_bug_is_logged_with_the_number_of_the_page_and_without_values(owner, monkeypatch, caplog):
    break_with(monkeypatch, RuntimeError(f"the secret {CANARY}"), "page_or_part")
    page = owner.page(f"/remises?number={CANARY}", status=500)
    line = next(r.getMessage() for r in caplog.records if r.name == "bordereau.errors")
    event = json.loads(line)
    assert event["request_id"] in page.text
    assert event["error"] == "RuntimeError"
    assert CANARY not in caplog.text + page.source


def test_a_program_that_is_not_signed_in_is_told_so(browser):
    response = browser.get("/remises.json")
    assert (response.status_code, response.json["error"]) == (401, "Vous n’êtes pas connecté")


def test_htmx_gets_a_part_and_programs_get_json(owner, monkeypatch):
    break_with(monkeypatch, RuntimeError("no"))
    headers = {"HX-Request": "true", "HX-Target": "results"}
    part = Fragment(owner.get("/remises", headers=headers), owner.application)
    assert (part.status, part.one(role="alert").tag) == (500, "div")
    monkeypatch.setattr(lists, "json_document", lambda *_: 1 / 0)
    response = owner.get("/remises.json")
    assert response.status_code == 500
    assert set(response.json) == {"error", "request_id"}


def test_a_question_that_takes_too_long_asks_to_be_narrowed(owner, monkeypatch):
    break_with(monkeypatch, OperationalError("SELECT", {}, QueryCanceled("statement timeout")))
    page = owner.page("/transactions", status=422)
    assert "Choisissez une période plus courte" in page.text


def test_the_database_itself_cuts_a_long_question_off(owner, monkeypatch):
    def slow(connection, *_args):
        connection.execute(text("SET LOCAL statement_timeout = '20ms'"))
        connection.execute(text("SELECT pg_sleep(5)"))

    monkeypatch.setattr(lists, "page", slow)
    assert owner.page("/transactions", status=422)


def test_what_the_database_refused_is_logged_by_its_code(owner, monkeypatch, caplog):
    break_with(monkeypatch, OperationalError("SELECT", {}, DeadlockDetected(f"row {CANARY}")))
    assert owner.page("/transactions", status=503)
    line = next(r.getMessage() for r in caplog.records if r.name == "bordereau.errors")
    assert json.loads(line)["sqlstate"] == "40P01"
    assert CANARY not in line


def test_the_portal_outlives_its_database(database, tmp_path, administration, shops):
    """Down: a human page at once. Back: everything works again, without a restart."""
    browser = portal(database, tmp_path).test_client()
    browser.sign_in(shops[0].email)
    name = database.name
    administration.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    administration.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
    )
    try:
        page = browser.page("/remises", status=503)
        assert page.h1 == TITLES[503]
        assert page.response.headers["Retry-After"]
        assert HtmlPage(browser.get("/nowhere"), browser.application).status == 404
        anonymous = browser.application.test_client()
        assert anonymous.page("/connexion").h1 == "Connexion"
    finally:
        administration.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert_works_again(browser)


def test_a_server_that_is_not_there_is_a_503(tmp_path):
    nowhere = Database(Addresses(web="postgresql+psycopg://postgres@/nothing?host=/nonexistent-folder"))
    browser = portal(nowhere, tmp_path).test_client()
    browser.set_cookie("bordereau", "A" * 43)
    assert browser.page("/remises", status=503).h1 == TITLES[503]


def test_even_a_broken_error_page_answers(owner, monkeypatch):
    break_with(monkeypatch, RuntimeError("no"))
    monkeypatch.setattr(errors, "render_template", lambda *_args, **_named: 1 / 0)
    response = owner.get("/remises")
    assert response.status_code == 500
    assert "Erreur" in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_a_pool_that_runs_dry_is_a_503(database, tmp_path, shops):
    small = Database(database.addresses, pool_size=1)
    browser = portal(small, tmp_path).test_client()
    browser.sign_in(shops[0].email)
    engine = small.engine(DatabaseRole.WEB)
    engine.pool._timeout = 0.1
    held = [engine.connect() for _ in range(2)]
    assert browser.page("/remises", status=503).h1 == TITLES[503]
    for connection in held:
        connection.close()
    assert_works_again(browser)
    small.dispose()
