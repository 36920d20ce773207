"""Operations on remote payments: captures, cancellations, refunds, as a platform's journal says them.

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

from app.models import Operation
from app.refusals import Unit
from app.wording.i18n import N_
from importers.ownership import OwnerKey
from importers.records import Entry, Header, Loaded, RecordKind, clocks, if_any, sale_records
from importers.records.acceptors import ACCEPTOR
from importers.records.sale_records import SaleTable
from importers.refusals import Notice, Refusal

TABLE = SaleTable(
    model=Operation,
    key=ACCEPTOR,
    natural_key=("source_id", "contract_number", "sold_on", "sale_number", "sequence", "operated_on"),
    day="operated_on",
)
KIND = RecordKind(name="operations", tables=(TABLE,))

#: ``amount`` in minor units; ``said`` is the platform's word, ``name`` ours; the sale is named by its
#: contract (or what the platform calls the shop), day and number, which repeats every day.
OPERATION = (
    "name",
    "said",
    "amount",
    "currency",
    "operated_on",
    "origin",
    "contract_number",
    "sold_on",
    "sale_number",
    "sequence",
)


@dataclass(frozen=True, kw_only=True)
class Operations:
    """The operations of a file: ``operations`` has the columns of :data:`OPERATION`."""

    operations: pd.DataFrame
    notices: tuple[Notice, ...] = ()
    header: Header = field(default_factory=Header)

    @property
    def owners(self) -> tuple[OwnerKey, pd.DataFrame]:
        """The numbers of contracts that the file names."""
        return ACCEPTOR, self.operations

    def clock_faults(self, now: datetime) -> Iterator[Refusal]:
        """Days later than the file can know, and sales too long before what was done to them."""
        operated, entries = self.operations["operated_on"], np.arange(1, len(self.operations) + 1)
        yield from clocks.later(operated, now, entries, N_("day of the operation"), Unit.ENTRY)
        yield from clocks.older(
            self.operations["sold_on"], operated, entries, N_("day of the sale"), Unit.ENTRY
        )

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Load the operations that are not known yet. FileRefusedError: one is known with another content."""
        placed = sale_records.put(connection, TABLE, self.operations, entry)
        return Loaded(
            counts={"operations": placed.count, **if_any(known_records=placed.known)},
            kept_aside=placed.kept_aside,
            merchant_ids=placed.merchant_ids,
        )

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        """Remove what ``former`` brought."""
        sale_records.take_back(connection, TABLE, former)
