"""EMCBK, EMINQ and CBNOT: chargebacks of American Express, and the questions in front of them.

Source: shared format page "Money", section 3.4: places, amounts in major units with a point. Names and
letters stand in other places, which are never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from app.models import CardNumbers
from app.rules.amex_records import DISPUTES, DISPUTES_BEGIN, Places
from app.wording.i18n import N_
from app.wording.money import exponent
from importers.formats import Format, searched_by_field
from importers.formats.amex import counts
from importers.formats.amex.cards import last4
from importers.reading.amounts import minor_units
from importers.reading.delimited import decoded, lines_in
from importers.reading.fixed_width import FixedWidth, PlaceRange
from importers.records.chargebacks import CHARGEBACK, Chargebacks
from importers.refusals import Notice, refuse

NAME: Final = "EMCBK"
_WIDTH = 520
_KIND = PlaceRange(N_("record code"), 108, 112)
_RECORD_COUNT = PlaceRange(N_("number of records"), 36, 44)
_EXPECTED_AMOUNT = N_("expected an amount in whole units of its currency")


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """The layout of a kind of file: its fields, what its details begin with, how far a case has come."""

    detail: str
    stage: str
    iso_days: bool
    places: Places

    def field(self, name: str) -> PlaceRange | None:
        """The place of a field of :data:`CHARGEBACK`; None where this kind has none."""
        place = self.places.get(name)
        return PlaceRange(_LABELS.get(name, name), *place) if place else None


#: What refusals call the fields.
_LABELS: Final = {
    "noticed_on": N_("day"),
    "sold_on": N_("day of the sale"),
    "due_on": N_("reply by"),
    "amount": N_("amount"),
    "sale_amount": N_("amount of the sale"),
    "card": N_("card"),
}
_LAYOUTS: Final = {
    "EMCBK": _Layout(detail="DEMCBK", stage="debit", iso_days=True, places=DISPUTES["EMCBK"]),
    "EMINQ": _Layout(detail="DEMINQ", stage="notice", iso_days=True, places=DISPUTES["EMINQ"]),
    "CBNOT": _Layout(detail="D", stage="notice", iso_days=False, places=DISPUTES["CBNOT"]),
}


def read(data: bytes, cards: CardNumbers = CardNumbers.REFUSE) -> Chargebacks:
    """A whole file. ``cards`` is what its source's profile allows.

    Raises FileRefusedError, naming records.
    """
    text, _ = decoded(data)
    records = FixedWidth.of([line for line in lines_in(text) if line.strip()], _WIDTH)
    layout = _LAYOUTS.get(str(records.text(_KIND)[0])) if len(records) else None
    if layout is None:
        raise refuse(N_("expected EMCBK, EMINQ or CBNOT at places 108 to 112"), line=1)
    details = records.at(np.arange(1, max(len(records) - 1, 1)))
    begun = np.strings.startswith(details.raw(PlaceRange(N_("record code"), 1, 6)), layout.detail)
    details.require(begun, PlaceRange(N_("record code"), 1, 6), N_("not a record code of this file"))
    if records.raw(PlaceRange(N_("record code"), 1, 1))[-1] != "T":
        raise refuse(N_("expected a trailer at the end"), line=len(records))
    return Chargebacks(cases=_cases(details, layout, cards), notices=tuple(_notices(records, layout)))


def written(kind: str, cases: Sequence[Mapping[str, str]]) -> bytes:
    """A file of ``kind`` with the ``cases``: texts by field, as they stand in their places."""
    layout = _LAYOUTS[kind]
    heading = _line({_KIND: kind, PlaceRange("", 1, 1): "H"})
    details = [
        _line(
            {PlaceRange("", 1, len(layout.detail)): layout.detail}
            | {
                PlaceRange(name, *layout.places[name]): text
                for name, text in case.items()
                if name in layout.places
            }
        )
        for case in cases
    ]
    trailer = _line({PlaceRange("", 1, 1): "T", _RECORD_COUNT: f"{len(cases) + 2:09}"})
    return "\n".join([heading, *details, trailer]).encode("ascii") + b"\n"


def _line(texts: Mapping[PlaceRange, str]) -> str:
    line = " " * _WIDTH
    for place, text in texts.items():
        width = place.last - place.first + 1
        line = line[: place.first - 1] + text[:width].ljust(width) + line[place.last :]
    return line


def kind(data: bytes) -> str:
    """EMCBK, EMINQ or CBNOT, as the first line says."""
    return data[_KIND.first - 1 : _KIND.last].decode("ascii", "replace")


def _cases(details: FixedWidth, layout: _Layout, cards: CardNumbers) -> pd.DataFrame:
    currencies = _texts(details, layout, "currency")
    frame = pd.DataFrame(
        {
            "stage": layout.stage,
            **{
                name: _texts(details, layout, name)
                for name in ("case_key", "contract_number", "sale_number", "reason_code")
            },
            **{name: _days(details, layout, name) for name in ("noticed_on", "sold_on", "due_on")},
            "amount": pd.array(_amounts(details, layout, "amount", currencies), dtype="Int64"),
            "sale_amount": pd.array(_amounts(details, layout, "sale_amount", currencies), dtype="Int64"),
            "currency": currencies,
            "card_last4": [
                last4(card, cards, line=int(number))
                for card, number in zip(_texts(details, layout, "card"), details.numbers, strict=True)
            ],
            "reason_text": "",
        }
    )
    return frame[list(CHARGEBACK)]


def _texts(details: FixedWidth, layout: _Layout, name: str) -> list[str]:
    field = layout.field(name)
    return details.text(field).tolist() if field else [""] * len(details)


def _days(details: FixedWidth, layout: _Layout, name: str) -> Any:
    field = layout.field(name)
    if field is None:
        return np.full(len(details), np.datetime64("NaT", "D"))
    days = details.days_iso(field) if layout.iso_days else details.days_yyyymmdd(field)
    may_be_blank = details.is_blank(field) & (name != "noticed_on")
    details.require(~np.isnat(days) | may_be_blank, field, N_("expected a day that exists"))
    return days


def _amounts(details: FixedWidth, layout: _Layout, name: str, currencies: list[str]) -> list[int | None]:
    texts = _texts(details, layout, name)
    amounts: list[int | None] = []
    for text, currency, number in zip(texts, currencies, details.numbers, strict=True):
        try:
            amounts.append(abs(minor_units(text, exponent(currency))) if text else None)
        except ValueError:
            raise refuse(_EXPECTED_AMOUNT, line=int(number), column=name) from None
    return amounts


def _notices(records: FixedWidth, layout: _Layout) -> list[Notice]:
    said, known = records.at(np.array([len(records) - 1])).whole_number(_RECORD_COUNT)
    notices = []
    if known[0] and said[0] != len(records) and layout.iso_days:
        notices.append(counts.wrong(len(records), int(said[0]), len(records)))
    if layout.stage == "notice":
        notices.append(Notice(reason=N_("inquiries before a chargeback: no money has moved")))
    return notices


FORMAT = Format(
    name=NAME,
    first_line=DISPUTES_BEGIN,
    find_cards=searched_by_field,
    read=lambda data, context: read(data, context.cards),
    archived=False,
    has_card_fields=True,
)
