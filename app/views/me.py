"""One's own account: password, second factor, sessions. Each may only touch what is their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts import access_scope, daily_mail_choices, notices, resets, second_factor
from app.accounts.daily_mail_choices import DailyMailChoice
from app.accounts.grants import grant_of
from app.accounts.invitations import WeakPasswordError
from app.accounts.journal import Event
from app.accounts.limits import CODE_AGAIN, attempt, forget_attempts
from app.accounts.notices import Recipient
from app.accounts.resets import OwnAccount
from app.accounts.rights import Rights
from app.accounts.roles import role_name
from app.accounts.sessions import end_all_sessions, end_own_session, rotate, sessions_of
from app.lists.open_items import has_bank
from app.models import FileKind
from app.views.moments import show_minute
from app.web.context import client, database, links, signed_in, theme
from app.web.forms import DAILY_MAIL_FILES, ChangePasswordForm, DailyMailForm, PairingForm
from app.web.journal import journal
from app.web.security import SAFE_METHODS, browser_session
from app.wording.i18n import N_, gettext

blueprint = Blueprint("me", __name__, url_prefix="/compte")

#: What was just done, as the page says it.
DONE = {
    "password": N_("Your password has changed. Your other sessions have ended."),
    "session": N_("The session has ended."),
    "others": N_("Your other sessions have ended."),
    "daily_mail": N_("Your choice of daily email is kept."),
    "removed": N_("Signing in asks for your password alone again."),
}


@blueprint.get("")
def show() -> str:
    """Where one stands: address, password, second factor, sessions."""
    return _page()


@blueprint.route("/mot-de-passe", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change one's password, with the current one."""
    form = ChangePasswordForm.sent()
    if request.method in SAFE_METHODS:
        return _password_page(form)
    if not resets.is_own(database(), _own(), form.current.data or "", client()):
        return _password_page(form.refuse("current", _wrong_password())), 422
    if not form.validate():
        return _password_page(form), 422
    try:
        key = resets.change(database(), links(), _own(), form.password.data or "", client())
    except WeakPasswordError as error:
        return _password_page(form.refuse("password", str(error))), 422
    browser_session().change_key(key)
    return redirect(url_for("me.show", done="password"), 303)


@blueprint.post("/releve-quotidien")
def daily_mail() -> Response:
    """Ask for the daily mail of one of one's merchants, in another kind of file, or no longer."""
    form = DailyMailForm.sent()
    access = next((one for one in signed_in().accesses if str(one.merchant_id) == form.merchant.data), None)
    if access is None or not all(map(access.allows, daily_mail_choices.NEEDED)):
        abort(404)
    if not form.validate():
        abort(400)
    kind = FileKind(form.file.data) if form.file.data else None
    with database().writing() as connection:
        choice = DailyMailChoice(kind, also_empty=bool(form.also_empty.data))
        daily_mail_choices.choose(connection, signed_in().user_id, access.merchant_id, choice)
        journal(
            Event.DAILY_MAIL_CHOSEN,
            connection,
            merchant_id=access.merchant_id,
            choice=gettext(DAILY_MAIL_FILES[form.file.data]),
        )
    return redirect(url_for("me.show", done="daily_mail"), 303)


@blueprint.post("/sessions/<id:session_id>/fermer")
def end_session(session_id: int) -> Response:
    """End one of one's sessions; one of somebody else's does not exist."""
    with database().writing() as connection:
        if not end_own_session(connection, signed_in().user_id, session_id):
            abort(404)
        journal(Event.SESSION_ENDED, connection)
    return redirect(url_for("me.show", done="session"), 303)


@blueprint.post("/sessions/fermer-les-autres")
def end_others() -> Response:
    """End all of one's sessions but this one."""
    with database().writing() as connection:
        end_all_sessions(connection, signed_in().user_id, keep=browser_session().key)
        journal(Event.SESSION_ENDED, connection, others=True)
    return redirect(url_for("me.show", done="others"), 303)


@blueprint.route("/double-verification", methods=["GET", "POST"], endpoint="second_factor")
def second_factor_page() -> ResponseReturnValue:
    """Pair an app: its QR code, and the first code that proves it."""
    person = signed_in()
    if person.has_second_factor:
        return redirect(url_for("me.show"), 303)
    if request.method in SAFE_METHODS:
        return _enrolment()
    before, code = browser_session().key, PairingForm.sent().code.data or ""
    counted = attempt(database(), CODE_AGAIN, before, client(), person.user_id)
    with database().writing() as connection:
        codes = second_factor.enrol(connection, links(), person.user_id, before, code, client())
        if codes is not None:
            forget_attempts(connection, CODE_AGAIN, before, counted)
            end_all_sessions(connection, person.user_id, keep=before)
            key = rotate(connection, before)
            notices.second_factor_added(
                connection, links(), Recipient(person.user_id, person.email), client()
            )
    if codes is None:
        return _enrolment(failed=True), 422
    browser_session().change_key(key)
    return render_template("me/codes.html", codes=codes)


@blueprint.post("/double-verification/retirer")
def remove_second_factor() -> Response:
    """Do without the app again; staff may not."""
    person = signed_in()
    if person.staff:
        abort(403)
    with database().writing() as connection:
        second_factor.remove(connection, person.user_id)
        end_all_sessions(connection, person.user_id, keep=browser_session().key)
        key = rotate(connection, browser_session().key, proved=True)
        journal(Event.SECOND_FACTOR_REMOVED, connection)
        notices.second_factor_removed(connection, links(), Recipient(person.user_id, person.email), client())
    browser_session().change_key(key)
    return redirect(url_for("me.show", done="removed"), 303)


@blueprint.post("/codes-de-secours")
def renew_codes() -> str:
    """Fresh recovery codes; the former ones die."""
    person = signed_in()
    if not person.has_second_factor:
        abort(404)
    with database().writing() as connection:
        codes = second_factor.new_codes(connection, person.user_id)
        journal(Event.RECOVERY_CODES_RENEWED, connection)
        notices.recovery_codes_renewed(connection, links(), Recipient(person.user_id, person.email), client())
    return render_template("me/codes.html", codes=codes)


def _own() -> OwnAccount:
    person = signed_in()
    return OwnAccount(person.user_id, person.email, browser_session().key, theme().slug)


def _wrong_password() -> str:
    return gettext("This is not your current password.")


def _page() -> str:
    person = signed_in()
    with database().reading() as connection:
        sessions = sessions_of(connection, person.user_id, browser_session().key)
        left = second_factor.codes_left(connection, person.user_id)
        held = _held(connection, person)
        mails = daily_mail_choices.chosen(connection, person.user_id)
    done = DONE.get(request.args.get("done", ""))
    return render_template(
        "me/show.html",
        sessions=sessions,
        codes_left=left,
        held=held,
        daily_mails=_daily_mail_forms(person, mails),
        done=done and gettext(done),
        moment=show_minute,
    )


def _daily_mail_forms(
    person: Rights, mails: Mapping[int, DailyMailChoice]
) -> list[tuple[str, DailyMailForm]]:
    """A form for each merchant with a bank whose daily mail the person may be sent, with its name."""
    made = []
    for each in person.accesses:
        if not all(map(each.allows, daily_mail_choices.NEEDED)):
            continue
        with database().reading_as(each.scope) as connection:
            if not has_bank(connection, each.scope):
                continue
        choice = mails.get(each.merchant_id, DailyMailChoice(None))
        form = DailyMailForm(
            merchant=str(each.merchant_id),
            file=choice.file_kind.value if choice.file_kind else "",
            also_empty=choice.also_empty,
        )
        made.append((each.merchant_name, form))
    return made


def _held(connection: Any, person: Rights) -> list[tuple[str, str, str]]:
    """The merchants of a person: name, role, and what they see there, in words."""
    held = []
    for each in person.accesses:
        grant = grant_of(connection, person.user_id, each.merchant_id)
        if grant is not None:
            seen = access_scope.in_words(connection, each.merchant_id, [grant])[grant]
            held.append((each.merchant_name, role_name(grant.role), seen))
    return held


def _password_page(form: ChangePasswordForm) -> str:
    return render_template("me/password.html", form=form)


def _enrolment(*, failed: bool = False) -> str:
    person = signed_in()
    secret = second_factor.offered(links(), person.user_id, browser_session().key)
    size, path = second_factor.qr_path(second_factor.address(secret, person.email, theme().name))
    values: dict[str, Any] = {"size": size, "path": path, "secret": second_factor.shown(secret)}
    return render_template("me/second_factor.html", form=PairingForm(), failed=failed, **values)
