"""A portal, a browser, and three merchants to look at."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from app.accounts import invitations
from app.accounts.grants import Grant
from app.database.engine import DatabaseRole
from app.models import Role
from app.rules.time_zones import today
from tests import factories, money_factories
from tests.accounts.mails import link
from tests.views.one_time_links import GUEST
from tests.views.town import a_shop, let_in, portal


@pytest.fixture
def app(database, tmp_path):
    """The portal as it runs on a developer's machine: plain http, plain cookie."""
    return portal(database, tmp_path)


@pytest.fixture
def browser(app):
    """A browser that has not signed in."""
    return app.test_client()


def three_shops(database):
    """Three merchants of one reseller, each with its own marker in every text."""
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = factories.a_reseller(connection, slug="demo", name="Maintainer")
        source_id = factories.a_source(connection, reseller_id=reseller_id)
        for days in range(1, 20):
            factories.a_received_day(connection, source_id=source_id, day=today() - timedelta(days=days))
        made = [
            a_shop(connection, marker, reseller_id, source_id) for marker in ("ALPHA", "BRAVO", "CHARLIE")
        ]
        money_factories.a_bank_account(
            connection, merchant_id=made[0].merchant_id
        )  # ALPHA alone sees credits
        factories.sum_days(connection)
    for shop in made:
        let_in(database, shop.email, shop.marker)
    return made


def three_shops_and_an_owner(database):
    """The same, when the first one's owner has signed in."""
    made = three_shops(database)
    with tempfile.TemporaryDirectory() as folder:
        browser = portal(database, Path(folder)).test_client()
        assert browser.sign_in(made[0].email).location == "/remises"
    made[0].cookies = browser.cookies()
    return made


@pytest.fixture
def town(furnished, request):
    """A database with the shops in it, and the shops."""
    with furnished.copy(three_shops_and_an_owner if "owner" in request.fixturenames else three_shops) as copy:
        yield copy


@pytest.fixture(scope="module")
def module_town(furnished):
    """A town that the tests of a module share: they say so by a ``town`` of their own."""
    with furnished.copy(three_shops_and_an_owner) as copy:
        yield copy


@pytest.fixture(scope="module")
def module_app(module_town, tmp_path_factory):
    """The portal of the shared town: laying out its routes takes as long as answering three pages."""
    return portal(module_town[0], tmp_path_factory.mktemp("portal"))


@pytest.fixture
def database(request):
    """A migrated database of this test's own; that of the town when the test knows its shops."""
    if "shops" in request.fixturenames:
        return request.getfixturevalue("town")[0]
    return request.getfixturevalue("database")


@pytest.fixture
def shops(town, database):
    """The merchants of the town."""
    assert database is town[0]
    return town[1]


@pytest.fixture
def owner(browser, shops):
    """The browser of the first shop's owner, signed in."""
    if shops[0].cookies:
        browser.resume(shops[0].cookies)
    else:
        assert browser.sign_in(shops[0].email).location == "/remises"
    return browser


@pytest.fixture
def links(app):
    return app.extensions["bordereau.links"]


@pytest.fixture
def invite(database, links, shops):
    """Invite the guest to the first shop; returns the path of the link in the mail."""

    def invite(email=GUEST, role=Role.VIEWER, shop=0, **limits):
        with database.writing() as connection:
            invitations.invite(connection, links, email, shops[shop].merchant_id, Grant(role, **limits), None)
        return link(database, email)

    return invite


@pytest.fixture
def payment(shops):
    return f"/transactions/{shops[0].transaction_ids[0]}"


@pytest.fixture
def remise(shops):
    return f"/remises/{shops[0].remittance_id}"
