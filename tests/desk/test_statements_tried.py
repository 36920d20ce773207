"""A statement of fixed places tried at the desk: card numbers are searched field by field, as in a load."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import unread_files
from app.rules.cards import holds_card, looks_like_card
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written

CARD = next(f"497010123456{n:04}" for n in range(10000) if looks_like_card(f"497010123456{n:04}"))
#: An account, a code and a day that make 19 digits with a check digit and the beginning of a brand.
NEIGHBOURS = Statement((MovementLine(-12_00, "05", "VIR", day=date(2024, 9, 2)),), account="65039564925")
#: First and last place of the fields of a movement and of its complement that hold as many digits.
FIELDS = {1: (49, 79), 2: (49, 118), 3: (105, 120)}

accounts = st.integers(0, 10**11 - 1).map("{:011d}".format)
cards = st.builds(
    lambda head, body: next(
        n for n in (f"{head}{body:011d}{digit}" for digit in range(10)) if looks_like_card(n)
    ),
    st.sampled_from(("4970", "5136", "4012", "6011")),
    st.integers(0, 10**11 - 1),
)


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_an_account_and_the_day_behind_it_are_no_card_number(end):
    statement = written(NEIGHBOURS, end=end)
    assert holds_card(statement.decode("latin-1"))
    assert unread_files.line_with_card(statement) is None


@given(account=accounts, code=st.sampled_from(("30", "62", "05")), day=st.dates(date(2020, 1, 1)))
def test_no_account_makes_a_statement_one_of_card_numbers(account, code, day):
    line = MovementLine(4_00, code, "REMISE CB 7654321001", "NB 12", day)
    statement = written(Statement((line,), account=account, day=day))
    assert unread_files.line_with_card(statement) is None


@given(
    account=accounts,
    card=cards,
    field=st.sampled_from(sorted(FIELDS)),
    data=st.data(),
    end=st.sampled_from(("\n", "")),
)
def test_a_card_number_in_any_field_is_found_in_its_record(account, card, field, data, end):
    """The reference is a field of the movement: it stands in the second record, as the label does."""
    records = Statement((MovementLine(4_00, complement="NB 12"),), account=account).records()
    first, last = FIELDS[field]
    place = data.draw(st.integers(first - 1, last - len(card)))
    ordinal = {1: 1, 2: 2, 3: 1}[field]
    held = f"{'':{place - first + 1}}{card}".ljust(last - first + 1)
    records[ordinal] = records[ordinal][: first - 1] + held + records[ordinal][last:]
    sample = end.join(records).encode("latin-1")
    assert unread_files.line_with_card(sample) == ordinal + 1


def test_zeros_in_front_of_a_number_hide_nothing():
    """A field without thirteen places behind its zeros is passed over: most amounts are such."""
    for label in (f"{'0' * 4} {CARD}", f"{'0' * 13} {CARD}"):
        records = Statement((MovementLine(4_00, label=label),)).records()
        assert unread_files.line_with_card("\n".join(records).encode()) == 2


@pytest.mark.parametrize("spelt", [f"{CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}", CARD])
@pytest.mark.parametrize("behind", ["note {card}", "0" * 130 + " {card}"])
def test_what_is_no_record_is_searched_as_a_whole(spelt, behind):
    sample = written(NEIGHBOURS) + b"\n" + behind.format(card=spelt).encode()
    assert unread_files.line_with_card(sample)


#: Files of American Express: the first line, what a record begins with and its place from 0, and where a
#: number stands across two fields, where in one that is not made for it, and where in the one that is.
AMEX = {
    "GRRCN": (b"HEADER    20260301", "TRANSACTN", 0, 56, 115, 163),
    "EPTRN": (b"DFHDR03012026", "311", 42, 80, 155, 91),
    "EMCBK": (b"H".ljust(107) + b"EMCBK", "DEMCBK", 0, 43, 420, 16),
}


def with_number(kind: str, number: str, place: int) -> bytes:
    """A file of ``kind`` whose one record has ``number`` at ``place``."""
    head, code, begins, *_ = AMEX[kind]
    line = " " * begins + code
    return head + b"\n" + (line.ljust(place) + number).ljust(800).encode() + b"\n"


@pytest.mark.parametrize("kind", AMEX)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "behind", ["note {card}", "Dossier {card}", "0" * 900 + " {card}", "4 9 7 0 {card}", "{blank}{card}"]
)
@pytest.mark.probes("card numbers")
def test_a_line_that_is_no_record_of_american_express_is_searched_as_a_whole(kind, end, behind):
    """Cut where the fields of records end, it would hide the number that stands across two of them."""
    line = behind.format(card=CARD, blank=" " * 5)
    sample = end.join([AMEX[kind][0].decode(), line, ""]).encode()
    assert unread_files.line_with_card(sample) == 2


def test_the_counts_at_the_end_of_american_express_are_no_card_number():
    """They stand where a detail has its card."""
    trailer = b"T010120260316      0000000000000007000000007".ljust(520)
    assert unread_files.line_with_card(b"H".ljust(107) + b"CBNOT\n" + trailer + b"\n") is None


@pytest.mark.parametrize("kind", AMEX)
@pytest.mark.probes("card numbers")
def test_american_express_is_searched_field_by_field(kind):
    *_, across, in_text, in_its_field = AMEX[kind]
    assert unread_files.line_with_card(with_number(kind, CARD, across)) is None
    assert unread_files.line_with_card(with_number(kind, CARD, in_text)) == 2
    assert unread_files.line_with_card(with_number(kind, "123456789012345", in_its_field)) == 2
    assert unread_files.line_with_card(with_number(kind, "37XXXXXXXXX1234", in_its_field)) is None
