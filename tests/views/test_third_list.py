"""A list that the portal does not have: declared once, and every address of it answers, to every role."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.accounts import passwords
from app.lists import LISTS, TRANSACTIONS
from app.models import Role
from app.web import access_matrix
from app.web.access_matrix import ROUTES, Answer, Relation, list_routes
from tests.views.neighbours import enter, neighbours
from tests.views.town import hashed_once, plain, portal

ECHOES = replace(TRANSACTIONS, name="echoes", path="/echos", title="Echoes", in_menu=False)


@pytest.fixture(scope="module")
def declared():
    """The list, known to the portal as its two own are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LISTS, ECHOES.name, ECHOES)
        for endpoint, guard in list_routes(ECHOES).items():
            patch.setitem(ROUTES, endpoint, guard)
        patch.setattr(passwords, "hashed", hashed_once)
        yield


@pytest.fixture(scope="module")
def app(declared, module_database, tmp_path_factory):
    return portal(module_database, tmp_path_factory.mktemp("third"))


@pytest.fixture(scope="module")
def everybody(app, module_database):
    return neighbours(app, module_database)


@pytest.fixture(scope="module", params=list(Role))
def browser(request, app, module_database, everybody):
    browser = enter(app, module_database, everybody.person(request.param, "ALPHA"))
    browser.role = request.param
    return browser


def addresses(row_id):
    """Every address of the list that is read, and what it is of."""
    return {
        "index": "/echos",
        "document": "/echos.json",
        "download": "/echos.csv",
        "detail": f"/echos/{row_id}",
        "ticket": f"/echos/{row_id}/ticket",
        "ticket_file": f"/echos/{row_id}/ticket.pdf",
        "sending": f"/echos/{row_id}/envoi",
    }


def test_every_address_answers_as_the_matrix_says(browser, everybody):
    row_id = everybody.shops["ALPHA"].transaction_ids[0]
    for page, path in addresses(row_id).items():
        expected = access_matrix.answer(browser.role, ROUTES[f"echoes.{page}"], Relation.OWN)
        with browser.get(path) as response:
            assert response.status_code == (200 if expected is Answer.ALLOWED else 403), path


def test_a_ticket_of_it_is_sent_and_told_of(app, module_database, everybody):
    owner = enter(app, module_database, everybody.person(Role.OWNER, "ALPHA"))
    row_id = everybody.shops["ALPHA"].transaction_ids[0]
    first = owner.page(f"/echos/{row_id}/envoi")
    onward = next(link["href"] for link in first.all("a") if "Suite" in link.text or "Suivant" in link.text)
    key = owner.page(onward).one("input", name="request_key")["value"]
    data = {"request_key": key, "to": "a@maison.example"}
    assert owner.post_form(f"/echos/{row_id}/envoi", **data).location == f"/echos/{row_id}#envois"
    assert "a@maison.example" in plain(owner.page(f"/echos/{row_id}").one("section", id="envois"))
    assert not owner.page(f"/transactions/{row_id}").all("section", id="envois")
    assert "Echoes" in plain(owner.page("/journal").one("main"))


def test_its_own_permission_can_keep_it_from_a_role():
    kept = replace(ECHOES, permission="journal")
    guards = list_routes(kept)
    for guard in guards.values():
        assert access_matrix.answer(Role.VIEWER, guard, Relation.OWN) is Answer.REFUSED
        assert access_matrix.answer(Role.OWNER, guard, Relation.OWN) is Answer.ALLOWED
