"""Grouping a list as people do it: by the keyboard, without JavaScript, and back again."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, text

from app.database.engine import DatabaseRole
from app.models import BankAccount, Membership, UserAccount
from tests import money_factories
from tests.browser.windows import DESK, PHONE

#: What a bank says of the days of a merchant, in most of the ways that it can.
BANKED = """
UPDATE remittance_day SET gap = 767, fee = 61, to_confirm = 100, credit = (
  ARRAY['credited', 'differs', 'announced', 'expected', 'late', 'not_expected']
)[extract(day FROM day)::int % 6 + 1]
WHERE merchant_id = :merchant_id
"""
NOT_BANKED = """
UPDATE remittance_day SET gap = 0, fee = 0, to_confirm = 0, credit = 'unknown'
WHERE merchant_id = :merchant_id
"""


@pytest.fixture
def banked(live):
    """The chain's days as its bank sees them, for one test."""
    own = select(Membership.merchant_id).join(UserAccount).where(UserAccount.email == live.email)
    with live.database.writing(DatabaseRole.OWNER) as connection:
        merchant = {"merchant_id": connection.scalar(own)}
        account = money_factories.a_bank_account(connection, **merchant)
        connection.execute(text(BANKED), merchant)
    yield
    with live.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text(NOT_BANKED), merchant)
        connection.execute(delete(BankAccount).where(BankAccount.id == account))


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_list_is_grouped_without_javascript_and_a_line_leads_to_its_rows(window, width):
    visitor = window(width, javascript=False)
    visitor.go("/transactions?outcome=accepted")
    visitor.page.click("#regroup-button")
    visitor.follow(visitor.page.locator("#regroup-application"))
    assert "by=application" in visitor.page.url
    assert "outcome=accepted" in visitor.page.url
    count = visitor.page.locator(".groups tbody .count-of").first.inner_text()
    visitor.follow(visitor.page.locator(".groups tbody a").first)
    assert "by=" not in visitor.page.url
    assert "application=" in visitor.page.url
    assert count.split()[-1] in visitor.page.locator("#total-line").inner_text()


@pytest.mark.parametrize("width", [1024, DESK])
def test_the_usual_groupings_are_one_press_away_on_a_desk(window, width):
    visitor = window(width)
    visitor.go("/transactions?outcome=accepted")
    tabs = visitor.page.locator(".tabs")
    assert tabs.locator("[aria-current]").inner_text() == "Ligne par ligne"
    visitor.follow(tabs.get_by_role("link", name="Par application"))
    visitor.page.locator(".groups").wait_for()
    assert "by=application" in visitor.page.url
    assert "outcome=accepted" in visitor.page.url
    assert tabs.locator("[aria-current]").inner_text() == "Par application"
    assert visitor.sideways() == 0
    assert visitor.barriers() == []
    visitor.page.set_viewport_size({"width": PHONE, "height": 640})
    assert tabs.is_hidden()


def test_a_list_is_grouped_by_the_keyboard_and_back_shows_its_rows(window):
    visitor = window(DESK)
    visitor.go("/transactions")
    page = visitor.page
    page.focus("#regroup-button")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "day"
    page.keyboard.press("Enter")
    page.locator(".groups").wait_for()
    visitor.settled()
    assert page.url.endswith("/transactions?by=day")
    assert page.locator(".chart .now").count() > 0
    assert visitor.barriers() == []
    page.go_back()
    page.locator(".rows-group").first.wait_for()


def test_a_grouping_keeps_its_way_when_the_period_changes(window):
    visitor = window(DESK)
    visitor.go("/transactions?by=outlet")
    page = visitor.page
    page.click("#before")
    page.wait_for_url("**/transactions?*date_to*")
    visitor.settled()
    assert "by=outlet" in page.url
    assert page.locator(".groups tfoot").count() == 1


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_keyboard_stops_at_a_table_only_where_it_scrolls(window, width):
    visitor = window(width)
    visitor.go("/transactions?by=application")
    frame = visitor.page.locator(".groups-frame")
    scrolls = frame.evaluate("frame => frame.scrollWidth > frame.clientWidth")
    assert frame.evaluate("frame => frame.tabIndex") == (0 if scrolls else -1)
    assert not (scrolls and width == PHONE)


def test_the_shops_of_a_chain_are_a_short_list_on_a_phone(window):
    """Each is its name, number and net; the others, a ladder of 272 px once, one press away."""
    visitor = window(PHONE)
    visitor.go("/remises?by=outlet&period=last-30-days")
    lines = visitor.page.locator(".groups tbody tr")
    figures = lines.first.locator("td:not(.is-nothing)")
    assert figures.count() >= 7
    assert max(lines.evaluate_all("lines => lines.map(line => line.clientHeight)")) <= 120
    visitor.page.locator(".all-sums summary").click()
    assert all(figure.is_visible() for figure in figures.all())
    assert max(lines.evaluate_all("lines => lines.map(line => line.clientHeight)")) <= 220
    assert visitor.barriers() == []


@pytest.mark.usefixtures("banked")
@pytest.mark.parametrize("width", [PHONE, 1024, DESK])
def test_sums_that_are_asked_for_seldom_are_folded_and_stand_there_in_one_press(window, width):
    """With a bank a shop had up to seventeen: 1503 px in a frame of 1390, and as many figures on a phone."""
    visitor = window(width)
    visitor.go("/remises?by=outlet&period=last-7-days")
    if width != 1024:
        frame = visitor.page.locator(".groups-frame")
        assert frame.evaluate("frame => frame.scrollWidth - frame.clientWidth") <= 0
    seldom = visitor.page.locator(".groups tfoot .is-rare:not(.is-nothing)")
    assert seldom.count() >= 5
    assert not any(cell.is_visible() for cell in seldom.all())
    assert visitor.barriers() == []
    visitor.page.locator(".all-sums summary").click()
    assert all(cell.is_visible() for cell in seldom.all())
    visitor.keep(f"all-sums-{width}")


@pytest.mark.usefixtures("banked")
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_rare_sums_of_a_total_leave_the_first_rows_on_a_desk_and_are_one_press_away(window, width):
    """With a bank eighteen sums stood above the rows of a month: the first of them was at 880 px."""
    visitor = window(width)
    visitor.go("/remises?by=outlet&period=last-7-days")
    seldom = visitor.page.locator(".rare-parts dd")
    assert seldom.count() >= 5
    assert not any(sum_.is_visible() for sum_ in seldom.all())
    visitor.page.locator(".parts > summary" if width == PHONE else ".rare-parts > summary").click()
    assert all(sum_.is_visible() for sum_ in seldom.all())
    assert visitor.barriers() == []
    visitor.page.emulate_media(media="print")
    assert not visitor.page.locator(".rare-parts > summary").is_visible()
    assert all(sum_.is_visible() for sum_ in visitor.page.locator(".parts dd").all())


@pytest.mark.usefixtures("banked")
def test_all_sums_stand_on_paper(window):
    visitor = window(DESK)
    visitor.go("/remises?by=outlet&period=last-7-days")
    visitor.page.emulate_media(media="print")
    assert all(cell.is_visible() for cell in visitor.page.locator(".groups tfoot .is-rare").all())
    assert not visitor.page.locator(".all-sums").is_visible()
