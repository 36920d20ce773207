"""The desk's form of a source of files: where they are, what they hold, and what they leave open."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from app.models import ENCODINGS, CardNumbers, SourceRole
from app.rules import account_keys
from app.rules.cards import holds_card
from app.rules.source_columns import CARDS, DAYS, FORMATS, LABELS, MAPPINGS, SIGNS, pairs
from app.web.forms import Form, stripped
from app.wording.i18n import N_

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}
_LONGEST, _LONGEST_TEXT = 200, 8000
_FIRST_YEAR, _AFTER_LAST_YEAR = 2000, 2100
_LONG = Length(max=_LONGEST, message=N_("This is too long."))
#: What is chosen where a mapping of one's own is written below.
OWN_MAPPING: Final = "own"
_PAIRED: Final = ("aliases", "words", "contracts", "labels", "payers")
#: Chosen to say nothing.
FOUND: Final = {"": N_("found in the file")}
ROLES: Final = {
    SourceRole.MONEY: N_("what becomes of payments: banks, acquirers, platforms"),
    SourceRole.PAYMENTS: N_("payments of its own contracts"),
}
_SCALES: Final = {"": N_("found in the file"), "100": N_("cents"), "10000": N_("ten-thousandths")}


def _is_account(_form: Any, field: Any) -> None:
    if field.data != "-" and account_keys.of_declared(field.data) is None:
        raise ValidationError(N_("An IBAN or a RIB whose check digits are right."))


def _are_pairs(_form: Any, field: Any) -> None:
    lines = (field.data or "").splitlines()
    if not all(re.fullmatch(r"[^=]+=[^=]+|.+=[^=]+", line.strip()) for line in lines if line.strip()):
        raise ValidationError(N_("One pair a line, with = between."))


def _no_card(_form: Any, field: Any) -> None:
    if holds_card(field.data or ""):
        raise ValidationError(N_("This looks like a full card number."))


def _is_day(_form: Any, field: Any) -> None:
    try:
        found = date.fromisoformat(field.data)
    except ValueError:
        raise ValidationError(N_("A day that exists, please.")) from None
    if not _FIRST_YEAR <= found.year < _AFTER_LAST_YEAR:
        raise ValidationError(N_("A day that exists, please."))


def _text(name: str, *checks: Any, help: str = "") -> StringField:  # noqa: A002 - what it is
    return StringField(
        LABELS[name],
        [Optional(), _LONG, _no_card, *checks],
        description=help,
        filters=[stripped],
        render_kw=_PLAIN,
    )


def _chosen(label: str, choices: Mapping[Any, str], default: str = "", *checks: Any) -> SelectField:
    return SelectField(label, validators=checks, choices=dict(choices), default=default)


def _pays(form: Any, field: Any) -> None:
    if form.application.data and field.data != SourceRole.PAYMENTS:
        raise ValidationError(N_("Choose “payments of its own contracts”: you say the application of these."))


def _pairs(name: str, help: str) -> TextAreaField:  # noqa: A002 - what it is
    long = Length(max=_LONGEST_TEXT, message=N_("This is too long."))
    return TextAreaField(
        LABELS[name], [long, _are_pairs, _no_card], description=help, render_kw={**_PLAIN, "rows": 3}
    )


class SourceForm(Form):
    """The profile of a source: all that ``bordereau source`` says."""

    name = StringField(
        N_("Name of the source"),
        [
            InputRequired(N_("This must be filled in.")),
            Regexp(r"[0-9A-Za-z][0-9A-Za-z._-]{0,59}\Z", message=N_("Letters, digits, dots and dashes.")),
            _no_card,
        ],
        filters=[stripped],
        render_kw=_PLAIN,
    )
    role = _chosen(LABELS["role"], ROLES, SourceRole.MONEY.value, _pays)
    title = _text(
        "title", help=N_("What merchants are told when its files are missing, such as Host of the terminals.")
    )
    application = _text(
        "application",
        Regexp(r"[0-9A-Za-z][0-9A-Za-z+ ]{0,19}\Z", message=N_("The code of an application, such as CBVAD.")),
        help=N_("Of payments that no terminal delivers, such as CBVAD."),
    )
    rank = _text(
        "rank", Regexp(r"[0-9]{3}\Z", message=N_("Three digits.")), help=N_("001 where it is empty.")
    )
    inbox = _text(
        "inbox",
        Regexp(r"[\w][\w .-]{0,79}\Z", message=N_("The name of one folder.")),
        help=N_("Files that are dropped there are its own."),
    )
    file_pattern = _text(
        "file_pattern", help=N_("A regular expression, such as RELEVE_.*, instead or besides.")
    )
    merchant = _text("merchant", help=N_("When all its files are of one merchant."))
    account = _text(
        "account", _is_account, help=N_("For statements that name none. Empty: as it is; -: none any more.")
    )
    format = _chosen(LABELS["format"], {**FOUND, **{name: name for name in FORMATS}})
    mapping = _chosen(
        LABELS["mapping"],
        {**FOUND, **{name: name for name in MAPPINGS}, OWN_MAPPING: N_("the one written below")},
    )
    own_mapping = TextAreaField(
        N_("A mapping of its own"),
        [Length(max=_LONGEST_TEXT, message=N_("This is too long.")), _no_card],
        description=N_("As the documentation says, in TOML."),
        render_kw={**_PLAIN, "rows": 6},
    )
    aliases = _pairs("aliases", N_("One a line: heading of the file=field, such as Montant TTC=gross."))
    words = _pairs("words", N_("One a line: word of the file=kind, such as Vente=sale."))
    scale_net = _chosen(N_("Nets are in"), _SCALES)
    scale_commission = _chosen(N_("Commissions are in"), _SCALES)
    labels = _pairs(
        "labels",
        N_(
            "One a line: regular expression=kind, such as VIR CB .*=remittance; other kinds are refund, fee, "
            "chargeback, chargeback_reversal, payout and ignored."
        ),
    )
    payers = _pairs("payers", N_("One a line: regular expression=payer, such as AMEX FR=AMERICAN EXPRESS."))
    encoding = _chosen(LABELS["encoding"], {**FOUND, **{name: name for name in ENCODINGS}})
    delimiter = _chosen(LABELS["delimiter"], {**FOUND, **SIGNS})
    time_zone = _text("time_zone", help=N_("Such as UTC or Europe/Paris."))
    cards = _chosen(LABELS["cards"], CARDS, CardNumbers.REFUSE.value)
    contracts = _pairs("contracts", N_("One a line: the platform’s number of a shop=contract number."))
    expected_at = _text(
        "expected_at", Regexp(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z", message=N_("A time such as 06:30."))
    )
    expected_days = _chosen(LABELS["expected_days"], {"": N_("learnt from what comes"), **DAYS})

    def said(self) -> dict[str, Any]:
        """The fields as the profile of a source has them; an account that is left empty stays as it is."""
        values = {name: self[name].data or "" for name in LABELS if name in self and name != "account"}
        for name in _PAIRED:
            lines = (line.strip().rsplit("=", 1) for line in values[name].splitlines() if line.strip())
            values[name] = {key.strip(): value.strip() for key, value in lines}
        scales = {"net": self.scale_net.data, "commission": self.scale_commission.data}
        values["scales"] = {name: int(units) for name, units in scales.items() if units}
        if values["mapping"] == OWN_MAPPING:
            values["mapping"] = (self.own_mapping.data or "").replace("\r\n", "\n")
        if self.account.data:
            values["account"] = self.account.data.removeprefix("-")
        return values


class DeliverForm(Form):
    """A contract that a source delivers from a day on; whoever shows it fills in what may be chosen."""

    contract = SelectField(N_("Contract"), choices=[], validate_choice=False)
    since = StringField(
        N_("Day of the first batch that this source brings"),
        [InputRequired(N_("This must be filled in.")), _is_day],
        filters=[stripped],
        render_kw={"type": "date", "required": True},
    )

    @property
    def day(self) -> date:
        """The day, once it is found sound."""
        return date.fromisoformat(self.since.data)


def fields_of(columns: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a known source has in the fields of its form; its account is never shown whole."""
    mapping, scales = settings.get("mapping", ""), settings.get("scales", {})
    own = "\n" in mapping
    return {
        **{name: value for name, value in columns.items() if value is not None},
        **{name: pairs(settings.get(name, {})) for name in _PAIRED},
        **{
            name: settings.get(name, "") for name in ("title", "application", "rank", "encoding", "delimiter")
        },
        "cards": settings.get("cards", CardNumbers.REFUSE.value),
        "mapping": OWN_MAPPING if own else mapping,
        "own_mapping": mapping if own else "",
        "scale_net": str(scales.get("net", "")),
        "scale_commission": str(scales.get("commission", "")),
        "expected_at": columns["expected_at"].strftime("%H:%M") if columns.get("expected_at") else "",
    }
