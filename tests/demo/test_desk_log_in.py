"""The demonstration lets somebody to the desk, with codes in place of a phone, however often it is made."""

from __future__ import annotations

from app.database.engine import DatabaseRole
from importers.demo import demonstration
from importers.demo.accounts import STAFF
from tests import factories
from tests.views.town import portal

PASSWORD = "quatre mots pour essayer"


def test_the_printed_codes_open_the_desk_once_each(database, tmp_path):
    with database.writing(DatabaseRole.OWNER) as connection:
        factories.a_reseller(connection, slug=demonstration.RESELLER, name="Demo")
    for _ in range(2):
        with database.writing() as connection:
            codes = demonstration._open_desk(connection, PASSWORD)
    app = portal(database, tmp_path)
    browser = app.test_client()
    step = browser.sign_in(STAFF, PASSWORD).location
    assert browser.get("/gestion/commercants").status_code == 303
    form = browser.page(step).one("main").one("form")
    action, token = form["action"], form.one("input", name="csrf_token")["value"]
    browser.post(action, data={"csrf_token": token, "code": codes[0]})
    assert browser.page("/gestion/commercants").h1 == "Commerçants"
    again = app.test_client()
    step = again.sign_in(STAFF, PASSWORD).location
    token = again.page(step).csrf
    assert again.post(action, data={"csrf_token": token, "code": codes[0]}).status_code == 422
