"""The desk's form of a bank account: whose it is, and how its bank credits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from app.models import USUAL_WORKING_DAYS, FeeTiming, Grouping
from app.rules import account_keys
from app.rules.cards import holds_card
from app.web.forms import Form, stripped
from app.wording.i18n import N_

_PLAIN = {"autocomplete": "off"}
GROUPINGS: Final = {
    Grouping.UNKNOWN: N_("not known"),
    Grouping.REMITTANCE: N_("a line for each batch"),
    Grouping.CONTRACT_DAY: N_("a line for each contract and day"),
    Grouping.CONTRACT_BOOKING: N_("a line for each contract and working day"),
    Grouping.SHOP_DAY: N_("a line for each outlet and day"),
    Grouping.ACCOUNT_DAY: N_("one line a day for the account"),
}
FEES: Final = {
    FeeTiming.UNKNOWN: N_("not known"),
    FeeTiming.APART: N_("on a line of its own"),
    FeeTiming.DEDUCTED: N_("deducted from each credit"),
    FeeTiming.MONTHLY: N_("once a month"),
}
_NEEDED = N_("This must be filled in.")
_MOST_DAYS, _LONGEST_LABEL = 30, 120


#: A cell of the declaration; contract numbers, or all of them.
_ONE_CELL: Final = r"[^;\"\x00-\x1f\x7f-\x9f]*\Z"
_NUMBERS: Final = r"(\*|[0-9A-Za-z]{1,15}( [0-9A-Za-z]{1,15})*)\Z"


def _is_account(_form: Any, field: Any) -> None:
    if account_keys.of_declared(field.data) is None:
        raise ValidationError(N_("An IBAN or a RIB whose check digits are right."))


def _no_card(_form: Any, field: Any) -> None:
    if holds_card(field.data or ""):
        raise ValidationError(N_("This looks like a full card number."))


class AccountForm(Form):
    """A bank account of a merchant, as a line of ``COMPTES`` declares it."""

    merchant_code = StringField(
        N_("Code of the merchant"), [InputRequired(_NEEDED)], filters=[stripped], render_kw=_PLAIN
    )
    iban_or_rib = StringField(
        N_("IBAN or RIB"), [InputRequired(_NEEDED), _is_account], filters=[stripped], render_kw=_PLAIN
    )
    label = StringField(
        N_("Name of the account"),
        [
            Length(max=_LONGEST_LABEL, message=N_("This is too long.")),
            Regexp(_ONE_CELL, message=N_("Neither a semicolon nor a quotation mark, please.")),
            _no_card,
        ],
        filters=[stripped],
        render_kw=_PLAIN,
    )
    grouping = SelectField(N_("What a line of the bank credits"), choices=GROUPINGS)
    fees = SelectField(N_("How the bank takes its commission"), choices=FEES)
    working_days = IntegerField(
        N_("Working days after which a credit is late"),
        [Optional(), NumberRange(0, _MOST_DAYS, message=N_("A number of days from 0 to 30."))],
        default=USUAL_WORKING_DAYS,
    )
    contracts = StringField(
        N_("Contract numbers"),
        [
            Regexp(
                r"(\*|[0-9A-Za-z]{1,15}( [0-9A-Za-z]{1,15})*)\Z", message=N_("Numbers with a space between.")
            )
        ],
        description=N_("With a space between them, or * for all of the merchant's."),
        default="*",
        filters=[stripped],
        render_kw=_PLAIN,
    )

    @property
    def line(self) -> Mapping[str, str]:
        """The fields as the columns of a declaration."""
        days = self.working_days.data
        return {
            **{name: str(field.data or "") for name, field in self._fields.items()},
            "working_days": "" if days is None else str(days),
        }
