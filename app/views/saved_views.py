"""The views that a member keeps of a list: kept, renamed, shared, removed."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

from flask import Blueprint, abort, redirect, render_template
from flask.typing import ResponseReturnValue

from app.accounts import saved_views
from app.accounts.journal import Event
from app.accounts.roles import Permission
from app.accounts.saved_views import KeptView
from app.accounts.users import UserError
from app.listing.criteria import Criteria
from app.listing.spec import ListSpec
from app.lists import LISTS
from app.views import cells
from app.views.list_settings import keeper
from app.views.lists import criteria_of
from app.web.context import access, database
from app.web.forms import SavedViewForm
from app.web.journal import journal

blueprint = Blueprint("saved_views", __name__, url_prefix="/vues")


@blueprint.post("")
def keep() -> ResponseReturnValue:
    """Keep what a list shows under a name, and on to its address."""
    form = SavedViewForm.sent()
    spec = LISTS.get(form.list_name.data or "")
    if spec is None or not access().allows(Permission(spec.permission)):
        abort(404)
    args = replace(_asked(spec, form.asked.data or ""), after=None).to_args()
    name, is_shared = form.name.data or "", bool(form.is_shared.data)
    try:
        with database().writing() as connection:
            saved_views.keep_view(connection, keeper(), spec.name, args, name, is_shared=is_shared)
            journal(Event.VIEW_KEPT, connection, list=spec.name, name=name)
    except LookupError:
        abort(404)
    except UserError as error:  # nothing of it stays written
        return _again(form.refuse("name", str(error)), cells.address(spec.name, args))
    return redirect(cells.address(spec.name, args), 303)


@blueprint.post("/<id:view_id>")
def change(view_id: int) -> ResponseReturnValue:
    """Rename a view of one's own, share it or no longer; that of anybody else does not exist."""
    form = SavedViewForm.sent()
    name, is_shared = form.name.data or "", bool(form.is_shared.data)
    try:
        with database().writing() as connection:
            own = saved_views.own_view(connection, keeper(), view_id)
            view = saved_views.change_view(connection, keeper(), view_id, name, is_shared=is_shared)
            journal(Event.VIEW_CHANGED, connection, list=view.list_name, name=view.name)
    except LookupError:
        abort(404)
    except UserError as error:
        return _again(form.refuse("name", str(error)), _address(own), view_id)
    return redirect(_address(view), 303)


@blueprint.post("/<id:view_id>/supprimer")
def remove(view_id: int) -> ResponseReturnValue:
    """Remove a view of one's own; the list stays as it showed it."""
    try:
        with database().writing() as connection:
            view = saved_views.remove_view(connection, keeper(), view_id)
            journal(Event.VIEW_REMOVED, connection, list=view.list_name, name=view.name)
    except LookupError:
        abort(404)
    return redirect(_address(view), 303)


def _asked(spec: ListSpec, query: str) -> Criteria:
    """What the query of an address asks of a list; 422 where it is not understood."""
    with database().reading_as(access().scope) as connection:
        criteria = criteria_of(spec, parse_qsl(query)).read(connection)
    if criteria.faults:
        abort(422)
    return criteria


def _address(view: KeptView) -> str:
    """Where a view leads."""
    return cells.address(view.list_name, view.args)


def _again(form: SavedViewForm, back: str, view_id: int | None = None) -> ResponseReturnValue:
    """The form with what is wrong with it, and the way back to the list as it was."""
    return render_template("lists/view_form.html", form=form, back=back, view_id=view_id), 422
