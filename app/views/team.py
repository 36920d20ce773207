"""Who has access to a merchant: the owner gives and takes accesses to his own, staff to any of theirs.

The same pages stand in two places. Under ``/acces`` one acts with what one holds oneself; at the desk,
under ``/gestion/commercants/<merchant_id>/acces``, as the maintainer's staff.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts import letters, resets, team
from app.accounts.grants import Grant
from app.accounts.journal import Event, record
from app.accounts.rights import ROLE_DUTIES, role_name
from app.accounts.team import Holder, NotYoursError
from app.accounts.users import UserError
from app.context import access, client, database, desk, links, request_id, visitor
from app.desk import merchants
from app.i18n import N_, gettext
from app.models import DEFAULT_TIME_ZONE, Role

blueprint = Blueprint("team", __name__, url_prefix="/acces")
desk_blueprint = Blueprint(
    "desk_team",
    __name__,
    url_prefix="/gestion/commercants/<int(max=9223372036854775807):merchant_id>/acces",
)

#: What was just done, as its page says it.
DONE = {
    "invited": N_("The invitation is on its way."),
    "changed": N_("The access has changed."),
    "suspended": N_("The access is suspended."),
    "restored": N_("The access is open again."),
    "removed": N_("The access is removed."),
    "reset": N_("A link to choose a new password is on its way."),
    "withdrawn": N_("The invitation is withdrawn: its link is worth nothing any more."),
}
ACTIONS: dict[str, tuple[Callable[..., None], str]] = {
    "suspendre": (team.suspend, "suspended"),
    "retablir": (team.restore, "restored"),
    "retirer": (team.remove, "removed"),
}


@dataclass
class Asked:
    """A grant as a form shows it and sends it: what was typed, and what is wrong with it."""

    email: str = ""
    role: str = Role.VIEWER.value
    scope: str = "all"
    outlet_ids: frozenset[int] = frozenset()
    contracts: str = ""
    faults: dict[str, str] = field(default_factory=dict)


def index() -> str:
    """Everybody with an access, and the invitations that wait."""
    with database().reading() as connection:
        holder = _holder(connection)
        members, waiting = team.members(connection, holder), team.waiting(connection, holder)
        merchant = _merchant(connection)
    done = DONE.get(request.args.get("done", ""))
    return render_template(
        "team/index.html",
        merchant=merchant,
        members=members,
        waiting=waiting,
        done=done and gettext(done),
        **_words(),
    )


def invite() -> ResponseReturnValue:
    """The form of an invitation, and what it sends."""
    if request.method == "GET":
        return _form(None, Asked())
    asked = _asked()
    try:
        with database().writing() as connection:
            holder = _holder(connection)
            grant = _grant(connection, holder, asked)
            if grant is not None:
                team.invite(connection, links(), holder, asked.email, grant)
    except UserError as error:  # nothing of it stays written
        asked.faults["email"] = str(error)
    return (_form(None, asked), 422) if asked.faults else _done("invited")


def change(membership_id: int) -> ResponseReturnValue:
    """One access, to be changed."""
    if request.method == "GET":
        return _form(membership_id, None)
    asked = _asked()
    with database().writing() as connection:
        holder = _holder(connection)
        grant = _grant(connection, holder, asked)
        if grant is not None:
            _or_404(team.change, connection, links(), holder, membership_id, grant)
    return (_form(membership_id, asked), 422) if asked.faults else _done("changed")


def act(membership_id: int, action: str) -> Response:
    """Suspend, restore or remove an access."""
    if action not in ACTIONS:
        abort(404)
    function, done = ACTIONS[action]
    with database().writing() as connection:
        _or_404(function, connection, links(), _holder(connection), membership_id)
    return _done(done)


def act_on_invitation(invitation_id: int, action: str) -> ResponseReturnValue:
    """Send an invitation again, or withdraw it."""
    if action not in ("renvoyer", "annuler"):
        abort(404)
    try:
        with database().writing() as connection:
            holder = _holder(connection)
            if action == "annuler":
                _or_404(team.withdraw, connection, holder, invitation_id)
            else:
                _or_404(team.send_again, connection, links(), holder, invitation_id)
    except UserError:  # the day's limit of mails: the older link still stands
        abort(429)
    return _done("withdrawn" if action == "annuler" else "invited")


def reset(membership_id: int) -> Response:
    """Start a new password for somebody, who alone will choose it: he gets the link."""
    with database().writing() as connection:
        holder = _holder(connection)
        member = _or_404(team.member, connection, holder, membership_id)
        record(
            connection,
            Event.RESET_STARTED,
            user_id=holder.user_id,
            merchant_id=holder.merchant_id,
            request_id=request_id(),
            of=member.user_id,
        )
    resets.ask(database(), links(), desk().reseller_slug, member.email, client())
    return _done("reset")


for _place in (blueprint, desk_blueprint):
    _form_methods = ["GET", "POST"]
    _place.add_url_rule("", "index", index)
    _place.add_url_rule("/inviter", "invite", invite, methods=_form_methods)
    _place.add_url_rule("/<int:membership_id>", "change", change, methods=_form_methods)
    _place.add_url_rule("/<int:membership_id>/<action>", "act", act, methods=["POST"])
    _place.add_url_rule(
        "/invitations/<int:invitation_id>/<action>",
        "act_on_invitation",
        act_on_invitation,
        methods=["POST"],
    )
desk_blueprint.add_url_rule("/<int:membership_id>/reinitialiser", "reset", reset, methods=["POST"])


@desk_blueprint.url_value_preprocessor
def _take_merchant(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.desk_merchant_id = (values or {}).pop("merchant_id", None)


@desk_blueprint.url_defaults
def _give_merchant(_endpoint: str, values: dict[str, Any]) -> None:
    values.setdefault("merchant_id", g.get("desk_merchant_id"))


def _merchant(connection: Any) -> Any:
    """The merchant whose accesses staff look at; None on one's own page."""
    if g.get("desk_merchant_id") is None:
        return None
    found = merchants.merchant(connection, desk().reseller_id, g.desk_merchant_id)
    return found or abort(404)


def _holder(connection: Any) -> Holder:
    person = visitor()
    if person is None:
        abort(403)
    merchant = _merchant(connection)
    if merchant is not None:
        return team.staff_holder(person.user_id, merchant.id, request_id())
    return team.holder_of(connection, access(), person.user_id, request_id())


def _or_404(function: Callable[..., Any], *given: Any) -> Any:
    try:
        return function(*given)
    except NotYoursError:
        abort(404)


def _asked() -> Asked:
    form = request.form
    return Asked(
        email=form.get("email", "").strip(),
        role=form.get("role", ""),
        scope=form.get("scope", ""),
        outlet_ids=frozenset(form.getlist("outlet", type=int)),
        contracts=form.get("contracts", "").strip(),
    )


def _grant(connection: Any, holder: Holder, asked: Asked) -> Grant | None:
    """What a form asks to give; None, with the faults noted, when it may not be given."""
    contract_ids: frozenset[int] = frozenset()
    limited = asked.scope != "all"
    if asked.role not in set(Role):
        asked.faults["role"] = gettext("Choose a role.")
    if limited:
        try:
            numbers = asked.contracts.replace(",", " ").split()
            contract_ids = team.contracts_named(connection, holder, numbers)
        except UserError as error:
            asked.faults["contracts"] = str(error)
        if not asked.outlet_ids and not asked.contracts:
            asked.faults["scope"] = gettext("Choose at least one outlet or one contract.")
    if asked.faults:
        return None
    outlet_ids = asked.outlet_ids if limited else frozenset()
    grant = Grant(Role(asked.role), limited, outlet_ids, contract_ids)
    known = {outlet.id for outlet in team.outlets_to_give(connection, holder)}
    if not holder.may_give(grant) or not outlet_ids <= known:
        asked.faults["scope"] = gettext("This goes beyond your own access.")
        return None
    return grant


def _form(membership_id: int | None, asked: Asked | None) -> str:
    """The form of an invitation, or of the access ``membership_id`` as it is when nothing is asked."""
    with database().reading() as connection:
        holder = _holder(connection)
        member = None
        if membership_id is not None:
            try:
                member = team.member(connection, holder, membership_id)
            except NotYoursError:
                abort(404)
            asked = asked or Asked(
                role=member.grant.role.value,
                scope="some" if member.grant.limited else "all",
                outlet_ids=member.grant.outlet_ids,
                contracts=" ".join(team.numbers_of(connection, holder, member.grant.contract_ids)),
            )
        outlets = team.outlets_to_give(connection, holder)
        merchant = _merchant(connection)
    asked = asked or Asked()
    if holder.grant.limited:
        asked.scope = "some"
    return render_template(
        "team/form.html",
        merchant=merchant,
        member=member,
        asked=asked,
        outlets=outlets,
        limited=holder.grant.limited,
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {
        "roles": [(role, role_name(role), gettext(ROLE_DUTIES[role])) for role in Role],
        "role_name": role_name,
        "moment": lambda at: letters.moment(at, DEFAULT_TIME_ZONE),
    }


def _done(what: str) -> Response:
    return redirect(url_for(".index", done=what), 303)
