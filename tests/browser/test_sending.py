"""A ticket sent to somebody: from a list, from a detail, with JavaScript and without."""

import re

import pytest
from sqlalchemy import select, text

from app.database.engine import DatabaseRole
from app.mail.delivery import deliver
from app.mail.transport import Folder
from app.models import Delivery
from tests.browser.windows import DESK, PHONE, TABLET

WAYS = pytest.mark.parametrize("javascript", [True, False], ids=["htmx", "plain"])
WIDTHS = pytest.mark.parametrize("width", [PHONE, DESK])


def deliveries(live, key):
    with live.database.reading() as connection:
        return connection.execute(
            select(Delivery.recipient, Delivery.row_id).where(Delivery.request_key == key)
        ).all()


def send_links(visitor):
    return visitor.page.locator("a.send-link:visible")


def send_to(visitor, address):
    """The address and Enter, as a quick typist does it."""
    visitor.page.locator("#to-1").fill(address)
    visitor.settled()
    visitor.page.locator("#to-1").press("Enter")


def shuts_nobody_out(visitor, *, javascript):
    """What axe finds needs JavaScript; nothing may stick out in either case."""
    return not (javascript and visitor.barriers()) and visitor.sideways() == 0


def press_send(visitor, answer):
    """Press “Envoyer”, until the answer to it is there."""
    visitor.page.get_by_role("button", name="Envoyer", exact=True).click()
    visitor.page.locator(answer).first.wait_for()
    visitor.settled()


@WIDTHS
@WAYS
def test_a_ticket_leaves_from_the_list_on_one_page(window, live, javascript, width):
    visitor = window(width, javascript=javascript)
    visitor.go("/transactions?outcome=accepted")
    where = visitor.page.url
    name = "liste" + ("" if javascript else "-sans-js")
    link = send_links(visitor).first
    row = link.get_attribute("href").removesuffix("/envoi")
    link.click()
    visitor.page.locator("#to-1").wait_for()
    visitor.settled()
    visitor.keep(f"envoi-{name}")
    assert shuts_nobody_out(visitor, javascript=javascript)
    if javascript:
        assert visitor.page.evaluate("document.activeElement.id") == "to-1"
    if javascript and width == PHONE:  # addresses first, the ticket folded below them
        assert not visitor.page.locator("pre.ticket").is_visible()
        visitor.page.locator(".ticket-fold > summary").click()
    assert "DUPLICATA" in visitor.page.locator("pre.ticket").inner_text()
    if width == DESK:  # both in view
        for part in ("#to-1", "pre.ticket"):
            box = visitor.page.locator(part).bounding_box()
            assert 0 <= box["y"] < visitor.page.viewport_size["height"]
    key = visitor.page.locator("input[name=request_key]").get_attribute("value")
    visitor.page.locator("#to-1").fill("client sans arobase")
    visitor.page.locator("details.more-addresses > summary").first.click()
    visitor.page.locator("#to-2").fill("comptable@bureau.example")
    assert not visitor.page.locator("#to-3").is_visible()  # one at a time
    visitor.keep(f"envoi-adresses-{name}")
    press_send(visitor, "#to-1-fault")
    assert visitor.page.locator("#to-2").input_value() == "comptable@bureau.example"
    visitor.keep(f"envoi-faute-{name}")
    assert shuts_nobody_out(visitor, javascript=javascript)
    visitor.page.locator("#to-1").fill("client@maison.example")
    press_send(visitor, ".delivery")
    visitor.keep(f"envoi-parti-{name}")
    assert shuts_nobody_out(visitor, javascript=javascript)
    row_id = int(row.rpartition("/")[2])
    assert sorted(deliveries(live, key)) == [
        ("client@maison.example", row_id),
        ("comptable@bureau.example", row_id),
    ]
    if javascript:
        visitor.page.locator("#steps").get_by_text("Fermer").click()
        assert visitor.page.url == where
        assert not visitor.page.locator("#dialogue").is_visible()
    else:
        assert visitor.page.url.endswith(f"{row}#envois")


@pytest.mark.parametrize("width", [PHONE, TABLET, DESK])
@WAYS
def test_a_ticket_leaves_from_the_detail_and_its_page_says_so(window, live, javascript, width):
    visitor = window(width, javascript=javascript)
    visitor.go("/remises?count=with&seal=complete")
    visitor.go(visitor.page.locator("a[href*='/remises/']").first.get_attribute("href"))
    detail = visitor.page.url
    before = visitor.page.locator("#envois .delivery").count()
    visitor.page.get_by_role("link", name="Envoyer le ticket").click()
    send_to(visitor, f"daf-{width}-{javascript}@siege.example")
    if javascript:
        visitor.page.locator("#steps .delivery").first.wait_for()
        visitor.settled()
        visitor.page.locator("#steps").get_by_text("Fermer").click()
        assert visitor.page.url == detail
    else:
        visitor.page.wait_for_url(re.compile("#envois$"))
    assert visitor.page.locator("#envois .delivery").count() == before + 1
    visitor.keep("detail-envois" + ("" if javascript else "-sans-js"))
    assert shuts_nobody_out(visitor, javascript=javascript)


def test_escape_and_cancel_leave_the_list_as_it_was(window):
    visitor = window(DESK)
    visitor.go("/remises")
    for leave in ("Escape", "Annuler"):
        send_links(visitor).first.click()
        visitor.page.locator("#dialogue[open]").wait_for()
        if leave == "Escape":
            visitor.page.keyboard.press("Escape")
        else:
            visitor.page.get_by_role("link", name="Annuler").click()
        assert not visitor.page.locator("#dialogue").is_visible()
        visitor.page.locator("#steps:empty").wait_for(state="attached")  # a moment after it has closed
    assert visitor.page.url.endswith("/remises")


def test_a_lost_network_is_said_where_one_looks(window):
    visitor = window(PHONE)
    visitor.go("/remises?count=with&seal=complete")
    visitor.go(visitor.page.locator("#rows .name > a").first.get_attribute("href"))
    visitor.page.context.set_offline(True)
    visitor.page.get_by_role("link", name="Envoyer le ticket").click()
    notice = visitor.page.locator("dialog [data-offline]")
    notice.wait_for()
    visitor.page.locator("dialog .dialogue-close").click()
    visitor.page.context.set_offline(False)
    visitor.page.get_by_role("link", name="Envoyer le ticket").click()
    visitor.page.locator("dialog #to-1").wait_for()
    assert not notice.is_visible()
    visitor.complaints.clear()  # what the browser says of a request that could not leave


@pytest.mark.parametrize("way", [".downloads a[href*=csv]", ".foot a[href^=mailto]"])
def test_what_does_not_leave_the_page_does_not_wait_for_another(window, way):
    """After a download, or a mail begun, the line of waiting went on above the header for good."""
    visitor = window(DESK)
    visitor.go("/remises")
    visitor.page.evaluate("addEventListener('beforeunload', () => (window.asked = true))")
    visitor.page.locator(way).first.evaluate("link => link.click()")
    visitor.page.wait_for_function("() => window.asked")
    assert visitor.page.locator("body[aria-busy]").count() == 0
    visitor.page.locator(".menu a").last.evaluate("link => link.click()")
    visitor.page.wait_for_url(re.compile("/transactions"))
    visitor.complaints.clear()  # no program of this machine takes a mail


#: A phone that can share files, and keeps what it was given.
SHARES = """
Object.defineProperty(navigator, "canShare", { value: ({ files }) => files.length > 0 });
Object.defineProperty(navigator, "share", { value: async ({ files }) => { window.shared = files[0]; } });
const media = window.matchMedia;
window.matchMedia = (asked) => asked.includes("coarse") ? { matches: true } : media.call(window, asked);
"""
OVERLAP = """() => {
  const box = (name) => document.querySelector(name).getBoundingClientRect();
  return box(".dock").top < box(".offline").bottom;
}"""


def test_the_ticket_is_shared_from_a_phone_and_without_a_network_says_so(window):
    visitor = window(PHONE)
    page = visitor.page
    page.context.add_init_script(SHARES)
    visitor.go("/remises?count=with&seal=complete")
    visitor.go(page.locator("#rows .name > a").first.get_attribute("href"))
    detail = page.url
    heights = {round(button.bounding_box()["height"]) for button in page.locator(".dock > :visible").all()}
    assert heights == {46}, "each on one line, at the thumb"
    page.get_by_role("button", name="Partager").click()
    page.wait_for_function("() => window.shared")
    assert page.evaluate("shared.name").endswith(".pdf")
    assert page.evaluate("shared.type") == "application/pdf"
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.get_by_role("button", name="Partager").click()
    page.locator("main ~ .offline").wait_for()
    assert not page.evaluate(OVERLAP), "what can be tried again is not covered"
    page.reload()
    assert page.locator("h1").inner_text() == "Pas de réseau"
    page.context.set_offline(False)
    visitor.follow(page.get_by_role("link", name="Réessayer"))
    assert page.url == detail, "where one was"
    visitor.complaints.clear()  # what the browser says of requests that could not leave


def test_what_was_pressed_says_that_it_works_until_the_answer_is_there(window):
    visitor = window(PHONE)
    visitor.go("/transactions?outcome=accepted")
    held = []

    def hold(route):
        held.append(route)

    visitor.page.route("**/envoi", hold)
    send_links(visitor).first.click()
    visitor.page.locator("body[aria-busy=true]").wait_for()
    first_held(visitor, held).continue_()
    visitor.page.locator("#to-1").fill("attente@maison.example")
    visitor.settled()
    visitor.page.locator("#steps button.primary").click()
    waiting = visitor.page.get_by_role("button", name="Envoi…")
    waiting.wait_for()
    assert waiting.get_attribute("aria-disabled") == "true"
    waiting.click(force=True)
    first_held(visitor, held).continue_()
    visitor.page.locator("#steps .delivery").first.wait_for()
    assert held == [], "a second press sends nothing"


def first_held(visitor, held):
    """The oldest request that is held back, as soon as the browser has told of it."""
    while not held:
        visitor.page.wait_for_timeout(10)
    return held.pop(0)


@WAYS
def test_clicking_twice_and_going_back_is_one_mail(window, live, javascript):
    visitor = window(PHONE, javascript=javascript)
    visitor.go("/transactions?outcome=accepted")
    visitor.go(send_links(visitor).first.get_attribute("href"))
    visitor.page.locator("#to-1").wait_for()
    key = visitor.page.locator("input[name=request_key]").get_attribute("value")
    visitor.page.locator("#to-1").fill("une-fois@maison.example")
    visitor.page.get_by_role("button", name="Envoyer", exact=True).dblclick()
    visitor.page.locator(".delivery").first.wait_for()
    if not javascript:
        visitor.page.wait_for_load_state()
        visitor.page.reload()
        visitor.page.go_back()
        send_to(visitor, "une-fois@maison.example")
        visitor.page.wait_for_url(re.compile("#envois$"))
    assert [recipient for recipient, _ in deliveries(live, key)] == ["une-fois@maison.example"]


def test_what_went_wrong_is_said_and_can_be_sent_again(window, live):
    visitor = window(PHONE)
    visitor.go("/transactions?outcome=accepted")
    visitor.go(send_links(visitor).nth(1).get_attribute("href"))
    row = visitor.page.url.partition("/envoi")[0]
    for address in ("parti", "essai", "echec", "efface"):
        visitor.page.goto(f"{row}/ticket")
        visitor.page.get_by_role("link", name="Envoyer par e-mail").click()
        send_to(visitor, f"{address}@maison.example")
        visitor.page.locator("#steps .delivery").first.wait_for()
    reply = "550 5.1.1 Adresse inconnue"
    with live.database.writing(DatabaseRole.OWNER) as connection:
        for address, values in {
            "parti": "state = 'sent', sent_at = now(), message = NULL",
            "essai": "state = 'retrying', last_fault = 'timeout', last_reply = '451 4.7.1 Patientez'",
            "echec": f"state = 'failed', last_fault = 'recipient_refused', last_reply = '{reply}'",
            "efface": "state = 'sent', sent_at = now(), message = NULL, recipient = NULL",
        }.items():
            connection.execute(
                text(f"UPDATE delivery SET {values} WHERE recipient = '{address}@maison.example'")
            )
    for width in (PHONE, DESK):
        looking = window(width)
        looking.page.goto(f"{row}/ticket")
        looking.keep("envois-etats")
        assert shuts_nobody_out(looking, javascript=True)
    assert reply in looking.page.locator("#envois").inner_text()
    assert "effacée" in looking.page.locator("#envois").inner_text()
    looking.page.get_by_role("button", name="Renvoyer").click()
    looking.page.wait_for_url(re.compile("#envois$"))
    assert reply not in looking.page.locator("#envois").inner_text()


def test_a_mail_of_this_machine_shows_its_page_in_a_frame(window, live):
    visitor = window(PHONE)
    visitor.go("/transactions?outcome=accepted")
    visitor.go(send_links(visitor).first.get_attribute("href").replace("/envoi", "/ticket"))
    visitor.page.get_by_role("link", name="Envoyer par e-mail").click()
    send_to(visitor, "cadre@maison.example")
    visitor.page.locator("#steps .delivery").first.wait_for()
    with live.database.reading() as connection:
        delivery_id = connection.scalar(
            select(Delivery.id).where(Delivery.recipient == "cadre@maison.example")
        )
    deliver(live.database, Folder(live.folder / "mail"), delivery_id)
    for width in (PHONE, TABLET, DESK):
        looking = window(width)
        looking.go("/dev/mail")
        looking.keep("e-mails-recus")
        assert shuts_nobody_out(looking, javascript=True)
        looking.page.locator(".mails a").first.click()
        framed = looking.page.frame_locator("iframe")
        framed.locator("pre").wait_for()
        looking.page.locator("iframe").scroll_into_view_if_needed()
        looking.keep("e-mail")
        assert "DUPLICATA" in framed.locator("pre").inner_text()
        wide = framed.locator("html").evaluate("page => page.scrollWidth - page.clientWidth")
        assert wide == 0
        assert looking.sideways() == 0
