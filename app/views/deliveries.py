"""What became of a mail, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.i18n import N_, gettext, language
from app.mail.history import Sent
from app.models import DEFAULT_TIME_ZONE, DeliveryState

_MOMENT = {"fr": "%d/%m/%Y %H:%M", "en": "%Y-%m-%d %H:%M"}
#: The words of a state, and how loudly it speaks.
STATES = {
    DeliveryState.QUEUED: (N_("about to leave"), "info"),
    DeliveryState.SENDING: (N_("leaving now"), "info"),
    DeliveryState.SENT: (N_("sent"), "good"),
    DeliveryState.RETRYING: (N_("not yet, tried again"), "warn"),
    DeliveryState.FAILED: (N_("not sent"), "bad"),
}


@dataclass(frozen=True)
class Shown:
    """A delivery as a page shows it; ``when`` and ``reason`` may be empty."""

    state: str
    tone: str
    when: str
    reason: str


def delivery_in_words(sent: Sent) -> Shown:
    """The state of ``sent``, since or until when, and why it has not arrived."""
    message, tone = STATES[sent.state]
    troubled = sent.state in (DeliveryState.RETRYING, DeliveryState.FAILED)
    return Shown(gettext(message), tone, _when(sent), _reason(sent) if troubled else "")


def paris_moment(at: datetime | None = None) -> str:
    """An instant, or this one, by the clocks of metropolitan France."""
    local = (at or datetime.now(UTC)).astimezone(ZoneInfo(DEFAULT_TIME_ZONE))
    return local.strftime(_MOMENT[language()])


def _when(sent: Sent) -> str:
    if sent.sent_at is not None:
        return gettext("on %(moment)s", moment=paris_moment(sent.sent_at))
    if sent.state is DeliveryState.RETRYING:
        return gettext("next try on %(moment)s", moment=paris_moment(sent.next_try_at))
    return gettext("asked for on %(moment)s", moment=paris_moment(sent.asked_at))


def _reason(sent: Sent) -> str:
    """What kept it from leaving, with the words of the mail server when it had any."""
    return sent.reply or ""
