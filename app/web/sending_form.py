"""The form that sends a ticket: one to five addresses, each with its own fault."""

from __future__ import annotations

from typing import Any

from wtforms import EmailField, FieldList, HiddenField
from wtforms.validators import ValidationError

from app.mail.recipients import MOST, addresses, fault_of
from app.rules.cards import holds_card
from app.web.forms import Form, stripped
from app.wording.i18n import N_, gettext

_ADDRESS = {
    "inputmode": "email",
    "autocomplete": "off",
    "autocapitalize": "none",
    "spellcheck": "false",
    "maxlength": 254,
}


def _check_address(_form: Form, field: Any) -> None:
    """Raise ValidationError for what no mail can be sent to; a card number is never shown again."""
    if holds_card(field.data):
        field.data = ""
        raise ValidationError(gettext("This looks like a full card number."))
    if fault := fault_of(field.data):
        raise ValidationError(fault)


class AddressList(FieldList):  # type: ignore[misc]  # WTForms is not typed
    """Inputs of one name, as many as addresses may be given, and one more for each that was sent beyond."""

    def process(self, formdata: Any, data: Any = (), extra_filters: Any = None) -> None:  # noqa: ARG002 - as WTForms calls it
        """An entry for each address sent, and empty ones up to MOST."""
        texts = formdata.getlist(self.name) if formdata else []
        texts += [""] * (MOST - len(texts))
        self.entries = [self._entry(number, text) for number, text in enumerate(texts, 1)]

    def _entry(self, number: int, text: str) -> Any:
        name = f"{self.name}-{number}"
        entry = self.unbound_field.bind(form=None, name=self.name, id=name, _meta=self.meta)
        entry.process(None, text)
        return entry


class SendingForm(Form):
    """To whom a ticket goes. ``request_key`` is the number under which each address gets one mail."""

    request_key = HiddenField()
    to = AddressList(
        EmailField(N_("Email address"), [_check_address], filters=[stripped], render_kw=_ADDRESS)
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether each address given can be sent to, and there are one to MOST."""
        sound = super().validate(extra_validators)
        if not any(entry.data for entry in self.to) and sound:
            self.to[0].errors = [gettext("Enter at least one address.")]
        elif len(self.to.entries) > MOST:
            self.to[MOST].errors = [gettext("%(num)s addresses at most.", num=MOST)]
        return not any(entry.errors for entry in self.to)

    def addresses(self) -> tuple[str, ...]:
        """The addresses of a sound form as mail is sent to them, each once."""
        return addresses(entry.data for entry in self.to)
