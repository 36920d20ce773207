"""Payments that no terminal delivers, loaded as remittances without totals, whatever order they come in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.database.engine import DatabaseRole
from importers.files import profiles
from importers.load import Result, Status
from tests.examples import orders_of_files
from tests.importers.conftest import Operator
from tests.importers.money import test_caaa as caaa
from tests.importers.money.test_chargebacks_stored import disputes, jri

HEADING = (
    "ENTETE;TRANSACTION_ID;CONTRACT;TRANSACTION_TYPE;ORIGIN_AMOUNT;AMOUNT;CURRENCY_CODE;PAYMENT_DATE;"
    "PAYMENT_TIME;CAPTURE_DATE;CARD_TYPE;CARD_NUMBER;AUTHORIZATION_ID;TRANSACTION_STATUS;ORDER_ID;"
    "TRANSACTION_CONDITION;COMPLEMENTARY_INFO;BANK_RESPONSE_CODE"
)


def sale(  # noqa: PLR0913 - the columns of a row
    number: str = "000101",
    amount: int = 3900,
    *,
    contract: str = "7654321",
    kind: str = "DEBIT",
    on: str = "20260302",
    at: str = "123109",
    captured: str = "20260303",
    status: str = "CAPTURED",
    origin: int | None = None,
    scheme: str = "CB",
    order: str = "CMD-0101",
) -> str:
    first = amount if origin is None else origin
    return (
        f"TRANSACTION;{number};{contract};{kind};{first};{amount};978;{on};{at};{captured};{scheme};4970.28;"
        f"123456;{status};{order};3D_SUCCESS;CARD_COUNTRY=FRA;00"
    )


def jt(*rows: str, day: str = "26/03/03_02:05:00", name: str = "CAFE", heading: str = HEADING) -> bytes:
    return "\n".join([f"TITRE;{name};{day};TABLE_V4", heading, *rows, "FIN"]).encode()


def a_platform(operator: Operator) -> None:
    """A merchant whose contract a platform delivers, and the folder of its disputes."""
    operator.declare({"application": "CBVAD"})
    operator.bind("platform", role="payments", application="CBVAD", time_zone="Europe/Paris")
    operator.bind("disputes", role="money")


@pytest.fixture
def operator(prepared):
    return prepared(a_platform)


def loaded(operator: Operator, content: bytes, folder: str = "platform", **options: bool) -> Result:
    return operator.load_from(folder, content, **options)


def remittances(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT number, collected_local::text, status, seal, has_totals, transaction_count, net_amount"
        " FROM remittance ORDER BY collected_on, number"
    )


def transactions(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT t.sequence_number, t.type, t.outcome, t.amount, t.remitted, r.number, r.collected_on::text"
        " FROM transaction t JOIN remittance r ON r.merchant_id = t.merchant_id AND r.id = t.remittance_id"
        " ORDER BY t.sequence_number"
    )


def check_sums(operator: Operator) -> None:
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


def test_captured_payments_are_a_remittance_without_totals(operator):
    result = loaded(operator, jt(sale(), sale("000102", 500, kind="CREDIT"), sale("A-7", 1840)))
    assert (result.counts, result.kept_aside) == ({"transactions": 3}, 0)
    assert result.sums == {"EUR": {"count": 3, "net": 5240}}
    assert remittances(operator) == [("", "2026-03-03 23:59:59", "correct", "no_totals", False, 3, 5240)]
    assert {row[4] for row in transactions(operator)} == {True}
    assert operator.value("SELECT missing_sequences FROM remittance") == 0
    check_sums(operator)


def test_what_is_not_captured_yet_is_pending_and_moves_when_it_is(operator):
    loaded(operator, jt(sale(captured="", status="TO_CAPTURE"), sale("000102")))
    assert remittances(operator) == [
        ("-", "2026-03-02 23:59:59", "incomplete", "no_totals", False, 1, 3900),
        ("", "2026-03-03 23:59:59", "correct", "no_totals", False, 1, 3900),
    ]
    assert transactions(operator)[0] == ("000101", "debit", "accepted", 3900, False, "-", "2026-03-02")
    check_sums(operator)
    loaded(operator, jt(sale(captured="20260305"), day="26/03/05_02:05:00"))
    assert [row[:2] for row in remittances(operator)] == [
        ("", "2026-03-03 23:59:59"),
        ("", "2026-03-05 23:59:59"),
    ]
    assert transactions(operator)[0] == ("000101", "debit", "accepted", 3900, True, "", "2026-03-05")
    assert operator.count("remote_payment") == 2
    check_sums(operator)


def test_a_number_repeats_every_day(operator):
    loaded(operator, jt(sale(), sale(on="20260303", captured="20260303", amount=100)))
    assert remittances(operator)[0][-2:] == (2, 4000)


@pytest.mark.parametrize(
    ("status", "captured", "expected"),
    [
        ("CAPTURED", "20260303", [("000101", "debit", "accepted", True)]),
        ("AUTHORISED", "", [("000101", "debit", "accepted", False)]),
        ("TO_CAPTURE", "", [("000101", "debit", "accepted", False)]),
        ("TO_VALIDATE", "", [("000101", "debit", "accepted", False)]),
        ("REFUSED", "", [("000101", "debit", "declined", False)]),
        ("CANCELLED", "", [("000101", "debit", "abandoned", False)]),
        ("EXPIRED", "", [("000101", "debit", "abandoned", False)]),
        ("ABANDONED", "", [("000101", "debit", "abandoned", False)]),
        (
            "CANCELLED",
            "20260303",
            [("000101", "debit", "accepted", True), ("000101-A", "cancellation", "accepted", True)],
        ),
    ],
)
def test_each_status_has_its_outcome(operator, status, captured, expected):
    is_void = status in ("REFUSED", "CANCELLED", "EXPIRED", "ABANDONED")
    loaded(operator, jt(sale(status=status, captured=captured, amount=0 if is_void else 3900, origin=3900)))
    found = [(number, kind, outcome, is_in) for number, kind, outcome, _, is_in, *_ in transactions(operator)]
    assert found == expected
    assert {row[3] for row in transactions(operator)} == {3900}
    check_sums(operator)


def test_a_cancellation_takes_its_sale_back(operator):
    loaded(operator, jt(sale()))
    loaded(operator, jt(sale(status="CANCELLED"), day="26/03/04_02:05:00"))
    assert remittances(operator)[0][-2:] == (2, 0)
    assert operator.rows("SELECT sequence_number, reversal FROM transaction ORDER BY 1") == [
        ("000101", "cancelled"),
        ("000101-A", "none"),
    ]


def test_a_verification_is_counted_and_not_kept(operator):
    result = loaded(operator, jt(sale(), sale("000102", 0, kind="VERIFICATION")))
    assert result.counts == {"transactions": 1, "verifications": 1}
    assert operator.count("transaction") == 1


ROWS = (
    (sale("000101", captured="", status="TO_CAPTURE"), "26/03/03_02:05:00"),
    (sale("000101", captured="20260304"), "26/03/04_02:05:00"),
    (sale("000102", 1250, captured="", status="REFUSED", origin=1250), "26/03/03_02:05:00"),
    (sale("000103", 500, kind="CREDIT"), "26/03/03_02:05:00"),
    (sale("000103", 400, kind="CREDIT", captured="20260304"), "26/03/05_02:05:00"),
    (sale("000101", on="20260303", captured="20260304", amount=700), "26/03/04_02:05:00"),
    (sale("000104", captured="", status="AUTHORISED"), "26/03/03_02:05:00"),
    (sale("000104", captured="", status="EXPIRED"), "26/03/09_02:05:00"),
)


def outcome(operator: Operator) -> tuple[object, ...]:
    remote = operator.rows(
        "SELECT t.sequence_number, p.occurred_on, number, sold_on, said_at, p.captured_on, three_ds,"
        " card_country FROM remote_payment p JOIN transaction t ON t.merchant_id = p.merchant_id"
        " AND t.id = p.transaction_id ORDER BY 1, 2"
    )
    return (*operator.digest(), remote)


@pytest.fixture
def whole(operator: Operator) -> tuple[object, ...]:
    """What one file of each moment gives, in order."""
    for day in sorted({day for _, day in ROWS}):
        loaded(operator, jt(*(row for row, said in ROWS if said == day), day=day))
    check_sums(operator)
    return outcome(operator)


@orders_of_files()
@given(st.permutations(ROWS), st.lists(st.sampled_from(ROWS), max_size=3))
def test_any_order_split_and_repetition_gives_the_same_tables(operator, whole, order, again):
    """Each row in a file of its own, in any order, some twice: as one file of each moment, in order."""
    operator.forget_payments()
    for place, (row, day) in enumerate((*order, *again)):
        loaded(operator, jt(row, day=day, name=f"PART {place}"))
    assert outcome(operator) == whole
    check_sums(operator)


def test_two_files_of_one_moment_that_disagree_wait_for_an_operator(operator):
    loaded(operator, jt(sale()))
    other = jt(sale(amount=3800, origin=3800), name="CAFE 2")
    assert operator.deliver_to("platform", other).refused
    assert transactions(operator)[0][3] == 3900
    loaded(operator, other, replace=True)
    assert transactions(operator)[0][3] == 3800
    check_sums(operator)


def test_a_replaced_journal_takes_what_it_brought_with_it(operator):
    loaded(operator, jt(sale(), sale("000102", 100)))
    assert operator.deliver_to("platform", jt(sale("000103", 100))).refused
    assert operator.deliver_to("platform", jt(sale("000103", 100)), replace=True).status is Status.REPLACED
    assert [row[0] for row in transactions(operator)] == ["000103"]
    assert operator.count("remote_payment") == 1
    check_sums(operator)


def test_times_are_on_the_clock_of_the_outlet_and_links_on_that_of_the_platform(operator):
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        profiles.change(connection, "platform", role="payments", time_zone="UTC")
    late, early = sale(at="233000"), sale(on="20260303", at="100000", amount=100)
    loaded(operator, jt(late, early, day="26/03/04_02:05:00"))
    assert operator.rows("SELECT sequence_number, occurred_local::text FROM transaction ORDER BY 2") == [
        ("000101-20260302", "2026-03-03 00:30:00"),
        ("000101", "2026-03-03 11:00:00"),
    ]
    assert operator.value(
        "SELECT min(occurred_at) = CAST('2026-03-02T23:30:00Z' AS timestamptz) FROM transaction"
    )
    loaded(operator, jri("20260302;000101;D;3900"), "disputes")
    assert [row[3] for row in disputes(operator)] == ["000101-20260302"]


@pytest.mark.parametrize("zone", ["America/Martinique", "Pacific/Noumea"])
def test_a_day_without_a_time_is_that_day_wherever_the_outlet_is(operator, zone):
    operator.declare({"application": "CBVAD", "time_zone": zone})
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        profiles.change(connection, "platform", role="payments", time_zone="UTC")
    heading = "ENTETE;TRANSACTION_ID;CONTRACT;TYPE;AMOUNT;PAYMENT_DATE;CAPTURE_DATE;STATUT"
    loaded(operator, jt("TRANSACTION;000101;7654321;DEBIT;3900;20260302;20260303;CAPTURED", heading=heading))
    assert operator.rows("SELECT occurred_local::text FROM transaction") == [("2026-03-02 00:00:00",)]


def test_a_journal_of_a_source_that_delivers_no_payments_says_what_to_do(operator):
    result = operator.deliver_to("disputes", jt(sale()))
    assert result.refused
    assert "--application CODE" in result.refusals[0].text()


def test_an_undeclared_contract_waits_with_all_that_is_known_of_it(operator):
    result = loaded(operator, jt(sale(contract="7000001")))
    assert result.kept_aside == 1
    operator.declare({"contract": "7000001", "application": "CBVAD"})
    assert operator.rows("SELECT DISTINCT merchant_id <> 0 FROM remote_payment") == [(True,)]
    assert operator.value("SELECT remitted FROM transaction")


def test_money_of_another_channel_is_no_part_of_the_remittance(operator):
    operator.declare({"application": "CBVAD"}, {"application": "PAYPAL"})
    loaded(operator, jt(sale(), sale("000102", 100, scheme="PAYPAL")))
    found = operator.rows(
        "SELECT c.application, r.net_amount FROM remittance r"
        " JOIN contract c ON c.id = r.contract_id ORDER BY 1"
    )
    assert found == [("CBVAD", 3900), ("PAYPAL", 100)]


def test_an_empty_journal_vouches_for_its_day(operator):
    loaded(operator, jt())
    assert operator.value("SELECT count(DISTINCT subject) FROM received_day") == 2


def test_nobody_is_silent_for_a_platform(operator):
    loaded(operator, jt(sale()))
    assert (operator.count("terminal"), operator.count("terminal_day")) == (0, 0)


@pytest.mark.parametrize("heading", ["TRANSACTION_ID", "ORDER_ID", "CARD_TYPE", "TRANSACTION_CONDITION"])
def test_a_card_number_in_a_free_field_is_refused(operator, heading):
    cells = sale().split(";")
    cells[HEADING.split(";").index(heading)] = "4111111111111111"
    result = operator.deliver_to("platform", jt(";".join(cells)))
    assert result.refused
    assert "4111" not in result.refusals[0].text()
    assert operator.count("transaction") == 0


def test_a_nexo_batch_is_a_remittance_under_its_own_number(operator):
    original = "<OrgnlTx><TxId><TxRef>000101</TxRef></TxId></OrgnlTx>"
    data = caaa.batch(caaa.tx(), caaa.tx("000102", "12.50"), caaa.tx("000103", record="Cxl", more=original))
    result = loaded(operator, data)
    assert result.counts == {"transactions": 3}
    assert remittances(operator) == [
        ("000417", "2026-03-02 23:15:00", "correct", "no_totals", False, 3, 1250)
    ]
    assert [row[:3] for row in transactions(operator)] == [
        ("000101", "debit", "accepted"),
        ("000102", "debit", "accepted"),
        ("000103", "cancellation", "accepted"),
    ]
    assert operator.value("SELECT reversal FROM transaction WHERE sequence_number = '000101'") == "cancelled"
    assert operator.value("SELECT min(occurred_local)::text FROM transaction") == "2026-03-02 12:31:09"
    check_sums(operator)


def test_a_nexo_batch_of_a_source_of_money_says_what_to_do(operator):
    assert "--application CODE" in operator.deliver_to("disputes", caaa.batch(caaa.tx())).refusals[0].text()


def test_nothing_personal_is_stored(operator):
    heading = HEADING + ";CUSTOMER_EMAIL;CUSTOMER_NAME;CUSTOMER_IP_ADDRESS"
    loaded(operator, jt(sale() + ";jane@example.net;JANE DOE;192.0.2.7", heading=heading))
    tables = operator.rows(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'public'::regnamespace"
    )
    for (table,) in tables:
        for (row,) in operator.rows(f"SELECT to_jsonb(t)::text FROM {table} t"):
            assert not any(word in row for word in ("jane@", "JANE", "192.0.2.7")), table
