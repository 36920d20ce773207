"""Remote payments: the transactions of a platform, which no terminal delivers.

Source: shared format page "Money", sections 5.5 and 9.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Row

from app.models import RemotePayment
from app.refusals import NO_CONTRACT, Unit
from app.wording.i18n import N_
from importers import clocks
from importers.files.refusals import MOST_REASONS, FileRefusedError, Notice, Refusal
from importers.ownership import OwnedTable, OwnerKey
from importers.reading.amounts import refuse_uncountable
from importers.records import Entry, Header, Loaded, RecordKind
from importers.records.merchant_directory import CONTRACT
from importers.records.payments import taking_back
from importers.records.payments.second_sources import ASIDE
from importers.records.remote_payments import loading
from importers.records.remote_payments.profile import PaymentProfile
from importers.records.remote_payments.rows import days_said

KIND = RecordKind(
    name="remote_payments", tables=(OwnedTable(model=RemotePayment, key=CONTRACT, day="occurred_on"),)
)

#: ``amount`` and ``requested_amount`` in minor units; ``occurred`` is the time that the file writes, in the
#: zone of its source; ``is_cancelled`` of what was taken back whole; the sale is named by its contract (or
#: the platform's number of the shop), day and number, or by its place in a ``batch`` that is told as a whole:
#: a payment of an acquirer. It was said on ``said_on``, or else when its file was made. ``line`` is where.
REMOTE_PAYMENT = (
    "contract_number",
    "shop",
    "sale_number",
    "occurred",
    "captured_on",
    "captured_time",
    "type",
    "outcome",
    "is_cancelled",
    "amount",
    "requested_amount",
    "currency",
    "scheme",
    "card_last4",
    "authorisation_number",
    "response_code",
    "order_reference",
    "three_ds",
    "card_country",
    "platform_reference",
    "schedule_rank",
    "schedule_count",
    "remittance_number",
    "terminal_number",
    "original_number",
    "batch",
    "said_on",
    "line",
)
#: Of a payment that stands for itself, in a file that says when it was made.
ALONE: Final = {"batch": "", "said_on": None}
#: A question to the card's bank that moves no money: counted, never kept.
VERIFICATION: Final = "verification"


@dataclass(frozen=True, kw_only=True)
class RemotePayments:
    """The payments of a file: ``payments`` has the columns of :data:`REMOTE_PAYMENT`.

    Those that are loaded have passed through :meth:`of_source`: they name a contract, rank and application
    besides, and ``zone`` is the clock of their times: None for that of the outlet. ``is_of_all_ranks``: the
    file tells all payments of its contracts, whatever the rank.
    """

    payments: pd.DataFrame
    notices: tuple[Notice, ...] = ()
    unit: Unit = Unit.LINE
    header: Header = field(default_factory=Header)
    zone: ZoneInfo | None = None
    verifications: int = 0
    is_of_all_ranks: bool = False

    @property
    def owners(self) -> tuple[OwnerKey, pd.DataFrame]:
        """The contracts that the file names."""
        return CONTRACT, self.payments.assign(**{ASIDE: 0})

    def of_source(self, profile: PaymentProfile, header: Header) -> RemotePayments:
        """The payments that count, as their source's profile places them.

        Raises FileRefusedError where a payment names neither a contract nor a shop that has one.
        """
        is_kept = self.payments["type"] != VERIFICATION
        kept = self.payments[is_kept].reset_index(drop=True)
        refuse_uncountable(kept["amount"])
        contract = profile.contracts_of(kept)
        if (contract == "").any():
            lines = kept.loc[contract == "", "line"][:MOST_REASONS]
            reason = Refusal(reason=NO_CONTRACT, unit=self.unit)
            raise FileRefusedError(dataclasses.replace(reason, line=int(line)) for line in lines)
        placed = kept.assign(
            contract=contract,
            rank=profile.rank,
            application=profile.applications_of(contract, kept["scheme"]),
        )
        return dataclasses.replace(
            self,
            payments=placed,
            header=header,
            zone=profile.zone,
            verifications=int((~is_kept).sum()),
        )

    def months(self) -> Mapping[str, Collection[date]]:
        """The months of the captures and of the payments."""
        return days_said(self.payments)

    def clock_faults(self, now: datetime) -> Iterator[Refusal]:
        """Payments later than their file, or too long before it or before they were captured."""
        rows, lines = self.payments, self.payments["line"].to_numpy()
        occurred, column = rows["occurred"], N_("day of the payment")
        made = self.header.created_at or now
        yield from clocks.older(occurred, clocks.local(made, len(rows)), lines, column, self.unit)
        yield from clocks.later(occurred, made, lines, column, self.unit)
        captured, column = rows["captured_on"], N_("day of the capture")
        yield from clocks.older(captured, clocks.local(made, len(rows)), lines, column, self.unit)
        yield from clocks.later(captured, made, lines, column, self.unit)

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Load all of it: a payment that is known already gives way to what is said of it later."""
        loaded = loading.load(connection, self, entry)
        counts = {"verifications": self.verifications} if self.verifications else {}
        days = {moment.date() for moment in self.payments["occurred"].dt.normalize().unique()}
        return dataclasses.replace(
            loaded,
            counts={**loaded.counts, **counts},
            received={"remittances": set(), "transactions": days},
        )

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        """Remove what ``former`` brought; what others brought of its remittances stays."""
        taking_back.take_back(connection, former)
