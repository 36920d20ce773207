"""The messages about accesses, in text and in HTML that say the same, under the reseller's name alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.accounts.links import Home
from app.mail import Attachment, Message
from app.mail.templates import logo, render
from app.themes import Theme
from app.wording.i18n import gettext


@dataclass(frozen=True)
class LinkButton:
    """An address, and the words to press."""

    words: str
    url: str


def invitation(home: Home, place: str, role: str, url: str, ends: str) -> Message:
    """To somebody new to a merchant: what they will see, and where they accept it."""
    return _message(
        home.theme,
        gettext("%(maintainer)s: your access", maintainer=home.theme.name),
        [
            gettext("Hello,"),
            gettext(
                "An access to %(place)s is ready for you on the portal of %(maintainer)s.",
                place=place,
                maintainer=home.theme.name,
            ),
            gettext("Your role: %(role)s.", role=role),
            gettext("Open this link to accept it:"),
        ],
        LinkButton(gettext("Open my access"), url),
        [
            gettext("This link works once, until %(time)s.", time=ends),
            gettext(
                "You did not expect this email? Do nothing: without this link nobody can reach your data."
            ),
        ],
    )


def reset(home: Home, url: str, ends: str) -> Message:
    """To somebody who has forgotten their password."""
    return _message(
        home.theme,
        gettext("%(maintainer)s: choose a new password", maintainer=home.theme.name),
        [
            gettext("Hello,"),
            gettext(
                "A new password was asked for on the portal of %(maintainer)s.", maintainer=home.theme.name
            ),
            gettext("Open this link to choose it:"),
        ],
        LinkButton(gettext("Choose a new password"), url),
        [
            gettext("This link works once, until %(time)s.", time=ends),
            gettext("You did not ask for it? Do nothing: your password stays as it is."),
        ],
    )


def notice(theme: Theme, subject: str, paragraphs: Sequence[str]) -> Message:
    """To tell somebody what has just changed in their access."""
    return _message(
        theme,
        gettext("%(name)s: %(words)s", name=theme.name, words=subject),
        [gettext("Hello,"), *paragraphs],
    )


def alerts(theme: Theme, subject: str, paragraphs: Sequence[str], desk: str | None) -> Message:
    """To the staff of a reseller: what needs them, what does no longer, and the address of their desk."""
    return _message(
        theme,
        gettext("%(name)s: %(words)s", name=theme.name, words=subject),
        [gettext("Hello,"), *paragraphs],
        LinkButton(gettext("Open the desk"), desk) if desk else None,
    )


def report(
    theme: Theme,
    subject: str,
    paragraphs: Sequence[str],
    link: LinkButton,
    after: Sequence[str],
    files: tuple[Attachment, ...],
    unsubscribe: str,
) -> Message:
    """To tell somebody what they asked to be told each day, with its files."""
    title = gettext("%(name)s: %(words)s", name=theme.name, words=subject)
    message = _message(theme, title, [gettext("Hello,"), *paragraphs], link, after)
    return replace(message, attachments=files, unsubscribe=unsubscribe)


def _message(
    theme: Theme,
    subject: str,
    before: Sequence[str],
    link: LinkButton | None = None,
    after: Sequence[str] = (),
) -> Message:
    """The same paragraphs twice; the link stands in words and in full, for readers that show no HTML."""
    signature = " · ".join(filter(None, (theme.name, theme.phone, theme.support)))
    middle = [link.url] if link else []
    text = "\n\n".join([*before, *middle, *after, "-- \n" + signature]) + "\n"
    html = render("mail/message.html", theme=theme, title=subject, before=before, link=link, after=after)
    return Message(subject, text, html, pictures=(logo(theme),))
