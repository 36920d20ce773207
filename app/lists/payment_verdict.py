"""The verdict on a payment: what became of it in a few words, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.listing.field import Tone
from app.listing.filters import Choice
from app.listing.kinds import Row
from app.listing.spec import Alert, Verdict
from app.lists.chargebacks import TONES
from app.lists.reversals import REVERSAL
from app.rules.payments import Outcome, Reversal
from app.wording import codes, response_codes
from app.wording.i18n import N_, gettext

#: Accepted payments by type: once their remittance is at the bank, and before.
_REMITTED = {
    "debit": N_("Accepted and remitted to the bank"),
    "refund": N_("Refund remitted to the bank"),
    "cancellation": N_("Cancellation remitted to the bank"),
    "refund_cancellation": N_("Cancelled refund remitted to the bank"),
}
_PENDING = {
    "debit": N_("Accepted, not remitted to the bank"),
    "refund": N_("Refund not remitted to the bank"),
    "cancellation": N_("Cancellation not remitted to the bank"),
    "refund_cancellation": N_("Cancelled refund not remitted to the bank"),
}
_FAILED: dict[str, tuple[str, Tone]] = {
    "declined": (N_("Declined: nothing is debited"), "bad"),
    "abandoned": (N_("Abandoned: nothing is debited"), "warn"),
}


def verdict(row: Row) -> Verdict:
    """What became of a payment; of one that was charged back or taken back, that it was."""
    if row["outcome"] in _FAILED:
        words, tone = _FAILED[row["outcome"]]
        return Verdict(gettext(words), tone)
    dispute = str(row.get("chargeback"))  # a merchant of whom none is told has no such field
    if dispute in TONES:
        return Verdict(gettext(codes.CHARGEBACKS[dispute]), TONES[dispute])
    if row["reversal"] != Reversal.NONE:
        return Verdict(REVERSAL.cell(row["reversal"], row), "info")
    if row["type"] == "preauthorisation":
        return Verdict(gettext("Pre-authorisation: nothing is debited"), "info")
    pending = row["state"] == "pending"
    words = (_PENDING if pending else _REMITTED)[row["type"]]
    return Verdict(gettext(words), "warn" if pending else "good")


def alerts(row: Row) -> Iterator[Alert]:
    """Why a payment was declined, or what one that is not at the bank waits for."""
    if row["outcome"] == Outcome.DECLINED:
        meaning = response_codes.meaning(row["response_code"]) if row["response_code"] else None
        if meaning:
            words = gettext("Response code %(code)s", code=row["response_code"])
            yield Alert(words=words, reason=meaning, tone="bad")
    elif row["state"] == "pending" and is_money(row):
        yield Alert(
            words=gettext("Its batch has not reached the bank"),
            reason=gettext("The page of its batch says why.")
            if row["remittance"] is None
            else gettext("The page of the batch no. %(number)s says why.", number=row["remittance"]),
        )


def is_money(row: Row) -> bool:
    """Whether it is accepted, and more than a reservation."""
    return bool(row["outcome"] == Outcome.ACCEPTED and row["type"] != "preauthorisation")


@dataclass(frozen=True, kw_only=True, eq=False)
class HandedIn(Choice):
    """A handing in to the bank: what is no money never goes there, so that nothing is to be said."""

    def tone_key(self, value: str, row: Row) -> str:
        return value if is_money(row) else ""
