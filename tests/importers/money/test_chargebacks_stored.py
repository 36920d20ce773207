"""Chargebacks and operations loaded: whose they are, of which sale, in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.models import CardNumbers
from importers.files import profiles
from importers.formats.amex import disputes as american_express
from importers.load import Result, Status
from tests.examples import orders_of_files
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx
from tests.importers.money import samples
from tests.importers.money.test_bank_statements_stored import declaration
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written

SALE = "20260302;000101"  # the day and number of the first payment of a night
NIGHT = File(remittances=(Rem(transactions=(Trx(amount=3900), Trx(sequence="000102", amount=1840))),))


def journal(heading: str, *details: str, day: str = "26/03/20", name: str = "CAFE") -> bytes:
    return "\n".join([f"TITRE;{name};{day};V1", f"ENTETE;{heading}", *details, "FIN"]).encode()


def jri(*rows: str, contract: str = "7654321", **title: str) -> bytes:
    """Rows of day and number of the sale, D or C, amount."""
    heading = "CONTRACT;PAYMENT_DATE;TRANSACTION_ID;OPERATION_TYPE;SOURCE_AMOUNT;UNPAID_CODE"
    return journal(heading, *(f"DETAIL;{contract};{row};45" for row in rows), **title)


def jo(*rows: str, shop: str = "7654321", by: str = "CONTRACT", **title: str) -> bytes:
    """Rows of day and number of the sale, sequence, name, amount, day."""
    heading = (
        f"{by};PAYMENT_DATE;TRANSACTION_ID;OPERATION_SEQUENCE;OPERATION_NAME;OPERATION_AMOUNT;OPERATION_DATE"
    )
    return journal(heading, *(f"OPERATION;{shop};{row}" for row in rows), **title)


def a_platform_and_a_bank(operator: Operator) -> None:
    """A merchant, a platform's folder and a bank's."""
    operator.declare({})
    operator.bind("platform", role="money", cards=CardNumbers.MASK)
    operator.bind("bank", role="money")


@pytest.fixture
def operator(prepared):
    return prepared(a_platform_and_a_bank)


def loaded(operator: Operator, content: bytes, folder: str = "platform", **options: bool) -> Result:
    return operator.load_from(folder, content, **options)


def disputes(operator: Operator) -> list[tuple]:
    """Each chargeback with its sale, and what decided."""
    return operator.rows(
        "SELECT c.stage, c.noticed_on::text, c.amount, t.sequence_number, c.rule, c.candidates, c.is_last"
        " FROM chargeback c LEFT JOIN transaction t ON t.merchant_id = c.merchant_id"
        " AND t.id = c.transaction_id AND t.occurred_on = c.occurred_on ORDER BY 2, 1, 3"
    )


def states(operator: Operator) -> list[tuple]:
    return operator.rows("SELECT sequence_number, chargeback FROM transaction ORDER BY 1")


def test_a_chargeback_finds_its_sale_and_the_sale_says_so(operator):
    operator.deliver(NIGHT)
    result = loaded(operator, jri(f"{SALE};D;3900"))
    assert (result.counts, result.kept_aside) == ({"chargebacks": 1}, 0)
    assert disputes(operator) == [("debit", "2026-03-20", 3900, "000101", "sale_number", 1, True)]
    assert states(operator) == [("000101", "debited"), ("000102", "none")]
    assert operator.value("SELECT contract_id IS NOT NULL FROM chargeback")


def test_money_given_back_reverses_it_and_taken_again_debits_it(operator):
    operator.deliver(NIGHT)
    loaded(operator, jri(f"{SALE};D;3900"))
    loaded(operator, jri(f"{SALE};C;3900", day="26/03/25"))
    assert states(operator)[0] == ("000101", "reversed")
    assert [row[-1] for row in disputes(operator)] == [False, True]
    loaded(operator, jri(f"{SALE};D;3900", day="26/03/27"))
    assert states(operator)[0] == ("000101", "debited")


def test_of_two_sales_that_bear_the_number_none_is_chosen(operator):
    twin = Rem(number="000418", rank="002", terminal="002", transactions=(Trx(amount=3900),))
    operator.declare({}, {"rank": "002"})
    operator.deliver(File(remittances=(*NIGHT.remittances, twin)))
    loaded(operator, jri(f"{SALE};D;3900"))
    assert disputes(operator) == [("debit", "2026-03-20", 3900, None, "sale_number", 2, True)]
    assert {state for _, state in states(operator)} == {"none"}
    assert operator.value("SELECT contract_id FROM chargeback") is None


def test_an_undeclared_number_waits_unseen_until_it_is_declared(operator):
    result = loaded(operator, jri(f"{SALE};D;3900", contract="7000001"))
    assert result.kept_aside == 1
    assert operator.rows("SELECT merchant_id FROM chargeback") == [(0,)]
    operator.declare({}, {"contract": "7000001"})
    assert operator.rows("SELECT merchant_id <> 0 FROM chargeback") == [(True,)]
    assert operator.value(
        "SELECT 0 = ANY(merchant_ids) AND cardinality(merchant_ids) = 2 FROM import_file"
        " WHERE counts ? 'chargebacks'"
    )


def test_a_replaced_night_is_linked_anew(operator):
    operator.deliver(NIGHT)
    loaded(operator, jri(f"{SALE};D;3900"))
    other = File(remittances=(Rem(transactions=(Trx(sequence="000107", amount=3900),)),))
    assert operator.deliver(other, replace=True).status is Status.REPLACED
    assert disputes(operator) == [("debit", "2026-03-20", 3900, None, None, 0, True)]
    again = File(remittances=(Rem(transactions=(Trx(amount=3950),)),))
    assert operator.deliver(again, replace=True).status is Status.REPLACED
    assert states(operator) == [("000101", "debited")]


def test_another_journal_of_the_day_waits_for_an_operator_and_takes_its_place(operator):
    operator.deliver(NIGHT)
    loaded(operator, jri(f"{SALE};D;3900"))
    assert operator.deliver_to("platform", jri("20260302;000102;D;1840")).refused
    assert (
        operator.deliver_to("platform", jri("20260302;000102;D;1840"), replace=True).status is Status.REPLACED
    )
    assert states(operator) == [("000101", "none"), ("000102", "debited")]
    assert operator.count("chargeback") == 1


def test_what_is_known_changes_nothing_in_another_file(operator):
    operator.deliver(NIGHT)
    loaded(operator, jri(f"{SALE};D;3900"))
    again = loaded(operator, jri(f"{SALE};D;3900", "20260302;000102;D;1840", name="CAFE 2"))
    assert again.counts == {"chargebacks": 1, "known_records": 1}
    assert operator.count("chargeback") == 2


def test_an_operation_finds_its_sale(operator):
    operator.deliver(NIGHT)
    assert loaded(operator, jo(f"{SALE};1;CREDIT;500;20260305")).counts == {"operations": 1}
    assert operator.rows(
        "SELECT o.name, o.said, o.amount, t.sequence_number FROM operation o"
        " JOIN transaction t ON t.merchant_id = o.merchant_id AND t.id = o.transaction_id"
    ) == [("refund", "CREDIT", 500, "000101")]


def test_a_shop_that_the_platform_numbers_is_the_contract_that_the_operator_names(operator):
    operator.deliver(NIGHT)
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        profiles.change(connection, "platform", contracts={"099999999800019": "7654321"})
    loaded(operator, jo(f"{SALE};1;CANCEL;3900;20260305", shop="099999999800019", by="MERCHANT_ID"))
    assert operator.rows("SELECT contract_number, transaction_id IS NOT NULL FROM operation") == [
        ("7654321", True)
    ]


def test_a_chargeback_of_the_bank_is_one_and_goes_with_its_line(operator):
    operator.deliver(NIGHT)
    operator.deliver(declaration(operator))
    unpaid = MovementLine(-1840, code="38", label="IMPAYE CB TPE765432101")
    loaded(operator, written(Statement((unpaid,))), "bank")
    assert [row[:1] + row[2:6] for row in disputes(operator)] == [("debit", 1840, "000102", "amount", 1)]
    assert states(operator)[1] == ("000102", "debited")
    loaded(operator, written(Statement((MovementLine(5740),))), "bank", replace=True)
    assert disputes(operator) == []
    assert states(operator)[1] == ("000102", "none")


@pytest.mark.parametrize(
    "name", samples.named("journals/composed/jri", "amex/pyxmex", "amex/paxmex/dummy_cb")
)
def test_a_sample_is_stored_with_the_sums_that_an_independent_reader_finds(operator, name):
    said = samples.expected()[name]
    result = operator.deliver_to("platform", samples.content(name))
    assert result.status is Status.LOADED, [refusal.text() for refusal in result.refusals]
    count = said["counts"].get("cases") or said["counts"].get("details") or said["counts"]["D"]
    assert result.counts == {"chargebacks": count}
    assert operator.value("SELECT sum(amount) FROM chargeback") == sum(
        abs(one) for one in said["sums"].values()
    )


@pytest.mark.parametrize("name", samples.named("amex/pyxmex/dummy_emcbk"))
def test_full_card_numbers_are_refused_unless_the_profile_says_to_mask_them(operator, name):
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        profiles.change(connection, "platform", role="money", inbox="platform", cards=CardNumbers.REFUSE)
    result = operator.deliver_to("platform", samples.content(name))
    assert result.refusals[0].is_card_number


def test_nothing_personal_of_a_dispute_is_stored(operator):
    samples.stand_beside_the_checkout()
    for name in ("amex/pyxmex/dummy_emcbk_raw", "amex/pyxmex/dummy_eminq_raw"):
        loaded(operator, samples.content(name))
    columns = operator.rows("SELECT to_jsonb(c)::text FROM chargeback c")
    assert len(columns) == 30
    for (row,) in columns:
        assert not [part for part in row.split('"') if part.isupper() and " " in part]


FILES = (
    ("night", NIGHT.data()),
    ("jri", jri(f"{SALE};D;3900", "20260302;000102;D;1000")),
    ("jri", jri(f"{SALE};C;3900", day="26/03/25")),
    ("jo", jo(f"{SALE};1;CREDIT;500;20260305")),
    ("directory", b""),
    ("jri", jri("20260302;000102;D;1840", day="26/03/26")),
)


def load(operator: Operator, files: list[tuple[str, bytes]]) -> tuple[list, list, list]:
    for kind, content in files:
        if kind == "directory":
            operator.declare({}, {"contract": "7000001"})
        elif kind == "night":
            assert not operator.deliver(content).refused
        else:
            loaded(operator, content)
    operations = operator.rows("SELECT name, transaction_id IS NOT NULL FROM operation ORDER BY 1")
    return disputes(operator), states(operator), operations


@pytest.fixture
def expected(operator: Operator) -> Iterator[tuple[list, list, list]]:
    found = load(operator, list(FILES))
    assert found[1] == [("000101", "reversed"), ("000102", "debited")]
    return found


@orders_of_files()
@given(data=st.data())
def test_the_order_of_files_and_their_repetition_change_nothing(operator, expected, data):
    files = data.draw(st.permutations([*FILES, *FILES[:3]]))
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "TRUNCATE remittance, transaction, remittance_day, transaction_day, chargeback, operation,"
                " import_file, import_refusal, received_day, remittance_third, transaction_third,"
                " transaction_band"
            )
        )
    assert load(operator, files) == expected


def amex(kind: str, *cases: dict[str, str]) -> bytes:
    """A file of disputes of sales that bear one reference, as American Express gives several of a day."""
    said = {
        "contract_number": "7654321",
        "card": "37XXXXXXXXX1234",
        "currency": "EUR",
        "sold_on": "2026-03-02",
        "sale_number": "872049668357",
        "due_on": "2026-04-10",
    }
    return american_express.written(kind, [said | case for case in cases])


def test_cases_of_several_sales_that_bear_one_reference_are_all_there_and_a_notice_gives_way_to_its_debit(
    operator,
):
    first = {"case_key": "E1301100302", "noticed_on": "2026-03-20"}
    first |= dict.fromkeys(("amount", "sale_amount"), f"{100:020.2f}")
    second = first | {"case_key": "E1303300169"} | dict.fromkeys(("amount", "sale_amount"), f"{222:020.2f}")
    loaded(operator, amex("EMCBK", first, second))
    assert [row[-1] for row in disputes(operator)] == [True, True]
    loaded(operator, amex("EMINQ", first | {"noticed_on": "2026-03-10"}))
    assert [(row[0], row[-1]) for row in disputes(operator)] == [
        ("notice", False), ("debit", True), ("debit", True)
    ]  # fmt: skip
