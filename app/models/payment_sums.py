"""Sums of payments, kept by the importer beside them: of days, and of thirds of months."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, Integer, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import ISOLATED
from app.models.banking import Credit
from app.models.base import Base, BigIntColumn, LoaderId, TextColumn

#: The ``contract_id`` of a daily sum over all the contracts of its merchant.
ALL_CONTRACTS = 0


class TransactionDay(Base):
    """Count and amount of a day's transactions, for each contract and for all of them together."""

    __tablename__ = "transaction_day"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "contract_id", "day", "currency", "type", "outcome", "remitted"),
        # All contracts of some days, read from the index alone.
        Index(
            "transaction_day_day_idx",
            "merchant_id",
            "day",
            "contract_id",
            postgresql_include=["currency", "type", "outcome", "remitted", "count", "amount"],
        ),
    )

    merchant_id: Mapped[LoaderId]
    contract_id: Mapped[LoaderId]
    day: Mapped[date]
    reseller_id: Mapped[BigIntColumn]
    currency: Mapped[TextColumn]
    type: Mapped[TextColumn]
    outcome: Mapped[TextColumn]
    remitted: Mapped[bool]
    count: Mapped[BigIntColumn]
    amount: Mapped[BigIntColumn]


class TransactionThird(Base):
    """The sums of a third of a month for each contract, from those of its days; ``third`` is its first day.

    A month of a chain by shop is read from a tenth of the rows.
    """

    __tablename__ = "transaction_third"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint(
            *("merchant_id", "third", "contract_id"), *("currency", "type", "outcome", "remitted")
        ),
        Index("transaction_third_contract_idx", "merchant_id", "contract_id", "third"),
    )

    merchant_id: Mapped[LoaderId]
    third: Mapped[date]
    contract_id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    remitted: Mapped[bool]
    count: Mapped[BigIntColumn]
    amount: Mapped[BigIntColumn]
    currency: Mapped[TextColumn]
    type: Mapped[TextColumn]
    outcome: Mapped[TextColumn]


class TransactionBand(Base):
    """Count and amount of a day's transactions of a large merchant by bands of their amounts.

    Of merchants that had a day of many payments, and of all their days; :mod:`app.rules.amount_bands` says
    what each ``band`` is.
    """

    __tablename__ = "transaction_band"
    __privileges__ = ISOLATED
    __table_args__ = (PrimaryKeyConstraint("merchant_id", "day", "band", "currency", "type", "outcome"),)

    merchant_id: Mapped[LoaderId]
    day: Mapped[date]
    band: Mapped[int] = mapped_column(Integer, autoincrement=False)
    reseller_id: Mapped[BigIntColumn]
    count: Mapped[BigIntColumn]
    amount: Mapped[BigIntColumn]
    currency: Mapped[TextColumn]
    type: Mapped[TextColumn]
    outcome: Mapped[TextColumn]


class RemittanceDay(Base):
    """A day's remittances and their sums, for each contract and for all of them together."""

    __tablename__ = "remittance_day"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint(
            "merchant_id",
            "contract_id",
            "day",
            "currency",
            "status",
            "is_empty",
            "remitted",
            "awaiting_totals",
            "credit",
        ),
        Index(
            "remittance_day_day_idx",
            "merchant_id",
            "day",
            "contract_id",
            postgresql_include=[
                *("currency", "status", "is_empty", "remitted", "awaiting_totals", "credit"),
                *("count", "debit", "refund", "cancelled", "refund_cancelled", "declined"),
                *("fee", "gap", "to_confirm"),
            ],
        ),
    )

    merchant_id: Mapped[LoaderId]
    contract_id: Mapped[LoaderId]
    day: Mapped[date]
    reseller_id: Mapped[BigIntColumn]
    currency: Mapped[TextColumn]
    status: Mapped[TextColumn]
    is_empty: Mapped[bool]
    remitted: Mapped[bool]
    awaiting_totals: Mapped[bool]
    credit: Mapped[TextColumn] = mapped_column(server_default=Credit.UNKNOWN)
    count: Mapped[BigIntColumn]
    debit: Mapped[BigIntColumn]
    refund: Mapped[BigIntColumn]
    cancelled: Mapped[BigIntColumn]
    refund_cancelled: Mapped[BigIntColumn]
    declined: Mapped[BigIntColumn]
    fee: Mapped[BigIntColumn] = mapped_column(server_default="0")
    gap: Mapped[BigIntColumn] = mapped_column(server_default="0")
    to_confirm: Mapped[BigIntColumn] = mapped_column(server_default="0")


class RemittanceThird(Base):
    """The sums of a third of a month for each contract, from those of its days; ``third`` is its first day.

    A month of a chain by shop is read from a tenth of the rows. Whether a remittance is empty is left out:
    it would double them.
    """

    __tablename__ = "remittance_third"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint(
            *("merchant_id", "third", "contract_id"),
            *("currency", "status", "remitted", "awaiting_totals", "credit"),
        ),
        Index("remittance_third_contract_idx", "merchant_id", "contract_id", "third"),
    )

    merchant_id: Mapped[LoaderId]
    third: Mapped[date]
    contract_id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    remitted: Mapped[bool]
    awaiting_totals: Mapped[bool]
    count: Mapped[BigIntColumn]
    debit: Mapped[BigIntColumn]
    refund: Mapped[BigIntColumn]
    cancelled: Mapped[BigIntColumn]
    refund_cancelled: Mapped[BigIntColumn]
    declined: Mapped[BigIntColumn]
    fee: Mapped[BigIntColumn]
    gap: Mapped[BigIntColumn]
    to_confirm: Mapped[BigIntColumn]
    currency: Mapped[TextColumn]
    status: Mapped[TextColumn]
    credit: Mapped[TextColumn]
