"""Settlements: what an acquirer or a platform announces or pays, and what each payment is made of.

Amounts are in minor units of ``currency``, ``*_hundredths`` in hundredths of these. Only the importer's role
writes here; no foreign keys: the loader checks in staging. Source: shared format page "Money", section 5.4.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.database.privileges import ISOLATED
from app.models.banking import Certainty
from app.models.base import (
    Base,
    BigIntColumn,
    BigIntColumnOrNone,
    LoaderId,
    TextColumn,
    TextColumnOrNone,
    one_of,
)


class SettlementState(StrEnum):
    """The state of a payment: ``carried`` is a negative one, taken off the next."""

    ANNOUNCED = "announced"
    PAID = "paid"
    CARRIED = "carried"


class SettlementLineKind(StrEnum):
    """The kind of a line of a payment."""

    REMITTANCE = "remittance"
    SALE = "sale"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal"
    FEE = "fee"
    ADJUSTMENT = "adjustment"
    RESERVE = "reserve"
    CONVERSION = "conversion"
    PAYOUT = "payout"


class Settlement(Base):
    """A payment that is announced or made.

    ``payer`` is who pays, "" where it is the acquirer of the contract itself; ``payee`` and ``number`` are
    theirs. ``net`` is what they say; ``net_proven`` whether its parts make it. ``digest`` is a hash over it
    and its lines. ``bank_movement_id`` and ``credited_on`` are the line of a bank that it came by, once it is
    known, and ``rule`` why.
    """

    __tablename__ = "settlement"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id"),
        UniqueConstraint(
            "merchant_id",
            "source_id",
            "payee",
            "number",
            "paid_on",
            "currency",
            name="settlement_natural_key",
        ),
        Index("settlement_paid_idx", "merchant_id", "paid_on", "id"),
        # What a line of a bank brings.
        Index(
            "settlement_movement_idx",
            "merchant_id",
            "bank_movement_id",
            postgresql_where=text("bank_movement_id IS NOT NULL"),
        ),
        one_of("state", SettlementState),
    )

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    acceptor_id: Mapped[BigIntColumn]
    source_id: Mapped[BigIntColumn]
    payer: Mapped[TextColumn]
    payee: Mapped[TextColumn]
    number: Mapped[TextColumn]
    reference: Mapped[TextColumn]
    paid_on: Mapped[date]
    currency: Mapped[TextColumn]
    account_key_last: Mapped[TextColumn]
    gross: Mapped[BigIntColumn]
    discount: Mapped[BigIntColumn]
    fee: Mapped[BigIntColumn]
    adjustment: Mapped[BigIntColumn]
    tax: Mapped[BigIntColumn]
    carried_over: Mapped[BigIntColumn]
    net: Mapped[BigIntColumn]
    net_proven: Mapped[bool]
    line_count: Mapped[int]
    state: Mapped[TextColumn]
    digest: Mapped[TextColumn]
    import_file_id: Mapped[BigIntColumn]
    bank_movement_id: Mapped[BigIntColumnOrNone]
    credited_on: Mapped[date | None]
    rule: Mapped[TextColumnOrNone]


class SettlementLine(Base):
    """A line of a payment: remittances, sales, fees; ``rank`` is its place, ``line_id`` the platform's id.

    Without such an id its place is its only identity.

    ``transaction_id`` and ``transaction_on`` (its day) are the payment that it is of, once that is certain.
    """

    __tablename__ = "settlement_line"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id", "paid_on"),
        UniqueConstraint(
            "merchant_id", "settlement_id", "rank", "paid_on", name="settlement_line_natural_key"
        ),
        Index(
            "settlement_line_transaction_idx",
            "merchant_id",
            "transaction_id",
            postgresql_where=text("transaction_id IS NOT NULL"),
        ),
        # How the loader finds the lines that a file may give a payment, or take it from.
        *(
            Index(f"settlement_line_{name}_idx", "merchant_id", column, postgresql_where=text(condition))
            for name, column, condition in (
                ("order", "merchant_reference", "contract_number = '' AND merchant_reference <> ''"),
                ("reference", "reference", "contract_number = '' AND reference <> ''"),
                ("open", "occurred_on", "contract_number = '' AND transaction_id IS NULL"),
                ("numbered", "occurred_on", "contract_number <> ''"),
                ("sold", "transaction_on", "transaction_id IS NOT NULL"),
            )
        ),
        one_of("kind", SettlementLineKind),
        {"postgresql_partition_by": "RANGE (paid_on)"},
    )

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    paid_on: Mapped[date]
    reseller_id: Mapped[BigIntColumn]
    acceptor_id: Mapped[BigIntColumn]
    settlement_id: Mapped[BigIntColumn]
    rank: Mapped[int]
    kind: Mapped[TextColumn]
    gross: Mapped[BigIntColumn]
    fee_hundredths: Mapped[BigIntColumn]
    net_hundredths: Mapped[BigIntColumn]
    currency: Mapped[TextColumn]
    contract_number: Mapped[TextColumn]
    reference: Mapped[TextColumn]
    merchant_reference: Mapped[TextColumn]
    occurred_on: Mapped[date | None]
    card_last4: Mapped[TextColumn]
    count: Mapped[int | None]
    import_file_id: Mapped[BigIntColumn]
    line_id: Mapped[TextColumnOrNone]
    transaction_id: Mapped[BigIntColumnOrNone]
    transaction_on: Mapped[date | None]


class SettlementLink(Base):
    """A link from a payment to a remittance that it pays: ``amount`` is what of its net the payer received.

    ``fee`` is what the payer kept, where that is said of this remittance alone; ``rule`` says why it is this
    one.
    """

    __tablename__ = "settlement_link"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "settlement_id", "remittance_id"),
        Index("settlement_link_remittance_idx", "merchant_id", "remittance_id"),
        one_of("certainty", Certainty),
    )

    merchant_id: Mapped[LoaderId]
    settlement_id: Mapped[LoaderId]
    remittance_id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    collected_on: Mapped[date]
    paid_on: Mapped[date]
    amount: Mapped[BigIntColumn]
    fee: Mapped[BigIntColumnOrNone]
    rule: Mapped[TextColumn]
    certainty: Mapped[TextColumn]
