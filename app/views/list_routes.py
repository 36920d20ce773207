"""The addresses of a list: one blueprint for each, so that the access matrix can tell them apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint

from app.listing.spec import ListSpec
from app.views import details, list_files, lists, searching, sending, statements, tickets

_ID = "<id:id>"
_DELIVERY_ID = "<id:delivery_id>"


def blueprint_of(spec: ListSpec) -> Blueprint:
    """Every address of a list, under its name; those of tickets where it has any."""
    blueprint = Blueprint(spec.name, __name__)

    def route(rule: str, endpoint: str, view: Callable[..., Any], method: str = "GET") -> None:
        blueprint.add_url_rule(f"{spec.path}{rule}", endpoint, _of(spec, view), methods=[method])

    route("", "index", lists.index)
    route("/recherche", "search", searching.search)
    route("/colonnes", "columns", lists.choose_columns, "POST")
    route(".json", "document", lists.document)
    route(".csv", "download", list_files.download)
    route(".xlsx", "workbook", list_files.workbook)
    route("/regroupement.json", "groups_document", list_files.groups_document)
    route("/regroupement.csv", "groups_download", list_files.groups_download)
    route("/regroupement.xlsx", "groups_workbook", list_files.groups_workbook)
    if spec.statement is not None:
        route(f"/{spec.statement.path}", "statement", statements.show)
        route(f"/{spec.statement.path}.pdf", "statement_file", statements.download)
        route(f"/{spec.statement.path}.xlsx", "statement_workbook", statements.workbook)
    route(f"/{_ID}", "detail", details.show)
    if spec.ticket is not None:
        route(f"/{_ID}/ticket", "ticket", tickets.show)
        route(f"/{_ID}/ticket.pdf", "ticket_file", tickets.download)
        route(f"/{_ID}/envoi", "sending", sending.show)
        route(f"/{_ID}/envoi", "send", sending.send, "POST")
        route(f"/{_ID}/envois/{_DELIVERY_ID}", "send_again", sending.send_again, "POST")
    return blueprint


def _of(spec: ListSpec, view: Callable[..., Any]) -> Callable[..., Any]:
    """``view`` of the one list; Flask wants a function with a name."""

    @wraps(view)
    def page(**values: Any) -> Any:
        return view(spec, **values)

    return page
