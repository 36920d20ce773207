"""Whatever the labels and the amounts, every line fits and nothing is lost."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.tickets import cardholder_ticket, columns, lines, remittance_ticket, text
from app.tickets.cardholder import FAMILIES
from app.tickets.text import laid_out, wrapped
from app.tickets.ticket import clean
from tests.tickets.rows import a_payment, a_remittance

LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"), max_codepoint=0xFFFF
)
LABELS = st.one_of(
    st.none(), st.text(LETTERS, max_size=80).map(lambda label: unicodedata.normalize("NFC", label))
)
IDENTIFIERS = st.one_of(st.none(), st.text("ABCDEFXYZ0123456789", min_size=1, max_size=32))
DIGITS = st.text("0123456789", min_size=1, max_size=6)
MINOR = st.integers(0, 10**15)
CURRENCIES = st.sampled_from(["EUR", "XPF", "TND", "USD", "CLF"])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))
RATES = st.one_of(st.none(), st.decimals(0, 10**9, places=9))
OUTLETS = {
    "trade_name": LABELS,
    "address": LABELS,
    "postcode": IDENTIFIERS,
    "city": LABELS,
    "siret": IDENTIFIERS,
    "bank": IDENTIFIERS,
}
PAYMENTS = st.builds(
    a_payment,
    application=st.sampled_from(sorted(FAMILIES)),
    date=MOMENTS,
    type=st.sampled_from(["debit", "refund", "cancellation", "refund_cancellation", "preauthorisation"]),
    outcome=st.sampled_from(["accepted", "declined", "abandoned"]),
    amount=st.integers(-(10**15), 10**15),
    currency=CURRENCIES,
    card=st.one_of(st.none(), st.from_regex(r"(?:[0-9]{6}|[*]{6})[*]{3,9}[0-9]{4}", fullmatch=True)),
    entry_mode=st.sampled_from(["chip", "contactless", "magstripe", "manual", "online", None]),
    contract=IDENTIFIERS.filter(bool),
    requested_amount=st.one_of(st.none(), MINOR),
    response_code=st.one_of(st.none(), st.sampled_from(["00", "51", "10", "Z9ZZ"])),
    remittance=st.one_of(st.none(), DIGITS),
    sequence_number=DIGITS,
    dossier=LABELS,
    order_reference=LABELS,
    original_sequence_number=st.one_of(st.none(), DIGITS),
    authorisation=IDENTIFIERS,
    certificate=IDENTIFIERS,
    issuer=LABELS,
    scheme=LABELS,
    product=LABELS,
    aid=IDENTIFIERS,
    cardholder_amount=st.one_of(st.none(), MINOR),
    cardholder_currency=st.one_of(st.none(), CURRENCIES),
    exchange_rate=RATES,
    markup_percent=RATES,
    **OUTLETS,
)
REMITTANCES = st.builds(
    a_remittance,
    application=st.sampled_from(sorted(FAMILIES)),
    date=MOMENTS,
    amount=st.integers(-(10**15), 10**15),
    currency=CURRENCIES,
    status=st.sampled_from(["correct", "rejected", "incomplete"]),
    status_text=LABELS,
    transmission=st.sampled_from(["succeeded", "failed", None]),
    seal=st.sampled_from(["complete", "awaiting_payments", "differs"]),
    number=DIGITS,
    file_number=IDENTIFIERS,
    bank_name=LABELS,
    terminal=st.one_of(st.none(), DIGITS),
    serial=IDENTIFIERS,
    debit=MINOR,
    debit_count=st.integers(0, 10**9),
    **OUTLETS,
)


def squeezed(words: str) -> str:
    """``words`` without any space: what is left of a value that was broken over lines."""
    return "".join(words.split())


def assert_fits(ticket) -> None:
    shown = lines(ticket)
    assert columns(ticket) == 24
    assert all(len(line) <= 24 for line in shown)
    assert all(line == line.rstrip() for line in shown)
    assert all(clean(line) == line for line in shown)
    assert not any("\n" in line or "\r" in line for line in shown)


@given(PAYMENTS)
def test_the_ticket_of_any_payment_fits_and_loses_nothing(row):
    ticket = cardholder_ticket(row)
    assert_fits(ticket)
    shown = squeezed(text(ticket))
    for name in ("trade_name", "address", "city", "contract", "siret", "certificate", "authorisation"):
        assert squeezed(row[name] or "") in shown, name
    for name in ("dossier", "order_reference", "sequence_number", "scheme", "product", "aid"):
        # What the heading says already may stand there in capitals.
        assert squeezed(row[name] or "").upper() in shown.upper(), name
    assert f"{row['date']:%d/%m/%Y}" in text(ticket)
    assert f"{row['date']:%H:%M:%S}" in text(ticket)
    whole = str(abs(row["amount"]))
    assert whole.rjust(5, "0").lstrip("0") in shown.replace(",", "").rjust(5, "0")
    if row["card"]:
        assert f"############{row['card'][-4:]}" in lines(ticket)


@given(PAYMENTS, st.dates(datetime(2000, 1, 1).date(), datetime(2099, 1, 1).date()))
def test_nothing_of_a_payment_depends_on_the_expiry_or_the_first_digits_of_the_card(row, expiry):
    row["card"] = "******" + (row["card"] or "0000000929")[6:]
    known = {**row, "expiry": f"{expiry:%m%y}", "card": "497010" + row["card"][6:]}
    assert lines(cardholder_ticket(known)) == lines(cardholder_ticket({**row, "expiry": None}))


@given(REMITTANCES)
def test_the_ticket_of_any_remittance_fits_and_loses_nothing(row):
    ticket = remittance_ticket(row)
    assert_fits(ticket)
    shown = squeezed(text(ticket))
    for name in ("trade_name", "address", "city", "contract", "siret", "number", "file_number", "serial"):
        assert squeezed(row[name] or "") in shown, name
    assert squeezed(row["bank_name"] or "") in shown
    assert ("TOTALNET:-" in shown) == (row["amount"] < 0)
    assert f"Achats:{row['debit_count'] or '-'}Rembts" in shown


@given(st.text(LETTERS, max_size=200), st.integers(1, 48))
def test_wrapping_keeps_every_word_and_breaks_one_only_where_it_must(label, width):
    parts = list(wrapped(label, width))
    assert all(0 < len(part) <= width for part in parts)
    assert squeezed("".join(parts)) == squeezed(label)
    if all(len(word) <= width for word in label.split()):
        assert " ".join(parts).split() == label.split()


def test_no_line_begins_with_what_belongs_to_the_word_before():
    assert list(wrapped("Le sans contact cette fois : insérez la carte", 26)) == [
        "Le sans contact cette",
        "fois : insérez la carte",
    ]


@given(st.lists(st.text(LETTERS, max_size=48), max_size=30))
def test_lines_of_the_file_keep_their_own_width(printed):
    row = a_remittance(ticket="\n".join(printed))
    ticket = remittance_ticket(row)
    assert columns(ticket) <= 48
    assert all(len(line) <= columns(ticket) for line in lines(ticket))


def test_a_line_of_48_columns_stays_as_it_is_and_a_longer_one_goes_on_below():
    wide = "CAFÉ DE LA FICTION".ljust(36) + "EXEMPLEVILLE"
    ticket = remittance_ticket(a_remittance(ticket=f"{wide}\n\n{'mot ' * 20}"))
    assert columns(ticket) == 48
    assert lines(ticket)[2:4] == (wide, "")
    assert [len(line) for line in lines(ticket)[4:]] == [47, 31]
    assert lines(ticket)[0] == "DUPLICATA".rjust(19 + 9)


def test_a_ticket_of_blank_lines_is_no_ticket():
    assert lines(remittance_ticket(a_remittance(ticket="\n  \n"))) == lines(remittance_ticket(a_remittance()))


def test_nothing_invisible_gets_onto_a_ticket():
    label = "CAFE\u0301\u202eSIRAP\u200b\tRUE\u00a0A\u2028B\x00C\U0001f600"
    shown = text(cardholder_ticket(a_payment(trade_name=label)))
    assert "CAFÉSIRAP RUE A B C\ufffd" in shown


def test_what_only_separates_is_known_as_a_rule():
    ticket = remittance_ticket(a_remittance(ticket="DEBITS\n------\n*** MERCI ***"))
    assert [line.is_rule for line in laid_out(ticket)] == [False, True, False, True, False]


def test_the_lines_that_matter_are_strong():
    strong = {
        line.text.split(" :")[0].strip() for line in laid_out(cardholder_ticket(a_payment())) if line.strong
    }
    assert strong == {"DUPLICATA", "CARTE BANCAIRE", "MONTANT", "DÉBIT"}


def test_rates_are_exact():
    row = a_payment(
        cardholder_amount=1,
        cardholder_currency="JPY",
        exchange_rate=Decimal("0.000000001"),
        markup_percent=Decimal("1E+1"),
    )
    shown = " ".join(text(cardholder_ticket(row)).split())
    assert "1 EUR = 0,000000001 JPY" in shown
    assert "COMMISSION : 10 %" in shown
