"""No full card number is loaded, wherever it hides; honest numbers do."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import QUARANTINE
from app.rules import card_lines
from app.rules.cards import looks_like_card, passes_luhn
from importers.files.archive import IncomingFile
from importers.files.card_numbers import LEFT_OUT, MASKED, cleaned
from importers.formats import recognise
from importers.refusals import CARD_NUMBER, FileRefusedError
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx, directory

# Published test numbers of the brands: nobody's card.
NUMBERS = (
    "4111111111111111",
    "4000056655665556",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "36227206271667",
    "3566002020360505",
    "6011000990139424",
    "4222222222222",
    "4000000000000000006",
    "6200000000000005",
    "6200000000000000000",
    "5018000000000009",
    "6304000000000000000",
)


def incoming(data: bytes) -> IncomingFile:
    return IncomingFile(Path("night.txt"), data, "0" * 64, "night.txt")


def faults(data: bytes) -> list[int | None]:
    try:
        cleaned(incoming(data), recognise("night.txt", data), lambda _: frozenset())
    except FileRefusedError as refused:
        return [refusal.line for refusal in refused.refusals if refusal.is_card_number]
    return []


def of(**columns: object) -> bytes:
    return File(remittances=(Rem(transactions=(Trx(**columns),)),)).data()  # type: ignore[arg-type]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.probes("card numbers")
def test_a_number_is_found_in_every_column_that_could_hold_it(number: str) -> None:
    assert faults(of(card=number)) == [3]
    assert faults(of(order=f"CDE {number} B")) == [3]
    assert faults(of(dossier=number)) == [3]
    assert faults(of(issuer=number)) == [3]
    assert faults(of(ticket=(f"CARTE {number}",))) == [4]
    assert faults(File(remittances=(Rem(serial=number),)).data()) == [2]
    assert faults(File(remittances=(Rem(status_text=number),)).data()) == [2]
    assert faults(directory({"label": f"TPE {number}"})) == [2]


@pytest.mark.parametrize(
    "shown",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "3782 822463 10005",
        "3622 720627 1667",
        "4111111111111111=28121010000",
        "4111111111111111D28121010000",
        "5A084111111111111111",
        "57134111111111111111D2812101",
        "9F6B134111111111111111D28121",
        "4111&nbsp;1111&nbsp;1111&nbsp;1111",
        "411111&#160;1111111111",
        "3782<br>822463<br>10005",
        "4111%201111%201111%201111",
    ],
)
@pytest.mark.probes("card numbers")
def test_a_number_is_found_as_cards_and_chips_write_it(shown: str) -> None:
    assert faults(of(ticket=(shown,))) == [4]


def test_honest_numbers_pass() -> None:
    siret = "44306184100047"  # a public SIRET, which passes the Luhn check
    rem = Rem(
        siret=siret, transactions=(Trx(ticket=(f"SIRET {siret}", "7654321 001 000417", "02/03/26 12:31")),)
    )
    assert faults(File(remittances=(rem,)).data()) == []
    assert faults(directory({"siret": "30000000000006"})) == []


@pytest.mark.probes("card numbers")
def test_a_cryptogram_that_looks_like_a_card_is_left_out_and_counted() -> None:
    data = of(certificate=NUMBERS[0], card="513111******9999")
    file, counts = cleaned(incoming(data), recognise("night.txt", data), lambda _: frozenset())
    assert file.data == of(certificate="", card="513111******9999")
    assert counts == {LEFT_OUT: 1}
    assert faults(of(certificate=NUMBERS[0], ticket=(f"CARTE {NUMBERS[0]}",))) == [4]


def test_a_column_that_is_vouched_for_is_masked_with_what_the_ticket_repeats_of_it() -> None:
    data = of(order=NUMBERS[0], ticket=(f"CMD {NUMBERS[0]}", "4000056655665556"))
    assert faults(data) == [3, 4, 5]
    vouched = frozenset({"order_reference", "ticket"})
    file, counts = cleaned(incoming(data), recognise("night.txt", data), lambda _: vouched)
    hidden = "************1111"
    assert file.data == of(order=hidden, ticket=(f"CMD {hidden}", "************5556"))
    assert file.sha256 != "0" * 64
    assert counts == {MASKED: 3}


@pytest.mark.probes("card numbers")
def test_a_file_that_is_broken_besides_is_refused_for_its_card_number(operator: Operator) -> None:
    """It is read while card numbers are looked for: nothing of it may be kept all the same."""
    result = operator.deliver(of(card=NUMBERS[0]).replace(b"\nTRX;", b"\nTRX;x"))
    assert [refusal.reason for refusal in result.refusals] == [CARD_NUMBER]
    assert not list((operator.data / QUARANTINE).glob("*"))


ACROSS = {
    "columns": "a;4111;1111;1111;1111;b\n",
    "columns with quotes": '"4111";"1111";"1111";"1111"\n',
    "a digit a cell": f"a;{';'.join(NUMBERS[0])}\n",
    "American Express": "3782;822463;10005\n",
    "wide": "CARTE      4111      1111      1111      1111\n",
    "tabs": "4111\t\t1111\t\t1111\t\t1111\n",
    "JSON": '{"card": ["4111", "1111", "1111", "1111"]}\n',
    "HTML": "4111<br>1111<br />1111<BR>1111\n",
    "cells of HTML": "<tr><td>4111</td><td>1111</td><td>1111</td><td>1111</td></tr>\n",
    "entities": "a;4111&nbsp;1111&nbsp;1111&nbsp;1111;b\n",
    "numbered entities": "a;4111&#160;1111&#xA0;1111&#8239;1111;b\n",
    "address": "https://example.org/?card=4111%201111%C2%A01111%201111\n",
    "XML of no format": f"<a><b>{'    '.join(NUMBERS[0])}</b></a>\n",
}


@pytest.mark.probes("card numbers")
@pytest.mark.parametrize("line", ACROSS.values(), ids=ACROSS)
def test_no_copy_of_a_file_of_no_format_keeps_a_number_that_stands_apart(
    operator: Operator, line: str
) -> None:
    operator.declare({})
    result = operator.deliver(b"anything at all\n" + line.encode())
    assert [(one.reason, one.line) for one in result.refusals] == [(CARD_NUMBER, 2)]
    assert not list((operator.data / QUARANTINE).glob("*"))


@pytest.mark.probes("card numbers")
@pytest.mark.parametrize("gap", ["\u00a0", "\u2009", "\t", "    ", ";", "_", "\u202f\u00a0", "..", "\n"])
def test_no_name_of_a_file_keeps_a_number(operator: Operator, gap: str) -> None:
    name = f"night {gap.join(NUMBERS[0][at : at + 4] for at in range(0, 16, 4))}.txt"
    assert operator.deliver(b"anything at all\n", name).refused
    kept = str(operator.value("SELECT name FROM import_file WHERE status = 'quarantined'"))
    assert [letter for letter in kept if letter.isdigit()] == ["1", "1", "1", "1"]


def test_the_refusal_of_a_reference_names_the_command_that_vouches_for_it() -> None:
    data = of(order=NUMBERS[0])
    with pytest.raises(FileRefusedError) as refused:
        cleaned(incoming(data), recognise("night.txt", data), lambda _: frozenset())
    assert "bordereau source demo-host --vouch order_reference" in refused.value.refusals[0].text()


def test_groups_that_repeat_the_columns_above_are_no_card() -> None:
    own = next(f"{n:07}" for n in range(4000000, 5000000) if looks_like_card(f"{n:07}001000417"))
    rem = Rem(contract=own, transactions=(Trx(ticket=(f"{own} 001 000417",)),))
    assert faults(File(remittances=(rem,)).data()) == []
    stranger = Rem(transactions=(Trx(ticket=(f"{own} 001 000417",)),))
    assert faults(File(remittances=(stranger,)).data()) == [4]


def test_truncated_cards_pass() -> None:
    assert faults(File().data()) == []


@given(st.integers(0, 2**32))
@pytest.mark.probes("card numbers")
def test_random_cards_of_every_brand_are_found(seed: int) -> None:
    draw = random.Random(seed)
    prefix, length = draw.choice([("4", 16), ("51", 16), ("2223", 16), ("34", 15), ("36", 14), ("3530", 16)])
    body = prefix + "".join(draw.choice("0123456789") for _ in range(length - len(prefix) - 1))
    number = next(body + check for check in "0123456789" if passes_luhn(body + check))
    around = draw.choice(["", "N ", "carte:", "REF-X"])
    assert faults(of(order=around + number)) == [3]


ZEROS = [chr(point) for point in range(0x110000) if unicodedata.decimal(chr(point), None) == 0]


def test_a_number_is_found_in_the_digits_of_every_script():
    """The search that passes over lines without digits knows as many scripts as the detector does."""
    missed = []
    for zero in ZEROS:
        number = "".join(chr(ord(zero) + int(digit)) for digit in NUMBERS[0])
        if not list(card_lines.find(f"a;{number};b\n".encode(), lambda *_: False)):
            missed.append(unicodedata.name(zero))
    assert len(ZEROS) > 60
    assert missed == []
