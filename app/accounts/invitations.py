"""Invitations: a link by mail that lets a person in, once, within 72 hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts import messages, one_time_links, passwords
from app.accounts.grants import EVERYTHING, Grant, give, grant_of
from app.accounts.journal import Client, Event, record
from app.accounts.limits import ASKED, LINK, attempt
from app.accounts.links import Links, Purpose
from app.accounts.one_time_links import DeadLinkError, SentLink
from app.accounts.roles import role_name
from app.accounts.sessions import end_all_sessions, shorten_sessions
from app.accounts.users import UserError, checked_email
from app.database.engine import Database
from app.database.isolation import Isolation
from app.mail import Kind, MailError, MailRequest, post, sender_of
from app.models import (
    DEFAULT_TIME_ZONE,
    Invitation,
    InvitationKind,
    Membership,
    Merchant,
    Outlet,
    Reseller,
    Role,
    StaffMember,
    UserAccount,
)
from app.wording import formats
from app.wording.i18n import gettext


class WeakPasswordError(Exception):
    """The password may not be chosen; the message says why."""


@dataclass(frozen=True)
class Offer:
    """The offer of a link: to whom, where, and whether a password is to be chosen first."""

    email: str
    place: str
    role: str
    wants_password: bool
    is_expired: bool


@dataclass(frozen=True)
class Accepted:
    """The person who came in; ``chose_password`` when they have just chosen their first one."""

    user_id: int
    merchant_id: int | None
    chose_password: bool


def invite(
    connection: Connection,
    links: Links,
    email: str,
    merchant_id: int,
    grant: Grant,
    by: int | None,
    request_id: str | None = None,
) -> SentLink:
    """Invite ``email`` to a merchant and mail the link, in the caller's transaction.

    The caller has checked that ``by`` may give ``grant``. Raises UserError for an address that is none, a
    person who is in already, a mail that may not leave, and NoHostError.
    """
    email = checked_email(email)
    if _is_member(connection, email, merchant_id):
        raise UserError(gettext("%(email)s already has an access here.", email=email))
    reseller_id = connection.scalars(select(Merchant.reseller_id).where(Merchant.id == merchant_id)).one()
    values = {
        "kind": InvitationKind.INVITE,
        "email": email,
        "reseller_id": reseller_id,
        "merchant_id": merchant_id,
        "role": grant.role.value,
        "limited": grant.limited,
        "outlet_ids": sorted(grant.outlet_ids),
        "contract_ids": sorted(grant.contract_ids),
        "invited_by": by,
    }
    return _send(connection, links, values, request_id)


def invite_staff(
    connection: Connection, links: Links, email: str, reseller_id: int, by: int | None
) -> SentLink:
    """Invite ``email`` to a reseller's staff. Raises UserError and NoHostError."""
    values = {
        "kind": InvitationKind.STAFF,
        "email": checked_email(email),
        "reseller_id": reseller_id,
        "merchant_id": None,
        "invited_by": by,
    }
    return _send(connection, links, values)


def send_again(
    connection: Connection, links: Links, invitation: Row[Any], by: int | None, request_id: str
) -> SentLink:
    """Send an open invitation once more: 72 hours from now, and the older link dies.

    ``invitation`` has the columns of ``Invitation``. Raises UserError when no mail may leave.
    """
    kept = ("kind", "email", "reseller_id", "merchant_id", "role", "limited", "outlet_ids", "contract_ids")
    values = {name: getattr(invitation, name) for name in kept} | {"invited_by": by}
    return _send(connection, links, values, request_id)


def peek(connection: Connection, links: Links, token: str, host: str) -> Offer:
    """What the link of ``token`` offers; nothing is spent. Raises DeadLinkError."""
    found = one_time_links.find(connection, links, Purpose.INVITATION, token, host)
    account = select(UserAccount.password_hash).where(UserAccount.email == found.email)
    return Offer(
        email=found.email,
        place=_place(connection, links, found),
        role=_role(found),
        wants_password=connection.scalar(account) is None,
        is_expired=found.is_expired,
    )


def accept(
    database: Database, links: Links, token: str, password: str, client: Client, keep: str | None = None
) -> Accepted:
    """Spend the link and let the person in; ``password`` counts only for one who has none.

    They have other rights now: their sessions end, but that of the key ``keep``, which the caller rotates.
    Raises TooManyAttemptsError before any hash, DeadLinkError, WeakPasswordError (nothing is spent).
    """
    attempt(database, LINK, token, client)
    with database.reading() as connection:
        offer = peek(connection, links, token, client.host)
    fault = offer.wants_password and passwords.fault(password, [offer.email, offer.place])
    if fault:
        raise WeakPasswordError(fault)
    chosen = passwords.hashed(password) if offer.wants_password else None
    with database.writing() as connection:
        spent = one_time_links.spend(connection, links, Purpose.INVITATION, token, client.host)
        user_id = _account(connection, spent.email, chosen)
        _let_in(connection, user_id, spent)
        end_all_sessions(connection, user_id, keep)
        record(
            connection,
            Event.INVITATION_USED,
            user_id=user_id,
            merchant_id=spent.merchant_id,
            request_id=client.request_id,
            invitation=spent.id,
            reseller_id=spent.reseller_id,
            role=spent.role,
        )
    return Accepted(user_id, spent.merchant_id, offer.wants_password)


def renew(database: Database, links: Links, token: str, client: Client) -> None:
    """Send an expired invitation again, to the address it was made for and to nobody else.

    The answer is the same whatever becomes of it. Raises TooManyAttemptsError.
    """
    attempt(database, ASKED, token, client)
    try:
        with database.writing() as connection:
            found = one_time_links.find(connection, links, Purpose.INVITATION, token, client.host)
            if found.is_expired and may_still_invite(connection, found):
                send_again(connection, links, found, found.invited_by, client.request_id)
    except (DeadLinkError, UserError):
        return


def may_still_invite(connection: Connection, invitation: Row[Any]) -> bool:
    """Whether whoever invited may still give what the invitation says; the command line always may."""
    by, merchant_id = invitation.invited_by, invitation.merchant_id
    if by is None:
        return True
    works = select(StaffMember.id).where(
        StaffMember.user_id == by, StaffMember.reseller_id == invitation.reseller_id
    )
    if connection.scalar(works) is not None:
        return True
    # A limited owner's sight changes with their contracts: they send their invitations again.
    held = grant_of(connection, by, merchant_id) if merchant_id else None
    return held == EVERYTHING


def granted(invitation: Row[Any]) -> Grant:
    """What an invitation to a merchant gives, or a membership that has the same columns."""
    return Grant(
        Role(invitation.role),
        invitation.limited,
        frozenset(invitation.outlet_ids),
        frozenset(invitation.contract_ids),
    )


def _send(
    connection: Connection, links: Links, values: dict[str, Any], request_id: str | None = None
) -> SentLink:
    slug = connection.scalars(select(Reseller.slug).where(Reseller.id == values["reseller_id"])).one()
    made = one_time_links.make(connection, links, links.home(slug), values)
    invitation = connection.execute(
        select(*Invitation.__table__.columns).where(Invitation.id == made.id)
    ).one()
    try:
        _post(connection, links, slug, invitation, made)
    except MailError as error:
        raise UserError(str(error)) from error
    record(
        connection,
        Event.INVITED,
        user_id=values["invited_by"],
        merchant_id=invitation.merchant_id,
        request_id=request_id,
        whom=invitation.email,
        invitation=made.id,
        reseller_id=invitation.reseller_id,
        kind=str(invitation.kind),
        role=invitation.role,
        limited=invitation.limited,
    )
    return made


def _post(connection: Connection, links: Links, slug: str, invitation: Row[Any], made: SentLink) -> None:
    home = links.home(slug)
    ends = formats.spoken_moment(made.expires_at, _zone(connection, invitation.merchant_id))
    place = _place(connection, links, invitation)
    message = messages.invitation(home, place, _role(invitation), made.url, ends)
    mail_request = MailRequest(
        kind=Kind.INVITATION,
        reseller_slug=slug,
        merchant_id=invitation.merchant_id,
        user_id=invitation.invited_by,
        request_key=f"invitation-{made.id}-{made.key}",
    )
    post(connection, message, [invitation.email], mail_request, sender_of(home.theme))


def _place(connection: Connection, links: Links, invitation: Row[Any]) -> str:
    """The merchant's name; for a reseller's staff the name that its theme bears, or else its own."""
    if invitation.merchant_id is not None:
        return connection.scalars(select(Merchant.name).where(Merchant.id == invitation.merchant_id)).one()
    maintainer = select(Reseller.slug, Reseller.name).where(Reseller.id == invitation.reseller_id)
    slug, name = connection.execute(maintainer).one()
    theme = links.themes.by_slug.get(slug)
    return theme.name if theme else name


def _role(invitation: Row[Any]) -> str:
    if invitation.role is None:
        return gettext("maintainer's staff")
    return role_name(Role(invitation.role))


def _zone(connection: Connection, merchant_id: int | None) -> str:
    """The clock of most of a merchant's outlets."""
    if merchant_id is None:
        return DEFAULT_TIME_ZONE
    Isolation(merchant_id=merchant_id).enter(connection)
    usual = (
        select(Outlet.time_zone)
        .where(Outlet.merchant_id == merchant_id)
        .group_by(Outlet.time_zone)
        .order_by(func.count().desc(), Outlet.time_zone)
        .limit(1)
    )
    return connection.scalar(usual) or DEFAULT_TIME_ZONE


def _is_member(connection: Connection, email: str, merchant_id: int) -> bool:
    member = (
        select(Membership.id)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(UserAccount.email == email, Membership.merchant_id == merchant_id)
    )
    return connection.scalar(member) is not None


def _account(connection: Connection, email: str, password_hash: str | None) -> int:
    """The person's account, made if need be; a password they have is never replaced by an invitation."""
    added = upsert(UserAccount).values(email=email, password_hash=password_hash)
    statement = added.on_conflict_do_update(
        index_elements=["email"],
        set_={"password_hash": func.coalesce(UserAccount.password_hash, added.excluded.password_hash)},
    )
    return connection.execute(statement.returning(UserAccount.id)).scalar_one()


def _let_in(connection: Connection, user_id: int, spent: Row[Any]) -> None:
    if spent.kind == InvitationKind.STAFF:
        row = {"user_id": user_id, "reseller_id": spent.reseller_id}
        connection.execute(upsert(StaffMember).values(row).on_conflict_do_nothing())
        shorten_sessions(connection, user_id)
    else:
        give(connection, user_id, spent.merchant_id, granted(spent))
