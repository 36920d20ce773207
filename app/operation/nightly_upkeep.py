"""The nightly upkeep: what is past its time beside the payments, which :mod:`app.retention` lets go of.

And whether the walls still stand that a migration has built.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text

from app.database.engine import Database, DatabaseRole
from app.database.privileges import altered
from app.logs import logger
from app.mail.upkeep import erase_recipients
from app.models import KNOWN_FOR, Base, Invitation, KnownDevice, SignInAttempt, UserSession

#: How long a failed sign-in is remembered; it stops counting long before.
ATTEMPTS_KEPT = timedelta(days=1)
#: How long the row of a link outlives it: until then its page still offers a new one.
LINKS_KEPT = timedelta(days=30)
_FORGET_JOBS = text("""
DELETE FROM procrastinate_jobs AS job WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
AND NOT EXISTS (SELECT FROM procrastinate_events AS event
  WHERE event.job_id = job.id AND event.at > now() - interval '30 days')
""")

_log = logger("upkeep")


def upkeep(database: Database, now: datetime) -> None:
    """Let go of sessions, devices, attempts, links, recipients, jobs and lines of the journal.

    A table of payments that somebody has altered is named in the log, each night until a migration mends it.
    """
    with database.writing() as connection:
        connection.execute(delete(UserSession).where(UserSession.expires_at < now))
        connection.execute(delete(KnownDevice).where(KnownDevice.seen_at < now - KNOWN_FOR))
        connection.execute(delete(SignInAttempt).where(SignInAttempt.at < now - ATTEMPTS_KEPT))
        connection.execute(select(func.forget_journal()))
        connection.execute(delete(Invitation).where(Invitation.expires_at < now - LINKS_KEPT))
    with database.writing(DatabaseRole.IMPORT) as connection:
        erase_recipients(connection)
        connection.execute(_FORGET_JOBS)
        for table in altered(connection, Base.privileges(), database.roles):
            _log.error("table_altered", table=table, cure="bordereau doctor")
