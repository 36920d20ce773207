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


#: Cyrillic, Greek, full-width letters like those of FICTION, a typographic sign, letters like Latin ones.
ALIKE = ("FI\u0421TION", "F\u0399CTION", "FICTI\u1d0fN", "FICT\u0131ON", "FIC\u2013TION")


@pytest.mark.parametrize("code", ALIKE)
def test_no_second_merchant_looks_like_the_first(operator: Operator, code: str) -> None:
    operator.declare({})
    other = {"merchant_code": code, "contract": "1111111", "siret": "99999999800027"}
    (refusal,) = operator.deliver(directory({"contract": "2222222"}, other)).refusals
    assert (refusal.line, refusal.column) == (3, "merchant code")
    assert code not in str(refusal)
    assert operator.rows("SELECT code FROM merchant WHERE id > 0") == [("FICTION",)]


def test_full_width_letters_of_a_key_are_those_they_stand_for(operator: Operator) -> None:
    def wide(text: str) -> str:
        return "".join(chr(ord(letter) + 0xFEE0) for letter in text)

    known = {"merchant_name": wide("FICTION")}
    operator.declare(known)
    keys = {"merchant_code": "FICTION", "contract": "7654321", "application": "CBEMV"}
    operator.declare(known | {name: wide(key) for name, key in keys.items()})
    operator.deliver(File(remittances=(Rem(contract=wide("7654321"), serial=wide("A1")),)))
    assert operator.rows("SELECT code, name FROM merchant WHERE id > 0") == [("FICTION", wide("FICTION"))]
    assert operator.rows("SELECT number, application FROM contract") == [("7654321", "CBEMV")]
    assert operator.rows("SELECT merchant_id > 0, serial_number FROM remittance") == [(True, "A1")]


def test_names_are_of_any_script_and_codes_have_accents(operator: Operator) -> None:
    operator.declare({"merchant_code": "CAFÉ-Œ 1", "merchant_name": "Καφέ", "trade_name": "Кафе"})
    assert operator.rows("SELECT code, name FROM merchant WHERE id > 0") == [("CAFÉ-Œ 1", "Καφέ")]


def test_a_merchant_whose_code_would_be_refused_today_goes_on(operator: Operator) -> None:
    operator.declare({})
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE merchant SET code = :code WHERE id > 0"), {"code": ALIKE[0]})
    operator.declare({"merchant_code": ALIKE[0], "contract": "1111111"})
    assert operator.value("SELECT count(*) FROM contract") == 2


def test_a_merchant_kept_in_full_width_letters_is_found_by_the_usual_ones(operator: Operator) -> None:
    operator.declare({})
    script = ScriptDirectory.from_config(alembic_config(operator.database)).get_revision("0068").module
    codes = "UPDATE merchant SET code = :code WHERE id > 0"
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text(codes), {"code": "\uff26ICTION"})
        connection.execute(text(script.ONE_WIDTH))
    operator.declare({"label": "Terrasse"})
    assert operator.rows("SELECT code FROM merchant WHERE id > 0") == [("FICTION",)]


@pytest.mark.parametrize("serial", ["\u0410123", "\u0391 1", "12\u01c3"])
def test_no_second_terminal_looks_like_the_first(operator: Operator, serial: str) -> None:
    (refusal,) = operator.deliver(File(remittances=(Rem(serial=serial),))).refusals
    assert refusal.column == "serial number"
    assert serial not in str(refusal)


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


@pytest.mark.parametrize(
    ("said", "ends"), [({"valid_from": ""}, "2026-03-01"), ({"valid_from": "2026-04-01"}, "2026-03-31")]
)
def test_a_contract_does_not_end_before_it_is_known_to_begin(
    operator: Operator, said: dict[str, str], ends: str
) -> None:
    """A line that leaves the first day out keeps the known one, and its last day is held to that."""
    operator.declare({"valid_from": "2026-03-02"})
    (refusal,) = operator.deliver(directory({"contract": "1111111"}, said | {"valid_to": ends})).refusals
    assert (refusal.line, refusal.column) == (3, "valid to")
    assert "2026" not in str(refusal)
    kept = "SELECT number, valid_from::text, valid_to::text FROM contract"
    assert operator.rows(kept) == [("7654321", "2026-03-02", None)]
    operator.declare({"valid_from": "", "valid_to": "2026-03-02"})
    operator.declare({"valid_from": "2026-02-01", "valid_to": "2026-03-01"})
    assert operator.rows(kept) == [("7654321", "2026-02-01", "2026-03-01")]


def test_a_contract_does_not_begin_after_it_is_known_to_end(operator: Operator) -> None:
    """A line without a last day takes the known one back: the contract goes on."""
    operator.declare({"valid_from": "2026-01-01", "valid_to": "2026-03-01"})
    operator.declare({"valid_from": "2026-03-02"})
    assert operator.rows("SELECT valid_from::text, valid_to FROM contract") == [("2026-03-02", None)]


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
