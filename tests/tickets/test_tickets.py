"""Tickets against files that a person has read, and what holds of all of them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from app.tickets import cardholder_ticket, lines, remittance_ticket, text, why_no_ticket
from app.tickets.cardholder import FAMILIES
from app.wording import applications, response_codes
from app.wording.i18n import speaking
from tests.tickets.rows import PAYMENTS, REMITTANCES, a_payment, a_remittance

GOLDEN = Path(__file__).parent / "golden"
TICKETS = {
    **{name: cardholder_ticket(row) for name, row in PAYMENTS.items()},
    **{name: remittance_ticket(row) for name, row in REMITTANCES.items()},
}


@pytest.mark.parametrize("name", TICKETS)
def test_the_ticket_is_the_one_that_was_read(name):
    assert text(TICKETS[name]) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_no_golden_file_is_left_over():
    assert {path.stem for path in GOLDEN.iterdir()} == set(TICKETS)


def test_every_application_that_has_tickets_has_a_family_and_a_golden_ticket():
    known = {code for code in applications.APPLICATIONS if applications.has_tickets(code)}
    assert len(known) == 14
    assert set(FAMILIES) == known
    assert {row["application"] for row in PAYMENTS.values()} == known


def test_every_ticket_is_marked_a_duplicate_first():
    assert all(lines(ticket)[0].strip() == "DUPLICATA" for ticket in TICKETS.values())


@pytest.mark.parametrize("name", PAYMENTS)
def test_the_card_is_shown_by_its_last_four_digits_alone_and_never_its_expiry(name):
    shown, row = text(TICKETS[name]), PAYMENTS[name]
    if row["card"]:
        assert f"############{row['card'][-4:]}" in shown.split()
        assert shown.count("#") == 12
        assert "*" not in shown.replace("*** MERCI ***", "")
        assert "497010" not in shown
        assert "374500" not in shown
    for expiry in ("11/28", "1128", "11/2028", "FIN"):
        assert expiry not in shown


def test_a_ticket_is_in_french_whatever_the_language_of_the_page():
    for name, row in PAYMENTS.items():
        with speaking("en"):
            assert text(cardholder_ticket(row)) == text(TICKETS[name])


@pytest.mark.parametrize("make", [cardholder_ticket, remittance_ticket])
@pytest.mark.parametrize("code", ["JADE", "cbemv", "", None])
def test_an_application_without_tickets_says_why(make, code):
    row = (a_payment if make is cardholder_ticket else a_remittance)(application=code, ticket="CB\n39,00")
    with speaking("en"):
        reason = why_no_ticket(row)
    assert reason.endswith(".")
    assert "cannot be printed again" in reason
    assert not code or code in reason
    with pytest.raises(ValueError, match="no ticket"):
        make(row)


def test_an_application_with_tickets_has_no_reason_not_to():
    assert all(why_no_ticket(row) is None for row in (*PAYMENTS.values(), *REMITTANCES.values()))


def test_names_and_titles():
    payment, remittance = TICKETS["payment-cb"], TICKETS["remittance-cb"]
    assert payment.title == "Ticket de paiement du 02/03/2026"
    assert payment.name == "ticket-paiement-2026-03-02-000101"
    assert remittance.title == "Ticket de remise n° 000417 du 02/03/2026"
    assert remittance.name == "ticket-remise-2026-03-02-000417"


# Amounts.


def amounts(name: str) -> dict[str, str]:
    """The amounts of a ticket by their label, whether they stand beside or below it."""
    words = " ".join(text(TICKETS[name]).split())
    labels = (
        "MONTANT DEMANDÉ",
        "MONTANT AUTORISÉ",
        "RESTE À PAYER",
        "MONTANT COMMERÇANT",
        "MONTANT PORTEUR",
        "TAUX DE CHANGE",
        "COMMISSION",
    )
    found = {label: words.partition(f"{label} : ")[2] for label in labels}
    return {label: rest.split()[0] for label, rest in found.items() if rest}


def number(shown: str) -> Decimal:
    return Decimal(shown.replace(",", "."))


def test_conecs_asked_less_authorised_is_the_rest_to_pay():
    shown = amounts("payment-conecs-partial")
    rest = number(shown["MONTANT DEMANDÉ"]) - number(shown["MONTANT AUTORISÉ"])
    assert number(shown["RESTE À PAYER"]) == rest == Decimal("6.50")


@pytest.mark.parametrize("requested", [2500, None])
def test_conecs_paid_in_full_leaves_no_rest(requested):
    row = {**PAYMENTS["payment-conecs-partial"], "requested_amount": requested}
    assert "RESTE" not in text(cardholder_ticket(row))
    assert "DEMANDÉ" not in text(cardholder_ticket(row))


@pytest.mark.parametrize(("name", "unit"), [("payment-dcc", "0.01"), ("payment-dcc-yen", "1")])
def test_dcc_the_figures_shown_lead_from_one_amount_to_the_other(name, unit):
    shown = amounts(name)
    words = " ".join(text(TICKETS[name]).split())
    rate = number(words.partition("1 EUR = ")[2].split()[0])
    markup = 1 + number(shown["COMMISSION"]) / 100
    expected = number(shown["MONTANT COMMERÇANT"]) * rate * markup
    assert number(shown["MONTANT PORTEUR"]) == expected.quantize(Decimal(unit), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("currency", "minor", "shown"),
    [
        ("EUR", 5, "0,05 EUR"),
        ("XPF", 4650, "4650 XPF"),
        ("JPY", 1, "1 JPY"),
        ("TND", 12345, "12,345 TND"),
        ("KWD", 7, "0,007 KWD"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(currency, minor, shown):
    payment = lines(cardholder_ticket(a_payment(amount=minor, currency=currency)))
    remittance = lines(remittance_ticket(a_remittance(amount=minor, currency=currency)))
    assert "MONTANT :" + shown.rjust(15) in payment
    assert "TOTAL NET :" + shown.rjust(13) in remittance
    assert f"MONTANT EN {currency}" in remittance


# Words.


@pytest.mark.parametrize(
    ("kind", "amount", "words"),
    [
        ("debit", 500, ("MONTANT : 5,00 EUR", "DÉBIT")),
        ("refund", -500, ("MONTANT REMBOURSÉ : 5,00 EUR", "CRÉDIT")),
        ("cancellation", -500, ("MONTANT ANNULÉ : 5,00 EUR", "ANNULATION DE DÉBIT")),
        ("refund_cancellation", 500, ("MONTANT ANNULÉ : 5,00 EUR", "ANNULATION DE CRÉDIT")),
        ("preauthorisation", 500, ("MONTANT ESTIMÉ : 5,00 EUR", "PRÉAUTORISATION MONTANT NON DÉBITÉ")),
    ],
)
def test_each_operation_has_its_words(kind, amount, words):
    shown = " ".join(text(cardholder_ticket(a_payment(type=kind, amount=amount))).split())
    assert f"{words[0]} {words[1]} TICKET CLIENT À CONSERVER" in shown


@pytest.mark.parametrize(
    "kind", ["debit", "refund", "cancellation", "refund_cancellation", "preauthorisation"]
)
@pytest.mark.parametrize("outcome", ["declined", "abandoned"])
def test_what_failed_never_reads_as_done(kind, outcome):
    ticket = cardholder_ticket(
        a_payment(type=kind, outcome=outcome, response_code="05", requested_amount=9000)
    )
    shown = " ".join(text(ticket).split())
    assert "NON EFFECTUÉ" in shown
    assert not any(word in shown for word in ("REMBOURSÉ", "ANNULÉ ", "AUTORISÉ", "RESTE"))


@pytest.mark.parametrize("code", response_codes.CODES)
def test_a_refusal_gives_its_code_in_words(code):
    shown = " ".join(text(cardholder_ticket(a_payment(outcome="declined", response_code=code))).split())
    words = " ".join(response_codes.meaning(code).split())
    assert f"CODE : {code} {words} TICKET CLIENT" in shown


def test_words_of_the_host_that_repeat_ours_are_not_said_twice():
    row = a_remittance(status="rejected", status_text="Remise rejetee")
    assert "Remise rejetee" not in text(remittance_ticket(row))
