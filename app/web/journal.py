"""The journal of a request: what its person does, with the place it is done at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy import Connection

from app.accounts.journal import Event, is_recorded, record
from app.accounts.limits import times_untold
from app.web.context import database, known_principal, request_id, signed_in
from app.web.places import DESK, MERCHANT, kind_of


def journal(event: Event, connection: Connection | None = None, **details: Any) -> None:
    """Write ``event`` in the journal, within the transaction of ``connection`` when there is one.

    ``details`` may name the ``merchant_id`` that it is about, where the address names none. A HEAD request
    does nothing, and so leaves no line.
    """
    if request.method == "HEAD":
        return
    entry = {**_place(), "request_id": request_id(), **details}
    rights = known_principal().rights
    if rights is not None:
        entry = {"user_id": rights.user_id, **entry}
    if connection is not None:
        record(connection, event, **entry)
        return
    with database().writing() as own:
        record(own, event, **entry)


def is_journaled(event: Event, since: datetime, **details: Any) -> bool:
    """Whether this person did the same here ``since`` then, as :func:`journal` would have written it."""
    asked = {"user_id": signed_in().user_id, "merchant_id": None, **_place(), **details}
    with database().reading() as connection:
        return is_recorded(connection, event, since=since, **asked)


def journal_refusal(event: Event, user_id: int, **details: Any) -> None:
    """Write that a person was refused: once in five minutes for each kind, and how often since the last.

    Whoever is refused can ask again at once, and must not fill the journal.
    """
    if request.method == "HEAD":
        return
    with database().writing() as own:
        count = times_untold(own, f"{event.value}:{user_id}")
        if count is not None:
            journal(event, own, user_id=user_id, **details, count=count)


def _place() -> dict[str, Any]:
    """The merchant or the desk that this page is at."""
    asking, kind = known_principal(), kind_of(request.endpoint)
    if kind is MERCHANT and asking.access is not None:
        return {"merchant_id": asking.access.merchant_id}
    return {"reseller_id": asking.desk.reseller_id} if kind is DESK and asking.desk is not None else {}
