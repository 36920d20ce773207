"""Payments: remittances, transactions, and the daily sums kept beside them.

Money is in minor units of ``currency``. Each time stands twice: ``*_local`` is the terminal's own
clock (shown, filtered, printed, exported), ``*_at`` the instant (ordering across zones). Only the
role ``portal_import`` writes here. No foreign keys: the loader checks in staging (design §4).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Index, Numeric, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import ISOLATED
from app.models.base import (
    Base,
    Big,
    BigOrNone,
    Instant,
    InstantOrNone,
    Key,
    LocalTime,
    LocalTimeOrNone,
    Words,
    WordsOrNone,
    bare_of,
    one_of,
)
from app.rules.payments import Outcome, RemittanceStatus, Reversal, TransactionType


class Seal(StrEnum):
    """Whether the payments of a remittance add up to its totals."""

    COMPLETE = "complete"
    AWAITING_PAYMENTS = "awaiting_payments"
    AWAITING_TOTALS = "awaiting_totals"
    DIFFERS = "differs"


class EntryMode(StrEnum):
    """How the card was read (ISO 8583 field 22)."""

    CHIP = "chip"
    CONTACTLESS = "contactless"
    MAGSTRIPE = "magstripe"
    MANUAL = "manual"
    ONLINE = "online"


class Remittance(Base):
    """One telecollection: one application, one call.

    The six pairs of sums are the declared totals when ``has_totals``, otherwise what the payments
    received so far add up to. ``received_count`` and ``received_net`` always speak of the payments
    received; ``seal`` compares the two.
    """

    __tablename__ = "remittance"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id", "collected_on"),
        UniqueConstraint(
            "merchant_id", "contract_id", "collected_on", "number", name="remittance_natural_key"
        ),
        Index("remittance_list_idx", "merchant_id", "collected_at", "id"),
        Index("remittance_contract_idx", "merchant_id", "contract_id", "collected_at", "id"),
        Index("remittance_number_idx", "merchant_id", "bare_number", "collected_at"),
        Index("remittance_siret_idx", "merchant_id", "bare_siret", "collected_at"),
        Index("remittance_serial_idx", "merchant_id", "bare_serial_number", "collected_at"),
        one_of("status", RemittanceStatus),
        one_of("seal", Seal),
        {"postgresql_partition_by": "RANGE (collected_on)"},
    )

    merchant_id: Mapped[Key]
    id: Mapped[Key]
    collected_on: Mapped[date]
    reseller_id: Mapped[Big]
    contract_id: Mapped[Big]
    number: Mapped[Words]
    file_number: Mapped[WordsOrNone]
    bank_code: Mapped[WordsOrNone]
    siret: Mapped[WordsOrNone]
    terminal_number: Mapped[WordsOrNone]
    serial_number: Mapped[WordsOrNone]
    manufacturer: Mapped[WordsOrNone]
    currency: Mapped[Words]
    opened_local: Mapped[LocalTimeOrNone]
    opened_at: Mapped[InstantOrNone]
    collected_local: Mapped[LocalTime]
    collected_at: Mapped[Instant]
    status: Mapped[Words]
    status_text: Mapped[WordsOrNone]
    transmission: Mapped[WordsOrNone]
    has_totals: Mapped[bool]
    transaction_count: Mapped[int]
    debit_count: Mapped[int]
    debit_amount: Mapped[Big]
    cancellation_count: Mapped[int]
    cancellation_amount: Mapped[Big]
    refund_count: Mapped[int]
    refund_amount: Mapped[Big]
    refund_cancellation_count: Mapped[int]
    refund_cancellation_amount: Mapped[Big]
    declined_count: Mapped[int]
    declined_amount: Mapped[Big]
    abandoned_count: Mapped[int]
    abandoned_amount: Mapped[Big]
    net_amount: Mapped[Big]
    received_count: Mapped[int]
    received_net: Mapped[Big]
    second_fold: Mapped[bool]
    seal: Mapped[Words]
    missing_sequences: Mapped[int]
    ticket: Mapped[WordsOrNone]
    header_file_id: Mapped[Big]
    totals_file_id: Mapped[BigOrNone]
    bare_number: Mapped[WordsOrNone] = bare_of("number")
    bare_siret: Mapped[WordsOrNone] = bare_of("siret")
    bare_serial_number: Mapped[WordsOrNone] = bare_of("serial_number")


class Transaction(Base):
    """One payment, whatever its outcome. ``amount`` is unsigned: its sign follows from ``type``.

    ``remitted`` is true once its telecollection has reached the bank, for a payment that moves money.
    ``second_fold`` says that the clock had gone back before this line: of the two instants that an
    autumn hour may mean, the later one. A cancellation or refund has ``original_id`` and ``original_on``
    (the day) of its sale once that is certain; the sale has ``reversal`` and the ``reversed_amount`` then.
    """

    __tablename__ = "transaction"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id", "occurred_on"),
        UniqueConstraint(
            "merchant_id",
            "remittance_id",
            "sequence_number",
            "occurred_on",
            name="transaction_natural_key",
        ),
        Index("transaction_list_idx", "merchant_id", "occurred_at", "id"),
        Index("transaction_contract_idx", "merchant_id", "contract_id", "occurred_at", "id"),
        Index("transaction_card_idx", "merchant_id", "card_last4", "occurred_at", "id"),
        # With what totals need of each payment, so that these are read from the index alone.
        Index(
            "transaction_amount_idx",
            "merchant_id",
            "amount",
            "occurred_at",
            "id",
            postgresql_include=["occurred_on", "currency", "type", "outcome"],
        ),
        Index("transaction_authorisation_idx", "merchant_id", "bare_authorisation_number", "occurred_at"),
        # How the loader finds the sale of an operation, and the operations of a sale.
        Index(
            "transaction_sequence_idx",
            "merchant_id",
            "contract_id",
            text("ltrim(sequence_number, '0')"),
        ),
        Index(
            "transaction_reversing_idx",
            "merchant_id",
            "contract_id",
            "occurred_on",
            postgresql_where=text("original_sequence_number IS NOT NULL"),
        ),
        Index(
            "transaction_original_idx",
            "merchant_id",
            "original_id",
            postgresql_where=text("original_id IS NOT NULL"),
        ),
        one_of("type", TransactionType),
        one_of("outcome", Outcome),
        one_of("reversal", Reversal),
        {"postgresql_partition_by": "RANGE (occurred_on)"},
    )

    merchant_id: Mapped[Key]
    id: Mapped[Key]
    occurred_on: Mapped[date]
    reseller_id: Mapped[Big]
    contract_id: Mapped[Big]
    remittance_id: Mapped[Big]
    collected_on: Mapped[date]
    sequence_number: Mapped[Words]
    occurred_local: Mapped[LocalTime]
    occurred_at: Mapped[Instant]
    second_fold: Mapped[bool]
    type: Mapped[Words]
    outcome: Mapped[Words]
    remitted: Mapped[bool]
    amount: Mapped[Big]
    currency: Mapped[Words]
    card_bin: Mapped[WordsOrNone]
    card_last4: Mapped[WordsOrNone]
    expiry: Mapped[WordsOrNone]
    entry_mode: Mapped[WordsOrNone]
    scheme: Mapped[WordsOrNone]
    product: Mapped[WordsOrNone]
    issuer: Mapped[WordsOrNone]
    aid: Mapped[WordsOrNone]
    authorisation_asked: Mapped[bool | None]
    authorisation_number: Mapped[WordsOrNone]
    response_code: Mapped[WordsOrNone]
    certificate: Mapped[WordsOrNone]
    dossier_number: Mapped[WordsOrNone]
    order_reference: Mapped[WordsOrNone]
    original_sequence_number: Mapped[WordsOrNone]
    requested_amount: Mapped[BigOrNone]
    cardholder_amount: Mapped[BigOrNone]
    cardholder_currency: Mapped[WordsOrNone]
    exchange_rate: Mapped[Decimal | None] = mapped_column(Numeric)
    markup_percent: Mapped[Decimal | None] = mapped_column(Numeric)
    ticket: Mapped[WordsOrNone]
    import_file_id: Mapped[Big]
    original_id: Mapped[BigOrNone]
    original_on: Mapped[date | None]
    reversal: Mapped[Words] = mapped_column(server_default=Reversal.NONE)
    reversed_amount: Mapped[Big] = mapped_column(server_default="0")
    bare_authorisation_number: Mapped[WordsOrNone] = bare_of("authorisation_number")


#: The ``contract_id`` of a daily sum over all the contracts of its merchant.
ALL_CONTRACTS = 0


class TransactionDay(Base):
    """Count and amount of a day's transactions, for each contract and for all of them together."""

    __tablename__ = "transaction_day"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "contract_id", "day", "currency", "type", "outcome", "remitted"),
    )

    merchant_id: Mapped[Key]
    contract_id: Mapped[Key]
    day: Mapped[date]
    reseller_id: Mapped[Big]
    currency: Mapped[Words]
    type: Mapped[Words]
    outcome: Mapped[Words]
    remitted: Mapped[bool]
    count: Mapped[Big]
    amount: Mapped[Big]


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
        ),
    )

    merchant_id: Mapped[Key]
    contract_id: Mapped[Key]
    day: Mapped[date]
    reseller_id: Mapped[Big]
    currency: Mapped[Words]
    status: Mapped[Words]
    is_empty: Mapped[bool]
    remitted: Mapped[bool]
    awaiting_totals: Mapped[bool]
    count: Mapped[Big]
    debit: Mapped[Big]
    refund: Mapped[Big]
    cancelled: Mapped[Big]
    refund_cancelled: Mapped[Big]
    declined: Mapped[Big]
