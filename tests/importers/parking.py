"""A made-up kind of record, in one module with its tables: fees of a car park, owned by their account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, MetaData, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.database.privileges import ISOLATED
from app.models.base import NAMING, Base, BigIntColumn, BigIntColumnOrNone, LoaderId, TextColumn
from importers import ownership
from importers.ownership import OwnedTable, OwnerKey
from importers.records import Entry, Header, Loaded, RecordKind
from importers.refusals import Refusal
from importers.staging import as_dates, new_ids, put

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection, Row


class Invented(Base):
    """Tables that the portal's own catalogue does not know."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class ParkingAccount(Invented):
    __tablename__ = "parking_account"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id"),
        UniqueConstraint("merchant_id", "reseller_id", "account", name="parking_account_natural_key"),
    )

    merchant_id: Mapped[BigIntColumn]
    id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    account: Mapped[TextColumn]
    source_id: Mapped[BigIntColumnOrNone]


class ParkingFee(Invented):
    __tablename__ = "parking_fee"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id", "parked_on"),
        Index("parking_fee_account_idx", "merchant_id", "parking_account_id", "parked_on"),
        {"postgresql_partition_by": "RANGE (parked_on)"},
    )

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    parked_on: Mapped[date]
    reseller_id: Mapped[BigIntColumn]
    parking_account_id: Mapped[BigIntColumn]
    amount: Mapped[BigIntColumn]
    import_file_id: Mapped[BigIntColumn]


ACCOUNT = OwnerKey(table="parking_account", columns=("account",), names=("account",))
KIND = RecordKind(name="parking", tables=(OwnedTable(model=ParkingFee, key=ACCOUNT, day="parked_on"),))


@dataclass(frozen=True, kw_only=True)
class Parking:
    """Fees: ``account``, ``parked_on`` and ``amount`` (minor units)."""

    header: Header
    fees: pd.DataFrame

    @property
    def owners(self) -> tuple[OwnerKey, pd.DataFrame]:
        return ACCOUNT, self.fees

    def clock_faults(self, _now: object) -> tuple[Refusal, ...]:
        return ()

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        assert entry.source is not None
        ownership.stage_keys(connection, ACCOUNT, self.fees)
        found = ownership.resolve(connection, ACCOUNT, entry.source.reseller_id, entry.source.id)
        rows = self.fees.merge(found, how="left", on="account").assign(
            id=new_ids(connection, len(self.fees)),
            reseller_id=entry.source.reseller_id,
            import_file_id=entry.file_id,
            parked_on=as_dates(self.fees["parked_on"]),
        )
        fees = rows.drop(columns=["account", "time_zone"])
        put(connection, "parking_fee", fees, self.fees["parked_on"])
        days = self.fees["parked_on"].dt.date
        return Loaded(
            counts={"parking fees": len(rows)},
            kept_aside=int((rows["merchant_id"] == 0).sum()),
            merchant_ids=[int(merchant) for merchant in rows["merchant_id"].unique()],
            first_on=days.min(),
            last_on=days.max(),
            received={"parking": days.tolist()},
        )

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        connection.execute(text("DELETE FROM parking_fee WHERE import_file_id = :id"), {"id": former.id})
