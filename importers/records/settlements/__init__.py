"""Settlements: what an acquirer or a platform announces or pays, and what each payment is made of.

Source: shared format page "Money", sections 4 and 5.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Row

from app.models import Settlement, SettlementLine
from app.refusals import Unit
from app.wording.i18n import N_
from importers.ownership import OwnedTable, OwnerKey
from importers.reading.amounts import refuse_uncountable
from importers.records import Entry, Header, Loaded, RecordKind, Records, Together, clocks
from importers.records.acceptors import ACCEPTOR
from importers.records.chargebacks import Chargebacks
from importers.records.settlements import loading
from importers.records.settlements.in_parts import LINE_ID
from importers.refusals import Notice, Refusal

__all__ = ["LINE_ID", "SETTLEMENT", "SETTLEMENT_LINE", "Settlements"]

KIND = RecordKind(
    name="settlements",
    tables=(
        OwnedTable(model=Settlement, key=ACCEPTOR, day="paid_on"),
        OwnedTable(model=SettlementLine, key=ACCEPTOR, day="COALESCE(occurred_on, paid_on)"),
    ),
)

#: Of each payment: amounts in minor units; ``paid_on`` a day; ``net_proven`` whether its parts make its net.
SETTLEMENT = (
    "payee",
    "number",
    "reference",
    "paid_on",
    "currency",
    "account_key_last",
    "gross",
    "discount",
    "fee",
    "adjustment",
    "tax",
    "carried_over",
    "net",
    "net_proven",
    "state",
)
#: Of each line: ``*_hundredths`` are hundredths of a minor unit, for four decimals are common.
SETTLEMENT_LINE = (
    "settlement",
    "rank",
    "kind",
    "gross",
    "fee_hundredths",
    "net_hundredths",
    "currency",
    "contract_number",
    "reference",
    "merchant_reference",
    "occurred_on",
    "card_last4",
    "count",
)


@dataclass(frozen=True, kw_only=True)
class Settlements:
    """The payments of a file and their lines.

    ``settlements`` has the columns of :data:`SETTLEMENT`, indexed 0 to n-1; ``lines`` those of
    :data:`SETTLEMENT_LINE`, where ``settlement`` is the row of the payment and ``rank`` the place in it, and
    :data:`LINE_ID` where each has an id of the platform's: then a payment may be told in parts, by exports
    whose periods overlap.
    ``payer`` is who pays, as :data:`importers.card_lines.PAYERS` names them; "" for the acquirer of the
    contract itself.
    """

    settlements: pd.DataFrame
    lines: pd.DataFrame
    notices: tuple[Notice, ...] = ()
    payer: str = ""
    header: Header = field(default_factory=Header)

    def __post_init__(self) -> None:
        """Refuse amounts that 64 bits do not add up: whatever was made of them before is wrong."""
        for amounts in ("gross", "fee_hundredths", "net_hundredths"):
            refuse_uncountable(self.lines[amounts])

    @property
    def owners(self) -> tuple[OwnerKey, pd.DataFrame]:
        """The numbers that tell whose the payments are."""
        return ACCEPTOR, self.named()

    def named(self) -> pd.DataFrame:
        """The payments with ``contract_number``: that of their first line which names one, else the payee."""
        lines = self.lines[self.lines["contract_number"] != ""]
        first = lines.drop_duplicates("settlement").set_index("settlement")["contract_number"]
        numbers = first.reindex(self.settlements.index)
        return self.settlements.assign(contract_number=numbers.fillna(self.settlements["payee"]))

    def with_chargebacks(self, chargebacks: Chargebacks) -> Records:
        """These and the chargebacks of the same file, if it has any."""
        cases = chargebacks.cases
        if cases.empty:
            return self
        days = {day: _days(cases[day]) for day in ("noticed_on", "sold_on", "due_on")}
        return Together((self, replace(chargebacks, cases=cases.assign(**days))))

    def clock_faults(self, now: datetime) -> Iterator[Refusal]:
        """Days of lines that are later than now, or too long before their payment."""
        lines = self.lines[self.lines["occurred_on"].notna()]
        entries = lines.index.to_numpy() + 1
        days = _days(lines["occurred_on"])
        paid = _days(self.settlements["paid_on"]).take(lines["settlement"].to_numpy(dtype=np.int64))
        yield from clocks.later(days, now, entries, N_("day"), Unit.ENTRY)
        yield from clocks.older(days, paid.reset_index(drop=True), entries, N_("day"), Unit.ENTRY)

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Load the payments that are not known yet. FileRefusedError: one contradicts another."""
        assert entry.source is not None  # noqa: S101 - records that somebody owns have a source
        return loading.load(connection, self, entry, entry.source)

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        """Remove what ``former`` brought; the remittances that it paid wait again."""
        loading.take_back(connection, former)


def _days(days: pd.Series[Any]) -> pd.Series[Any]:
    return pd.to_datetime(days).astype("datetime64[s]").reset_index(drop=True)
