"""The reason why the money of each remittance is where it is: what a month is closed by.

Every remittance has one, so that what they bring adds up to the net of a month: credited, explained, or
named as missing. For whoever may see the bank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Text, and_, case, exists, func, literal, or_, select

from app.listing.constants import written_out
from app.listing.dimension import BETWEEN, KnownPart
from app.listing.kinds import Expression, Kind, Row, translated
from app.listing.notes import Figure, GroupNote
from app.listing.summed import GroupLine
from app.lists.common import TODAY
from app.lists.settlements import payment_of
from app.models import (
    BankAccount,
    Certainty,
    Contract,
    Credit,
    Remittance,
    RemittanceDay,
    Settlement,
    SettlementLink,
    SettlementState,
)
from app.rules.payments import remitted
from app.wording import applications, codes, formats
from app.wording.i18n import N_, gettext

#: Stands between the state, the reason and the payer of a stored value.
_SIGN: Final = "/"
#: A remittance that never reached the bank: nothing of it is in the net.
_NOT_REMITTED: Final = "not_remitted"
ONE_CENT: Final = "one_cent"
_PAYER_HERE: Final = "%(payer)s"

#: The words of each reason; a payer stands in some.
REASONS: Final[Mapping[str, str]] = {
    ONE_CENT: N_("one cent apart"),
    "refunds": N_("its refunds were not found"),
    "debits": N_("its debits were not found"),
    "less": N_("less arrived"),
    "more": N_("more arrived"),
    "received_less": N_("%(payer)s received less than was remitted"),
    "received_more": N_("%(payer)s received more than was remitted"),
    "commission": N_("the bank deducts its commission: a line of it may be its credit"),
    "proposed": N_("a line of the bank is proposed, to be confirmed"),
    "payer": N_("paid by %(payer)s"),
    "kept": N_("kept on the balance at %(payer)s"),
    "unproven": N_("paid by %(payer)s, no bank statement received tells of it"),
    "uncovered": N_("the statements received do not cover the days of its credit"),
    "never_came": N_("announced by %(payer)s, not found at the bank"),
    "absent": N_("the statements received hold no credit of it"),
    "issuers": N_("meal vouchers, paid by their issuers"),
    "american_express": N_("paid by American Express, whose files are not loaded"),
    "nothing": N_("nothing to pay"),
}
_ACQUIRER: Final = N_("the acquirer")
_SAID_BY_PAYERS: Final = frozenset({"received_less", "received_more"})
_LABELS: Final[Mapping[str, str]] = {**codes.CREDITS, _NOT_REMITTED: N_("Not remitted to the bank")}


@dataclass(frozen=True, kw_only=True, eq=False)
class CreditReason(Kind):
    """The reason beside a state of the credit, such as that of ``announced/payer/PAYPAL``."""

    def show(self, value: object, row: Row) -> str:  # noqa: ARG002
        _, reason, payer = _parts(value)
        return gettext(REASONS[reason], payer=payer or gettext(_ACQUIRER)) if reason in REASONS else ""

    def csv(self, column: Expression) -> Expression:
        # Without a payer, gettext leaves its place as it is.
        words = {reason: gettext(words) for reason, words in REASONS.items()}
        payer = func.coalesce(func.nullif(func.split_part(column, _SIGN, 3), ""), gettext(_ACQUIRER))
        return func.replace(
            translated(func.split_part(column, _SIGN, 2, type_=Text), words), _PAYER_HERE, payer, type_=Text
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class StateAndReason(CreditReason):
    """The same with the words of the state in front of it."""

    def show(self, value: object, row: Row) -> str:
        state, *_ = _parts(value)
        words = gettext(_LABELS.get(state, state)), super().show(value, row)
        return BETWEEN.join(filter(None, words))


def _parts(value: object) -> tuple[str, str, str]:
    state, _, rest = str(value).partition(_SIGN)
    reason, _, payer = rest.partition(_SIGN)
    return state, reason, payer


def is_said_by_payer(value: object) -> bool:
    """Whether a gap is what a payer between the merchant and the bank tells of."""
    return reason_of(value) in _SAID_BY_PAYERS


def reason_of(value: object) -> str:
    """The name of the reason beside a state, one of :data:`REASONS`; "" where the state says all."""
    return _parts(value)[1]


def state_of(value: object) -> str:
    """The state of the credit that a reason stands beside."""
    return _parts(value)[0]


def _payments(said: Expression) -> Expression:
    """What the payments of acquirers that are of a remittance say together, NULL where there are none."""
    return (
        select(said)
        .select_from(SettlementLink)
        .join(Settlement, payment_of(SettlementLink))
        .where(
            SettlementLink.merchant_id == Remittance.merchant_id,
            SettlementLink.remittance_id == Remittance.id,
            SettlementLink.certainty != Certainty.PROPOSED.value,
        )
        .correlate(Remittance)
        .scalar_subquery()
    )


def _because(reason: str) -> ColumnElement[str]:
    return literal(reason, Text)


def _of_payer(reason: str) -> Expression:
    """A reason, and the payer that it names, where that is not the acquirer of the contract itself."""
    named: Expression = _because(_SIGN) + func.nullif(_PAYER, "", type_=Text)
    return _because(reason) + func.coalesce(named, "", type_=Text)


_PAYER: Final = _payments(func.max(Settlement.payer))
_IS_KEPT: Final = _payments(func.bool_and(Settlement.state == SettlementState.CARRIED.value))
_HAS_BANK: Final = exists().where(BankAccount.merchant_id == Remittance.merchant_id).correlate(Remittance)
_IS_OVERDUE: Final = Remittance.expected_by < TODAY
_DEBITS: Final = Remittance.debit_amount - Remittance.cancellation_amount
_REFUNDS: Final = Remittance.refund_amount - Remittance.refund_cancellation_amount
_GAP: Final = Remittance.credit_gap
_PROPOSED: Final = (Remittance.credit_proposed, _because("proposed"))
#: Why the money of each state is where it is; the first that holds.
_WHY: Final[Mapping[Credit, Expression]] = {
    Credit.DIFFERS: case(
        (_GAP.is_(None), _because("commission")),
        (func.abs(_GAP) == 1, _because(ONE_CENT)),
        (and_(_PAYER.is_not(None), _GAP > 0), _of_payer("received_less")),
        (_PAYER.is_not(None), _of_payer("received_more")),
        (_GAP == -_REFUNDS, _because("refunds")),
        (_GAP == _DEBITS, _because("debits")),
        (_GAP > 0, _because("less")),
        else_=_because("more"),
    ),
    Credit.ANNOUNCED: case(
        _PROPOSED,
        (_IS_KEPT.is_(True), _of_payer("kept")),
        (or_(_IS_OVERDUE, ~_HAS_BANK), _of_payer("unproven")),
        else_=_of_payer("payer"),
    ),
    Credit.LATE: case(_PROPOSED, (_PAYER.is_not(None), _of_payer("never_came")), else_=_because("absent")),
    Credit.EXPECTED: case(_PROPOSED, (_IS_OVERDUE, _because("uncovered"))),
    Credit.UNKNOWN: case(_PROPOSED),
    Credit.NOT_EXPECTED: case(
        (Remittance.net_amount == 0, _because("nothing")),
        _PROPOSED,
        (Contract.application.in_(applications.MEAL_VOUCHERS), _because("issuers")),
        (Contract.application.in_(applications.PAID_ELSEWHERE), _because("american_express")),
    ),
}
#: State, reason and payer of each remittance, in one value.
# Its constants are written out, since the same text stands among the columns and in GROUP BY.
REASON: Final[Expression] = written_out(
    case(
        (
            remitted(Remittance.seal, Remittance.status, Remittance.transmission),
            Remittance.credit
            + func.coalesce(
                _because(_SIGN)
                + case(*((Remittance.credit == state.value, why) for state, why in _WHY.items())),
                "",
                type_=Text,
            ),
        ),
        else_=_because(_NOT_REMITTED),
    )
)

#: What the daily sums know of it: most remittances are credited, or empty, and that says all of them.
# An empty one has no payment, and declares no amount: its net is 0.
KNOWN_BY_DAY: Final = KnownPart(
    daily=case(
        (~RemittanceDay.remitted, _NOT_REMITTED),
        (RemittanceDay.credit == Credit.CREDITED.value, Credit.CREDITED.value),
        else_=f"{Credit.NOT_EXPECTED.value}{_SIGN}nothing",
    ),
    of_days=or_(
        ~RemittanceDay.remitted,
        RemittanceDay.credit == Credit.CREDITED.value,
        and_(RemittanceDay.credit == Credit.NOT_EXPECTED.value, RemittanceDay.is_empty),
    ),
    of_rows=and_(
        remitted(Remittance.seal, Remittance.status, Remittance.transmission),
        Remittance.credit != Credit.CREDITED.value,
        or_(Remittance.credit != Credit.NOT_EXPECTED.value, Remittance.transaction_count != 0),
    ),
)

_CREDITED, _EXCESS = "credited", "in_excess"
_WITH_FEES: Final = frozenset({Credit.CREDITED, Credit.DIFFERS})


@dataclass(frozen=True)
class _NetPart:
    """A part of the net: its words in the sentence, and those beside its amount in files."""

    said: str
    words: str


#: Of the net, where it is, in the order of the sentence.
_PARTS: Final[Mapping[str, _NetPart]] = {
    _CREDITED: _NetPart(N_("%(amount)s credited"), N_("Credited")),
    "to_confirm": _NetPart(N_("%(amount)s to be confirmed"), N_("To be confirmed")),
    "on_its_way": _NetPart(N_("%(amount)s on its way"), N_("On its way")),
    "outside": _NetPart(N_("%(amount)s paid outside the bank"), N_("Paid outside the bank")),
    "untold": _NetPart(N_("%(amount)s without a bank statement"), N_("Without a bank statement")),
    "late": _NetPart(N_("%(amount)s not credited"), N_("Not credited")),
    "short": _NetPart(N_("%(amount)s received short"), N_("Received short")),
    _EXCESS: _NetPart(N_("less %(amount)s received in excess"), N_("Received in excess")),
}
_PART_OF: Final[Mapping[str, str]] = {
    Credit.CREDITED: _CREDITED,
    Credit.ANNOUNCED: "on_its_way",
    Credit.EXPECTED: "on_its_way",
    Credit.NOT_EXPECTED: "outside",
    Credit.UNKNOWN: "untold",
    Credit.LATE: "late",
    _NOT_REMITTED: "outside",
}
_TO_CONFIRM: Final = frozenset({"commission", "proposed"})


def closing_parts(lines: Sequence[GroupLine]) -> dict[str, int]:
    """Where the net of groups of a currency is, in minor units: the parts add up to it."""
    parts = dict.fromkeys(_PARTS, 0)
    for line in lines:
        state, reason, _ = _parts(line.key)
        gap, net = line.now["credit_gap"], line.now.net
        if reason in _TO_CONFIRM:
            parts["to_confirm"] += net
        elif state == Credit.DIFFERS:
            parts[_CREDITED] += net - gap
            parts["short" if gap > 0 else _EXCESS] += gap
        else:
            parts[_PART_OF[state]] += net
    return parts


def closing(lines: Sequence[GroupLine]) -> GroupNote | None:
    """Where the net of ``lines`` is, in the language of the moment; None where there is none.

    Its figures are the net, its parts, and after those credited what of these was kept as fees.
    """
    parts = {name: amount for name, amount in closing_parts(lines).items() if amount}
    if not parts:
        return None
    currency = lines[0].now.currency
    fee = sum(line.now["credit_fee"] for line in lines if state_of(line.key) in _WITH_FEES)
    net = sum(parts.values())
    said = ", ".join(_said(name, amount, fee, currency) for name, amount in parts.items())
    return GroupNote(
        name="closing",
        title=gettext("Where the net is"),
        currency=currency,
        figures=(Figure("net", gettext("Net remitted"), net), *_figures(parts, fee)),
        sentence=gettext("Of %(net)s remitted: %(parts)s.", net=formats.money(net, currency), parts=said),
    )


def _figures(parts: Mapping[str, int], fee: int) -> Iterator[Figure]:
    for name, amount in parts.items():
        yield Figure(name, gettext(_PARTS[name].words), amount)
        if name == _CREDITED and fee:
            yield Figure("fees", gettext("of which kept as fees"), fee)


def _said(name: str, amount: int, fee: int, currency: str) -> str:
    """A part of the sentence: what came in excess is taken off, fees are of what is credited."""
    words = gettext(
        _PARTS[name].said, amount=formats.money(abs(amount) if name == _EXCESS else amount, currency)
    )
    if name != _CREDITED or not fee:
        return words
    kept = gettext("of which %(fee)s kept as fees", fee=formats.money(fee, currency))
    return f"{words} ({kept})"
