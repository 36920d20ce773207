"""Chargebacks: announced, debited or reversed, from journals, acquirers, platforms and banks.

Source: shared format page "Money", section 5.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Row

from app.models import Chargeback
from app.refusals import Unit
from app.wording.i18n import N_
from importers.ownership import OwnerKey
from importers.records import Entry, Header, Loaded, RecordKind, clocks, if_any, sale_records
from importers.records.acceptors import ACCEPTOR
from importers.records.sale_records import SaleTable
from importers.refusals import Notice, Refusal

TABLE = SaleTable(
    model=Chargeback,
    key=ACCEPTOR,
    day="noticed_on",
    natural_key=("source_id", "stage", "case_key", "noticed_on"),
)
KIND = RecordKind(name="chargebacks", tables=(TABLE,))

#: ``amount`` in minor units, without sign; ``stage`` is notice, debit or reversal.
CHARGEBACK = (
    "stage",
    "case_key",
    "amount",
    "currency",
    "contract_number",
    "noticed_on",
    "sold_on",
    "sale_number",
    "sale_amount",
    "card_last4",
    "reason_code",
    "reason_text",
    "due_on",
)


@dataclass(frozen=True, kw_only=True)
class Chargebacks:
    """The chargebacks of a file: ``cases`` has the columns of :data:`CHARGEBACK`, a row a case and stage."""

    cases: pd.DataFrame
    notices: tuple[Notice, ...] = ()
    header: Header = field(default_factory=Header)

    @property
    def owners(self) -> tuple[OwnerKey, pd.DataFrame]:
        """The numbers of contracts that the file names."""
        return ACCEPTOR, self.cases

    def clock_faults(self, now: datetime) -> Iterator[Refusal]:
        """Days later than the file can know, and sales too long before their chargeback."""
        noticed, entries = self.cases["noticed_on"], np.arange(1, len(self.cases) + 1)
        yield from clocks.later(noticed, now, entries, N_("day of the notice"), Unit.ENTRY)
        yield from clocks.older(self.cases["sold_on"], noticed, entries, N_("day of the sale"), Unit.ENTRY)

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Load the stages that are not known yet. FileRefusedError: one is known with another content."""
        placed = sale_records.put(connection, TABLE, self.cases, entry)
        return Loaded(
            counts={"chargebacks": placed.count, **if_any(known_records=placed.known)},
            kept_aside=placed.kept_aside,
            merchant_ids=placed.merchant_ids,
        )

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        """Remove what ``former`` brought; its sales are no longer disputed by it."""
        sale_records.take_back(connection, TABLE, former)
