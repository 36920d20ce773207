"""The daily mail: the remittances of a merchant and their credits, with what is to deal with, as a file.

It leaves once a day, when all that the sources of the merchant owe of the night has come, to whoever asked
for it and may still see it, in the language in which they asked.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import Connection, Row, or_, select, update

from app.accounts import daily_mail_choices
from app.accounts.journal import Event, record
from app.accounts.links import Home, Links, NoHostError
from app.accounts.messages import DailyReport, Figures, LinkButton, daily
from app.accounts.place import Place
from app.accounts.rights import Access, rights_of
from app.accounts.roles import Permission
from app.database.engine import Database
from app.listing.asked_period import PERIOD
from app.listing.criteria import Criteria
from app.listing.export import write_csv
from app.listing.field import Args
from app.listing.flat_file import write_flat_csv, write_flat_xlsx
from app.listing.period import Days, Period
from app.listing.scope import Scope
from app.listing.spec import ListSpec
from app.listing.summed import CurrencyTotals, Totals
from app.listing.sums import totals
from app.listing.visible import seen_by
from app.listing.xlsx import write_xlsx
from app.lists import REMITTANCES
from app.lists.credit import CREDIT_GROUP
from app.lists.open_items import COLUMNS, TITLE, OpenItem, has_bank, open_items
from app.logs import logger
from app.mail import Attachment, Kind, MailError, MailRequest, Message, post, sender_of
from app.mail.compose import LARGEST
from app.models import Credit, DailyMail, FileKind, UserAccount
from app.rules import time_zones
from app.wording import formats
from app.wording.days import days_in_words
from app.wording.i18n import gettext, speaking

#: Files of more bytes than this do not go by mail, where they take a third more room: a link does.
LARGEST_FILES: Final = LARGEST * 2 // 3
_PERIOD, _NIGHT = "last-7-days", "last-night"
#: The states of a credit: what is in each adds up to the net.
_STATES: Final = frozenset(state.value for state in Credit)
_MEDIA: Final = {
    FileKind.CSV: "text/csv",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

AnyRow = Row[*tuple[Any, ...]]
_log = logger("daily_mail")


@dataclass(frozen=True)
class _Report:
    """The content of a mail: its last night, sums of its days, open items, the files unless too large.

    ``asked`` are the parameters of its days, as dates: a link to them leads there on any day.
    """

    night: tuple[str, str, str] | None
    days: str
    asked: Args
    spec: ListSpec
    sums: Totals
    items: list[OpenItem]
    files: tuple[Attachment, ...]
    is_empty: bool


def post_all(database: Database, links: Links, now: datetime) -> int:
    """Post the mail of the day to everybody who wants it and has not had it; returns how many leave.

    Who waits for a file of the night is asked for again with the next files.
    """
    day = time_zones.today(now)
    with database.reading() as connection:
        wanted = connection.execute(
            select(*DailyMail.__table__.columns, UserAccount.email)
            .join(UserAccount, UserAccount.id == DailyMail.user_id)
            .where(or_(DailyMail.sent_on.is_(None), DailyMail.sent_on < day))
            .order_by(DailyMail.id)
        ).all()
    return sum(_post_spoken(database, links, row, day, now) for row in wanted)


def _post_spoken(database: Database, links: Links, row: AnyRow, day: date, now: datetime) -> bool:
    with speaking(row.language):
        return _post_one(database, links, row, day, now)


def _post_one(database: Database, links: Links, row: AnyRow, day: date, now: datetime) -> bool:
    """Post one of them; False when there is nothing to say, or nobody who may be told."""
    try:
        access = _access(database, row)
        if access is None:
            return False
        home = links.home(access.reseller_slug)
        with database.reading_as(access.scope) as connection:
            found = _report(connection, access, FileKind(row.file_kind), now)
        if found is None or (found.is_empty and not row.also_empty):
            return False
        stop = f"{home.address}{daily_mail_choices.PATH}/{_token(links, row)}"
        _post(database, row, access, home, _message(home, access, found, stop), day)
    except (MailError, NoHostError) as error:
        _log.warning("daily_mail_not_posted", user_id=row.user_id, reason=str(error))
        return False
    return True


def _token(links: Links, row: AnyRow) -> str:
    return daily_mail_choices.token_of(links.secret_keys, row.id)


def _access(database: Database, row: AnyRow) -> Access | None:
    """What the person sees of the merchant today; None when they may not be sent it any more."""
    with database.reading() as connection:
        rights = rights_of(connection, row.user_id, Place(merchant_id=row.merchant_id))
    access = rights.access if rights is not None else None
    if access is None or not all(map(access.allows, daily_mail_choices.NEEDED)):
        return None
    return access


def _report(connection: Connection, access: Access, kind: FileKind, now: datetime) -> _Report | None:
    """The report of a merchant; None without a bank, and as long as something of the night is missing."""
    scope = access.scope
    if not has_bank(connection, scope) or REMITTANCES.days is None:
        return None
    absent, days = REMITTANCES.absent(scope).beside(REMITTANCES.days(scope, now)).read(connection)
    spec = seen_by(REMITTANCES, absent, lambda needed: access.allows(Permission(needed)))
    night_due = Period(days.yesterday, days.yesterday)
    arrived = spec.arrived(scope, night_due, days).read(connection)
    if arrived is not None and arrived.missing:
        return None
    criteria, night = (Criteria.from_args(spec, [(PERIOD, name)], days) for name in (_PERIOD, _NIGHT))
    sums, items = totals(connection, spec, scope, criteria), open_items(connection, scope)
    files = _files(connection, access, criteria, items, kind)
    return _Report(
        night=_night(connection, scope, night, days),
        days=_in_words(criteria.period, days),
        asked=criteria.to_args(pinned=True),
        spec=spec,
        sums=sums,
        items=items,
        files=files if sum(len(one.content) for one in files) <= LARGEST_FILES else (),
        is_empty=not items and not totals(connection, spec, scope, night).count,
    )


def _in_words(period: Period | None, days: Days) -> str:
    return "" if period is None else days_in_words(period.first, period.last, days.today)


def _files(
    connection: Connection, access: Access, criteria: Criteria, items: list[OpenItem], kind: FileKind
) -> tuple[Attachment, ...]:
    """The remittances with their credits, and what is to deal with, when there is anything."""
    spec, rows, others = criteria.spec, BytesIO(), BytesIO()
    if kind is FileKind.CSV:
        write_csv(connection, spec, access.scope, criteria, rows)
        write_flat_csv(COLUMNS, items, others)
    else:
        write_xlsx(connection, spec, access.scope, criteria, rows, whose=access.merchant_name)
        write_flat_xlsx(COLUMNS, items, TITLE, others)
    named = [(gettext(spec.title), rows), *([(gettext(TITLE), others)] if items else [])]
    return tuple(
        Attachment(f"{name.lower()}.{kind.value}", _MEDIA[kind], content.getvalue())
        for name, content in named
    )


def _message(home: Home, access: Access, found: _Report, stop: str) -> Message:
    place = f"{home.address}/m/{access.merchant_id}"
    kinds = Counter(item.title for item in found.items)
    report = DailyReport(
        merchant=access.merchant_name,
        night=found.night,
        days=found.days,
        count=_count(found.spec, found.sums.count),
        figures=tuple(_figures(found.spec, line) for line in found.sums.lines),
        to_do=tuple((title, formats.number(number)) for title, number in kinds.items()),
        link=LinkButton(gettext("See the to-do list"), f"{place}/a-traiter"),
        rows="" if found.files else f"{place}{found.spec.path}?{urlencode(found.asked)}",
        stop=stop,
    )
    return daily(home.theme, report, found.files)


def _count(spec: ListSpec, number: int) -> str:
    return spec.noun.count(number, formats.number(number))


def _figures(spec: ListSpec, line: CurrencyTotals) -> Figures:
    """The figures of a currency: what the bank did of the net, and what is to be known besides."""
    credit = [
        (name[1] in _STATES, gettext(measure.label), formats.money(line[measure.name], line.currency))
        for measure in spec.measures
        if (name := measure.group) and name[0] == CREDIT_GROUP and line[measure.name]
    ]
    return Figures(
        net=formats.money(line.net, line.currency),
        count=_count(spec, line.count),
        parts=tuple((name, amount) for is_part, name, amount in credit if is_part),
        besides=tuple((name, amount) for is_part, name, amount in credit if not is_part),
    )


def _night(
    connection: Connection, scope: Scope, criteria: Criteria, days: Days
) -> tuple[str, str, str] | None:
    """The last night in words: its day, how it went, what reached the bank; None where none is known."""
    answer = criteria.spec.answer
    asked = answer.read(scope, criteria) if answer else None
    night = asked.read(connection) if asked else None
    if night is None:
        return None
    sums = " · ".join(formats.money(line.net, line.currency) for line in night.sums)
    brought = (
        f"{sums} {gettext('remitted to the bank')} · {_count(criteria.spec, night.passed)}" if sums else ""
    )
    return _in_words(criteria.period, days), night.verdict(), brought


def _post(database: Database, row: AnyRow, access: Access, home: Home, message: Message, day: date) -> None:
    """Post the mail, and write down that its file has left, in one transaction."""
    request = MailRequest(
        kind=Kind.REPORT,
        reseller_slug=access.reseller_slug,
        merchant_id=access.merchant_id,
        user_id=row.user_id,
        request_key=f"daily-{access.merchant_id}-{day.isoformat()}",
    )
    with database.writing() as connection:
        post(connection, message, [row.email], request, sender_of(home.theme))
        connection.execute(update(DailyMail).where(DailyMail.id == row.id).values(sent_on=day))
        record(
            connection,
            Event.DAILY_MAIL_POSTED,
            user_id=row.user_id,
            merchant_id=access.merchant_id,
            format=row.file_kind,
        )
