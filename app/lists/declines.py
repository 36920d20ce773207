"""Reasons why payments were declined, by kind: what a row says, and how rows are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, func

from app.listing.dimension import Dimension
from app.listing.field import Field
from app.listing.filters import Choice
from app.listing.kinds import Expression
from app.models import Transaction
from app.rules.payments import Outcome
from app.wording.i18n import N_
from app.wording.response_codes import CODES, CODES_OF, DECLINE_REASONS, DeclineReason

_DECLINED = Transaction.outcome == Outcome.DECLINED.value
#: The kind of reason of each declined payment; NULL for the others and for codes that we do not know.
DECLINE_REASON = case(
    (
        _DECLINED,
        case(
            {code: reason.value for code, (_, reason) in CODES.items() if reason is not None},
            value=Transaction.response_code,
        ),
    )
)


class ReasonChoice(Choice):
    """A kind of reason, asked for by its response codes."""

    def where(self, column: Expression, values: Sequence[str]) -> ColumnElement[bool]:
        codes = [code for value in values for code in CODES_OF[DeclineReason(value)]]
        return and_(_DECLINED, column.in_(codes))


_OTHER = "other"
BY_REASON = Dimension(
    name="reason",
    label=N_("Reason of the refusal"),
    kind=Choice(
        labels={
            **{reason.value: words for reason, words in DECLINE_REASONS.items()},
            _OTHER: N_("Other code"),
        }
    ),
    rows=case((_DECLINED, func.coalesce(DECLINE_REASON, _OTHER))),
    weight="declined",
    unknown=N_("no refusal"),
)


def reason_field(section: str) -> Field:
    """The field of the kind of reason, in ``section`` of the details."""
    return Field(
        name="reason",
        label=N_("Reason of the refusal"),
        kind=ReasonChoice(labels={reason.value: words for reason, words in DECLINE_REASONS.items()}),
        column=DECLINE_REASON,
        section=section,
        filter_column=Transaction.response_code,
        filter=True,
        in_table=False,
    )
