"""The messages about accesses, in text and in HTML that say the same, under the reseller's name alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True)
class Figures:
    """The figures of some days in one currency, in words, each with its name.

    ``parts`` add up to ``net``; ``besides`` speak of some of it once more, or of what is no part of it.
    """

    net: str
    count: str
    parts: tuple[tuple[str, str], ...]
    besides: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DailyReport:
    """The report that somebody asked for each day, in words of the moment's language.

    ``night`` is the last day, how it went and what it brought, None where nothing is known of it. ``to_do``
    has each kind of open item with its number. ``rows`` is where the rows are that no file brings, "" with
    files; ``stop`` is the address that ends these mails.
    """

    merchant: str
    night: tuple[str, str, str] | None
    days: str
    count: str
    figures: tuple[Figures, ...]
    to_do: tuple[tuple[str, str], ...]
    link: LinkButton
    rows: str
    stop: str


def daily(theme: Theme, report: DailyReport, files: tuple[Attachment, ...]) -> Message:
    """The mail of a day: the last night, the days and what is to do, with their files."""
    subject = gettext(
        "%(name)s: %(words)s",
        name=theme.name,
        words=gettext("credits of %(merchant)s", merchant=report.merchant),
    )
    after = [
        gettext(
            "You asked for this email under “Sign-in and security”. To stop it: %(link)s", link=report.stop
        )
    ]
    if report.rows:
        after.insert(0, gettext("The file is too large for an email. It is here: %(link)s", link=report.rows))
    message = _message(theme, subject, [gettext("Hello,"), *_paragraphs(report)], report.link, after)
    html = render("mail/daily.html", theme=theme, title=report.merchant, report=report)
    return replace(message, html=html, attachments=files, unsubscribe=report.stop)


def _paragraphs(report: DailyReport) -> Iterator[str]:
    """The report line by line: a paragraph for the night, one for each currency, one of what is to do."""
    if report.night:
        day, verdict, brought = report.night
        yield "\n".join(filter(None, (_named(day, verdict), brought)))
    yield gettext("%(days)s, %(merchant)s:", merchant=report.merchant, days=report.days)
    for figures in report.figures:
        net = _named(gettext("Net"), figures.net)
        lines = (_named(*pair) for pair in (*figures.parts, *figures.besides))
        yield "\n".join((f"{figures.count} · {net}", *lines))
    if not report.figures:
        yield report.count
    if report.to_do:
        listed = ", ".join(f"{title} ({number})" for title, number in report.to_do)
        yield gettext("To do: %(what)s.", what=listed)
    else:
        yield gettext("Nothing to do: all that the bank should have credited is there.")


def _named(name: str, words: str) -> str:
    return gettext("%(name)s: %(words)s", name=name, words=words)


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
