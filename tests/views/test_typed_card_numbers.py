"""A full card number typed or pasted into whatever takes words is in no answer, no log and no table."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from app.models import Role
from app.web import access_matrix
from tests.desk.declaring import traces
from tests.page import HtmlPage
from tests.views.neighbours import address_of, enter, neighbours, rule_of
from tests.views.town import portal

CARD = "4970101122334455"
WRITTEN = (CARD, "4970 1011 2233 4455", "4970    1011    2233    4455", "4970|1011|2233|4455")
#: What ends the session, or is asked for without one.
NOT_ASKED = re.compile(r"^(links|dev)\.|sign_out|static")
WORDS = ("", "text", "search", "email", "tel", "number", "date", "url")


@pytest.fixture(scope="module")
def app(module_database, tmp_path_factory):
    return portal(module_database, tmp_path_factory.mktemp("typed"))


@pytest.fixture(scope="module")
def everybody(app, module_database):
    return neighbours(app, module_database)


def addresses(app, everybody):
    """The address of each route that is read, at its place."""
    for endpoint in sorted(access_matrix.ROUTES.keys() - access_matrix.ONLY_IN_DEVELOPMENT):
        if not NOT_ASKED.search(endpoint) and "GET" in (rule_of(app, endpoint, is_placed=True).methods or ()):
            yield address_of(app, everybody, endpoint, "ALPHA")[0]


def forms(page):
    """The forms of a page that take words: method, address, and what they send with a card in each."""
    for form in page.all("form"):
        sent, typed = {}, 0
        for field in [*form.all("input"), *form.all("textarea"), *form.all("select")]:
            name, kind = field.get("name"), field.get("type") if field.tag == "input" else field.tag
            if name and (kind in WORDS or kind == "textarea"):
                sent[name], typed = None, typed + 1
            elif name and kind == "select":
                chosen = [option for option in field.all("option") if "selected" in option.attributes]
                sent[name] = chosen[0].get("value") if chosen else ""
            elif name and (kind == "hidden" or "checked" in field.attributes):
                sent[name] = field.get("value")
        if typed:
            yield form.get("method", "get").lower(), form.get("action"), sent


def holds(text):
    """Whether the digits of the number stand in a text, whatever signs are between them."""
    return re.search("[^0-9A-Za-z]{0,40}".join(CARD), text) is not None


@pytest.mark.no_cover
@pytest.mark.probes("card numbers")
@pytest.mark.parametrize("who", ["owner", "staff"])
def test_no_card_number_stays_or_is_shown_wherever_it_is_typed(
    app, everybody, module_database, who, probes, caplog
):
    email = everybody.person(Role.OWNER, "ALPHA") if who == "owner" else everybody.staff("north")
    browser = enter(app, module_database, email)
    shown, typed, seen = [], 0, set()
    for number, address in enumerate(addresses(app, everybody)):
        asked = [
            f"{address}?{urlencode({name: WRITTEN[number % len(WRITTEN)]})}" for name in ("q", "card", CARD)
        ]
        with browser.get(address) as response:
            is_page = (
                response.mimetype == "text/html"
                and b"width=device-width, initial-scale=1, viewport-fit=cover" in response.data
            )
            page = HtmlPage(response, app) if is_page and response.status_code == 200 else None
        for method, action, sent in forms(page) if page else ():
            kind = (method, re.sub("[0-9]+", "#", action or address), tuple(sent))
            if kind in seen:
                continue
            seen.add(kind)
            written = WRITTEN[len(seen) % len(WRITTEN)]
            filled = {name: written if value is None else value for name, value in sent.items()}
            if method == "get":
                asked.append(f"{(action or address).partition('?')[0]}?{urlencode(filled)}")
                continue
            with browser.post(action or address, data=filled) as response:
                assert response.status_code < 500, (action, response.status_code)
                shown += [(action, tuple(sent))] if holds(response.get_data(as_text=True)) else []
            typed += 1
        for path in asked:
            with browser.get(path) as response:
                assert response.status_code < 500, path
                if holds(response.data.decode(errors="replace")) or holds(str(response.headers)):
                    shown.append(path)
            typed += 1
    assert shown == []
    assert not [record.getMessage() for record in caplog.records if holds(record.getMessage())]
    for written in WRITTEN:
        place = type("Place", (), {"database": module_database})
        assert traces(place, written) == []
    probes(typed)
