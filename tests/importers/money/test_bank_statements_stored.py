"""Bank statements loaded: whose account they are of, once each, their card money alone, in any format."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.database.migrate import alembic_config
from importers.load import Result, Status
from tests.examples import in_few_orders
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written

RIB = "99999000010000000000115"
HEADING = "reseller;merchant_code;iban_or_rib;label;grouping;fees;working_days;contracts\n"
DAY = date(2026, 3, 3)
OTHERS = (
    MovementLine(-100, code="B1", label="VIR SALAIRE DUPONT"),
    MovementLine(5_000, code="05", label="VIR LOYER"),
)


def declaration(operator: Operator, **said: str) -> bytes:
    reseller, code = operator.rows(
        "SELECT r.slug, m.code FROM merchant m JOIN reseller r ON r.id = m.reseller_id WHERE m.id <> 0"
    )[0]
    line = {
        "reseller": reseller,
        "code": code,
        "rib": RIB,
        "label": "",
        "grouping": "",
        "fees": "",
        "days": "",
        "contracts": "*",
    } | said
    return (HEADING + ";".join(line.values()) + "\n").encode()


def statement(*lines: MovementLine, **said) -> bytes:
    return written(Statement((*lines, *OTHERS), **said))


def a_bank(operator: Operator) -> None:
    """A merchant, and the source of a bank's folder."""
    operator.declare({})
    operator.bind("bank", role="money")


@pytest.fixture
def operator(prepared):
    return prepared(a_bank)


def deliver(operator: Operator, content: bytes, **options) -> Result:
    return operator.deliver_to("bank", content, **options)


def test_a_source_with_a_folder_of_its_own_delivers_money(operator):
    operator.deliver(File())
    roles = [("bank", "money"), ("demo-host", "payments")]
    told = "SELECT name, role FROM source ORDER BY name"
    assert operator.rows(told) == roles
    migration = ScriptDirectory.from_config(alembic_config(operator.database)).get_revision("0024").module
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE source SET role = 'payments'"))
        connection.execute(text(migration.ROLES))
    assert operator.rows(told) == roles


def test_card_money_is_kept_and_the_rest_counted(operator):
    assert operator.deliver(declaration(operator)).status is Status.LOADED
    result = deliver(
        operator,
        statement(MovementLine(5740, complement="NB0002"), MovementLine(-40, code="62", label="COM CB")),
    )
    assert result.status is Status.LOADED, [one.text() for one in result.refusals]
    assert result.counts == {"bank_statements": 1, "card_lines": 2, "other_bank_lines": 2}
    assert operator.rows(
        "SELECT kind, amount, rank, label, contract_number, contract_rank FROM bank_movement ORDER BY rank"
    ) == [
        ("remittance", 5740, 0, "REMISE CB 7654321001 NB0002", "7654321", "001"),
        ("fee", -40, 1, "COM CB", "", ""),
    ]
    assert operator.rows(
        "SELECT merchant_id <> 0, line_count, line_sum, kept_count, kept_sum, proven, part"
        " FROM bank_statement"
    ) == [(True, 4, 10_600, 2, 5_700, True, 0)]


def test_the_original_is_not_kept_and_comes_only_once(operator):
    content = statement(MovementLine(5740))
    assert deliver(operator, content).status is Status.LOADED
    assert deliver(operator, content).status is Status.KNOWN
    kept = [path for path in Path(operator.data).rglob("*") if path.is_file()]
    assert not [path for path in kept if b"SALAIRE" in path.read_bytes()]
    assert operator.count("bank_statement") == 1


def test_a_known_statement_in_another_file_changes_nothing(operator):
    deliver(operator, statement(MovementLine(5740)))
    again = deliver(operator, statement(MovementLine(5740, label="REMISE CB 7654321001 X")))
    assert (again.status, again.counts) == (Status.LOADED, {"bank_statements": 0, "known_statements": 1})
    assert operator.count("bank_movement") == 1


def test_another_content_of_a_day_waits_for_an_operator(operator):
    deliver(operator, statement(MovementLine(5740)))
    other = statement(MovementLine(5750))
    refused = deliver(operator, other)
    assert refused.status is Status.QUARANTINED
    assert operator.rows("SELECT unit, line FROM import_refusal") == [("statement", 1)]
    assert deliver(operator, other, replace=True).status is Status.LOADED
    assert operator.rows("SELECT amount FROM bank_movement") == [(5750,)]


def test_a_second_part_of_a_day_joins_the_first(operator):
    first = Statement((MovementLine(5740),), day=DAY)
    second = Statement((MovementLine(1840),), opening=first.closing, day=DAY)
    assert deliver(operator, written(second)).status is Status.LOADED
    assert deliver(operator, written(first)).status is Status.LOADED
    assert operator.rows("SELECT part, opening FROM bank_statement ORDER BY part") == [
        (0, first.closing),
        (1, first.opening),
    ]


def a_month() -> list[Statement]:
    """Two days of a bank, and one statement of both: the first day holds two lines of one amount."""
    twins = (MovementLine(5740), MovementLine(5740), MovementLine(-100, code="B1", label="VIR"))
    first = Statement(twins, day=DAY)
    second = Statement((MovementLine(1840),), opening=first.closing, day=DAY + timedelta(days=1))
    both = dated(first) + dated(second)
    return [first, second, Statement(both, day=second.day, since=DAY - timedelta(days=1))]


def dated(one: Statement) -> tuple[MovementLine, ...]:
    return tuple(replace(line, day=one.day) for line in one.lines)


@in_few_orders(range(3))
def test_a_line_of_a_day_and_of_its_month_counts_once(operator, order):
    found = a_month()
    for place in order:
        result = deliver(operator, written(found[place]))
        assert result.status is Status.LOADED, [one.text() for one in result.refusals]
    assert operator.rows("SELECT booked_on::text, amount FROM bank_movement ORDER BY 1, 2") == [
        ("2026-03-03", 5740),
        ("2026-03-03", 5740),
        ("2026-03-04", 1840),
    ]
    assert operator.count("bank_statement") == 3


def test_an_undeclared_account_waits_unseen_until_it_is_declared(operator):
    result = deliver(operator, statement(MovementLine(5740)))
    assert result.counts["unclaimed_statements"] == 1
    assert operator.rows("SELECT merchant_id FROM bank_movement") == [(0,)]
    assert operator.deliver(declaration(operator)).status is Status.LOADED
    assert operator.rows("SELECT merchant_id <> 0 FROM bank_movement") == [(True,)]
    assert operator.rows("SELECT merchant_id <> 0, kept_sum FROM bank_statement") == [(True, 5740)]
    assert operator.rows("SELECT merchant_id <> 0 FROM bank_account") == [(True,)]


def test_a_file_of_no_folder_says_how_to_give_it_a_source(operator):
    shop = {"merchant_code": "OTHERSHOP", "siret": "99999999900017", "contract": "1111111"}
    operator.declare({"reseller": "other", **shop})
    refused = operator.deliver(statement(MovementLine(5740)))
    assert refused.status is Status.QUARANTINED
    assert "bordereau source" in refused.refusals[0].text()


def test_a_declaration_names_line_and_column_of_what_is_wrong(operator):
    for column, said in (
        ("account", {"rib": RIB[:-1] + "7"}),
        ("merchant code", {"code": "NOBODY"}),
        ("contracts", {"contracts": "9999999"}),
        ("grouping", {"grouping": "weekly"}),
        ("working days", {"days": "31"}),
    ):
        refused = operator.deliver(declaration(operator, **said))
        assert [(one.line, one.column) for one in refused.refusals] == [(2, column)]
        assert RIB not in refused.refusals[0].text()


def test_an_iban_and_a_rib_name_the_same_account(operator):
    declared = declaration(operator, rib="FR76 9999 9000 0100 0000 0000 115")
    assert operator.deliver(declared).status is Status.LOADED
    assert operator.value("SELECT account_key FROM bank_account") == RIB[:21]


def test_contracts_name_the_account_that_they_are_credited_on(operator):
    operator.deliver(File(remittances=(Rem(transactions=(Trx(amount=3900),)),)))
    number = operator.value("SELECT DISTINCT number FROM contract WHERE merchant_id <> 0")
    assert operator.deliver(declaration(operator, contracts=number)).status is Status.LOADED
    assert operator.value("SELECT bank_account_id IS NOT NULL FROM contract WHERE merchant_id <> 0")


@pytest.mark.parametrize("qualifier", ["NPY", "NBE", "NPO", "NBU", "IPY", "IBE", "CBE"])
def test_who_pays_or_is_paid_is_not_stored_with_a_line_of_card_money(operator, qualifier):
    """What the bank says of others stands in complements of its own; the line itself is kept."""
    line = MovementLine(5740, complement="MARTINE DUPONT")
    data = statement(line).replace(b"LIBMARTINE", f"{qualifier}MARTINE".encode())
    assert data != statement(line)
    operator.deliver(declaration(operator))
    assert deliver(operator, data).counts["card_lines"] == 1
    (kept,) = operator.rows("SELECT to_jsonb(m)::text FROM bank_movement m")[0]
    assert line.label in kept
    assert "DUPONT" not in kept
