"""The files of a list: CSV and XLSX of its rows, the same and JSON of their sums by group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import BinaryIO

from flask import Response, jsonify, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.listing.criteria import BY, Criteria
from app.listing.export import not_received, tells_nothing, too_long, write_csv
from app.listing.grouping_files import groups_as_json, write_groups_csv, write_groups_xlsx
from app.listing.period import Period
from app.listing.spec import ListSpec
from app.listing.xlsx import write_xlsx
from app.views.groupings import with_group_fault
from app.views.lists import (
    criteria_asked,
    journal_export,
    name_of_file,
    of_rows,
    parts_of,
    refused,
    refused_file,
)
from app.web.context import access, database, theme
from app.web.downloads import CSV, XLSX, send_written
from app.web.questions import asking_first, exporting
from app.wording.i18n import N_, gettext

#: What writes the rows of a list into a file, and counts them.
Writer = Callable[..., int]
#: The pages of the files of rows, with their names, and the groupings of a period that these cannot hold.
_OF_ROWS = (("download", "CSV"), ("workbook", "Excel"))
_SUMS_INSTEAD = ("month", "day")
_NOTHING_RECEIVED = N_(
    "No file: nothing of this period has been received (%(days)s). "
    "That does not mean that there were no sales."
)


@dataclass(frozen=True)
class ListFile:
    """A file of a list: what writes it, and how; ``is_grouped`` is one of sums by group."""

    write: Writer
    kind: str
    mimetype: str
    is_grouped: bool = False


def download(spec: ListSpec) -> AnyResponse:
    """The list as CSV: whole, or refused with the periods to ask for instead."""
    return _export(spec, ListFile(write_csv, "csv", CSV))


def workbook(spec: ListSpec) -> AnyResponse:
    """The list as XLSX, by the rules of the CSV."""
    return _export(spec, ListFile(partial(write_xlsx, whose=access().merchant_name), "xlsx", XLSX))


def groups_download(spec: ListSpec) -> AnyResponse:
    """The sums of a list by group as CSV, over any period."""
    write = partial(write_groups_csv, names=theme().issuers)
    return _export(spec, ListFile(write, "csv", CSV, is_grouped=True))


def groups_workbook(spec: ListSpec) -> AnyResponse:
    """The sums of a list by group as XLSX, over any period."""
    write = partial(write_groups_xlsx, names=theme().issuers, whose=access().merchant_name)
    return _export(spec, ListFile(write, "xlsx", XLSX, is_grouped=True))


def groups_document(spec: ListSpec) -> AnyResponse | tuple[AnyResponse, int]:
    """The sums of a list by group as JSON, over any period."""
    scope = access().scope
    with asking_first(scope, criteria_asked(spec)) as (connection, asked):
        criteria = _of_groups(asked)
        if refusal := refused(criteria):
            return jsonify(refusal), 422
        found = groups_as_json(connection, criteria.spec, scope, criteria, theme().issuers)
    journal_export(criteria.spec, criteria, len(found["groups"]), format="json")
    return jsonify(found)


def _export(spec: ListSpec, made: ListFile) -> AnyResponse:
    scope = access().scope
    with database().reading_as(scope) as connection:
        asked = criteria_asked(spec).read(connection)
        criteria = (_of_groups if made.is_grouped else of_rows)(asked)
        missing: tuple[date, ...] = ()
        if not criteria.faults and too_long(criteria) is None:
            missing = not_received(connection, scope, criteria) or ()
        is_untold = tells_nothing(connection, scope, criteria, missing)
    spec = criteria.spec
    if criteria.faults:
        return refused_file(criteria)
    split = too_long(criteria)
    if split is not None:
        return _refuse_export(criteria, split)
    if is_untold:
        return _refuse_untold(criteria)

    def write(file: BinaryIO) -> None:
        with exporting(scope) as connection:
            rows = made.write(connection, spec, scope, criteria, file)
        journal_export(spec, criteria, rows, format=made.kind)

    return send_written(write, name_of_file(criteria, made.kind, is_partial=bool(missing)), made.mimetype)


def _of_groups(criteria: Criteria) -> Criteria:
    """The same without its columns, and refused without a grouping."""
    return replace(with_group_fault(criteria, request.args.getlist(BY), needed=True), columns=())


def _refuse_untold(criteria: Criteria) -> AnyResponse:
    """Say why: a heading alone reads as days without sales."""
    days = criteria.period.in_words() if criteria.period else ""
    return Response(f"{gettext(_NOTHING_RECEIVED, days=days)}\n", 422, mimetype="text/plain")


def _refuse_export(criteria: Criteria, split: tuple[Period, ...]) -> AnyResponse:
    """Say why, and hand out the addresses of the parts and of sums, which know no such limit."""
    text = render_template(
        "lists/too_long.html",
        spec=criteria.spec,
        criteria=criteria,
        parts=parts_of(criteria, split),
        files=_OF_ROWS,
        sums=[
            (criteria.spec.groupings[by].title, replace(criteria, by=by, after=None).to_args())
            for by in _SUMS_INSTEAD
            if by in criteria.spec.groupings
        ],
    )
    return make_response(text, 422)
