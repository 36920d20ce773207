"""The alerts of a reseller's desk: what is wrong at this moment, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.desk.paging import AnyRow
from app.models import DEFAULT_TIME_ZONE, AlertKind, StaffAlert
from app.wording import formats
from app.wording.i18n import N_, gettext

_WORDS: Mapping[AlertKind, str] = {
    AlertKind.FILE_REFUSED: N_("The file %(file)s was refused: nothing of it is loaded."),
    AlertKind.FILES_LEFT: N_(
        "Files have stayed in the inbox since %(since)s: they cannot be read or filed away."
    ),
    AlertKind.NIGHT_MISSING: N_("%(source)s: the file that was due on %(due)s has not come."),
    AlertKind.MAIL_STUCK: N_("Emails have not left since %(since)s (%(count)s waiting)."),
    AlertKind.DISK_FULL: N_("The disk of the portal is nearly full: %(free)s GB left of %(total)s."),
    AlertKind.WORKER_SILENT: N_("The worker does not answer: email, files and the work of the night wait."),
    AlertKind.JOB_GIVEN_UP: N_(
        "The worker has died %(begun)s times over its job %(task)s, number %(number)s: it is not tried again."
    ),
}
#: The details that are moments, as ISO 8601.
_MOMENTS = frozenset({"since", "due"})


def alerts(connection: Connection, reseller_id: int) -> Sequence[AnyRow]:
    """The alerts of a reseller, the oldest first."""
    columns = (StaffAlert.kind, StaffAlert.subject, StaffAlert.details)
    statement = select(*columns).where(StaffAlert.reseller_id == reseller_id)
    return connection.execute(
        statement.order_by(StaffAlert.raised_at, StaffAlert.kind, StaffAlert.subject)
    ).all()


def in_words(kind: AlertKind, details: Mapping[str, Any]) -> str:
    """An alert as one sentence."""
    return gettext(_WORDS[kind], **{name: _shown(name, value) for name, value in details.items()})


def _shown(name: str, value: Any) -> Any:
    if name not in _MOMENTS:
        return value
    return formats.spoken_moment(datetime.fromisoformat(value), DEFAULT_TIME_ZONE)
