"""Remote payments, and the fate of sales after they were made: chargebacks, operations.

A row about a sale names it as its file does, by the number of a contract, a day and a number that repeats
every day; the link to the transaction is derived. Amounts are in minor units of ``currency``, without
sign. Only the importer's role writes here; no foreign keys. Source: shared format page "Money", section 5.5.
"""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import ISOLATED
from app.models.base import (
    Base,
    BigIntColumn,
    BigIntColumnOrNone,
    Instant,
    LoaderId,
    TextColumn,
    TextColumnOrNone,
    one_of,
)


class ChargebackStage(StrEnum):
    """The stage of a case that a row tells of: a question in front of it, the money taken, or given back."""

    NOTICE = "notice"
    DEBIT = "debit"
    REVERSAL = "reversal"


class ChargebackState(StrEnum):
    """The state of a sale: not disputed, or the stage of the last that is known of its dispute."""

    NONE = "none"
    NOTICE = "notice"
    DEBITED = "debited"
    REVERSED = "reversed"


#: The state of a sale at each stage.
STATES = {
    ChargebackStage.NOTICE: ChargebackState.NOTICE,
    ChargebackStage.DEBIT: ChargebackState.DEBITED,
    ChargebackStage.REVERSAL: ChargebackState.REVERSED,
}


class OperationName(StrEnum):
    """The name of an operation on a remote payment."""

    CAPTURE = "capture"
    CANCEL = "cancel"
    REFUND = "refund"
    VALIDATE = "validate"
    MODIFY = "modify"
    DUPLICATE = "duplicate"
    OTHER = "other"


class _OfSale:
    """The columns of a row about a sale: as its file names it, and the transaction that it is.

    ``transaction_id``, ``occurred_on`` and ``contract_id`` are those of the sale, None as long as it is not
    certain: ``rule`` found ``candidates``, and none is chosen of several. Whoever may not see all contracts
    does not see such a row.
    """

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    source_id: Mapped[BigIntColumn]
    acceptor_id: Mapped[BigIntColumn]
    contract_number: Mapped[TextColumn]
    contract_id: Mapped[BigIntColumnOrNone]
    sale_number: Mapped[TextColumn]
    amount: Mapped[BigIntColumn]
    currency: Mapped[TextColumn]
    transaction_id: Mapped[BigIntColumnOrNone]
    occurred_on: Mapped[date | None]
    rule: Mapped[TextColumnOrNone]
    candidates: Mapped[int] = mapped_column(server_default="0")
    import_file_id: Mapped[BigIntColumn]


class Chargeback(_OfSale, Base):
    """A stage of a chargeback, noticed on a day.

    ``case_key`` tells the cases of a source apart. ``is_last`` is true of the newest row of a case: of all
    about one sale, or with one key where the sale is not certain. ``sale_amount`` is that of the whole sale,
    where it is said; ``due_on`` the last day to answer. ``bank_movement_id`` is the line of a statement that
    this is.
    """

    __tablename__ = "chargeback"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id"),
        UniqueConstraint(
            "merchant_id", "source_id", "stage", "case_key", "noticed_on", name="chargeback_natural_key"
        ),
        Index("chargeback_list_idx", "merchant_id", "noticed_on", "id"),
        Index("chargeback_transaction_idx", "merchant_id", "transaction_id"),
        one_of("stage", ChargebackStage),
    )

    stage: Mapped[TextColumn]
    case_key: Mapped[TextColumn]
    noticed_on: Mapped[date]
    sold_on: Mapped[date | None]
    sale_amount: Mapped[BigIntColumnOrNone]
    card_last4: Mapped[TextColumn]
    reason_code: Mapped[TextColumn]
    reason_text: Mapped[TextColumn]
    due_on: Mapped[date | None]
    is_last: Mapped[bool] = mapped_column(server_default="true")
    bank_movement_id: Mapped[BigIntColumnOrNone]


class Operation(_OfSale, Base):
    """An operation on a remote payment; ``said`` is its name as received, ``origin`` who asked for it."""

    __tablename__ = "operation"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id"),
        UniqueConstraint(
            "merchant_id",
            "source_id",
            "contract_number",
            "sold_on",
            "sale_number",
            "sequence",
            "operated_on",
            name="operation_natural_key",
        ),
        Index("operation_transaction_idx", "merchant_id", "transaction_id"),
        one_of("name", OperationName),
    )

    name: Mapped[TextColumn]
    said: Mapped[TextColumn]
    sold_on: Mapped[date]
    sequence: Mapped[TextColumn]
    operated_on: Mapped[date]
    origin: Mapped[TextColumn]


class RemotePayment(Base):
    """The part of a transaction that only a platform knows: one row to one of its transactions.

    ``number`` is the platform's, without leading zeros, which repeats every day; ``sold_on`` the day of the
    payment on the platform's clock, which may be another than ``occurred_on``. ``said_at`` is when the file
    was made that said this last, ``digest`` a hash of what it said: a later one takes its place.
    ``captured_on`` is the day of its remittance, None before; ``captured_time`` where it is known too. Of a
    ``batch``, which is told as a whole, ``number`` is its remittance and its place there.
    """

    __tablename__ = "remote_payment"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "transaction_id", "occurred_on"),
        Index("remote_payment_number_idx", "merchant_id", "contract_id", "sold_on", "number"),
        Index("remote_payment_batch_idx", "merchant_id", "batch", postgresql_where=text("batch <> ''")),
        Index(
            "remote_payment_reference_idx",
            "merchant_id",
            "platform_reference",
            postgresql_where=text("platform_reference IS NOT NULL"),
        ),
    )

    merchant_id: Mapped[LoaderId]
    transaction_id: Mapped[LoaderId]
    occurred_on: Mapped[date]
    reseller_id: Mapped[BigIntColumn]
    contract_id: Mapped[BigIntColumn]
    number: Mapped[TextColumn]
    sold_on: Mapped[date]
    batch: Mapped[TextColumn] = mapped_column(server_default="")
    said_at: Mapped[Instant]
    digest: Mapped[TextColumn]
    captured_on: Mapped[date | None]
    captured_time: Mapped[time | None]
    three_ds: Mapped[TextColumnOrNone]
    card_country: Mapped[TextColumnOrNone]
    platform_reference: Mapped[TextColumnOrNone]
    schedule_rank: Mapped[int | None]
    schedule_count: Mapped[int | None]
    import_file_id: Mapped[BigIntColumn]
