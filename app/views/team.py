"""The accesses to a merchant: the owner gives and takes those to their own, staff those to any of theirs.

The same pages stand in two places. Under ``/acces`` one acts with what one holds oneself; at the desk,
under ``/commercants/<merchant_id>/acces`` of the desk, as the reseller's staff.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts import access_scope, members, resets
from app.accounts.grants import Actor, Grant, NotYoursError
from app.accounts.journal import Event
from app.accounts.members import Member
from app.accounts.roles import role_name
from app.accounts.users import UserError
from app.database.isolation import Isolated
from app.desk import merchants
from app.models import Role
from app.views import picking
from app.views.desk.common import LONGEST_SEARCH
from app.views.moments import spoken_moment
from app.views.picking import OutletChoice
from app.web.access_form import DETAILS, LIMITED, WHOLE, AccessForm
from app.web.context import access, client, database, desk, links, request_id, signed_in
from app.web.journal import journal
from app.web.page_query import page_query
from app.web.questions import asking
from app.web.security import SAFE_METHODS
from app.wording.i18n import N_, gettext

blueprint = Blueprint("team", __name__, url_prefix="/acces")
desk_blueprint = Blueprint(
    "desk_team",
    __name__,
    url_prefix="/commercants/<id:merchant_id>/acces",
)

#: What was just done, as its page says it.
DONE = {
    "invited": N_("The invitation is on its way."),
    "changed": N_("The access has changed."),
    "suspended": N_("The access is suspended."),
    "restored": N_("The access is open again."),
    "removed": N_("The access is removed."),
    "reset": N_("A link to choose a new password is on its way."),
    "withdrawn": N_("The invitation is withdrawn: its link no longer works."),
}
ACTIONS: dict[str, tuple[Callable[..., None], str]] = {
    "suspendre": (members.suspend, "suspended"),
    "retablir": (members.restore, "restored"),
    "retirer": (members.remove, "removed"),
}
#: From how many people on one is looked for by their address.
MANY_PEOPLE = 12


def index() -> str:
    """Everybody with an access, and the invitations that wait; or the following page of either."""
    query = page_query(request.args, choices={"done": DONE}, cursors=("after", "sent_after"))
    email, behind, sent_behind = query.text("q"), query.after, query.starts.get("sent_after")
    with asking(_sight()) as connection:
        actor = _actor(connection)
        listed = members.members(connection, actor, members.MemberSearch(email, behind))
        invited = members.waiting(connection, actor, members.MemberSearch(email, sent_behind))
        grants = {each.grant for each in listed.rows} | {each.grant for each in invited.rows}
        reach = access_scope.in_words(connection, actor.merchant_id, grants)
        merchant = _merchant(connection)
    done = DONE.get(query.text("done"))
    further = (email, behind, sent_behind, listed.next_after, invited.next_after)
    return render_template(
        "team/index.html",
        merchant=merchant,
        members=listed if sent_behind is None and not query.faults else None,
        waiting=invited if behind is None and not query.faults else None,
        reach=reach,
        query=query,
        is_long=any(further) or bool(query.faults) or len(listed.rows) + len(invited.rows) > MANY_PEOPLE,
        done=done and gettext(done),
        role_name=role_name,
        moment=spoken_moment,
    )


def invite() -> ResponseReturnValue:
    """The form of an invitation, and what it sends."""
    if request.method in SAFE_METHODS:
        return _page(None, None)
    form = AccessForm.sent()
    if form.step.data:
        return _page(None, form)
    try:
        with database().writing_as(_sight()) as connection:
            actor = _actor(connection)
            grant = _grant(connection, actor, form)
            if grant is not None:
                members.invite(connection, links(), actor, form.email.data, grant)
    except UserError as error:  # nothing of it stays written
        form.refuse("email", str(error))
    return (_page(None, form), 422) if form.errors else _done("invited")


def change(membership_id: int) -> ResponseReturnValue:
    """One access, to be changed."""
    if request.method in SAFE_METHODS:
        return _page(membership_id, None)
    form = AccessForm.sent()
    if form.step.data:
        return _page(membership_id, form)
    with database().writing_as(_sight()) as connection:
        actor = _actor(connection)
        grant = _grant(connection, actor, form)
        if grant is not None:
            _or_404(members.change, connection, links(), actor, membership_id, grant)
    return (_page(membership_id, form), 422) if form.errors else _done("changed")


def act(membership_id: int, action: str) -> Response:
    """Suspend, restore or remove an access."""
    if action not in ACTIONS:
        abort(404)
    function, done = ACTIONS[action]
    with database().writing_as(_sight()) as connection:
        _or_404(function, connection, links(), _actor(connection), membership_id)
    return _done(done)


def act_on_invitation(invitation_id: int, action: str) -> ResponseReturnValue:
    """Send an invitation again, or withdraw it."""
    if action not in ("renvoyer", "annuler"):
        abort(404)
    try:
        with database().writing_as(_sight()) as connection:
            actor = _actor(connection)
            if action == "annuler":
                _or_404(members.withdraw, connection, actor, invitation_id)
            else:
                _or_404(members.send_again, connection, links(), actor, invitation_id)
    except UserError:  # the day's limit of mails: the older link still stands
        abort(429)
    return _done("withdrawn" if action == "annuler" else "invited")


def reset(membership_id: int) -> Response:
    """Start a new password for somebody, who alone will choose it: they get the link."""
    with database().writing_as(_sight()) as connection:
        actor = _actor(connection)
        member = _or_404(members.member, connection, actor, membership_id)
        journal(Event.RESET_STARTED, connection, merchant_id=actor.merchant_id, of=member.user_id)
    resets.ask(database(), links(), desk().reseller_slug, member.email, client())
    return _done("reset")


for _place in (blueprint, desk_blueprint):
    _form_methods = ["GET", "POST"]
    _place.add_url_rule("", "index", index)
    _place.add_url_rule("/inviter", "invite", invite, methods=_form_methods)
    _place.add_url_rule("/<id:membership_id>", "change", change, methods=_form_methods)
    _place.add_url_rule("/<id:membership_id>/<action>", "act", act, methods=["POST"])
    _place.add_url_rule(
        "/invitations/<id:invitation_id>/<action>",
        "act_on_invitation",
        act_on_invitation,
        methods=["POST"],
    )
desk_blueprint.add_url_rule("/<id:membership_id>/reinitialiser", "reset", reset, methods=["POST"])


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


def _sight() -> Isolated:
    """Whose rows the pages read: the merchant's own, or at the desk those of the reseller."""
    return access().scope if g.get("desk_merchant_id") is None else desk()


def _actor(connection: Any) -> Actor:
    user_id, merchant = signed_in().user_id, _merchant(connection)
    if merchant is not None:
        return members.staff_actor(user_id, merchant.id, request_id())
    return members.actor_of(connection, access(), user_id, request_id())


def _or_404(function: Callable[..., Any], *given: Any) -> Any:
    try:
        return function(*given)
    except NotYoursError:
        abort(404)


def _grant(connection: Any, actor: Actor, form: AccessForm) -> Grant | None:
    """What a form asks to give; None, with the faults noted, when it may not be given."""
    contract_ids: frozenset[int] = frozenset()
    is_sound = form.validate()
    if form.is_limited:
        try:
            contract_ids = access_scope.contracts_named(connection, actor, form.numbers)
        except UserError as error:
            form.refuse("contracts", str(error))
        if not form.outlet_ids and not form.numbers:
            form.refuse("scope", gettext("Choose at least one outlet or one contract."))
    if not is_sound or form.errors:
        return None
    outlet_ids = form.outlet_ids if form.is_limited else frozenset()
    grant = Grant(Role(form.role.data), form.is_limited, outlet_ids, contract_ids)
    known = {outlet.id for outlet in access_scope.outlets_to_give(connection, actor)}
    if not actor.may_give(grant) or not outlet_ids <= known:
        form.refuse("scope", gettext("This goes beyond your own access."))
        return None
    return grant


def _page(membership_id: int | None, form: AccessForm | None) -> str:
    """The form of an invitation, or of the access ``membership_id`` as it is when nothing is asked."""
    with database().reading_as(_sight()) as connection:
        actor = _actor(connection)
        member = None if membership_id is None else _or_404(members.member, connection, actor, membership_id)
        if form is None and member is not None:
            form = _as_it_is(connection, actor, member)
        offered = [picking.outlet_choice(row) for row in access_scope.outlets_to_give(connection, actor)]
        merchant = _merchant(connection)
        is_first = merchant is not None and not merchants.people(connection, [merchant.id])
    form = form or _suggested(is_first=is_first, is_small=len(offered) <= 1)
    if actor.grant.limited:
        form.only_limited()
    return render_template(
        "team/form.html",
        merchant=merchant,
        member=member,
        form=form,
        details=DETAILS,
        picker=_picker(offered, form),
    )


def _as_it_is(connection: Any, actor: Actor, member: Member) -> AccessForm:
    """What ``member`` has, as the form would ask for it."""
    grant = member.grant
    return AccessForm(
        role=grant.role.value,
        scope=LIMITED if grant.limited else WHOLE,
        outlet=sorted(grant.outlet_ids),
        contracts="\n".join(access_scope.numbers_of(connection, actor, grant.contract_ids)),
    )


def _suggested(*, is_first: bool, is_small: bool) -> AccessForm:
    """What is most often meant: all to a merchant's first person; at a chain nothing to the others."""
    role = Role.OWNER if is_first else Role.VIEWER
    return AccessForm(role=role.value, scope=WHOLE if is_first or is_small else None)


def _picker(offered: list[OutletChoice], form: AccessForm) -> picking.Picker:
    """The list of outlets; whole, and for portal.js to search, unless a step asks for a part of it."""
    step = form.step.data
    sought = form.find.data[:LONGEST_SEARCH] if step else ""
    chosen = form.outlet_ids & {each.id for each in offered}
    chosen = picking.after_step(offered, chosen, step, sought)
    return picking.picker(offered, chosen, sought, only_chosen=step == "chosen")


def _done(what: str) -> Response:
    return redirect(url_for(".index", done=what), 303)
