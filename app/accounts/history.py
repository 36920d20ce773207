"""The journal read again: an owner's of their merchant, a reseller's of all of theirs."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import aliased

from app.accounts.event_labels import detail, title
from app.accounts.journal import Event
from app.listing.export import BOM, LONGEST_WRITING
from app.listing.kinds import guarded_text
from app.models import DEFAULT_TIME_ZONE, JournalEntry, Merchant, StaffMember, UserAccount
from app.wording import formats
from app.wording.i18n import gettext, speaking

SIZE = 50
_Other = aliased(UserAccount)
#: What people do without a merchant in mind; those who belong to one then are read there as well.
PERSONAL: Final = frozenset(
    {
        Event.SIGNED_IN,
        Event.SIGN_IN_REFUSED,
        Event.TOO_MANY_SIGN_INS,
        Event.SIGNED_OUT,
        Event.IDENTITY_PROVED,
        Event.PROOF_REFUSED,
        Event.FOREIGN_SESSION,
        Event.RESET_ASKED,
        Event.PASSWORD_RESET,
        Event.PASSWORD_CHANGED,
        Event.TOO_MANY_ATTEMPTS,
        Event.SESSION_ENDED,
        Event.SECOND_FACTOR_ADDED,
        Event.SECOND_FACTOR_REMOVED,
        Event.SECOND_FACTOR_REFUSED,
        Event.RECOVERY_CODE_USED,
        Event.RECOVERY_CODES_RENEWED,
        Event.ACCOUNT_SUSPENDED,
        Event.ACCOUNT_RESTORED,
        Event.ACCOUNT_ERASED,
    }
)


#: What staff do at a merchant that says nothing of its outlets or people.
_OF_STAFF: Final = frozenset({Event.STAFF_LOOKED, Event.STAFF_LEFT})


@dataclass(frozen=True, kw_only=True)
class JournalSearch:
    """A search: part of an address, one kind of event; ``after`` is the last entry seen."""

    person: str = ""
    event: str = ""
    after: int | None = None


@dataclass(frozen=True)
class Entries:
    """Entries, the newest first; ``next_after`` is where the following page starts, if any."""

    rows: tuple[Row[Any], ...]
    next_after: int | None


#: What a page shows of a question that is not understood.
NO_ENTRIES = Entries((), None)


def of_merchant(merchant_id: int) -> ColumnElement[bool]:
    """What was done at a merchant, and when those who were its people then signed in."""
    there = JournalEntry.merchant_ids.contains([merchant_id])
    return or_(JournalEntry.merchant_id == merchant_id, _personal(there))


def of_people(merchant_id: int, user_ids: Collection[int]) -> ColumnElement[bool]:
    """What people did at a merchant, to nobody but themselves, and when staff looked at it.

    What others did there names outlets and people that whoever sees these alone does not.
    """
    theirs = JournalEntry.user_id.in_(user_ids) & (_number("of").is_(None) | _number("of").in_(user_ids))
    return and_(of_merchant(merchant_id), or_(theirs, JournalEntry.event.in_(_OF_STAFF)))


def of_reseller(reseller_id: int) -> ColumnElement[bool]:
    """What was done at a reseller's merchants, by their people, and at their desk."""
    merchants = select(Merchant.id).where(Merchant.reseller_id == reseller_id)
    staff = select(StaffMember.user_id).where(StaffMember.reseller_id == reseller_id)
    return or_(
        JournalEntry.merchant_id.in_(merchants),
        _personal(JournalEntry.merchant_ids.overlap(func.array(merchants.scalar_subquery()))),
        _personal(or_(JournalEntry.user_id.in_(staff), _number("of").in_(staff))),
        JournalEntry.details["reseller_id"].as_integer() == reseller_id,
    )


def _personal(theirs: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(JournalEntry.merchant_id.is_(None), JournalEntry.event.in_(PERSONAL), theirs)


def entries(connection: Connection, seen: ColumnElement[bool], search: JournalSearch) -> Entries:
    """A page of the journal: ``id``, ``at``, ``event``, ``details``, ``email``, ``merchant``, ``local``."""
    found = connection.execute(_statement(seen, search).limit(SIZE + 1)).all()
    rows = tuple(found[:SIZE])
    return Entries(rows, rows[-1].id if len(found) > SIZE else None)


def write_csv(
    connection: Connection, seen: ColumnElement[bool], search: JournalSearch, file: BinaryIO
) -> int:
    """Write all of it, in French, by the rules of the lists' CSV; returns the number of lines."""
    connection.execute(text(f"SET LOCAL statement_timeout TO '{LONGEST_WRITING}'"))
    found = connection.execution_options(yield_per=1000).execute(_statement(seen, search))
    with speaking("fr"):
        wrapped = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        wrapped.write(BOM)
        writer = csv.writer(wrapped, delimiter=";", lineterminator="\r\n")
        writer.writerow(
            [gettext("Date"), gettext("Who"), gettext("Merchant"), gettext("What"), gettext("Details")]
        )
        written = _write_lines(writer, found)
        wrapped.detach()
    return written


def _write_lines(writer: Any, rows: Iterable[Row[Any]]) -> int:
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the number is what is returned
        what = detail(row.event, row.details, row.local.date())
        said = (row.email or "", row.merchant or "", title(row.event), what)
        writer.writerow([formats.moment(row.local), *map(guarded_text, said)])
    return count


def _statement(seen: ColumnElement[bool], search: JournalSearch) -> Select[Any]:
    return (
        select(
            JournalEntry.id,
            JournalEntry.at,
            func.timezone(DEFAULT_TIME_ZONE, JournalEntry.at).label("local"),
            JournalEntry.event,
            _details(),
            UserAccount.email,
            Merchant.name.label("merchant"),
        )
        .outerjoin(UserAccount, UserAccount.id == JournalEntry.user_id)
        .outerjoin(Merchant, Merchant.id == JournalEntry.merchant_id)
        .outerjoin(_Other, _Other.id == _number("of"))
        .where(seen, *_conditions(seen, search))
        .order_by(JournalEntry.at.desc(), JournalEntry.id.desc())
    )


def _number(name: str) -> ColumnElement[int]:
    return cast(JournalEntry.details[name].astext, BigInteger)


def _details() -> ColumnElement[Any]:
    """The details, with the address of the other person that they name by number as ``whom``."""
    of_account = func.jsonb_build_object("whom", _Other.email)
    named = case((_Other.id.is_not(None), of_account), else_=func.jsonb_build_object())
    return JournalEntry.details.op("||")(named).label("details")


def _conditions(seen: ColumnElement[bool], search: JournalSearch) -> Iterable[ColumnElement[bool]]:
    if person := search.person.strip():
        yield func.strpos(UserAccount.email, person.lower()) > 0
    if search.event:
        yield JournalEntry.event == search.event
    if search.after is not None:
        place = select(JournalEntry.at, JournalEntry.id).where(seen, JournalEntry.id == search.after)
        yield tuple_(JournalEntry.at, JournalEntry.id) < place.correlate(None).scalar_subquery()
