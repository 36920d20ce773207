"""Checks of an upload: what they refuse before it is kept, in words that a file can be mended by."""

from __future__ import annotations

import io

import pytest

from app.desk import upload_checks
from app.desk.model_files import as_text, as_workbook
from app.rules import unread_files
from app.rules.cards import looks_like_card
from app.rules.directory_columns import FIRST_LINE, HEADINGS, NAMES, example, text
from app.wording.i18n import speaking
from importers.formats import layout, merchant_directory
from tests.importers.files import directory

CARD = next(f"497010123456{n:04}" for n in range(10000) if looks_like_card(f"497010123456{n:04}"))
SOUND = directory({"reseller": "north"}, {"reseller": "NORTH", "contract": "7654322"})


def said(data):
    return french(upload_checks.refusals(data, "north"))


def french(refusals):
    with speaking("fr"):
        return [refusal.text().replace("\u00a0", " ") for refusal in refusals]


def test_what_excel_writes_and_a_system_extracts_passes():
    assert said(SOUND) == []
    assert said(b"\xef\xbb\xbf" + SOUND.replace(b"\n", b"\r\n")) == []
    assert said(SOUND.removesuffix(b"\n")) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Le fichier est vide"),
        (b"\r\n \r\n", "Le fichier est vide"),
        (FIRST_LINE.encode(), "rien dessous"),
        (b"PK\x03\x04 workbook", "classeur Excel"),
        (b"\xd0\xcf\x11\xe0 old workbook", "classeur Excel"),
        (SOUND.replace(b"Comptoir", "Café".encode("cp1252")), "ligne 2 : ses lettres ne sont pas en UTF-8"),
        (SOUND.decode().encode("utf-16"), "UTF-8"),
        (SOUND.replace(b";", b","), "ligne 1 : les colonnes doivent être séparées par des points-virgules"),
        (SOUND.replace(b";", b"\t"), "points-virgules"),
        (SOUND.replace(b"reseller;merchant_code", b'"reseller";"merchant_code"'), "sans guillemets autour"),
        (SOUND.replace(b"trade_name", b"nom"), "ligne 1 : cette ligne doit être l’en-tête"),
        (b"FIC;REMISE-TPE;1;host;k;COMPLET;2026-03-03T02:00:00+01:00\n", "l’en-tête d’un référentiel"),
        (SOUND.replace(b"NORTH;", b"south;"), "ligne 3, colonne « mainteneur » : north attendu"),
        (SOUND.replace(b"Comptoir", b'"Le ""Comptoir"""'), "ligne 2, colonne « libellé » : une valeur entre"),
        (SOUND.replace(b"Comptoir", b'"A; B"'), "entre guillemets"),
        (SOUND + b"x" * upload_checks.MOST_BYTES, "8 Mo au plus"),
        (SOUND + b"\n" * upload_checks.MOST_LINES, "trop de lignes : 100000 au plus"),
        (as_text("north"), "ligne 2 : c’est celle de l’exemple"),
    ],
)
def test_each_fault_is_named_with_its_place_and_never_with_its_value(data, words):
    reasons = said(data)
    assert reasons
    assert words in reasons[0]
    assert not [reason for reason in reasons if "south" in reason or "A; B" in reason]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("siret", "reseller")])
@pytest.mark.probes("card numbers")
def test_a_full_card_number_is_found_in_every_column_but_the_siret(name):
    line = {"reseller": "north", name: CARD}
    assert said(directory(line)) != []
    assert "numéro de carte complet" in said(directory(line))[0]
    assert CARD not in str(upload_checks.refusals(directory(line), "north"))


def test_in_the_column_of_the_siret_only_a_siret_passes():
    assert said(directory({"reseller": "north", "siret": "30000000000006"})) == []
    assert "numéro de carte complet" in said(directory({"reseller": "north", "siret": CARD}))[0]


def test_many_faults_are_told_so_far_and_no_further():
    foreign = directory(*({"reseller": "south", "contract": str(n)} for n in range(100)))
    assert len(said(foreign)) == upload_checks.MOST_REASONS


def test_what_is_declared_is_counted():
    lines = [{"reseller": "north", "siret": f"{n:014}", "contract": str(n)} for n in range(3)]
    assert upload_checks.summary(directory(*lines)) == upload_checks.Summary(3, 1, "FICTION")
    two = directory(*lines, {"reseller": "north", "merchant_code": "OTHER", "contract": "9"})
    assert upload_checks.summary(two) == upload_checks.Summary(4, 2, None)


def test_the_desk_and_the_importers_speak_of_the_same_columns():
    assert layout.MERCHANT_DIRECTORY == NAMES == tuple(column.name for column in merchant_directory.COLUMNS)
    assert {heading.name for heading in HEADINGS if heading.required} == {
        column.name for column in merchant_directory.COLUMNS if column.required
    }
    contracts = merchant_directory.read(text(example("north"))).contracts
    assert contracts["rank"].tolist() == ["001"]
    assert as_text("north").startswith(b"\xef\xbb\xbfreseller;")


def test_the_workbook_holds_the_model_as_text():
    """Read with the means of the format itself: a zip of XML, in which texts are shared strings."""
    import zipfile  # noqa: PLC0415 - for this test alone

    with zipfile.ZipFile(io.BytesIO(as_workbook("north"))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        strings = book.read("xl/sharedStrings.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    assert sheet.count('t="s"') == 2 * len(NAMES)
    assert "99999999900017" in strings
    assert 'numFmtId="49"' in styles  # text, whatever is typed


# What the importers say of the rest, to somebody who works with a spreadsheet


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"siret": "9,99999E+13"}, "ligne 2, colonne « SIRET » : 14 chiffres attendus : un tableur arrondit"),
        ({"rank": "1"}, "colonne « rang » : 3 chiffres attendus : un tableur coupe les zéros"),
        ({"bank_code": "4318"}, "colonne « code banque » : 5 chiffres attendus : un tableur coupe"),
        ({"valid_from": "01/01/2025"}, "un jour attendu, comme 2026-03-02"),
        ({"time_zone": "Paris"}, "un fuseau horaire attendu, comme Europe/Paris"),
        ({"merchant_name": ""}, "une valeur est obligatoire"),
    ],
)
def test_the_importers_say_how_to_mend_what_a_spreadsheet_did(changes, words):
    with pytest.raises(merchant_directory.FileRefusedError) as caught:
        merchant_directory.read(directory({"reseller": "north", **changes}))
    (reason,) = french(caught.value.refusals)
    assert words in reason


def test_a_row_that_looks_empty_in_a_spreadsheet_is_one_reason():
    data = SOUND + b";" * (len(NAMES) - 1) + b"\n"
    assert said(data) == []
    with pytest.raises(merchant_directory.FileRefusedError) as caught:
        merchant_directory.read(data)
    assert french(caught.value.refusals) == ["ligne 4 : elle est vide, supprimez-la"]


ADYEN = b"Merchant Account,Psp Reference,Merchant Reference,Amount"


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (b"ACME_FR,5555593193155555,CMD-1,39.00", None),
        (b"ACME_FR,4970100000000055,CMD-1,39.00", None),  # it is one of the column, whatever it looks like
        (b"ACME_FR,5555593193155555,4970100000000055,39.00", 2),
        (b"4970100000000055,5555593193155556,CMD-1,39.00", 2),
        (b"ACME_FR,card 4970100000000055,CMD-1,39.00", 2),
        (b"ACME_FR,5555593193155555,CMD-1,39.00,,38.6880,,0.1,0.012,0", None),  # amounts are no number
        (b'"A, B",5555593193155555,4970100000000055,39.00', 2),
    ],
)
def test_a_reference_of_a_payment_is_no_card_number_in_its_own_column(row, line):
    assert unread_files.line_with_card(ADYEN + b"\n" + row + b"\n") == line


def test_any_number_that_looks_like_a_card_is_one_elsewhere():
    assert unread_files.line_with_card(b"4970100000000055\n") == 1
    assert unread_files.line_with_card(b"Ref;Montant\n5555593193155555;1\n") is not None
    assert unread_files.line_with_card(b"Psp Reference;Montant;\r\n5555593193155555;1;\r\n") is None
    assert unread_files.line_with_card(b"A, B\n39.00,,38.6880,,0.1,0.012,0\n") == 2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("between", ["", " ", "  ", " - "])
def test_a_card_number_is_found_in_a_sample_of_any_encoding(encoding, between):
    number = between.join(("4970", "1000", "0000", "0055"))
    sample = f"Réf;Carte;Montant\n1;{number};12,50\n".encode(encoding)
    assert unread_files.line_with_card(sample) == 2
    assert unread_files.line_with_card("Réf;Carte;Montant\n1;;12,50\n".encode(encoding)) is None
