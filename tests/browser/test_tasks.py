"""What the people of the design come for, done in a browser with every tap and scroll counted and printed."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app.models import Delivery
from tests.browser.conftest import DESK, IPHONE

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import BrowserWindow

#: An element stands in sight when the middle of it does: it can be tapped without a scroll.
IN_SIGHT = """element => {
  const box = element.getBoundingClientRect();
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  return box.width > 0 && x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight;
}"""


@dataclass
class Hand:
    """Somebody's hand: what it taps, and how often it must scroll to get there."""

    visitor: BrowserWindow
    taps: list[str] = field(default_factory=list)
    scrolls: int = 0

    def tap(self, what: str, place: Locator) -> None:
        self.look(place)
        place.click()
        self.taps.append(what)

    def press_enter(self, what: str, place: Locator) -> None:
        """The key of a phone's keyboard that sends: a tap as well."""
        place.press("Enter")
        self.taps.append(what)

    def look(self, place: Locator) -> None:
        """Have ``place`` in sight."""
        place.wait_for()
        if not place.evaluate(IN_SIGHT):
            self.scrolls += 1
            place.scroll_into_view_if_needed()

    def told(self, task: str) -> str:
        return f"{task}: {len(self.taps)} taps ({', '.join(self.taps)}), {self.scrolls} scrolls"


@pytest.fixture
def tell(capsys):
    """What writes a count past pytest: whoever runs the tests reads it."""

    def told(task: str, hand: Hand) -> tuple[int, int]:
        with capsys.disabled():
            sys.stdout.write(f"\n  {hand.told(task)}\n")
        return len(hand.taps), hand.scrolls

    return told


def a_sale(visitor):
    """A sale of the last days as somebody tells it on the telephone: its amount and its day."""
    answer = visitor.page.request.get(f"{visitor.url}/transactions.json?type=debit&outcome=accepted")
    row = answer.json()["rows"][3]
    day = f"{row['date'][8:10]}/{row['date'][5:7]}"
    return row["id"], f"{row['amount'] // 100},{row['amount'] % 100:02d} {day}"


def test_a_lost_ticket_leaves_again_in_five_taps(window, live, tell):
    """From a caller's words to a ticket sent, on the screen that Safari leaves of a phone."""
    visitor = window(IPHONE)
    sale, words = a_sale(visitor)
    visitor.go("/remises")
    hand = Hand(visitor)
    find = visitor.page.locator("#find")
    hand.tap("search box", find)
    find.fill(words)
    with visitor.page.expect_navigation():
        hand.press_enter("search", find)
    link = visitor.page.locator(f"a.send-link[href*='/transactions/{sale}/']")
    hand.tap("send the ticket", link)
    address = visitor.page.locator("#to-1")
    hand.tap("address", address)
    address.fill("porteur@maison.example")
    visitor.settled()
    hand.tap("send", visitor.page.locator("#steps form button.primary"))
    visitor.page.locator("#steps .delivery").first.wait_for()
    with live.database.reading() as connection:
        sent = select(Delivery.row_id).where(Delivery.recipient == "porteur@maison.example")
        assert connection.scalar(sent) == sale
    taps, scrolls = tell("A lost ticket", hand)
    assert (taps <= 5, scrolls) == (True, 0)


@pytest.mark.parametrize("width", [IPHONE, DESK])
def test_last_night_is_answered_before_anything_is_tapped(window, tell, width):
    """Did it pass, for how much, and did every terminal call: the merchant's question, and the fleet's."""
    visitor = window(width)
    visitor.go("/remises")
    hand = Hand(visitor)
    for part in (".answer .verdict", ".answer .big", ".answer .calls:visible"):
        hand.look(visitor.page.locator(part).first)
    assert tell(f"Last night, {width} px", hand) == (0, 0)


def test_the_month_by_shop_and_its_file_are_a_click_each(window, tell):
    """The finance director's: kept once as a view, then one click for the table and one for the file."""
    visitor = window(DESK)
    visitor.go("/transactions?by=outlet&period=last-30-days&type=debit")
    visitor.page.locator("#view-button").click()
    visitor.page.locator("#view-name").fill("Par magasin")
    visitor.page.locator(".keep-view button.primary").click()
    pills = visitor.page.locator("nav.periods.wide-only a")
    pills.first.wait_for()
    visitor.go("/transactions")
    hand = Hand(visitor)
    hand.tap("the view", pills.get_by_text("Par magasin"))
    visitor.page.wait_for_url(re.compile("by=outlet"))
    hand.look(visitor.page.locator("table.groups tbody tr").first)
    with visitor.page.expect_download() as download:
        hand.tap("CSV", visitor.page.locator(".downloads a").last)
    assert download.value.suggested_filename.endswith(".csv")
    assert tell("The month by shop, and its file", hand) == (2, 0)


def test_thirty_days_for_the_accounting_software_are_three_clicks(window, tell):
    """The finance director's file, from the page as it opens."""
    visitor = window(DESK)
    visitor.go("/transactions")
    hand = Hand(visitor)
    hand.tap("period", visitor.page.locator("#periods"))
    hand.tap("30 days", visitor.page.locator(".periods-menu nav a").get_by_text("30 jours"))
    visitor.page.wait_for_url(re.compile("last-30-days"))
    visitor.settled()
    with visitor.page.expect_download() as download:
        hand.tap("CSV", visitor.page.locator(".downloads a").last)
    assert download.value.suggested_filename.endswith(".csv")
    assert tell("30 days as CSV", hand) == (3, 0)


def test_a_payment_is_found_from_a_callers_words_on_a_desk(window, tell):
    """The fleet manager's, of a whole chain: to its page, with the ticket beside it."""
    visitor = window(DESK)
    sale, words = a_sale(visitor)
    visitor.go("/remises")
    hand = Hand(visitor)
    find = visitor.page.locator("#find")
    hand.tap("search box", find)
    find.fill(words)
    with visitor.page.expect_navigation():
        hand.press_enter("search", find)
    with visitor.page.expect_navigation():
        hand.tap("payment", visitor.page.locator(f".name > a[href*='/transactions/{sale}']"))
    hand.look(visitor.page.locator("pre.ticket").first)
    assert tell("A payment of the chain", hand) == (3, 0)
