"""Asking once more who one is, before what touches the accesses of others or one's own second factor.

Whoever only looks is never asked. A form is asked for before it opens, so that nothing typed is lost;
one that is sent too late comes back whole after the answer, to be sent by one more click.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts.reauthentication import reauthenticate
from app.accounts.resets import OwnAccount
from app.accounts.rights import Rights
from app.accounts.sign_in import BadSignInError
from app.web.access_matrix import ROUTES
from app.web.context import client, database, links, principal, signed_in, theme
from app.web.forms import ProofByCodeForm, ProofByPasswordForm
from app.web.guard import lead_to
from app.web.security import SAFE_METHODS, browser_session, local_path

blueprint = Blueprint("reauthentication", __name__)

#: What a form carries that is not its own: it is made anew.
_OURS = frozenset({"csrf_token"})
#: In front of the names of what was typed, on its way through the page that asks.
_KEPT = "kept."


@blueprint.route("/confirmer", methods=["GET", "POST"])
def confirm() -> ResponseReturnValue:
    """Ask for the password, or for a code; then on to where one was going."""
    onward = local_path(request.values.get("next")) or url_for("lists.home")
    person = signed_in()
    if request.method in SAFE_METHODS:
        return redirect(onward, 303) if principal().proved_lately else _page(onward)
    account = OwnAccount(person.user_id, person.email, browser_session().key, theme().slug)
    typed = _form_of(person).sent().proof.data or ""
    try:
        key = reauthenticate(database(), links(), person, account, typed, client())
    except BadSignInError:
        return _page(onward, failed=True), 422
    browser_session().change_key(key)
    if "sent" not in request.form:
        return redirect(onward, 303)
    return render_template("accounts/resume.html", onward=onward, kept=_typed())


def ask_to_reauthenticate() -> Response | str | None:
    """Let nobody on who has not proved lately who they are, where the matrix asks for it.

    Runs after the check of a form's token: what another site made a browser send is never kept.
    """
    if request.endpoint is None or request.routing_exception is not None:
        return None
    if (
        not ROUTES[request.endpoint].reauthenticates
        or not principal().is_authenticated
        or principal().proved_lately
    ):
        return None
    here = local_path(request.full_path)
    if request.method in SAFE_METHODS or "HX-Request" in request.headers:
        return lead_to(url_for("reauthentication.confirm", next=here))
    return _page(here or url_for("lists.home"), sent=True)


def _page(onward: str, *, failed: bool = False, sent: bool = False) -> str:
    return render_template(
        "accounts/confirm.html",
        form=_form_of(signed_in())(),
        onward=onward,
        failed=failed,
        sent=sent or "sent" in request.form,
        kept=_sent() if sent else _typed(),
        prefix=_KEPT,
    )


def _form_of(person: Rights) -> type[ProofByCodeForm | ProofByPasswordForm]:
    return ProofByCodeForm if person.has_second_factor else ProofByPasswordForm


def _sent() -> list[tuple[str, str]]:
    """What a form sent: names and values, several of one name included."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in _OURS]


def _typed() -> list[tuple[str, str]]:
    """The same, as the page that asks hands it on."""
    return [(name.removeprefix(_KEPT), value) for name, value in _sent() if name.startswith(_KEPT)]
