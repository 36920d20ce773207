"""Lines of the file: kept as printed, but for the expiry and all of the card but its last four digits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tickets import cardholder_ticket, lines, remittance_ticket
from tests.tickets.rows import a_payment, a_remittance

CARD = "############0929"


def shown(line: str, **values: object) -> str | None:
    """``line`` as the ticket shows it between two others; None when it is left out."""
    ticket = cardholder_ticket(a_payment(ticket=f"AVANT\n{line}\nAPRES", **values))
    _, _, first, *middle, last = lines(ticket)
    assert (first, last) == ("AVANT", "APRES")
    return middle[0] if middle else None


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("************0929", CARD),
        ("497010******0929", CARD),
        ("4970 10** **** 0929", f"{CARD}"),
        ("4970-10**-****-0929", f"{CARD}"),
        ("4970 1000 **** 0929", f"{CARD}"),
        ("#####0929", CARD),
        ("***********0929", CARD),
        ("XXXXXXXXXXXX0929", CARD),
        ("xxxx xxxx xxxx 0929", CARD),
        ("497010......0929", CARD),
        ("•••• 0929", CARD),
        ("497010**********", CARD),
        ("************00929", CARD),
        ("TPE 001 ************0929", f"TPE 001 {CARD}"),
        ("CARTE497010******0929", f"CARTE{CARD}"),
        ("4970100000000929", CARD),
        ("4970 1000 0000 0929", CARD),
        ("CARTE 4111111111111111", "CARTE ############1111"),
        ("3700-000000-00002", "############0002"),
        ("CARTE N° 10000929", f"CARTE N° {CARD}"),
        ("PAN:000929", f"PAN:{CARD}"),
        ("BIN 497010", "BIN ######"),
        ("BIN 4970 10", "BIN ######"),
    ],
)
def test_a_card_is_brought_down_to_its_last_four_digits(printed, expected):
    assert shown(printed) == expected


def test_a_card_of_unknown_ending_shows_none():
    assert shown("497010**********", card=None) == "################"


@pytest.mark.parametrize(
    "printed",
    [
        "497010******0929 11/28",
        "************0929  1128",
        "************0929 FIN 11/28",
        "************0929 - 11-2028",
        "497010******0929 09/31",
    ],
)
def test_an_expiry_beside_the_card_goes(printed):
    assert shown(printed, expiry=None).rstrip(" -") == CARD
    assert shown(printed).rstrip(" -") == CARD


@pytest.mark.parametrize(
    "printed",
    [
        "FIN 11/28",
        "FIN : 11/28",
        "FIN1128",
        "  Fin 11-28",
        "FIN 11/2028",
        "FIN 2028-11",
        "EXP 2811",
        "EXP. 11/28",
        "EXPIRE FIN 11/28",
        "EXPIRATION : 11 / 28",
        "DATE D'EXPIRATION 11/28",
        "DATE FIN DE VALIDITE : 11.28",
        "VALIDITÉ 11/28",
        "VALID THRU 11/28",
        "VALABLE JUSQU'AU 11/28",
        "ECHEANCE 11/28",
        "11/28",
        "   11/2028",
    ],
)
def test_a_line_that_held_an_expiry_alone_is_left_out(printed):
    assert shown(printed, expiry=None) is None
    assert shown(printed, expiry="1128") is None


def test_what_stands_beside_an_expiry_stays_in_its_column():
    assert shown("EXP 11/28       39,00 EUR") == "                39,00 EUR"
    assert shown("CARTE 0929 1128 PUCE") == "CARTE 0929      PUCE"
    assert shown("CARTE 4970 10** **** 0929  PUCE").endswith("   PUCE")


@pytest.mark.parametrize(
    "printed",
    [
        "LE 02/03/2026 A 12:31:09",
        "FIN DE SERVICE",
        "FIN 02/03/2026 12:31:09",
        "EXPEDITION 1128",
        "VALEUR 1128,00",
        "TICKET CLIENT A CONSERVER",
        "*** MERCI ***",
        "**** 39,00 EUR",
        "****1250,00 EUR",
        "************************",
        "########################",
        "TOTAL.............39,00",
        "TOTAL.............1250,50",
        "SIRET 99999999800019",
        "99999999800019",
        "SIRET 35600000000048",
        "A000000025010801",
        "A1B2C3D4E5F60718",
        "001 000101 17 C @",
        "CONTRAT 7654321 RG 001",
        "CARTE BANCAIRE",
        "TEL 01 23 45 67 89",
        "N SERIE 219300290018",
        "1 EUR =       1,1024 USD",
        "      MONTANT  39,00 EUR",
        "À BIENTÔT, ŒUVRES & Cie €",
        "------------------------",
        "",
    ],
)
def test_everything_else_stays_as_it_was_printed(printed):
    assert shown(printed) == printed


def test_a_certificate_made_of_digits_alone_stays():
    assert shown("4970100000000929 X", certificate="4970100000000929", card=None) == "4970100000000929 X"


def test_the_terminals_own_mark_is_not_said_twice():
    shown_lines = lines(cardholder_ticket(a_payment(ticket="  * DUPLICATA *\nCB\r\n39,00 EUR")))
    assert shown_lines == ("       DUPLICATA", "", "CB", "39,00 EUR")


def test_the_card_and_expiry_of_a_remittances_own_detail_go_too():
    ticket = remittance_ticket(a_remittance(ticket="REMISE\n497010******0929 11/28 39,00\nFIN 11/28"))
    assert lines(ticket)[2:] == ("REMISE", "############0929       39,00")


NOISE = st.text("ABCDE :-=/.,€é", max_size=8)


@given(
    before=NOISE,
    after=NOISE,
    bin_=st.from_regex("[1-9][0-9]{5}", fullmatch=True),
    last=st.from_regex("[0-9]{4}", fullmatch=True),
    star=st.sampled_from("*#Xx•"),
    group=st.sampled_from(["", " ", "-"]),
)
def test_no_more_than_four_digits_of_a_card_are_ever_shown(before, after, bin_, last, star, group):
    number = f"{bin_}{star * 6}{last}"
    grouped = group.join(re.findall("....", number))
    row = {"card": f"{bin_}******{last}", "siret": None}
    for printed in (grouped, number[6:], number):
        line = shown(f"{before} {printed} {after}", **row)
        assert f"{CARD[:12]}{last}" in line
        assert bin_ not in line
        assert grouped[:7] not in line


@given(
    month=st.integers(1, 12),
    year=st.integers(24, 40),
    announced=st.sampled_from(["FIN", "EXP", "Expire fin", "DATE EXP :", "VALIDITE", "VAL", "FIN VALIDITE"]),
    form=st.sampled_from(
        ["{m:02}/{y:02}", "{m:02}-{y:02}", "{m:02}{y:02}", "{m:02}/20{y:02}", "20{y:02}-{m:02}"]
    ),
    after=st.sampled_from(["", " PUCE", "  39,00 EUR", " ************0929"]),
)
def test_an_announced_expiry_is_never_shown(month, year, announced, form, after):
    expiry = form.format(m=month, y=year)
    line = shown(f"CB {announced} {expiry}{after}", expiry=None) or ""
    assert expiry not in line
    assert line.startswith("CB")
    assert after.split()[-1:] == [] or line.endswith(after.split()[-1].replace("*", "#"))
