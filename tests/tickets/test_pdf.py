"""The PDF says what the text says, line for line, on paper of 80 mm as long as the ticket."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets import cardholder_ticket, columns, lines, remittance_ticket
from app.tickets.pdf import LEADING, MARGIN, WIDTH, pdf, size
from tests.tickets import test_text
from tests.tickets.reading import read
from tests.tickets.rows import PAYMENTS, REMITTANCES, a_payment, a_remittance

MM = 72 / 25.4
TICKETS = {
    **{name: cardholder_ticket(row) for name, row in PAYMENTS.items()},
    **{name: remittance_ticket(row) for name, row in REMITTANCES.items()},
}


def lines_of(document, ticket) -> tuple[str, ...]:
    """The lines of the page from top to bottom: those without text are where the paper is blank."""
    ((_, height),) = document.pages
    leading = size(ticket) * LEADING
    places = {
        round((height - MARGIN - size(ticket) - text.baseline) / leading, 3): text for text in document.texts
    }
    assert all(place == int(place) for place in places)
    last = round((height - 2 * MARGIN) / leading)
    return tuple(places[place].words if place in places else "" for place in range(last))


def assert_same(ticket) -> None:
    document = read(pdf(ticket))
    assert lines_of(document, ticket) == lines(ticket)
    assert len({text.left for text in document.texts}) == 1
    left, letters = document.texts[0].left, size(ticket)
    assert left >= MARGIN - 0.01
    assert left + columns(ticket) * letters * 0.6021 <= WIDTH - MARGIN + 0.1


@pytest.mark.parametrize("name", TICKETS)
def test_the_pdf_is_the_ticket_line_for_line(name):
    assert_same(TICKETS[name])


@settings(max_examples=25)
@given(st.one_of(test_text.PAYMENTS.map(cardholder_ticket), test_text.REMITTANCES.map(remittance_ticket)))
def test_the_pdf_of_any_ticket_is_the_ticket(ticket):
    assert_same(ticket)


@pytest.mark.parametrize("name", TICKETS)
def test_the_paper_is_80_mm_wide_and_as_long_as_the_ticket(name):
    ((width, height),) = read(pdf(TICKETS[name])).pages
    assert width == pytest.approx(80 * MM, abs=0.01)
    text_height = len(lines(TICKETS[name])) * size(TICKETS[name]) * LEADING
    assert height == pytest.approx(text_height + 8 * MM, abs=0.01)


def test_letters_shrink_only_for_lines_that_are_wide():
    assert size(TICKETS["payment-cb"]) == 12
    assert size(TICKETS["payment-printed-wide"]) == pytest.approx(7.06, abs=0.01)


def test_the_same_ticket_gives_the_same_bytes_and_another_gives_others():
    assert pdf(TICKETS["payment-cb"]) == pdf(cardholder_ticket(a_payment()))
    assert pdf(TICKETS["payment-cb"]) != pdf(cardholder_ticket(a_payment(amount=3901)))


def test_the_font_is_within_and_every_accent_of_french_is_drawn():
    letters = "ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆàâäçéèêëîïôöùûüÿœæ€°«»–’…"
    document = read(pdf(cardholder_ticket(a_payment(trade_name=letters))))
    assert document.fonts
    assert all(b"/FontFile2" in font for font in document.fonts)
    drawn = "".join(text.words for text in document.texts)
    assert set(letters) <= set(drawn)


def test_properties_name_the_ticket_and_nobody():
    written = pdf(cardholder_ticket(a_payment(trade_name="BISTROT SECRET")))
    assert b"/Title (Ticket de paiement du 02/03/2026)" in written
    assert b"/Lang (fr-FR)" in written
    assert b"/DisplayDocTitle true" in written
    for name in (b"Author", b"Subject", b"Creator", b"Producer", b"Keywords"):
        assert b"/" + name + b" ()" in written
    assert b"SECRET" not in written


def test_a_ticket_is_light_enough_for_a_mail():
    assert max(len(pdf(ticket)) for ticket in TICKETS.values()) < 40_000


@pytest.fixture
def _threads_that_take_turns_often():
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("_threads_that_take_turns_often")
def test_tickets_made_at_the_same_time_do_not_mix():
    names = (f"CAFÉ {chr(ord('À') + n)}{chr(ord('Ā') + 2 * n)}" for n in range(48))
    tickets = [cardholder_ticket(a_payment(trade_name=name)) for name in names]
    one_by_one = [pdf(ticket) for ticket in tickets]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(pdf, tickets * 4)) == one_by_one * 4


def words_by_line(texts) -> list[str]:
    return [squeezed for text in texts if (squeezed := re.sub(r"\s+", " ", text).strip())]


@pytest.mark.parametrize("name", ["payment-cb", "payment-printed-wide", "remittance-cb", "payment-dcc"])
def test_every_reader_reads_the_same_words_on_the_same_lines(name, tmp_path):
    """Our own reader, and poppler's where this machine has it."""
    path = tmp_path / "ticket.pdf"
    path.write_bytes(pdf(TICKETS[name]))
    readings = [[text.words for text in read(path.read_bytes()).texts]]
    if poppler := shutil.which("pdftotext"):
        command = [poppler, "-layout", "-enc", "UTF-8", path, "-"]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        readings.append(found.replace("\f", "").splitlines())
    for reading in readings:
        assert words_by_line(reading) == words_by_line(lines(TICKETS[name]))


def test_a_remittance_as_pdf_has_its_number_in_its_title():
    assert b"000417" in pdf(remittance_ticket(a_remittance()))
