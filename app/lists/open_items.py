"""Open items: what of a merchant's money somebody has to look into, and until when.

Credits that are late or differ, lines of the bank that name the contract of a late one, proposals to confirm,
statements that are missing, chargebacks to answer, and those whose sale is to be found.
Whatever is here is also on the page of its remittance or sale; nothing of it is there for a merchant without
a declared account and without a chargeback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from itertools import groupby, islice
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, cast, exists, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.listing.field import Link
from app.listing.flat_file import FileColumn
from app.listing.kinds import Expression
from app.listing.period import Period, month_of
from app.listing.scope import AnyScope, Scope
from app.listing.source import in_scope
from app.lists.chargebacks import Dispute, to_answer, to_find
from app.lists.common import PLACE, has_credit, is_row
from app.lists.credit import gap_reason, shown_account
from app.lists.credit_reasons import REASON, CreditReason
from app.lists.proposed_lines import proposed_lines
from app.lists.statement_chains import unjoined
from app.lists.unexplained_lines import unexplained_lines
from app.models import (
    BankAccount,
    BankStatement,
    Chargeback,
    Contract,
    Credit,
    Outlet,
    Remittance,
)
from app.wording import codes
from app.wording.i18n import N_, gettext

TITLE: Final = N_("To do")
#: So many of each kind are shown and written: who has more of them has another trouble.
MOST: Final = 1000


class OpenItemKind(StrEnum):
    """The kind of an open item."""

    LATE = "late"
    UNEXPLAINED = "unexplained"
    DIFFERS = "differs"
    PROPOSED = "proposed"
    STATEMENT_MISSING = "statement_missing"
    CHARGEBACK = "chargeback"
    SALE_TO_FIND = "sale_to_find"


KINDS: Final = {
    OpenItemKind.LATE: N_("Not credited"),
    OpenItemKind.UNEXPLAINED: N_("Line of the bank that explains no batch"),
    OpenItemKind.DIFFERS: N_("Credited with a gap"),
    OpenItemKind.PROPOSED: N_("Credit to confirm"),
    OpenItemKind.STATEMENT_MISSING: N_("Statement missing"),
    OpenItemKind.CHARGEBACK: N_("Chargeback to answer"),
    OpenItemKind.SALE_TO_FIND: N_("Chargeback of a sale to find"),
}


@dataclass(frozen=True, kw_only=True)
class OpenItem:
    """Something to look into.

    ``day`` is that of the call, of the line of the bank, of the last statement before those missing, or the
    one on which a chargeback was told, ``of`` that of the earliest call where it is another; ``until`` the
    day by which a credit was expected or an answer is, or that of the next statement. ``amount`` is what the
    call brings, the line holds or the chargeback takes, ``gap`` what is not explained; both in minor units.
    ``numbers`` are the remittances concerned, ``link`` leads to them, to the sale of a chargeback, or to
    those that it may be of; ``movement_id`` is the line of the bank that it is, or is told of by. ``why``
    says why it is here, in the language of the moment: a file is in French, whoever takes it.
    """

    kind: OpenItemKind
    day: date
    until: date | None = None
    place: str = ""
    contract: str = ""
    numbers: tuple[str, ...] = ()
    amount: int | None = None
    gap: int | None = None
    currency: str = ""
    account: str = ""
    why: Callable[[], str] = str
    movement_id: int | None = None
    link: Link | None = None
    of: date | None = None

    @property
    def title(self) -> str:
        """What it is, in the language of the moment."""
        return gettext(KINDS[self.kind])


COLUMNS: Final = (
    FileColumn("kind", N_("Kind"), lambda item: item.title),
    FileColumn("day", N_("Date"), lambda item: item.day, "day"),
    FileColumn("until", N_("Until"), lambda item: item.until, "day"),
    FileColumn("place", N_("Outlet"), lambda item: item.place),
    FileColumn("contract", N_("Contract no."), lambda item: item.contract, "number"),
    FileColumn("numbers", N_("Batch no."), lambda item: ", ".join(item.numbers), "number"),
    FileColumn("amount", N_("Amount"), lambda item: item.amount, "amount"),
    FileColumn("gap", N_("Gap"), lambda item: item.gap, "amount"),
    FileColumn("currency", N_("Currency"), lambda item: item.currency),
    FileColumn("account", N_("Account"), lambda item: item.account),
    FileColumn("why", N_("Why"), lambda item: item.why()),
)


def has_bank(connection: Connection, scope: Scope) -> bool:
    """Whether the merchant has a declared account."""
    declared = select(exists().where(BankAccount.merchant_id == scope.merchant_id))
    return bool(connection.scalar(declared))


def open_items(connection: Connection, scope: Scope, period: Period | None = None) -> list[OpenItem]:
    """All of them, MOST of each kind, the largest amounts first where the bank is to be asked.

    Of a ``period``: those of its calls, of chargebacks told in it and of statements missing about its days.
    """
    return [
        *_remittances(connection, scope, OpenItemKind.LATE, period),
        *_unexplained(connection, scope, period),
        *_remittances(connection, scope, OpenItemKind.DIFFERS, period),
        *proposals(connection, scope, period),
        *_own_missing(connection, scope, period),
        *_chargebacks(OpenItemKind.CHARGEBACK, to_answer(connection, scope), period),
        *_chargebacks(OpenItemKind.SALE_TO_FIND, to_find(connection, scope), period),
    ]


def _within(day: Expression, period: Period | None) -> tuple[ColumnElement[bool], ...]:
    return () if period is None else (day.between(period.first, period.last),)


def months(items: Iterable[OpenItem]) -> tuple[Period, ...]:
    """The months that items are of, the latest first: each has an item."""
    return tuple(sorted({month_of(item.of or item.day) for item in items}, key=_first, reverse=True))


def _first(period: Period) -> date:
    return period.first


def concerns(connection: Connection, scope: Scope) -> bool:
    """Whether the merchant may have any: a declared account, or a chargeback."""
    told = select(exists().where(Chargeback.merchant_id == scope.merchant_id))
    return has_bank(connection, scope) or bool(connection.scalar(told))


def _chargebacks(kind: OpenItemKind, found: Iterable[Dispute], period: Period | None) -> Iterator[OpenItem]:
    """The chargebacks that may still be answered, the most urgent first; those of a sale to find."""
    told = (one for one in found if period is None or period.first <= one.noticed_on <= period.last)
    for dispute in islice(told, MOST):
        yield OpenItem(
            kind=kind,
            day=dispute.noticed_on,
            until=dispute.due_on,
            contract=dispute.contract_number,
            amount=dispute.amount,
            currency=dispute.currency,
            why=partial(_told_of, dispute),
            movement_id=dispute.bank_movement_id,
            link=dispute.link,
        )


def _told_of(dispute: Dispute) -> str:
    reason = dispute.reason and gettext("reason %(reason)s", reason=dispute.reason)
    return " · ".join(filter(None, (dispute.title, reason, dispute.possible_sales)))


def _remittances(
    connection: Connection, scope: Scope, kind: OpenItemKind, period: Period | None
) -> Iterator[OpenItem]:
    """The remittances whose credit is late, those of a contract and day together, or has a gap."""
    for row in connection.execute(uncredited(scope, kind, period)):
        late = kind is OpenItemKind.LATE
        yield OpenItem(
            kind=kind,
            day=row.collected_on,
            until=row.expected_by,
            place=row.place,
            contract=row.contract,
            numbers=tuple(row.numbers),
            amount=row.net,
            gap=None if late else row.gap,
            currency=row.currency,
            why=partial(_why, row, late=late),
            link=_link(row, kind),
        )


def _why(row: Any, *, late: bool) -> str:
    """The reason by which a month is closed, with the amount of a gap."""
    if late:
        return CreditReason().show(row.reason, {})
    return gap_reason(row.reason, row.gap, row.currency)


def uncredited(
    scope: Scope | AnyScope, kind: OpenItemKind, period: Period | None = None
) -> Select[*tuple[Any, ...]]:
    """What a bank credits together if it credits days: a line of each contract and day, the largest first."""
    net = _sum(Remittance.net_amount)
    own = () if kind is OpenItemKind.LATE else (Remittance.id,)
    return (
        select(
            func.min(Remittance.id).label("id"),
            Remittance.collected_on,
            func.max(Remittance.expected_by).label("expected_by"),
            func.array_agg(aggregate_order_by(Remittance.number, Remittance.collected_at)).label("numbers"),
            net.label("net"),
            _sum(Remittance.credit_gap).label("gap"),
            Remittance.currency,
            Contract.number.label("contract"),
            func.min(PLACE).label("place"),
            func.max(REASON).label("reason"),
        )
        .join(Contract, is_row(Contract, Remittance.merchant_id, Remittance.contract_id))
        .outerjoin(Outlet, is_row(Outlet, Contract.merchant_id, Contract.outlet_id))
        .where(
            *in_scope(Remittance.merchant_id, Remittance.contract_id, scope),
            has_credit(Credit(kind.value)),
            *_within(Remittance.collected_on, period),
        )
        .group_by(Remittance.collected_on, Remittance.currency, Contract.number, *own)
        .order_by(func.abs(net).desc(), Remittance.collected_on, func.min(Remittance.id))
        .limit(MOST)
    )


def _sum(amounts: Any) -> Any:
    """The sum of amounts as one of them: PostgreSQL adds up in numbers of any size."""
    return cast(func.sum(amounts), BigInteger)


def _link(row: Any, kind: OpenItemKind) -> Link:
    """The page of a remittance, or the list of several."""
    if len(row.numbers) == 1:
        return Link("remittances", row.id)
    day = row.collected_on.isoformat()
    asked = (("contract", row.contract), ("credit", kind.value), ("date_from", day), ("date_to", day))
    return Link("remittances", args=asked)


# --- lines that explain nothing -------------------------------------------------------------------


def _unexplained(connection: Connection, scope: Scope, period: Period | None) -> Iterator[OpenItem]:
    """The lines that may be of late remittances, but have another amount: what the bank is to be asked."""
    for row in connection.execute(unexplained_lines(scope, period).limit(MOST)):
        first, last = row.first.isoformat(), row.last.isoformat()
        asked = (("contract", row.contract), ("credit", Credit.LATE.value), ("date_from", first))
        yield OpenItem(
            kind=OpenItemKind.UNEXPLAINED,
            day=row.booked_on,
            place=row.place,
            contract=row.contract,
            numbers=tuple(dict.fromkeys(row.numbers)),
            amount=row.amount,
            currency=row.currency,
            account=shown_account(row.account_key, row.account_label),
            why=_names_contract,
            movement_id=row.movement_id,
            link=Link("remittances", args=(*asked, ("date_to", last))),
            of=row.first,
        )


def _names_contract() -> str:
    return gettext("names the contract of a batch that is not credited, and has another amount")


# --- proposals -------------------------------------------------------------------------------------


def proposals(connection: Connection, scope: Scope, period: Period | None = None) -> Iterator[OpenItem]:
    """The lines that may credit remittances, all of which are in ``scope``, any of which is of ``period``."""
    found = connection.execute(proposed_lines(scope, period).limit(MOST)).all()
    for movement_id, rows in groupby(found, key=lambda row: row.movement_id):
        linked = list(rows)
        first = linked[0]
        yield OpenItem(
            kind=OpenItemKind.PROPOSED,
            day=first.booked_on,
            place=first.place,
            contract=first.contract,
            numbers=tuple(dict.fromkeys(row.number for row in linked)),
            amount=first.amount,
            gap=sum(row.explained for row in linked) - first.amount,
            currency=first.currency,
            account=shown_account(first.account_key, first.account_label),
            why=partial(gettext, codes.CREDIT_RULES.get(first.rule, first.rule)),
            movement_id=movement_id,
            link=Link("remittances", first.remittance_id),
            of=min(row.collected_on for row in linked),
        )


# --- statements ------------------------------------------------------------------------------------


def _own_missing(connection: Connection, scope: Scope, period: Period | None) -> Iterator[OpenItem]:
    """What is missing at the merchant; an account belongs to the merchant as a whole."""
    if scope.contract_ids is not None:
        return
    for item in missing_statements(connection, BankStatement.merchant_id == scope.merchant_id):
        if period is None or (item.day <= period.last and (item.until or item.day) >= period.first):
            yield item


def missing_statements(connection: Connection, *where: ColumnElement[bool]) -> Iterator[OpenItem]:
    """Where the balances of an account do not join, among the statements that ``where`` tells."""
    yield from (_gap_of(*pair) for pair in unjoined(connection, *where))


def _gap_of(before: Any, after: Any) -> OpenItem:
    return OpenItem(
        kind=OpenItemKind.STATEMENT_MISSING,
        day=before.closed_on,
        until=after.opened_on,
        place=before.merchant,
        currency=before.currency,
        account=shown_account(before.account_key, before.label),
        why=_do_not_join,
    )


def _do_not_join() -> str:
    return gettext("the balances of the statements around it do not join")
