"""The files of a torture: nights whole and in halves, a statement, what is refused and what is corrected."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.importers.files import File, Rem, Trx, directory
from tests.importers.money.test_bank_statements_stored import HEADING, RIB
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written

NIGHTS, PAYMENTS = 6, 40
SECOND = {
    "merchant_code": "SECOND",
    "merchant_name": "SECOND",
    "siret": "99999999800027",
    "contract": "8888888",
}
CONTRACTS = ({}, {"rank": "701", "application": "CBCLESS"}, SECOND)
#: Old enough to be taken by whoever looks into the inbox.
SETTLED = 3600


def declarations() -> Iterator[bytes]:
    """What is declared before anything comes: merchants, and the account of one of them."""
    yield directory(*CONTRACTS)
    yield f"{HEADING}acme;FICTION;{RIB};;;;;*\n".encode()


def fill(inbox: Path) -> None:
    """Put every file into the inbox, in the order of their names."""
    (inbox / "bank").mkdir(parents=True, exist_ok=True)
    for place, (name, content) in enumerate(sorted(_files())):
        _put(inbox / name, content, place)


def correct(inbox: Path) -> None:
    """Put two corrected nights into the inbox."""
    for place, night in enumerate((2, 5)):
        _put(inbox / f"corrected-{night}", _night(night, more=100).data(), place)


def _put(path: Path, content: bytes, place: int) -> None:
    path.write_bytes(content)
    came = time.time() - SETTLED + place
    os.utime(path, (came, came))


def _files() -> Iterator[tuple[str, bytes]]:
    for night in range(1, NIGHTS + 1):
        whole = _night(night)
        if night % 3:
            yield f"{night}-whole", whole.data()
        else:
            for content in ("TELECOLLECTES", "TRANSACTIONS"):
                half = whole.but(content=content, key=f"{whole.key}-{content}")
                yield f"{night}-{content}", half.data()
    lines = (MovementLine(_night(night).remittances[0].net, complement=f"NB{night}") for night in (1, 2))
    yield "bank/statement", written(Statement(tuple(lines)))
    yield "refused", b"FIC;REMISE-TPE;1;demo-host;refused\nnothing else\n"
    yield "with-a-card", f"{_night(1).text()}4111111111111111\n".encode()


def _night(number: int, more: int = 0) -> File:
    day = f"2026-03-{number:02}"
    remittances = tuple(
        Rem(
            **{name: said[name] for name in ("contract", "rank", "application", "siret") if name in said},
            number=f"{number:06}",
            opened=f"{day}T08:00:00",
            collected=f"{day}T23:15:07",
            transactions=tuple(_payments(number, day, more)),
        )
        for said in CONTRACTS
    )
    made = f"2026-03-{number + 1:02}T02:00:00+01:00"
    return File(remittances=remittances, key=f"night-{number}", created=made)


def _payments(number: int, day: str, more: int) -> Iterator[Trx]:
    rng = Random(number)
    for place in range(PAYMENTS):
        amount = rng.randrange(100, 20_000) + (more if place == 0 else 0)
        at = f"{day}T{9 + place // 10:02}:{place % 60:02}:00"
        yield Trx(sequence=f"{place + 1:06}", at=at, amount=amount, authorisation=f"{number:02}{place:04}")
        if place == 7:
            yield Trx(sequence="000900", at=f"{day}T22:00:00", operation="ANNULATION", amount=amount,
                      authorisation=f"{number:02}{place:04}", original=f"{place + 1:06}")  # fmt: skip
