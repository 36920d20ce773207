"""Payments: telecollections and their transactions, whatever format brings them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from app.models import Remittance, Transaction
from app.wording.i18n import N_
from importers import totals
from importers.ownership import Clock, OwnedTable, OwnerKey
from importers.records import Entry, Header, Loaded, RecordKind, clocks
from importers.records.merchant_directory import CONTRACT
from importers.records.payments import loading, second_sources, taking_back
from importers.refusals import Refusal

KIND = RecordKind(
    name="payments",
    tables=(
        OwnedTable(
            model=Remittance,
            key=CONTRACT,
            day="collected_on",
            clocks={
                "collected_at": Clock("collected_local", "second_fold"),
                "opened_at": Clock("opened_local"),
            },
        ),
        OwnedTable(
            model=Transaction,
            key=CONTRACT,
            day="occurred_on",
            clocks={"occurred_at": Clock("occurred_local", "second_fold")},
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Payments:
    """Telecollections and transactions of one file, checked.

    ``remittances`` has one row a remittance, indexed 0 to n-1, with the columns of
    ``layout.REMITTANCE`` in the model's words, its ``line``, and, when ``has_totals``, the declared
    ``*_count``, ``*_amount``, ``transaction_count`` and ``net_amount`` (minor units).
    ``transactions`` has the columns of ``layout.TRANSACTION`` in the model's words with ``card_bin``
    and ``card_last4`` in place of the card, ``line``, and ``remittance``: the row of its parent.
    ``has_payments`` tells a file that carries transactions from one that carries totals alone. What
    ``is_remote`` was made by a platform: its totals never come, and its numbers are texts.
    """

    header: Header
    has_totals: bool
    has_payments: bool
    remittances: pd.DataFrame
    transactions: pd.DataFrame
    is_remote: bool = False

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects of the file: telecollections, payments, or both."""
        carried = {"remittances": self.has_totals, "transactions": self.has_payments}
        return tuple(subject for subject, is_carried in carried.items() if is_carried)

    @property
    def owners(self) -> tuple[OwnerKey, pd.DataFrame]:
        """The contracts that the file names."""
        return CONTRACT, self.remittances.assign(**{second_sources.ASIDE: 0})

    def clock_faults(self, now: datetime) -> Iterator[Refusal]:  # noqa: ARG002 - the file says when it was made
        """Times that are too late for the file, or too long before their call or the file."""
        calls, rows = self.remittances, self.transactions
        called, lines = calls["collected_local"], calls["line"].to_numpy()
        parents = called.take(rows["remittance"].to_numpy()).reset_index(drop=True)
        occurred, row_lines = rows["occurred_local"], rows["line"].to_numpy()
        yield from clocks.older(occurred, parents, row_lines, N_("at"))
        if (made := self.header.created_at) is not None:
            yield from clocks.older(called, clocks.local(made, len(calls)), lines, N_("collected at"))
            yield from clocks.later(calls["opened_local"], made, lines, N_("opened at"))
            yield from clocks.later(called, made, lines, N_("collected at"))
            yield from clocks.later(occurred, made, row_lines, N_("at"))

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Load all of it. Raises FileRefusedError when a line contradicts what is stored."""
        assert entry.source is not None  # noqa: S101 - a file of payments names its source
        loaded = loading.load(connection, self, entry, entry.source)
        return dataclasses.replace(loaded, sums=self._control_sums(), received=self._caught_up())

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        """Remove what ``former`` brought; what others brought of its remittances stays."""
        taking_back.take_back(connection, former)

    def _control_sums(self) -> dict[str, dict[str, int]]:
        """Count and net (minor units) by currency, to compare with the host's own report."""
        sums = self.remittances[["currency"]].copy()
        if self.has_totals:
            sums[["count", "net"]] = self.remittances[["transaction_count", "net_amount"]]
        else:
            received = totals.received(self.transactions, len(sums))
            sums[["count", "net"]] = received[["transaction_count", "net_amount"]]
        by_currency = sums.groupby("currency")[["count", "net"]].sum()
        return {
            str(currency): {"count": int(row["count"]), "net": int(row["net"])}
            for currency, row in by_currency.iterrows()
        }

    def _caught_up(self) -> dict[str, set[date]]:
        """The days of the calls, for each of the two subjects that the file is about."""
        days = {moment.date() for moment in self.remittances["collected_on"].unique()}
        return dict.fromkeys(self.subjects, days)
