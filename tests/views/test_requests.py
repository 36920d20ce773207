"""Requests that no page of ours makes: other names, odd headers, HEAD; and pages older than the session."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.models import JournalEntry, UserSession
from app.web import errors
from tests.page import HtmlPage
from tests.views.staff import let_staff_in, sign_in
from tests.views.test_sign_in import move_clock
from tests.views.town import PASSWORD, portal

OURS = {"Sec-Fetch-Site": "same-origin"}


def journal_lines(database):
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(JournalEntry))


# Names


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "192.0.2.1", "evil.example", "<b>"])
@pytest.mark.probes("hosts")
def test_an_unknown_name_gets_a_page_that_says_so_and_one_line(database, tmp_path, shops, host, caplog):
    """Whoever asks learns nothing else: a known address and another are answered alike."""
    errors._log_unknown_host.cache_clear()  # another test may have asked for the same name
    browser = portal(database, tmp_path, database_url=database.addresses.owner).test_client()
    before = journal_lines(database)
    for email in (shops[0].email, "nobody@shop.example"):
        asked = browser.post("/mot-de-passe-oublie", data={"email": email}, headers={"Host": host})
        assert asked.status_code == 421
    page = HtmlPage(browser.get("/remises", headers={"Host": host}), browser.application)
    assert (page.status, page.h1) == (421, "Ce portail n’est pas connu sous cette adresse")
    said = [record for record in caplog.records if "unknown_host" in record.getMessage() + str(record.msg)]
    assert len(said) == 1
    assert journal_lines(database) == before


def test_this_machines_name_is_known_in_development(browser):
    assert browser.get("/connexion", headers={"Host": "127.0.0.1"}).status_code == 200


# Headers and addresses


@pytest.mark.parametrize("name", ["Referer", "Origin", "HX-Current-URL"])
@pytest.mark.probes("addresses and headers")
def test_an_address_among_the_headers_that_is_none_is_a_bad_request(owner, shops, name):
    for path in ("/remises", f"/remises/{shops[0].remittance_id}", "/connexion"):
        assert owner.get(path, headers={name: "http://["}).status_code == 400
    form = {"csrf_token": owner.token()}
    assert owner.post("/deconnexion", data=form, headers={name: "http://["}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/remises?number=%00", "/connexion?next=%00", "/aide?%00=1", "/%00", "/theme/%00/tokens.css"]
)
@pytest.mark.probes("addresses and headers")
def test_a_nul_in_an_address_is_a_bad_request(owner, path):
    assert owner.get(path).status_code in (400, 404)
    assert owner.get(path, headers={"HX-Request": "true"}).status_code in (400, 404)


@pytest.mark.probes("addresses and headers")
def test_a_nul_in_a_form_is_a_bad_request(browser):
    assert browser.sign_in("a\0@shop.example").status_code == 400
    assert browser.post_form("/mot-de-passe-oublie", email="\0").status_code == 400


@pytest.mark.probes("addresses and headers")
def test_ids_that_no_column_can_hold_are_no_addresses(app, owner):
    for rule in app.url_map.iter_rules():
        assert "<int" not in rule.rule, f"{rule.rule}: <id:…> has a largest value"
    for path in (
        "/acces/{}",
        "/remises/{}",
        "/compte/sessions/{}/fermer",
        "/m/{}/remises",
        "/gestion/{}/imports",
    ):
        for number in (2**63, 10**40):
            assert owner.open(path.format(number), method="POST").status_code in (404, 405)
            assert owner.get(path.format(number)).status_code in (404, 405)


# HEAD


def test_head_writes_nothing(app, owner, shops, database):
    before = journal_lines(database)
    files = ("/transactions.csv", "/remises.csv", "/journal.csv")
    for path in (*files, "/remises/1", "/gestion/", shops[1].at("/remises")):
        owner.head(path)
    head, sent = owner.head("/transactions.csv"), owner.get("/transactions.csv")
    assert head.headers["Content-Disposition"] == sent.headers["Content-Disposition"]
    sent.close()
    assert journal_lines(database) == before + 1, "the file alone"
    move_clock(database, last_seen_at="2 minutes")
    with database.reading() as connection:
        seen = connection.scalar(select(UserSession.last_seen_at))
    owner.head("/remises")
    with database.reading() as connection:
        assert connection.scalar(select(UserSession.last_seen_at)) == seen


# htmx


@pytest.mark.parametrize("method", ["get", "post"])
def test_htmx_is_led_on_wherever_a_browser_would_be(owner, shops, method):
    """Else the other page would show inside the one that asked."""
    headers = {"HX-Request": "true", "HX-Target": "results"}
    if method == "get":
        response = owner.get("/", headers=headers)
    else:
        response = owner.post("/langue", data={"csrf_token": owner.token(), "lang": "en"}, headers=headers)
    assert (response.status_code, response.data, response.location) == (204, b"", None)
    assert response.headers["HX-Redirect"] == shops[0].at("/remises" if method == "get" else "/") or "/"


# Older tabs


@pytest.mark.parametrize("path", ["/connexion", "/mot-de-passe-oublie"])
def test_a_form_opened_before_signing_in_elsewhere_still_works(app, shops, path):
    browser = app.test_client()
    older = browser.page(path).csrf
    browser.sign_in(shops[0].email)
    form = {"csrf_token": older, "email": shops[0].email, "password": PASSWORD, "next": "/transactions"}
    assert browser.post(path, data=form).status_code == 400, "no browser says that the form is ours"
    assert browser.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    response = browser.post(path, data=form, headers=OURS)
    assert response.status_code == 303
    assert browser.get("/transactions").status_code == 200


def test_behind_the_sign_in_an_older_token_is_refused_as_before(owner, database):
    older = owner.page("/acces/inviter").csrf
    owner.sign_in("alpha@shop.example")
    form = {"csrf_token": older, "email": "guest@shop.example", "role": "viewer", "scope": "all"}
    assert owner.post("/acces/inviter", data=form, headers=OURS).status_code == 400


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 19, "١" * 5, "-1", "0"])
@pytest.mark.probes("addresses and headers")
def test_a_number_in_a_form_that_no_column_holds_names_nothing(app, owner, shops, database, number, probes):
    """Python refuses to read five thousand digits at all."""
    let_staff_in(database, "staff@demo.example", "demo")
    staff = app.test_client()
    sign_in(staff, "staff@demo.example")
    access = {"email": "a@shop.example", "role": "viewer", "scope": "some", "outlet": number}
    credit = {"verdict": "confirmed", "line": number}
    asked = (
        (owner, "/acces/inviter", access),
        (owner, "/a-traiter", credit),
        (staff, "/gestion/banque", credit),
        (staff, "/gestion/commercants/declarer", {"merchant": number}),
        (staff, "/gestion/contrats/rattacher", {"contract": number, "merchant": number}),
    )
    for browser, path, form in asked:
        assert browser.post_form(path, **form).status_code in (303, 400, 404, 422), path
    probes(len(asked))
