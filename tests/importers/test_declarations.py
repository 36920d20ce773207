"""Who owns what: what nobody has declared waits unseen, and a merchant directory is held to what is known."""

from __future__ import annotations

from datetime import date

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.database.migrate import alembic_config
from importers.load import Status
from tests.importers.conftest import Operator
from tests.importers.files import BOTH, NIGHT, File, Rem, Trx, directory


def test_an_undeclared_contract_is_kept_and_revealed_with_its_history(operator: Operator) -> None:
    operator.deliver(NIGHT)
    earlier = Rem(collected="2025-12-24T22:00:00", opened="", transactions=(Trx(at="2025-12-24T11:00:00"),))
    assert operator.deliver(File(remittances=(earlier,), key="earlier")).kept_aside == 1
    assert operator.rows("SELECT DISTINCT merchant_id FROM transaction") == [(0,)]
    assert operator.sums_kept() == []
    operator.declare({})
    assert operator.rows(
        "SELECT m.code, t.occurred_on, count(*) FROM transaction t JOIN merchant m ON m.id = t.merchant_id"
        " GROUP BY 1, 2 ORDER BY 2"
    ) == [("FICTION", date(2025, 12, 24), 1), ("FICTION", date(2026, 3, 2), 3)]
    assert operator.value("SELECT merchant_id FROM remittance WHERE transaction_count = 0") == 0
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()
    assert len(operator.sums_kept()) == 4
    operator.declare(*BOTH)
    assert operator.value("SELECT count(*) FROM remittance WHERE merchant_id = 0") == 0
    assert operator.value("SELECT count(*) FROM contract WHERE merchant_id = 0") == 0


def test_revealed_history_keeps_the_clock_of_its_shop(operator: Operator) -> None:
    operator.deliver(NIGHT)
    operator.declare({"time_zone": "Pacific/Noumea"})
    assert operator.value(
        "SELECT to_char(min(occurred_at), 'YYYY-MM-DD HH24:MI:SS') FROM transaction WHERE merchant_id <> 0"
    ) == ("2026-03-02 01:31:09")
    operator.declare({"time_zone": "Europe/Paris"})
    assert operator.value(
        "SELECT to_char(min(occurred_at), 'YYYY-MM-DD HH24:MI:SS') FROM transaction WHERE merchant_id <> 0"
    ) == ("2026-03-02 11:31:09")


def test_a_replacement_finds_rows_that_were_revealed_since(operator: Operator) -> None:
    operator.deliver(NIGHT)
    operator.declare(*BOTH)
    corrected = NIGHT.but(remittances=(Rem(transactions=(Trx(amount=4200),)),))
    assert operator.deliver(corrected, replace=True).status is Status.REPLACED
    assert operator.rows("SELECT amount, merchant_id <> 0 FROM transaction") == [(4200, True)]
    assert operator.count("remittance") == 1


def test_two_resellers_have_contract_numbers_of_their_own(operator: Operator) -> None:
    operator.declare({})
    operator.declare({"reseller": "other", "merchant_code": "ELSE", "contract": "9999999"})
    assert operator.deliver(NIGHT).kept_aside == 1  # known by the one reseller that declares a contract of it
    unknown = File(remittances=(Rem(contract="5555555"),), source="host-2", key="1")
    assert operator.deliver(unknown).kept_aside == 1
    operator.declare({"reseller": "other", "merchant_code": "ELSE", "contract": "5555555"})
    assert operator.rows(
        "SELECT r.slug, m.code, c.number FROM remittance t JOIN contract c ON c.merchant_id = t.merchant_id"
        " AND c.id = t.contract_id JOIN merchant m ON m.id = c.merchant_id"
        " JOIN reseller r ON r.id = t.reseller_id"
        " WHERE m.id <> 0 ORDER BY 1"
    ) == [("acme", "FICTION", "7654321"), ("other", "ELSE", "5555555")]


def test_a_contract_does_not_change_hands(operator: Operator) -> None:
    operator.declare({})
    other = {"merchant_code": "OTHER", "merchant_name": "OTHER", "siret": "99999999800027", "trade_name": "O"}
    result = operator.deliver(directory({"contract": "1111111"}, other))
    assert result.refused
    assert (result.refusals[0].line, result.refusals[0].column) == (3, "contract")
    assert operator.count("merchant") == 2  # ours and the one nobody belongs to


def test_a_contract_does_not_end_before_it_begins(operator: Operator) -> None:
    ended = {"contract": "1111111", "valid_from": "2026-03-02", "valid_to": "2026-03-02"}
    reversed_ = {"valid_from": "2026-03-02", "valid_to": "2026-03-01"}
    (refusal,) = operator.deliver(directory(ended, reversed_)).refusals
    assert (refusal.line, refusal.column) == (3, "valid to")
    assert operator.count("contract") == 0
    operator.declare(ended)


def test_a_directory_is_an_upsert(operator: Operator) -> None:
    operator.declare(*BOTH)
    operator.declare({"label": "Terrasse", "bank_name": "", "trade_name": "CAFE NOUVEAU"})
    assert operator.rows("SELECT rank, label, bank_name FROM contract ORDER BY rank") == [
        ("001", "Terrasse", "BNP Paribas"),
        ("701", "Comptoir", "BNP Paribas"),
    ]
    assert operator.value("SELECT trade_name FROM outlet") == "CAFE NOUVEAU"


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ({"time_zone": "Europe/Lutece"}, "time zone"),
        ({"siret": "123"}, "SIRET"),
        ({"merchant_code": ""}, "merchant code"),
        ({"valid_from": "2025-02-30"}, "valid from"),
        ({"rank": "1"}, "rank"),
        ({"currency": "EURO"}, "currency"),
    ],
)
def test_a_wrong_directory_is_refused(operator: Operator, line: dict[str, str], column: str) -> None:
    result = operator.deliver(directory({"contract": "1111111"}, line))
    assert (result.refusals[0].line, result.refusals[0].column) == (3, column)
    assert operator.count("contract") == 0


@pytest.mark.parametrize(
    "blank", [" ", "\u00a0", "\u202f", "\u3000", "\u200b", "\ufeff", " \u2060", "\u00ad"]
)
def test_invisible_marks_and_blanks_are_no_part_of_a_value(operator: Operator, blank: str) -> None:
    operator.declare({"merchant_code": f"FICTION{blank}", "contract": f"{blank}ab123{blank}"})
    operator.declare({"contract": "AB123", "application": f"cbemv{blank}"})
    operator.deliver(File(remittances=(Rem(contract=f"aB123{blank}", serial=f"{blank}A 1{blank}"),)))
    assert operator.rows("SELECT code FROM merchant WHERE id > 0") == [("FICTION",)]
    assert operator.rows("SELECT number, application FROM contract") == [("AB123", "CBEMV")]
    assert operator.rows("SELECT merchant_id > 0, serial_number FROM remittance") == [(True, "A 1")]


@pytest.mark.parametrize(
    "written",
    ["CAFÉ  DU QUAI", "CAFÉ\u00a0DU\u202fQUAI", "CAFE\u0301 DU QUAI", "CA\u00adFÉ DU QU\u2063AI"],
)
def test_what_looks_alike_is_one_merchant_one_contract_and_one_terminal(
    operator: Operator, written: str
) -> None:
    seen, keys = "CAFÉ DU QUAI", ("merchant_code", "merchant_name", "trade_name", "application")
    operator.declare(dict.fromkeys(keys, seen))
    operator.declare(dict.fromkeys(keys, written))
    operator.deliver(File(remittances=(Rem(application=written, serial=written),)))
    assert operator.rows("SELECT code, name FROM merchant WHERE id > 0") == [(seen, seen)]
    assert operator.rows("SELECT trade_name FROM outlet") == [(seen,)]
    assert operator.rows("SELECT application FROM contract") == [(seen,)]
    assert operator.rows("SELECT merchant_id > 0, serial_number FROM remittance") == [(True, seen)]


def test_keys_of_before_are_written_as_files_are_read_now(operator: Operator) -> None:
    """Else the same file again would be of a second merchant, and refused for contracts of the first."""
    operator.declare({"merchant_code": "LE COIN", "application": "QUASI CASH"})
    operator.declare({"merchant_code": "A B", "siret": "99999999800027", "contract": "1111111"})
    operator.declare({"merchant_code": "A C", "siret": "99999999800035", "contract": "2222222"})
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        for statement in (
            "UPDATE merchant SET code = 'LE\u00a0 CO\u00adIN' WHERE code = 'LE COIN'",
            "UPDATE merchant SET code = 'A\u00a0B' WHERE code = 'A C'",
            "UPDATE contract SET application = 'QUASI\u202fCASH' WHERE application = 'QUASI CASH'",
        ):
            assert connection.execute(text(statement)).rowcount == 1
        script = ScriptDirectory.from_config(alembic_config(operator.database)).get_revision("0065").module
        for statement in script.statements():
            connection.execute(text(statement))
    codes = [code for (code,) in operator.rows("SELECT code FROM merchant WHERE id > 0 ORDER BY id")]
    assert codes == ["LE COIN", "A B", "A\u00a0B"], "twins stay apart"
    operator.declare({"merchant_code": "LE\u00a0COIN", "application": "QUASI  CASH", "label": "Terrasse"})
    assert operator.rows("SELECT label, application FROM contract WHERE number = '7654321'") == [
        ("Terrasse", "QUASI CASH")
    ]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ({"merchant_code": "Fiction"}, "merchant code"),
        ({"merchant_name": '"CAFES DE LA FICTION"'}, "merchant name"),
        ({"currency": "ZZZ"}, "currency"),
        ({"currency": "XAU"}, "currency"),
        ({"currency": "FRF"}, "currency"),
    ],
)
def test_look_alikes_and_what_is_no_money_are_refused(
    operator: Operator, line: dict[str, str], column: str
) -> None:
    operator.declare({})
    result = operator.deliver(directory(line))
    assert [(refusal.line, refusal.column) for refusal in result.refusals] == [(2, column)]
