"""Mails that tell a person what has just changed in their account: if it was not they, they learn of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, exists, or_, select

from app.accounts import messages
from app.accounts.journal import Client
from app.accounts.links import Links
from app.accounts.roles import role_name
from app.mail import Kind, MailRequest, post, sender_of
from app.models import DEFAULT_TIME_ZONE, Membership, Merchant, Reseller, Role, StaffMember
from app.themes import DEFAULT, Theme
from app.wording import formats
from app.wording.i18n import gettext


@dataclass(frozen=True)
class Recipient:
    """The person who is told."""

    user_id: int
    email: str


def password_changed(connection: Connection, links: Links, person: Recipient, client: Client) -> None:
    """Tell them that they have another password."""
    subject = gettext("your password has changed")
    words = gettext("Your password was changed on %(time)s. Your other sessions have ended.", time=_now())
    theme = _theme(connection, links, person, client)
    _tell(connection, theme, person, client.request_id, (subject, words, _not_you(theme)))


def second_factor_added(connection: Connection, links: Links, person: Recipient, client: Client) -> None:
    """Tell them that an app is asked for from now on."""
    subject = gettext("an app is paired with your account")
    words = gettext("Since %(time)s, signing in asks for a code of the app as well.", time=_now())
    theme = _theme(connection, links, person, client)
    _tell(connection, theme, person, client.request_id, (subject, words, _not_you(theme)))


def second_factor_removed(connection: Connection, links: Links, person: Recipient, client: Client) -> None:
    """Tell them that their password alone opens their account again."""
    subject = gettext("no app is paired with your account any more")
    words = gettext("Since %(time)s, signing in asks for your password alone.", time=_now())
    theme = _theme(connection, links, person, client)
    _tell(connection, theme, person, client.request_id, (subject, words, _not_you(theme)))


def recovery_codes_renewed(connection: Connection, links: Links, person: Recipient, client: Client) -> None:
    """Tell of new recovery codes: the ones that were kept are worth nothing any more."""
    subject = gettext("your recovery codes have been renewed")
    words = gettext(
        "Your recovery codes were renewed on %(time)s. The former ones no longer work.", time=_now()
    )
    theme = _theme(connection, links, person, client)
    _tell(connection, theme, person, client.request_id, (subject, words, _not_you(theme)))


def recovery_code_used(connection: Connection, links: Links, person: Recipient, client: Client) -> None:
    """Tell of a recovery code that has served in place of the app."""
    subject = gettext("a recovery code has been used")
    words = gettext("One of your recovery codes was used on %(time)s, in place of your app.", time=_now())
    theme = _theme(connection, links, person, client)
    _tell(connection, theme, person, client.request_id, (subject, words, _not_you(theme)))


def signed_in_elsewhere(
    connection: Connection, links: Links, person: Recipient, device: str, client: Client
) -> None:
    """Tell them that their account was opened with a browser that is not known to be theirs."""
    theme = _theme(connection, links, person, client)
    said = (
        gettext("a new sign-in to your account"),
        gettext(
            "Your account was opened on %(time)s with a browser that is new to it, "
            "or has not been seen for three months.",
            time=_now(),
        ),
        gettext("Device: %(device)s.", device=device),
        gettext(
            "Was it you? Then there is nothing to do. If not, "
            "choose another password at once and tell the help desk of %(maintainer)s.",
            maintainer=theme.name,
        ),
    )
    _tell(connection, theme, person, client.request_id, said)


def access_changed(
    connection: Connection, theme: Theme, person: Recipient, place: tuple[str, Role], request_id: str
) -> None:
    """Tell them that they have other rights at ``place``, and why they have to sign in again."""
    merchant, role = place
    said = (
        gettext("your access to %(merchant)s has changed", merchant=merchant),
        gettext(
            "Your access to %(merchant)s has changed. Your role: %(role)s.",
            merchant=merchant,
            role=role_name(role),
        ),
        gettext("Your sessions have ended: sign in again."),
    )
    _tell(connection, theme, person, request_id, said)


def maintainer_of(connection: Connection, slug: str, user_id: int) -> str:
    """The slug of whose name a person's mails bear who knocks at the door of ``slug``.

    It is that of the maintainer of the door where they belong to a merchant of theirs or work for them, else
    of another of whom that is so, else of none. The door of no maintainer is everybody's.
    """
    of_merchant = exists().where(
        Membership.user_id == user_id,
        Merchant.id == Membership.merchant_id,
        Merchant.reseller_id == Reseller.id,
    )
    of_staff = exists().where(StaffMember.user_id == user_id, StaffMember.reseller_id == Reseller.id)
    known = set(connection.scalars(select(Reseller.slug).where(or_(of_merchant, of_staff))))
    if slug in known or not connection.scalar(select(exists().where(Reseller.slug == slug))):
        return slug
    return min(known, default=DEFAULT)


def _theme(connection: Connection, links: Links, person: Recipient, client: Client) -> Theme:
    """The theme of a mail about what was done through a door, which may not be that of their maintainer."""
    door = links.themes.of_host(client.host).slug
    return links.theme(maintainer_of(connection, door, person.user_id))


def _now() -> str:
    return formats.spoken_moment(datetime.now(UTC), DEFAULT_TIME_ZONE)


def _not_you(theme: Theme) -> str:
    return gettext(
        "If this was not you, tell the help desk of %(maintainer)s at once.", maintainer=theme.name
    )


def _tell(
    connection: Connection, theme: Theme, person: Recipient, request_id: str, said: tuple[str, ...]
) -> None:
    """Post a mail; a request tells the same person the same thing once, and another thing apart."""
    subject, *paragraphs = said
    mail_request = MailRequest(
        kind=Kind.NOTICE,
        reseller_slug=theme.slug,
        merchant_id=None,
        user_id=person.user_id,
        request_key=f"notice-{request_id}-{subject}",
    )
    post(
        connection,
        messages.notice(theme, subject, paragraphs),
        [person.email],
        mail_request,
        sender_of(theme),
    )
