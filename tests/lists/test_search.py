"""The search box: what people say is taken apart, and read as the filters of a list."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listing.criteria import Criteria
from app.listing.filters import InvalidValueError
from app.listing.period import Days, Period
from app.listing.search import MOST_READINGS, readings
from app.listing.typed import typed
from app.lists import REMITTANCES, TRANSACTIONS
from app.wording import applications

#: A Thursday; the last night received is Wednesday's.
DAYS = Days(date(2026, 11, 26), date(2026, 11, 25), date(2026, 11, 25))
PAN = "4970101234567893"


def day(text):
    period = typed(text, DAYS).period
    assert period.first == period.last
    return period.first


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hier", date(2026, 11, 25)),
        ("Aujourd’hui", date(2026, 11, 26)),
        ("avant-hier", date(2026, 11, 24)),
        ("mardi", date(2026, 11, 24)),
        ("mardi dernier", date(2026, 11, 24)),
        ("Last Tuesday", date(2026, 11, 24)),
        ("Mercredi", date(2026, 11, 25)),
        ("jeudi", date(2026, 11, 19)),
        ("tuesday", date(2026, 11, 24)),
        ("24/11", date(2026, 11, 24)),
        ("30/11", date(2025, 11, 30)),
        ("24/11/25", date(2025, 11, 24)),
        ("24/11/2026", date(2026, 11, 24)),
        ("2026-11-24", date(2026, 11, 24)),
        ("24 novembre", date(2026, 11, 24)),
        ("1er déc.", date(2025, 12, 1)),
        ("3 Mar 2026", date(2026, 3, 3)),
        ("le 24", date(2026, 11, 24)),
        ("le 27", date(2026, 10, 27)),
        ("le 31", date(2026, 10, 31)),
        ("the 24", date(2026, 11, 24)),
        ("le 24 novembre", date(2026, 11, 24)),
        ("29/02", None),
    ],
)
def test_a_day_is_the_last_one_of_that_name_that_has_come(text, expected):
    if expected is None:
        assert typed(text, DAYS).period is None
    else:
        assert day(text) == expected
        assert typed(text, DAYS).pieces == ()


def test_a_month_of_a_year_is_a_period_and_a_month_alone_a_word():
    assert typed("novembre 2026", DAYS).period == Period(date(2026, 11, 1), date(2026, 11, 30))
    assert typed("Champ de Mars", DAYS).period is None
    assert typed("novembre", DAYS).pieces == ("novembre",)
    assert typed("novembre", DAYS).month == Period(date(2026, 11, 1), date(2026, 11, 30))
    assert typed("décembre", DAYS).month == Period(date(2025, 12, 1), date(2025, 12, 31))
    assert typed("gare novembre", DAYS).month is None


def test_a_month_after_a_word_that_says_so_is_a_period():
    assert typed("23,40 en octobre", DAYS).period == Period(date(2026, 10, 1), date(2026, 10, 31))
    assert typed("23,40 en octobre", DAYS).pieces == ("23,40",)


def test_of_several_days_the_shortest_period_holds():
    assert day("mardi novembre 2026") == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("23,40 mardi", ("23,40",)),
        ("23,40 mardi dernier", ("23,40",)),
        ("au dernier verre", ("au dernier verre",)),
        ("gare 23,40 €", ("23,40 €", "gare")),
        ("\u22121 023,40\u00a0€ gare", ("\u22121 023,40 €", "gare")),
        ("\u2212€23.40", ("\u2212€23.40",)),
        ("1 234,56 darcy dijon", ("1 234,56", "darcy dijon")),
        ("5131 40** **** 2204", ("5131 40** **** 2204",)),
        ("CB*1996 hier", ("CB*1996",)),
        ("12 rue", ("12", "rue")),
        ("25 EUR", ("25 EUR",)),
    ],
)
def test_what_belongs_together_stays_together(text, pieces):
    assert typed(text, DAYS).pieces == pieces


@pytest.mark.parametrize(
    ("spec", "text", "expected"),
    [
        (TRANSACTIONS, "23,40", [("amount", "23,40")]),
        (TRANSACTIONS, "\u221223,40 €", [("amount", "23,40")]),
        (TRANSACTIONS, "\u2212€23.40", [("amount", "23,40")]),
        (TRANSACTIONS, "25 €", [("amount", "25,00")]),
        (TRANSACTIONS, "9814", [("card", "9814"), ("amount", "9814,00"), ("remittance", "9814")]),
        (TRANSACTIONS, "5131 40** **** 2204", [("card", "513140******2204")]),
        (TRANSACTIONS, "A1B2C3", [("authorisation", "A1B2C3"), ("order_reference", "A1B2C3")]),
        (TRANSACTIONS, "gare", [("trade_name", "gare"), ("label", "gare")]),
        (REMITTANCES, "000102", [("number", "000102"), ("amount", "102,00")]),
        (REMITTANCES, "#2204", []),
    ],
)
def test_a_piece_asks_by_what_it_looks_like(spec, text, expected):
    found = readings(spec, typed(text, DAYS))
    single = [way for (way, *others) in found if not others]
    assert single[: len(expected)] == expected
    assert bool(single) == bool(expected)


OFFERED = {
    "application": tuple(applications.LABELS.items()),
    "issuer": (("EDENRED", "EDENRED"), ("SWILE FRANCE", "SWILE FRANCE")),
    "product": (("VISA CLASSIC", "VISA CLASSIC"), ("VISA GOLD", "VISA GOLD")),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("refusé", (("outcome", "declined"),)),
        ("refusées hier", (("outcome", "declined"),)),
        ("Remboursements", (("type", "refund"), ("type", "refund_cancellation"))),
        ("CB Sans Contact", (("application", "CBCLESS"),)),
        ("sans contact cb", (("application", "CBCLESS"),)),
        ("amex", (("application", "AMEX"), ("application", "AMEXCLESS"))),
        ("Visa", (("product", "VISA CLASSIC"), ("product", "VISA GOLD"))),
        ("swile", (("issuer", "SWILE FRANCE"),)),
        ("refusés 23,40", (("amount", "23,40"), ("outcome", "declined"))),
        ("refusés darcy", (("outcome", "declined"), ("trade_name", "darcy"))),
        ("gare de Dijon refusés", (("outcome", "declined"), ("trade_name", "gare de Dijon"))),
        ("edenred gare", (("issuer", "EDENRED"), ("trade_name", "gare"))),
    ],
)
def test_the_words_of_a_choice_ask_for_it_beside_those_of_a_shop(text, expected):
    assert expected in readings(TRANSACTIONS, typed(text, DAYS), OFFERED)


@pytest.mark.parametrize("text", ["de", "gare", "co", "no"])
def test_other_words_ask_for_no_choice(text):
    found = readings(TRANSACTIONS, typed(text, DAYS), OFFERED)
    assert {name for args in found for name, _ in args} <= set(TRANSACTIONS.search)


def test_words_that_too_many_values_share_ask_for_none():
    of_many = {"product": tuple((f"CARTE {number}", f"CARTE {number}") for number in range(11))}
    found = readings(TRANSACTIONS, typed("carte", DAYS), of_many)
    assert {name for args in found for name, _ in args} <= set(TRANSACTIONS.search)


def test_a_name_with_a_number_is_also_read_as_a_name():
    assert (("trade_name", "gare 2"),) in readings(TRANSACTIONS, typed("gare 2", DAYS))


@pytest.mark.parametrize("text", [PAN, "4970 1012 3456 7893", f"ticket {PAN} mardi", "x" * 101])
def test_a_card_number_or_a_text_too_long_is_refused(text):
    with pytest.raises(InvalidValueError):
        typed(text, DAYS)


def test_a_siret_is_no_card():
    assert typed("73282932000074", DAYS).pieces == ("73282932000074",)


@given(st.text(max_size=40) | st.text("0123456789/., €*#mardinovembre2026-", max_size=40))
def test_whatever_is_typed_is_refused_or_becomes_questions_that_are_understood(text):
    try:
        taken = typed(text, DAYS)
    except InvalidValueError:
        return
    for spec in (TRANSACTIONS, REMITTANCES):
        found = readings(spec, taken)
        assert len(found) <= MOST_READINGS + len(spec.search)
        for args in found:
            assert not Criteria.from_args(spec, args, DAYS).faults
