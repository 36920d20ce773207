"""What stands where on a screen: the answer and the first row on a phone, whole cells and heads on a desk."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text

from app.accounts.users import NewAccess, give_access
from app.database.engine import DatabaseRole
from app.models import BankAccount, Credit, Membership, ReceivedDay, Role, UserAccount
from app.rules.time_zones import today
from tests import money_factories
from tests.browser.portal import PASSWORD
from tests.browser.readme_pictures import FIRST_PAYMENT
from tests.browser.windows import DESK, IPHONE, PHONE, TABLET, sign_in

LISTS = pytest.mark.parametrize("path", ["/remises", "/transactions"])
#: The first row of a phone's list begins above this line, so that two of them are in sight.
FIRST_ROW = 600
CUT = """cells => cells
  .filter(cell => cell.scrollWidth > cell.clientWidth + 1 || cell.scrollHeight > cell.clientHeight + 1)
  .map(cell => cell.textContent)"""
WHOLE = """element => {
  const box = element.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight && box.height > 0;
}"""


#: What cannot be tapped where it stands: too low, out of sight, or below something else.
OUT_OF_REACH = """ways => ways.filter(way => {
  const box = way.getBoundingClientRect();
  const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return box.height < 24 || box.right > innerWidth || !there || !way.contains(there);
}).map(way => way.textContent)"""
#: Amounts that stand outside what their table shows of itself.
OUT_OF_FRAME = """cells => cells.filter(cell => {
  const frame = cell.closest('.table-frame').getBoundingClientRect(), box = cell.getBoundingClientRect();
  return box.width === 0 || box.right > frame.right + 1 || box.right > innerWidth;
}).map(cell => cell.textContent)"""
LATE = """
UPDATE remittance SET credit = :credit, expected_by = :day
WHERE merchant_id = :merchant_id AND transaction_count > 0
"""
LAST_NIGHT = """
SELECT merchant_id, collected_on, remittance.id
FROM remittance
JOIN membership USING (merchant_id)
JOIN user_account ON user_account.id = membership.user_id AND email = :email
WHERE transaction_count > 0
ORDER BY collected_on DESC, remittance.id
LIMIT :number
"""
ANSWERED = """
UPDATE remittance SET status = :status
WHERE merchant_id = :merchant_id AND collected_on = :collected_on AND id = :id
"""


@contextmanager
def rejected(live, number):
    """So many remittances of the last night, as if the bank had rejected them."""

    def answer(status):
        with live.database.writing(DatabaseRole.OWNER) as connection:
            for row in rows:
                connection.execute(text(ANSWERED), {**row, "status": status})

    with live.database.writing(DatabaseRole.OWNER) as connection:
        found = connection.execute(text(LAST_NIGHT), {"email": live.email, "number": number})
        rows = [dict(row) for row in found.mappings()]
    assert len(rows) == number
    answer("rejected")
    try:
        yield
    finally:
        answer("correct")


@contextmanager
def not_received(live, day):
    """A day whose files have not come."""
    own = ReceivedDay.day == day
    with live.database.writing(DatabaseRole.OWNER) as connection:
        kept = [
            dict(row)
            for row in connection.execute(select(*ReceivedDay.__table__.columns).where(own)).mappings()
        ]
        connection.execute(delete(ReceivedDay).where(own))
    try:
        yield
    finally:
        with live.database.writing(DatabaseRole.OWNER) as connection:
            connection.execute(insert(ReceivedDay), kept)


def top(place):
    return place.evaluate("element => element.getBoundingClientRect().top")


@LISTS
def test_the_first_row_is_on_a_phones_first_screen(window, path):
    visitor = window(IPHONE)
    visitor.go(path)
    visitor.keep(f"first-row{path.replace(chr(47), chr(45))}")
    assert top(visitor.page.locator(".rows-group .line").first) < FIRST_ROW


@pytest.mark.parametrize(("width", "height"), [(390, 664), (360, 640)])
@pytest.mark.parametrize("merchant", ["FOURNIL", "BOULANGERIE", "RESTAURANT"])
def test_so_it_is_for_each_merchant_and_on_a_smaller_phone(window, live, merchant, width, height):
    email = f"premier-{merchant.lower()}-{width}@demo.example"
    with live.database.writing(DatabaseRole.OWNER) as connection:
        access = NewAccess(email=email, merchant=merchant, reseller=None, role=Role.OWNER)
        give_access(connection, access, PASSWORD)
    visitor = window(width, signed_in=False)
    visitor.page.set_viewport_size({"width": width, "height": height})
    sign_in(visitor.page, live.url, email)
    for path in ("/remises", "/transactions"):
        visitor.go(path)
        assert top(visitor.page.locator(".rows-group .line").first) < FIRST_ROW


@pytest.mark.parametrize("bank", [False, True], ids=["alone", "bank"])
@pytest.mark.parametrize("exceptions", [1, 2, 5])
@pytest.mark.parametrize("width", [PHONE, IPHONE])
def test_it_stays_there_whatever_did_not_pass_and_whatever_waits_beside(
    window, live, width, exceptions, bank
):
    """With a bank and two alerts it stood at 628 px, below a chart, names on two lines and ways on two."""
    visitor = window(width)
    visitor.page.set_viewport_size({"width": width, "height": 640})
    with rejected(live, exceptions), late(live) if bank else nullcontext():
        visitor.go("/remises")
        assert 1 <= visitor.page.locator(".strip-line.is-bad:visible").count() <= 2
        assert visitor.page.locator(".way:visible").count() == (3 if bank else 0)
        assert top(visitor.page.locator(".rows-group .line").first) < FIRST_ROW
        assert visitor.page.locator(".chart").is_visible(), "below the rows"
        assert top(visitor.page.locator(".chart")) > FIRST_ROW


@pytest.mark.parametrize(("width", "height"), [(390, 664), (360, 640)])
def test_what_stands_beside_the_net_of_a_week_pushes_no_row_out_of_sight(window, live, width, height):
    visitor = window(width)
    visitor.page.set_viewport_size({"width": width, "height": height})
    visitor.go("/remises?period=last-7-days")
    assert "en attente de leur télécollecte, à part" in visitor.page.locator("#total-line").inner_text()
    assert visitor.sideways() == 0
    assert top(visitor.page.locator(".rows-group .line").first) < FIRST_ROW


@LISTS
def test_so_it_does_beside_days_that_have_not_been_received(window, live, path):
    visitor = window(IPHONE)
    first, last = (today() - timedelta(days=days) for days in (8, 1))
    with not_received(live, today() - timedelta(days=3)), late(live):
        visitor.go(f"{path}?date_from={first}&date_to={last}")
        assert visitor.page.locator(".notice.missing").is_visible()
        assert top(visitor.page.locator(".rows-group .line").first) < FIRST_ROW


@LISTS
def test_what_is_said_of_a_line_has_the_width_of_the_narrowest_phone(window, path):
    """A shop and its till took four lines beside the amount, beside 45 px for a ticket that there is not."""
    visitor = window(320)
    visitor.go(path)
    lines = visitor.page.locator(".rows-group .line:not(.is-missing)")
    lines.evaluate_all("lines => lines.forEach(line => line.querySelector('.send-link')?.remove())")
    first = lines.first.bounding_box()
    amount = lines.first.locator(".amount").bounding_box()
    assert first["x"] + first["width"] - amount["x"] - amount["width"] <= 16
    said = visitor.page.locator(".rows-group .sub")
    said.first.evaluate("sub => (sub.textContent = '•••• 9814 · FOURNIL CLERMONT JAUDE · Caisse 1')")
    high = "sub => sub.getBoundingClientRect().height / parseFloat(getComputedStyle(sub).lineHeight)"
    assert said.first.evaluate(high) <= 2.1


@LISTS
@pytest.mark.parametrize("width", [320, IPHONE, DESK])
def test_the_amounts_of_a_group_end_on_one_line(window, path, width):
    """Those of lines without a ticket, and the sum above all, ended 42 px beside the others."""
    visitor = window(width)
    visitor.go(path)
    group = visitor.page.locator(".rows-group:has(.line + .line .send-link)").first
    lines = group.locator(".line")
    assert lines.count() > 1
    lines.first.evaluate("line => line.querySelector('.send-link')?.remove()")
    assert group.locator(".send-link").count()
    ends = group.locator(".line > .amount, .group-head > .money:not(:empty)").evaluate_all(
        "all => all.map(one => Math.round(one.getBoundingClientRect().right))"
    )
    assert len(set(ends)) == 1


@LISTS
@pytest.mark.parametrize("width", [1024, DESK])
def test_a_table_fits_its_desk_cuts_no_cell_and_keeps_its_head_in_view(window, path, width):
    visitor = window(width)
    visitor.go(path)
    assert visitor.sideways() == 0
    assert visitor.page.locator(".sheet .fact:visible, .sheet .name, .sheet .amount").evaluate_all(CUT) == []
    visitor.page.evaluate("window.scrollTo(0, 1500)")
    assert 0 <= top(visitor.page.locator(".sheet-heads")) < 120


@LISTS
def test_where_a_payment_was_made_has_the_room_of_what_it_is_called_on_a_narrow_desk(window, path):
    """Shops stood on four lines there, beside a column that was half empty."""
    visitor = window(1024)
    visitor.go(path)
    assert visitor.page.locator(".rows-group .name").first.bounding_box()["width"] <= 176


@LISTS
def test_a_narrow_desk_has_its_tools_on_one_line_and_days_to_be_read(window, path):
    visitor = window(1024)
    visitor.go(path)
    tools = visitor.page.locator(".tools > *")
    assert tools.count() == 4
    assert len({round(top(tool)) for tool in tools.all()}) == 1
    size = visitor.page.locator(".chart .wide-only text").first.evaluate(
        "words => parseFloat(getComputedStyle(words).fontSize) * words.getScreenCTM().a"
    )
    assert size >= 9, "pixels, as it is drawn"


@pytest.mark.parametrize("width", [1024, DESK])
@pytest.mark.parametrize("asked", ["", "by=outlet&", "by=response_code&"])
def test_the_tools_of_a_long_period_take_one_line_of_a_desk(window, asked, width):
    """With two files, a grouping and a bookmark they took two lines, and the search a tenth of one."""
    visitor = window(width)
    last = today() - timedelta(days=1)
    visitor.go(f"/transactions?{asked}date_from={last - timedelta(days=45)}&date_to={last}&amount_from=1")
    assert visitor.page.locator(".tools .of-days a[href*=csv]:visible").count() == (0 if asked else 2)
    lines = {round(tool.bounding_box()["y"] / 10) for tool in visitor.page.locator(".tools > :visible").all()}
    assert len(lines) == 1
    assert visitor.page.locator(".find").bounding_box()["width"] >= 110


@LISTS
def test_all_heads_of_a_table_are_of_one_size(window, path):
    visitor = window(DESK)
    visitor.go(path)
    heads = visitor.page.locator(".sheet-heads [role=columnheader]")
    read = "({ fontSize, fontWeight }) => `${fontSize} ${fontWeight}`"
    fonts = heads.evaluate_all(f"all => all.map(head => getComputedStyle(head)).map({read})")
    assert len(set(fonts)) == 1


@LISTS
def test_columns_are_chosen_in_the_head_of_the_table(window, path):
    """The way there took a line of its own; it goes with the head."""
    visitor = window(DESK)
    visitor.go(path)
    for scrolled in (0, 1500):
        visitor.page.evaluate(f"window.scrollTo(0, {scrolled})")
        head, way = (visitor.page.locator(one).bounding_box() for one in (".sheet-heads", "#columns-button"))
        assert head["y"] - 1 <= way["y"]
        assert way["y"] + way["height"] <= head["y"] + head["height"] + 1
        assert way["x"] + way["width"] <= head["x"] + head["width"]
    visitor.page.locator("#columns-button", has_text="Colonnes").click()
    assert visitor.page.locator("#columns").is_visible()


@LISTS
def test_a_list_bears_text_of_twice_the_size(window, path):
    visitor = window(IPHONE)
    visitor.go(path)
    visitor.page.evaluate("document.documentElement.style.fontSize = '200%'")
    visitor.keep(f"twice{path.replace(chr(47), chr(45))}")
    assert visitor.sideways() == 0


@pytest.mark.parametrize("javascript", [True, False], ids=["htmx", "plain"])
@pytest.mark.parametrize("width", [IPHONE, DESK])
def test_faults_are_in_view_and_lead_to_their_field(window, javascript, width):
    visitor = window(width, javascript=javascript)
    visitor.go("/transactions?amount_from=beaucoup")
    summary = visitor.page.locator("#faults")
    assert summary.evaluate(WHOLE)
    assert visitor.page.locator(":focus").get_attribute("id") == "faults"
    if javascript:
        summary.get_by_role("link").click()
        assert visitor.page.locator(":focus").get_attribute("name") == "amount_from"
        assert visitor.page.locator("#f-amount_from").is_visible()


@pytest.mark.parametrize("path", ["/remises", "/transactions", "/transactions?by=application"])
def test_the_list_is_three_keys_away(window, path):
    """Some twenty links and fields stand between the head of a page and its first row on a desk."""
    visitor = window(DESK)
    visitor.go(path)
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Tab")
    focused = visitor.page.locator(":focus")
    assert focused.inner_text() == "Aller à la liste"
    assert focused.evaluate(WHOLE)
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.locator(":focus").evaluate("way => Boolean(way.closest('[role=table]'))")


@pytest.mark.parametrize("opener", ["#filters-button", "#periods", "#regroup-button"])
def test_a_panel_is_a_sheet_from_below_on_a_phone(window, opener):
    visitor = window(IPHONE)
    visitor.go("/transactions")
    visitor.page.locator(opener).click()
    panel = visitor.page.locator("details[open] > .panel")
    visitor.page.wait_for_function("() => !document.getAnimations().length")
    box, screen = panel.bounding_box(), visitor.page.viewport_size
    assert (box["x"], box["width"]) == (0, screen["width"])
    assert box["y"] + box["height"] == screen["height"]
    assert box["height"] <= 0.92 * screen["height"]
    assert panel.evaluate("panel => getComputedStyle(panel).borderRadius") == "20px 20px 0px 0px"
    visitor.page.mouse.wheel(0, 600)
    assert visitor.page.evaluate("scrollY") == 0, "what lies under the veil stays"
    for button in panel.locator(".filter-actions .button").all():
        assert button.evaluate(WHOLE), "docked below, however far one has scrolled"
    assert panel.locator(".panel-close").evaluate(WHOLE)


@pytest.mark.parametrize("width", [IPHONE, DESK])
def test_a_panel_closes_by_its_cross_by_escape_and_by_a_tap_outside(window, width):
    visitor = window(width)
    visitor.go("/transactions")
    own = "#filters .panel-close" if width == IPHONE else "#filters-button"
    closers = (
        lambda: visitor.page.locator(own).click(),
        lambda: visitor.page.keyboard.press("Escape"),
        lambda: visitor.page.mouse.click(5, 20),
    )
    for close in closers:
        visitor.page.locator("#filters-button").click()
        assert visitor.page.locator("#filters").is_visible()
        close()
        assert not visitor.page.locator("#filters").is_visible()
        assert visitor.page.url.endswith("/transactions")


@pytest.mark.parametrize("opener", ["#filters-button", "#columns-button"])
def test_the_buttons_of_a_panel_are_in_sight_once_it_is_open(window, opener):
    visitor = window(DESK)
    visitor.go("/transactions")
    visitor.page.locator(opener).click()
    buttons = visitor.page.locator("details[open] .filter-actions .button")
    assert buttons.count() == 2
    for button in buttons.all():  # as soon as the page has moved
        visitor.page.wait_for_function(WHOLE, arg=button.element_handle())


def test_a_value_that_the_browser_refuses_opens_its_panel(window):
    visitor = window(IPHONE)
    visitor.go("/transactions")
    visitor.page.evaluate("""() => {
      document.querySelector("#f-card").value = "4970 1012 3456 7893";
      document.querySelector("#filters").requestSubmit();
    }""")
    assert visitor.page.locator("#f-card").is_visible()
    assert visitor.page.locator(":focus").get_attribute("id") == "f-card"


def test_a_fault_opens_its_panel_beside_the_summary_on_a_desk(window):
    visitor = window(DESK)
    visitor.go("/transactions?amount_from=beaucoup")
    assert visitor.page.locator("#f-amount_from-fault").is_visible()
    assert visitor.page.locator("#faults a").evaluate(WHOLE)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [IPHONE, DESK])
def test_what_opens_over_a_list_shuts_nobody_out(window, width, dark):
    visitor = window(width, dark=dark)
    visitor.go("/transactions")
    for opener in ("#filters-button", ".periods-menu > summary", ".regroup > summary"):
        visitor.page.locator(opener).click()
        assert visitor.barriers() == []
        assert visitor.sideways() == 0
        visitor.page.keyboard.press("Escape")
    visitor.page.locator("a.send-link").first.click()
    visitor.page.locator("#to-1").wait_for()
    visitor.settled()
    assert visitor.barriers() == []
    if width == DESK:
        assert visitor.page.locator("#to-1").evaluate(WHOLE)
        assert top(visitor.page.locator("dialog pre.ticket").first) < visitor.page.viewport_size["height"]


#: The words of choices that a line end goes through.
BROKEN = """labels => labels.flatMap(label => [...label.childNodes].flatMap(node =>
  [...(node.data || "").matchAll(/\\S+/g)].filter(word => {
    const range = document.createRange();
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1;
  }).map(word => word[0])))"""


@LISTS
@pytest.mark.parametrize("width", [320, PHONE])
def test_no_word_of_a_choice_is_broken_on_a_phone(window, path, width):
    visitor = window(width)
    visitor.go(path)
    visitor.page.locator("summary", has_text="Filtres").click()
    labels = visitor.page.locator(".ticks label:visible")
    assert labels.count() >= 10
    assert labels.evaluate_all(BROKEN) == []


@pytest.mark.parametrize("width", [TABLET, DESK])
def test_a_long_name_leaves_the_entries_of_the_menu_beside_each_other(window, width):
    visitor = window(width)
    visitor.go("/remises")
    name = "Société coopérative des producteurs de fromages affinés du Haut-Jura et des montagnes voisines"
    visitor.page.locator(".brand-merchant").evaluate("(one, name) => { one.textContent = name }", name)
    tops = visitor.page.locator(".menu a").evaluate_all("all => all.map((one) => one.offsetTop)")
    assert len(set(tops)) == 1
    brand = visitor.page.locator(".brand-name")
    assert brand.evaluate("one => one.scrollWidth - one.clientWidth") <= 0


def test_what_is_counted_of_a_large_chain_s_night_fits_the_smallest_phone(window):
    """“1892 vides” was cut off beside “624 / 624 terminaux ont appelé”."""
    visitor = window(320)
    visitor.go("/remises")
    counts = visitor.page.locator(".calls.counts:visible")
    counts.locator("b").evaluate_all("all => all.forEach((one) => { one.textContent = '1\u202f892' })")
    assert counts.evaluate("list => list.scrollWidth - list.clientWidth") <= 0


def test_each_part_of_the_help_is_named_on_one_line_of_a_phone(window):
    visitor = window(IPHONE)
    visitor.go("/aide")
    heights = visitor.page.locator(".contents a").evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert len(heights) >= 8
    assert max(heights) <= 46


@pytest.mark.parametrize("width", [IPHONE, DESK])
def test_the_two_files_of_a_long_month_stand_side_by_side(window, width):
    visitor = window(width)
    last = today() - timedelta(days=1)
    visitor.go(f"/transactions?date_from={last - timedelta(days=30)}&date_to={last}")
    files = visitor.page.locator(".downloads a[href*=csv]:visible")
    assert files.all_inner_texts() != []
    boxes = [file.bounding_box() for file in files.all()]
    assert len(boxes) == 2
    assert boxes[0]["y"] == boxes[1]["y"]
    assert 0 <= boxes[0]["x"] < boxes[1]["x"] <= width - boxes[1]["width"]
    assert files.evaluate_all(CUT) == []


@pytest.mark.parametrize("path", ["/remises", f"/transactions >> {FIRST_PAYMENT}"])
def test_the_foot_of_a_page_can_be_tapped_on_a_phone(window, path):
    """Neither cut, nor below the buttons that stay at the thumb."""
    visitor = window(IPHONE)
    address, *selectors = path.split(" >> ")
    visitor.go(address)
    for selector in selectors:
        visitor.go(visitor.page.locator(selector).first.get_attribute("href"))
    visitor.page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    ways = visitor.page.locator(".foot a, .foot button")
    assert ways.count() >= 2
    assert ways.evaluate_all(OUT_OF_REACH) == []


@contextmanager
def late(live):
    """All that the chain's owner handed in is late at the bank: as many open items as there can be."""
    with live.database.writing(DatabaseRole.OWNER) as connection:
        own = select(Membership.merchant_id).join(UserAccount).where(UserAccount.email == live.email)
        merchant = {"merchant_id": connection.scalar(own)}
        account = money_factories.a_bank_account(connection, **merchant)
        connection.execute(text(LATE), {**merchant, "credit": Credit.LATE.value, "day": today()})
    try:
        yield
    finally:
        with live.database.writing(DatabaseRole.OWNER) as connection:
            connection.execute(text(LATE), {**merchant, "credit": Credit.UNKNOWN.value, "day": None})
            connection.execute(delete(BankAccount).where(BankAccount.id == account))


def test_the_amounts_of_what_is_to_deal_with_are_in_sight_of_a_narrow_desk(window, live):
    """A table that scrolls sideways hid what one came for."""
    visitor = window(1024)
    with late(live):
        visitor.go("/a-traiter")
        amounts = visitor.page.locator("td.slot-aside")
        assert amounts.count() > 5
        assert amounts.evaluate_all(OUT_OF_FRAME) == []


@pytest.mark.parametrize("width", [320, IPHONE])
def test_the_kinds_of_what_is_to_deal_with_take_one_line_of_a_phone(window, live, width):
    """Seven pills took five lines at 320 px."""
    visitor = window(width)
    with late(live):
        visitor.go("/a-traiter?kind=late")
        kinds = visitor.page.locator("nav[aria-label=Catégories]")
        kinds.evaluate(
            "nav => [1, 2, 3, 4, 5].forEach(() => nav.append(nav.lastElementChild.cloneNode(true)))"
        )
        assert kinds.bounding_box()["height"] < 60
        assert visitor.sideways() == 0
        assert visitor.barriers() == []
        pills = kinds.locator("a")
        assert pills.nth(1).evaluate(WHOLE), "the one in use"
        pills.last.focus()
        box = pills.last.bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= width


@pytest.mark.parametrize("path", ["/remises", "/transactions"])
def test_what_is_typed_to_search_is_in_sight_on_a_phone(window, path):
    """The name of a shop was cut beside the glass and three buttons."""
    visitor = window(360)
    visitor.go(path)
    box = visitor.page.locator("#find")
    box.fill("Poitiers Notre-Dame")
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")


@pytest.mark.parametrize("width", [IPHONE, 1024, DESK])
@pytest.mark.parametrize("path", ["/transactions?by=outlet&amount_to=", "/transactions?amount_to="])
def test_the_way_to_keep_a_view_takes_no_line(window, path, width):
    """It stood alone on one above every answer that was asked for."""
    visitor = window(width)
    visitor.go(f"{path}{width}")
    assert len({round(top(tool)) for tool in visitor.page.locator(".tools > :visible").all()}) == 1
    ways = visitor.page.locator("summary:visible", has_text="Garder cette vue")
    assert visitor.page.locator(".tools > .keep-view:visible").count() == ways.count() == (width == DESK)
    visitor.page.locator("#view-button" if width == DESK else "#filters-button").click()
    if width != DESK:
        visitor.page.locator("#filters summary", has_text="Garder cette vue").click()
    name = f"{path.count('&')} {width}"
    visitor.page.locator("input[name=name]:visible").fill(name)
    visitor.follow(visitor.page.get_by_role("button", name="Garder", exact=True))
    assert f"amount_to={width}" in visitor.page.url
    assert visitor.barriers() == []
    assert name in visitor.page.locator("#view-button").text_content()


@pytest.mark.parametrize("width", [1024, DESK])
@LISTS
def test_the_bars_of_a_chart_fill_the_room_beside_the_answer(window, path, width):
    """They kept to half of it where the answer had more to say, and their days were drawn smaller."""
    visitor = window(width)
    visitor.go(path)
    chart = visitor.page.locator(".chart").bounding_box()
    bars = [bar.bounding_box() for bar in visitor.page.locator(".chart rect").all()]
    assert min(bar["y"] for bar in bars) - chart["y"] < 60
    assert chart["y"] + chart["height"] - max(bar["y"] + bar["height"] for bar in bars) < 36
    assert all(bar["x"] + bar["width"] <= chart["x"] + chart["width"] for bar in bars)


def test_the_net_of_a_group_is_in_sight_however_little_room_there_is(window):
    """Of eight columns with the amounts of a month the net, which one came for, was the one that was cut."""
    visitor = window(1024)
    visitor.go("/transactions?by=application")
    visitor.page.locator(".groups-frame").evaluate("frame => { frame.style.width = '30rem'; }")
    frame = visitor.page.locator(".groups-frame").bounding_box()
    nets = visitor.page.locator(".groups .net-of").all()
    assert len(nets) > 2
    for box in (net.bounding_box() for net in nets):
        assert box["x"] + box["width"] <= frame["x"] + frame["width"]


def test_what_is_copied_is_what_stands_beside_the_button(window):
    visitor = window(DESK)
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.go("/transactions?outcome=accepted")
    visitor.follow(visitor.page.locator(FIRST_PAYMENT).first)
    buttons = visitor.page.locator(".blocks > * button[data-copy]:visible")
    assert buttons.count() >= 1
    for button in buttons.all():
        button.click()
        visitor.page.wait_for_function(
            "words => navigator.clipboard.readText().then(found => found === words)",
            arg=button.locator("xpath=..").inner_text().strip(),
        )
