"""The parties: resellers, their sources of files, merchants, outlets and contracts."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import CHANGE, IMPORTED, ISOLATED, READ, Privileges, TablePrivilege
from app.models.base import (
    Base,
    BigIntColumn,
    BigIntColumnOrNone,
    CreatedAt,
    InstantOrNone,
    LoaderId,
    LocalId,
    TextColumn,
    TextColumnOrNone,
    alphabetical,
    one_of,
)

#: Owner of the rows whose contract nobody has declared yet: no user ever belongs to it.
UNCLAIMED_MERCHANT = 0


class Reseller(Base):
    """A reseller, whose name and colours the portal wears.

    ``declared`` is false for the placeholder of a source whose reseller is not known yet.
    """

    __tablename__ = "reseller"
    __privileges__ = IMPORTED

    id: Mapped[LocalId]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[TextColumn]
    declared: Mapped[bool] = mapped_column(default=True, server_default="true")


class SourceRole(StrEnum):
    """The role of a source: it writes remittances and transactions, or whatever else money leaves behind."""

    PAYMENTS = "payments"
    MONEY = "money"


class ExpectedDays(StrEnum):
    """The days on which files of a source are expected; ``none``: nobody waits for them."""

    DAILY = "daily"
    WORKING = "working"
    WEEKLY = "weekly"
    NONE = "none"


class Source(Base):
    """A host that delivers files; its reseller scopes the contract and account numbers it names.

    ``inbox`` (a folder of the inbox) and ``file_pattern`` (a regular expression over names) tell the files
    that do not name their source. ``vouched_columns`` hold references that look like card numbers: an
    operator has said so. ``format`` None is recognised by content; ``merchant_id`` is whose feed it is, when
    it is one merchant's alone; ``time_zone`` is that of the times in its files. By ``expected_at`` (on the
    clock of DEFAULT_TIME_ZONE) of ``expected_days`` its file should be there; what is None is learnt from
    those that came. ``settings`` is what its format needs to know besides
    (:class:`app.models.source_settings.SourceSettings`).
    """

    __tablename__ = "source"
    __privileges__ = IMPORTED
    __table_args__ = (one_of("role", SourceRole), one_of("expected_days", ExpectedDays))

    id: Mapped[LocalId]
    name: Mapped[str] = mapped_column(unique=True)
    reseller_id: Mapped[int] = mapped_column(ForeignKey("reseller.id"))
    inbox: Mapped[TextColumnOrNone]
    file_pattern: Mapped[TextColumnOrNone]
    role: Mapped[TextColumn] = mapped_column(server_default=SourceRole.PAYMENTS)
    format: Mapped[TextColumnOrNone]
    merchant_id: Mapped[BigIntColumnOrNone]
    time_zone: Mapped[TextColumnOrNone]
    expected_at: Mapped[time | None]
    expected_days: Mapped[TextColumnOrNone]
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    vouched_columns: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")


class Merchant(Base):
    """An independent shop or a chain: the owner of payments, leading every key of theirs.

    While it is suspended nobody of it sees anything; its payments go on arriving.
    """

    __tablename__ = "merchant"
    __privileges__ = Privileges(
        # Whether it is suspended is the one thing of a merchant that the web decides.
        web=(READ, TablePrivilege("UPDATE", columns=("suspended_at",))),
        importer=CHANGE,
    )
    __table_args__ = (UniqueConstraint("reseller_id", "code"),)

    id: Mapped[LocalId]
    reseller_id: Mapped[int] = mapped_column(ForeignKey("reseller.id"))
    code: Mapped[TextColumn]
    name: Mapped[TextColumn]
    created_at: Mapped[CreatedAt]
    suspended_at: Mapped[InstantOrNone]
    name_key: Mapped[TextColumnOrNone] = alphabetical("name")


class Outlet(Base):
    """A point of sale, known by its SIRET; ``time_zone`` is an IANA name."""

    __tablename__ = "outlet"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id"),
        UniqueConstraint("merchant_id", "siret"),
    )

    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id"))
    id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    siret: Mapped[TextColumn]
    trade_name: Mapped[TextColumn]
    address: Mapped[TextColumnOrNone]
    postcode: Mapped[TextColumnOrNone]
    city: Mapped[TextColumnOrNone]
    time_zone: Mapped[TextColumn]
    trade_name_key: Mapped[TextColumnOrNone] = alphabetical("trade_name")


class Contract(Base):
    """A contract number, rank and application: what history belongs to, whatever the terminal.

    An undeclared contract stands under ``UNCLAIMED_MERCHANT`` without an outlet until a
    merchant directory names it. ``source_id`` is the source that last delivered for it;
    ``remittances_source_id`` and ``transactions_source_id`` are those that last brought its telecollections
    and its payments, which may be two: None before the first. What another source brings for it stands aside,
    under the unclaimed merchant, in a contract of the same number that has the source's ``aside_source_id``;
    it is 0 in all others. ``delivered_from`` is the day from which its source delivers it, and up to which
    ``former_source_id`` did: both None where it always has.
    ``bank_account_id`` is the account that it is declared to be credited on; None is any account of the
    merchant in its currency. ``by_desk``: a maintainer's desk alone has declared it, which routes no file to
    them.
    """

    __tablename__ = "contract"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id"),
        UniqueConstraint(
            "merchant_id",
            "reseller_id",
            "number",
            "rank",
            "application",
            "aside_source_id",
            name="contract_natural_key",
        ),
        ForeignKeyConstraint(
            ["merchant_id", "outlet_id"],
            ["outlet.merchant_id", "outlet.id"],
            name="contract_outlet_fkey",
        ),
        Index("contract_look_up_idx", "reseller_id", "number", "rank", "application"),
    )

    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id"))
    id: Mapped[LoaderId]
    reseller_id: Mapped[int] = mapped_column(ForeignKey("reseller.id"))
    outlet_id: Mapped[BigIntColumnOrNone]
    number: Mapped[TextColumn]
    rank: Mapped[TextColumn]
    application: Mapped[TextColumn]
    label: Mapped[TextColumnOrNone]
    bank_code: Mapped[TextColumnOrNone]
    bank_name: Mapped[TextColumnOrNone]
    mcc: Mapped[TextColumnOrNone]
    currency: Mapped[TextColumnOrNone]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    source_id: Mapped[BigIntColumnOrNone]
    remittances_source_id: Mapped[BigIntColumnOrNone]
    transactions_source_id: Mapped[BigIntColumnOrNone]
    aside_source_id: Mapped[BigIntColumn] = mapped_column(server_default="0")
    delivered_from: Mapped[date | None]
    former_source_id: Mapped[BigIntColumnOrNone]
    bank_account_id: Mapped[BigIntColumnOrNone]
    by_desk: Mapped[bool] = mapped_column(server_default="false")


class Acceptor(Base):
    """A number by which acquirers and platforms know a merchant: that of a contract, whatever its ranks.

    One that nobody has declared stands under ``UNCLAIMED_MERCHANT``, as one that contracts of several
    merchants bear. ``source_id`` is the source that last named it. ``by_desk`` is as in Contract.
    """

    __tablename__ = "acceptor"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id"),
        UniqueConstraint("merchant_id", "reseller_id", "number", name="acceptor_natural_key"),
        Index("acceptor_look_up_idx", "reseller_id", "number"),
    )

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    number: Mapped[TextColumn]
    source_id: Mapped[BigIntColumnOrNone]
    by_desk: Mapped[bool] = mapped_column(server_default="false")
