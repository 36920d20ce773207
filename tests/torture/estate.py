"""The files of a torture: nights whole and in halves, a statement, what is refused and what is corrected."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random

from tests.importers.files import File, Rem, Trx, directory
from tests.importers.money.test_bank_statements_stored import HEADING, RIB
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written

NIGHTS, PAYMENTS = 6, 40
#: What the corrections of a night add to the first payment of each contract, one after the other.
CORRECTIONS = {2: (100, 250), 5: (100,)}
SECOND = {
    "merchant_code": "SECOND",
    "merchant_name": "SECOND",
    "siret": "99999999800027",
    "contract": "8888888",
}
CONTRACTS = ({}, {"rank": "701", "application": "CBCLESS"}, SECOND)
#: What merchant directories say one after the other: the later one holds.
LABELS = ("Bar", "Terrasse")
Named = tuple[str, bytes]
#: Old enough to be taken by whoever looks into the inbox.
SETTLED = 3600


def declarations() -> Iterator[bytes]:
    """What is declared before anything comes: merchants, and the account of one of them."""
    yield directory(*CONTRACTS)
    yield f"{HEADING}acme;FICTION;{RIB};;;;;*\n".encode()


def fill(inbox: Path, order: Random | None = None) -> None:
    """Put every file into the inbox, in the order of their names, or in any that ``order`` finds."""
    (inbox / "bank").mkdir(parents=True, exist_ok=True)
    files = sorted(_files())
    if order is not None:
        order.shuffle(files)
    _put(inbox, _merged(files, _directories(), order))


def correct(inbox: Path) -> None:
    """Put corrected nights into the inbox, one of them corrected twice."""
    _put(
        inbox,
        [
            (f"corrected-{night}-{place}", _night(night, more).data())
            for night, corrections in CORRECTIONS.items()
            for place, more in enumerate(corrections)
        ],
    )


def versions(merchant: str) -> dict[date, set[int]]:
    """The sums of amounts that a merchant's payments of a day may ever have, by the day."""
    return {
        date(2026, 3, night): {
            _sum(_night(night, more), merchant) for more in (0, *CORRECTIONS.get(night, ()))
        }
        for night in range(1, NIGHTS + 1)
    }


def _sum(file: File, merchant: str) -> int:
    theirs = [
        rem for rem in file.remittances if (rem.contract == SECOND["contract"]) == (merchant == "SECOND")
    ]
    return sum(trx.amount for rem in theirs for trx in rem.transactions)


def _put(inbox: Path, files: Sequence[Named]) -> None:
    """Write files that came one after the other."""
    for place, (name, content) in enumerate(files):
        path, came = inbox / name, time.time() - SETTLED + place
        path.write_bytes(content)
        os.utime(path, (came, came))


def _merged(files: list[Named], ordered: list[Named], order: Random | None) -> list[Named]:
    """The files with the ``ordered`` ones among them, which do not commute: anywhere, one after the other."""
    places = (
        sorted(order.randrange(len(files) + 1) for _ in ordered) if order else [len(files)] * len(ordered)
    )
    merged = list(files)
    for place, one in reversed(list(zip(places, ordered, strict=True))):
        merged.insert(place, one)
    return merged


def _directories() -> list[Named]:
    return [
        (f"directory-{label}", directory(*(line | {"label": label} for line in CONTRACTS)))
        for label in LABELS
    ]


def _files() -> Iterator[Named]:
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
