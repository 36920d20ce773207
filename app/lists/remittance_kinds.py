"""Kinds of values that a remittance alone has: a number of payments, its control, the answer of the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.listing.field import Tone
from app.listing.filters import Choice
from app.listing.kinds import Row, Whole
from app.models import Completeness, RemittanceStatus, Transmission
from app.rules.payments import REMOTE
from app.wording import codes, formats
from app.wording.i18n import N_, gettext, ngettext

#: What became of a telecollection where the host's own word says less, or another.
_IN_OUR_WORDS = {
    "incomplete": N_("Call interrupted"),
    "awaited": N_("not received yet"),
    "untransmitted": N_("transmission failed"),
    "uncaptured": N_("not captured yet"),
    "nothing_captured": N_("nothing to capture"),
}
_BY_COMPLETENESS = {
    "complete": N_("complete"),
    "awaiting_payments": N_("waiting for its payments"),
    "awaiting_totals": N_("waiting for its telecollection"),
    "no_totals": N_("without totals"),
    "no_payments": N_("payments not communicated"),
}

#: It was received, and did not reach the bank.
_FAILED = frozenset({"rejected", "incomplete", "untransmitted"})
#: What needs nobody: no badge says so.
_QUIET = (Completeness.COMPLETE, *REMOTE)


def is_uncaptured(row: Row) -> bool:
    """Whether a remittance gathers payments that their platform has not captured."""
    return bool(row["status"] == RemittanceStatus.INCOMPLETE and row["seal"] == Completeness.NO_TOTALS)


@dataclass(frozen=True, kw_only=True, eq=False)
class PaymentCount(Whole):
    """A number of payments, in words: an empty remittance says so."""

    def cell(self, value: int, row: Row) -> str:  # noqa: ARG002
        if not value:
            return gettext("no payment")
        return ngettext("%(num)s payment", "%(num)s payments", value)


@dataclass(frozen=True, kw_only=True, eq=False)
class Control(Choice):
    """The control of a telecollection: its payments against its totals, with the size of a gap."""

    def cell(self, value: str, row: Row) -> str:
        if value in _BY_COMPLETENESS:
            return gettext(_BY_COMPLETENESS[value])
        return ngettext(
            "differs by %(num)s operation and %(amount)s",
            "differs by %(num)s operations and %(amount)s",
            abs(row["gap_count"]),
            amount=formats.money(abs(row["gap_amount"]), row["currency"]),
        )

    def badge(self, value: str, row: Row) -> str:
        return "" if value in _QUIET else self.cell(value, row)


@dataclass(frozen=True, kw_only=True, eq=False)
class HostStatus(Choice):
    """The host's answer to a telecollection; one that never left, or has not arrived, is not "correct"."""

    def tone_key(self, value: str | None, row: Row) -> str:
        """Its word; where there is no money in what failed, another."""
        key = self.word_key(value, row)
        return "failed_empty" if key in _FAILED and not (row["count"] or row["amount"]) else key

    def word_key(self, value: str | None, row: Row) -> str:
        """What became of it."""
        if value is None:
            return "awaited"
        if is_uncaptured(row):
            return "uncaptured" if row["debit_count"] or row["refund_count"] else "nothing_captured"
        failed = value == RemittanceStatus.CORRECT and row["transmission"] == Transmission.FAILED
        return "untransmitted" if failed else value

    def badge(self, value: str | None, row: Row) -> str:
        """Nothing of one that is awaited: the badge of its control says so."""
        return "" if value is None else self.cell(value, row)

    def cell(self, value: str | None, row: Row) -> str:
        key = self.word_key(value, row)
        return gettext(_IN_OUR_WORDS[key]) if key in _IN_OUR_WORDS else self.say(key)


#: The two words on a remittance: ours, and the host's.
CONTROL = Control(labels=codes.COMPLETENESS)
HOST_STATUS = HostStatus(labels=codes.STATUSES)
#: How loudly each word speaks.
HOST_TONES: Final[dict[str, Tone]] = {
    "rejected": "bad",
    "incomplete": "bad",
    "untransmitted": "bad",
    "failed_empty": "warn",
    "awaited": "warn",
    "uncaptured": "warn",
    "nothing_captured": "info",
}
#: What is asked for, in the words of the rows that are found: the host's word is one for two things.
ASKED_STATUS = Choice(labels={**codes.STATUSES, "incomplete": N_("Call interrupted or not captured yet")})
