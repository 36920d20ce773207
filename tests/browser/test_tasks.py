"""What the people of the design come for, done in a browser with every tap and scroll counted and printed."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.mail.delivery import deliver
from app.mail.transport import Folder
from app.models import Delivery
from tests.browser.hands import Hand
from tests.browser.windows import DESK, IPHONE


def a_sale(visitor):
    """A sale of the last days as somebody tells it on the telephone: its amount and its day."""
    answer = visitor.page.request.get(f"{visitor.url}/transactions.json?type=debit&outcome=accepted")
    row = answer.json()["rows"][3]
    day = f"{row['date'][8:10]}/{row['date'][5:7]}"
    return row["id"], f"{row['amount'] // 100},{row['amount'] % 100:02d} {day}"


def take_the_csv(hand):
    """The file of what is in sight."""
    with hand.visitor.page.expect_download() as download:
        hand.tap("CSV", hand.visitor.page.locator(".downloads a").last)
    assert download.value.suggested_filename.endswith(".csv")


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
    visitor.settled()
    link = visitor.page.locator(f"a.send-link[href*='/transactions/{sale}/']")
    hand.tap("send the ticket", link)
    address = visitor.page.locator("#to-1")
    hand.tap("address", address)
    address.fill("porteur@maison.example")
    visitor.settled()
    hand.tap("send", visitor.page.locator("#steps form button.primary"))
    visitor.page.locator("#steps .delivery").first.wait_for()
    with live.database.reading() as connection:
        sent = select(Delivery.id, Delivery.row_id).where(Delivery.recipient == "porteur@maison.example")
        delivery_id, row_id = connection.execute(sent).one()
    assert row_id == sale
    taps, scrolls = tell("A lost ticket", hand)
    assert (taps <= 5, scrolls) == (True, 0)
    deliver(live.database, Folder(live.folder / "mail"), delivery_id)
    assert tell("The ticket in the mail", look_at_newest_mail(visitor, words)) == (0, 0)


def look_at_newest_mail(visitor, words):
    """The cardholder's part: the mail as their telephone opens it begins with the ticket and its amount."""
    visitor.go("/dev/mail")
    visitor.page.locator(".mails a").first.click()
    visitor.go(visitor.page.locator("iframe").get_attribute("src"))
    visitor.keep("e-mail-porteur")
    hand = Hand(visitor)
    hand.look(visitor.page.get_by_text(words.partition(" ")[0]).first)
    return hand


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
    visitor.follow(visitor.page.locator(".keep-view button.primary"))
    pills = visitor.page.locator("nav.periods.wide-only a")
    visitor.go("/transactions")
    hand = Hand(visitor)
    hand.tap("the view", pills.get_by_text("Par magasin"))
    visitor.page.wait_for_url(re.compile("by=outlet"))
    visitor.settled()
    hand.look(visitor.page.locator("table.groups tbody tr").first)
    take_the_csv(hand)
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
    take_the_csv(hand)
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
