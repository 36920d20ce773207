"""The link that stops the daily mail: seen by GET, spent by POST, a mail program's own too (RFC 8058)."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.accounts import daily_mail_choices
from app.accounts.journal import Event, record
from app.web.context import database, links, request_id

blueprint = Blueprint("daily_mail", __name__, url_prefix=daily_mail_choices.PATH)


@blueprint.get("/<token>")
def ask(token: str) -> ResponseReturnValue:
    """Ask whether to stop: a mail scanner that follows links stops nothing."""
    with database().reading() as connection:
        found = daily_mail_choices.stoppable(connection, links().secret_keys, token)
    return render_template("daily_mail/stop.html", found=found, token=token)


@blueprint.post("/<token>")
def stop(token: str) -> ResponseReturnValue:
    """Stop; what is stopped already stays so."""
    with database().writing() as connection:
        found = daily_mail_choices.stoppable(connection, links().secret_keys, token)
        if found is not None:
            daily_mail_choices.stop(connection, found.id)
            record(
                connection,
                Event.DAILY_MAIL_STOPPED,
                user_id=found.user_id,
                merchant_id=found.merchant_id,
                request_id=request_id(),
            )
    return render_template("daily_mail/stop.html", found=None, token=token)
