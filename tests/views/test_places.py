"""The place is in the address: two tabs at two merchants never mix; a short address is one's only place."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from app.models import JournalEntry, Role
from app.web.places import common_address
from tests.page import short
from tests.views.staff import let_staff_in, sign_in
from tests.views.test_sign_in import move_clock
from tests.views.town import follow, let_in, plain

OUTSIDE = ("/aide", "/compte", "/deconnexion", "/langue")


@pytest.fixture
def both(browser, shops, database):
    """A person of two merchants, signed in."""
    for marker in ("BRAVO", "ALPHA"):
        let_in(database, "both@shop.example", marker)
    browser.sign_in("both@shop.example")
    return browser


@pytest.mark.probes("desks and places")
def test_two_tabs_at_two_merchants_never_mix(both, shops, database):
    """What each page leads to, by links and forms, is of its own merchant, whatever the other tab does."""
    for shop, other in ((shops[0], shops[1]), (shops[1], shops[0])):
        both.page(other.at("/remises"))
        page = both.page(shop.at("/transactions"))
        both.page(other.at("/remises"))
        assert shop.marker in page.one("main").text
        assert other.marker not in page.one("main").text
        links = [href for href in page.links() if not href.startswith(OUTSIDE)]
        assert [href for href in links if not href.startswith(shop.at("/"))] == [other.at("/")], (
            "the way over"
        )
        forms = [form["action"] for form in page.all("form") if not form["action"].startswith(OUTSIDE)]
        assert all(action.startswith(shop.at("/")) for action in forms)
        with both.get(follow(page, "CSV")) as response:
            assert f"{shop.marker.lower()}-merchant" in response.headers["Content-Disposition"]
            assert other.marker not in response.data.decode()
        part = both.part(shop.at("/transactions?type=refund"))
        assert part.response.headers["HX-Push-Url"] == shop.at("/transactions?type=refund")


@pytest.mark.parametrize("endpoint", ["lists.home", "remittances.index", "desk.merchants"])
def test_no_address_of_a_place_is_kept_for_everybody(app, shops, endpoint):
    with app.test_request_context(shops[0].at("/remises")), pytest.raises(LookupError):
        common_address(endpoint)


def test_an_invitation_opened_at_one_merchant_is_sent_for_it(both, shops, database):
    form = both.page(shops[0].at("/acces/inviter")).one("main").one("form")
    both.page(shops[1].at("/acces"))
    values = {"email": "guest@shop.example", "role": "viewer", "scope": "all"}
    assert both.post_form(form["action"], **values).location == shops[0].at("/acces?done=invited")
    assert "guest@shop.example" in both.page(shops[0].at("/acces")).text
    assert "guest@shop.example" not in both.page(shops[1].at("/acces")).text


def test_switching_is_a_link(both, shops):
    menu = both.page(shops[0].at("/remises")).one("ul", aria_labelledby="merchants-title")
    links = {plain(link): link for link in menu.all("a")}
    assert links["ALPHA merchant"].get("aria-current")
    assert links["BRAVO merchant"]["href"] == shops[1].at("/")
    assert both.get(shops[1].at("/")).location == shops[1].at("/remises")


def test_a_short_address_leads_to_the_place_used_last(both, shops, database):
    """It is written with the visit, at most once a minute; before there is one, the first by name."""
    asked = "/transactions?type=refund&sort=date"
    assert both.get(asked).location == shops[0].at("/transactions?type=refund&sort=date")
    both.page(shops[1].at("/remises"))
    assert both.get("/remises").location == shops[0].at("/remises"), "the visit was already written down"
    move_clock(database, last_seen_at="2 minutes")
    both.page(shops[1].at("/remises"))
    assert both.get("/remises").location == shops[1].at("/remises")
    assert both.get("/transactions.json").location == shops[1].at("/transactions.json")
    head = both.head("/transactions.csv")
    assert (head.status_code, head.location) == (303, shops[1].at("/transactions.csv"))
    assert both.post_form("/acces/inviter").status_code == 404, "at which merchant, it does not say"


def test_whoever_has_one_merchant_keeps_the_short_addresses(owner, shops):
    page = owner.page("/transactions")
    assert page.text == owner.page(shops[0].at("/transactions")).text
    links = [href for href in page.links() if not href.startswith(OUTSIDE)]
    assert links
    assert [href for href in links if not href.startswith(shops[0].at("/"))] == []
    assert {short(href).partition("?")[0] for href in links} >= {
        "/transactions",
        "/remises",
        "/acces",
        "/journal",
    }


def test_a_link_stays_true_when_a_second_merchant_comes(owner, shops, database):
    link = follow(owner.page("/remises"), "CSV")
    let_in(database, shops[0].email, "BRAVO", password=None)
    owner.sign_in(shops[0].email)
    with owner.get(link) as response:
        assert b"ALPHA" in response.data
        assert b"BRAVO" not in response.data


@pytest.mark.parametrize("address", ["/remises", "/transactions.csv", "/journal", "/acces", "/"])
@pytest.mark.probes("desks and places")
def test_a_place_that_is_not_mine_does_not_exist(owner, shops, database, address):
    foreign = owner.page(shops[1].at(address), status=404)
    nowhere = owner.page(f"/m/987654321{address}", status=404)
    assert foreign.h1 == nowhere.h1 == "Page introuvable"
    assert foreign.links() == nowhere.links()
    assert owner.get(f"/m/{2**63}{address}").status_code == 404
    with database.reading() as connection:
        events = connection.scalars(select(JournalEntry.event)).all()
    assert events.count("not_in_scope") == 1


def test_a_merchant_that_is_taken_away_is_gone_at_the_next_click(both, shops, database):
    both.page(shops[1].at("/remises"))
    with database.writing() as connection:
        taken = text("DELETE FROM membership WHERE merchant_id = :id")
        connection.execute(taken, {"id": shops[1].merchant_id})
    assert both.get(shops[1].at("/remises")).status_code == 404
    assert "ALPHA merchant" in both.page("/remises").text


def test_roles_are_those_of_the_place(app, shops, database):
    let_in(database, "two@shop.example", "ALPHA", Role.OWNER)
    let_in(database, "two@shop.example", "BRAVO", Role.VIEWER)
    browser = app.test_client()
    browser.sign_in("two@shop.example")
    with browser.get(shops[0].at("/transactions.csv")) as file:
        assert file.status_code == 200
    assert browser.get(shops[1].at("/transactions.csv")).status_code == 403
    assert browser.get(shops[1].at("/acces")).status_code == 403


# Staff


@pytest.fixture
def staff(browser, shops, database):
    """Somebody of the reseller's staff, at the desk."""
    let_staff_in(database, "staff@demo.example", "demo")
    sign_in(browser, "staff@demo.example")
    return browser


def test_staff_look_at_two_merchants_in_two_tabs(staff, shops):
    """Each is opened and left by itself; the desk stands beside them as it was."""
    for shop in shops[:2]:
        assert "/gestion/" in staff.get(shop.at("/remises")).location, "it is not said yet"
        begun = staff.post_form(f"/gestion/commercants/{shop.merchant_id}/regarder")
        assert begun.location == shop.at("/remises")
    for shop, other in ((shops[0], shops[1]), (shops[1], shops[0])):
        page = staff.page(shop.at("/transactions"))
        assert f"{shop.marker} merchant" in page.one(class_="viewing-as").text
        assert other.marker not in page.text
        lists = [href for href in page.links() if not href.startswith((*OUTSIDE, "/gestion/"))]
        assert [href for href in lists if not href.startswith(shop.at("/"))] == []
    leave = staff.page(shops[0].at("/remises")).one(class_="viewing-as").one("form")["action"]
    assert staff.page("/gestion/commercants").all(class_="viewing-as") == []
    staff.post_form(leave)
    assert staff.get(shops[0].at("/remises")).status_code == 303
    assert staff.get(shops[1].at("/remises")).status_code == 200


def test_a_tab_whose_look_was_left_in_another_is_led_on(staff, shops):
    """htmx puts no desk inside the list."""
    staff.post_form(f"/gestion/commercants/{shops[0].merchant_id}/regarder")
    list_page = shops[0].at("/remises?date_from=2026-03-01&date_to=2026-03-02")
    headers = {"HX-Request": "true", "HX-Target": "results"}
    assert staff.get(list_page, headers=headers).status_code == 200
    staff.post_form(f"/gestion/commercants/{shops[0].merchant_id}/quitter")
    led = staff.get(list_page, headers=headers)
    assert (led.status_code, led.data) == (204, b"")
    assert led.headers["HX-Redirect"].endswith(f"/commercants/{shops[0].merchant_id}")
