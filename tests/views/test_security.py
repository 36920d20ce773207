"""What every response carries and every request must obey, whatever its status."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from flask import Blueprint
from sqlalchemy import select

from app import views
from app.accounts.roles import Permission
from app.config import ROOT
from app.models import Invitation, UserAccount
from app.web import security
from app.web.access_matrix import ONLY_IN_DEVELOPMENT, ROUTES, Guard
from app.web.security import local_path
from tests.page import HtmlPage
from tests.views.staff import let_staff_in, sign_in
from tests.views.town import PASSWORD, portal

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'"
)
EVERYWHERE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def town(module_town):
    """What these tests write does not matter to each other: they share one database."""
    return module_town


@pytest.fixture
def database(town):
    return town[0]


@pytest.fixture
def app(module_app):
    return module_app


UNSAFE = ["/connexion", "/deconnexion", "/acces/inviter", "/langue"]


def addresses(shops):
    """One address for each status that a person can meet."""
    own, foreign = shops[0], shops[1]
    long = "date_from=2026-01-01&date_to=2026-03-01"
    return {
        "/remises": 200,
        "/transactions.json": 200,
        "/transactions.csv": 200,
        f"/remises/{own.remittance_id}": 200,
        f"/remises/{foreign.remittance_id}": 404,
        f"/transactions.csv?{long}": 422,
        "/": 303,
        "/nowhere": 404,
        "/remises/x.css": 404,
        "/remises.xml": 404,
        "/transactions/1.css": 404,
        "/deconnexion": 405,
        "/static/css/nothing.css": 404,
        "/theme/demo/theme.toml": 404,
        "/theme/demo/../default/theme.toml": 404,
        "/static/../__init__.py": 404,
    }


def test_every_status_has_the_headers(owner, shops):
    for path, status in addresses(shops).items():
        response = owner.get(path)
        assert response.status_code == status, path
        for name, value in EVERYWHERE.items():
            assert response.headers[name] == value, path
        assert response.headers["Cache-Control"] == "no-store", path
        assert {"HX-Request", "Cookie"} <= set(response.vary.as_set(preserve_casing=True)), path
        assert "Permissions-Policy" in response.headers
        response.close()


def test_https_is_demanded_in_production_only(app, database, tmp_path):
    production = portal(database, tmp_path, database_url=database.addresses.owner).test_client()
    assert "max-age=31536000" in production.get("/connexion").headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in app.test_client().get("/connexion").headers


def test_versioned_files_are_kept_for_a_year(browser):
    page = browser.page("/connexion")
    files = [e["href"] for e in page.all("link")] + [e["src"] for e in page.all("script")]
    files += [e["src"] for e in page.all("img")]
    assert len(files) > 8
    for path in files:
        response = browser.get(path)
        assert response.status_code == 200, path
        kept = "manifest" not in path
        assert ("immutable" in response.headers["Cache-Control"]) is kept, path
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        response.close()


def test_a_file_without_its_version_is_not_kept(browser):
    with browser.get("/static/css/base.css") as response:
        assert response.headers["Cache-Control"] == "no-store"


def test_text_is_compressed_and_light(owner):
    """The budget of the first load is 100 KB, of a change of filter 20 KB."""
    asks = {"Accept-Encoding": "gzip"}
    response = owner.get("/transactions", headers=asks)
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.content_length == len(response.data)
    page = HtmlPage(response, owner.application)
    weight = len(response.data)
    for path in [e["href"] for e in page.all("link")] + [e["src"] for e in page.all("script")]:
        with owner.get(path, headers=asks) as file:
            weight += len(file.data)
    assert weight < 100_000
    part = owner.get(
        "/transactions?state=remitted", headers={**asks, "HX-Request": "true", "HX-Target": "results"}
    )
    assert len(part.data) < 20_000
    assert gzip.decompress(part.data).startswith(b"<div")


def test_only_files_are_kept_compressed(browser, monkeypatch):
    kept = []
    monkeypatch.setattr(security, "_compressed_once", lambda data: kept.append(data) or gzip.compress(data))
    for path, status in (("css/base.css?v=1", 200), ("css/none.css?v=1", 404)):
        with browser.get(f"/static/{path}", headers={"Accept-Encoding": "gzip"}) as response:
            assert response.status_code == status
            assert response.headers["Content-Encoding"] == "gzip"
    assert len(kept) == 1


# Routes and their guards


@pytest.mark.probes("sessions")
def test_every_route_is_open_by_decision_or_asks_to_sign_in(app, shops):
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ONLY_IN_DEVELOPMENT:
            continue  # tests/views/test_dev.py
        values = {
            name: {"slug": "demo", "name": "logo.svg", "filename": "css/base.css", "lang": "fr"}.get(name, 1)
            for name in rule.arguments
        }
        if "action" in values:
            values["action"] = "annuler" if "invitation" in rule.rule else "suspendre"
        if rule.defaults:
            values.update(rule.defaults)
        path = app.url_map.bind("localhost").build(rule.endpoint, values, method=next(iter(rule.methods)))
        for method in rule.methods & {"GET", "POST"}:
            data = {"csrf_token": client.token()} if method == "POST" else None
            with client.open(path, method=method, data=data) as response:
                closed = response.status_code == 303 and response.location.startswith("/connexion?next=")
                closed = closed or (response.status_code, response.location) == (303, "/connexion")
                closed = closed or (path.endswith(".json") and response.status_code == 401)
                if ROUTES[rule.endpoint].needs is not None:
                    assert closed, path
                else:
                    assert response.status_code in (200, 303, 400, 410, 422), path


def test_a_route_without_a_guard_stops_the_start(database, tmp_path, monkeypatch):
    guarded = {endpoint: guard for endpoint, guard in ROUTES.items() if endpoint != "transactions.index"}
    monkeypatch.setattr("app.web.guard.ROUTES", guarded)
    with pytest.raises(RuntimeError, match=r"transactions\.index"):
        portal(database, tmp_path)


def test_whoever_views_as_a_merchant_posts_nothing_even_where_they_may_read(
    database, tmp_path, shops, monkeypatch
):
    """The guard says so, not the routes: here is one that whoever may read could post to."""
    monkeypatch.setitem(ROUTES, "posts.here", Guard(Permission.LIST))
    posts = Blueprint("posts", __name__)
    posts.add_url_rule("/scratch", "here", lambda: "done", methods=["GET", "POST"])
    monkeypatch.setattr(views, "AT_MERCHANTS", (*views.AT_MERCHANTS, posts))
    let_staff_in(database, "staff@demo.example", "demo")
    staff = portal(database, tmp_path).test_client()
    sign_in(staff, "staff@demo.example")
    staff.post_form(f"/gestion/commercants/{shops[0].merchant_id}/regarder")
    assert staff.get(shops[0].at("/scratch")).data == b"done"
    assert staff.post_form(shops[0].at("/scratch")).status_code == 403


def test_htmx_is_told_to_leave_the_page_when_the_session_is_over(browser):
    response = browser.get("/remises?status=correct", headers={"HX-Request": "true", "HX-Target": "results"})
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/connexion?next=/remises?status%3Dcorrect"


# Requests from elsewhere


@pytest.mark.parametrize("path", UNSAFE)
@pytest.mark.parametrize("token", [None, "", "wrong", "foreign"])
@pytest.mark.probes("CSRF")
def test_a_form_without_its_token_does_nothing(app, owner, shops, path, token):
    if token == "foreign":
        token = app.test_client().token()
    data = {"merchant": shops[0].merchant_id, "lang": "en"} | ({} if token is None else {"csrf_token": token})
    response = owner.post(path, data=data)
    assert response.status_code == 400
    assert HtmlPage(response, app).h1 == "Ce formulaire a expiré"
    assert owner.get("/remises").status_code == 200


@pytest.mark.parametrize("path", UNSAFE)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
    ],
)
@pytest.mark.probes("CSRF")
def test_another_site_cannot_post(owner, path, headers):
    response = owner.post(path, data={"csrf_token": owner.token()}, headers=headers)
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("headers", "token", "by"), [({}, "wrong", "token"), ({"Sec-Fetch-Site": "cross-site"}, "", "origin")]
)
def test_a_form_that_is_refused_is_one_line_in_the_log(owner, caplog, headers, token, by):
    data = {"csrf_token": token, "email": "canary@evil.example"}
    owner.post("/acces/inviter", data=data, headers=headers)
    said = [record.getMessage() for record in caplog.records if record.name == "bordereau.errors"]
    line = json.loads(said[-1])
    assert line.keys() == {"at", "level", "logger", "event", "request_id", "endpoint", "by"}
    assert (line["event"], line["endpoint"], line["by"]) == ("form_refused", "team.invite", by)
    assert "canary" not in caplog.text


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}])
def test_our_own_pages_can(browser, shops, headers):
    data = {"csrf_token": browser.token(), "email": shops[0].email, "password": PASSWORD}
    assert browser.post("/connexion", data=data, headers=headers).status_code == 303


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "POST"])
def test_lists_are_only_read(owner, method):
    response = owner.open("/remises", method=method, data={"csrf_token": owner.token()})
    assert response.status_code == 405


@pytest.mark.parametrize("path", ["/remises", "/transactions", "/journal", "/acces", "/compte"])
@pytest.mark.parametrize("ending", [".css", ".js", "/x.css", ".png", ";x.css", "%2fx.css"])
def test_a_page_under_the_name_of_a_file_does_not_exist(owner, path, ending):
    """Else what stands between would keep somebody's page as a style sheet, and show it to all."""
    assert owner.get(path + ending).status_code == 404


def test_what_a_form_does_not_ask_for_changes_nothing_and_the_first_of_two_counts(owner, shops, database):
    """Neither the address's own parameters, nor names of columns, nor the same name once more."""
    form = {
        "csrf_token": owner.page("/acces/inviter").csrf,
        "email": ["guest@shop.example", "other@shop.example"],
        "role": ["viewer", "owner"],
        "scope": ["all", "some"],
        "merchant_id": str(shops[1].merchant_id),
        "reseller_id": "999",
        "invited_by": "999",
        "limited": "true",
        "used_at": "2026-01-01",
        "kind": "staff",
    }
    response = owner.post("/acces/inviter?role=owner&email=query@shop.example&merchant_id=3", data=form)
    assert response.location == shops[0].at("/acces?done=invited")
    with database.reading() as connection:
        row = connection.execute(select(*Invitation.__table__.columns)).one()
        me = connection.scalar(select(UserAccount.id).where(UserAccount.email == shops[0].email))
    assert (row.email, row.role, row.kind, row.limited) == ("guest@shop.example", "viewer", "invite", False)
    assert (row.merchant_id, row.invited_by, row.used_at) == (shops[0].merchant_id, me, None)
    assert row.reseller_id != 999


# Where one goes after signing in

SAFE = ["/transactions", "/remises?contract=1&contract=2", "/remises/12", "/?a=b"]
UNSAFE_PATHS = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    "/%0d%0aSet-Cookie:x=1\r\nX: y",
    " /remises",
    "",
    "remises",
    "/" + "a" * 3000,
    "@evil.example",
    "/\x0b/evil.example",
]


@pytest.mark.parametrize("path", SAFE)
def test_a_path_of_this_site_is_followed(path):
    assert local_path(path) == path


@pytest.mark.parametrize("path", UNSAFE_PATHS)
@pytest.mark.probes("redirects")
def test_no_other_path_is(browser, shops, path):
    assert local_path(path) is None
    response = browser.sign_in(shops[0].email, next=path)
    assert (response.status_code, response.location) == (303, "/remises")


def test_a_card_number_does_not_travel_on():
    assert local_path("/transactions?card=4970101234567893&type=debit") == "/transactions?type=debit"
    assert local_path("/transactions?label=4970101234567893+12/28&type=debit") == "/transactions?type=debit"
    assert local_path("/transactions?4970101234567893=1&type=debit") == "/transactions?type=debit"
    assert local_path("/transactions/4970101234567893") is None
    assert local_path("/transactions/4970%201012%203456%207893/ticket") is None
    assert local_path("/transactions?siret=44306184100047") == "/transactions?siret=44306184100047"


# Hosts


@pytest.mark.parametrize(
    "host", ["evil.example", "horizon.example.evil.example", "localhost.evil.example", "", "a b"]
)
@pytest.mark.probes("hosts")
def test_an_unknown_host_gets_nothing(app, host):
    response = app.test_client().get("/connexion", headers={"Host": host}, base_url="http://localhost")
    if host:
        assert response.status_code == 421
        assert "Horizon" not in response.text


def test_a_theme_goes_with_its_host(browser):
    page = browser.page("/connexion", headers={"Host": "horizon.example"})
    assert page.title == "Connexion · Monétique Horizon"
    assert browser.page("/connexion").title == "Connexion · Monétique Horizon", "the only maintainer there is"


def test_forwarded_hosts_are_ignored_in_development(browser):
    headers = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    assert browser.get("/connexion", headers=headers).status_code == 421
    headers = {"X-Forwarded-Host": "evil.example"}
    assert browser.get("/connexion", headers=headers).status_code == 200


# What is sent


@pytest.mark.probes("uploads")
def test_too_much_is_refused(browser):
    token = browser.token()
    assert browser.post("/connexion", data={"csrf_token": token, "email": "x" * 70_000}).status_code == 413
    many = {f"field{number}": "x" for number in range(60)}
    response = browser.post(
        "/connexion", data={"csrf_token": token, **many}, content_type="multipart/form-data"
    )
    assert response.status_code == 413


def test_the_templates_hold_no_colour_script_or_unsafe_filter():
    folder = ROOT / "app" / "templates"
    for path in folder.rglob("*.html"):
        if folder / "mail" in path.parents:
            continue  # mails have no style sheet: tests/mail/test_tickets.py
        source = path.read_text(encoding="utf-8")
        assert not re.search(
            r"\|\s*safe|Markup|style=|<style|\son[a-z]+=|hx-on|javascript:|hx-vals|#[0-9a-f]{6}", source
        ), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", source), path


def test_colours_are_named_in_tokens_only():
    for path in (ROOT / "app" / "static" / "css").glob("*.css"):
        if path.name != "tokens.css":
            source = path.read_text(encoding="utf-8")
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\b(rgb|hsl|oklch|lab)\(", source), path
