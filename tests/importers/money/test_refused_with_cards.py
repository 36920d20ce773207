"""Files of banks and acquirers, refused for something else: no copy with a full card number is kept."""

from __future__ import annotations

import pytest

from app.config import QUARANTINE
from app.models import CardNumbers
from app.refusals import CARD_BESIDES, CARD_NUMBER
from tests.importers.money.test_amex import ENCODINGS, records
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written

CARD = "371449635398431"
MASKED = "37XXXXXXXXX8431"
ADYEN = "Merchant Account,Psp Reference,Merchant Reference,Creation Date,Type,Net Currency,Batch Number"


def grrcn(card, *, wrong, encoding):
    found = records(card=card, version="4.01" if wrong == "version" else "3.01")
    if wrong == "trailer":
        found = found[:-1]
    elif wrong == "payment twice":
        found = [*found[:2], *found[1:]]
    elif wrong == "amount":
        found[2][1]["gross"] = "x"
    return ENCODINGS[encoding](found)


def cfonb(card):
    """A statement of which the last record is missing."""
    return written(Statement((MovementLine(1250, label=f"CB {card}"),))).rsplit(b"\n", 1)[0]


def camt(card):
    """A message that breaks off."""
    return (
        '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">\n'
        f"<BkToCstmrStmt><Stmt><Ntry><AddtlNtryInf>CARTE {card}</AddtlNtryInf>\n"
    ).encode()


def mapped(card):
    """Columns of Adyen without those of amounts."""
    return f"{ADYEN}\nACME,8835164900000000,CDE {card},2026-03-02 10:00:00,Settled,EUR,12\n".encode()


FILES = {
    **{
        f"GRRCN, {wrong}, {encoding}": lambda card, wrong=wrong, encoding=encoding: grrcn(
            card, wrong=wrong, encoding=encoding
        )
        for wrong in ("version", "trailer", "payment twice", "amount")
        for encoding in ENCODINGS
    },
    "CFONB": cfonb,
    "camt": camt,
    "mapped": mapped,
}


def kept(operator):
    return [path.read_bytes() for path in (operator.data / QUARANTINE).rglob("*") if path.is_file()]


@pytest.mark.probes("card numbers")
def test_no_copy_of_a_refused_file_keeps_a_full_number(operator, probes):
    operator.declare({})
    operator.bind("money", role="money", cards=CardNumbers.MASK)
    for name, made in FILES.items():
        result = operator.deliver_to("money", made(CARD), "a.txt")
        assert result.refused, name
        # A number in a field that the source masks would not refuse the file by itself.
        reason = CARD_BESIDES if name.startswith("GRRCN") else CARD_NUMBER
        assert result.refusals[-1].reason == reason, name
        assert kept(operator) == [], name
    probes(len(FILES))


def test_a_copy_of_a_refused_file_without_one_is_kept(operator):
    operator.declare({})
    operator.bind("money", role="money", cards=CardNumbers.MASK)
    for name, made in FILES.items():
        result = operator.deliver_to("money", made(MASKED), "a.txt")
        assert result.refused, name
        assert made(MASKED) in kept(operator), name
