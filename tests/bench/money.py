"""Files of banks, and which remittances they credit: speed of the readers, time of the cascade."""

from __future__ import annotations

import time
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree.ElementTree import iterparse

import numpy as np
import pandas as pd

from importers.formats import camt, cfonb120
from importers.matching import ITEM, LINE, match, working_days
from tests.bench.report import Measurement
from tests.importers.money.bank_styles import EXAMPLES, STYLES, simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEGABYTE = 1_000_000
FIRST = date(2026, 1, 1)
SHOPS, DAYS = 500, 30
_MOVEMENTS = 20  # lines of a statement: 18 credits and two fees make its difference


def lines() -> Iterator[Measurement]:
    """The two readers beside the bare read of their files, the matching of 500 shops, and its errors."""
    statements = _cfonb(days=3_000)
    yield _speed("CFONB 120, with all checks", cfonb120.read, statements, 30, _split)
    entries = _camt(entries=25_000)
    yield _speed("camt.053, with all checks", camt.read, entries, 10, _parse)
    yield _matching()
    yield _simulation()


def _speed(
    what: str, read: Callable[[bytes], object], data: bytes, bar: float, bare: Callable[[bytes], object]
) -> Measurement:
    seconds, beside = _seconds(read, data), _seconds(bare, data)
    size = len(data) / MEGABYTE
    return Measurement(
        what=what,
        measured=size / seconds,
        bar=bar,
        unit=" MB/s",
        at_least=True,
        is_time=True,
        notes=f"{size:.0f} MB; bare read {size / beside:.0f} MB/s",
    )


def _seconds(work: Callable[[bytes], object], data: bytes) -> float:
    started = time.perf_counter()
    work(data)
    return time.perf_counter() - started


def _split(data: bytes) -> list[str]:
    return data.decode("latin-1").split("\n")


def _parse(data: bytes) -> int:
    return sum(1 for _ in iterparse(BytesIO(data), events=("start", "end")))


def _cfonb(days: int) -> bytes:
    """A statement a day: the same lines each, whose sum its balances show."""
    records, balance = [], 0
    for number in range(days):
        day = f"{FIRST + timedelta(days=number):%d%m%y}"
        before = f"{FIRST + timedelta(days=number - 1):%d%m%y}"
        records.append(f"0199999    00001EUR2 00000000001  {before}".ljust(90) + f"{balance:013d}{{")
        for place in range(_MOVEMENTS):
            head = f"99999CB0100001EUR2 0000000000130{day}  "
            label = f"REMISE CB 7654321{place:03d}"
            records.append(f"04{head}{day}{label:31}  {place:07d} 0".ljust(90) + f"{100:013d}{{")
            records.append(f"05{head}   LIBTPE {place:03d} DU JOUR")
        balance += _MOVEMENTS * 100
        records.append(f"0799999    00001EUR2 00000000001  {day}".ljust(90) + f"{balance:013d}{{")
    return "\n".join(record.ljust(120) for record in records).encode("latin-1")


def _camt(entries: int) -> bytes:
    """One statement of as many entries, each with the details of a card remittance."""
    entry = (
        '<Ntry><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
        "<BookgDt><Dt>2026-03-03</Dt></BookgDt><ValDt><Dt>2026-03-03</Dt></ValDt>"
        "<AcctSvcrRef>EX0000417</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>MCRD</Cd>"
        "<SubFmlyCd>POSP</SubFmlyCd></Fmly></Domn><Prtry><Cd>30</Cd><Issr>CFONB</Issr></Prtry></BkTxCd>"
        '<NtryDtls><Btch><NbOfTxs>2</NbOfTxs><TtlAmt Ccy="EUR">1.00</TtlAmt></Btch></NtryDtls>'
        "<AddtlNtryInf>REMISE CB 7654321001 000417 DU 02/03/26</AddtlNtryInf></Ntry>"
    )
    account = "<Acct><Id><IBAN>FR7699999000010000000000115</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    return (
        "<Document><BkToCstmrStmt><Stmt><Id>1</Id><CreDtTm>2026-03-04T04:12:00</CreDtTm>"
        f"{account}{entry * entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _matching() -> Measurement:
    """Two remittances a shop and day, credited as the sum of a contract's day."""
    items = _items()
    credited = items.groupby(["contract_number", "collected_on"], as_index=False)["net"].sum()
    booked_on = working_days.after(credited["collected_on"].to_numpy(), 1)
    named = credited[["contract_number"]].assign(amount=credited["net"], booked_on=booked_on)
    blank = dict.fromkeys(("contract_rank", "remittance_number", "entry_number", "reference"), "")
    given = named.assign(
        account="A", currency="EUR", kind="remittance", grouping="unknown", fee=None, **blank
    )
    started = time.perf_counter()
    links = match(items, given[list(LINE)])
    seconds = time.perf_counter() - started
    return Measurement(
        what=f"matching of {SHOPS} shops × {DAYS} days",
        measured=seconds,
        bar=5,
        unit=" s",
        is_time=True,
        notes=f"{len(given)} lines, {links['line'].nunique()} explained",
    )


def _simulation() -> Measurement:
    """Certain links that are wrong where one in twenty remittances and one in fifty lines are missing."""
    ends = [simulate(style, EXAMPLES) for style in STYLES]
    lines_, certain, proposed, proposed_wrong = (
        sum(getattr(one, name) for one in ends) for name in ("lines", "certain", "proposed", "proposed_wrong")
    )
    return Measurement(
        what=f"wrong certain links, {EXAMPLES * len(ends)} months in {len(ends)} styles of a bank",
        measured=sum(one.wrong for one in ends),
        bar=0,
        unit="",
        notes=f"{lines_} lines: {certain} certain, {proposed} proposed, {proposed_wrong} of them wrong",
    )


def _items() -> pd.DataFrame:
    draw = np.random.default_rng(1)
    shop, day, rank = (one.ravel() for one in np.indices((SHOPS, DAYS, 2)))
    net = draw.integers(500, 200_000, len(shop))
    frame = pd.DataFrame(
        {
            "account": "A",
            "currency": "EUR",
            "contract_number": pd.Series(shop + 1_000_000).astype(str),
            "contract_rank": np.where(rank == 0, "001", "701"),
            "number": pd.Series(np.arange(len(shop)) + 1).astype(str),
            "collected_on": np.datetime64(FIRST, "s") + day.astype("timedelta64[D]"),
            "net": net,
            "debits": net,
            "refunds": 0,
            "outlet": pd.Series(shop).astype(str),
        }
    )
    return frame[list(ITEM)]
