"""Acceptors: whose the numbers are by which acquirers know a merchant."""

from __future__ import annotations

from app.database.engine import DatabaseRole
from app.models import CardNumbers
from importers.files import archive, profiles, sources
from importers.load import Status


def acceptors(operator):
    return operator.rows(
        "SELECT m.code, a.number FROM acceptor a JOIN merchant m ON m.id = a.merchant_id ORDER BY 1, 2"
    )


def test_a_number_belongs_to_whom_its_contracts_are_declared_for_whatever_their_ranks(operator):
    operator.declare({}, {"rank": "701", "application": "CBCLESS"}, {"contract": "7654399"})
    operator.declare({"rank": "002"})
    assert acceptors(operator) == [("FICTION", "7654321"), ("FICTION", "7654399")]


def test_a_number_that_two_merchants_bear_names_nobody(operator):
    operator.declare({}, {"contract": "7654399"})
    operator.declare(
        {"merchant_code": "OTHER", "merchant_name": "AUTRE", "siret": "99999999700011", "rank": "002"}
    )
    assert acceptors(operator) == [("FICTION", "7654399")]
    operator.declare({})
    assert acceptors(operator) == [("FICTION", "7654399")]


def test_a_source_alone_allows_full_card_numbers_in_their_fields(operator):
    operator.declare({})
    path = operator.folder / "amex" / "file.csv"
    path.parent.mkdir()
    path.write_bytes(b"content")
    file = archive.receive(path, None)
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        assert sources.context_of(connection, file).cards is CardNumbers.REFUSE
        sources.bind(connection, "amex", "acme")
        profiles.change(connection, "amex", role="money", inbox="amex", cards=CardNumbers.MASK)
        assert sources.context_of(connection, file).cards is CardNumbers.MASK
        sources.bind(connection, "other", "acme")
        profiles.change(connection, "other", role="money", inbox="amex", file_pattern=".*")
        assert sources.context_of(connection, file).cards is CardNumbers.REFUSE
    assert operator.deliver(b"nothing").status is Status.QUARANTINED
