"""Mails with tickets against files that a person has read, and what holds of all of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path

import pytest

from app.lists import LISTS
from app.mail import Message
from app.mail.compose import composed
from app.mail.ticket_message import ticket_message
from app.themes import load_themes
from app.tickets import cardholder_ticket, lines, remittance_ticket
from app.tickets.cardholder import FAMILIES
from app.tickets.ticket import Ticket
from app.wording.i18n import speaking
from tests.mail.messages import SENDER
from tests.mail.reading import lines_in_html, lines_in_pdf, lines_in_text, shown
from tests.tickets.rows import PAYMENTS, REMITTANCES, a_payment, a_remittance

GOLDEN = Path(__file__).parent / "golden"
THEME = load_themes().by_slug["demo"]
NAMES = (*PAYMENTS, *REMITTANCES)
#: One mail that a person has read for each family, and for what is not a plain debit.
READ = (
    "payment-cb",
    "payment-contactless",
    "payment-vad",
    "payment-plbs-opening",
    "payment-plbs-plus",
    "payment-plbs-gcb",
    "payment-dcc",
    "payment-amex",
    "payment-amex-contactless",
    "payment-jcb",
    "payment-jcb-vad",
    "payment-quasi-cash",
    "payment-conecs-partial",
    "payment-conecs-contactless",
    "payment-refund",
    "payment-refused",
    "payment-unknown",
    "remittance-conecs",
)
#: Both parts are compared by the tests below; these show what the HTML looks like.
READ_AS_HTML = ("payment-cb", "remittance-conecs")
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>&amp;{{7*7}}'


@cache
def message_of(name: str) -> Message:
    """The mail with the ticket of that name, made by the first test to ask."""
    if name in PAYMENTS:
        return ticket_message(LISTS["transactions"], PAYMENTS[name], THEME)
    return ticket_message(LISTS["remittances"], REMITTANCES[name], THEME)


def ticket_of(name: str) -> Ticket:
    """The ticket of that name."""
    return cardholder_ticket(PAYMENTS[name]) if name in PAYMENTS else remittance_ticket(REMITTANCES[name])


def plain(text: str) -> str:
    """One kind of space, and one between words."""
    return " ".join(text.split())


@pytest.mark.parametrize("name", READ)
def test_the_mail_is_the_one_that_was_read(name):
    message = message_of(name)
    said = f"{message.subject}\n\n{message.text}"
    assert said == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", READ_AS_HTML)
def test_its_page_is_the_one_that_was_read(name):
    assert message_of(name).html == (GOLDEN / f"{name}.html").read_text(encoding="utf-8")


def test_no_golden_file_is_left_over_and_every_family_has_one():
    known = {f"{name}.txt" for name in READ} | {f"{name}.html" for name in READ_AS_HTML}
    assert {path.name for path in GOLDEN.iterdir()} == known
    assert {PAYMENTS[name]["application"] for name in READ if name in PAYMENTS} == set(FAMILIES)


@pytest.mark.parametrize("name", NAMES)
def test_the_ticket_is_the_same_line_for_line_in_text_page_and_pdf(name):
    message, expected = message_of(name), lines(ticket_of(name))
    assert lines_in_text(message) == expected
    assert lines_in_html(message) == expected
    assert lines_in_pdf(message, ticket_of(name)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_text_and_page_each_say_everything(name):
    message = message_of(name)
    words = plain(shown(message.html).words)
    said = [line for part in message.text.split("----")[::2] for line in part.splitlines() if line.strip()]
    assert len(said) > 8
    for line in said:
        for part in line.split("\u00a0: "):  # a label and its value are two cells of the page
            assert plain(part) in words


@pytest.mark.parametrize("name", NAMES)
def test_the_mail_is_whole_small_and_loads_nothing(name):
    message = message_of(name)
    content = composed(message, "client@maison.example", SENDER, "<1@horizon.example>", datetime.now(UTC))
    assert len(content) < 100_000
    mail = message_from_bytes(content, policy=policy.default)
    assert mail["Subject"] == message.subject
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == message.text
    assert mail.get_body(("html",)).get_content().replace("\r\n", "\n") == message.html
    (attached,) = mail.iter_attachments()
    assert attached.get_content() == message.attachments[0].content
    assert attached.get_content_type() == "application/pdf"
    assert re.fullmatch(r"ticket-[a-z0-9-]+\.pdf", attached.get_filename())
    assert "http" not in message.html
    assert {"script", "style", "link"}.isdisjoint(shown(message.html).tags)
    loaded = [value for name, value in shown(message.html).attributes if name == "src"]
    assert loaded == [f"cid:{picture.name}" for picture in message.pictures] == ["cid:logo.png"]


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_named_but_the_maintainer_and_the_shop(name):
    message = message_of(name)
    for said in (message.subject, message.text, message.html):
        assert THEME.name in said
        assert "Bordereau" not in said
        assert "AMS" not in said
    assert f"Ce service vous est proposé par {THEME.name}" in plain(message.text)
    for digits in ("497010", "374500", "11/28"):
        assert digits not in message.text + message.html


def test_words_are_in_the_language_of_the_asker_and_the_ticket_in_french():
    with speaking("en"):
        message = ticket_message(LISTS["transactions"], PAYMENTS["payment-cb"], THEME)
    assert message.subject == "Monétique Horizon: your payment ticket of 2 Mar 2026"
    assert "Here is the ticket of the payment of 2 Mar 2026 at 12:31:09, for €39.00." in message.text
    assert '<html lang="en">' in message.html
    assert '<pre lang="fr"' in message.html
    assert lines_in_html(message) == lines(ticket_of("payment-cb"))


@pytest.mark.parametrize("field", ["trade_name", "address", "city", "issuer", "contract", "order_reference"])
def test_a_hostile_label_is_only_a_label(field):
    message = ticket_message(
        LISTS["transactions"], a_payment(application="CONECS", **{field: HOSTILE}), THEME
    )
    page, harmless = shown(message.html), shown(message_of("payment-conecs").html)
    assert page.tags == harmless.tags or field != "trade_name"
    assert set(page.tags) == set(harmless.tags)
    assert {name for name, _ in page.attributes} == {name for name, _ in harmless.attributes}
    assert lines_in_html(message) == lines_in_text(message)
    if field in ("trade_name", "contract"):
        assert HOSTILE in page.words
        assert HOSTILE in message.text


def test_a_label_of_several_lines_stays_on_one():
    label = "CAFÉ\r\nBcc: tous@example.org\u2028\u202eSIRAP"
    message = ticket_message(LISTS["remittances"], a_remittance(trade_name=label), THEME)
    assert "\n\nBcc" not in message.text
    assert "\nBcc" not in message.text
    assert "\u202e" not in message.text + message.html


def test_an_application_without_tickets_has_no_message():
    with pytest.raises(ValueError, match="no ticket"):
        ticket_message(LISTS["transactions"], a_payment(application="NOUVEAU"), THEME)
    with pytest.raises(ValueError, match="no ticket"):
        ticket_message(LISTS["remittances"], a_remittance(application="NOUVEAU"), THEME)


def test_the_widest_ticket_fits_a_phone():
    sizes = [
        float(size)
        for size in re.findall(
            r"font-size: ([0-9.]+)px; line-height: 1.35", message_of("payment-printed-wide").html
        )
    ]
    assert sizes
    assert all(48 * size * 0.61 <= 290 for size in sizes)
    assert "font-size: 15.0px; line-height: 1.35" in message_of("payment-cb").html
