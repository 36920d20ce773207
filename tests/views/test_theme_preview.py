"""The preview of a theme: at the desk of its maintainer, and for every theme on a developer's machine."""

from __future__ import annotations

import pytest

from app.themes import load_themes
from app.views.mail_frames import MAIL_POLICY
from tests.views.staff import let_staff_in, second_step_taken
from tests.views.town import plain

#: What a maintainer wants to have seen before they give their colours to others.
SHOWN = {
    "button primary", "chips", "field", "option", "notice good", "notice bad", "notice warn", "badge warn",
    "answer", "chart", "group-head", "line is-bad", "ticket", "mail-page",
}  # fmt: skip


@pytest.mark.parametrize("slug", sorted(load_themes().by_slug))
def test_each_theme_has_a_page_with_every_component_a_ticket_and_a_mail(browser, slug):
    page = browser.page(f"/dev/themes/{slug}")
    worn = {element.get("class") for element in page.all()}
    assert worn >= SHOWN
    theme = load_themes().by_slug[slug]
    styles = [link["href"] for link in page.all("link", rel="stylesheet")]
    assert styles[-1].startswith(f"/theme/{slug}/tokens.css")
    assert theme.name in page.title
    mail = browser.get(page.one("iframe")["src"])
    assert mail.headers["Content-Security-Policy"] == MAIL_POLICY
    assert theme.name in mail.text
    assert theme.brand in mail.text
    assert "cid:" not in mail.text
    assert "DUPLICATA" in mail.text


def test_a_theme_that_is_not_there_has_none_and_nobody_sees_one_through_a_proxy(browser):
    for path in ("/dev/themes/nothing", "/dev/themes/nothing/mail"):
        assert browser.get(path).status_code == 404
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    assert browser.get("/dev/themes/default", headers=forwarded).status_code == 404


def test_staff_see_their_own_theme_from_their_desk(app, shops, database):
    let_staff_in(database, "staff@demo.example", "demo")
    browser = app.test_client()
    browser.sign_in("staff@demo.example")
    second_step_taken(database)
    desk = browser.page("/gestion/commercants")
    (link,) = [link["href"] for link in desk.all("a") if plain(link) == "Aperçu du thème"]
    page = browser.page(link)
    assert page.h1 == "Aperçu du thème"
    assert "DUPLICATA" in browser.get(page.one("iframe")["src"]).text
    owner = app.test_client()
    owner.sign_in(shops[0].email)
    assert owner.get("/gestion/apparence").status_code in (403, 404)
