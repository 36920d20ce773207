"""Forms that people send, declared once: WTForms reads and checks them, our catalogues hold all its words.

The token is checked for every form before its view is called (``app.web.security``). Filters of lists are no
forms of this kind: they stand with the catalogue of each list.
"""

from __future__ import annotations

from typing import Any, Self

from flask import request
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms import Form as AnyForm
from wtforms.meta import DefaultMeta
from wtforms.validators import ValidationError

from app.accounts.saved_views import LONGEST_NAME
from app.rules.cards import masked
from app.wording.i18n import N_, gettext, ngettext

SMALLEST_PASSWORD = 12
_ADDRESS = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "required": True}
_CODE = {
    "autocomplete": "one-time-code",
    "autocapitalize": "characters",
    "spellcheck": "false",
    "required": True,
}
_PASSWORD = {"autocomplete": "current-password", "required": True}
_NEW_PASSWORD = {"autocomplete": "new-password", "minlength": SMALLEST_PASSWORD, "required": True}


def stripped(text: str | None) -> str:
    """What was typed, without blanks around it: a filter of fields."""
    return (text or "").strip()


class _Words:
    """The words of WTForms' own messages, from our catalogues."""

    def gettext(self, text: str) -> str:
        return gettext(text)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return ngettext(singular, plural, n)


class Form(AnyForm):  # type: ignore[misc]  # WTForms is not typed
    """A form in the language of the moment. Labels, help and messages are message identifiers."""

    class Meta(DefaultMeta):  # type: ignore[misc]
        """The settings that the forms of the portal have in common."""

        def get_translations(self, form: Any) -> _Words:  # noqa: ARG002 - as WTForms calls it
            return _Words()

        def render_field(self, field: Any, render_kw: Any) -> Any:
            """A field with what was typed into it, of what may be a full card number its end alone."""
            typed = field.raw_data or ()
            shown = [masked(text) if isinstance(text, str) else text for text in typed]
            if hasattr(field, "_value") and shown != list(typed):
                field.data, field.raw_data = shown[0], shown
            return super().render_field(field, render_kw)

    @classmethod
    def sent(cls, **known: Any) -> Self:
        """The form as this request sends it; ``known`` is what stands in it until then."""
        return cls(request.form, **known)

    def refuse(self, name: str, fault: str) -> Self:
        """Let ``fault``, in words, stand beside the field ``name``."""
        self[name].errors = [*self[name].errors, fault]
        return self


class SignInForm(Form):
    """An address and its password."""

    email = EmailField(N_("Email address"), render_kw=_ADDRESS)
    password = PasswordField(N_("Password"), render_kw=_PASSWORD)


class CodeForm(Form):
    """The code of an app, or a recovery code."""

    code = StringField(N_("Code, or a recovery code"), render_kw=_CODE)


class ForgottenForm(Form):
    """The form of a forgotten password."""

    email = EmailField(N_("Email address"), render_kw=_ADDRESS)


def _repeats_password(form: Any, field: Any) -> None:
    """The second box is there without JavaScript alone: with it, what was typed can be looked at."""
    if field.raw_data and field.data != form.password.data:
        raise ValidationError(N_("The two passwords differ."))


class NewPasswordForm(Form):
    """A password chosen."""

    password = PasswordField(
        N_("Password"),
        description=N_(
            "At least 12 characters. A few unrelated words are easy to remember and hard to guess."
        ),
        render_kw=_NEW_PASSWORD,
    )
    again = PasswordField(
        N_("The same password again"),
        [_repeats_password],
        render_kw=_NEW_PASSWORD,
    )


class ChangePasswordForm(NewPasswordForm):
    """A new password for the current one."""

    current = PasswordField(N_("Current password"), render_kw=_PASSWORD)


class ProofByPasswordForm(Form):
    """The password once more, of whoever has no app."""

    proof = PasswordField(N_("Current password"), render_kw=_PASSWORD)


class ProofByCodeForm(Form):
    """The code of an app once more, or a recovery code."""

    proof = StringField(N_("Code, or a recovery code"), render_kw=_CODE)


class PairingForm(Form):
    """The first code of an app, which proves that it is paired."""

    code = StringField(
        N_("Code"), render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "required": True}
    )


class NameForm(Form):
    """The name of a merchant."""

    name = StringField(N_("Name of the merchant"), render_kw={"autocomplete": "off", "required": True})


class SavedViewForm(Form):
    """A view of a list: its name, whether colleagues see it, the list and the query that it keeps."""

    name = StringField(
        N_("Name of the view"), render_kw={"autocomplete": "off", "required": True, "maxlength": LONGEST_NAME}
    )
    is_shared = BooleanField(N_("Share within the merchant"))
    list_name = HiddenField()
    asked = HiddenField()


#: What may go with the daily mail, by the kind of its file.
DAILY_MAIL_FILES = {"": N_("No daily email"), "csv": N_("With a CSV file"), "xlsx": N_("With an XLSX file")}


class DailyMailForm(Form):
    """The daily mail of a merchant."""

    merchant = HiddenField()
    file = SelectField(N_("Daily email"), choices=DAILY_MAIL_FILES)
    also_empty = BooleanField(N_("On days with nothing to say too"))
