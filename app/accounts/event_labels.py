"""The events of the journal in plain words: what somebody did, as one would say it of them.

Every event has its words; a test holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.accounts.journal import Event
from app.accounts.roles import role_name
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.lists import LISTS
from app.models import Role
from app.wording.days import month_and_year
from app.wording.i18n import N_, gettext, ngettext
from app.wording.searching import folded


@dataclass(frozen=True)
class EventLabel:
    """The words of an event, and of its details: ``%(name)s`` is one of the entry."""

    title: str
    detail: str = ""


WORDS: Mapping[Event, EventLabel] = {
    Event.SIGNED_IN: EventLabel(N_("Signed in")),
    Event.SIGN_IN_REFUSED: EventLabel(N_("Sign-in refused"), N_("wrong password, or access closed")),
    Event.TOO_MANY_SIGN_INS: EventLabel(N_("Sign-in refused: too many attempts")),
    Event.SIGNED_OUT: EventLabel(N_("Signed out")),
    Event.IDENTITY_PROVED: EventLabel(N_("Confirmed who they are")),
    Event.PROOF_REFUSED: EventLabel(N_("Did not confirm who they are"), N_("wrong password or code")),
    Event.EXPORTED: EventLabel(N_("Downloaded a list"), N_("%(list)s, %(rows)s: %(asked)s")),
    Event.TICKET_SENT: EventLabel(
        N_("Sent a ticket"), N_("%(list)s, number %(id)s, recipients: %(recipients)s")
    ),
    Event.NOT_ALLOWED: EventLabel(N_("Asked for something that the role does not allow")),
    Event.NOT_IN_SCOPE: EventLabel(
        N_("Tried to open a record without access to it"), N_("%(list)s, number %(id)s")
    ),
    Event.FOREIGN_SESSION: EventLabel(N_("Used a session at another address than its own")),
    Event.MERCHANT_CHOSEN: EventLabel(N_("Went over to this merchant")),
    Event.DESK_CHOSEN: EventLabel(N_("Went over to this maintainer's desk")),
    Event.ACCESS_GIVEN: EventLabel(N_("Received an access"), N_("%(role)s")),
    Event.ACCESS_CHANGED: EventLabel(N_("Changed an access"), N_("%(whom)s: %(role)s")),
    Event.ACCESS_SUSPENDED: EventLabel(N_("Suspended an access"), N_("%(whom)s")),
    Event.ACCESS_RESTORED: EventLabel(N_("Restored access"), N_("%(whom)s")),
    Event.ACCESS_REMOVED: EventLabel(N_("Removed an access"), N_("%(whom)s")),
    Event.INVITED: EventLabel(N_("Invited somebody"), N_("%(whom)s: %(role)s")),
    Event.INVITATION_USED: EventLabel(N_("Accepted an invitation"), N_("%(role)s")),
    Event.INVITATION_REVOKED: EventLabel(N_("Withdrew an invitation"), N_("%(whom)s")),
    Event.LINK_REFUSED: EventLabel(N_("Used a link that opens nothing any more")),
    Event.RESET_ASKED: EventLabel(N_("Asked for a new password")),
    Event.PASSWORD_RESET: EventLabel(N_("Chose a new password, by a link")),
    Event.PASSWORD_CHANGED: EventLabel(N_("Changed the password")),
    Event.TOO_MANY_ATTEMPTS: EventLabel(N_("Blocked: too many attempts")),
    Event.SESSION_ENDED: EventLabel(N_("Ended a session")),
    Event.SECOND_FACTOR_ADDED: EventLabel(N_("Turned on two-step verification")),
    Event.SECOND_FACTOR_REMOVED: EventLabel(N_("Turned off two-step verification")),
    Event.SECOND_FACTOR_REFUSED: EventLabel(N_("Two-step verification code refused")),
    Event.RECOVERY_CODE_USED: EventLabel(N_("Used a recovery code")),
    Event.RECOVERY_CODES_RENEWED: EventLabel(N_("Renewed the recovery codes")),
    Event.RESET_STARTED: EventLabel(N_("Sent somebody a link to a new password"), N_("%(whom)s")),
    Event.MERCHANT_SUSPENDED: EventLabel(N_("Suspended the merchant")),
    Event.MERCHANT_RESTORED: EventLabel(N_("Restored the merchant's access")),
    Event.STAFF_LOOKED: EventLabel(N_("Viewed the merchant's data as the maintainer")),
    Event.STAFF_LEFT: EventLabel(N_("Left the merchant's data")),
    Event.ATTACH_ASKED: EventLabel(N_("Attached contracts"), N_("%(contracts)s")),
    Event.DIRECTORY_HANDED_OVER: EventLabel(N_("Uploaded a contract file"), N_("%(file)s")),
    Event.DIRECTORY_REFUSED: EventLabel(N_("Uploaded a contract file that was refused")),
    Event.CONTRACT_DECLARED: EventLabel(N_("Declared a contract"), N_("%(contracts)s")),
    Event.RENAME_ASKED: EventLabel(N_("Gave the merchant another name"), N_("%(name)s")),
    Event.FILE_RETRY_ASKED: EventLabel(N_("Had a file tried again"), N_("%(file)s")),
    Event.FILE_REPLACE_ASKED: EventLabel(N_("Had a file replace its former content"), N_("%(file)s")),
    Event.ACCOUNT_SUSPENDED: EventLabel(N_("Suspended an account"), N_("%(whom)s")),
    Event.ACCOUNT_RESTORED: EventLabel(N_("Opened an account again"), N_("%(whom)s")),
    Event.ACCOUNT_ERASED: EventLabel(N_("Erased an account"), N_("%(whom)s")),
    Event.STAFF_REMOVED: EventLabel(N_("Removed somebody from the maintainer's staff"), N_("%(whom)s")),
    Event.COLUMNS_VOUCHED: EventLabel(
        N_("Vouched that columns hold no card number"), N_("%(source)s: %(columns)s")
    ),
    Event.COLUMNS_DOUBTED: EventLabel(N_("No longer vouched for columns"), N_("%(source)s: %(columns)s")),
    Event.CLOCK_TRUSTED: EventLabel(N_("Loaded a file in spite of its dates"), N_("%(file)s")),
    Event.CREDIT_CONFIRMED: EventLabel(
        N_("Confirmed a credit of the bank"), N_("batches %(numbers)s, line of %(day)s")
    ),
    Event.CREDIT_REJECTED: EventLabel(
        N_("Rejected a proposed credit"), N_("batches %(numbers)s, line of %(day)s")
    ),
    Event.OPEN_ITEMS_EXPORTED: EventLabel(N_("Downloaded the to-do list"), N_("%(rows)s: %(month)s")),
    Event.VIEW_KEPT: EventLabel(N_("Kept a view of a list"), N_("%(list)s: %(name)s")),
    Event.VIEW_CHANGED: EventLabel(N_("Changed a view of a list"), N_("%(list)s: %(name)s")),
    Event.VIEW_REMOVED: EventLabel(N_("Removed a view of a list"), N_("%(list)s: %(name)s")),
    Event.VIEW_HANDED_ON: EventLabel(N_("Handed a shared view on"), N_("%(list)s: %(name)s")),
    Event.DAILY_MAIL_POSTED: EventLabel(N_("Received the daily email"), N_("%(format)s")),
    Event.DAILY_MAIL_CHOSEN: EventLabel(N_("Chose the daily email"), N_("%(choice)s")),
    Event.DAILY_MAIL_STOPPED: EventLabel(N_("Stopped the daily email by its link")),
    Event.SOURCE_CHANGED: EventLabel(N_("Changed a source of files"), N_("%(source)s")),
    Event.FILE_TRIED: EventLabel(N_("Had a sample file explained"), N_("%(file)s")),
    Event.CONTRACT_MOVED: EventLabel(
        N_("Moved a contract to another source"), N_("%(contract)s: %(source)s from %(day)s on")
    ),
    Event.ACCOUNT_DECLARED: EventLabel(N_("Declared a bank account"), N_("%(account)s")),
    Event.JOURNAL_EXPORTED: EventLabel(N_("Downloaded the journal"), N_("%(rows)s")),
}


def title(event: str) -> str:
    """What happened, in the language of the moment; an event of another version as it is stored."""
    return gettext(WORDS[Event(event)].title) if event in WORDS else event


def detail(event: str, details: Mapping[str, Any], day: date) -> str:
    """The details of what happened on ``day``; empty when the title says it all."""
    if event not in WORDS or not WORDS[Event(event)].detail:
        return ""
    return gettext(WORDS[Event(event)].detail) % _EventDetails(_spoken(details, day))


def _spoken(details: Mapping[str, Any], day: date) -> Iterator[tuple[str, str]]:
    for name, value in details.items():
        if name == "list":
            yield name, gettext(LISTS[value].title) if value in LISTS else str(value)
        elif name == "rows":
            yield name, ngettext("%(num)s line", "%(num)s lines", int(value))
        elif name == "month":
            month = value and month_and_year(date.fromisoformat(f"{value}-01"))
            yield name, month or gettext("all that is open")
        elif name == "asked":
            yield name, _asked(details, day)
        elif name == "role":
            yield name, role_name(Role(value)) if value in set(Role) else gettext("maintainer's staff")
        else:
            yield name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _asked(details: Mapping[str, Any], day: date) -> str:
    """The filters of a list, as the list itself words them."""
    spec = LISTS.get(details.get("list", ""))
    pairs = [(str(name), str(value)) for name, value in details["asked"]]
    return Criteria.from_args(spec, pairs, Days.of(day)).in_words() if spec else ""


class _EventDetails(dict[str, str]):
    """The details of an entry as texts; what is not there is a dash."""

    def __missing__(self, name: str) -> str:
        return "—"


def events() -> list[tuple[str, str]]:
    """Each event with its words, in alphabetical order: the choices of a filter."""
    said = [(event.value, gettext(words.title)) for event, words in WORDS.items()]
    return sorted(said, key=lambda choice: folded(choice[1]))
