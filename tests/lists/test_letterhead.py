"""The head of a printed list names the outlets in sight, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.engine import DatabaseRole
from app.listing.scope import Scope
from app.lists.letterhead import MOST_NAMED, letterhead
from app.wording.i18n import speaking
from tests import factories

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.database.engine import Database

ADDRESS = {"address": "1 rue du Test", "postcode": "28400", "city": "EXEMPLEVILLE"}


def a_chain(connection: Connection, outlets: int) -> tuple[int, list[int]]:
    """A merchant and the contracts of ``outlets`` outlets, one each, named and numbered in order."""
    merchant_id = factories.a_merchant(connection)
    contracts = []
    for place in range(outlets):
        outlet_id = factories.an_outlet(
            connection,
            merchant_id=merchant_id,
            trade_name=f"SHOP {place:02}",
            siret=f"{merchant_id:09}{place:05}",
            **ADDRESS,
        )
        contracts.append(factories.a_contract(connection, merchant_id=merchant_id, outlet_id=outlet_id))
    return merchant_id, contracts


def said(database: Database, scope: Scope) -> str:
    with database.reading_as(scope) as connection, speaking("en"):
        head = letterhead(scope).read(connection)
        return head.words() if head else ""


def test_one_outlet_has_its_name_siret_and_address(database: Database) -> None:
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant_id, contracts = a_chain(connection, 3)
    one = f"SHOP 01 · SIRET {merchant_id:09}00001 · 1 rue du Test, 28400 EXEMPLEVILLE"
    assert said(database, Scope(merchant_id, (contracts[1],))) == one


def test_a_few_have_their_sirets_and_many_their_number(database: Database) -> None:
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant_id, contracts = a_chain(connection, MOST_NAMED + 1)
    few = ", ".join(f"{merchant_id:09}{place:05}" for place in range(2))
    assert said(database, Scope(merchant_id, tuple(contracts[:2]))) == f"2 outlets, SIRET {few}"
    assert said(database, Scope(merchant_id)) == f"{MOST_NAMED + 1} outlets"
    assert not said(database, Scope(merchant_id, ()))
