"""Signing in and out, changing language."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts.sessions import end_session, new_key
from app.accounts.sign_in import BadSignInError, awaited
from app.accounts.sign_in import second_step as pass_second_step
from app.accounts.sign_in import sign_in as pass_first_step
from app.accounts.sign_in import sign_out as end_signed_in
from app.lists import FIRST
from app.web.context import client, database, host, links, principal
from app.web.forms import CodeForm, SignInForm
from app.web.language import keep_language
from app.web.security import SAFE_METHODS, browser_session, keep_device, local_path
from app.wording.i18n import LANGUAGES

blueprint = Blueprint("accounts", __name__)


@blueprint.route("/connexion", methods=["GET", "POST"])
def sign_in() -> Response | str | tuple[str, int]:
    """The form, and what it sends. Good or bad, the key of this browser is a new one afterwards."""
    onward = local_path(request.values.get("next")) or url_for(f"{FIRST.name}.index")
    if request.method in SAFE_METHODS:
        return (
            redirect(onward, 303)
            if principal().is_authenticated
            else _form(onward, done=request.args.get("done", ""))
        )
    form = SignInForm.sent()
    email, password = form.email.data or "", form.password.data or ""
    try:
        opened = pass_first_step(database(), links(), email, password, client())
    except BadSignInError:
        return _form(onward, form, failed=True), 422
    with database().writing() as connection:
        end_session(connection, browser_session().key)
    browser_session().change_key(opened.key)
    if opened.awaits_code:
        return redirect(url_for("accounts.second_step", next=onward), 303)
    return keep_language(keep_device(redirect(onward, 303)))


@blueprint.route("/connexion/code", methods=["GET", "POST"])
def second_step() -> ResponseReturnValue:
    """The code of the app, after a good password."""
    onward = local_path(request.values.get("next")) or url_for("lists.home")
    key = browser_session().key
    with database().reading() as connection:
        if awaited(connection, key, host()) is None:
            return redirect(url_for("accounts.sign_in", next=onward), 303)
    if request.method in SAFE_METHODS:
        return render_template("accounts/code.html", form=CodeForm(), onward=onward, failed=False)
    code = CodeForm.sent().code.data or ""
    try:
        opened = pass_second_step(database(), links(), key, code, client())
    except BadSignInError:
        return render_template("accounts/code.html", form=CodeForm(), onward=onward, failed=True), 422
    except LookupError:  # it ended between the two
        return redirect(url_for("accounts.sign_in", next=onward), 303)
    browser_session().change_key(opened)
    return keep_language(keep_device(redirect(onward, 303)))


@blueprint.post("/deconnexion")
def sign_out() -> Response:
    """End this session, and leave nothing of it in the browser."""
    rights = principal().rights
    if rights is not None:
        end_signed_in(database(), browser_session().key, rights.user_id, client())
    browser_session().change_key(new_key())
    response = redirect(url_for("accounts.sign_in"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.post("/langue")
def choose_language() -> Response:
    """Speak another language to this browser from here on."""
    chosen = request.form.get("lang", "")
    if chosen not in LANGUAGES:
        abort(400)
    response = redirect(local_path(request.form.get("next")) or url_for("lists.home"), 303)
    return keep_language(response, chosen)


def _form(onward: str, form: SignInForm | None = None, *, failed: bool = False, done: str = "") -> str:
    form = form or SignInForm()
    return render_template("accounts/sign_in.html", form=form, onward=onward, failed=failed, done=done)
