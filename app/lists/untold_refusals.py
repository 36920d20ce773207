"""The contracts whose refusals nobody tells: their payments come in files of settlements alone.

Source: shared format page "Money", section 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, exists, func, not_, select

from app.listing.reading import Reading, Rows
from app.listing.scope import AnyScope, Scope
from app.listing.source import in_scope
from app.listing.spec import FilterNotes
from app.models import Contract, ImportFile, ImportStatus, Settlement, TransactionDay
from app.rules.payments import Outcome
from app.wording.i18n import ngettext

#: The formats of payments that no terminal delivers, and that tell of refusals.
TELLING: Final = ("journal", "caaa.011")
#: So many contracts are named.
MOST: Final = 3


def _without_refusals(scope: Scope) -> Reading[Rows]:
    """The contracts of settlements of whom no refusal is known, each with its source."""
    return Reading((_contracts(scope.any_such),), lambda rows: rows, scope.values)


def _notes(connection: Connection, rows: Rows) -> Mapping[str, str]:
    """What is to be said at the filter of outcomes: a source that tells of refusals may have had none yet."""
    if not rows:
        return {}
    telling = (
        select(ImportFile.source_id)
        .where(
            ImportFile.source_id.in_([row.source_id for row in rows]),
            ImportFile.status == ImportStatus.LOADED,
            ImportFile.format.in_(TELLING),
        )
        .distinct()
    )
    told = set(connection.scalars(telling))
    numbers = dict.fromkeys(row.number for row in rows if row.source_id not in told)
    return {"outcome": _words([*numbers])} if numbers else {}


#: What is said at the filters of Transactions.
UNTOLD_REFUSALS: Final = FilterNotes(read=_without_refusals, words=_notes)


def _words(numbers: list[str]) -> str:
    named = ngettext(
        "Refusals not told of the contract %(numbers)s",
        "Refusals not told of the contracts %(numbers)s",
        len(numbers),
        numbers=", ".join(numbers[:MOST]),
    )
    others = len(numbers) - MOST
    return f"{named} {ngettext('and %(num)s other', 'and %(num)s others', others)}" if others > 0 else named


@cache
def _contracts(scope: AnyScope) -> Select[*tuple[Any, ...]]:
    """The numbers of the contracts that a source of settlements brings, without a declined payment.

    Of a merchant without any settlement, no contract is looked at.
    """
    source = func.coalesce(Contract.transactions_source_id, Contract.source_id)
    settled = exists().where(Settlement.merchant_id == Contract.merchant_id, Settlement.source_id == source)
    declined = exists().where(
        and_(
            TransactionDay.merchant_id == Contract.merchant_id,
            TransactionDay.contract_id == Contract.id,
            TransactionDay.outcome == Outcome.DECLINED.value,
        )
    )
    mine = in_scope(Contract.merchant_id, Contract.id, scope)
    any_settled = exists().where(Settlement.merchant_id == scope.merchant_id)
    columns = (Contract.number, source.label("source_id"))
    return (
        select(*columns)
        .where(any_settled, *mine, settled, not_(declined))
        .distinct()
        .order_by(Contract.number)
    )
