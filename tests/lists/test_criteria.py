"""What is asked is what the address says: parsed, kept, written back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listing.criteria import Criteria
from app.listing.cursor import Cursor, Value
from app.listing.filters import InvalidValueError
from app.listing.period import LONGEST_DAYS, Days, Period
from app.listing.scope import Scope
from app.lists import REMITTANCES, TRANSACTIONS
from app.wording.i18n import speaking

if TYPE_CHECKING:
    from app.listing.spec import ListSpec

TODAY = date(2026, 3, 3)
DAYS = Days(TODAY, TODAY, TODAY)
PAN = "4970101234567893"
#: Their numbers are as long as a card number by right.
LONG_NUMBERS = {"contract", "serial", "siret"}
NAMES = (
    "date_from",
    "date_to",
    "sort",
    "after",
    "columns",
    *TRANSACTIONS.parameters,
    *REMITTANCES.parameters,
    "other",
)
LIKELY = (
    *(
        "2026-02-01",
        "01/03/2026",
        "2026-03-03",
        "12,50",
        "12.5",
        "0",
        "-3",
        "0044",
        "497010******0044",
        "1228",
    ),
    *(
        "12/28",
        "debit",
        "refund",
        "accepted",
        "remitted",
        "correct",
        "with",
        "without",
        "CBEMV",
        "PLBS+",
        "plbs",
    ),
    *(
        "issuer",
        "credited_on",
        "30004",
        "bnp",
        "001",
        "417",
        "é",
        "100 %",
        "-amount",
        "amount",
        "date",
        "1772451069000000.1008",
    ),
    *("39.1772451069000000.1008", "", " ", "\x00", "\ud800", PAN, "'; DROP TABLE transaction; --", "=1+1"),
)
texts = st.sampled_from(LIKELY) | st.text(max_size=30)
args = st.lists(st.tuples(st.sampled_from(NAMES), texts), max_size=8)
specs = st.sampled_from((REMITTANCES, TRANSACTIONS))


def read(*args: tuple[str, str], spec: ListSpec = TRANSACTIONS) -> Criteria:
    return Criteria.from_args(spec, args, DAYS)


@given(specs, args)
def test_criteria_round_trip_through_the_address(spec: ListSpec, args: list[tuple[str, str]]) -> None:
    criteria = Criteria.from_args(spec, args, DAYS)
    for pinned in (False, True):
        again = Criteria.from_args(spec, criteria.to_args(pinned=pinned), DAYS)
        assert again == (replace(criteria, relative=None) if pinned else criteria)
        assert not again.faults


@given(specs, args)
def test_each_chip_removes_itself_only(spec: ListSpec, args: list[tuple[str, str]]) -> None:
    criteria = Criteria.from_args(spec, args, DAYS)
    chips = criteria.chips()
    for chip in chips:
        left = Criteria.from_args(spec, chip.remove_args, DAYS).chips()
        assert [(other.label, other.text) for other in left] == [
            (other.label, other.text) for other in chips if other is not chip
        ]


def test_the_default_is_the_last_seven_days() -> None:
    criteria = read()
    assert criteria.period == Period(date(2026, 2, 25), TODAY)
    assert criteria.to_args() == ()
    assert criteria.chips() == ()
    assert criteria.sort == "-date"
    assert criteria.to_args(pinned=True) == (("date_from", "2026-02-25"), ("date_to", "2026-03-03"))


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [
        ("2026-02-01", "", (date(2026, 2, 1), TODAY)),
        ("", "2026-02-10", (date(2026, 2, 4), date(2026, 2, 10))),
        ("1/2/2026", "01/02/2026", (date(2026, 2, 1), date(2026, 2, 1))),
    ],
)
def test_a_period_from_either_end(first: str, last: str, period: tuple[date, date]) -> None:
    criteria = read(("date_from", first), ("date_to", last))
    assert (criteria.period.first, criteria.period.last) == period
    assert not criteria.faults


@pytest.mark.parametrize(
    ("args", "faults"),
    [
        ([("date_from", "2026-03-02"), ("date_to", "2026-03-01")], {"date_from", "date_to"}),
        ([("date_from", "2024-01-01"), ("date_to", "2026-03-01")], {"date_from", "date_to"}),
        ([("date_from", "2027-01-01")], {"date_from"}),
        ([("date_to", "31/02/2026")], {"date_to"}),
        ([("date_to", "20260301")], {"date_to"}),
        ([("date_to", "0001-01-01")], {"date_to"}),
        ([("amount_from", "20"), ("amount_to", "10")], {"amount_from", "amount_to"}),
        ([("amount", "douze")], {"amount"}),
        ([("type", "vente")], {"type"}),
        ([("expiry", "13/28")], {"expiry"}),
        ([("card", "44")], {"card"}),
        ([("rank", "0012")], {"rank"}),
        ([("label", "a\x00b")], {"label"}),
        ([("label", "a" * 101)], {"label"}),
        ([("sort", "issuer")], {"sort"}),
        ([("after", "oups")], {"after"}),
        ([("after", "1.2.3")], {"after"}),
        ([("after", "999999999999999999.1")], {"after"}),
        ([("contract", str(number)) for number in range(101)], {"contract"}),
    ],
)
def test_a_fault_stands_beside_its_field_and_the_rest_applies(
    args: list[tuple[str, str]], faults: set[str]
) -> None:
    criteria = read(*args, ("outcome", "declined"))
    assert set(criteria.faults) == faults
    assert criteria.filters["outcome"] == ("declined",)
    for name, fault in criteria.faults.items():
        assert fault.text()
        assert name == "contract" or name not in criteria.filters


def test_the_longest_period_is_about_fifteen_months() -> None:
    first = TODAY - timedelta(LONGEST_DAYS - 1)
    assert read(("date_from", first.isoformat())).period == Period(first, TODAY)
    assert read(("date_from", (first - timedelta(1)).isoformat())).faults


def test_what_was_typed_is_shown_again() -> None:
    criteria = read(("amount", "douze"), ("amount", "12"), ("date_from", "hier"), ("label", " Bar "))
    assert criteria.raw("amount") == "douze"
    assert criteria.values("amount") == ("12,00",)
    assert criteria.values("date_to") == ("2026-03-03",)
    assert criteria.raw("date_from") == "hier"
    assert criteria.raw("label") == "Bar"
    assert criteria.raw("issuer") == ""


def test_doubles_are_dropped_and_values_of_one_parameter_gather() -> None:
    criteria = read(
        ("type", "debit"), ("type", "DEBIT"), ("type", "refund"), ("amount", "5"), ("amount", "5,00")
    )
    assert criteria.filters == {"amount": (Decimal(5),), "type": ("debit", "refund")}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0044", ("", "0044")),
        ("497010 0044", ("497010", "0044")),
        ("497010******0044", ("497010", "0044")),
        ("4970100044", ("497010", "0044")),
        ("************0044", ("", "0044")),
    ],
)
def test_a_card_is_its_last_four_or_first_six_and_last_four(text: str, value: tuple[str, str]) -> None:
    criteria = read(("card", text))
    assert criteria.filters == {"card": (value,)}
    assert read(*criteria.to_args()) == criteria


@pytest.mark.parametrize(
    "name", sorted({*TRANSACTIONS.parameters, "date_from", "sort", "after"} - LONG_NUMBERS)
)
@pytest.mark.parametrize("text", [PAN, "4970 1012 3456 7893", "4970-1012-3456-7893"])
def test_a_full_card_number_is_never_kept_or_shown_again(name: str, text: str) -> None:
    criteria = read((name, text))
    assert name in criteria.faults
    shown = [criteria.raw(name) if name not in ("sort", "after") else "", criteria.in_words(), repr(criteria)]
    shown += [fault.text() + fault.typed for fault in criteria.faults.values()]
    shown += [chip.text for chip in criteria.chips()] + [f"{criteria.to_args(pinned=True)}"]
    assert not any(PAN in text.translate({ord(letter): None for letter in " -."}) for text in shown)


def test_twelve_digits_in_the_card_field_are_taken_for_a_card_number() -> None:
    fault = read(("card", "497010123456")).faults["card"]
    assert fault.typed == ""
    assert "4" in fault.text()
    assert read(("card", "49701")).faults["card"].typed == "49701"


def test_words_of_a_search() -> None:
    criteria = read(
        ("date_from", "2026-03-01"),
        ("contract", "7654321"),
        ("amount_from", "10"),
        ("type", "debit"),
        ("expiry", "0329"),
        ("amount_to", "99"),
    )
    with speaking("en"):
        assert criteria.in_words() == (
            "Transactions, from 1 Mar 2026 to 3 Mar 2026, Contract no. 7654321,"
            " Amount ≥ 10.00, Amount ≤ 99.00, Type Debit, Expiry 03/29"
        )
        assert [chip.label for chip in criteria.chips()] == [
            "Date",
            "Contract no.",
            "Amount",
            "Amount",
            "Type",
            "Expiry",
        ]


def test_another_order_starts_from_the_first_page() -> None:
    criteria = read(("after", "-date~n~1772451069000000~1008"), ("type", "debit"))
    assert criteria.after is not None
    assert criteria.with_sort("amount").to_args() == (("type", "debit"), ("sort", "amount"))
    assert criteria.without("type").to_args() == ()


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)),
    st.integers(0, 10**18 - 1),
    st.none()
    | st.integers(-(10**17), 10**18 - 1)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
    | st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1))
    | st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**9, min_value=-(10**9)),
    st.sampled_from(["-date", "date", "-amount", "number"]),
)
def test_a_cursor_reads_back_in_its_own_order(at: datetime, row_id: int, value: Value, sort: str) -> None:
    cursor = Cursor(sort, at.replace(tzinfo=UTC), row_id, value)
    assert quote(cursor.text(), safe="") == cursor.text()
    assert Cursor.parse(cursor.text(), sort, type(value)) == cursor
    with pytest.raises(InvalidValueError):
        Cursor.parse(cursor.text(), "-number", type(value))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "x",
            "-date~n~1~2~3",
            "-date~n~1",
            "-date~q7~1~2",
            "-date~i~1~2",
            "-date~tAA~1~2",
            "-date~dNaN~1~2",
        ),
        *("-date~n~99999999999999999999~1", "-date~n~999999999999999999~1", "-date~l999999999999999999~1~2"),
        "-date~t" + "A" * 500 + "~1~2",
    ],
)
@pytest.mark.parametrize("kind", [type(None), bool, int, Decimal, str, datetime])
def test_a_broken_cursor_is_refused(text: str, kind: type) -> None:
    with pytest.raises(InvalidValueError):
        Cursor.parse(text, "-date", kind)


def test_nobody_has_the_unclaimed_rows_in_scope() -> None:
    for merchant_id, contract_ids in ((0, None), (1, (0,))):
        with pytest.raises(ValueError, match=r"unclaimed|not a contract"):
            Scope(merchant_id, contract_ids)


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(0, 100), st.integers(1, 40))
def test_the_parts_of_a_period_are_the_period(first: date, more: int, days: int) -> None:
    period = Period(first, first + timedelta(more))
    parts = list(period.split(days))
    assert parts[0].first == period.first
    assert parts[-1].last == period.last
    assert all(part.days <= days for part in parts)
    assert all(after.first - before.last == timedelta(1) for before, after in pairwise(parts))


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("last-night", ("2026-02-28", "2026-02-28")),
        ("yesterday", ("2026-03-01", "2026-03-01")),
        ("last-7-days", ("2026-02-22", "2026-02-28")),
        ("last-30-days", ("2026-01-30", "2026-02-28")),
        ("this-month", ("2026-02-01", "2026-02-28")),
        ("last-month", ("2026-01-01", "2026-01-31")),
    ],
)
def test_a_relative_period_ends_with_what_has_arrived(name: str, period: tuple[str, str]) -> None:
    days = Days(date(2026, 3, 2), date(2026, 3, 1), date(2026, 2, 28))
    for spec in (REMITTANCES, TRANSACTIONS):
        criteria = Criteria.from_args(spec, [("period", name)], days)
        assert not criteria.faults
        assert criteria.period is not None
        assert (criteria.period.first.isoformat(), criteria.period.last.isoformat()) == period
        assert criteria.to_args() == (() if name == spec.usual_period else (("period", name),))
        assert criteria.to_args(pinned=True) == (("date_from", period[0]), ("date_to", period[1]))


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        ([("period", "last-night"), ("date_from", "2026-03-01")], "period"),
        ([("period", "tomorrow")], "period"),
        ([("period", "yesterday"), ("period", "last-month")], "period"),
        ([("date_from", "2026-03-01"), ("date_from", "2026-03-02")], "date_from"),
        ([("sort", "date"), ("sort", "-date")], "sort"),
        ([("montant", "12")], "montant"),
        ([("foo", "")], "foo"),
        ([("status", "correct")], "status"),
    ],
)
def test_what_is_unknown_or_twice_is_a_fault(args: list[tuple[str, str]], fault: str) -> None:
    assert set(read(*args).faults) == {fault}


def test_how_a_page_is_shown_is_no_question() -> None:
    assert not read(("by", "day"), ("columns", "date"), ("pages", "4"), ("view", "1")).faults


def test_the_period_of_a_form_holds_until_days_are_typed() -> None:
    assert read(("kept", "last-month")).to_args() == (("period", "last-month"),)
    typed = read(("kept", "last-month"), ("date_from", "2026-03-01"), ("date_to", "2026-03-02"))
    assert typed.to_args() == (("date_from", "2026-03-01"), ("date_to", "2026-03-02"))
    same = read(("kept", "last-month"), ("date_from", "2026-02-01"), ("date_to", "2026-02-28"))
    assert same.to_args() == (("period", "last-month"),)
    assert read(("kept", "tomorrow")).to_args() == ()


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        *(
            (typed, "2204")
            for typed in ("2204", " 2204\u00a0", "############2204", "CB*2204", "X2204", "**** 2204")
        ),
        *((typed, "513140******2204") for typed in ("5131 40** **** 2204", "513140XXXXXX2204", "5131402204")),
        ("\u200b5131-40**-****-2204", "513140******2204"),
    ],
)
def test_a_card_is_read_as_it_is_printed(typed: str, value: str) -> None:
    criteria = read(("card", typed))
    assert criteria.values("card") == (value,)
    assert re.fullmatch(TRANSACTIONS.parameters["card"].kind.pattern, typed)


@pytest.mark.parametrize("typed", ["CB 19", "12345", "1234 5678", "497010 1234 5678", "carte", "٢٢٠٤"])
def test_what_is_no_card_is_refused(typed: str) -> None:
    assert set(read(("card", typed)).faults) == {"card"}


def test_a_contract_and_its_rank_beside_one_another_are_no_card_number() -> None:
    key = "4747621704 · 701 · AMEXCLESS"
    grouped = Criteria.from_args(REMITTANCES, [("by", "contract")], DAYS)
    assert grouped.of_group(key).filters == {"group_contract": (key,)}
    refused = Criteria.from_args(REMITTANCES, [("group_contract", f"{PAN} · 701 · AMEXCLESS")], DAYS)
    assert refused.faults["group_contract"].typed == ""
