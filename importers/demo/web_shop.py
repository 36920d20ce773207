"""The demonstration's web shop: the mail-order shop sells on a platform too, and no terminal delivers that.

Each night the platform's journal JT has the sales of the day. Most are captured that evening; some when their
parcel leaves, days later: these come twice, first as authorised. Some are refused, or given back.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pandas as pd
from sqlalchemy import Connection, select

from app.database.engine import Database, DatabaseRole
from app.models import Merchant, Outlet
from importers.demo.disputes import SHOP_CODE
from importers.demo.profiles import BANKS, RESELLER
from importers.files import profiles, sources
from importers.formats import merchant_directory
from importers.formats.layout import MERCHANT_DIRECTORY

SOURCE, FILE_PATTERN = "demo-web-shop", r"JT_VPC_.*\.csv"
CONTRACT: Final = "5300417"
_DAYS, _BANK = 60, "30002"
_OF_OUTLET: Final = ("siret", "trade_name", "address", "postcode", "city", "time_zone")
_FEWEST, _MOST = 6, 18
_PARCEL_LEAVES_AFTER = timedelta(days=3)
_CHEAPEST, _DEAREST = 890, 18_900
_HEADING: Final = (
    "ENTETE;TRANSACTION_ID;CONTRACT;TRANSACTION_TYPE;ORIGIN_AMOUNT;AMOUNT;CURRENCY_CODE;PAYMENT_DATE;"
    "PAYMENT_TIME;CAPTURE_DATE;CARD_TYPE;CARD_NUMBER;AUTHORIZATION_ID;TRANSACTION_STATUS;ORDER_ID;"
    "TRANSACTION_CONDITION;COMPLEMENTARY_INFO;BANK_RESPONSE_CODE;PAYMENT_SCHEDULE"
)
_COUNTRIES, _SHARES = ("FRA", "BEL", "DEU"), (90, 7, 3)


def files(database: Database, folder: Path, last_day: date) -> list[Path]:
    """Write the shop's contract and its journals up to ``last_day``, and say what these are."""
    with database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, SOURCE, RESELLER)
        profiles.change(connection, SOURCE, file_pattern=FILE_PATTERN)
        profiles.change(connection, SOURCE, role="payments", application="CBVAD")
        declared = _declaration(connection)
    folder.mkdir(exist_ok=True)
    directory = folder / "REFERENTIEL_VPC.csv"
    with directory.open("wb") as file:
        merchant_directory.write(file, declared)
    return [directory, *_journals(folder, last_day)]


def _declaration(connection: Connection) -> pd.DataFrame:
    """The contract of the web shop, at the outlet that the mail-order shop has."""
    found = connection.execute(
        select(*(getattr(Outlet, name) for name in _OF_OUTLET), Merchant.name.label("merchant_name"))
        .join(Merchant, Merchant.id == Outlet.merchant_id)
        .where(Merchant.code == SHOP_CODE)
        .order_by(Outlet.id)
    ).mappings()
    shop = found.first()
    if shop is None:
        return pd.DataFrame(columns=list(MERCHANT_DIRECTORY))
    row = {
        **shop,
        "reseller": RESELLER,
        "merchant_code": SHOP_CODE,
        "label": "Boutique en ligne",
        "contract": CONTRACT,
        "rank": "001",
        "application": "CBVAD",
        "bank_code": _BANK,
        "bank_name": BANKS[_BANK],
        "mcc": "5969",
        "currency": "EUR",
    }
    return pd.DataFrame([{name: row.get(name, "") for name in MERCHANT_DIRECTORY}])


def _journals(folder: Path, last_day: date) -> Iterator[Path]:
    """The journal of each day, made in the night that follows it."""
    captured_later: dict[date, list[str]] = {}
    for back in range(_DAYS - 1, -1, -1):
        day = last_day - timedelta(days=back)
        lines = captured_later.pop(day, [])
        for line, later in _sales(day):
            lines.append(line)
            if later is not None:
                captured_later.setdefault(day + _PARCEL_LEAVES_AFTER, []).append(later)
        made = day + timedelta(days=1)
        path = folder / f"JT_VPC_{made:%Y%m%d}.csv"
        title = f"TITRE;GRAINES ET JARDINS;{made:%y/%m/%d}_02:05:00;TABLE_V4"
        path.write_bytes("\n".join([title, _HEADING, *lines, "FIN"]).encode() + b"\n")
        yield path


def _sales(day: date) -> Iterator[tuple[str, str | None]]:
    """The lines of a day's sales, each with the one that says later that it was captured."""
    rng = random.Random(day.toordinal())  # noqa: S311 - invented sales, no secret
    for number in range(1, rng.randint(_FEWEST, _MOST) + 1):
        sale = _Sale(
            number=number,
            day=day,
            amount=rng.randint(_CHEAPEST, _DEAREST),
            at=f"{rng.randint(8, 22):02}{rng.randint(0, 59):02}{rng.randint(0, 59):02}",
            card=f"4970XXXXXXXX{rng.randint(0, 9999):04}",
            country=rng.choices(_COUNTRIES, _SHARES)[0],
            secure=rng.choices(("3D_SUCCESS", "3D_ATTEMPT", "NO_3D"), (85, 10, 5))[0],
            authorisation=f"{rng.randint(0, 999_999):06}",
            schedule=rng.choices(("", "1/3"), (95, 5))[0],
        )
        fate = rng.choices(("captured", "later", "refused", "refund"), (80, 10, 7, 3))[0]
        if fate == "refused":
            yield sale.line("REFUSED", None, paid=0, answer="51"), None
        elif fate == "later":
            yield sale.line("AUTHORISED", None), sale.line("CAPTURED", day + _PARCEL_LEAVES_AFTER)
        else:
            yield sale.line("CAPTURED", day, kind="CREDIT" if fate == "refund" else "DEBIT"), None


@dataclass(frozen=True, kw_only=True)
class _Sale:
    """A sale of the shop, ``amount`` in cents."""

    number: int
    day: date
    amount: int
    at: str
    card: str
    country: str
    secure: str
    authorisation: str
    schedule: str

    def line(
        self,
        status: str,
        captured: date | None,
        *,
        paid: int | None = None,
        answer: str = "00",
        kind: str = "DEBIT",
    ) -> str:
        """What the journal says of it."""
        cells = (
            *("TRANSACTION", f"{self.number:06}", CONTRACT, kind, self.amount),
            *(self.amount if paid is None else paid, "978", f"{self.day:%Y%m%d}", self.at),
            *(f"{captured:%Y%m%d}" if captured else "", "CB", self.card, self.authorisation, status),
            *(f"WEB-{self.day:%y%m%d}-{self.number:03}", self.secure, f"CARD_COUNTRY={self.country}"),
            *(answer, self.schedule),
        )
        return ";".join(map(str, cells))
