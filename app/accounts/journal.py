"""The journal of what people did that others may ask about: a row and a JSON line for each event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from app.logs import logger
from app.models import JournalEntry, Membership
from app.rules.cards import holds_card, masked

log = logger("journal")


class Event(StrEnum):
    """The events of the journal."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    TOO_MANY_SIGN_INS = "too_many_sign_ins"
    SIGNED_OUT = "signed_out"
    IDENTITY_PROVED = "identity_proved"
    PROOF_REFUSED = "proof_refused"
    EXPORTED = "exported"
    TICKET_SENT = "ticket_sent"
    NOT_ALLOWED = "not_allowed"
    NOT_IN_SCOPE = "not_in_scope"
    FOREIGN_SESSION = "foreign_session"
    MERCHANT_CHOSEN = "merchant_chosen"
    DESK_CHOSEN = "desk_chosen"
    ACCESS_GIVEN = "access_given"
    STAFF_LOOKED = "staff_looked"
    STAFF_LEFT = "staff_left"
    ATTACH_ASKED = "attach_asked"
    DIRECTORY_HANDED_OVER = "referential_handed_over"
    DIRECTORY_REFUSED = "referential_refused"
    CONTRACT_DECLARED = "contract_declared"
    RENAME_ASKED = "rename_asked"
    FILE_RETRY_ASKED = "file_retry_asked"
    FILE_REPLACE_ASKED = "file_replace_asked"
    JOURNAL_EXPORTED = "journal_exported"
    RESET_STARTED = "reset_started"
    MERCHANT_SUSPENDED = "merchant_suspended"
    MERCHANT_RESTORED = "merchant_restored"
    ACCESS_CHANGED = "access_changed"
    ACCESS_SUSPENDED = "access_suspended"
    ACCESS_RESTORED = "access_restored"
    ACCESS_REMOVED = "access_removed"
    INVITED = "invited"
    INVITATION_USED = "invitation_used"
    INVITATION_REVOKED = "invitation_revoked"
    LINK_REFUSED = "link_refused"
    RESET_ASKED = "reset_asked"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of an event
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    SESSION_ENDED = "session_ended"
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SECOND_FACTOR_REFUSED = "second_factor_refused"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    ACCOUNT_SUSPENDED = "account_suspended"
    ACCOUNT_RESTORED = "account_restored"
    ACCOUNT_ERASED = "account_erased"
    STAFF_REMOVED = "staff_removed"
    VIEW_KEPT = "view_kept"
    VIEW_CHANGED = "view_changed"
    VIEW_REMOVED = "view_removed"
    VIEW_HANDED_ON = "view_handed_on"
    COLUMNS_VOUCHED = "columns_vouched"
    COLUMNS_DOUBTED = "columns_doubted"
    CLOCK_TRUSTED = "clock_trusted"
    CREDIT_CONFIRMED = "credit_confirmed"
    CREDIT_REJECTED = "credit_rejected"
    OPEN_ITEMS_EXPORTED = "open_items_exported"
    DAILY_MAIL_POSTED = "daily_mail_posted"
    DAILY_MAIL_CHOSEN = "daily_mail_chosen"
    DAILY_MAIL_STOPPED = "daily_mail_stopped"
    ACCOUNT_DECLARED = "account_declared"
    SOURCE_CHANGED = "source_changed"
    FILE_TRIED = "file_tried"
    CONTRACT_MOVED = "contract_moved"


@dataclass(frozen=True)
class Client:
    """The origin of a request: the host it asked for, its network address, its browser.

    ``device`` is the key by which this browser is known again.
    """

    host: str
    address: str
    agent: str
    request_id: str
    device: str = ""


def record(
    connection: Connection,
    event: Event,
    *,
    user_id: int | None = None,
    merchant_id: int | None = None,
    request_id: str | None = None,
    whom: str | None = None,
    **details: Any,
) -> None:
    """Write ``event`` in the journal. ``details`` go to JSON and never hold a secret; cards are masked.

    ``whom``, the address of one without an account, stands in the row alone: logs name nobody.
    ``of`` among the details is the person that it happens to, where that is not ``user_id``.
    """
    now = datetime.now(UTC)
    entry: dict[str, Any] = {
        "event": event.value,
        "user_id": user_id,
        "merchant_id": merchant_id,
        "request_id": request_id,
        "details": _without_cards(details),
    }
    kept = {"whom": masked(whom), **entry["details"]} if whom else entry["details"]
    row = {**entry, "at": now, "details": kept}
    concerned = details.get("of", user_id)
    if concerned is not None and merchant_id is None:
        row["merchant_ids"] = _merchants_of(concerned)
    connection.execute(insert(JournalEntry).values(row))
    log.info(**entry)


def is_recorded(
    connection: Connection,
    event: Event,
    *,
    user_id: int | None,
    merchant_id: int | None,
    since: datetime,
    **details: Any,
) -> bool:
    """Whether a person did the same at the same merchant ``since`` then: ``event``, with these details."""
    same = (
        JournalEntry.details[name] == literal(value, JSONB) for name, value in _without_cards(details).items()
    )
    found = select(JournalEntry.id).where(
        JournalEntry.user_id == user_id,
        JournalEntry.at >= since,
        JournalEntry.merchant_id == merchant_id,
        JournalEntry.event == event.value,
        *same,
    )
    return bool(connection.scalar(select(found.exists())))


def _without_cards(value: Any) -> Any:
    """``value`` as JSON holds it, with every card number masked: in names, paths, addresses and ids."""
    if isinstance(value, str) or (isinstance(value, int) and holds_card(str(value))):
        return masked(str(value))
    if isinstance(value, dict):
        return {name: _without_cards(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_cards(each) for each in value]
    return value


def _merchants_of(user_id: int) -> ColumnElement[list[int]]:
    """Where a person has an access at this moment."""
    held = select(Membership.merchant_id).where(Membership.user_id == user_id)
    return func.array(held.scalar_subquery())
