"""The few values that a field has, such as issuers: kept by the loader beside the payments, for forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from app.database.privileges import ISOLATED
from app.models.base import Base, BigIntColumn, LoaderId, TextColumn

#: The fields whose values are kept, and the column of each, by the table that has it.
KNOWN_FIELDS: Mapping[str, Mapping[str, str]] = {
    "transaction": {"issuer": "issuer", "product": "product", "scheme": "scheme"},
    "remittance": {"manufacturer": "manufacturer", "bank": "bank_code"},
}


class KnownValue(Base):
    """A value that a field has in the rows of a contract, and the last day on which one had it.

    The contract comes last in the key: the values of a merchant are found by skipping from one to the next,
    however many contracts have each.
    """

    __tablename__ = "known_value"
    __privileges__ = ISOLATED
    __table_args__ = (PrimaryKeyConstraint("merchant_id", "field", "value", "contract_id"),)

    merchant_id: Mapped[LoaderId]
    field: Mapped[TextColumn]
    value: Mapped[TextColumn]
    contract_id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    last_on: Mapped[date]
