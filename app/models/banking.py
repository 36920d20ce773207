"""Money on its way: bank accounts, their statements, and the lines of these that are card money.

Amounts are in minor units of ``currency``. Only the importer's role writes here; no foreign keys:
the loader checks in staging. Source: shared format page "Money", section 5.3.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger, UniqueConstraint, text
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

#: A credit is late after so many working days, where the account's declaration says nothing else.
USUAL_WORKING_DAYS = 5


class Grouping(StrEnum):
    """The grouping of a bank: what one of its lines credits."""

    UNKNOWN = "unknown"
    REMITTANCE = "remittance"
    CONTRACT_DAY = "contract_day"
    CONTRACT_BOOKING = "contract_booking"
    SHOP_DAY = "shop_day"
    ACCOUNT_DAY = "account_day"


class FeeTiming(StrEnum):
    """The way in which a bank takes its commission."""

    UNKNOWN = "unknown"
    APART = "apart"
    DEDUCTED = "deducted"
    MONTHLY = "monthly"


class MovementKind(StrEnum):
    """The kind of a line of card money."""

    REMITTANCE = "remittance"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal"
    FEE = "fee"
    PAYOUT = "payout"


class Credit(StrEnum):
    """The credit of a remittance, as far as it is known."""

    UNKNOWN = "unknown"
    NOT_EXPECTED = "not_expected"
    EXPECTED = "expected"
    ANNOUNCED = "announced"
    CREDITED = "credited"
    DIFFERS = "differs"
    LATE = "late"


class Certainty(StrEnum):
    """The certainty of a link: only a certain one makes a remittance credited before a person confirms it."""

    CERTAIN = "certain"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"


class CreditVerdict(StrEnum):
    """The verdict of a person on a proposed link."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class BankAccount(Base):
    """An account that remittances are credited on, in one currency.

    ``account_key`` is the same whatever format names the account, and is never shown whole. One that
    nobody has declared stands under ``UNCLAIMED_MERCHANT``. ``source_id`` is the source that last delivered
    a statement of it. ``by_desk``: a maintainer's desk alone has declared it, which routes no file to them.
    """

    __tablename__ = "bank_account"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id"),
        UniqueConstraint(
            "merchant_id", "reseller_id", "account_key", "currency", name="bank_account_natural_key"
        ),
        Index("bank_account_look_up_idx", "reseller_id", "account_key", "currency"),
        one_of("grouping", Grouping),
        one_of("fees", FeeTiming),
    )

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    account_key: Mapped[TextColumn]
    currency: Mapped[TextColumn]
    label: Mapped[TextColumnOrNone]
    grouping: Mapped[TextColumn] = mapped_column(server_default=Grouping.UNKNOWN)
    fees: Mapped[TextColumn] = mapped_column(server_default=FeeTiming.UNKNOWN)
    working_days: Mapped[int] = mapped_column(server_default=str(USUAL_WORKING_DAYS))
    source_id: Mapped[BigIntColumnOrNone]
    by_desk: Mapped[bool] = mapped_column(server_default="false")


class BankStatement(Base):
    """A statement of an account, from one balance to the next.

    ``line_count`` and ``line_sum`` are of all its lines, ``kept_count`` and ``kept_sum`` of those that are
    card money; ``digest`` is a hash over the days and amounts of all. ``proven``: the opening balance and
    the lines make the closing one. ``part`` counts the statements of one account and closing day.
    ``notification`` is the hash of the number of a notification, "" for what tells all of its days.
    """

    __tablename__ = "bank_statement"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id"),
        UniqueConstraint(
            "merchant_id", "bank_account_id", "closed_on", "part", name="bank_statement_natural_key"
        ),
    )

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    bank_account_id: Mapped[BigIntColumn]
    opened_on: Mapped[date]
    closed_on: Mapped[date]
    part: Mapped[int] = mapped_column(SmallInteger)
    opening: Mapped[BigIntColumnOrNone]
    closing: Mapped[BigIntColumnOrNone]
    currency: Mapped[TextColumn]
    line_count: Mapped[int]
    line_sum: Mapped[BigIntColumn]
    kept_count: Mapped[int]
    kept_sum: Mapped[BigIntColumn]
    digest: Mapped[TextColumn]
    proven: Mapped[bool]
    notification: Mapped[TextColumn] = mapped_column(server_default="")
    import_file_id: Mapped[BigIntColumn]


class BankMovement(Base):
    """A line of a statement that is card money; ``amount`` is signed, + into the account.

    ``rank`` is its place among all lines of its statement: equal lines have no other identity. The numbers
    of contract, remittance and settlement are hints of the label, not truths; of entry number and reference
    only what a remittance's number is compared with is kept. ``payer`` is who pays, of those
    who pay for cards by transfers of their own.
    """

    __tablename__ = "bank_movement"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id", "booked_on"),
        UniqueConstraint(
            "merchant_id", "bank_statement_id", "rank", "booked_on", name="bank_movement_natural_key"
        ),
        Index("bank_movement_account_idx", "merchant_id", "bank_account_id", "booked_on", "id"),
        Index("bank_movement_contract_idx", "merchant_id", "contract_number", "booked_on"),
        one_of("kind", MovementKind),
        {"postgresql_partition_by": "RANGE (booked_on)"},
    )

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    booked_on: Mapped[date]
    reseller_id: Mapped[BigIntColumn]
    bank_account_id: Mapped[BigIntColumn]
    bank_statement_id: Mapped[BigIntColumn]
    rank: Mapped[int]
    value_on: Mapped[date]
    amount: Mapped[BigIntColumn]
    currency: Mapped[TextColumn]
    kind: Mapped[TextColumn]
    code: Mapped[TextColumn]
    inner_code: Mapped[TextColumn]
    label: Mapped[TextColumn]
    entry_number: Mapped[TextColumn]
    reference: Mapped[TextColumn]
    contract_number: Mapped[TextColumn]
    contract_rank: Mapped[TextColumn]
    remittance_number: Mapped[TextColumn]
    settlement_number: Mapped[TextColumn]
    payer: Mapped[TextColumn] = mapped_column(server_default="")
    batch_count: Mapped[int | None]
    gross: Mapped[BigIntColumnOrNone]
    fee: Mapped[BigIntColumnOrNone]
    reversal: Mapped[bool]
    import_file_id: Mapped[BigIntColumn]


class CreditLink(Base):
    """A link from a line of a bank to a remittance: ``part`` is its net, debits, refunds or a scheme.

    ``amount`` is what of the remittance the line explains, signed; ``rule`` is the one of the cascade that
    found it. A line may credit many remittances, a remittance may have two lines. ``group_fee`` is what the
    bank says that it took off the line, for all the remittances that it credits.
    """

    __tablename__ = "credit_link"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "bank_movement_id", "remittance_id", "part"),
        Index("credit_link_remittance_idx", "merchant_id", "remittance_id"),
        # Few wait for somebody's word: above each list they are counted.
        Index(
            "credit_link_proposed_idx",
            "merchant_id",
            "bank_movement_id",
            postgresql_where=text("certainty = 'proposed'"),
        ),
        one_of("certainty", Certainty),
    )

    merchant_id: Mapped[LoaderId]
    bank_movement_id: Mapped[LoaderId]
    remittance_id: Mapped[LoaderId]
    part: Mapped[TextColumn]
    reseller_id: Mapped[BigIntColumn]
    booked_on: Mapped[date]
    collected_on: Mapped[date]
    amount: Mapped[BigIntColumn]
    rule: Mapped[TextColumn]
    certainty: Mapped[TextColumn]
    group_fee: Mapped[BigIntColumnOrNone]


class CreditDecision(Base):
    """A decision on a proposed link, by somebody of the merchant or of its reseller.

    Links are derived anew whenever a file touches them; what a person has decided stays and comes first.
    """

    __tablename__ = "credit_decision"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "bank_movement_id", "remittance_id", "part"),
        one_of("verdict", CreditVerdict),
    )

    merchant_id: Mapped[LoaderId]
    bank_movement_id: Mapped[LoaderId]
    remittance_id: Mapped[LoaderId]
    part: Mapped[TextColumn]
    reseller_id: Mapped[BigIntColumn]
    booked_on: Mapped[date]
    collected_on: Mapped[date]
    rule: Mapped[TextColumn]
    verdict: Mapped[TextColumn]
    user_id: Mapped[BigIntColumn]
    decided_at: Mapped[Instant]
