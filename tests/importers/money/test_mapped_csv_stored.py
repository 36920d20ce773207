"""CSV of platforms and banks loaded by a mapping: each line once, whatever exports bring it; never a sale."""

from __future__ import annotations

import pytest

from app.database.engine import DatabaseRole
from importers.files import profiles
from importers.load import Result, Status
from tests.examples import in_few_orders
from tests.importers.conftest import Operator
from tests.importers.money.samples import content, expected, named
from tests.importers.money.test_bank_statements_stored import RIB, declaration
from tests.importers.money.test_mapped_csv import (
    ADYEN,
    CAISSE_D_EPARGNE,
    CHECKOUT,
    CIC,
    PAYPAL,
    SOCIETE_GENERALE,
    STRIPE,
)

SUMUP_HEADING = (
    "Transaction ID,Transaction Type,Status,Date,Payout Date,Payout ID,Process As,Total,Fee,Payout"
)


def sumup(*rows: str) -> str:
    return "\n".join((SUMUP_HEADING, *rows)) + "\n"


def paid(number: int, payout: str = "P1", total: int = 10, status: str = "Paid") -> str:
    fee = total / 100
    return (
        f"T{number},Payout,{status},2026-03-{number:02},2026-03-20,{payout},CREDIT,"
        f"{total}.00,{fee:.2f},{total - fee:.2f}"
    )


def a_bank_and_a_platform(operator: Operator) -> None:
    """A merchant, whose bank and platform have folders of their own."""
    operator.declare({})
    operator.deliver(declaration(operator))
    operator.bind("bank", role="money", account=RIB)
    operator.bind(
        "platform", role="money", merchant=operator.value("SELECT code FROM merchant WHERE id <> 0")
    )


@pytest.fixture
def operator(prepared):
    return prepared(a_bank_and_a_platform)


def change(operator: Operator, name: str, **said) -> None:
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        profiles.change(connection, name, **said)


def loaded(operator: Operator, folder: str, text: str | bytes, **options) -> Result:
    result = operator.deliver_to(folder, text, **options)
    assert result.status is Status.LOADED, [one.text() for one in result.refusals]
    return result


def payments(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT payer, payee, number, gross, fee, net, net_proven, state, line_count FROM settlement"
        " WHERE merchant_id <> 0 ORDER BY number"
    )


def lines(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT s.number, l.rank, l.line_id, l.kind, l.gross, l.net_hundredths FROM settlement_line l"
        " JOIN settlement s ON s.merchant_id = l.merchant_id AND s.id = l.settlement_id ORDER BY 1, 2"
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (ADYEN, ("ADYEN", "ACME_FR", "7", 3402, 36, 3366, True, "paid", 3)),
        (STRIPE, ("STRIPE", "platform", "po_1", 875, 1570, -695, True, "carried", 3)),
        (PAYPAL, ("PAYPAL", "platform", "2026-03-02", 3400, 118, 3282, True, "carried", 2)),
        (CHECKOUT, ("CHECKOUT", "ent_1", "00000000CFJU", 2200, 8, 2192, True, "paid", 5)),
        (sumup(paid(1), paid(2)), ("SUMUP", "platform", "P1", 2000, 20, 1980, True, "paid", 2)),
    ],
)
def test_a_platform_becomes_settlements_of_its_merchant_and_never_a_second_turnover(operator, text, first):
    result = loaded(operator, "platform", text)
    assert (result.format, result.counts["settlements"]) == ("CSV", 1)
    assert payments(operator) == [first]
    assert operator.count("remittance") == operator.count("transaction") == 0
    again = loaded(operator, "platform", text + "\n")
    assert again.counts["settlements"] == 0
    assert payments(operator) == [first]


@pytest.mark.parametrize("name", named("sumup/"))
def test_a_sample_of_sumup_is_its_payouts(operator, name):
    said = expected()[name]["sums"]
    loaded(operator, "platform", content(name))
    assert {(row[7], row[5]) for row in payments(operator)} == {
        ("paid", said["Payout Paid Payout"]),
        ("announced", said["Payout Scheduled Payout"]),
    }


def test_chargebacks_of_a_platform_are_chargebacks_and_their_reversals(operator):
    heading, sale, *_ = ADYEN.splitlines(keepends=True)
    row = "ACME,ACME_FR,5555593193155599,CMD-9,2026-03-0{} 12:31,CET,{},EUR,EUR,{},,,,,{},\n"
    taken = row.format(3, "Chargeback", "12.00,,12.0000,", 7)
    given = row.format(4, "ChargebackReversed", ",12.00,,12.0000", 8)
    loaded(operator, "platform", ADYEN + taken)
    loaded(operator, "platform", heading + sale + given)
    assert operator.rows(
        "SELECT stage, amount, sale_number, noticed_on::text FROM chargeback ORDER BY 4"
    ) == [
        ("debit", 1200, "CMD-9", "2026-03-03"),
        ("reversal", 1200, "CMD-9", "2026-03-04"),
    ]


ONE, TWO, THREE = paid(1), paid(2, total=20), paid(3, total=30)
EXPORTS = (sumup(ONE, TWO), sumup(TWO, THREE), sumup(THREE, ONE))


@in_few_orders(EXPORTS)
def test_exports_that_overlap_make_one_payment_in_whatever_order_they_come(operator, order):
    for text in order:
        loaded(operator, "platform", text)
    assert payments(operator) == [("SUMUP", "platform", "P1", 6000, 60, 5940, True, "paid", 3)]
    assert [row[2:5] for row in lines(operator)] == [
        ("T1 Payout", "sale", 1000),
        ("T2 Payout", "sale", 2000),
        ("T3 Payout", "sale", 3000),
    ]
    assert operator.count("settlement") == 1


def test_a_line_that_is_known_with_another_content_waits_for_an_operator(operator):
    loaded(operator, "platform", sumup(ONE, TWO))
    other = sumup(paid(2, total=25), THREE)
    refused = operator.deliver_to("platform", other)
    assert (refused.status, refused.refusals[0].unit, refused.refusals[0].line) == (
        Status.QUARANTINED,
        "entry",
        1,
    )
    assert payments(operator)[0][3] == 3000
    loaded(operator, "platform", other, replace=True)
    assert payments(operator)[0][3] == 1000 + 2500 + 3000


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_was_announced_gives_way_to_what_was_paid_on_another_day(operator, order):
    exports = (
        sumup(paid(1, status="Scheduled")),
        sumup(paid(1)).replace("2026-03-20", "2026-03-21"),
    )
    for place in order:
        loaded(operator, "platform", exports[place])
    assert operator.rows("SELECT state, paid_on::text FROM settlement") == [("paid", "2026-03-21")]
    assert operator.count("settlement_line") == 1


def test_what_a_platform_said_before_its_merchant_was_known_appears_with_it(operator):
    change(operator, "platform", merchant="")
    operator.deliver(ADYEN.encode(), name="unknown.csv")
    loaded(operator, "platform", CHECKOUT)
    code = operator.value("SELECT code FROM merchant WHERE id <> 0")
    assert [row[1] for row in payments(operator)] == []
    change(operator, "platform", merchant=code)
    assert [row[1] for row in payments(operator)] == ["ent_1"]


def test_a_shop_that_a_platform_names_by_its_own_number_is_a_contract(operator):
    number = operator.value("SELECT number FROM contract")
    change(operator, "platform", merchant="", contracts={"ent_1": number})
    loaded(operator, "platform", CHECKOUT)
    assert [row[1] for row in payments(operator)] == ["ent_1"]


@pytest.mark.parametrize(
    ("text", "proven", "kept"),
    [
        (SOCIETE_GENERALE, [False], [(5740, "remittance"), (-46, "fee")]),
        (CIC, [True, True], [(5740, "remittance"), (-46, "fee")]),
        (CAISSE_D_EPARGNE, [False], [(-46, "fee")]),
    ],
)
def test_a_bank_becomes_the_statements_of_the_account_of_its_source(operator, text, proven, kept):
    result = loaded(operator, "bank", text)
    assert result.counts["bank_statements"] == len(proven)
    assert operator.rows("SELECT amount, kind FROM bank_movement ORDER BY amount DESC") == kept
    assert [row[0] for row in operator.rows("SELECT proven FROM bank_statement")] == proven
    assert operator.value("SELECT bool_and(merchant_id <> 0) FROM bank_statement")
    assert loaded(operator, "bank", text + "\n").counts["bank_statements"] == 0


def bank(*rows: tuple[int, str, str]) -> str:
    heading = "Date de comptabilisation;Libelle simplifie;Libelle operation;Debit;Credit\n"
    return heading + "".join(
        f"{day:02}/03/2026;X;{label};;+{amount}\n" for day, label, amount in reversed(rows)
    )


ROWS = tuple((day, "REMISE CB 7654321001", f"{day},00") for day in range(2, 7))


def test_exports_of_a_bank_that_overlap_give_each_line_once(operator):
    for first, last in ((0, 3), (2, 5), (1, 4), (0, 5)):
        loaded(operator, "bank", bank(*ROWS[first:last]))
    assert operator.rows("SELECT booked_on::text, amount FROM bank_movement ORDER BY 1") == [
        (f"2026-03-{day:02}", 100 * day) for day in range(2, 7)
    ]


def test_statements_without_any_card_money_are_statements_all_the_same(operator):
    result = loaded(operator, "bank", bank((2, "VIR SEPA LOYER", "12,00")))
    assert result.counts == {"bank_statements": 1, "card_lines": 0, "other_bank_lines": 1}


def test_a_day_that_was_not_over_gives_way_to_the_whole_of_it(operator):
    morning, evening = (2, "REMISE CB 7654321001", "3,00"), (2, "REMISE CB 7654321001", "4,00")
    loaded(operator, "bank", bank(morning))
    loaded(operator, "bank", bank(morning, evening, ROWS[3]))
    assert operator.rows("SELECT amount FROM bank_movement ORDER BY 1") == [(300,), (400,), (500,)]
    other = operator.deliver_to("bank", bank(evening, morning, (2, "REMISE CB 7654321001", "9,00")))
    assert other.status is Status.QUARANTINED


def test_a_bank_whose_account_nobody_has_said_is_set_aside_with_the_cure(operator):
    change(operator, "bank", account="")
    refused = operator.deliver_to("bank", CIC)
    assert refused.status is Status.QUARANTINED
    assert "--account" in refused.refusals[0].text()


def test_a_bank_with_labels_of_its_own_is_understood_as_its_source_says(operator):
    sale = bank((3, "CB CAFE DE LA FICTION 180126", "57,40"), (4, "VIR AMEX FR 065A6808", "27,60"))
    assert loaded(operator, "bank", sale).counts["card_lines"] == 0
    later = sale.replace("/03/2026", "/04/2026")
    change(
        operator, "bank", labels={"^CB .* [0-9]{6}$": "remittance"}, payers={"AMEX FR": "AMERICAN EXPRESS"}
    )
    assert loaded(operator, "bank", later).counts["card_lines"] == 2
    kept = "SELECT kind, payer FROM bank_movement ORDER BY booked_on"
    assert operator.rows(kept) == [("remittance", ""), ("payout", "AMERICAN EXPRESS")]


MINE = """
name = "Mine"
record = "settlements"
recognised_by = ["Ref", "Sort", "Brut"]
decimal = ","
days = "dmy"
[columns]
kind = ["Sort"]
number = ["Lot"]
day = ["Jour"]
gross = ["Brut"]
fee = ["Frais"]
reference = ["Ref"]
[words]
Vente = "sale"
"""


def test_a_mapping_of_ones_own_stands_in_the_profile_of_a_source(operator):
    text = "Ref|Sort|Jour|Brut|Frais|Lot|Nom\nA1|Vente|02/03/2026|39,00|0,31|7|Élodie\n"
    change(operator, "platform", mapping=MINE, encoding="cp850", delimiter="|")
    loaded(operator, "platform", text.encode("cp850"))
    assert payments(operator) == [("", "platform", "7", 3900, 31, 3869, True, "paid", 1)]


def test_headings_and_words_that_ours_does_not_know_are_said_in_the_profile(operator):
    german = (
        sumup(ONE)
        .replace("Transaction Type,Status", "Art,Zustand")
        .replace("Payout,Paid", "Auszahlung,Bezahlt")
    )
    assert operator.deliver_to("platform", german).status is Status.QUARANTINED
    change(
        operator,
        "platform",
        mapping="SumUp transaction report",
        aliases={"Art": "kind", "Zustand": "kind"},
        words={"Auszahlung Bezahlt": "sale"},
    )
    loaded(operator, "platform", german)
    assert payments(operator)[0][3:6] == (1000, 10, 990)


def test_a_file_of_another_format_than_its_source_delivers_is_refused(operator):
    change(operator, "platform", mapping="Adyen settlement detail")
    for text in (STRIPE, "hello\n"):
        refused = operator.deliver_to("platform", text)
        assert refused.status is Status.QUARANTINED
        assert "Psp Reference" in refused.refusals[0].text()
    change(operator, "bank", format="camt")
    assert "camt" in operator.deliver_to("bank", CIC).refusals[0].text()


@pytest.mark.parametrize("column", ["Shopper Name", "Merchant Reference"])
def test_no_copy_is_kept_of_a_refused_file_with_a_card_number_in_any_column(operator, column):
    heading, *rows = ADYEN.splitlines()
    place = heading.split(",").index(column)
    cells = rows[0].split(",")
    cells[place] = "4970101122334455"
    wrong = rows[1].replace("Settled", "Perhaps")
    refused = operator.deliver_to("platform", "\n".join((heading, ",".join(cells), wrong)) + "\n")
    assert refused.status is Status.QUARANTINED
    assert any(one.is_card_number for one in refused.refusals)
    quarantine = operator.data / "quarantine"
    assert not quarantine.exists() or not list(quarantine.iterdir())
