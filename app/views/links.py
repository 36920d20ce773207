"""The pages of one-time links: an invitation, a new password. Seen by GET, spent by POST.

The token leaves the address bar at once: the first GET puts it in a short-lived cookie of this browser
and goes on to a clean address, so that no log, history or referrer keeps it.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts import invitations, resets
from app.accounts.invitations import Accepted, Offer, WeakPasswordError
from app.accounts.journal import Event
from app.accounts.limits import times_untold
from app.accounts.links import Purpose
from app.accounts.one_time_links import DeadLinkError
from app.accounts.sessions import end_session, rotate
from app.accounts.sign_in import By, enter
from app.web import cookies
from app.web.context import client, database, host, links, principal, themes
from app.web.forms import ForgottenForm, NewPasswordForm
from app.web.journal import journal
from app.web.language import keep_language
from app.web.security import SAFE_METHODS, browser_session, keep_device

blueprint = Blueprint("links", __name__)

#: How long the cookie holds the token, in seconds.
KEPT = 3600


@blueprint.get("/invitation/<token>")
def open_invitation(token: str) -> Response:
    """Take the token out of the address. Nothing is spent: mail scanners follow links."""
    return _carry(Purpose.INVITATION, token, "links.invitation")


@blueprint.get("/nouveau-mot-de-passe/<token>")
def open_reset(token: str) -> Response:
    """The same for a link to a new password."""
    return _carry(Purpose.RESET, token, "links.reset")


@blueprint.get("/invitation")
def invitation() -> ResponseReturnValue:
    """What the link offers, and the password to choose when there is none yet."""
    try:
        return _offer_page(_offer())
    except DeadLinkError:
        return _dead(Purpose.INVITATION)


@blueprint.post("/invitation")
def accept() -> ResponseReturnValue:
    """Spend the link and go in."""
    form = NewPasswordForm.sent()
    try:
        offer = _offer()
        if offer.wants_password and not form.validate():
            return _offer_page(offer, form, 422)
        token, key, password = _token(Purpose.INVITATION), browser_session().key, form.password.data or ""
        accepted = invitations.accept(database(), links(), token, password, client(), keep=key)
    except WeakPasswordError as error:
        return _offer_page(offer, form.refuse("password", str(error)), 422)
    except DeadLinkError:
        return _dead(Purpose.INVITATION)
    return _forget(Purpose.INVITATION, _inside(offer, accepted))


@blueprint.post("/invitation/nouvelle")
def renew_invitation() -> Response:
    """Ask for a new link in place of an expired one; the answer is always the same."""
    invitations.renew(database(), links(), _token(Purpose.INVITATION), client())
    response = redirect(url_for("links.renewed"), 303)
    return _forget(Purpose.INVITATION, response)


@blueprint.get("/invitation/demandee")
def renewed() -> str:
    """What was done about an expired invitation, as far as anybody may know."""
    return render_template("links/renewed.html")


@blueprint.route("/mot-de-passe-oublie", methods=["GET", "POST"])
def forgotten() -> ResponseReturnValue:
    """Ask for a link; whoever asks learns nothing about who has an account."""
    if request.method in SAFE_METHODS:
        return render_template("links/forgotten.html", form=ForgottenForm())
    slug = themes().of_host(host()).slug
    resets.ask(database(), links(), slug, ForgottenForm.sent().email.data or "", client())
    return redirect(url_for("links.asked"), 303)


@blueprint.get("/mot-de-passe-oublie/envoye")
def asked() -> str:
    """Where to look for the mail, if there is one."""
    return render_template("links/asked.html")


@blueprint.get("/nouveau-mot-de-passe")
def reset() -> ResponseReturnValue:
    """The form of a new password."""
    try:
        return _reset_page(_email())
    except DeadLinkError:
        return _dead(Purpose.RESET)


@blueprint.post("/nouveau-mot-de-passe")
def choose() -> ResponseReturnValue:
    """Spend the link and replace the password; signing in is still to be done."""
    form, slug = NewPasswordForm.sent(), themes().of_host(host()).slug
    try:
        email = _email()
        if not form.validate():
            return _reset_page(email, form), 422
        password = form.password.data or ""
        resets.choose(database(), links(), slug, _token(Purpose.RESET), password, client())
    except WeakPasswordError as error:
        return _reset_page(email, form.refuse("password", str(error))), 422
    except DeadLinkError:
        return _dead(Purpose.RESET)
    return _forget(Purpose.RESET, redirect(url_for("accounts.sign_in", done="password"), 303))


def _offer() -> Offer:
    with database().reading() as connection:
        return invitations.peek(connection, links(), _token(Purpose.INVITATION), host())


def _email() -> str:
    with database().reading() as connection:
        return resets.peek(connection, links(), _token(Purpose.RESET), host())


def _offer_page(offer: Offer, form: NewPasswordForm | None = None, status: int = 200) -> ResponseReturnValue:
    if offer.is_expired:
        _record_refusal(Purpose.INVITATION, is_expired=True)
        return render_template("links/expired.html"), 410
    return render_template("links/invitation.html", offer=offer, form=form or NewPasswordForm()), status


def _reset_page(email: str, form: NewPasswordForm | None = None) -> str:
    return render_template("links/reset.html", email=email, form=form or NewPasswordForm())


def _dead(purpose: Purpose) -> ResponseReturnValue:
    """The page of a link that opens nothing; without any link, how to open it in this browser."""
    if not _token(purpose):
        return render_template("links/elsewhere.html"), 200 if request.method in SAFE_METHODS else 400
    _record_refusal(purpose)
    return render_template("links/dead.html", purpose=purpose.value), 410


def _record_refusal(purpose: Purpose, *, is_expired: bool = False) -> None:
    """A line in the journal for a link of ours, once in a while; what anybody can make up is no event."""
    known = links().hash_in(purpose, _token(purpose))
    if known is None or request.method == "HEAD":
        return
    said = {"purpose": purpose.value, "host": host(), "expired": is_expired}
    with database().writing() as connection:
        count = times_untold(connection, f"link:{known.hex()}")
        if count is not None:
            journal(Event.LINK_REFUSED, connection, **said, count=count)


def _inside(offer: Offer, accepted: Accepted) -> Response:
    """Straight in for one who has just chosen their password, or is signed in as the one invited."""
    rights = principal().rights
    same = rights is not None and rights.email == offer.email
    if not accepted.chose_password and not same:
        return redirect(url_for("accounts.sign_in", done="invitation"), 303)
    before = browser_session().key
    with database().writing() as connection:
        if same:
            key = rotate(connection, before)
        else:
            end_session(connection, before)
            key = enter(connection, links(), accepted.user_id, client(), By.INVITATION)
    browser_session().change_key(key)
    return keep_language(keep_device(redirect(url_for("lists.home", merchant_id=accepted.merchant_id), 303)))


def _carry(purpose: Purpose, token: str, endpoint: str) -> Response:
    response = redirect(url_for(endpoint), 303)
    response.headers["Referrer-Policy"] = "no-referrer"
    cookies.keep(response, purpose, token, KEPT)
    return response


def _forget(purpose: Purpose, response: Response) -> Response:
    cookies.forget(response, purpose)
    return response


def _token(purpose: Purpose) -> str:
    return cookies.sent(purpose)
