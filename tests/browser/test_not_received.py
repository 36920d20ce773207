"""What a night did not bring stands first, in red, once: in a phone's answer, in the rows of a desk."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from app.database.engine import DatabaseRole
from app.models import Reseller, Role
from app.rules.time_zones import today
from tests import factories
from tests.browser.test_screens import FIRST_ROW, top
from tests.browser.windows import DESK, IPHONE, PHONE, TABLET, sign_in
from tests.views.town import PASSWORD, a_contract, a_shop, let_in

FLEET = "parc@muets.example"
SILENT = ("Dijon Darcy", "Toulouse Capitole", "Vannes Port")
CALLED = ("Angers Gare", "Brest Halles", "Caen Port")


@pytest.fixture(scope="package")
def fleet(live):
    """Whoever looks after outlets that call every night; three of them did not on the last one."""
    nights = [today() - timedelta(days=ago) for ago in range(1, 30)]
    with live.database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = connection.scalar(select(Reseller.id).where(Reseller.slug == "demo"))
        source_id = factories.a_source(connection, reseller_id=reseller_id, name="muets")
        shop = a_shop(connection, "MUETS", reseller_id, source_id)
        called, silent = [shop.contract_id], []
        for number, (name, contracts) in enumerate(
            [*((name, silent) for name in SILENT), *((name, called) for name in CALLED)]
        ):
            siret = f"999999998000{number:02}"
            outlet_id = factories.an_outlet(
                connection, merchant_id=shop.merchant_id, trade_name=name, siret=siret
            )
            contracts.append(
                a_contract(connection, shop, source_id, outlet_id=outlet_id, number=f"42424{number:02}")
            )
        for night in nights:
            factories.a_received_day(connection, source_id=source_id, day=night)
            for contract_id in (*called, *(() if night == nights[0] else silent)):
                factories.a_remittance(
                    connection,
                    merchant_id=shop.merchant_id,
                    contract_id=contract_id,
                    collected_local=datetime.combine(night, time(21, 15)),
                )
        factories.sum_days(connection)
    let_in(live.database, FLEET, "MUETS", Role.FLEET)


def enter(window, width, **named):
    visitor = window(width, signed_in=False, **named)
    sign_in(visitor.page, visitor.url, FLEET, PASSWORD)
    return visitor


def said_by(place):
    return place.inner_text().replace("\u00a0", " ")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, TABLET, DESK])
def test_it_comes_first_and_leads_to_the_card_of_its_terminal(window, fleet, width, dark):
    visitor = enter(window, width, dark=dark)
    page = visitor.page
    rows = [("?by=outlet", ".groups tbody tr")]
    if width == DESK:
        rows.insert(0, ("", "#rows [role=row]:not(.sheet-heads *)"))
    for asked, lines in rows:
        visitor.go(f"/remises{asked}")
        first = page.locator(lines).first
        said = said_by(first)
        assert said.startswith(SILENT[0])
        assert "0 terminal sur 1 · Pas d’appel depuis" in said
        assert "non reçu" in said
        assert visitor.sideways() == 0
        assert visitor.barriers() == []
        page.emulate_media(media="print")
        assert first.is_visible()
        page.emulate_media(media="screen")
    visitor.follow(first.locator("a").first)
    assert "/terminaux/" in page.url


@pytest.mark.parametrize("width", [PHONE, IPHONE, TABLET, DESK])
def test_each_is_said_once_on_screen_and_on_paper(window, fleet, width):
    """A phone named each twice, in the answer and above the rows."""
    visitor = enter(window, width)
    visitor.go("/remises")
    places = visitor.page.get_by_text(SILENT[0])
    for media in ("screen", "print"):
        visitor.page.emulate_media(media=media)
        assert [place.is_visible() for place in places.all()].count(True) == 1


def test_a_phone_names_two_counts_the_others_and_has_its_first_row_in_sight(window, fleet):
    visitor = enter(window, IPHONE)
    visitor.go("/remises")
    named = visitor.page.locator(".strip-line:visible")
    assert [said_by(one).split("\n")[0] for one in named.all()] == list(SILENT[:2])
    assert "Aucun appel du point de vente depuis" in said_by(named.first)
    assert top(visitor.page.locator(".rows-group:not(.not-received) .line").first) < FIRST_ROW
    visitor.follow(visitor.page.get_by_text("1 autre sans appel"))
    assert visitor.page.url.endswith("/terminaux?state=silent")
