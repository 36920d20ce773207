"""The desk's forms of contracts: whose they are, at which outlet, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from wtforms import HiddenField, SelectField, StringField

from app.web.forms import Form, stripped
from app.wording.i18n import N_

_PLAIN = {"autocomplete": "off"}
_DIGITS = {"autocomplete": "off", "inputmode": "numeric"}


def _text(label: str, render_kw: Mapping[str, str] = _PLAIN) -> StringField:
    return StringField(label, filters=[stripped], render_kw=dict(render_kw))


def _choice(label: str) -> SelectField:
    return SelectField(label, filters=[stripped], choices=[], validate_choice=False)


class AttachForm(Form):
    """A merchant and an outlet, known or new. What may be chosen is filled in by whoever shows it."""

    merchant = HiddenField(filters=[stripped])
    merchant_name = _text(N_("Name"))
    merchant_code = _text(N_("Code, as your contract file will name it"))
    outlet = _choice(N_("Outlet"))
    trade_name = _text(N_("Trade name"))
    siret = _text(N_("SIRET"), _DIGITS)
    address = _text(N_("Address"))
    postcode = _text(N_("Postcode"))
    city = _text(N_("Town"))
    time_zone = _choice(N_("Clock"))

    @property
    def values(self) -> dict[str, str]:
        """The fields as they were typed, by name."""
        return {name: field.data for name, field in self._fields.items()}

    def shown(self, values: Mapping[str, str], faults: Mapping[str, str]) -> Self:
        """The same form as it goes back: with what was made of each field, and what is wrong with it."""
        for name, value in values.items():
            self[name].data = value
        for name, fault in faults.items():
            self.refuse(name, fault)
        return self


class DeclareForm(AttachForm):
    """A contract besides."""

    contract = _text(N_("Contract number"))
    rank = _text(N_("Rank (3 digits)"), _DIGITS)
    application = _choice(N_("Application"))
    bank_code = _text(N_("Bank code (5 digits, if you know it)"), _DIGITS)
