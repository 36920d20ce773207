"""Terminals and the days on which they called: kept by the loader beside the telecollections.

An outlet's terminal is known by its number there, whatever device bears it: history survives a swap.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Index, Integer, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import ISOLATED
from app.models.base import Base, BigIntColumn, Instant, LoaderId, LocalTime, TextColumn, TextColumnOrNone

#: The ``outlet_id`` of the terminals of contracts that belong to no outlet.
NO_OUTLET = 0


class Terminal(Base):
    """A terminal of an outlet: its contracts, its first day, and its last call with the device that made it.

    ``number`` is empty where files name none.
    """

    __tablename__ = "terminal"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "id"),
        UniqueConstraint("merchant_id", "outlet_id", "number"),
        Index("terminal_list_idx", "merchant_id", "last_called_at", "id"),
    )

    merchant_id: Mapped[LoaderId]
    id: Mapped[LoaderId]
    reseller_id: Mapped[BigIntColumn]
    outlet_id: Mapped[BigIntColumn]
    number: Mapped[TextColumn]
    contract_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    first_on: Mapped[date]
    last_on: Mapped[date]
    last_called: Mapped[LocalTime]
    last_called_at: Mapped[Instant]
    serial_number: Mapped[TextColumnOrNone]
    manufacturer: Mapped[TextColumnOrNone]


class TerminalDay(Base):
    """A day on which a terminal called for a contract: its first and last call by its own clock, the device.

    A day without a row is one without a call, or one that was not received: ``received_day`` tells.
    """

    __tablename__ = "terminal_day"
    __privileges__ = ISOLATED
    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "contract_id", "terminal_number", "day"),
        Index("terminal_day_day_idx", "merchant_id", "day", "contract_id"),
    )

    merchant_id: Mapped[LoaderId]
    contract_id: Mapped[LoaderId]
    terminal_number: Mapped[TextColumn]
    day: Mapped[date]
    reseller_id: Mapped[BigIntColumn]
    first_called: Mapped[LocalTime]
    last_called: Mapped[LocalTime]
    last_called_at: Mapped[Instant]
    serial_number: Mapped[TextColumnOrNone]
    manufacturer: Mapped[TextColumnOrNone]


class TerminalMonth(Base):
    """The days of a month on which a terminal called for a contract, from its days: bits of numbers.

    A rhythm of eight weeks is read from a twentieth of the rows. :mod:`app.rules.calls` says what each tells.
    """

    __tablename__ = "terminal_month"
    __privileges__ = ISOLATED
    __table_args__ = (PrimaryKeyConstraint("merchant_id", "contract_id", "terminal_number", "month"),)

    merchant_id: Mapped[LoaderId]
    contract_id: Mapped[LoaderId]
    terminal_number: Mapped[TextColumn]
    month: Mapped[date]
    reseller_id: Mapped[BigIntColumn]
    called: Mapped[int] = mapped_column(Integer)
    first_at_night: Mapped[int] = mapped_column(Integer)
    last_at_night: Mapped[int] = mapped_column(Integer)
    last_from_noon: Mapped[int] = mapped_column(Integer)
    last_in_evening: Mapped[int] = mapped_column(Integer)
