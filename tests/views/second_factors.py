"""A second factor in tests: pairing an app, the codes of the moment, sending them."""

from __future__ import annotations

import base64
import time

from sqlalchemy import func, insert, select

from app.accounts.second_factor import code_at
from app.models import Reseller, StaffMember, UserAccount, UserSession
from tests.page import HtmlPage


def sessions(database):
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(UserSession))


def user_id_of(database, email):
    with database.reading() as connection:
        return connection.scalar(select(UserAccount.id).where(UserAccount.email == email))


def secret_on(page):
    """The secret that the page shows, as an app would take it."""
    return base64.b32decode(page.one(class_="secret").text.replace(" ", ""))


def code_now(secret, steps=1):
    """The code of the next step, good now and when this one ends; pairing takes the present one."""
    return code_at(secret, int(time.time()) // 30 + steps)


def enrol(browser, database):
    """Pair an app; returns its secret and the recovery codes."""
    page = browser.page("/compte/double-verification")
    secret = secret_on(page)
    response = send_first(browser, page, code_now(secret, 0))
    assert response.status_code == 200, "not paired"
    page = HtmlPage(response, browser.application)
    return secret, [item.text for item in page.one(class_="codes").all("li")]


def send_first(browser, page, code):
    return browser.post("/compte/double-verification", data={"csrf_token": page.csrf, "code": code})


def make_staff(database, email):
    with database.writing() as connection:
        reseller = connection.scalar(select(Reseller.id).where(Reseller.slug == "demo"))
        person = select(UserAccount.id).where(UserAccount.email == email).scalar_subquery()
        connection.execute(insert(StaffMember).values(user_id=person, reseller_id=reseller))


def send_code(browser, code, onward="/remises"):
    page = browser.page("/connexion/code")
    return browser.post("/connexion/code", data={"csrf_token": page.csrf, "code": code, "next": onward})
