"""The form of an access: who, in which role, and what they see."""

from __future__ import annotations

import re

from wtforms import EmailField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import AnyOf

from app.accounts.roles import ROLE_DUTIES, ROLE_NAMES
from app.models import Role
from app.rules.row_ids import row_id
from app.web.forms import Form, stripped
from app.wording.i18n import N_

WHOLE, LIMITED = "all", "some"
#: What stands between contract numbers that are typed, or pasted from a mail or a spreadsheet.
_BETWEEN_NUMBERS = re.compile(r"[\s,;]+")
_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


SCOPES = {WHOLE: N_("The whole merchant"), LIMITED: N_("Chosen outlets or contracts")}
#: What is said beside a choice, by its field and value.
DETAILS = {"role": ROLE_DUTIES, "scope": {WHOLE: N_("all outlets, those to come included")}}


def _outlet_id(text: str | int) -> int:
    """The id of an outlet; that of none for what is no number."""
    return text if isinstance(text, int) else row_id(text) or 0


class AccessForm(Form):
    """A grant as it is typed. ``step`` is one within the list of outlets: nothing is given yet."""

    email = EmailField(N_("Email address"), filters=[stripped], render_kw={**_PLAIN, "required": True})
    role = RadioField(
        N_("Role"),
        [AnyOf(list(Role), N_("Choose a role."))],
        choices=dict(ROLE_NAMES),
        validate_choice=False,
    )
    scope = RadioField(
        N_("What this person sees"),
        [AnyOf((WHOLE, LIMITED), N_("Choose what this person sees."))],
        choices=SCOPES,
        validate_choice=False,
    )
    outlet = SelectMultipleField(coerce=_outlet_id, choices=[], validate_choice=False)
    contracts = TextAreaField(
        N_("Contract numbers, if need be: type or paste them"),
        filters=[stripped],
        render_kw={"rows": 2, "autocomplete": "off", "spellcheck": "false"},
    )
    find = StringField(filters=[stripped])
    step = StringField(filters=[stripped])

    @property
    def is_limited(self) -> bool:
        """Whether chosen outlets or contracts are meant."""
        return bool(self.scope.data == LIMITED)

    @property
    def outlet_ids(self) -> frozenset[int]:
        """The outlets that are ticked."""
        return frozenset(self.outlet.data or ())

    @property
    def numbers(self) -> list[str]:
        """The contract numbers that were typed."""
        return list(filter(None, _BETWEEN_NUMBERS.split(self.contracts.data)))

    def only_limited(self) -> None:
        """Offer what somebody can give who sees a part only."""
        self.scope.choices = {LIMITED: SCOPES[LIMITED]}
        self.scope.data = LIMITED
