"""What a page is on paper: Chromium lays it out for print, and says where a sheet may end."""

from __future__ import annotations

from tests.browser.conftest import IPHONE
from tests.browser.readme_pictures import FIRST_REMITTANCE

#: The value of a property of the first element that a selector finds.
STYLE = "([selector, property]) => getComputedStyle(document.querySelector(selector))[property]"


def style(visitor, selector, name):
    return visitor.page.evaluate(STYLE, [selector, name])


def test_a_remittance_on_paper_keeps_its_ticket_whole_and_its_names_dark(window):
    """A ticket over two sheets cannot be filed; white names on no ground came out pale grey."""
    visitor = window()
    visitor.go("/remises")
    visitor.go(visitor.page.locator(FIRST_REMITTANCE).first.get_attribute("href"))
    visitor.page.emulate_media(media="print")
    whole = (".ticket", ".facts > div", ".fold:has(> .sections)")
    assert {style(visitor, selector, "breakInside") for selector in whole} == {"avoid"}
    assert style(visitor, ".brand-name", "color") == style(visitor, "body", "color")
    assert style(visitor, ".brand-merchant", "color") == style(visitor, "body", "color")


def test_a_row_of_sums_stands_whole_on_one_sheet(window):
    """Its amount stood alone on top of the next page."""
    visitor = window()
    visitor.go("/transactions?by=outlet")
    visitor.page.emulate_media(media="print")
    assert style(visitor, ".groups tbody tr", "breakInside") == "avoid"


def test_sums_are_a_table_on_paper_from_a_phone_too(window):
    """As cards, the statement of meal vouchers of a week took six sheets instead of two."""
    visitor = window(IPHONE)
    visitor.go("/transactions/titres-restaurant?period=last-7-days")
    assert style(visitor, ".groups tbody tr", "display") == "flex"
    visitor.page.emulate_media(media="print")
    assert style(visitor, ".groups tbody tr", "display") == "table-row"
    assert style(visitor, ".groups td.money", "textAlign") == "end"
    assert style(visitor, ".groups td:not(.money)", "textAlign") == "start"


def test_a_filter_stands_on_paper_without_what_only_a_screen_does(window):
    """What is asked for belongs to the sums; a cross and "Tout effacer" are ways that paper has not."""
    visitor = window()
    visitor.go("/transactions?amount_from=10")
    visitor.page.emulate_media(media="print")
    chips = visitor.page.locator(".chips")
    assert chips.get_by_text("Montant\xa0: ≥ 10,00").is_visible()
    assert chips.locator("svg").first.is_hidden()
    assert chips.get_by_text("Tout effacer").is_hidden()
