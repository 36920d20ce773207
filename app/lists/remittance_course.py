"""The course of a remittance: its outcome, what a problem means and whom to tell, its steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from app.listing.field import Tone
from app.listing.kinds import Row
from app.listing.scope import Scope
from app.listing.spec import Alert, Verdict
from app.lists.credit import OPEN, TO_COME, credit_alerts
from app.lists.remittance_kinds import CONTROL, HOST_STATUS, is_uncaptured
from app.models import Completeness, Credit
from app.rules.payments import REMOTE
from app.wording import days, formats
from app.wording.i18n import N_, gettext, ngettext

#: What became of it, by the answer of the host (see :class:`HostStatus`): in words, and how loudly.
_VERDICTS: dict[str, tuple[str, Tone]] = {
    "correct": (N_("The telecollection passed"), "good"),
    "rejected": (N_("Rejected by the bank"), "bad"),
    "incomplete": (N_("Call interrupted"), "bad"),
    "untransmitted": (N_("Transmission failed"), "bad"),
    "awaited": (N_("Telecollection not received yet"), "warn"),
    "captured": (N_("Captured by the platform"), "good"),
    "told": (N_("Received by the acquirer, who tells its sum alone"), "good"),
    "uncaptured": (N_("Not captured by the platform yet"), "warn"),
    "nothing_captured": (N_("Nothing to capture: no payment was accepted"), "info"),
}
_REASONS = {
    "rejected": N_(
        "The bank answered “%(answer)s”. Report it to your maintainer with the no. %(number)s; "
        "do not ask your customers to pay again."
    ),
    "incomplete": N_(
        "The call broke off before its end. Start a telecollection from the terminal; if it breaks off "
        "again, report it to your maintainer with the no. %(number)s."
    ),
    "untransmitted": N_(
        "The terminal could not reach the bank. Check its line or network, then start a telecollection; if "
        "it fails again, report it to your maintainer with the no. %(number)s."
    ),
}
#: The last step of a remittance by its credit: the words, the field of its day, how loudly it is said.
_CREDIT_STEPS = {
    Credit.CREDITED: (N_("Credited by the bank"), "credited_on", "good"),
    Credit.DIFFERS: (N_("Credited by the bank with a gap"), "credited_on", "warn"),
    Credit.ANNOUNCED: (N_("Payment announced by the acquirer"), "expected_by", "plain"),
    Credit.EXPECTED: (N_("Credit by the bank expected by"), "expected_by", "plain"),
    Credit.LATE: (N_("Not credited by the bank, expected by"), "expected_by", "bad"),
}
_ACCEPTED = ("debit_count", "cancelled_count", "refund_count", "refund_cancelled_count")


def verdict(row: Row) -> Verdict:
    """What became of a remittance; an empty one proves that its terminal called."""
    answer = _answer(row)
    if answer == "correct" and not row["count"] and not _reservation(row):
        return Verdict(gettext("The terminal called, without any payment"), "good")
    words, tone = _VERDICTS[answer]
    if answer in ("correct", "captured", "told"):
        words, tone = _reservation(row) or (words, tone)
    return Verdict(gettext(words), tone)


def _reservation(row: Row) -> tuple[str, Tone] | None:
    """What is to be looked into of one that passed, the gravest first: nothing green stands above it."""
    credit, is_proposed = row.get("credit"), row.get("credit_proposal") == OPEN
    if credit == Credit.LATE and not is_proposed:
        return N_("Passed, but not credited by the bank"), "bad"
    if row["seal"] == Completeness.DIFFERS:
        return N_("Accepted by the bank, with a gap"), "warn"
    if row["missing_sequences"]:
        return N_("Accepted by the bank, but payments are missing"), "warn"
    if row["seal"] == Completeness.AWAITING_PAYMENTS:
        return N_("Accepted by the bank, payments not received yet"), "warn"
    if credit == Credit.DIFFERS:
        return N_("Credited by the bank with a gap"), "warn"
    return (N_("Passed, credit by the bank to confirm"), "warn") if is_proposed else None


def alerts(row: Row) -> Iterator[Alert]:
    """What to look into, the gravest first."""
    answer = _answer(row)
    if answer in _REASONS:
        yield _not_at_the_bank(row, answer)
    if answer == "uncaptured":
        yield Alert(
            words=gettext("These payments have not reached the bank"),
            reason=gettext("The platform captures them later: they come again with a later file."),
        )
    if row["seal"] not in (Completeness.COMPLETE, *REMOTE):
        yield _unsettled(row)
    if missing := row["missing_sequences"]:
        words = ngettext("%(num)s missing payment", "%(num)s missing payments", missing)
        reason = gettext("The numbers of the payments received are not in sequence.")
        yield Alert(words=words, reason=reason, note=words, to_report=True)
    yield from credit_alerts(row)


def named(row: Row) -> str:
    """The name of a remittance: its number, or its day where a platform numbers none."""
    if row["seal"] not in REMOTE:
        return gettext("Batch no. %(number)s", number=row["number"])
    if is_uncaptured(row):
        return gettext("Payments of %(day)s, not captured", day=formats.day(row["date"]))
    return gettext("Batch of %(day)s", day=formats.day(row["date"]))


def _answer(row: Row) -> str:
    answer = HOST_STATUS.word_key(row["status"], row)
    if answer == "correct" and row["seal"] in REMOTE:
        return "told" if row["seal"] == Completeness.NO_PAYMENTS else "captured"
    return answer


def _not_at_the_bank(row: Row, answer: str) -> Alert:
    said = row["status_text"] or HOST_STATUS.say(row["status"])
    accepted = sum(row[name] for name in _ACCEPTED)
    words = (
        ngettext(
            "This payment has not reached the bank",
            "These %(num)s payments have not reached the bank",
            accepted,
        )
        if accepted
        else gettext("This telecollection has not reached the bank")
    )
    reason = gettext(_REASONS[answer], answer=said, number=row["number"])
    return Alert(words=words, reason=reason, tone="bad", to_report=True)


def _unsettled(row: Row) -> Alert:
    """What its payments and its totals say of each other, as long as they do not agree."""
    seal = row["seal"]
    if seal == Completeness.AWAITING_PAYMENTS:
        return Alert(
            words=gettext("Its payments have not been received yet"),
            reason=gettext("The telecollection arrived before them; they come with a later file."),
        )
    if seal == Completeness.AWAITING_TOTALS:
        return Alert(
            words=gettext("Its telecollection has not been received yet"),
            reason=gettext("Its payments arrived first: until it comes, they count as not remitted."),
        )
    return Alert(
        words=gettext("Payments and totals differ"),
        reason=gettext(
            "Between what the terminal announced and what has arrived: %(gap)s. "
            "Report it to your maintainer with the no. %(number)s.",
            gap=CONTROL.cell(seal, row),
            number=row["number"],
        ),
        tone="bad",
        to_report=True,
    )


@dataclass(frozen=True)
class CourseStep:
    """A step of a remittance; ``at`` is by the terminal's own clock, None where it is not known.

    ``tone`` is "plain" for a step that is still to come. What a bank or an acquirer tells has a day alone.
    """

    words: str
    at: date | None
    tone: str

    @property
    def when(self) -> str:
        """Its day and minute, as in ``25/11, 23:44``, or its day."""
        if self.at is None:
            return ""
        day = days.brief_day(self.at)
        return f"{day}, {self.at:%H:%M}" if isinstance(self.at, datetime) else day


def course(_connection: Connection, _scope: Scope, row: Row) -> tuple[CourseStep, ...]:
    """The steps of a remittance: opened on its terminal, telecollected, answered by the bank, and credited.

    One of a platform has been captured instead. Of its credit nothing is said where nobody tells of any.
    """
    return (*_called(row), *_credit(row))


def _credit(row: Row) -> Iterator[CourseStep]:
    """What became of its money, for whoever sees its credit."""
    state = row.get("credit")
    if row.get("credit_proposal") == OPEN and state in TO_COME:
        yield CourseStep(gettext("Credit by the bank to confirm"), None, "warn")
    elif state in _CREDIT_STEPS:
        words, day, tone = _CREDIT_STEPS[state]
        yield CourseStep(gettext(words), row[day], tone)


def _called(row: Row) -> tuple[CourseStep, ...]:
    if row["seal"] in REMOTE:
        words, tone = _VERDICTS[_answer(row)]
        return (CourseStep(gettext(words), row["date"], tone),)
    terminal, answer = row["terminal"], _answer(row)
    opened = (
        gettext("Opened on terminal %(number)s", number=terminal)
        if terminal
        else gettext("Opened on the terminal")
    )
    return (
        CourseStep(opened, row["opened"], "good"),
        _call(row, answer),
        _last(row, answer),
    )


def _call(row: Row, answer: str) -> CourseStep:
    if answer == "awaited":
        return CourseStep(gettext("Telecollection not received yet"), None, "warn")
    if answer == "untransmitted" or row["transmission"] == "failed":
        return CourseStep(gettext("Telecollected, transmission failed"), row["date"], "bad")
    return CourseStep(gettext("Telecollected, transmission succeeded"), row["date"], "good")


def _last(row: Row, answer: str) -> CourseStep:
    if answer in ("awaited", "untransmitted"):
        return CourseStep(gettext("Waits for the bank's answer"), None, "plain")
    words = gettext("Accepted by the bank") if answer == "correct" else gettext(_VERDICTS[answer][0])
    return CourseStep(words, row["date"], _VERDICTS[answer][1])
