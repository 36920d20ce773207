"""The list as a file: CSV for spreadsheets and accounting, JSON for programs.

PostgreSQL writes the CSV itself (COPY of text expressions), so that the rows never pass through
Python one value at a time and memory stays flat whatever their number.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, BinaryIO, cast

from psycopg import Connection as Driver
from sqlalchemy import Connection, select, text

from app.listing.criteria import Criteria
from app.listing.field import Args
from app.listing.kinds import Row, Statement
from app.listing.period import Period
from app.listing.query import ordering, page
from app.listing.scope import Scope
from app.listing.spec import ListSpec
from app.listing.summed import CurrencyTotals, Totals
from app.listing.sums import totals
from app.listing.where import in_sight, sorted_conditions
from app.wording.i18n import speaking

#: Days of one file at most, both ends counted.
LONGEST_DAYS = 30
#: A file takes longer than a page may: minutes for the largest chain on a busy night.
LONGEST_WRITING = "5min"
BOM = "\ufeff"
_LANGUAGE = "fr"


def too_long(criteria: Criteria) -> tuple[Period, ...] | None:
    """The periods to export one by one when the one asked for is too long for one file.

    Sums by group are as few over a year as over a day: their file holds what their page shows.
    """
    period = criteria.period
    if criteria.by or period is None or period.days <= LONGEST_DAYS:
        return None
    return tuple(period.split(LONGEST_DAYS))


def write_csv(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, file: BinaryIO
) -> int:
    """Write every row of ``criteria``, whatever its page, and return their number.

    UTF-8 with BOM, ``;`` between cells, CRLF, French headings and words. The file is complete when
    this returns; any exception means that it is not to be used.
    """
    with speaking(_LANGUAGE):
        file.write(f"{BOM}{heading(spec)}\r\n".encode())
        query, values = _rendered(connection, csv_statement(spec, scope, criteria))
    connection.execute(text(f"SET LOCAL statement_timeout TO '{LONGEST_WRITING}'"))
    driver = cast("Driver[Any]", connection.connection.driver_connection)
    with driver.cursor() as cursor:
        with cursor.copy(f"COPY ({query}) TO STDOUT ({_options(spec)})", values) as copy:
            file.writelines(bytes(block).replace(b"\n", b"\r\n") for block in copy)
        return cursor.rowcount


def _options(spec: ListSpec) -> str:
    quoted = ", ".join(f'"{field.name}"' for field in spec.file_fields if field.kind.quoted)
    return f"FORMAT csv, DELIMITER ';', FORCE_QUOTE ({quoted})"


def heading(spec: ListSpec) -> str:
    """The first line: the labels of the fields in full, which hold neither ``;`` nor quotes."""
    return ";".join(field.full_title for field in spec.file_fields)


def csv_statement(spec: ListSpec, scope: Scope, criteria: Criteria) -> Statement:
    """The rows as texts, one column for each field, in the order of the list."""
    source, conditions = spec.source, sorted_conditions(spec, criteria)
    return (
        select(*(field.kind.csv(field.column).label(field.name) for field in spec.file_fields))
        .select_from(source.joined(scope, source.table, criteria.bounds))
        .where(*in_sight(spec, scope, criteria), *conditions.all)
        .order_by(*ordering(criteria))
    )


def _rendered(connection: Connection, statement: Statement) -> tuple[str, dict[str, Any]]:
    """The SQL text and its values: COPY takes no parameters, psycopg quotes them on its side."""
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    return str(compiled), dict(compiled.params)


def json_document(
    connection: Connection,
    spec: ListSpec,
    scope: Scope,
    criteria: Criteria,
    url_of: Callable[[Args], str],
) -> dict[str, Any]:
    """A page of the list and the totals of all of it; ``url_of`` makes the address of the next one."""
    sums = totals(connection, spec, scope, criteria)
    found = page(connection, spec, scope, criteria)
    return {
        "count": sums.count,
        "totals": json_totals(spec, sums),
        **json_not_received(connection, scope, criteria),
        "rows": [_json_row(spec, row) for row in found.rows],
        "next": None if found.next_args is None else url_of(found.next_args),
    }


def json_not_received(connection: Connection, scope: Scope, criteria: Criteria) -> dict[str, list[str]]:
    """The days of the period that no file tells of; nothing of a list whose rows do not come by day."""
    days = not_received(connection, scope, criteria)
    return {} if days is None else {"not_received": [day.isoformat() for day in days]}


def not_received(connection: Connection, scope: Scope, criteria: Criteria) -> tuple[date, ...] | None:
    """The same as days; None of a list whose rows do not come by day."""
    period = criteria.period
    fresh = criteria.spec.arrived(scope, period, criteria.days).read(connection)
    if fresh is None or period is None:
        return None
    return fresh.untold(period, criteria.days.today)


def tells_nothing(
    connection: Connection, scope: Scope, criteria: Criteria, missing: tuple[date, ...]
) -> bool:
    """Whether a file of ``criteria`` would have no row, and no day of which that says anything."""
    period = criteria.period
    if period is None or len(missing) < period.days:
        return False
    return not totals(connection, criteria.spec, scope, criteria).count


def _json_row(spec: ListSpec, row: Row) -> dict[str, Any]:
    return {"id": row["id"], **{field.name: field.json(row) for field in spec.fields}}


def json_totals(spec: ListSpec, sums: Totals) -> list[dict[str, Any]]:
    """The sums of each currency; none of a list that adds nothing up."""
    return [json_sums(spec, line) for line in sums.lines if spec.adds_up]


def json_sums(spec: ListSpec, line: CurrencyTotals) -> dict[str, Any]:
    """The sums of one currency by measure, those beside the net apart."""
    counted = {measure.name: line[measure.name] for measure in spec.measures if measure.group is None}
    apart: dict[str, dict[str, int]] = {}
    for measure in spec.measures:
        if measure.group is not None:
            why, what = measure.group
            apart.setdefault(why, {})[what] = line[measure.name]
    return {"currency": line.currency, **counted, "net": line.net, **({"apart": apart} if apart else {})}
