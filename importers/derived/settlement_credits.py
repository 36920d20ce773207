"""The payments of acquirers at the bank: the line of a statement that brought each, and what is paid by them.

Source: shared format page "Money", sections 7.1 and 7.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection, text

from app.models import SettlementLineKind, SettlementState
from importers.matching.settlements import LineRule, lines_of, taken_over_by
from importers.staging import as_dates, rows_of, stage

_MERCHANTS = "unnest(CAST(:merchants AS bigint[]), CAST(:since AS date[])) AS touched (merchant_id, since)"
_PAYMENTS = f"""
SELECT s.merchant_id || ' ' || s.currency AS currency, s.payer, s.payee, s.number, s.reference, s.paid_on,
  s.gross, s.net, s.carried_over, s.state, s.merchant_id, s.id, s.bank_movement_id AS former_line,
  s.credited_on AS former_credited_on
FROM {_MERCHANTS} JOIN settlement s ON s.merchant_id = touched.merchant_id AND s.paid_on >= touched.since
ORDER BY s.merchant_id, s.paid_on, s.id
"""
_PARTS = f"""
SELECT l.merchant_id, l.settlement_id, l.remittance_id, l.amount, l.fee
FROM {_MERCHANTS} JOIN settlement_link l ON l.merchant_id = touched.merchant_id
  AND l.collected_on >= touched.since AND l.certainty = 'certain'
ORDER BY l.merchant_id, l.remittance_id, l.settlement_id
"""
# From when to when an acquirer says what it received of a contract.
_SPANS = f"""
SELECT l.merchant_id, l.contract_number, min(COALESCE(l.occurred_on, l.paid_on)) AS first_on,
  max(l.paid_on) AS last_on
FROM settlement_line l
WHERE l.merchant_id = ANY(:merchants) AND l.kind = '{SettlementLineKind.REMITTANCE}'
GROUP BY l.merchant_id, l.contract_number
"""
#: A debit balance that is paid off later than this is of no remittance that is looked at again.
_LONGEST_DEBT: Final = timedelta(days=31)
#: What is said of a remittance by the payments that it is part of.
_PAID: Final = ("paid", "fee", "paid_on", "booked_on", "is_carried", "needs_no_line")
_COLUMNS: Final = ("merchant_id", "id", "bank_movement_id", "credited_on", "rule")
_SHAPE = f"(SELECT {', '.join(_COLUMNS)} FROM settlement) AS shape"
_CHANGE = """
UPDATE settlement s SET bank_movement_id = n.bank_movement_id, credited_on = n.credited_on, rule = n.rule
FROM credited_settlement n WHERE s.merchant_id = n.merchant_id AND s.id = n.id
"""


@dataclass(frozen=True)
class AcquirerPayments:
    """The payments of acquirers, the remittances that each is of, and the days that they cover.

    ``lines`` are the links to lines of statements found so far: ``payment``, ``line``, ``rule``.
    """

    payments: pd.DataFrame
    parts: pd.DataFrame
    spans: pd.DataFrame
    lines: pd.DataFrame

    @classmethod
    def read(cls, connection: Connection, parameters: Mapping[str, Any]) -> AcquirerPayments:
        """Read what the touched days may concern."""
        payments, parts, spans = (
            rows_of(connection, statement, parameters) for statement in (_PAYMENTS, _PARTS, _SPANS)
        )
        payments = payments.assign(paid_on=pd.to_datetime(payments["paid_on"]).astype("datetime64[s]"))
        return cls(payments, parts, spans, lines_of(payments.head(0), payments.head(0), ()))

    def brought_by(self, lines: pd.DataFrame, rules: Sequence[LineRule]) -> AcquirerPayments:
        """The same with the lines of statements that ``rules`` find for payments without one."""
        left = self.payments[~self.payments.index.isin(self.lines["payment"])]
        paid = left[left["state"] != SettlementState.CARRIED]
        found = lines_of(paid, lines, rules)
        both = pd.concat([self.lines, found], ignore_index=True)
        return AcquirerPayments(self.payments, self.parts, self.spans, both)

    def of(self, items: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
        """What acquirers say of each item, by its index.

        ``paid`` and ``fee`` in minor units, ``paid_on`` when they pay, ``booked_on`` when the bank had it;
        ``is_carried`` of what is paid by less debt, and that is still to come; ``needs_no_line`` of what
        ends with a payment of 0, whose day is its own; ``first_on`` and ``last_on``: from when to when
        they speak of its contract.
        """
        found = items[["merchant_id", "id", "contract_number"]].merge(
            self._paid(lines), how="left", left_on="id", right_index=True
        )
        found = found.merge(self.spans, how="left", on=["merchant_id", "contract_number"])
        return _typed(found.set_index(items.index))

    def _paid(self, lines: pd.DataFrame) -> pd.DataFrame:
        """What is said of each remittance that payments are of, in the columns of ``_PAID``."""
        if self.parts.empty:
            return pd.DataFrame(columns=list(_PAID))
        carried = self.payments["state"] == SettlementState.CARRIED
        by_line = self._taken_over(pd.to_datetime(self._of_line(lines, "booked_on")))
        of_nothing = self.payments["paid_on"].where((self.payments["net"] == 0) & ~carried)
        booked_on = self._taken_over(by_line.fillna(of_nothing))
        payments = self.payments.assign(
            booked_on=booked_on,
            is_carried=carried & booked_on.isna(),
            needs_no_line=booked_on.notna() & by_line.isna(),
        )
        own = self.parts.merge(
            payments[["merchant_id", "id", "paid_on", "booked_on", "is_carried", "needs_no_line"]],
            left_on=["merchant_id", "settlement_id"],
            right_on=["merchant_id", "id"],
        ).groupby("remittance_id")
        return pd.DataFrame(
            {
                "paid": own["amount"].sum(),
                "fee": own["fee"].agg(_sum_if_all_known),
                "paid_on": own["paid_on"].max(),
                "booked_on": own["booked_on"].agg(_last_if_all_known),
                "is_carried": own["is_carried"].any(),
                "needs_no_line": own["needs_no_line"].any(),
            }
        )

    def _taken_over(self, booked: pd.Series[Any]) -> pd.Series[Any]:
        """The day of each payment, else that of the one that took its debit balance over."""
        following = taken_over_by(self.payments)
        while True:
            of_next = booked.reindex(following).set_axis(following.index)
            late = of_next > self.payments["paid_on"].reindex(following.index) + _LONGEST_DEBT
            found = booked.fillna(of_next.mask(late))
            if found.equals(booked):
                return booked
            booked = found

    def _of_line(self, lines: pd.DataFrame, name: str) -> pd.Series[Any]:
        """A column of the line that brought each payment."""
        line = self.lines.set_index("payment")["line"].reindex(self.payments.index)
        return pd.Series(lines[name].reindex(line).to_numpy(), index=self.payments.index)

    def store(self, connection: Connection, lines: pd.DataFrame, stored: Mapping[int, date]) -> None:
        """Store the lines found, where they are others than before."""
        if self.payments.empty:
            return
        rules = self.lines.set_index("payment")["rule"].reindex(self.payments.index)
        rows = self.payments.assign(
            bank_movement_id=self._of_line(lines, "id").astype("Int64"),
            credited_on=self._of_line(lines, "booked_on"),
            rule=rules,
        )
        former = rows["former_line"].astype("Int64")
        same = (rows["bank_movement_id"] == former).fillna(value=False) | (
            rows["bank_movement_id"].isna() & former.isna()
        )
        recent = rows["paid_on"] >= pd.to_datetime(rows["merchant_id"].map(stored))
        changed = rows.loc[~same & recent, list(_COLUMNS)]
        if len(changed):
            changed = changed.assign(credited_on=as_dates(changed["credited_on"]))
            stage(connection, "credited_settlement", changed, _SHAPE)
            for statement in (_CHANGE, "DROP TABLE credited_settlement"):
                connection.execute(text(statement))


def _sum_if_all_known(numbers: pd.Series[Any]) -> Any:
    return None if numbers.isna().any() else numbers.sum()


def _last_if_all_known(days: pd.Series[Any]) -> Any:
    return None if days.isna().any() else days.max()


def _typed(found: pd.DataFrame) -> pd.DataFrame:
    days = ("paid_on", "booked_on", "first_on", "last_on")
    return found.astype({"paid": "Int64", "fee": "Int64"}).assign(
        is_carried=found["is_carried"].eq(other=True),
        needs_no_line=found["needs_no_line"].eq(other=True),
        **{day: pd.to_datetime(found[day]).astype("datetime64[s]") for day in days},
    )
