"""A place in an ordered list, as an address carries it: where the next page starts.

``-amount~i3900~1763800000000000~417``: the order it belongs to, the value of what sorts, the instant and
the id of the last row seen. A list ordered by time has no value of its own.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from app.listing.filters import InvalidValueError
from app.wording.i18n import N_

#: What a list can be ordered by, as the database gives it.
Value = bool | int | Decimal | str | datetime | None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the terminal's own clock, which has no zone
_MICROSECOND = timedelta(microseconds=1)
BROKEN_CURSOR = N_("This address is not complete: go back to the beginning of the list")
_LONGEST, _PARTS = 400, 4
_NOTHING = "n"
_INTEGER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Cursor:
    """The last row seen: its place in the order ``sort``. ``value`` is None for a row that has none."""

    sort: str
    at: datetime
    id: int
    value: Value = None

    def text(self) -> str:
        """What :meth:`parse` reads back."""
        instant = (self.at - _EPOCH) // _MICROSECOND
        return "~".join((self.sort, _written(self.value), str(instant), str(self.id)))

    @classmethod
    def parse(cls, text: str, sort: str, type_: type) -> Cursor:
        """The cursor of a list in the order ``sort``, by values of ``type_``: NoneType for one by time.

        Raises InvalidValueError, also for a cursor of another order.
        """
        parts = text.split("~")
        if len(text) > _LONGEST or len(parts) != _PARTS or parts[0] != sort:
            raise InvalidValueError(BROKEN_CURSOR)
        try:
            at = _EPOCH + _integer(parts[2]) * _MICROSECOND
            return cls(sort, at, _integer(parts[3]), _read(parts[1], type_))
        except (ValueError, OverflowError, InvalidOperation):
            raise InvalidValueError(BROKEN_CURSOR) from None


def _written(value: Value) -> str:
    """``value`` behind the letter of its type, in letters that no address escapes."""
    if value is None:
        return _NOTHING
    letter = _LETTERS[type(value)]
    if isinstance(value, str):
        return letter + urlsafe_b64encode(value.encode()).decode().rstrip("=")
    if isinstance(value, datetime):
        return f"{letter}{(value - _LOCAL_EPOCH) // _MICROSECOND}"
    return f"{letter}{value:f}" if isinstance(value, Decimal) else f"{letter}{int(value)}"


def _read(text: str, type_: type) -> Value:
    """The value that :func:`_written` wrote. Raises ValueError, OverflowError or InvalidOperation."""
    if text == _NOTHING:
        return None
    if text[:1] != _LETTERS.get(type_):
        raise ValueError(text)
    return _READ[type_](text[1:])


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite():
        raise ValueError(text)
    return found


def _words(text: str) -> str:
    found = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    if "\0" in found:
        raise ValueError(text)
    return found


_LETTERS: dict[type, str] = {bool: "b", int: "i", Decimal: "d", str: "t", datetime: "l"}
_READ: dict[type, Callable[[str], Value]] = {
    bool: lambda text: bool(_integer(text)),
    int: _integer,
    Decimal: _decimal,
    str: _words,
    datetime: lambda text: _LOCAL_EPOCH + _integer(text) * _MICROSECOND,
}
