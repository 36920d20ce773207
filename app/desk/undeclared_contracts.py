"""Contracts that files name and nobody has declared: what waits under them, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, func, select

from app.database.isolation import Isolation
from app.desk.paging import AnyRow, KeysetOrder, KeysetPage, page
from app.models import UNCLAIMED_MERCHANT, Contract, Remittance, Reseller, Source, Transaction

#: Counted so far and no further: "10 000 or more" is as good as the exact number.
MOST_COUNTED = 10_000

#: Contracts of two sources that are named one by one.
MOST_SHOWN = 100
_KEY = (Contract.number, Contract.rank, Contract.application)
_ORDER = KeysetOrder((*_KEY, Contract.id), Contract.id)


def contracts(
    connection: Connection, reseller_id: int, search: str = "", after: int | None = None
) -> KeysetPage:
    """Undeclared contracts by number, with ``remittances``, ``transactions``, ``since`` and ``siret``.

    Counts stop at MOST_COUNTED. ``since`` is the first telecollection; ``siret`` is what the terminal said.
    """
    visible = _undeclared(reseller_id)
    words = search.strip()
    matching = (
        [func.ltrim(Contract.number, "0").startswith(words.lstrip("0"), autoescape=True)] if words else []
    )
    statement = (
        select(*_FACTS)
        .outerjoin(Source, Source.id == Contract.source_id)
        .where(*visible, *matching, *_ORDER.behind(after, visible))
    )
    return page(connection, statement, _ORDER)


def _undeclared(reseller_id: int) -> list[ColumnElement[bool]]:
    """Contracts that nobody has declared, without what a second source brings for one that is known."""
    return [
        Contract.merchant_id == UNCLAIMED_MERCHANT,
        Contract.reseller_id == reseller_id,
        Contract.aside_source_id == 0,
    ]


def chosen(connection: Connection, reseller_id: int, contract_ids: Sequence[int]) -> list[AnyRow]:
    """Those of ``contract_ids`` that are undeclared contracts of this reseller."""
    return list(
        connection.execute(
            select(*_FACTS)
            .outerjoin(Source, Source.id == Contract.source_id)
            .where(
                *_undeclared(reseller_id),
                Contract.id.in_(contract_ids),
            )
            .order_by(*_ORDER.by())
        )
    )


def how_many(connection: Connection, reseller_id: int) -> int:
    """Undeclared contracts of this reseller, MOST_COUNTED at most."""
    waiting = select(Contract.id).where(*_undeclared(reseller_id)).limit(MOST_COUNTED).subquery()
    return connection.execute(select(func.count()).select_from(waiting)).scalar_one()


def of_no_maintainer(connection: Connection, reseller_id: int) -> int:
    """Undeclared contracts of sources that are nobody's yet, told to the only reseller there is.

    They become theirs with their first merchant directory; among several the operator says whose a source is.
    """
    known = connection.execute(select(Reseller.id, Reseller.declared)).all()
    if any(row.declared and row.id != reseller_id for row in known):
        return 0
    count = 0
    for nobody in (row.id for row in known if not row.declared):  # one for each source that is nobody's
        Isolation(reseller_id=nobody).enter(connection)
        count += how_many(connection, nobody)
    Isolation(reseller_id=reseller_id).enter(connection)
    return min(count, MOST_COUNTED)


def _kept_aside(model: Any) -> ScalarSelect[int]:
    rows = (
        select(model.id)
        .where(model.merchant_id == UNCLAIMED_MERCHANT, model.contract_id == Contract.id)
        .correlate(Contract)
        .limit(MOST_COUNTED)
        .subquery()
    )
    return select(func.count()).select_from(rows).scalar_subquery()


def _of_first_remittance(column: Any) -> ScalarSelect[Any]:
    return (
        select(column)
        .where(Remittance.merchant_id == UNCLAIMED_MERCHANT, Remittance.contract_id == Contract.id)
        .order_by(Remittance.collected_at, Remittance.id)
        .limit(1)
        .scalar_subquery()
    )


_FACTS = (
    Contract.id,
    Contract.number,
    Contract.rank,
    Contract.application,
    Contract.aside_source_id,
    Source.name.label("source"),
    _kept_aside(Remittance).label("remittances"),
    _kept_aside(Transaction).label("transactions"),
    _of_first_remittance(Remittance.collected_on).label("since"),
    _of_first_remittance(Remittance.siret).label("siret"),
)


@dataclass(frozen=True)
class SecondSource:
    """The rows that a second source brings for a contract that another one delivers.

    ``row`` is as in :func:`contracts`.
    """

    row: AnyRow
    delivered_by: str


def second_sources(
    connection: Connection, reseller_id: int, source_id: int | None = None
) -> list[SecondSource]:
    """What is kept aside for want of a word on who delivers a contract, by number; of one source or all."""
    whose = Contract.aside_source_id != 0 if source_id is None else Contract.aside_source_id == source_id
    aside = connection.execute(
        select(*_FACTS)
        .outerjoin(Source, Source.id == Contract.aside_source_id)
        .where(
            Contract.merchant_id == UNCLAIMED_MERCHANT,
            Contract.reseller_id == reseller_id,
            whose,
        )
        .order_by(*_ORDER.by())
        .limit(MOST_SHOWN)
    ).all()
    kept = [row for row in aside if row.remittances or row.transactions]
    if not kept:
        return []
    delivering = connection.execute(
        select(*_KEY, Source.name)
        .join(Source, Source.id == func.coalesce(Contract.transactions_source_id, Contract.source_id))
        .where(
            Contract.reseller_id == reseller_id,
            Contract.aside_source_id == 0,
            Contract.number.in_({row.number for row in kept}),
        )
    )
    names = {tuple(row)[:-1]: row.name for row in delivering}
    return [SecondSource(row, names.get((row.number, row.rank, row.application), "")) for row in kept]
