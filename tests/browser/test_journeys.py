"""What people come for, done with a real browser, with JavaScript and without."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from tests.browser.portal import PASSWORD
from tests.browser.windows import DESK, PHONE, sign_in
from tests.page import short

WAYS = pytest.mark.parametrize("javascript", [True, False], ids=["htmx", "plain"])
WIDTHS = pytest.mark.parametrize("width", [PHONE, DESK])


def rows(visitor):
    """The addresses of the rows in sight, in order."""
    links = visitor.page.locator("#rows .name > a:visible")
    return [short(href) for href in links.evaluate_all("links => links.map((a) => a.getAttribute('href'))")]


def facts(visitor):
    """What the JSON of the same address says."""
    url = visitor.page.url
    path, _, question = url.partition("?")
    answer = visitor.page.request.get(f"{path}.json?{question}")
    assert answer.ok
    return json.loads(answer.body(), parse_float=str)


def open_filters(visitor):
    visitor.settled()
    summary = visitor.page.locator("details.filters:not([open]) > summary")
    if summary.count():
        summary.click()


def filter_by(visitor, **values):
    """Fill the form and send it; returns once the address has changed."""
    open_filters(visitor)
    for name, value in values.items():
        box = visitor.page.locator(f"#filters [name={name}]").first
        if box.evaluate("box => box.tagName") == "SELECT":
            box.select_option(value)
        elif box.get_attribute("type") in ("checkbox", "radio"):
            visitor.page.locator(f"#filters [name={name}][value={value}]").check()
        else:
            box.fill(value)
    visitor.page.locator("#filter").click()
    name, value = next(iter(values.items()))
    visitor.page.wait_for_url(re.compile(f"[?&]{name}={value}"))
    visitor.settled()


@WAYS
def test_signing_in_and_out(window, live, javascript):
    visitor = window(PHONE, signed_in=False, javascript=javascript)
    visitor.go("/transactions")
    assert "/connexion" in visitor.page.url
    sign_in(visitor.page, live.url, live.email, "ce n’est pas cela")
    assert visitor.page.locator("[role=alert], .fault").first.is_visible()
    assert visitor.page.locator("input[name=email]").input_value() == live.email
    visitor.page.fill("input[name=password]", PASSWORD)
    visitor.page.press("input[name=password]", "Enter")
    visitor.page.wait_for_url(f"{live.url}/remises")
    assert len(rows(visitor)) > 0
    visitor.page.locator("details.account > summary").click()
    visitor.follow(visitor.page.locator("form[action='/deconnexion'] button"))
    assert "/connexion" in visitor.page.url
    visitor.go("/remises")
    assert "/connexion" in visitor.page.url


def test_a_password_can_be_looked_at_and_is_sent_as_one(window, live):
    visitor = window(PHONE, signed_in=False)
    visitor.go("/connexion")
    visitor.page.fill("input[name=email]", live.email)
    password = visitor.page.locator("input[name=password]")
    show = visitor.page.get_by_role("button", name="Afficher")
    password.fill("ce que tapent des pouces")
    show.click()
    assert (password.get_attribute("type"), show.get_attribute("aria-pressed")) == ("text", "true")
    show.click()
    assert (password.get_attribute("type"), show.get_attribute("aria-pressed")) == ("password", "false")
    show.click()
    visitor.page.evaluate("document.forms[0].addEventListener('submit', (event) => event.preventDefault())")
    password.press("Enter")
    assert password.get_attribute("type") == "password"


@WIDTHS
@WAYS
def test_filtering_shows_what_was_asked_for_and_says_so(window, javascript, width):
    visitor = window(width, javascript=javascript)
    visitor.go("/transactions")
    before = facts(visitor)
    if javascript:
        visitor.page.evaluate("window.sameDocument = true")
    filter_by(visitor, outcome="declined")
    after = facts(visitor)
    assert 0 < after["count"] < before["count"]
    assert {row["outcome"] for row in after["rows"]} == {"declined"}
    assert rows(visitor) == [f"/transactions/{row['id']}" for row in after["rows"]]
    assert str(after["count"]) in visitor.page.locator("#total-line").inner_text().replace(" ", "")
    if javascript:
        assert visitor.page.evaluate("window.sameDocument"), "htmx changed the list, not the page"
    visitor.page.locator(".chips li a").first.click()
    visitor.page.wait_for_url(lambda url: "outcome" not in url)
    visitor.settled()
    assert facts(visitor)["count"] == before["count"]


@WIDTHS
@WAYS
def test_a_fault_stands_beside_its_field_and_nothing_else_below(window, javascript, width):
    visitor = window(width, javascript=javascript)
    visitor.go("/transactions")
    filter_by(visitor, outcome="declined", amount_from="beaucoup")
    open_filters(visitor)
    box = visitor.page.locator("#filters [name=amount_from]")
    assert box.input_value() == "beaucoup"
    assert box.get_attribute("aria-invalid") == "true"
    described = box.get_attribute("aria-describedby").split()
    assert any(visitor.page.locator(f"#{part}").is_visible() for part in described)
    assert rows(visitor) == []
    path, _, question = visitor.page.url.partition("?")
    assert visitor.page.request.get(f"{path}.json?{question}").status == 422


@WIDTHS
def test_see_more_adds_rows_below(window, width):
    visitor = window(width)
    visitor.go("/transactions")
    expected = [f"/transactions/{row['id']}" for row in two_pages(visitor)]
    visitor.page.locator("#more a.button").click()
    visitor.page.wait_for_function(
        "count => document.querySelectorAll('.rows-group .line').length === count", arg=len(expected)
    )
    assert rows(visitor) == expected


@WIDTHS
def test_after_see_more_a_detail_and_back_one_stands_where_one_was(window, width):
    visitor = window(width)
    visitor.go("/transactions")
    for pages in (2, 3):
        visitor.page.locator("#more a.button").click()
        visitor.page.wait_for_url(re.compile(f"pages={pages}"))
        visitor.settled()
    shown = rows(visitor)
    assert len(shown) == 150
    headings = visitor.page.locator(".group-head").all_inner_texts()
    assert len({heading.splitlines()[0] for heading in headings}) == len(headings), "each day has one"
    row = visitor.page.locator(f"a[href$='{shown[-5]}']:visible").first
    row.scroll_into_view_if_needed()
    where = visitor.page.evaluate("window.scrollY")
    assert where > 0
    row.click()
    visitor.page.wait_for_url(re.compile(re.escape(shown[-5])))
    visitor.page.go_back()
    visitor.page.wait_for_url(re.compile("pages=3"))
    visitor.page.wait_for_function("where => Math.abs(window.scrollY - where) < 100", arg=where)
    assert rows(visitor) == shown
    assert visitor.page.locator(f"a[href$='{shown[-5]}']:visible").first.is_visible()


def test_see_more_without_javascript_goes_to_the_next_page(window):
    visitor = window(PHONE, javascript=False)
    visitor.go("/transactions")
    expected = [f"/transactions/{row['id']}" for row in two_pages(visitor)]
    first = rows(visitor)
    visitor.follow(visitor.page.locator("#more a.button"))
    assert first + rows(visitor) == expected


def two_pages(visitor):
    first = facts(visitor)
    assert first["next"]
    address = first["next"] if first["next"].startswith("http") else visitor.url + first["next"]
    return first["rows"] + visitor.page.request.get(address).json()["rows"]


@WIDTHS
@WAYS
def test_a_detail_and_back_to_where_one_was(window, javascript, width):
    visitor = window(width, javascript=javascript)
    visitor.go("/remises")
    filter_by(visitor, count="with")
    before, address = rows(visitor), visitor.page.url
    visitor.page.locator(f"a[href$='{before[1]}']:visible").click()
    visitor.page.wait_for_url(re.compile(re.escape(before[1])))
    visitor.page.locator("a[href*='/transactions?']:visible").filter(has_text=re.compile(r"\d")).first.click()
    visitor.page.wait_for_url(re.compile(r"/transactions\?"))
    assert len(rows(visitor)) > 0
    visitor.page.go_back()
    visitor.page.wait_for_url(re.compile(re.escape(before[1])))
    visitor.page.go_back()
    visitor.page.wait_for_url(address)
    assert (rows(visitor), visitor.page.url) == (before, address)


@WAYS
def test_the_csv_holds_what_the_page_counts(window, javascript, tmp_path):
    visitor = window(DESK, javascript=javascript)
    visitor.go("/transactions")
    filter_by(visitor, type="debit")
    with visitor.page.expect_download() as waiting:
        visitor.page.locator(".downloads a[href*='.csv']").click()
    saved = Path(tmp_path) / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    content = saved.read_bytes()
    assert saved.suffix == ".csv"
    assert content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(lines) - 1 == facts(visitor)["count"]


def test_the_keyboard_reaches_the_content_first(window):
    visitor = window(DESK)
    visitor.go("/remises")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("location.hash") == "#main"
