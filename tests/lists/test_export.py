"""The CSV: for French Excel by a double-click, and for an accounting import."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from app.database.engine import DatabaseRole
from app.listing.criteria import Criteria
from app.listing.export import heading, too_long, write_csv
from app.listing.period import Days, Period
from app.listing.scope import Scope
from app.lists import REMITTANCES, TRANSACTIONS
from app.models import Remittance
from app.wording.i18n import speaking
from tests import factories

if TYPE_CHECKING:
    from app.database.engine import Database
    from app.listing.spec import ListSpec

TODAY = date(2026, 3, 3)
DAYS = Days(TODAY, TODAY, TODAY)


def exported(database: Database, spec: ListSpec, merchant_id: int) -> bytes:
    file = io.BytesIO()
    with database.reading_as(Scope(merchant_id)) as connection, speaking("en"):
        write_csv(
            connection,
            spec,
            Scope(merchant_id),
            Criteria.from_args(spec, [("period", "last-7-days")], DAYS),
            file,
        )
    return file.getvalue()


def cells(database: Database, spec: ListSpec, merchant_id: int) -> dict[str, str]:
    """The first line by the names of the fields."""
    text = exported(database, spec, merchant_id).decode("utf-8-sig")
    _, line, *_ = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    return dict(zip((field.name for field in spec.file_fields), line, strict=True))


def a_payment(database: Database, **values: object) -> int:
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        outlet_id = factories.an_outlet(
            connection, merchant_id=merchant_id, trade_name="CAFÉ DE LA FICTION", siret="00999999800019"
        )
        contract_id = factories.a_contract(
            connection,
            merchant_id=merchant_id,
            outlet_id=outlet_id,
            number="0065432",
            label="Salle; terrasse",
        )
        same = {"merchant_id": merchant_id, "contract_id": contract_id}
        remittance_id = factories.a_remittance(
            connection,
            **same,
            number="000417",
            file_number="D00183",
            siret=None,
            net_amount=-1250,
            refund_amount=1250,
        )
        factories.a_transaction(
            connection, **same, remittance_id=remittance_id, **{"sequence_number": "000101", **values}
        )
    return merchant_id


GOLDEN = (
    '02/03/2026 12:31:09;{state};CB Proximité;"\t0065432";"Salle; terrasse";"\t001";"\t30004";-12,50;-12,50;'
    "{type};{outcome};{reversal};;;{chargeback};;;;;"
    '"\t00";;"\t497010******0044";"\t12/28";"\t123456";BNP PARIBAS;VISA CLASSIC;"\t000417";"\tD00183";;'
    '"\t219300290018";INGENICO;CAFÉ DE LA FICTION;"\t00999999800019";BNP Paribas;EUR;;"\t000101";;'
    '02/03/2026 23:15:07;"\t001";{entry_mode};CB;"\tA0000000421010";{asked};"\tA1B2C3D4E5F60718";;;;;;;'
    "43,21;USD;1,0825;3,50"
)


def test_a_transaction_to_the_letter(database: Database) -> None:
    merchant_id = a_payment(
        database,
        type="refund",
        amount=1250,
        cardholder_amount=4321,
        cardholder_currency="USD",
        exchange_rate=Decimal("1.0825"),
        markup_percent=Decimal("3.50"),
    )
    with speaking("fr"):
        by_name = TRANSACTIONS.by_name
        codes = {
            "state": "remitted",
            "type": "refund",
            "outcome": "accepted",
            "reversal": "none",
            "chargeback": "none",
        }
        codes["entry_mode"] = "chip"
        words = {name: by_name[name].kind.show(code, {}) for name, code in codes.items()}
        words["asked"] = by_name["authorisation_asked"].kind.show(True, {})
        expected = f"\ufeff{heading(TRANSACTIONS)}\r\n{GOLDEN.format(**words)}\r\n"
    assert exported(database, TRANSACTIONS, merchant_id).decode() == expected


def test_amounts_have_the_decimals_of_their_currency(database: Database) -> None:
    for currency, amount, expected in (
        ("EUR", 5, "0,05"),
        ("JPY", 1200, "1200"),
        ("TND", 1500, "1,500"),
        ("CLF", 1, "0,0001"),
    ):
        merchant_id = a_payment(database, amount=amount, currency=currency, type="cancellation")
        found = cells(database, TRANSACTIONS, merchant_id)
        assert (found["amount"], found["net_amount"], found["currency"]) == (
            f"-{expected}",
            f"-{expected}",
            currency,
        )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
@pytest.mark.probes("CSV cells")
def test_text_that_begins_like_a_formula_is_harmless_and_negative_amounts_stay_numbers(
    start: str, database: Database
) -> None:
    text = f"{start}1+cmd|'/C calc'!A0"
    merchant_id = a_payment(database, issuer=text, dossier_number=text, type="refund")
    found = cells(database, TRANSACTIONS, merchant_id)
    assert found["issuer"] == f"'{text}"
    assert found["dossier"] == f"\t'{text}"
    assert found["amount"] == "-39,00"
    assert cells(database, REMITTANCES, merchant_id)["amount"] == "-12,50"


@pytest.mark.parametrize(
    ("values", "counted"),
    [
        ({"status": "correct"}, "-12,50"),
        ({"status": "rejected"}, "0,00"),
        ({"status": "incomplete"}, "0,00"),
        ({"transmission": "failed"}, "0,00"),
        ({"seal": "awaiting_totals", "has_totals": False}, "0,00"),
    ],
)
def test_what_did_not_reach_the_bank_shows_its_amount_and_counts_nothing(
    values: dict[str, Any], counted: str, database: Database
) -> None:
    merchant_id = a_payment(database)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(update(Remittance).where(Remittance.merchant_id == merchant_id).values(**values))
    found = cells(database, REMITTANCES, merchant_id)
    assert (found["amount"], found["net_amount"]) == ("-12,50", counted)


def test_declined_payments_show_their_amount_and_count_nothing(database: Database) -> None:
    for values in ({"outcome": "declined"}, {"outcome": "abandoned"}, {"type": "preauthorisation"}):
        found = cells(database, TRANSACTIONS, a_payment(database, **values))
        assert (found["amount"], found["net_amount"]) == ("39,00", "0,00")


def test_only_crlf_ends_a_line(database: Database) -> None:
    text = exported(database, REMITTANCES, a_payment(database))
    assert text.count(b"\r\n") == text.count(b"\n") == text.count(b"\r") == 2
    assert text.startswith(b"\xef\xbb\xbf")


def test_thirty_days_fit_in_a_file_and_one_more_is_split() -> None:
    def ask(first: str, last: str) -> tuple[Period, ...] | None:
        return too_long(Criteria.from_args(TRANSACTIONS, [("date_from", first), ("date_to", last)], DAYS))

    assert ask("2026-01-01", "2026-01-30") is None
    assert ask("2026-01-01", "2026-01-31") == (
        Period(date(2026, 1, 1), date(2026, 1, 30)),
        Period(date(2026, 1, 31), date(2026, 1, 31)),
    )


def test_a_local_time_is_exported_as_the_clock_showed_it(database: Database) -> None:
    merchant_id = a_payment(database, occurred_local=datetime(2026, 3, 2, 0, 0, 5), zone="Indian/Reunion")
    assert cells(database, TRANSACTIONS, merchant_id)["date"] == "02/03/2026 00:00:05"
