"""Mails that tell a person what has just changed in their account: if it was not they, they learn of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from app.accounts import messages
from app.accounts.journal import Client
from app.accounts.links import Links
from app.accounts.maintainers import maintainer_of
from app.accounts.roles import role_name
from app.mail import Kind, MailRequest, post, sender_of
from app.models import DEFAULT_TIME_ZONE, Role
from app.themes import Theme
from app.wording import formats
from app.wording.i18n import N_, gettext

_NOT_YOU: Final = N_("If this was not you, tell the help desk of %(maintainer)s at once.")
_WAS_IT_YOU: Final = N_(
    "Was it you? Then there is nothing to do. If not, "
    "choose another password at once and tell the help desk of %(maintainer)s."
)


@dataclass(frozen=True)
class Recipient:
    """The person who is told."""

    user_id: int
    email: str


def password_changed(connection: Connection, links: Links, person: Recipient, client: Client) -> None:
    """Tell them that they have another password."""
    subject = gettext("your password has changed")
    words = gettext("Your password was changed on %(time)s. Your other sessions have ended.", time=_now())
    _tell_owner(connection, links, person, client, (subject, words))


def second_factor_added(connection: Connection, links: Links, person: Recipient, client: Client) -> None:
    """Tell them that an app is asked for from now on."""
    subject = gettext("an app is paired with your account")
    words = gettext("Since %(time)s, signing in asks for a code of the app as well.", time=_now())
    _tell_owner(connection, links, person, client, (subject, words))


def second_factor_removed(connection: Connection, links: Links, person: Recipient, client: Client) -> None:
    """Tell them that their password alone opens their account again."""
    subject = gettext("no app is paired with your account any more")
    words = gettext("Since %(time)s, signing in asks for your password alone.", time=_now())
    _tell_owner(connection, links, person, client, (subject, words))


def recovery_codes_renewed(connection: Connection, links: Links, person: Recipient, client: Client) -> None:
    """Tell of new recovery codes: the ones that were kept are worth nothing any more."""
    subject = gettext("your recovery codes have been renewed")
    words = gettext(
        "Your recovery codes were renewed on %(time)s. The former ones no longer work.", time=_now()
    )
    _tell_owner(connection, links, person, client, (subject, words))


def recovery_code_used(connection: Connection, links: Links, person: Recipient, client: Client) -> None:
    """Tell of a recovery code that has served in place of the app."""
    subject = gettext("a recovery code has been used")
    words = gettext("One of your recovery codes was used on %(time)s, in place of your app.", time=_now())
    _tell_owner(connection, links, person, client, (subject, words))


def signed_in_elsewhere(
    connection: Connection, links: Links, person: Recipient, device: str, client: Client
) -> None:
    """Tell them that their account was opened with a browser that is not known to be theirs."""
    said = (
        gettext("a new sign-in to your account"),
        gettext(
            "Your account was opened on %(time)s with a browser that is new to it, "
            "or has not been seen for three months.",
            time=_now(),
        ),
        gettext("Device: %(device)s.", device=device),
    )
    _tell_owner(connection, links, person, client, said, _WAS_IT_YOU)


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


def _now() -> str:
    return formats.spoken_moment(datetime.now(UTC), DEFAULT_TIME_ZONE)


def _tell_owner(
    connection: Connection,
    links: Links,
    person: Recipient,
    client: Client,
    said: tuple[str, ...],
    last_words: str = _NOT_YOU,
) -> None:
    """Tell a person what was done to their account, in the name of a maintainer who knows them.

    The door that it was done through may be another's. ``last_words`` say whom to tell if it was not they.
    """
    door = links.themes.of_host(client.host).slug
    theme = links.theme(maintainer_of(connection, door, person.user_id))
    whom = gettext(last_words, maintainer=theme.name)
    _tell(connection, theme, person, client.request_id, (*said, whom))


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
