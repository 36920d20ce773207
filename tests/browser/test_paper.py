"""What a page is on paper: Chromium lays it out for print, and says where a sheet may end."""

from __future__ import annotations

import re

import pytest

from tests.browser.readme_pictures import FILLED_REMITTANCES, FIRST_REMITTANCE
from tests.browser.windows import DESK, IPHONE

#: The width of a sheet between its margins, in pixels.
A4 = 703
#: The same of one that lies across.
A4_ACROSS = 1032
HEIGHT = "element => element.getBoundingClientRect().height"
#: Where the columns of a line begin.
LEFTS = """line => [...line.querySelectorAll(':scope > :not(.act, .below)')]
  .map(cell => cell.getBoundingClientRect().left)"""
#: The value of a property of the first element that a selector finds.
STYLE = "([selector, property]) => getComputedStyle(document.querySelector(selector))[property]"


def style(visitor, selector, name):
    return visitor.page.evaluate(STYLE, [selector, name])


def test_a_remittance_on_paper_keeps_its_ticket_whole_and_its_names_dark(window):
    """A ticket over two sheets cannot be filed; white names on no ground came out pale grey."""
    visitor = window()
    visitor.go(FILLED_REMITTANCES)
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
    assert style(visitor, ".groups th", "overflowWrap") == "break-word", "no name letter by letter"
    assert style(visitor, ".groups tfoot", "display") == "table-row-group", "the sum stands once"


def test_no_sheet_is_left_for_what_paper_does_not_have(window):
    """The dock of a phone kept its room on paper, which is as narrow: a third sheet, empty."""
    visitor = window(IPHONE)
    visitor.go(FILLED_REMITTANCES)
    visitor.go(visitor.page.locator(FIRST_REMITTANCE).first.get_attribute("href"))
    visitor.page.emulate_media(media="print")
    assert {style(visitor, "body", name) for name in ("paddingBlockEnd", "minHeight")} == {"0px"}


def test_sums_are_a_table_on_paper_from_a_phone_too(window):
    """As cards, the statement of meal vouchers of a week took six sheets instead of two."""
    visitor = window(IPHONE)
    visitor.go("/transactions/titres-restaurant?period=last-7-days")
    assert style(visitor, ".groups tbody tr", "display") == "flex"
    visitor.page.emulate_media(media="print")
    assert style(visitor, ".groups tbody tr", "display") == "table-row"
    assert style(visitor, ".groups td.money", "textAlign") == "end"
    assert style(visitor, ".groups td:not(.money)", "textAlign") == "start"


@pytest.mark.parametrize("asked", ["", "?outcome=declined"])
def test_a_payment_is_one_sheet(window, asked):
    """All its fields made a second one, of which a third was filled."""
    visitor = window()
    visitor.go(f"/transactions{asked}")
    visitor.go(visitor.page.locator(".rows-group .name > a").first.get_attribute("href"))
    sheets = visitor.page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheets)) == 1


def test_a_filter_stands_on_paper_without_what_only_a_screen_does(window):
    """What is asked for belongs to the sums; a cross and "Tout effacer" are ways that paper has not."""
    visitor = window()
    visitor.go("/transactions?amount_from=10")
    visitor.page.emulate_media(media="print")
    chips = visitor.page.locator(".chips")
    assert chips.get_by_text("Montant\xa0: ≥ 10,00").is_visible()
    assert chips.locator("svg").first.is_hidden()
    assert chips.get_by_text("Tout effacer").is_hidden()


def test_a_ticket_stands_beside_the_fields_of_its_batch_on_paper(window):
    """Below them it took a third sheet."""
    visitor = window()
    visitor.go(FILLED_REMITTANCES)
    visitor.go(visitor.page.locator(FIRST_REMITTANCE).first.get_attribute("href"))
    visitor.page.emulate_media(media="print")
    visitor.page.set_viewport_size({"width": A4, "height": 1000})
    ticket, blocks = (
        visitor.page.locator(place).bounding_box() for place in (".beside .ticket", ".detail > .blocks")
    )
    assert ticket["x"] >= blocks["x"] + blocks["width"]
    assert ticket["x"] + ticket["width"] <= A4
    assert ticket["y"] <= blocks["y"]
    assert style(visitor, ".section:has(> .entries)", "breakInside") == "auto", "many payments take sheets"


@pytest.mark.parametrize("width", [IPHONE, A4])
def test_a_grouping_says_by_what_on_a_phone_and_on_paper(window, width):
    """On a desk the button that groups says it; a phone has its sign alone, and paper has none."""
    visitor = window()
    visitor.go("/transactions?by=outlet")
    said = visitor.page.locator(".groups caption")
    assert said.inner_text() == "Par point de vente"
    assert said.evaluate(HEIGHT) <= 1
    visitor.page.set_viewport_size({"width": width, "height": 664})
    if width == A4:
        visitor.page.emulate_media(media="print")
    assert said.evaluate(HEIGHT) > 10


@pytest.mark.parametrize("screen", [IPHONE, DESK])
def test_a_list_on_paper_has_the_columns_that_were_chosen(window, screen):
    """It had time, name, place and amount whatever one looked at."""
    visitor = window(screen)
    visitor.go("/transactions?columns=rank&columns=authorisation")
    visitor.page.emulate_media(media="print")
    visitor.page.set_viewport_size({"width": A4_ACROSS, "height": 700})
    heads = visitor.page.locator(".sheet-heads [role=columnheader]:visible").all_inner_texts()
    assert [head.strip(" ↓") for head in heads] == ["Date", "Paiements", "N° d’auto.", "Rang", "Montant"]
    line = visitor.page.locator(".rows-group .line").first
    assert line.locator(".fact:visible").count() == 2
    assert line.locator(".sub:visible, .act:visible").count() == 0
    lines = visitor.page.locator(".rows-group .line").all()
    assert max(one.bounding_box()["height"] for one in lines) < 24, "each on one line"
    assert style(visitor, "body", "page") == "wide"
    assert visitor.sideways() == 0


def test_the_head_of_a_list_stands_on_every_sheet_above_its_columns(window):
    """It stood on the first sheet alone: on the others one had to guess which number is which."""
    visitor = window()
    visitor.go("/transactions")
    visitor.page.emulate_media(media="print")
    visitor.page.set_viewport_size({"width": A4_ACROSS, "height": 700})
    assert style(visitor, ".sheet", "display") == "table"
    head = (style(visitor, ".sheet-heads", "display"), style(visitor, ".sheet-heads", "breakInside"))
    assert head == ("table-header-group", "avoid"), "what a browser repeats"
    lines = visitor.page.locator(".sheet .line").all()
    places = {tuple(round(left) for left in line.evaluate(LEFTS)) for line in (*lines[:6], lines[-1])}
    assert len(places) == 1, "each line has the columns of the head"


def test_as_many_lines_as_paper_bears_are_one_press_away(window):
    visitor = window()
    visitor.go("/transactions")
    shown = visitor.page.locator(".rows-group .line").count()
    visitor.follow(visitor.page.get_by_role("link", name="Afficher jusqu’à 500 lignes, pour les imprimer"))
    assert shown < visitor.page.locator(".rows-group .line").count() <= 500
    assert visitor.page.get_by_role("link", name="pour les imprimer").count() == 0


def test_a_statement_on_paper_has_the_batches_that_were_unfolded(window):
    """Those of a month of a chain took 19 sheets, and the PDF holds them."""
    visitor = window()
    visitor.go("/transactions/titres-restaurant?period=last-7-days")
    debts = visitor.page.locator(".debt")
    debts.first.locator("summary").click()
    assert debts.count() > 1
    visitor.page.emulate_media(media="print")
    assert debts.first.locator("tbody tr").first.is_visible()
    assert [debt.is_visible() for debt in debts.all()] == [True] + [False] * (debts.count() - 1)
    assert visitor.page.get_by_text("le PDF les contient toutes").is_visible()


def test_no_line_is_left_where_ways_stood_on_the_screen(window):
    """They lead nowhere on paper: an empty strip stood between the answer and what follows."""
    visitor = window(DESK)
    visitor.go("/remises")
    visitor.page.evaluate(
        """document.querySelector('.answer').insertAdjacentHTML('beforeend',
           '<p class="strip-more"><span></span> <span><a class="way">À traiter</a></span></p>')"""
    )
    line = visitor.page.locator(".answer > .strip-more").last
    assert line.is_visible()
    visitor.page.emulate_media(media="print")
    assert not line.is_visible()
