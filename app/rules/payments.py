"""The rules of money, said once: the six totals of a remittance, its net, what counts and what is remitted.

They are data. What asks the database through SQLAlchemy, in SQL text, or adds up arrays derives its
conditions here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import ColumnElement, and_, case

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class RemittanceStatus(StrEnum):
    """The host's verdict on a telecollection."""

    CORRECT = "correct"
    REJECTED = "rejected"
    INCOMPLETE = "incomplete"


class Transmission(StrEnum):
    """The transmission of a telecollection: whether the call itself went through."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Completeness(StrEnum):
    """The completeness of a remittance: whether its payments add up to its totals, if it ever has any."""

    COMPLETE = "complete"
    AWAITING_PAYMENTS = "awaiting_payments"
    AWAITING_TOTALS = "awaiting_totals"
    DIFFERS = "differs"
    NO_TOTALS = "no_totals"
    NO_PAYMENTS = "no_payments"


#: Of remittances that no terminal sent: a platform delivers payments alone, an acquirer may tell sums alone.
REMOTE: Final = (Completeness.NO_TOTALS, Completeness.NO_PAYMENTS)


#: The number of a remittance that gathers payments of a platform as long as it has not captured them.
UNCAPTURED_NUMBER: Final = "-"


class TransactionType(StrEnum):
    """The operation that the cardholder was asked for: the sign of the money follows from it."""

    DEBIT = "debit"
    REFUND = "refund"
    CANCELLATION = "cancellation"
    REFUND_CANCELLATION = "refund_cancellation"
    PREAUTHORISATION = "preauthorisation"


class Outcome(StrEnum):
    """The outcome of a transaction."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    ABANDONED = "abandoned"


class Reversal(StrEnum):
    """The fate of a sale: cancelled, given back whole or in part, or neither."""

    NONE = "none"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    PARTLY_REFUNDED = "partly_refunded"


#: The operations that take a sale back.
REVERSING = (TransactionType.CANCELLATION, TransactionType.REFUND)

_MONEY = tuple(kind for kind in TransactionType if kind is not TransactionType.PREAUTHORISATION)


@dataclass(frozen=True)
class Total:
    """One of the six totals: the payments that it adds up, and its part in the net (1, -1, or 0 for none)."""

    name: str
    types: tuple[TransactionType, ...]
    outcome: Outcome
    sign: int

    @property
    def count(self) -> str:
        """The column of a remittance that has the number of its payments."""
        return f"{self.name}_count"

    @property
    def amount(self) -> str:
        """The column of a remittance that has the sum of its payments."""
        return f"{self.name}_amount"

    def condition(self, type_: Any, outcome: Any) -> ColumnElement[bool]:
        """Which payments it adds up, for the two columns of a table."""
        return and_(outcome == self.outcome.value, _one_of(type_, self.types))

    def sql(self, row: str = "") -> str:
        """Which payments it adds up, in SQL; ``row`` is the alias of their table, with its dot."""
        listed = ", ".join(f"'{kind}'" for kind in self.types)
        return f"{row}outcome = '{self.outcome}' AND {row}type IN ({listed})"


#: In the order of the telecollection and of the ticket.
TOTALS = (
    Total("debit", (TransactionType.DEBIT,), Outcome.ACCEPTED, 1),
    Total("cancellation", (TransactionType.CANCELLATION,), Outcome.ACCEPTED, -1),
    Total("refund", (TransactionType.REFUND,), Outcome.ACCEPTED, -1),
    Total("refund_cancellation", (TransactionType.REFUND_CANCELLATION,), Outcome.ACCEPTED, 1),
    Total("declined", _MONEY, Outcome.DECLINED, 0),
    Total("abandoned", _MONEY, Outcome.ABANDONED, 0),
)
TOTAL = {total.name: total for total in TOTALS}
COUNTS = tuple(total.count for total in TOTALS)
AMOUNTS = tuple(total.amount for total in TOTALS)
#: What takes money from the net.
NEGATIVE = tuple(kind for total in TOTALS if total.sign < 0 for kind in total.types)

_Term = TypeVar("_Term", int, "NDArray[np.int64]", ColumnElement[Any])


def net(amount: Callable[[Total], _Term]) -> _Term:
    """Debits less their cancellations, less refunds, plus theirs; ``amount`` gives the sum of each total."""
    first, *others = (total for total in TOTALS if total.sign)
    result = amount(first)
    for total in others:
        result = result + amount(total) if total.sign > 0 else result - amount(total)
    return result


def net_sql(row: str = "") -> str:
    """The net of a row with the columns of :data:`AMOUNTS`, in SQL."""
    return " ".join(
        f"{'+' if total.sign > 0 else '-'} {row}{total.amount}" for total in TOTALS if total.sign
    ).removeprefix("+ ")


def total_of(types: pd.Series[Any], outcomes: pd.Series[Any]) -> NDArray[np.int64]:
    """The place in :data:`TOTALS` of the one that adds up each payment, -1 where none does."""
    import numpy as np  # noqa: PLC0415 - the web adds up no arrays

    places = {
        (kind.value, total.outcome.value): place for place, total in enumerate(TOTALS) for kind in total.types
    }
    kinds, known_types = types.factorize()
    ends, known_outcomes = outcomes.factorize()
    # What is missing is the last of each, and adds up nowhere.
    table = [
        [places.get((kind, end), -1) for end in (*known_outcomes, None)] for kind in (*known_types, None)
    ]
    found: NDArray[np.int64] = np.array(table, dtype=np.int64)[kinds, ends]
    return found


def counted(type_: Any, outcome: Any) -> ColumnElement[bool]:
    """Which payments are money that moved: accepted, and no pre-authorisation."""
    return and_(outcome == Outcome.ACCEPTED.value, type_ != TransactionType.PREAUTHORISATION.value)


def signed(type_: Any, amount: Any) -> ColumnElement[int]:
    """The amount of a payment as people read it, less where money goes back, for two columns of a table."""
    return case((type_.in_(NEGATIVE), -amount), else_=amount)


def counted_sql(row: str = "") -> str:
    """As :func:`counted`, in SQL."""
    return f"{row}outcome = '{Outcome.ACCEPTED}' AND {row}type <> '{TransactionType.PREAUTHORISATION}'"


def counted_rows(types: pd.Series[Any], outcomes: pd.Series[Any]) -> NDArray[np.bool_]:
    """As :func:`counted`, over arrays."""
    accepted = outcomes == Outcome.ACCEPTED.value
    result: NDArray[np.bool_] = (accepted & types.isin(_MONEY)).to_numpy(dtype=bool)
    return result


def awaited_sql(row: str = "") -> str:
    """Which remittances have not arrived yet: totals are still to come. Of a platform's, none ever are."""
    return f"{row}seal = '{Completeness.AWAITING_TOTALS}'"


def awaited(seal: Any) -> ColumnElement[bool]:
    """As :func:`awaited_sql`, for the column of a table."""
    found: ColumnElement[bool] = seal == Completeness.AWAITING_TOTALS.value
    return found


def uncaptured(seal: Any, status: Any) -> ColumnElement[bool]:
    """Which remittances gather payments of a platform that it has not captured, for the two columns."""
    return and_(seal == Completeness.NO_TOTALS.value, status == RemittanceStatus.INCOMPLETE.value)


def remitted_sql(row: str = "") -> str:
    """Which remittances reached the bank: they have arrived, the host found them correct, the call passed."""
    return (
        f"NOT {awaited_sql(row)} AND {row}status = '{RemittanceStatus.CORRECT}'"
        f" AND {row}transmission IS DISTINCT FROM '{Transmission.FAILED}'"
    )


def remitted(seal: Any, status: Any, transmission: Any) -> ColumnElement[bool]:
    """As :func:`remitted_sql`, for the three columns of a table."""
    return and_(
        ~awaited(seal),
        status == RemittanceStatus.CORRECT.value,
        transmission.is_distinct_from(Transmission.FAILED.value),
    )


def remitted_rows(
    seal: NDArray[Any], status: pd.Series[Any], transmission: pd.Series[Any]
) -> NDArray[np.bool_]:
    """As :func:`remitted_sql`, over arrays."""
    passed = (status == RemittanceStatus.CORRECT.value) & (transmission != Transmission.FAILED.value)
    result: NDArray[np.bool_] = passed.fillna(value=False).to_numpy(dtype=bool)
    has_arrived: NDArray[np.bool_] = (seal != Completeness.AWAITING_TOTALS.value).astype(bool)
    return result & has_arrived


def _one_of(column: Any, values: Iterable[StrEnum]) -> ColumnElement[bool]:
    words = [value.value for value in values]
    found: ColumnElement[bool] = column == words[0] if len(words) == 1 else column.in_(words)
    return found
