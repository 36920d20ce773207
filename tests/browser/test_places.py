"""Two tabs of one browser at two merchants: each acts where it says."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.accounts.users import NewAccess, give_access
from app.models import Merchant, Role
from tests.browser.portal import PASSWORD
from tests.browser.windows import DESK, sign_in

BOTH = "deux@enseignes.example"


def two_merchants(live):
    """Somebody of two merchants; returns their ids."""
    with live.database.writing() as connection:
        known = connection.execute(
            select(Merchant.id, Merchant.code).where(Merchant.id > 0).order_by(Merchant.id).limit(2)
        ).all()
        for merchant in known:
            access = NewAccess(email=BOTH, merchant=merchant.code, reseller=None, role=Role.OWNER)
            give_access(connection, access, PASSWORD)
    return [merchant.id for merchant in known]


def test_two_tabs_at_two_merchants_never_mix(window, live):
    one, other = two_merchants(live)
    visitor = window(DESK, signed_in=False)
    first = visitor.page
    sign_in(first, live.url, BOTH)
    first.wait_for_url(re.compile(r"/m/\d+/remises"))
    first.goto(f"{live.url}/m/{one}/transactions")
    second = first.context.new_page()
    second.goto(f"{live.url}/m/{other}/transactions")
    first.locator("#periods").click()
    first.get_by_role("link", name="30 jours").click()
    first.wait_for_url(re.compile(rf"/m/{one}/transactions\?"))
    visitor.settled()
    first.locator("#more a.button").click()
    first.wait_for_url(re.compile(rf"/m/{one}/transactions\?.*pages=2"))
    visitor.settled()
    links = first.locator(".rows-group a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    assert len(links) > 50
    assert [href for href in links if not href.startswith(f"/m/{one}/")] == []
    second.reload()
    assert second.url == f"{live.url}/m/{other}/transactions"
    with first.expect_download() as waiting:
        first.locator(".downloads a[href*='.csv']").click()
    name = second.locator(".brand-merchant, .account-title").first.inner_text()
    assert waiting.value.suggested_filename.startswith("transactions_")
    assert name.lower().split()[0] not in waiting.value.suggested_filename
