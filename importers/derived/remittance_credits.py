"""The credit of remittances by the bank, stored: links and states, derived anew for what a file touched.

Whatever is touched, the lines booked since a month before it are matched again, beside another month that
only keeps the edge from deciding: the order in which files come changes nothing. Source: shared format page
"Money", section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection, Row, text

from app.models import (
    UNCLAIMED_MERCHANT,
    USUAL_WORKING_DAYS,
    Certainty,
    Completeness,
    CreditLink,
    CreditVerdict,
    written_columns,
)
from app.rules.payments import remitted_sql
from app.wording import applications
from importers.derived import daily_sums, scheme_sums
from importers.derived.settlement_credits import AcquirerPayments
from importers.matching import DECIDED, LINK, is_split, left, match
from importers.matching.acquirers import with_acquirers
from importers.matching.deducting import presumed
from importers.matching.settlements import BY_CONTRACT, BY_PAYMENT
from importers.matching.states import STATE, credit_states, fees_alone
from importers.staging import as_dates, copy_in, rows_of, stage

#: How far what a file brings may reach, by way of lines that claim the same remittances.
_REACH: Final = timedelta(days=31)
# A call is credited at most so long after it.
_WINDOW: Final = timedelta(days=14)
_SUBJECTS = "'remittance', 'bank_account', 'bank_statement', 'bank_movement', 'settlement'"
_TOUCHED = f"""
SELECT t.merchant_id, min(t.day) AS since FROM touched_day t
WHERE t.subject IN ({_SUBJECTS}) AND t.merchant_id <> {UNCLAIMED_MERCHANT} AND t.day IS NOT NULL
  AND (EXISTS (SELECT FROM bank_account a WHERE a.merchant_id = t.merchant_id)
    OR EXISTS (SELECT FROM settlement s WHERE s.merchant_id = t.merchant_id))
GROUP BY t.merchant_id
"""
# Rows of several merchants are matched at once: nothing agrees unless merchant and currency do.
_LEDGER = "{row}.merchant_id || ' ' || {row}.currency AS currency"
_ITEMS = f"""
SELECT {_LEDGER.format(row="r")}, COALESCE(a.account_key, '') AS account, c.number AS contract_number,
  c.rank AS contract_rank, c.application, r.number, r.collected_on, r.net_amount AS net,
  r.debit_amount - r.cancellation_amount AS debits,
  r.refund_amount - r.refund_cancellation_amount AS refunds, COALESCE(c.outlet_id, 0)::text AS outlet,
  COALESCE(a.working_days, d.working_days, {USUAL_WORKING_DAYS}) AS working_days,
  {remitted_sql("r.")} AS remitted, r.seal = '{Completeness.COMPLETE}' AS is_complete,
  r.has_totals, r.merchant_id, r.reseller_id, r.contract_id, r.id,
  r.credit AS former_credit, r.expected_by AS former_expected_by, r.credited_on AS former_credited_on,
  r.credit_gap AS former_credit_gap, r.credit_proposed AS former_credit_proposed,
  r.fee_amount AS former_fee_amount
FROM unnest(CAST(:merchants AS bigint[]), CAST(:since AS date[])) AS touched (merchant_id, since)
JOIN remittance r ON r.merchant_id = touched.merchant_id AND r.collected_on >= touched.since
JOIN contract c ON c.merchant_id = r.merchant_id AND c.id = r.contract_id
LEFT JOIN bank_account a ON a.merchant_id = c.merchant_id AND a.id = c.bank_account_id
LEFT JOIN (SELECT merchant_id, max(working_days) AS working_days FROM bank_account GROUP BY 1) AS d
  ON d.merchant_id = r.merchant_id
WHERE r.collected_on >= :first ORDER BY r.merchant_id, r.collected_at, r.id
"""
_LINES = f"""
SELECT {_LEDGER.format(row="m")}, a.account_key AS account, m.booked_on, m.amount, m.kind,
  COALESCE(c.number, '') AS contract_number, CASE WHEN c.number IS NULL THEN '' ELSE m.contract_rank END
  AS contract_rank, m.remittance_number, m.entry_number, m.reference, m.fee, a.grouping, m.payer,
  m.settlement_number, a.fees, m.id, m.merchant_id
FROM unnest(CAST(:merchants AS bigint[]), CAST(:since AS date[])) AS touched (merchant_id, since)
JOIN bank_movement m ON m.merchant_id = touched.merchant_id AND m.booked_on >= touched.since
JOIN bank_account a ON a.merchant_id = m.merchant_id AND a.id = m.bank_account_id
LEFT JOIN (SELECT DISTINCT merchant_id, number FROM contract) AS c
  ON c.merchant_id = m.merchant_id AND c.number = m.contract_number
WHERE m.booked_on >= :first ORDER BY m.merchant_id, m.booked_on, m.id
"""
_STATEMENTS = f"""
SELECT {_LEDGER.format(row="s")}, a.account_key AS account, s.opened_on, s.closed_on, s.opening, s.closing,
  s.proven
FROM bank_statement s JOIN bank_account a ON a.merchant_id = s.merchant_id AND a.id = s.bank_account_id
WHERE s.merchant_id = ANY(:merchants) ORDER BY s.merchant_id, s.bank_account_id, s.closed_on, s.part
"""
_KEPT = """
SELECT l.bank_movement_id, l.remittance_id, l.part, l.amount, l.rule, l.certainty, l.booked_on,
  l.group_fee
FROM unnest(CAST(:merchants AS bigint[]), CAST(:stored AS date[])) AS touched (merchant_id, stored)
JOIN credit_link l ON l.merchant_id = touched.merchant_id AND l.booked_on < touched.stored
WHERE l.collected_on >= :first
"""
_DECIDED = """
SELECT d.bank_movement_id, d.remittance_id, d.part, d.rule, d.verdict
FROM unnest(CAST(:merchants AS bigint[]), CAST(:since AS date[])) AS touched (merchant_id, since)
JOIN credit_decision d ON d.merchant_id = touched.merchant_id AND d.booked_on >= touched.since
WHERE d.collected_on >= :first
"""
_FORGET = """
DELETE FROM credit_link l
USING unnest(CAST(:merchants AS bigint[]), CAST(:stored AS date[])) AS touched (merchant_id, stored)
WHERE l.merchant_id = touched.merchant_id AND l.booked_on >= touched.stored
"""
_DECIDE = f"""
INSERT INTO credit_decision (merchant_id, bank_movement_id, remittance_id, part, reseller_id, booked_on,
  collected_on, rule, verdict, user_id, decided_at)
SELECT l.merchant_id, l.bank_movement_id, l.remittance_id, l.part, l.reseller_id, l.booked_on,
  l.collected_on, l.rule, :verdict, :user, :at
FROM credit_link l
WHERE l.merchant_id = :merchant AND l.bank_movement_id = ANY(:lines) AND l.certainty <> '{Certainty.CERTAIN}'
ON CONFLICT (merchant_id, bank_movement_id, remittance_id, part) DO UPDATE
SET verdict = EXCLUDED.verdict, user_id = EXCLUDED.user_id, decided_at = EXCLUDED.decided_at
"""
_TOUCH_LINES = """
INSERT INTO touched_day
SELECT DISTINCT 'bank_movement', merchant_id, 0, booked_on FROM credit_decision
WHERE merchant_id = :merchant AND bank_movement_id = ANY(:lines)
"""
_KEYS = ("merchant_id", "id", "collected_on", "contract_id")
_DAYS = ("collected_on", "expected_by", "credited_on")
_STATES = (*STATE, "fee_amount")
_CHANGE = f"""
UPDATE remittance r SET {", ".join(f"{name} = n.{name}" for name in _STATES)} FROM renewed_credit n
WHERE r.merchant_id = n.merchant_id AND r.id = n.id AND r.collected_on = n.collected_on
"""
_TOUCH = """
INSERT INTO touched_day
SELECT DISTINCT 'remittance', merchant_id, contract_id, collected_on FROM renewed_credit
"""
_SHAPE = f"(SELECT {', '.join((*_KEYS, *_STATES))} FROM remittance) AS shape"


def renew(connection: Connection) -> None:
    """Match again what the touched days concern, where a merchant has a declared account or settlements."""
    touched = rows_of(connection, _TOUCHED)
    if touched.empty:
        return
    found = _Ledgers.read(connection, touched)
    links = found.links()
    by_scheme = scheme_sums.read(connection, found.items[found.is_payable()], found.lines, links)
    if found.may_be_split(by_scheme):
        links = found.links(by_scheme)
    payments = found.payments_after(links)
    changed = found.changed(links, payments)
    payments.store(connection, found.lines, found.stored)
    connection.execute(text(_FORGET), found.parameters)
    new = links[~links["is_kept"]]
    if len(new):
        copy_in(connection, "credit_link", found.link_rows(new))
    if len(changed):
        stage(connection, "renewed_credit", changed, _SHAPE)
        for statement in (_CHANGE, _TOUCH, "DROP TABLE renewed_credit"):
            connection.execute(text(statement))


def decide(connection: Connection, task: Row[*tuple[Any, ...]]) -> bool:
    """Write down what somebody decided of the links of lines, and follow it; False when none is to decide.

    ``task`` names the lines (``details["bank_movement_ids"]``) and the ``details["verdict"]`` on them.
    """
    values = {
        "merchant": task.merchant_id,
        "lines": task.details["bank_movement_ids"],
        "verdict": CreditVerdict(task.details["verdict"]).value,
        "user": task.user_id,
        "at": task.asked_at,
    }
    decided = connection.execute(text(_DECIDE), values).rowcount
    daily_sums.touch(connection)
    connection.execute(text(_TOUCH_LINES), values)
    return bool(decided)


@dataclass(frozen=True, kw_only=True)
class _Ledgers:
    """The remittances, lines and statements of merchants, from some day on, and the links that stay.

    ``stored`` is, for each merchant, the first day of booking whose links are derived anew.
    """

    parameters: dict[str, Any]
    stored: dict[int, date]
    items: pd.DataFrame
    lines: pd.DataFrame
    statements: pd.DataFrame
    kept: pd.DataFrame
    payments: AcquirerPayments
    decided: pd.DataFrame

    @classmethod
    def read(cls, connection: Connection, touched: pd.DataFrame) -> _Ledgers:
        """Read what the touched days may concern, and a month before that."""
        pairs: list[tuple[int, date]] = list(zip(touched["merchant_id"], touched["since"], strict=True))
        stored = {merchant: day - _REACH for merchant, day in pairs}
        since = [day - _REACH for day in stored.values()]
        parameters = {
            "merchants": list(stored),
            "stored": list(stored.values()),
            "since": since,
            "first": min(since),
        }
        items, lines, statements, kept, decided = (
            rows_of(connection, statement, parameters)
            for statement in (_ITEMS, _LINES, _STATEMENTS, _KEPT, _DECIDED)
        )
        lines = _typed(lines, ["booked_on"], ["amount", "id", "merchant_id"])
        return cls(
            parameters=parameters,
            stored=stored,
            items=_typed(
                items,
                ["collected_on", "former_expected_by", "former_credited_on"],
                ["net", "debits", "refunds", "working_days", "id", "merchant_id"],
                ["former_credit_gap", "former_fee_amount"],
            ),
            lines=lines,
            payments=AcquirerPayments.read(connection, parameters).brought_by(lines, BY_PAYMENT),
            statements=_typed(statements, ["opened_on", "closed_on"], [], ["opening", "closing"]),
            kept=kept,
            decided=decided,
        )

    def links(self, by_scheme: pd.DataFrame | None = None) -> pd.DataFrame:
        """The links of all that is read: those that stay, marked ``is_kept``, and those found anew.

        ``by_scheme`` has what each scheme brought to remittances, where that may explain a line.
        """
        found = match(
            self.items[self.is_payable()],
            self._unpaid_lines(),
            decided=self._decided(),
            by_scheme=by_scheme,
            known=self.items,
            statements=self.statements,
        )
        found = found[found["line"].isin(self.lines.index[self._is_stored()])]
        kept = self._kept()
        claimed = found.drop(left(found, kept).index)
        found = found[~found["line"].isin(claimed["line"])]
        both = pd.concat([kept.assign(is_kept=True), found.assign(is_kept=False)], ignore_index=True)
        return both.astype({"is_kept": bool, "amount": "int64", "group_fee": "Int64"})

    def may_be_split(self, by_scheme: pd.DataFrame) -> bool:
        """Whether any line may be what a scheme brought: else its sums change no link."""
        payable = self.items[self.is_payable()]
        return len(by_scheme) > 0 and is_split(payable, self._unpaid_lines(), by_scheme, self.items)

    def _unpaid_lines(self) -> pd.DataFrame:
        """The lines that bring no payment of an acquirer."""
        return self.lines[~self.lines.index.isin(self.payments.lines["line"])]

    def is_payable(self) -> pd.Series[Any]:
        """The remittances that the bank itself credits."""
        return self.items["remitted"].astype(bool) & ~self._has_own_payer()

    def _has_own_payer(self) -> pd.Series[Any]:
        return self.items["application"].isin(applications.PAID_ELSEWHERE)

    def payments_after(self, links: pd.DataFrame) -> AcquirerPayments:
        """The payments of acquirers, those too that lines without ``links`` bring."""
        certain = links.loc[links["certainty"] != Certainty.PROPOSED, "line"]
        return self.payments.brought_by(self.lines[~self.lines.index.isin(certain)], BY_CONTRACT)

    def _is_stored(self) -> pd.Series[Any]:
        first = pd.to_datetime(self.lines["merchant_id"].map(self.stored))
        return self.lines["booked_on"] >= first

    def _kept(self) -> pd.DataFrame:
        """The stored links of earlier lines, by the rows of items and lines."""
        kept = self._by_row(self.kept).assign(
            booked_on=pd.to_datetime(self.kept["booked_on"]).astype("datetime64[s]")
        )
        return kept.loc[kept["item"].notna(), list(LINK)]

    def _decided(self) -> pd.DataFrame:
        """What people decided of links whose line and remittance are there."""
        decided = self._by_row(self.decided)
        there = decided.loc[decided["line"].notna() & decided["item"].notna(), list(DECIDED)]
        return there.astype({"line": "int64", "item": "int64"})

    def _by_row(self, links: pd.DataFrame) -> pd.DataFrame:
        """Stored links with the rows of their line and their item."""
        line_of = pd.Series(self.lines.index, index=self.lines["id"])
        item_of = pd.Series(self.items.index, index=self.items["id"])
        return links.assign(
            line=links["bank_movement_id"].map(line_of), item=links["remittance_id"].map(item_of)
        )

    def changed(self, links: pd.DataFrame, payments: AcquirerPayments) -> pd.DataFrame:
        """The remittances whose state is another than it was, in the columns of ``_SHAPE``."""
        states = credit_states(
            self.items,
            links,
            self.statements,
            payable=self.is_payable(),
            days_allowed=self.items["working_days"],
            presumed=presumed(self.items, self.lines, links),
        )
        items = self.items.assign(
            remitted=self.items["remitted"].astype(bool), own_payer=self._has_own_payer()
        )
        states = with_acquirers(states, items, payments.of(items, self.lines), self.statements)
        fees = fees_alone(links, self.items.index)
        states = states.assign(fee_amount=states["fee_amount"].fillna(fees))
        former = self.items[[f"former_{name}" for name in _STATES]].set_axis(list(_STATES), axis="columns")
        same = (states == former) | (states.isna() & former.isna())
        stored = pd.to_datetime(self.items["merchant_id"].map(self.stored)) - _WINDOW
        renewed = ~same.fillna(value=False).all(axis="columns") & (self.items["collected_on"] >= stored)
        rows = self.items.loc[renewed, list(_KEYS)].join(states)
        return rows.assign(**{day: as_dates(rows[day]) for day in _DAYS})

    def link_rows(self, links: pd.DataFrame) -> pd.DataFrame:
        """Links as rows of their table."""
        items = self.items.loc[links["item"]].reset_index(drop=True)
        lines = self.lines.loc[links["line"]].reset_index(drop=True)
        rows = links.reset_index(drop=True).assign(
            merchant_id=items["merchant_id"],
            reseller_id=items["reseller_id"],
            remittance_id=items["id"],
            collected_on=as_dates(items["collected_on"]),
            bank_movement_id=lines["id"],
            booked_on=as_dates(lines["booked_on"]),
        )
        return rows[written_columns(CreditLink)]


def _typed(
    frame: pd.DataFrame, days: list[str], numbers: list[str], optional: list[str] | None = None
) -> pd.DataFrame:
    """A frame of objects with days and numbers as what they are."""
    types = dict.fromkeys(numbers, "int64") | dict.fromkeys(optional or (), "Int64")
    return frame.astype(types).assign(
        **{day: pd.to_datetime(frame[day]).astype("datetime64[s]") for day in days}
    )
