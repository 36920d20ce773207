"""A made-up format, in one module: fees of a car park in latin-1 lines of 40 columns, without line ends.

An account number has 16 digits and may look like a card's: it stands in columns 1 to 16 by design.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from app.rules import card_lines
from importers.formats import Format, bytes_alone
from importers.records import Header
from tests.importers.parking import Parking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.rules.card_lines import Candidate

WIDTH, ACCOUNT_WIDTH = 40, 16


def records(data: bytes) -> list[str]:
    text = data.decode("latin-1")
    return [text[start : start + WIDTH] for start in range(0, len(text), WIDTH)]


def find_cards(data: bytes) -> Iterator[Candidate]:
    """Card numbers anywhere but in the account's own columns."""
    lines = "\n".join(records(data)).encode("latin-1")
    return card_lines.find(lines, lambda candidate, _: candidate.place < ACCOUNT_WIDTH)


def read(data: bytes) -> Parking:
    heading, *rows = records(data)
    fees = pd.DataFrame(
        {
            "account": [row[:16] for row in rows],
            "parked_on": pd.to_datetime([row[16:24] for row in rows], format="%Y%m%d"),
            "amount": [int(row[24:34]) for row in rows],
        }
    )
    header = Header(
        source=heading[7:17].strip(),
        file_key=heading[17:24].strip(),
        created_at=datetime.fromisoformat(heading[24:40] + "+00:00"),
    )
    return Parking(header=header, fees=fees)


FORMAT = Format(
    name="PARKING", first_line=re.compile(b"PARKING"), find_cards=find_cards, read=bytes_alone(read)
)
