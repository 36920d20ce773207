"""The doctor: what a portal needs, one line each, and the cure of what it lacks. It changes nothing."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from app.config import ARCHIVE, INBOX, QUARANTINE, SUPERSEDED, THEMES, Config, ConfigError
from app.database.engine import Database, DatabaseRole
from app.database.faults import check_server, explained
from app.database.migrate import Version, first_day_kept, version_of
from app.database.privileges import Roles, altered
from app.desk.staff_alerts import in_words
from app.mail import commands as mail_commands
from app.mail.smtp import Smtp
from app.mail.transport import NotTakenError
from app.models import AlertKind, Base
from app.operation.conditions import MAIL_WAITS, full_disk
from app.operation.missing_nights import MissingNight, missing_nights
from app.operation.state import State, state_of
from app.retention import partitions_before
from app.themes import DEFAULT, ThemeError, Themes, themes_of
from app.wording.i18n import N_, gettext

#: Seconds by which two clocks may differ.
CLOCKS_APART = 5
#: Nights on which readers may keep the upkeep from letting go of a month.
PURGES_LATE = 3
FOLDERS = (INBOX, ARCHIVE, QUARANTINE, SUPERSEDED, THEMES)
#: Rights of others on the data folder by which they see or change what is in it. A way through to the inbox,
#: for a host that delivers, shows them nothing.
_OTHERS_LOOK = 0o066
_OURS = os.R_OK | os.W_OK | os.X_OK

_SERVER = text("""
SELECT current_setting('server_version') AS version, pg_encoding_to_char(encoding) AS encoding,
  datcollate AS collation, now() AS now FROM pg_database WHERE datname = current_database()
""")
# A month that somebody detached has its key still; one that was begun has none, and no file that is loaded.
_APART = text(r"""
SELECT c.relname AS partition, p.relname AS parent, to_date(right(c.relname, 6), 'YYYYMM') AS month,
  EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary) AS was_attached
FROM pg_class c JOIN pg_class p ON p.relnamespace = c.relnamespace AND p.relkind = 'p'
  AND c.relname ~ ('^' || p.relname || '_p\d{4}(0[1-9]|1[0-2])$')
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition ORDER BY 1
""")
_VERSIONS = {
    Version.CURRENT: N_("the database is up to date"),
    Version.BEHIND: N_("the database is behind"),
    Version.NEWER: N_("a newer Bordereau has migrated the database"),
}


class Severity(StrEnum):
    """The severity of a finding."""

    SOUND = "✓"
    WATCH = "!"
    FAULT = "✗"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: what was looked at, how it is, and the cure of what is wrong."""

    level: Severity
    subject: str
    words: str
    cure: str = ""

    def line(self) -> str:
        said = gettext("%(subject)s: %(words)s", subject=gettext(self.subject), words=self.words)
        return f"{self.level} {said} → {self.cure}" if self.cure else f"{self.level} {said}"


def examine(config: Config) -> Iterator[Finding]:
    """Every finding about the portal of these settings."""
    yield from _folders(config.data)
    yield from _themes(config)
    yield from _mail(config)
    yield from _database(config)


def _sound(subject: str, words: str) -> Finding:
    return Finding(Severity.SOUND, subject, words)


def _folders(data: Path) -> Iterator[Finding]:
    subject = N_("data folder")
    below = [data / name for name in FOLDERS]
    locked = [path for path in (data, *below) if path.is_dir() and not os.access(path, _OURS)]
    mode = stat.S_IMODE(data.stat().st_mode)
    for path in locked:
        words = gettext("%(path)s cannot be written", path=path)
        yield Finding(Severity.FAULT, subject, words, f"chown -R {_own_user()} {path}; chmod u+rwx {path}")
    if mode & _OTHERS_LOOK:
        words = gettext("others may look into %(path)s (mode %(mode)s)", path=data, mode=f"{mode:o}")
        yield Finding(Severity.WATCH, subject, words, f"chmod 700 {data}")
    elif not locked:
        yield _sound(subject, str(data))
    if not (data / INBOX).is_dir():
        yield Finding(Severity.WATCH, N_("inbox"), gettext("is not there"), f"mkdir {data / INBOX}")
    yield _disk(data)


def _own_user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user may have no name
        return str(os.geteuid())


def _disk(data: Path) -> Finding:
    usage = shutil.disk_usage(data)
    words = gettext(
        "%(free)s GB free of %(total)s", free=usage.free // 2**30, total=f"{usage.total // 2**30} GB"
    )
    if any(full_disk(data)):
        return Finding(Severity.FAULT, N_("disk"), words, gettext("make room, or move the data folder"))
    return _sound(N_("disk"), words)


def _broken(fault: str) -> Finding:
    cure = gettext("mend it, or take its folder away, then restart the web server")
    return Finding(Severity.FAULT, N_("themes"), fault, cure)


def _themes(config: Config) -> Iterator[Finding]:
    try:
        loaded = themes_of(config.data)
    except ThemeError as error:
        yield _broken("; ".join(str(error).splitlines()))
        return
    yield from map(_broken, loaded.faults)
    yield from _hosts(config, loaded)


def _hosts(config: Config, loaded: Themes) -> Iterator[Finding]:
    """The hosts that are answered, and the maintainers of this portal whose links lead nowhere."""
    subject, hosts = N_("hosts"), ", ".join(sorted(loaded.by_host))
    cure = gettext("name them in theme.toml")
    if hosts:
        yield _sound(subject, hosts)
    else:
        yield Finding(Severity.WATCH, subject, gettext("no theme names a host"), cure)
    for slug, theme in loaded.by_slug.items():
        if not theme.hosts and (config.data / THEMES / slug).is_dir() and slug != DEFAULT:
            words = gettext("the theme %(slug)s names none", slug=slug)
            yield Finding(Severity.WATCH, subject, words, cure)


def _mail(config: Config) -> Iterator[Finding]:
    subject = N_("email")
    if config.smtp is None:
        level = Severity.SOUND if config.development else Severity.FAULT
        cure = "" if config.development else "BORDEREAU_SMTP_URL"
        yield Finding(level, subject, gettext("no mail server is named"), cure)
        return
    try:
        Smtp(config.smtp).try_settings()
    except NotTakenError as error:
        yield Finding(
            Severity.FAULT,
            subject,
            " ".join(mail_commands.in_words(error).split()),
            "bordereau mail test ADDRESS",
        )
    else:
        yield _sound(subject, f"{config.smtp.host}:{config.smtp.port}")


def _database(config: Config) -> Iterator[Finding]:
    subject = N_("database")
    try:
        database = Database.from_config(config)
        check_server(database, database.any_role)
        try:
            yield from _inside(database)
        finally:
            database.dispose()
    except ConfigError as error:
        yield Finding(Severity.FAULT, subject, str(error))
    except (psycopg.Error, SQLAlchemyError) as error:
        yield Finding(Severity.FAULT, subject, explained(error) or type(error).__name__)


def _inside(database: Database) -> Iterator[Finding]:
    with database.reading(database.any_role) as connection:
        row = connection.execute(_SERVER).one()
        yield _sound(N_("database"), f"PostgreSQL {row.version}, {row.encoding}, {row.collation}")
        yield _sound(N_("extensions"), gettext("none is needed"))
        yield _clock(row.now)
    version = version_of(database)
    if version is not Version.CURRENT:
        cure = "bordereau migrate" if version is Version.BEHIND else gettext("install the newer Bordereau")
        yield Finding(Severity.FAULT, N_("migrations"), gettext(_VERSIONS[version]), cure)
        return
    yield _sound(N_("migrations"), gettext(_VERSIONS[version]))
    yield from _roles(database)
    with database.reading(database.any_role) as connection:
        yield from _tables(connection, database.roles)
    now = datetime.now(UTC)
    with database.reading(database.any_role) as connection:
        yield _partitions(connection, now.date())
        yield from _months_apart(connection)
    state = state_of(database)
    for check in _OF_STATE:
        yield from check(state)
    with database.reading() as connection:
        yield from _missing(missing_nights(connection, now))


def _roles(database: Database) -> Iterator[Finding]:
    """Each role, logged in as the portal does; one whose address is not among these settings is named."""
    for role in (DatabaseRole.WEB, DatabaseRole.IMPORT):
        try:
            with database.reading(role) as connection:
                connection.execute(text("SELECT 1"))
        except ConfigError as error:
            yield Finding(Severity.WATCH, N_("roles"), f"{role}: {error}", "bordereau migrate")
        except SQLAlchemyError as error:
            words = explained(error) or type(error).__name__
            yield Finding(Severity.FAULT, N_("roles"), f"{role}: {words}", "bordereau migrate")
        else:
            yield _sound(N_("roles"), role)


def _tables(connection: Connection, roles: Roles) -> Iterator[Finding]:
    """Tables of payments that are not as a migration leaves them: others have the importer's password."""
    for table in altered(connection, Base.privileges(), roles):
        words = gettext("the table %(table)s bears code or policies that are not the portal's", table=table)
        cure = gettext("another password of the importer, then bordereau migrate")
        yield Finding(Severity.FAULT, N_("roles"), words, cure)


def _clock(now: datetime) -> Finding:
    apart = abs(now.timestamp() - time.time())
    words = gettext("%(seconds)s s from the database's", seconds=round(apart, 1))
    if apart > CLOCKS_APART:
        cure = gettext("set both by NTP (timedatectl set-ntp true)")
        return Finding(Severity.FAULT, N_("clock"), words, cure)
    return _sound(N_("clock"), words)


def _partitions(connection: Connection, today: date) -> Finding:
    """Whether the upkeep lets go of the months past their time; one kept busy by readers has some nights."""
    past = len(partitions_before(connection, first_day_kept(today - timedelta(days=PURGES_LATE))))
    words = gettext("past their time: %(partitions)s", partitions=past)
    if past:
        return Finding(Severity.FAULT, N_("partitions"), words, "bordereau maintain")
    return _sound(N_("partitions"), words)


def _months_apart(connection: Connection) -> Iterator[Finding]:
    """Months that stand beside their table: it takes no file that touches them."""
    for row in connection.execute(_APART).all():
        words = gettext(
            "%(partition)s is not attached: no file of its month is taken", partition=row.partition
        )
        statement = f"DROP TABLE {row.partition}"
        if row.was_attached:
            statement = f"SELECT attach_partition('{row.parent}', '{row.month}')"
        cure = gettext("as the owner of the database: %(statement)s", statement=statement)
        yield Finding(Severity.FAULT, N_("partitions"), words, cure)


def _worker(state: State) -> Iterator[Finding]:
    if state.works:
        yield _sound(
            N_("worker"), gettext("heard of %(seconds)s s ago", seconds=round(state.worker_seconds or 0))
        )
    else:
        yield Finding(Severity.WATCH, N_("worker"), gettext("none is at work"), "bordereau worker")


def _queue(state: State) -> Iterator[Finding]:
    words = gettext("%(count)s emails wait", count=state.mails.count)
    if state.mails.oldest_seconds > MAIL_WAITS.total_seconds():
        yield Finding(Severity.WATCH, N_("email"), words, gettext("see the desk's page of emails"))
    else:
        yield _sound(N_("email"), words)


def _nights(state: State) -> Iterator[Finding]:
    for source, day in state.nights.items():
        words = gettext("%(source)s: last night of %(day)s", source=source, day=day.isoformat())
        yield _sound(N_("nights"), words)
    if quarantined := state.files.get("quarantined"):
        words = gettext("%(count)s files in quarantine", count=quarantined)
        cure = gettext(
            "see the desk's page of imports; why those are there that no desk sees is said by: %(command)s",
            command="bordereau import --dry-run DATA/quarantine",
        )
        yield Finding(Severity.WATCH, N_("files"), words, cure)


def _missing(nights: Iterable[MissingNight]) -> Iterator[Finding]:
    """What was due by the hours and days of its source, said or learnt, and has not come."""
    for night in nights:
        words = in_words(AlertKind.NIGHT_MISSING, night.details)
        yield Finding(Severity.WATCH, N_("nights"), words, gettext("ask the host, and see the inbox"))


_OF_STATE: tuple[Callable[[State], Iterator[Finding]], ...] = (_worker, _queue, _nights)
