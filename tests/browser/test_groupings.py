"""Grouping a list as people do it: by the keyboard, without JavaScript, and back again."""

from __future__ import annotations

import pytest

from tests.browser.windows import DESK, PHONE


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
    """Each is its name and net, and its figures one after the other: a ladder of them took 272 pixels."""
    visitor = window(PHONE)
    visitor.go("/remises?by=outlet&period=last-30-days")
    lines = visitor.page.locator(".groups tbody tr")
    assert lines.first.locator("td:not(.is-nothing)").count() >= 7
    assert max(lines.evaluate_all("lines => lines.map(line => line.clientHeight)")) <= 220
    assert visitor.barriers() == []
