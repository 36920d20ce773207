"""The first page of a list sends eight statements at most, whatever it opens with and whoever looks."""

from __future__ import annotations

import pytest

from app.models import Role
from tests.views.round_trips import statements_sent
from tests.views.town import let_in

MOST = 8
PATHS = (
    "/remises",
    "/transactions",
    "/remises?period=last-30-days&count=with",
    "/transactions?period=last-30-days&outcome=declined",
    "/terminaux",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("limited", [False, True])
def test_a_first_page_sends_few_statements(app, owner, shops, database, path, limited):
    browser = owner
    if limited:
        browser = app.test_client()
        let_in(database, "few@alpha.example", "ALPHA", Role.OWNER, outlets=[shops[0].siret])
        browser.sign_in("few@alpha.example")
    browser.page(path)  # the session is seen
    assert statements_sent(database, lambda: browser.page(path)) <= MOST
