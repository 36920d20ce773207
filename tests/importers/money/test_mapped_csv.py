"""CSV of platforms and banks: each mapping of ours on a file of its kind, and one that a reseller saves."""

from __future__ import annotations

import pandas as pd
import pytest

from app.models import DELIMITERS
from app.rules import source_columns
from importers.formats import UNKNOWN_FORMAT, FileContext, formats, mapped_csv, recognise
from importers.formats.mapped_csv.mapping import ours, saved
from importers.refusals import FileRefusedError
from tests.importers.money.samples import content, expected, named

ADYEN = """Company Account,Merchant Account,Psp Reference,Merchant Reference,Creation Date,TimeZone,\
Type,Net Currency,Gross Currency,Gross Debit (GC),Gross Credit (GC),Net Debit (NC),Net Credit (NC),\
Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),Batch Number,Shopper Name
ACME,ACME_FR,5555593193155555,CMD-1,2026-03-02 12:31,CET,Settled,EUR,EUR,,39.00,,38.6880,,0.1,0.012,0.2,7,A B
ACME,ACME_FR,5555593193155556,CMD-2,2026-03-02 12:31,CET,Settled,EUR,EUR,,0.02,0.0300,,,0.0500,,,7,A B
ACME,ACME_FR,5555593193155557,CMD-3,2026-03-02 12:31,CET,Refunded,EUR,EUR,5.00,,5.0000,,,,,,7,A B
ACME,ACME_FR,,,2026-03-04 08:00:00,CET,MerchantPayout,EUR,,,,33.6580,,,,,,7,
"""
STRIPE = """automatic_payout_id,automatic_payout_effective_at_utc,balance_transaction_id,created_utc,\
currency,gross,fee,net,reporting_category,customer_name
po_1,2026-03-04 00:00:00,txn_1,2026-03-02 12:31:09,eur,39.00,0.70,38.30,charge,A B
po_1,2026-03-04 00:00:00,txn_2,2026-03-02 12:31:09,EUR,-30.00,15.00,-45.00,dispute,A B
po_1,2026-03-04 00:00:00,txn_3,2026-03-03 00:00:00,eur,-0.25,0,-0.25,fee,
po_1,2026-03-04 00:00:00,txn_4,2026-03-04 00:00:00,eur,24,0,-6.95,payout,
"""
PAYPAL = """"RH",2026/03/03 02:44:19 -0700,"A","X",009,
"CH","Transaction ID","Invoice ID","Transaction Event Code","Transaction Completion Date",\
"Transaction Debit or Credit","Gross Transaction Amount","Gross Transaction Currency","Fee Debit or Credit",\
"Fee Amount","Consumer ID"
"SB","1AB","CMD-1","T0006",2026/03/02 12:31:09 -0700,"CR",3900,"EUR","DR",133,"P1"
"SB","2AB","CMD-1","T1107",2026/03/02 12:31:09 -0700,"DR",500,"EUR","CR",15,"P1"
"SF",2
"""
CHECKOUT = """Client Entity ID,Payment ID,Action ID,Action Type,Breakdown Type,Reference,Holding Currency,\
Holding Currency Amount,Processed On,Payout ID
ent_1,pay_1,act_1,Capture,Capture,CMD-1,EUR,39.00,2026-03-02T18:07:06.844,00000000CFJU
ent_1,pay_1,act_1,Capture,Scheme Variable Fee,CMD-1,EUR,-0.0312,2026-03-02T18:07:06.844,00000000CFJU
ent_1,,act_2,Network Token,Network Token Fixed Fee,,EUR,-0.0500,2026-03-02T18:07:06.844,00000000CFJU
ent_1,pay_2,act_3,Refund,Refund,CMD-0,EUR,-5.00,2026-03-03T09:00:00,00000000CFJU
ent_1,pay_3,act_4,Chargeback,Chargeback,CMD-9,EUR,-12.00,2026-03-03T09:00:00,00000000CFJU
"""
SOCIETE_GENERALE = """="0300300000000";01/03/2026;31/03/2026;
Solde;1000,00

Date;Libellé;Détail de l'écriture;Montant de l'opération;Devise
03/03/2026;FACTURES CARTES REMISES;REMISE CB;57,40;EUR
;;SUITE 7654321001;;
03/03/2026;COMMISSIONS ET FRAIS DIVERS;REMISE CB;-0,46;EUR
"""
CIC = """Date;Date de valeur;Débit;Crédit;Libellé;Solde
04/03/2026;04/03/2026;-0,46;;COM CB;1 056,94
03/03/2026;03/03/2026;;57,40;REMCB00096 NB0001 CBD657856601;1 057,40
"""
CAISSE_D_EPARGNE = """Date de comptabilisation;Libelle simplifie;Libelle operation;Reference;\
Informations complementaires;Debit;Credit;Date operation;Date de valeur
03/03/2026;CB FICTION;CB CAFE DE LA FICTION 180126;A1;;;+57,40;03/03/2026;03/03/2026
03/03/2026;Frais et extournes;Frais et extournes;A2;COM CB;-0,46;;03/03/2026;03/03/2026
"""


def settled(text: str):
    return mapped_csv.read(text.encode()).records


def test_an_adyen_batch_is_its_payout_to_the_hundredth_of_a_cent():
    found = settled(ADYEN)
    batch = found.settlements.iloc[0]
    assert (batch["payee"], batch["number"], batch["net"], batch["net_proven"]) == (
        "ACME_FR",
        "7",
        3366,
        True,
    )
    assert found.lines["kind"].tolist() == ["sale", "sale", "refund"]
    assert found.lines["net_hundredths"].tolist() == [386_880, -300, -50_000]
    assert found.lines["fee_hundredths"].tolist() == [3_120, 500, 0]
    assert f"{batch['paid_on']:%Y-%m-%d}" == "2026-03-04"


def test_what_adyen_charges_or_moves_in_a_row_of_its_own_is_part_of_fees_and_gross():
    own = (
        "ACME,ACME_FR,,,2026-03-03 08:00:00,CET,Fee,EUR,,,,0.6000,,,,,,7,\n"
        "ACME,ACME_FR,,,2026-03-03 08:00:00,CET,Balancetransfer,EUR,,,,,1.0000,,,,,7,\n"
    )
    head, payout = ADYEN.split("ACME,ACME_FR,,,")
    found = settled(head + own + f"ACME,ACME_FR,,,{payout}".replace("33.6580", "34.0580"))
    batch = found.settlements.iloc[0]
    assert found.lines["gross"].tolist() == [3900, 2, -500, 0, 100]
    assert found.lines["fee_hundredths"].tolist() == [3_120, 500, 0, 6_000, 0]
    assert (batch["gross"], batch["fee"], batch["net"], batch["net_proven"]) == (3502, 96, 3406, True)


@pytest.mark.parametrize("export", [STRIPE, ADYEN])
def test_lines_that_two_exports_in_one_file_have_count_once(export):
    heading, *rows = export.splitlines(keepends=True)
    once, twice = settled(export), settled("".join([heading, *rows, *rows]))
    pd.testing.assert_frame_equal(twice.settlements, once.settlements)
    pd.testing.assert_frame_equal(twice.lines, once.lines)
    (told,) = twice.notices
    assert told.params == {"num": len(rows)}


SUMUP_IN_GERMAN = (
    "Datum;Transaktions-ID;Art;Status;Betrag;Auszahlung\n03.03.2026;T1;Verkauf;Bezahlt;39,00;A1\n"
)


def test_a_csv_in_another_language_is_told_its_mappings_and_what_to_do():
    with pytest.raises(FileRefusedError) as refused:
        mapped_csv.read(SUMUP_IN_GERMAN.encode())
    (only,) = refused.value.refusals
    assert only.line == 1
    assert "SumUp transaction report" in only.text()
    assert "bordereau source NAME --mapping MAPPING" in only.text()
    assert "bordereau" not in only.text(at_desk=True)
    with pytest.raises(FileRefusedError) as again:
        recognise("sumup_de.csv", SUMUP_IN_GERMAN.encode())
    assert again.value.refusals == refused.value.refusals


def test_a_csv_with_most_headings_of_a_mapping_is_told_what_it_lacks():
    renamed = STRIPE.replace("automatic_payout_id", "payout_id").replace("reporting_category", "category")
    with pytest.raises(FileRefusedError) as refused:
        mapped_csv.read(f"Export\n\n{renamed}".encode())
    (only,) = refused.value.refusals
    lacked = "automatic_payout_id, reporting_category"
    assert (only.line, only.params) == (3, {"mapping": "Stripe payout reconciliation", "headings": lacked})


@pytest.mark.parametrize("text", ["FIC;AUTRE;1\n", "1;2;3;4;5;6\n", "\x00\x01;;;;;\n"])
def test_what_is_no_csv_is_no_format(text):
    with pytest.raises(FileRefusedError) as refused:
        mapped_csv.read(text.encode())
    assert refused.value.refusals[0].reason == UNKNOWN_FORMAT


def test_twins_that_no_id_of_the_platform_tells_apart_all_count():
    fee = "ACME,ACME_FR,,,2026-03-03 08:00:00,CET,Fee,EUR,,,,0.6000,,,,,,7,\n"
    head, payout = ADYEN.split("ACME,ACME_FR,,,")
    found = settled(head + fee + fee + f"ACME,ACME_FR,,,{payout}")
    assert found.lines["kind"].tolist()[-2:] == ["fee", "fee"]


def test_a_batch_that_its_payout_does_not_pay_is_not_proven():
    found = settled(ADYEN.replace("33.6580", "33.6680"))
    assert found.settlements[["net", "net_proven"]].values.tolist() == [
        [3367, False]
    ]  # the bank sees what was paid
    (told,) = found.notices
    assert told.text() == "1 règlement dont la ligne propre dit un autre montant que la somme de ses lignes"
    assert settled(ADYEN).notices == ()


def test_a_stripe_payout_is_the_sum_of_its_rows_whatever_its_gross_says():
    found = settled(STRIPE)
    assert found.settlements[["net", "net_proven", "currency"]].to_numpy().tolist() == [[-695, True, "EUR"]]
    assert found.lines["kind"].tolist() == ["sale", "chargeback", "fee"]


def test_paypal_amounts_take_their_direction_from_a_column_of_its_own():
    found = settled(PAYPAL)
    assert found.lines["gross"].tolist() == [3900, -500]
    assert found.lines["fee_hundredths"].tolist() == [13_300, -1_500]
    assert found.lines["net_hundredths"].tolist() == [376_700, -48_500]


def test_what_paypal_takes_in_is_carried_until_it_is_withdrawn():
    withdrawn = '"SB","3AB","","T0400",2026/03/02 20:00:00 -0700,"DR",3000,"EUR","",,""\n"SF",3\n'
    found = settled(PAYPAL.replace('"SF",2\n', withdrawn))
    assert found.settlements[["number", "net", "state", "net_proven"]].to_numpy().tolist() == [
        ["2026-03-02", 3282, "carried", True],
        ["3AB", 3000, "paid", True],
    ]
    assert found.payer == "PAYPAL"


def test_a_paypal_report_whose_count_is_not_its_rows_is_refused_by_its_line():
    whole = PAYPAL + '"SC",2\n'
    assert len(settled(whole).lines) == 2
    with pytest.raises(FileRefusedError) as refused:
        settled(whole.replace('"SC",2', '"SC",3'))
    assert refused.value.refusals[0].line == len(whole.splitlines())


def test_a_checkout_payout_is_made_of_parts_and_fees_of_no_sale():
    found = mapped_csv.read(CHECKOUT.encode())
    lines = found.records.lines
    assert found.records.settlements[["payee", "number", "net"]].to_numpy().tolist() == [
        ["ent_1", "00000000CFJU", 2192]
    ]
    assert lines["kind"].tolist() == ["sale", "fee", "fee", "refund", "chargeback"]
    assert lines["gross"].tolist() == [3900, 0, 0, -500, -1200]
    assert lines["fee_hundredths"].tolist() == [0, 312, 500, 0, 0]
    assert found.chargebacks.cases[["stage", "amount", "sale_number"]].to_numpy().tolist() == [
        ["debit", 1200, "CMD-9"]
    ]


@pytest.mark.parametrize("name", named("sumup/"))
def test_a_sumup_sale_counts_once_though_it_stands_twice(name):
    said = expected()[name]["sums"]
    found = mapped_csv.read(content(name)).records
    nets = dict(zip(found.settlements["state"], found.settlements["net"], strict=True))
    assert nets == {"paid": said["Payout Paid Payout"], "announced": said["Payout Scheduled Payout"]}
    assert found.settlements["net_proven"].all()
    assert found.lines["gross"].sum() == said["Sale Successful Total"]


@pytest.mark.parametrize(
    ("text", "amounts", "proven"),
    [
        (SOCIETE_GENERALE, [5740, -46], [False]),
        (CIC, [5740, -46], [True, True]),
        (CAISSE_D_EPARGNE, [5740, -46], [False]),
    ],
)
def test_each_bank_gives_its_lines_from_the_oldest_on(text, amounts, proven):
    for data in (text.encode(), text.encode("cp1252"), text.replace("\n", "\r\n").encode("utf-8-sig")):
        found = mapped_csv.read(data).records
        assert found.movements["amount"].tolist() == amounts
        assert found.statements["proven"].tolist() == proven


def test_a_row_that_continues_the_one_before_is_part_of_it():
    line = settled(SOCIETE_GENERALE).movements.iloc[0]
    assert (line["label"], line["details"]) == ("FACTURES CARTES REMISES", "REMISE CB SUITE 7654321001")


def test_a_balance_that_does_not_follow_proves_nothing():
    found = settled(CIC.replace("1 056,94", "1 056,95"))
    assert found.statements["proven"].tolist() == [False, False]
    assert found.notices


def test_people_are_never_stored_and_columns_say_what_they_become():
    found = mapped_csv.read(ADYEN.encode())
    uses = {column.text: (column.field, column.use.value) for column in found.columns}
    assert uses["Shopper Name"] == (None, "never_stored")
    assert uses["TimeZone"] == (None, "dropped")
    assert uses["Markup (NC)"] == ("fee", "kept")
    assert uses["Type"] == ("kind, id", "kept")
    assert "A B" not in found.records.lines.to_csv()


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (ADYEN.replace("Refunded", "Perhaps"), "Type"),
        (STRIPE.replace("39.00", "39.0x"), "gross"),
        (STRIPE.replace("39.00", "39.001"), "gross"),
        (ADYEN.replace("CMD-1", "4111111111111111"), "Merchant Reference"),
        (CIC.replace("04/03/2026;04", "31/02/2026;04"), "Date"),
        (CIC.replace("04/03/2026;04", "04/03/99999999999999999999;04"), "Date"),
        (CIC.replace("04/03/2026;04", "04/03/1926;04"), "Date"),
        (PAYPAL.replace('"CR",3900', '"CR",39.5'), "Gross Transaction Amount"),
        (ADYEN.replace("38.6880", "9" * 15), "Net Credit (NC)"),
    ],
)
def test_what_cannot_be_read_is_refused_by_line_and_heading(text, column):
    with pytest.raises(FileRefusedError) as refused:
        settled(text)
    assert refused.value.refusals[0].line
    assert refused.value.refusals[0].column in {column, column.lower()}


#: A mapping that a maintainer saves, and a file of it that nobody knew.
MINE = (
    'name = "Mine"\nrecord = "settlements"\nrecognised_by = ["Ref", "Sort", "Brut"]\ndecimal = ","\n'
    'days = "dmy"\n[columns]\nkind = ["Sort"]\nnumber = ["Lot"]\nday = ["Jour"]\ngross = ["Brut"]\n'
    'fee = ["Frais"]\nreference = ["Ref"]\n[words]\nVente = "sale"\n'
)
OF_MINE = "Ref;Sort;Jour;Brut;Frais;Lot\nA1;Vente;02/03/2026;39,00;0,31;7\n"


def test_a_mapping_that_a_maintainer_saves_reads_a_file_that_nobody_knew(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(MINE, encoding="utf-8")
    context = mapped_csv.with_mapping(FileContext(), mine)
    found = mapped_csv.read(OF_MINE.encode(), context.settings).records
    assert found.settlements[["number", "net"]].to_numpy().tolist() == [["7", 3869]]
    with pytest.raises(FileRefusedError):
        mapped_csv.read(OF_MINE.encode())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (CHECKOUT.replace("Action Type", "Processed On"), "Processed On"),
        (PAYPAL.replace('"CH"', '"CX"'), "CH"),
    ],
)
def test_headings_that_leave_a_column_open_are_refused_by_name(text, word):
    with pytest.raises(FileRefusedError) as refused:
        settled(text)
    assert refused.value.refusals[0].line
    assert word in refused.value.refusals[0].text()


def test_a_heading_that_nobody_needs_may_stand_twice():
    assert len(settled(STRIPE.replace("customer_name", "currency_2,currency_2")).lines) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name = 1",
        'name = "x"\nrecord = "y"\nrecognised_by = []\n[columns]\n',
        'name = "x"\nrecord = "settlements"\nrecognised_by = []\ntime_zone = ["UTC"]\n[columns]\n',
        "[[",
        'name = "Règlements"',
    ],
)
def test_what_is_no_mapping_is_refused(tmp_path, text):
    mine = tmp_path / "mine.toml"
    mine.write_text(text, encoding="cp1252")
    with pytest.raises(FileRefusedError):
        saved(mine)


def test_the_desk_offers_formats_and_mappings_that_there_are():
    assert set(source_columns.FORMATS) < {known.name for known in formats()}
    assert set(source_columns.MAPPINGS) == {mapping.name for mapping in ours()}
    assert set(source_columns.SIGNS) == set(DELIMITERS)


def test_no_two_mappings_of_ours_claim_the_same_headings():
    for mapping in ours():
        headings = list(mapping.recognised_by)
        assert [one.name for one in ours() if one.claims(headings)] == [mapping.name]


@pytest.mark.parametrize(
    ("written", "zone", "day"),
    [
        ("2026-03-02 23:30:00", "", "2026-03-02"),
        ("2026-03-02 23:30:00", "UTC", "2026-03-03"),
        ("2026-03-02T22:59:59.999", "UTC", "2026-03-02"),
        ("2026-07-02 22:30", "UTC", "2026-07-03"),
        ("2026-03-02 20:44:19 -0700", "UTC", "2026-03-03"),
        ("2026-03-02T23:30:00Z", "America/New_York", "2026-03-03"),
        ("2026-03-03 05:00:00", "Asia/Tokyo", "2026-03-02"),
        ("2026-03-02", "UTC", "2026-03-02"),
    ],
)
def test_the_day_of_a_sale_is_that_of_the_merchants_where_its_clock_is_said(written, zone, day):
    text = STRIPE.replace("2026-03-02 12:31:09", written)
    found = mapped_csv.read(text.encode(), time_zone=zone).records
    assert str(found.lines["occurred_on"].iloc[0].date()) == day
    assert str(found.settlements["paid_on"].iloc[0].date()) == "2026-03-04"
