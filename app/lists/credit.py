"""The credit of remittances by the bank: fields of their list, and the lines that explain one of them.

Nothing of it is there for a merchant without a declared account; amounts of the bank are for whoever may
see the bank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import aliased

from app.listing.day_filter import DayRange
from app.listing.dimension import Dimension
from app.listing.field import Field
from app.listing.filter_groups import WHEN
from app.listing.filters import Choice, flagged
from app.listing.kinds import Day, Expression, Money, Row
from app.listing.scope import AnyScope, Scope
from app.listing.source import in_scope
from app.listing.spec import Alert
from app.lists.closing_notes import closing_notes
from app.lists.credit_reasons import (
    KNOWN_BY_DAY,
    ONE_CENT,
    REASON,
    CreditReason,
    StateAndReason,
    closing,
    is_said_by_payer,
    reason_of,
    state_of,
)
from app.models import BankAccount, BankMovement, Certainty, CreditLink, Remittance, RemittanceDay, Settlement
from app.models import Credit as State
from app.wording import codes, formats
from app.wording.days import capital
from app.wording.i18n import N_, gettext, ngettext

#: Where the sums by credit stand in JSON, under "apart".
CREDIT_GROUP = "credit"
#: Title of the section of the details.
CREDIT = N_("Credit by the bank")
_SHOWN_DIGITS = 4
#: A credit is proposed, and somebody has to confirm or reject it.
OPEN: Final = "open"
#: What a proposal speaks of before it is confirmed.
TO_COME: Final = frozenset({State.EXPECTED, State.LATE})
#: What is as it should be: a credit that is expected is the ordinary case of the last nights.
_QUIET = frozenset({State.UNKNOWN, State.NOT_EXPECTED, State.EXPECTED, State.CREDITED})


@dataclass(frozen=True, kw_only=True, eq=False)
class CreditState(Choice):
    """The credit of a remittance by the bank; a badge only where money is missing."""

    def badge(self, value: str, row: Row) -> str:
        if value == State.ANNOUNCED and row["expected_by"]:
            return gettext("Payment announced for %(day)s", day=formats.day(row["expected_by"]))
        if value in TO_COME and row.get("credit_proposal") == OPEN:
            return ""  # its own badge says that a line is there to be confirmed
        return "" if value in _QUIET else self.say(value)


@dataclass(frozen=True, kw_only=True, eq=False)
class CreditProposal(Choice):
    """The proposal of a line of the bank as the credit of a remittance; a badge only where there is one."""

    def badge(self, value: str, row: Row) -> str:  # noqa: ARG002
        return self.say(value) if value == OPEN else ""


_STATE = CreditState(labels=codes.CREDITS)
#: The states alone: their lines add up to the net, for whoever may not see the bank as well.
BY_CREDIT = Dimension(
    name="credit",
    label=N_("Credit"),
    kind=_STATE,
    rows=Remittance.credit,
    daily=RemittanceDay.credit,
    parameter="credit",
    measure=lambda state: (CREDIT_GROUP, state),
)
#: What a month is closed by: each line is credited, explained or named as missing.
BY_REASON = Dimension(
    name="credit_reason",
    label=N_("Credit and reason"),
    kind=StateAndReason(),
    rows=REASON,
    known=KNOWN_BY_DAY,
    parts=(N_("Credit"), N_("Reason")),
    measure=lambda reason: (CREDIT_GROUP, state_of(reason)),
    said=closing,
    notes=closing_notes,
)
CREDIT_FIELDS = (
    Field(
        name="credit",
        label=N_("Credit"),
        kind=_STATE,
        column=Remittance.credit,
        section=CREDIT,
        daily=RemittanceDay.credit,
        filter=True,
        slot="badge",
        tones={State.LATE: "bad", State.DIFFERS: "warn", State.ANNOUNCED: "info"},
    ),
    Field(
        name="credit_proposal",
        label=N_("Proposed credit"),
        kind=CreditProposal(labels=codes.CREDIT_PROPOSALS),
        column=flagged(Remittance.credit_proposed, OPEN, "none"),
        section=CREDIT,
        filter=True,
        slot="badge",
        tones={OPEN: "warn"},
        permission="bank",
    ),
    Field(
        name="credited_on",
        label=N_("Credited on"),
        kind=DayRange(),
        column=Remittance.credited_on,
        section=CREDIT,
        filter=True,
        filter_group=WHEN,
        filled_by=("credit_credited", "credit_differs"),
    ),
    Field(
        name="expected_by",
        label=N_("Credit expected by"),
        kind=Day(),
        column=Remittance.expected_by,
        section=CREDIT,
    ),
    Field(
        name="credit_gap",
        label=N_("Gap of the credit"),
        kind=Money(currency=Remittance.currency),
        column=Remittance.credit_gap,
        section=CREDIT,
        permission="bank",
    ),
    Field(
        name="fee_amount",
        label=N_("Fee of the payment"),
        kind=Money(currency=Remittance.currency),
        column=Remittance.fee_amount,
        section=CREDIT,
        permission="bank",
    ),
    Field(
        name=BY_REASON.name,
        label=N_("Reason of the credit"),
        kind=CreditReason(),
        column=REASON,
        section=CREDIT,
        permission="bank",
    ),
)


NAMES: Final = frozenset(field.name for field in CREDIT_FIELDS)


#: The words of reasons of a gap that say how much in the middle of them.
_OF_GAPS: Final[Mapping[str, str]] = {
    "refunds": N_("its refunds, %(amount)s, were not found"),
    "debits": N_("its debits, %(amount)s, were not found"),
    "less": N_("%(amount)s less arrived"),
    "more": N_("%(amount)s more arrived"),
}


def told(scope: AnyScope) -> ColumnElement[bool]:
    """Whether the merchant has a declared account or an acquirer's files."""
    accounts = exists().where(BankAccount.merchant_id == scope.merchant_id)
    settlements = exists().where(Settlement.merchant_id == scope.merchant_id)
    return or_(accounts, settlements)


def credit_alerts(row: Row) -> Iterator[Alert]:
    """What is missing of the money of a remittance, for whoever sees its credit."""
    state, is_proposed = row.get("credit"), row.get("credit_proposal") == OPEN
    if state == State.LATE and not is_proposed:
        reason = gettext(
            "The bank was to credit it by %(day)s, and no statement received shows it. Ask your bank.",
            day=formats.day(row["expected_by"]),
        )
        yield Alert(words=gettext(codes.CREDITS[state]), reason=reason, tone="bad")
    elif state == State.DIFFERS:
        reason = gettext("The bank credited another amount than the telecollection declared.")
        if "credit_gap" in row:
            why = gap_reason(row["credit_reason"], row["credit_gap"], row["currency"])
            why = f"{capital(why)}."
            reason = why if is_said_by_payer(row["credit_reason"]) else f"{reason} {why}"
        yield Alert(words=gettext(codes.CREDITS[state]), reason=reason)
    if is_proposed:
        reason = gettext("A line of the bank may be its credit: confirm or reject it under “To do”.")
        yield Alert(words=gettext(codes.CREDIT_PROPOSALS[OPEN]), reason=reason)


def gap_reason(reason: str, gap: int | None, currency: str) -> str:
    """Why a credit has a gap, in words; ``gap`` in minor units, None for one that is not known.

    ``reason`` is the one by which a month is closed: its words, and how much it is about.
    """
    words, name = CreditReason().show(reason, {}), reason_of(reason)
    if gap is None or name == ONE_CENT:
        return words
    amount = formats.money(abs(gap), currency)
    return gettext(_OF_GAPS[name], amount=amount) if name in _OF_GAPS else f"{words} ({amount})"


def shown_account(key: str, label: str | None) -> str:
    """An account as it may be shown: never whole."""
    shown = f"•••• {key[-_SHOWN_DIGITS:]}"
    return f"{label} {shown}" if label else shown


@dataclass(frozen=True)
class CreditLine:
    """A line of a bank that explains a remittance, or may: ``others`` are credited by it as well.

    ``amount`` and ``fee``, what the bank says that it took off, are None where one of those is out of sight:
    they are of them too.
    """

    id: int
    booked_on: date
    value_on: date
    amount: int | None
    fee: int | None
    currency: str
    account_key: str
    account_label: str | None
    rule: str
    certainty: str
    others: int

    @property
    def is_to_decide(self) -> bool:
        """Whether somebody who sees all that it credits has to confirm or reject it."""
        return self.certainty == Certainty.PROPOSED and self.amount is not None

    @property
    def account(self) -> str:
        """The account as it may be shown."""
        return shown_account(self.account_key, self.account_label)

    @property
    def words(self) -> str:
        """What the line is to the remittance, and why, in the language of the moment."""
        why = gettext(codes.CREDIT_RULES.get(self.rule, self.rule))
        if self.certainty == Certainty.PROPOSED:
            return gettext("Possible, to be confirmed: %(why)s", why=why)
        if self.certainty == Certainty.CONFIRMED:
            why = gettext("confirmed by a person, %(why)s", why=why)
        if not self.others:
            return why
        return ngettext(
            "credit of %(num)s batch: %(why)s", "credit of %(num)s batches: %(why)s", self.others + 1, why=why
        )


def credit_lines(connection: Connection, scope: Scope, row: Row) -> tuple[CreditLine, ...]:
    """The lines of bank statements that explain a remittance, the earliest first."""
    other = aliased(CreditLink)
    others = (
        select(func.count(other.remittance_id.distinct()) - 1)
        .where(
            other.merchant_id == scope.merchant_id,
            other.bank_movement_id == CreditLink.bank_movement_id,
        )
        .scalar_subquery()
    )
    statement = (
        select(
            BankMovement.id,
            BankMovement.booked_on,
            BankMovement.value_on,
            _in_sight(BankMovement.amount, scope),
            _in_sight(CreditLink.group_fee, scope),
            BankMovement.currency,
            BankAccount.account_key,
            BankAccount.label,
            CreditLink.rule,
            CreditLink.certainty,
            others,
        )
        .join(
            BankMovement,
            and_(
                BankMovement.merchant_id == CreditLink.merchant_id,
                BankMovement.id == CreditLink.bank_movement_id,
                BankMovement.booked_on == CreditLink.booked_on,
            ),
        )
        .join(
            BankAccount,
            and_(
                BankAccount.merchant_id == BankMovement.merchant_id,
                BankAccount.id == BankMovement.bank_account_id,
            ),
        )
        .where(CreditLink.merchant_id == scope.merchant_id, CreditLink.remittance_id == row["id"])
        .order_by(BankMovement.booked_on, BankMovement.id)
    )
    return tuple(CreditLine(*found) for found in connection.execute(statement))


def _in_sight(amount: Expression, scope: Scope) -> Expression:
    """An ``amount`` of a line, NULL where it credits a remittance that is not in ``scope``."""
    if scope.contract_ids is None:
        return amount
    other = aliased(CreditLink)
    same = and_(
        Remittance.merchant_id == other.merchant_id,
        Remittance.id == other.remittance_id,
        Remittance.collected_on == other.collected_on,
    )
    hidden = exists().where(
        other.merchant_id == scope.merchant_id,
        other.bank_movement_id == CreditLink.bank_movement_id,
        same,
        not_(and_(*in_scope(Remittance.merchant_id, Remittance.contract_id, scope))),
    )
    return case((~hidden, amount))
