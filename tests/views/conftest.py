"""A portal, a browser, and three merchants to look at."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts import passwords
from app.context import today
from app.db import Role as DatabaseRole
from tests import factories
from tests.views.town import Shop, a_shop, hashed_once, let_in, portal

made_before: dict[str, list[Shop]] = {}


@pytest.fixture
def app(database, tmp_path):
    """The portal as it runs on a developer's machine: plain http, plain cookie."""
    return portal(database, tmp_path)


@pytest.fixture
def browser(app):
    """A browser that has not signed in."""
    return app.test_client()


@pytest.fixture
def shops(database, monkeypatch):
    """Three merchants of one maintainer, each with its own marker in every text; made once a database."""
    if database.url in made_before:
        return made_before[database.url]
    monkeypatch.setattr(passwords, "hashed", hashed_once)
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = factories.a_reseller(connection, slug="demo", name="Maintainer")
        source_id = factories.a_source(connection, reseller_id=reseller_id)
        for days in range(1, 20):
            factories.a_received_day(connection, source_id=source_id, day=today() - timedelta(days=days))
        made = [
            a_shop(connection, marker, reseller_id, source_id) for marker in ("ALPHA", "BRAVO", "CHARLIE")
        ]
        factories.sum_days(connection)
    for shop in made:
        let_in(database, shop.email, shop.marker)
    made_before[database.url] = made
    return made


@pytest.fixture
def owner(browser, shops):
    """The browser of the first shop's owner, signed in."""
    response = browser.sign_in(shops[0].email)
    assert response.location == "/remises"
    return browser
