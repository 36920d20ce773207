"""Remote payments: the transactions of a platform, which no terminal delivers.

Source: shared format page "Money", sections 5.5 and 9.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Row

from app.models import RemotePayment
from app.refusals import NO_CONTRACT, Unit
from app.wording.i18n import N_
from importers.ownership import OwnedTable, OwnerKey
from importers.reading.amounts import refuse_uncountable
from importers.records import Entry, Header, Loaded, RecordKind, clocks
from importers.records.merchant_directory import CONTRACT
from importers.records.payments import taking_back
from importers.records.payments.second_sources import ASIDE
from importers.records.remote_payments import loading
from importers.records.remote_payments.profile import PaymentProfile
from importers.records.remote_payments.submissions import SUBMISSION
from importers.refusals import MOST_REASONS, FileRefusedError, Notice, Refusal

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
    file tells all payments of its contracts, whatever the rank. ``submissions`` have the columns of
    :data:`SUBMISSION`: those of which it tells the sum alone.
    """

    payments: pd.DataFrame
    submissions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SUBMISSION)))
    notices: tuple[Notice, ...] = ()
    unit: Unit = Unit.LINE
    header: Header = field(default_factory=Header)
    zone: ZoneInfo | None = None
    verifications: int = 0
    is_of_all_ranks: bool = False

    @property
    def owners(self) -> tuple[OwnerKey, pd.DataFrame]:
        """The contracts that the file names."""
        named = [rows for rows in (self.payments, self.submissions) if len(rows)] or [self.payments]
        return CONTRACT, pd.concat(named, ignore_index=True).assign(**{ASIDE: 0})

    def of_source(self, profile: PaymentProfile, header: Header) -> RemotePayments:
        """The payments that count, as their source's profile places them.

        Raises FileRefusedError where a payment names neither a contract nor a shop that has one.
        """
        is_kept = self.payments["type"] != VERIFICATION
        kept = self.payments[is_kept].reset_index(drop=True)
        refuse_uncountable(kept["amount"])
        refuse_uncountable(self.submissions["net"].abs())
        return dataclasses.replace(
            self,
            payments=self._placed(kept, profile),
            submissions=self._placed(self.submissions, profile),
            header=header,
            zone=profile.zone,
            verifications=int((~is_kept).sum()),
        )

    def _placed(self, rows: pd.DataFrame, profile: PaymentProfile) -> pd.DataFrame:
        """Rows with the contract, rank and application that they are of. Raises FileRefusedError."""
        contract = profile.contracts_of(rows)
        if (contract == "").any():
            lines = rows.loc[contract == "", "line"][:MOST_REASONS]
            reason = Refusal(reason=NO_CONTRACT, unit=self.unit)
            raise FileRefusedError(dataclasses.replace(reason, line=int(line)) for line in lines)
        schemes = rows["scheme"] if "scheme" in rows else pd.Series("", index=rows.index, dtype=object)
        return rows.assign(
            contract=contract, rank=profile.rank, application=profile.applications_of(contract, schemes)
        )

    def clock_faults(self, now: datetime) -> Iterator[Refusal]:
        """Payments later than their file, or too long before it or before they were captured."""
        made = self.header.created_at or now
        yield from self._clock_faults_of_captures(self.submissions, made)
        rows, lines = self.payments, self.payments["line"].to_numpy()
        if rows.empty:
            return
        occurred, column = rows["occurred"], N_("day of the payment")
        yield from clocks.older(occurred, clocks.local(made, len(rows)), lines, column, self.unit)
        yield from clocks.later(occurred, made, lines, column, self.unit)
        yield from self._clock_faults_of_captures(rows, made)

    def _clock_faults_of_captures(self, rows: pd.DataFrame, made: datetime) -> Iterator[Refusal]:
        if rows.empty:
            return
        captured, column, lines = rows["captured_on"], N_("day of the capture"), rows["line"].to_numpy()
        yield from clocks.older(captured, clocks.local(made, len(rows)), lines, column, self.unit)
        yield from clocks.later(captured, made, lines, column, self.unit)

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Load all of it: a payment that is known already gives way to what is said of it later."""
        loaded = loading.load(connection, self, entry)
        counts = {"verifications": self.verifications} if self.verifications else {}
        received: dict[str, Collection[date]] = {"remittances": set(), **loaded.received}
        if len(self.payments) or self.submissions.empty:
            moments = pd.to_datetime(self.payments["occurred"]).dt.normalize().unique()
            received["transactions"] = {moment.date() for moment in moments}
        return dataclasses.replace(loaded, counts={**loaded.counts, **counts}, received=received)

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        """Remove what ``former`` brought; what others brought of its remittances stays."""
        taking_back.take_back(connection, former)
