"""The fate of the mails that carried a ticket, in words."""

from __future__ import annotations

from dataclasses import dataclass

from app.mail.failure_labels import FAULTS, STATES
from app.mail.ticket_deliveries import DeliveryStatus
from app.models import OPEN_STATES, DeliveryState
from app.views.moments import show_minute
from app.wording.i18n import N_, gettext

#: How loudly a state speaks.
_TONES = {
    DeliveryState.QUEUED: "info",
    DeliveryState.SENDING: "info",
    DeliveryState.SENT: "good",
    DeliveryState.RETRYING: "warn",
    DeliveryState.FAILED: "bad",
}
#: When a server was cut off in the middle of its answer, nobody knows whether it had taken the mail.
_UNCERTAIN = N_("The mail server was cut off while it answered: this email may have arrived all the same.")
_TWICE = N_("The mail server was cut off while it answered: this email may have arrived twice.")


@dataclass(frozen=True)
class DeliveryWords:
    """A delivery as a page shows it; ``reasons`` say why it has not arrived, or may have twice.

    ``is_open`` says that it is still under way.
    """

    state: str
    tone: str
    when: str
    reasons: tuple[str, ...]
    is_open: bool


def delivery_in_words(delivery: DeliveryStatus) -> DeliveryWords:
    """The state of ``delivery``, since or until when, and what kept it from arriving."""
    return DeliveryWords(
        state=gettext(STATES[delivery.state]),
        tone=_TONES[delivery.state],
        when=_when(delivery),
        reasons=tuple(filter(None, _reasons(delivery))),
        is_open=delivery.state in OPEN_STATES,
    )


def _when(delivery: DeliveryStatus) -> str:
    if delivery.sent_at is not None:
        return gettext("on %(moment)s", moment=show_minute(delivery.sent_at))
    if delivery.state is DeliveryState.RETRYING:
        return gettext("next try on %(moment)s", moment=show_minute(delivery.next_try_at))
    return gettext("asked for on %(moment)s", moment=show_minute(delivery.created_at))


def _reasons(delivery: DeliveryStatus) -> tuple[str, ...]:
    """What went wrong in our words, then in those of the mail server."""
    if delivery.state is DeliveryState.SENT:
        return (gettext(_TWICE),) if delivery.uncertain else ()
    if delivery.state not in (DeliveryState.RETRYING, DeliveryState.FAILED):
        return ()  # renewed: what was said before is past
    fault = gettext(FAULTS[delivery.fault]) if delivery.fault else ""
    return fault, delivery.reply, gettext(_UNCERTAIN) if delivery.uncertain else ""
