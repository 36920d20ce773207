"""The demonstration's American Express: it says what it received of two merchants, and what it pays them.

It pays three working days after the call. Of one submission in so many it has received less than the terminal
sent; the last payments are announced, and no bank has them yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from app.rules.amex_records import GRRCN
from importers.demo.profiles import CHAIN_CODE
from importers.matching import working_days

SOURCE, FILE_PATTERN = "demo-amex", r"GRRCN_.*\.csv"
#: Who takes its cards, and the letter that their payments begin with.
MERCHANTS: Final = {CHAIN_CODE: "F", "RESTAURANT": "R"}
APPLICATIONS: Final = ("AMEX", "AMEXCLESS")
#: In working days.
_PAID_AFTER, _ANNOUNCED_AHEAD = 3, 2
_SHORT, _MISSING_PERCENT = 23, 10
_DISCOUNT_PER_MILLE = 25


def submissions(found: pd.DataFrame, last_day: date) -> pd.DataFrame:
    """What it says of remittances ``found`` (code, contract, number, collected_on, net in minor units).

    A row a submission: its ``gross`` and ``discount``, and the ``payment`` that it is part of, with its day.
    """
    days = pd.to_datetime(found["collected_on"]).to_numpy().astype("datetime64[D]")
    paid_on = working_days.after(days, _PAID_AFTER)
    short = np.arange(len(found)) % _SHORT == _SHORT - 1
    gross = np.where(short, found["net"] - found["net"] * _MISSING_PERCENT // 100, found["net"])
    numbers = pd.Series(paid_on.astype("datetime64[s]")).dt.strftime("%j")
    said = found.assign(
        gross=gross,
        discount=gross * _DISCOUNT_PER_MILLE // 1000,
        paid_on=paid_on.astype("datetime64[s]"),
        payment=found["code"].map(MERCHANTS) + numbers,
    )
    announced_to = working_days.after(np.array([last_day], dtype="datetime64[D]"), _ANNOUNCED_AHEAD)
    return said[paid_on <= announced_to]


def payouts(said: pd.DataFrame, code: str) -> pd.DataFrame:
    """The transfers to a merchant: ``label``, ``amount`` and ``booked_on`` of each."""
    own = said[said["code"] == code]
    paid = own.groupby(["payment", "paid_on"], as_index=False)[["gross", "discount"]].sum()
    return paid.assign(
        label="AMERICAN EXPRESS PAYMENT " + paid["payment"],
        amount=paid["gross"] - paid["discount"],
        booked_on=paid["paid_on"],
    )


def files(folder: Path, said: pd.DataFrame) -> list[Path]:
    """Write a file for each merchant, in the quoted encoding of version 3.01."""
    return [_file(folder, str(code), own) for code, own in said.groupby("code")]


def _file(folder: Path, code: str, own: pd.DataFrame) -> Path:
    records = [("HEADER", {"version": "3.01"}), *_payments(own)]
    records.append(("TRAILER", {"record_count": str(len(records) + 1)}))
    path = folder / f"GRRCN_{code}.csv"
    path.write_text("\n".join(_line(*record) for record in records) + "\n", encoding="ascii")
    return path


def _payments(own: pd.DataFrame) -> Iterator[tuple[str, dict[str, str]]]:
    """The summary of each payment, and the submissions that it pays."""
    payee = str(own["contract"].min())
    for (number, paid_on), parts in own.groupby(["payment", "paid_on"]):
        paid = {"payee": payee, "number": str(number), "paid_on": f"{paid_on:%Y%m%d}", "currency": "EUR"}
        yield "SUMMARY", paid | _amounts(int(parts["gross"].sum()), int(parts["discount"].sum()))
        row: Any
        for row in parts.itertuples():
            yield (
                "SUBMISSION",
                paid
                | _amounts(row.gross, row.discount)
                | {"merchant": row.contract, "submitted_on": f"{row.collected_on:%Y%m%d}"}
                | {"invoice": row.number},
            )


def _amounts(gross: int, discount: int) -> dict[str, str]:
    said = {"gross": gross, "discount": discount, "net": gross - discount}
    none = dict.fromkeys(("fee", "adjustment", "tax"), 0)
    return {name: f"{'-' if value < 0 else ' '}{abs(value):015d}" for name, value in (said | none).items()}


def _line(code: str, values: dict[str, str]) -> str:
    return ",".join(f'"{(values | {"type": code}).get(part.name, "")}"' for part in GRRCN[code])
