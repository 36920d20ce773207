"""What a night did not bring stands first, in red, on a phone and on a desk, on screen and on paper."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from app.database.engine import DatabaseRole
from app.models import Reseller, Role
from app.rules.time_zones import today
from tests import factories
from tests.browser.conftest import DESK, PHONE, TABLET, sign_in
from tests.views.town import PASSWORD, a_contract, a_shop, let_in

FLEET = "parc@muets.example"


@pytest.fixture(scope="module")
def fleet(live):
    """Whoever looks after two outlets that call every night; one of them did not on the last one."""
    nights = [today() - timedelta(days=ago) for ago in range(1, 30)]
    with live.database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = connection.scalar(select(Reseller.id).where(Reseller.slug == "demo"))
        source_id = factories.a_source(connection, reseller_id=reseller_id, name="muets")
        shop = a_shop(connection, "MUETS", reseller_id, source_id)
        outlet_id = factories.an_outlet(
            connection, merchant_id=shop.merchant_id, trade_name="Dijon Darcy", siret="99999999800019"
        )
        silent = a_contract(connection, shop, source_id, outlet_id=outlet_id, number="4242424")
        for night in nights:
            factories.a_received_day(connection, source_id=source_id, day=night)
            for contract_id in (shop.contract_id, silent)[: 1 if night == nights[0] else 2]:
                factories.a_remittance(
                    connection,
                    merchant_id=shop.merchant_id,
                    contract_id=contract_id,
                    collected_local=datetime.combine(night, time(21, 15)),
                )
        factories.sum_days(connection)
    let_in(live.database, FLEET, "MUETS", Role.FLEET)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, TABLET, DESK])
def test_it_comes_first_and_leads_to_the_card_of_its_terminal(window, fleet, width, dark):
    visitor = window(width, dark=dark, signed_in=False)
    page = visitor.page
    sign_in(page, visitor.url, FLEET, PASSWORD)
    for asked, lines in (("", "#rows [role=row]:not(.sheet-heads *)"), ("?by=outlet", ".groups tbody tr")):
        visitor.go(f"/remises{asked}")
        first = page.locator(lines).first
        said = first.inner_text().replace("\u00a0", " ")
        assert said.startswith("Dijon Darcy")
        assert "0 terminal sur 1 · Pas d’appel depuis" in said
        assert "non reçu" in said
        assert visitor.sideways() == 0
        assert visitor.barriers() == []
        page.emulate_media(media="print")
        assert first.is_visible()
        page.emulate_media(media="screen")
    visitor.follow(first.locator("a").first)
    assert "/terminaux/" in page.url
