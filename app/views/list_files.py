"""The files of a list: CSV and XLSX of its rows, the same and JSON of their sums by group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from flask import jsonify, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.listing.criteria import BY, Criteria
from app.listing.export import too_long, write_csv
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

#: What writes the rows of a list into a file, and counts them.
Writer = Callable[..., int]
#: The pages of the files of rows, with their names, and the groupings of a period that these cannot hold.
_OF_ROWS = (("download", "CSV"), ("workbook", "Excel"))
_SUMS_INSTEAD = ("month", "day")


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
        criteria = criteria_asked(spec).read(connection)
    spec = criteria.spec
    criteria = (_of_groups if made.is_grouped else of_rows)(criteria)
    if criteria.faults:
        return refused_file(criteria)
    split = too_long(criteria)
    if split is not None:
        return _refuse_export(criteria, split)

    def write(file: BinaryIO) -> None:
        with exporting(scope) as connection:
            rows = made.write(connection, spec, scope, criteria, file)
        journal_export(spec, criteria, rows, format=made.kind)

    return send_written(write, name_of_file(criteria, made.kind), made.mimetype)


def _of_groups(criteria: Criteria) -> Criteria:
    """The same without its columns, and refused without a grouping."""
    return replace(with_group_fault(criteria, request.args.getlist(BY), needed=True), columns=())


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
