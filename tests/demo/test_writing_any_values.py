"""Any values: what comes out of a plain split, and out of the reader, is what went in."""

from __future__ import annotations

import io
import re
import unicodedata
from datetime import datetime
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.keys import LETTER
from importers.formats import layout, remise_tpe
from importers.formats.remise_tpe.writing import write
from tests.demo.writing import COMPLETE, CREATED, rows
from tests.examples import dear_examples

FILE_WORDS = {
    name: {value: word for word, value in words.items()}
    for name, words in {
        "type": layout.TYPES,
        "outcome": layout.OUTCOMES,
        "status": layout.STATUSES,
        "transmission": layout.TRANSMISSIONS,
        "entry_mode": layout.ENTRY_MODES,
    }.items()
}

# Marks without width are no part of a value: the reader takes them away.
_NO_WIDTH = (
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"
)
_CHARACTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters=f";{_NO_WIDTH}")


def one_way(text: str) -> str:
    """The one of the ways to write what looks alike that the reader keeps."""
    blanks = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in text)
    return unicodedata.normalize("NFC", re.sub(" +", " ", blanks).strip(" "))


def letters(most: int):
    return st.text(_CHARACTERS, min_size=1, max_size=most).map(one_way).filter(bool)


def words(most: int):
    return letters(most) | st.none()


def keys(most: int):
    return st.from_regex(rf"{LETTER}{{1,{most}}}", fullmatch=True).map(one_way).filter(bool)


def numerals(least: int, most: int):
    return st.text("0123456789", min_size=least, max_size=most)


def tickets():
    line = st.text(_CHARACTERS, max_size=48)
    return st.none() | st.lists(line, min_size=1, max_size=3).map("\n".join).filter(bool)


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 30)).map(lambda at: at.replace(microsecond=0))
AMOUNTS = st.integers(0, 10**12)
CURRENCIES = st.sampled_from(("EUR", "XPF", "CHF", "JPY", "TND", "USD"))
DECIMALS = st.decimals(0, 10**6, places=4, allow_nan=False)
REMITTANCES = st.fixed_dictionaries(
    {
        "contract": st.from_regex(r"[0-9A-Z]{1,15}", fullmatch=True),
        "rank": numerals(3, 3),
        "application": st.from_regex(r"[0-9A-Z][0-9A-Z+ ]{0,18}[0-9A-Z]", fullmatch=True),
        "number": numerals(1, 6),
        "file_number": st.none() | st.from_regex(r"[0-9A-Za-z]{1,6}", fullmatch=True),
        "bank_code": st.none() | numerals(5, 5),
        "siret": st.none() | numerals(14, 14),
        "terminal_number": st.none() | numerals(3, 3),
        "serial_number": st.none() | keys(24),
        "manufacturer": words(20),
        "currency": CURRENCIES,
        "opened_local": st.none() | MOMENTS,
        "collected_local": MOMENTS,
        "status": st.sampled_from(list(FILE_WORDS["status"])),
        "status_text": words(80),
        "transmission": st.none() | st.sampled_from(list(FILE_WORDS["transmission"])),
        "ticket": tickets(),
    }
)
CARDS = st.from_regex(r"([0-9]{6}|\*{6})\*{6}[0-9]{4}", fullmatch=True)
TRANSACTIONS = st.fixed_dictionaries(
    {
        "occurred_local": MOMENTS,
        "type": st.sampled_from(list(FILE_WORDS["type"])),
        "outcome": st.sampled_from(list(FILE_WORDS["outcome"])),
        "amount": AMOUNTS,
        "card": st.none() | CARDS,
        "expiry": st.none() | st.from_regex(r"(0[1-9]|1[0-2])[0-9]{2}", fullmatch=True),
        "entry_mode": st.none() | st.sampled_from(list(FILE_WORDS["entry_mode"])),
        "scheme": words(40),
        "product": words(60),
        "issuer": words(60),
        "aid": st.none() | st.from_regex(r"[0-9A-F]{1,32}", fullmatch=True),
        "authorisation_asked": st.none() | st.booleans(),
        "authorisation_number": st.none() | numerals(1, 8),
        "response_code": st.none() | numerals(2, 2),
        "certificate": st.none() | st.from_regex(r"[0-9A-F]{16}", fullmatch=True),
        "dossier_number": words(32),
        "order_reference": words(64),
        "original_sequence_number": st.none() | numerals(1, 6),
        "requested_amount": st.none() | AMOUNTS,
        "cardholder_amount": st.none() | AMOUNTS,
        "cardholder_currency": st.none() | CURRENCIES,
        "exchange_rate": st.none() | DECIMALS,
        "markup_percent": st.none() | DECIMALS,
        "ticket": tickets(),
    }
)
KEY = ("contract", "rank", "application", "number")


@st.composite
def nights(draw):
    """Remittances, each with its own key, and transactions, each with a number of its own."""
    remittances = draw(
        st.lists(REMITTANCES, max_size=3, unique_by=lambda row: tuple(row[name] for name in KEY[:3]))
    )
    transactions = []
    for row in range(len(remittances)):
        numbers = draw(st.lists(st.integers(0, 999_999), max_size=3, unique=True))
        transactions += [
            draw(TRANSACTIONS) | {"remittance": row, "sequence_number": f"{number:06d}"} for number in numbers
        ]
    return remittances, transactions


def frames(night):
    remittances, transactions = night
    columns = ["remittance", "ticket", *layout.TRANSACTION]
    owners = pd.Series([row["remittance"] for row in transactions], dtype="int64")
    return (
        pd.DataFrame(remittances, columns=[*layout.REMITTANCE, "ticket"], dtype=object),
        pd.DataFrame(transactions, columns=columns, dtype=object).assign(remittance=owners),
    )


def in_file(name: str, value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    if isinstance(value, Decimal):
        return format(value, "f")
    return FILE_WORDS.get(name, {}).get(value, str(value))


@pytest.mark.no_cover
@dear_examples()
@given(nights())
def test_a_plain_split_and_the_reader_give_the_values_back(night):
    file = io.BytesIO()
    write(file, COMPLETE, *frames(night))
    expect_by_split(file.getvalue(), *night)
    expect_by_reader(file.getvalue(), *night)


def expect_by_split(content: bytes, remittances, transactions) -> None:
    rest = iter(content.decode().split("\n")[1:])
    for row, remittance in enumerate(remittances):
        assert next(rest).split(";") == [
            "REM",
            *(in_file(name, remittance[name]) for name in layout.REMITTANCE),
        ]
        expect_ticket(rest, remittance)
        for transaction in transactions:
            if transaction["remittance"] == row:
                values = (in_file(name, transaction[name]) for name in layout.TRANSACTION)
                assert next(rest).split(";") == ["TRX", *values]
                expect_ticket(rest, transaction)
        for code in ("TOT",) * 6 + ("FRM",):
            assert next(rest).startswith(f"{code};")
    assert list(rest) == [f"FIN;{len(remittances)};{len(transactions)}", ""]


def expect_ticket(rest, row) -> None:
    for line in row["ticket"].split("\n") if row["ticket"] is not None else ():
        assert next(rest) == f"TKT;{line}"


def expect_by_reader(content: bytes, remittances, transactions) -> None:
    read = remise_tpe.read(content)
    header = read.header
    assert (header.source, header.file_key, header.created_at) == ("demo-host", "20260303-0001", CREATED)
    assert rows(read.remittances, [*layout.REMITTANCE, "ticket"]) == remittances
    expected = []
    for transaction in transactions:
        card = transaction["card"] or ""
        expected.append(
            {name: plain(name, value) for name, value in transaction.items() if name != "card"}
            | {"card_bin": card[:6].strip("*") or None, "card_last4": card[-4:] or None}
        )
    assert rows(read.transactions, expected[0] if expected else []) == expected


def plain(name: str, value):
    """How the reader gives a value: numbers that are not money, and flags, as the text of the file."""
    return (
        value
        if isinstance(value, int | datetime) and not isinstance(value, bool)
        else in_file_or_none(name, value)
    )


def in_file_or_none(name: str, value):
    return value if name in FILE_WORDS or value is None else in_file(name, value)
