"""The records of American Express: their fields, and which of these are made for card numbers.

Source: shared research page "formats", section 10.1; the vendor's public samples. GRRCN has them in
order, with their widths in the encoding of fixed places; in quoted text they are the same, in the same
order, without the filler at the end (version 1.01 has it). The other files have fixed places alone, counted
from 1, both ends included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

#: First and last place of each field by name.
Places = Mapping[str, tuple[int, int]]

#: Length of a line in the encoding of fixed places.
WIDTH: Final = 800


class Part(NamedTuple):
    """A field of a record: its name, and how many places it has."""

    name: str
    width: int


def _parts(written: str) -> tuple[Part, ...]:
    return tuple(Part(name, int(width)) for name, _, width in (one.partition("/") for one in written.split()))


_PAYMENT = "type/10 payee/15 account_type/3 number/10 paid_on/8 currency/3 "
_BUSINESS = "merchant/15 submitted_on/8 processed_on/8 invoice/15 submission_currency/3 "
_DISPUTED = """
merchant/15 submitted_on/8 location/15 reference/30 seller/20 card/19 industry/30 processed_on/8 invoice/15
submission_currency/3 case_number/30 reason_code/10 reason_text/280 gross/16 discount/16 fee/16 tax/16
net/16 discount_rate/7 fee_rate/7 batch_code/3 bill_code/3
"""
_ACCELERATION = """
instalment/5 acceleration_number/9 original_date/8 acceleration_date/8 days_in_advance/5
acceleration_fee/16 acceleration_net/16
"""

#: The fields of each record of GRRCN, by the code that begins it.
GRRCN: Final = {
    "HEADER": _parts("type/10 created_on/8 created_at/6 sequential/10 file_id/10 file_name/20 version/4"),
    "SUMMARY": _parts(
        _PAYMENT
        + "unique_reference/18 net/16 gross/16 discount/16 fee/16 adjustment/16 tax/16 opening_debit/16"
        + " deposit/17 account/34 iban/34 bic/15"
    ),
    "SUBMISSION": _parts(
        _PAYMENT
        + _BUSINESS
        + "filler/15 exchange_rate/15 submission_gross/16 gross/16 discount/16 fee/16 tax/16 net/16"
        + " discount_rate/7 tax_rate/7 count/7 tracking/11 "
        + _ACCELERATION
        + " debit_gross/16 credit_gross/16"
    ),
    "TRANSACTN": _parts(
        _PAYMENT
        + _BUSINESS
        + "location/15 reference/30 seller/20 card/19 industry/30 submission_gross/16 gross/16 sold_on/8"
        + " sold_at/6 transaction_id/15 approval_code/6 terminal/10 mcc/4 cardmember_reference/30"
        + " acquirer_reference/23"
    ),
    "TXNPRICING": _parts(
        _PAYMENT
        + "merchant/15 location/15 filler/15 reference/30 seller/20 card/19 gross/16 sold_on/8 fee_code/2"
    ),
    "CHARGEBACK": _parts(_PAYMENT + _DISPUTED),
    "ADJUSTMENT": _parts(_PAYMENT + _DISPUTED),
    "TAXRECORD": _parts(_PAYMENT + "tax_type/2 tax_text/64 base/24 taxed_on/8 rate/20 amount/24"),
    "FEEREVENUE": _parts(
        "type/10 payee/15 number/10 paid_on/8 currency/3 merchant/15 location/15 gross/16 reason_text/80"
    ),
    "TRAILER": _parts("type/10 sequential/10 record_count/10"),
}

#: The fields of each record of EPTRN, EPRAW and EPPRC, by its code; "" are those that all have.
EPTRN: Final[Mapping[str, Places]] = {
    "": {"payee": (1, 10), "merchant": (11, 20), "number": (31, 42), "type": (43, 45), "day": (46, 52)},
    "100": {"paid": (53, 63), "carried": (64, 72), "account": (82, 98)},
    "210": {
        "reference": (60, 65),
        "amount": (66, 76),
        "discount": (77, 85),
        "fee": (86, 92),
        "net": (100, 110),
        "count": (153, 157),
        "long_count": (183, 189),
    },
    "311": {
        "amount": (79, 91),
        "card": (92, 106),
        "number": (137, 146),
        "sold": (147, 153),
        "order": (154, 183),
    },
    "220": {
        "reference": (60, 65),
        "amount": (77, 85),
        "discount": (86, 94),
        "fee": (95, 101),
        "net": (109, 117),
        "reason": (144, 423),
    },
    "230": {
        "reference": (53, 58),
        "amount": (59, 67),
        "discount": (68, 76),
        "fee": (77, 83),
        "net": (91, 99),
        "reason": (143, 422),
    },
    "250": {"amount": (53, 61), "reference": (62, 62)},
}
#: The fields of a detail of each file of disputes; CBNOT as the one public file has them.
DISPUTES: Final[Mapping[str, Places]] = {
    "EMCBK": {
        "contract_number": (7, 16),
        "card": (17, 35),
        "case_key": (36, 51),
        "noticed_on": (52, 61),
        "amount": (62, 81),
        "currency": (82, 84),
        "reason_code": (85, 88),
        "sale_number": (119, 133),
        "sold_on": (134, 143),
        "sale_amount": (144, 163),
        "due_on": (287, 296),
    },
    "EMINQ": {
        "card": (7, 25),
        "case_key": (26, 41),
        "noticed_on": (78, 87),
        "due_on": (88, 97),
        "sold_on": (98, 107),
        "contract_number": (108, 117),
        "currency": (118, 120),
        "amount": (121, 140),
        "sale_number": (209, 223),
        "reason_code": (277, 280),
    },
    "CBNOT": {
        "contract_number": (7, 16),
        "card": (27, 45),
        "case_key": (46, 57),
        "noticed_on": (77, 84),
        "sold_on": (85, 92),
        "reason_code": (126, 128),
        "amount": (129, 145),
    },
}
#: Where a file of fixed places begins: one of each family.
GRRCN_BEGINS: Final = re.compile(rb"(?:\xef\xbb\xbf)?HEADER    [0-9]{8}")
EPTRN_BEGINS: Final = re.compile(rb"DFHDR[0-9]{8}")
DISPUTES_BEGIN: Final = re.compile(rb"H[0-9 ]{13}.{90,100}(EMCBK|EMINQ|CBNOT)")
_CARD: Final = "card"
_CODE: Final = slice(42, 45)
#: First and last lines, which have no field that may hold a card: they are searched in one piece.
_ENVELOPE: Final = re.compile(r"DF(?:HDR|TRL)[0-9]{8}|[HT][0-9 ]{13}")
_DETAIL: Final = re.compile(r"DEMCBK|DEMINQ|D {5}")
_FULL: Final = re.compile(r"[0-9]{13,19}", re.ASCII)


class Cell(NamedTuple):
    """A piece of a line that is searched by itself.

    ``is_card`` of the field that is made for a number; ``is_record`` unless its line is none of the file's.
    """

    text: str
    is_card: bool = False
    is_record: bool = True


def is_full_number(field: str) -> bool:
    """Whether a field that is made for a card's number holds all of it, whatever its check digit says."""
    return _FULL.fullmatch(re.sub(r"\s", "", field)) is not None


def cells(data: bytes) -> Iterator[tuple[int, Cell]] | None:
    """The line of each field of a file of fixed places, and the field; None for a file of any other kind.

    What stands between the fields that we know is a piece of its own, and so is a line that is no record.
    """
    cut: Callable[[str], Iterable[Cell]]
    if GRRCN_BEGINS.match(data):
        cut = _of_grrcn
    elif EPTRN_BEGINS.match(data):
        cut = _of_eptrn
    elif begun := DISPUTES_BEGIN.match(data):
        cut = partial(_of_disputes, DISPUTES[begun[1].decode()])
    else:
        return None
    lines = _text(data).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return ((number, cell) for number, line in enumerate(lines, start=1) for cell in cut(line))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _of_grrcn(line: str) -> Iterable[Cell]:
    parts = GRRCN.get(line[:10].strip())
    if parts is None or len(line.rstrip()) > WIDTH:
        return (Cell(line, is_record=False),)
    ends = [0, *accumulate(part.width for part in parts)]
    bounds = zip(parts, pairwise(ends), strict=True)
    named = (Cell(line[first:end], part.name == _CARD) for part, (first, end) in bounds)
    return (*named, Cell(line[ends[-1] :]))


def _of_eptrn(line: str) -> Iterable[Cell]:
    if _ENVELOPE.match(line):
        return (Cell(line),)
    own = EPTRN.get(line[_CODE]) if line[_CODE] else None
    return (Cell(line, is_record=False),) if own is None else _cut(line, {**EPTRN[""], **own})


def _of_disputes(places: Places, line: str) -> Iterable[Cell]:
    if _ENVELOPE.match(line):
        return (Cell(line),)
    return _cut(line, places) if _DETAIL.match(line) else (Cell(line, is_record=False),)


def _cut(line: str, places: Places) -> Iterable[Cell]:
    """A line at the bounds of its fields, which do not overlap."""
    ends = {0, len(line)} | {place for first, last in places.values() for place in (first - 1, last)}
    card = places.get(_CARD, (0, 0))
    bounds = pairwise(sorted(end for end in ends if end <= len(line)))
    return (Cell(line[first:end], first == card[0] - 1) for first, end in bounds)
