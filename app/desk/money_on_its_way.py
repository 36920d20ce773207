"""Money at the desk: the sources of files, accounts to claim, lines that explain nothing yet.

Of a line the desk sees day, amount and label, of an account its last digits: no fee, no net, no balance.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, exists, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on

from app.desk.paging import AnyRow
from app.listing.constants import written_out
from app.lists.open_items import OpenItem, missing_statements
from app.lists.unexplained_lines import explains_nothing
from app.models import (
    UNCLAIMED_MERCHANT,
    Acceptor,
    BankAccount,
    BankMovement,
    BankStatement,
    Certainty,
    Chargeback,
    Contract,
    CreditLink,
    ImportFile,
    ImportRefusal,
    ImportStatus,
    Merchant,
    Operation,
    Remittance,
    Settlement,
    Source,
)
from app.refusals import REPLACING

#: So many lines of each kind are shown, the latest.
MOST: Final = 50
#: A line that explains nothing after so many days is left to the merchant's own search.
_RECENT: Final = timedelta(days=62)
#: What waits for a contract to be declared, with its day.
_OF_ACCEPTORS: Final[tuple[tuple[Any, Any], ...]] = (
    (Settlement, Settlement.paid_on),
    (Chargeback, Chargeback.noticed_on),
    (Operation, Operation.operated_on),
)


def sources(connection: Connection, reseller_id: int) -> list[AnyRow]:
    """The sources of a reseller by name, each with its last file and how many are in quarantine."""
    own = select(Source.id).where(Source.reseller_id == reseller_id)
    came = (
        select(
            ImportFile.source_id,
            func.max(ImportFile.received_at).filter(ImportFile.status == ImportStatus.LOADED).label("last"),
            func.count().filter(ImportFile.status == ImportStatus.QUARANTINED).label("quarantined"),
        )
        .where(ImportFile.source_id.in_(own))
        .group_by(ImportFile.source_id)
        .subquery()
    )
    statement = (
        select(*Source.__table__.columns, came.c.last, func.coalesce(came.c.quarantined, 0).label("refused"))
        .outerjoin(came, came.c.source_id == Source.id)
        .where(Source.reseller_id == reseller_id)
        .order_by(Source.name)
    )
    return list(connection.execute(statement))


def accounts_to_claim(connection: Connection, reseller_id: int) -> list[AnyRow]:
    """The accounts that statements name and nobody has declared, with the days of their statements."""
    statement = (
        select(
            BankAccount.id,
            BankAccount.account_key,
            BankAccount.currency,
            Source.name.label("source"),
            func.count(BankStatement.id).label("statements"),
            func.min(BankStatement.opened_on).label("first_on"),
            func.max(BankStatement.closed_on).label("last_on"),
        )
        .outerjoin(
            BankStatement,
            and_(
                BankStatement.merchant_id == BankAccount.merchant_id,
                BankStatement.bank_account_id == BankAccount.id,
            ),
        )
        .outerjoin(Source, Source.id == BankAccount.source_id)
        .where(BankAccount.merchant_id == UNCLAIMED_MERCHANT, BankAccount.reseller_id == reseller_id)
        .group_by(BankAccount.id, BankAccount.account_key, BankAccount.currency, Source.name)
        .order_by(BankAccount.account_key, BankAccount.id)
    )
    return list(connection.execute(statement))


def contracts_to_claim(connection: Connection, reseller_id: int) -> list[RowMapping]:
    """The numbers of contracts that files of acquirers name and that are no merchant's alone, by number.

    Each with its ``source``, how many ``settlements``, ``chargebacks`` and ``operations`` wait for it, the
    first and last of their days, and whether merchants share it (``is_shared``): then it names none of them.
    """
    own = select(Acceptor.id).where(
        Acceptor.merchant_id == UNCLAIMED_MERCHANT, Acceptor.reseller_id == reseller_id
    )
    waiting = union_all(
        *(
            select(
                model.acceptor_id,
                day.label("day"),
                *(literal(int(other is model)).label(other.__tablename__) for other, _ in _OF_ACCEPTORS),
            ).where(model.merchant_id == UNCLAIMED_MERCHANT, model.acceptor_id.in_(own))
            for model, day in _OF_ACCEPTORS
        )
    ).subquery()
    counts = (func.sum(waiting.c[model.__tablename__]) for model, _ in _OF_ACCEPTORS)
    is_shared = exists().where(
        Contract.reseller_id == Acceptor.reseller_id,
        Contract.number == Acceptor.number,
        Contract.merchant_id != UNCLAIMED_MERCHANT,
    )
    statement = (
        select(
            Acceptor.number,
            Source.id.label("source_id"),
            Source.name.label("source"),
            func.min(waiting.c.day).label("first_on"),
            func.max(waiting.c.day).label("last_on"),
            is_shared.label("is_shared"),
            *(
                count.label(f"{model.__tablename__}s")
                for count, (model, _) in zip(counts, _OF_ACCEPTORS, strict=True)
            ),
        )
        .join(waiting, waiting.c.acceptor_id == Acceptor.id)
        .outerjoin(Source, Source.id == Acceptor.source_id)
        .where(Acceptor.merchant_id == UNCLAIMED_MERCHANT, Acceptor.reseller_id == reseller_id)
        .group_by(Acceptor.reseller_id, Acceptor.number, Source.id, Source.name)
        .order_by(Acceptor.number)
    )
    return list(connection.execute(statement.limit(MOST)).mappings())


def unexplained(connection: Connection, reseller_id: int, today: date) -> list[AnyRow]:
    """The latest lines of declared accounts that explain nothing.

    No remittance is found for them, not even as a proposal, and no payment of an acquirer.
    """
    statement = _lines(reseller_id).where(BankMovement.booked_on >= today - _RECENT, explains_nothing())
    return list(connection.execute(statement.limit(MOST)))


def proposed(connection: Connection, reseller_id: int) -> list[AnyRow]:
    """The latest lines that somebody has to decide on, with ``numbers`` and ``net`` of their remittances."""
    links = (
        select(
            CreditLink.merchant_id,
            CreditLink.bank_movement_id,
            CreditLink.booked_on,
            func.array_agg(Remittance.number.distinct()).label("numbers"),
            func.max(CreditLink.rule).label("rule"),
        )
        .join(
            Remittance,
            and_(
                Remittance.merchant_id == CreditLink.merchant_id,
                Remittance.id == CreditLink.remittance_id,
                Remittance.collected_on == CreditLink.collected_on,
            ),
        )
        .where(CreditLink.reseller_id == reseller_id, written_out(CreditLink.certainty == Certainty.PROPOSED))
        .group_by(CreditLink.merchant_id, CreditLink.bank_movement_id, CreditLink.booked_on)
        .subquery()
    )
    statement = (
        _lines(reseller_id)
        .add_columns(links.c.numbers, links.c.rule)
        .join(
            links,
            and_(
                links.c.merchant_id == BankMovement.merchant_id,
                links.c.bank_movement_id == BankMovement.id,
                links.c.booked_on == BankMovement.booked_on,
            ),
        )
    )
    return list(connection.execute(statement.limit(MOST)))


def _lines(reseller_id: int) -> Any:
    """Lines of declared accounts, the latest first, with their merchant and their account."""
    return (
        select(
            BankMovement.id,
            BankMovement.merchant_id,
            BankMovement.booked_on,
            BankMovement.amount,
            BankMovement.currency,
            BankMovement.label,
            BankAccount.account_key,
            BankAccount.label.label("account_label"),
            Merchant.name.label("merchant"),
        )
        .join(
            BankAccount,
            and_(
                BankAccount.merchant_id == BankMovement.merchant_id,
                BankAccount.id == BankMovement.bank_account_id,
            ),
        )
        .join(Merchant, Merchant.id == BankMovement.merchant_id)
        .where(BankMovement.reseller_id == reseller_id, BankMovement.merchant_id != UNCLAIMED_MERCHANT)
        .order_by(BankMovement.booked_on.desc(), BankMovement.id.desc())
    )


def missing(connection: Connection, reseller_id: int) -> list[OpenItem]:
    """Where a statement is missing in the chain of a declared account."""
    return list(
        missing_statements(
            connection,
            BankStatement.reseller_id == reseller_id,
            BankStatement.merchant_id != UNCLAIMED_MERCHANT,
        )
    )


def conflicts(connection: Connection, reseller_id: int) -> list[AnyRow]:
    """The latest files in quarantine because they contradict what is there.

    Each has the ``reason`` that came first, and its ``params``.
    """
    contradicted = (
        select(ImportRefusal.import_file_id, ImportRefusal.reason, ImportRefusal.params)
        .ext(distinct_on(ImportRefusal.import_file_id))
        .where(ImportRefusal.reason.in_(REPLACING))
        .order_by(ImportRefusal.import_file_id, ImportRefusal.id)
        .subquery()
    )
    statement = (
        select(ImportFile.id, ImportFile.name, ImportFile.received_at, Source.name.label("source"))
        .add_columns(contradicted.c.reason, contradicted.c.params)
        .join(Source, Source.id == ImportFile.source_id)
        .join(contradicted, contradicted.c.import_file_id == ImportFile.id)
        .where(Source.reseller_id == reseller_id, ImportFile.status == ImportStatus.QUARANTINED)
        .order_by(ImportFile.received_at.desc(), ImportFile.id.desc())
    )
    return list(connection.execute(statement.limit(MOST)))
