"""What a ticket needs of the database: every field of a row, its outlet, and what the terminal printed."""

from __future__ import annotations

from sqlalchemy import Connection, select

from app.listing.field import ListSpec
from app.listing.kinds import Row, Statement
from app.listing.query import LARGEST_ID
from app.listing.scope import Scope
from app.listing.source import in_scope, joined
from app.lists import REMITTANCES, TRANSACTIONS
from app.models import Outlet


def payment(connection: Connection, scope: Scope, row_id: int) -> Row | None:
    """A transaction for :func:`app.tickets.cardholder_ticket`; None when there is none in scope."""
    return _one(connection, TRANSACTIONS, scope, row_id)


def remittance(connection: Connection, scope: Scope, row_id: int) -> Row | None:
    """A remittance for :func:`app.tickets.remittance_ticket`; None when there is none in scope."""
    return _one(connection, REMITTANCES, scope, row_id)


def _one(connection: Connection, spec: ListSpec, scope: Scope, row_id: int) -> Row | None:
    if not 0 < row_id <= LARGEST_ID:
        return None
    columns = {
        **spec.keys,
        **{field.name: field.column for field in spec.fields},
        "address": Outlet.address,
        "postcode": Outlet.postcode,
        "city": Outlet.city,
        "ticket": spec.model.ticket,
    }
    own = in_scope(spec.model.merchant_id, spec.model.contract_id, scope)
    statement: Statement = (
        select(*(column.label(name) for name, column in columns.items()))
        .select_from(joined(spec, scope, spec.model.__table__))
        .where(*own, spec.model.id == row_id)
    )
    return connection.execute(statement).mappings().one_or_none()
