"""Payments: remittances and transactions.

Money is in minor units of ``currency``. Each time stands twice: ``*_local`` is the terminal's own
clock (shown, filtered, printed, exported), ``*_at`` the instant (ordering across zones). Only the
importer's role writes here. No foreign keys: the loader checks in staging (design §4).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Index, Numeric, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import ISOLATED
from app.models.banking import Credit
from app.models.base import (
    Base,
    BigIntColumn,
    BigIntColumnOrNone,
    Instant,
    InstantOrNone,
    LoaderId,
    LocalTime,
    LocalTimeOrNone,
    TextColumn,
    TextColumnOrNone,
    bare_of,
    compared_of,
    one_of,
)
from app.models.sales import ChargebackState
from app.rules.payments import Completeness, Outcome, RemittanceStatus, Reversal, TransactionType


class EntryMode(StrEnum):
    """The way in which the card was read (ISO 8583 field 22)."""

    CHIP = "chip"
    CONTACTLESS = "contactless"
    MAGSTRIPE = "magstripe"
    MANUAL = "manual"
    ONLINE = "online"


class Remittance(Base):
    """One telecollection: one application, one call.

    The six pairs of sums are the declared totals when ``has_totals``, otherwise what the payments
    received so far add up to. ``received_count`` and ``received_net`` always speak of the payments
    received; ``seal`` compares the two, or says that a platform made it, which declares none.
    """

    __tablename__ = "remittance"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id", "collected_on"),
        # The day before the contract: what is asked of a night reads its calls alone, not those of its month.
        UniqueConstraint(
            "merchant_id", "collected_on", "contract_id", "bare_number", name="remittance_natural_key"
        ),
        Index("remittance_list_idx", "merchant_id", "collected_at", "id"),
        Index("remittance_contract_idx", "merchant_id", "contract_id", "collected_at", "id"),
        Index("remittance_number_idx", "merchant_id", "bare_number", "collected_at"),
        Index("remittance_siret_idx", "merchant_id", "bare_siret", "collected_at"),
        Index("remittance_serial_idx", "merchant_id", "bare_serial_number", "collected_at"),
        Index(
            "remittance_credit_idx",
            "merchant_id",
            "credit",
            "collected_at",
            "id",
            postgresql_where=text("credit IN ('expected', 'announced', 'differs', 'late')"),
        ),
        one_of("status", RemittanceStatus),
        one_of("seal", Completeness),
        one_of("credit", Credit),
        {"postgresql_partition_by": "RANGE (collected_on)"},
    )

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    collected_on: Mapped[date]
    reseller_id: Mapped[BigIntColumn]
    contract_id: Mapped[BigIntColumn]
    number: Mapped[TextColumn]
    file_number: Mapped[TextColumnOrNone]
    bank_code: Mapped[TextColumnOrNone]
    siret: Mapped[TextColumnOrNone]
    terminal_number: Mapped[TextColumnOrNone]
    serial_number: Mapped[TextColumnOrNone]
    manufacturer: Mapped[TextColumnOrNone]
    currency: Mapped[TextColumn]
    opened_local: Mapped[LocalTimeOrNone]
    opened_at: Mapped[InstantOrNone]
    collected_local: Mapped[LocalTime]
    collected_at: Mapped[Instant]
    status: Mapped[TextColumn]
    status_text: Mapped[TextColumnOrNone]
    transmission: Mapped[TextColumnOrNone]
    has_totals: Mapped[bool]
    transaction_count: Mapped[int]
    debit_count: Mapped[int]
    debit_amount: Mapped[BigIntColumn]
    cancellation_count: Mapped[int]
    cancellation_amount: Mapped[BigIntColumn]
    refund_count: Mapped[int]
    refund_amount: Mapped[BigIntColumn]
    refund_cancellation_count: Mapped[int]
    refund_cancellation_amount: Mapped[BigIntColumn]
    declined_count: Mapped[int]
    declined_amount: Mapped[BigIntColumn]
    abandoned_count: Mapped[int]
    abandoned_amount: Mapped[BigIntColumn]
    net_amount: Mapped[BigIntColumn]
    received_count: Mapped[int]
    received_net: Mapped[BigIntColumn]
    second_fold: Mapped[bool]
    seal: Mapped[TextColumn]
    missing_sequences: Mapped[int]
    ticket: Mapped[TextColumnOrNone]
    header_file_id: Mapped[BigIntColumn]
    totals_file_id: Mapped[BigIntColumnOrNone]
    credit: Mapped[TextColumn] = mapped_column(server_default=Credit.UNKNOWN)
    expected_by: Mapped[date | None]
    credited_on: Mapped[date | None]
    credit_gap: Mapped[BigIntColumnOrNone]
    credit_proposed: Mapped[bool] = mapped_column(server_default="false")
    fee_amount: Mapped[BigIntColumnOrNone]
    bare_number: Mapped[TextColumnOrNone] = bare_of("number")
    bare_siret: Mapped[TextColumnOrNone] = bare_of("siret")
    bare_serial_number: Mapped[TextColumnOrNone] = bare_of("serial_number")


class Transaction(Base):
    """One payment, whatever its outcome. ``amount`` is unsigned: its sign follows from ``type``.

    ``remitted`` is true once its telecollection has reached the bank, for a payment that moves money.
    ``second_fold`` says that the clock had gone back before this line: of the two instants that an
    autumn hour may mean, the later one. A cancellation or refund has ``original_id`` and ``original_on``
    (the day) of its sale once that is certain; the sale has ``reversal`` and the ``reversed_amount`` then.
    ``chargeback`` is the state of its dispute, by the last that is known of it.
    """

    __tablename__ = "transaction"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id", "occurred_on"),
        UniqueConstraint(
            "merchant_id",
            "remittance_id",
            "bare_sequence_number",
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
        # What few payments have, and is looked for over 15 months.
        *(
            Index(name, "merchant_id", column, "occurred_at", "id", postgresql_where=text(condition))
            for name, column, condition in (
                ("transaction_order_idx", "compared_order_reference", "compared_order_reference IS NOT NULL"),
                ("transaction_dossier_idx", "compared_dossier_number", "compared_dossier_number IS NOT NULL"),
                ("transaction_declined_idx", "response_code", f"outcome = '{Outcome.DECLINED}'"),
                ("transaction_reversal_idx", "reversal", f"reversal <> '{Reversal.NONE}'"),
            )
        ),
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
        Index(
            "transaction_chargeback_idx",
            "merchant_id",
            "occurred_at",
            "id",
            postgresql_where=text("chargeback <> 'none'"),
        ),
        one_of("type", TransactionType),
        one_of("outcome", Outcome),
        one_of("reversal", Reversal),
        one_of("chargeback", ChargebackState),
        {"postgresql_partition_by": "RANGE (occurred_on)"},
    )

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    occurred_on: Mapped[date]
    reseller_id: Mapped[BigIntColumn]
    contract_id: Mapped[BigIntColumn]
    remittance_id: Mapped[BigIntColumn]
    collected_on: Mapped[date]
    sequence_number: Mapped[TextColumn]
    occurred_local: Mapped[LocalTime]
    occurred_at: Mapped[Instant]
    second_fold: Mapped[bool]
    type: Mapped[TextColumn]
    outcome: Mapped[TextColumn]
    remitted: Mapped[bool]
    amount: Mapped[BigIntColumn]
    currency: Mapped[TextColumn]
    card_bin: Mapped[TextColumnOrNone]
    card_last4: Mapped[TextColumnOrNone]
    expiry: Mapped[TextColumnOrNone]
    entry_mode: Mapped[TextColumnOrNone]
    scheme: Mapped[TextColumnOrNone]
    product: Mapped[TextColumnOrNone]
    issuer: Mapped[TextColumnOrNone]
    aid: Mapped[TextColumnOrNone]
    authorisation_asked: Mapped[bool | None]
    authorisation_number: Mapped[TextColumnOrNone]
    response_code: Mapped[TextColumnOrNone]
    certificate: Mapped[TextColumnOrNone]
    dossier_number: Mapped[TextColumnOrNone]
    order_reference: Mapped[TextColumnOrNone]
    original_sequence_number: Mapped[TextColumnOrNone]
    requested_amount: Mapped[BigIntColumnOrNone]
    cardholder_amount: Mapped[BigIntColumnOrNone]
    cardholder_currency: Mapped[TextColumnOrNone]
    exchange_rate: Mapped[Decimal | None] = mapped_column(Numeric)
    markup_percent: Mapped[Decimal | None] = mapped_column(Numeric)
    ticket: Mapped[TextColumnOrNone]
    import_file_id: Mapped[BigIntColumn]
    original_id: Mapped[BigIntColumnOrNone]
    original_on: Mapped[date | None]
    reversal: Mapped[TextColumn] = mapped_column(server_default=Reversal.NONE)
    reversed_amount: Mapped[BigIntColumn] = mapped_column(server_default="0")
    chargeback: Mapped[TextColumn] = mapped_column(server_default=ChargebackState.NONE)
    bare_authorisation_number: Mapped[TextColumnOrNone] = bare_of("authorisation_number")
    bare_sequence_number: Mapped[TextColumnOrNone] = bare_of("sequence_number")
    compared_order_reference: Mapped[TextColumnOrNone] = compared_of("order_reference")
    compared_dossier_number: Mapped[TextColumnOrNone] = compared_of("dossier_number")
