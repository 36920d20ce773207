"""The watch: what is wrong is kept as alerts; a mail tells the staff when it begins, and when it ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from procrastinate import JobContext
from sqlalchemy import Connection, Select, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.accounts import messages
from app.accounts.links import Links, NoHostError
from app.config import Config
from app.database.engine import Database
from app.desk.staff_alerts import in_words
from app.jobs import queue
from app.locks import Lock, hold
from app.logs import logger
from app.mail import Kind, MailRequest, post, sender_of
from app.mail.delivery import deliver, transport_of
from app.models import AlertKind, Reseller, StaffAlert, StaffMember, UserAccount
from app.operation.conditions import Condition, conditions
from app.themes import themes_of
from app.wording.i18n import gettext, ngettext

#: So many alerts are told one by one in a mail.
MOST_TOLD = 20

_log = logger("watch")
_Key = tuple[int, str, str]
_Details = Mapping[str, Any]


@dataclass(frozen=True)
class Watched:
    """The outcome of a look at the portal: all that is wrong, and the mails that tell of what has changed."""

    conditions: Sequence[Condition]
    delivery_ids: Sequence[int]


@dataclass(frozen=True)
class _News:
    """The news for one reseller: what began and what ended, a sentence each."""

    raised: Sequence[str]
    cleared: Sequence[str]


@queue.periodic(cron="*/5 * * * *")
@queue.task(name="watch", pass_context=True, queueing_lock="watch")
def watch_job(context: JobContext, timestamp: int) -> None:
    """Look at the portal every five minutes."""
    config, database = context.additional_context["config"], context.additional_context["database"]
    watch(config, database, datetime.fromtimestamp(timestamp, UTC))


def watch(config: Config, database: Database, now: datetime) -> Watched:
    """Look at the portal once, and mail what has changed to the staff of those whom it concerns."""
    links = Links.of(config, themes_of(config.data))
    with database.writing() as connection:
        hold(connection, Lock.WATCH)
        found = list(conditions(connection, config.data, now))
        news = _kept(connection, _by_key(connection, found))
        posted = [
            delivery_id
            for reseller_id, changed in news.items()
            for delivery_id in _tell(connection, links, reseller_id, changed)
        ]
    return Watched(found, posted)


def watch_by_itself(config: Config, database: Database, now: datetime) -> Watched:
    """The same without relying on a worker: where none answers, the mails leave at once."""
    watched = watch(config, database, now)
    transport = transport_of(config)
    if transport and any(one.kind is AlertKind.WORKER_SILENT for one in watched.conditions):
        for delivery_id in watched.delivery_ids:
            deliver(database, transport, delivery_id)
    return watched


def _by_key(connection: Connection, found: Iterable[Condition]) -> dict[_Key, _Details]:
    """The details of the alerts that there should be."""
    everybody = connection.scalars(select(Reseller.id).where(Reseller.declared)).all()
    return {
        (reseller_id, one.kind, one.subject): one.details
        for one in found
        for reseller_id in (everybody if one.reseller_id is None else (one.reseller_id,))
    }


def _kept(connection: Connection, wanted: Mapping[_Key, _Details]) -> dict[int, _News]:
    """Let the alerts be those that are ``wanted``; returns what began and what ended, by reseller."""
    key = (StaffAlert.reseller_id, StaffAlert.kind, StaffAlert.subject)
    rows = connection.execute(select(*key, StaffAlert.details)).all()
    known = {(row.reseller_id, row.kind, row.subject): row.details for row in rows}
    raised, cleared = sorted(wanted.keys() - known), sorted(known.keys() - wanted)
    if cleared:
        connection.execute(delete(StaffAlert).where(tuple_(*key).in_(cleared)))
    if wanted:
        names = ("reseller_id", "kind", "subject", "details")
        written = insert(StaffAlert).values(
            [dict(zip(names, (*one, wanted[one]), strict=True)) for one in sorted(wanted)]
        )
        renewed = {"details": written.excluded.details}
        connection.execute(written.on_conflict_do_update(index_elements=key, set_=renewed))
    began = _in_words("alert_raised", raised, wanted)
    ended = _in_words("alert_cleared", cleared, known)
    return {one: _News(began[one], ended[one]) for one in sorted(began.keys() | ended.keys())}


def _in_words(event: str, keys: Iterable[_Key], details: Mapping[_Key, _Details]) -> Mapping[int, list[str]]:
    """Alerts in words, by reseller; the log has each as ``event``."""
    said: dict[int, list[str]] = defaultdict(list)
    for reseller_id, kind, subject in keys:
        _log.warning(event, reseller_id=reseller_id, kind=kind, subject=subject)
        said[reseller_id].append(in_words(AlertKind(kind), details[reseller_id, kind, subject]))
    return said


# The mail.


def _tell(connection: Connection, links: Links, reseller_id: int, news: _News) -> Iterator[int]:
    """Post one mail to each of a reseller's staff; the ids of its deliveries."""
    slug = connection.scalars(select(Reseller.slug).where(Reseller.id == reseller_id)).one()
    theme = links.theme(slug)
    try:
        desk = links.home(slug).desk(reseller_id)
    except NoHostError:  # told without a way there rather than not at all
        desk = None
    message = messages.alerts(theme, _subject(news), list(_paragraphs(news)), desk)
    for person in connection.execute(_staff(reseller_id)).all():
        request = MailRequest(
            kind=Kind.NOTICE,
            reseller_slug=slug,
            merchant_id=None,
            user_id=person.id,
            request_key=f"alerts-{datetime.now(UTC).isoformat()}",
        )
        yield from post(connection, message, [person.email], request, sender_of(theme))


def _staff(reseller_id: int) -> Select[int, str]:
    """The people who work for a reseller and may sign in."""
    works = (StaffMember.user_id == UserAccount.id) & (StaffMember.reseller_id == reseller_id)
    people = select(UserAccount.id, UserAccount.email).join(StaffMember, works)
    return people.where(UserAccount.disabled_at.is_(None)).order_by(UserAccount.id)


def _subject(news: _News) -> str:
    count = len(news.raised)
    if not count:
        return gettext("what needed you is settled")
    return ngettext("%(num)s thing needs you", "%(num)s things need you", count)


def _paragraphs(news: _News) -> Iterator[str]:
    for heading, sentences in (
        (gettext("This needs you:"), news.raised),
        (gettext("This is settled:"), news.cleared),
    ):
        if sentences:
            yield heading
            yield from (f"• {sentence}" for sentence in sentences[:MOST_TOLD])
        if more := len(sentences[MOST_TOLD:]):
            yield ngettext("and %(num)s other", "and %(num)s others", more)
