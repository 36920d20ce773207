"""What a row shows: in a cell of the table, on a card, among the details."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from urllib.parse import urlencode

from flask import url_for

from app.listing.criteria import Args
from app.listing.field import Field, ListSpec
from app.listing.kinds import Money, Row, Whole
from app.lists import REMITTANCES, TRANSACTIONS
from app.tickets import why_no_ticket
from app.wording import money
from app.wording.i18n import N_, gettext, language, ngettext

#: How loudly a code speaks. What is not here is the ordinary case, and quiet.
TONES = {
    ("status", "rejected"): "bad",
    ("status", "incomplete"): "warn",
    ("state", "pending"): "warn",
    ("type", "refund"): "info",
    ("type", "cancellation"): "info",
    ("type", "refund_cancellation"): "info",
    ("type", "preauthorisation"): "info",
    ("outcome", "declined"): "bad",
    ("outcome", "abandoned"): "warn",
    ("seal", "complete"): "good",
    ("seal", "awaiting_payments"): "warn",
    ("seal", "awaiting_totals"): "warn",
    ("seal", "differs"): "bad",
}
SEALS = {
    "complete": N_("complete"),
    "awaiting_payments": N_("waiting for its payments"),
    "awaiting_totals": N_("waiting for its telecollection"),
}
#: When a terminal did not say when it opened a remittance, its payments are not older than this.
OPENED_BEFORE = timedelta(days=29)


@dataclass(frozen=True)
class Cell:
    """A value as it is shown. ``tone`` makes it a badge; ``href`` a link; ``style`` holds CSS classes."""

    field: Field
    text: str
    style: str
    tone: str | None = None
    href: str | None = None


@dataclass(frozen=True)
class Line:
    """A row of a list: its address, its cells in the order of the table, and those of its card.

    ``send`` is where its ticket is sent from; None when it has no ticket.
    """

    href: str
    send: str | None
    cells: tuple[Cell, ...]
    slots: dict[str, list[Cell]]
    warnings: tuple[str, ...]


def lines(spec: ListSpec, rows: Iterable[Row]) -> Iterator[Line]:
    """The rows of a list as the table and the cards show them."""
    for row in rows:
        cells = tuple(cell(spec, field, row) for field in columns(spec))
        slots: dict[str, list[Cell]] = {"title": [], "aside": [], "meta": [], "badge": []}
        for shown in cells:
            if shown.field.slot and shown.text:
                slots[shown.field.slot].append(shown)
        yield Line(cells[0].href or "", _sending(spec, row), cells, slots, tuple(warnings(spec, row)))


@cache
def columns(spec: ListSpec) -> tuple[Field, ...]:
    """The columns of the table: what a card shows comes first, so that it is in sight on a desk too."""
    shown = [field for field in spec.fields if field.slot]
    return (*shown, *(field for field in spec.columns if field not in shown))


def cell(spec: ListSpec, field: Field, row: Row) -> Cell:
    """The value of ``field`` in ``row``."""
    tone = TONES.get((field.name, row[field.name])) if field.slot == "badge" else None
    return Cell(field, text_of(field, row), _style(field, row), tone, _href(spec, field, row))


def text_of(field: Field, row: Row) -> str:
    """The words of a value, with the size of the gap for a seal that is broken."""
    if field.name == "seal":
        return _seal(row)
    if field.name == "count":
        return count_in_words(row["count"])
    return field.show(row)


def count_in_words(count: int) -> str:
    """``54 transactions``, and plainly when there is none."""
    return (
        ngettext("%(num)s transaction", "%(num)s transactions", count) if count else gettext("no transaction")
    )


def warnings(spec: ListSpec, row: Row) -> Iterator[str]:
    """What a person should look into."""
    missing = row["missing_sequences"] if spec is REMITTANCES else 0
    if missing:
        yield ngettext("%(num)s missing transaction", "%(num)s missing transactions", missing)


def address(name: str, args: Args = (), *, endpoint: str = "lists.index") -> str:
    """The address of a list with the parameters ``args``."""
    path = url_for(endpoint, name=name)
    return f"{path}?{urlencode(args)}" if args else path


def payments_address(row: Row) -> str:
    """The transactions of a remittance."""
    collected = row["collected_on"]
    first = row["opened"].date() if row["opened"] else collected - OPENED_BEFORE
    args = (
        ("date_from", min(first, collected).isoformat()),
        ("date_to", collected.isoformat()),
        ("application", row["application"]),
        ("contract", row["contract"]),
        ("rank", row["rank"]),
        ("remittance", row["number"]),
    )
    return address(TRANSACTIONS.name, args)


def _sending(spec: ListSpec, row: Row) -> str | None:
    return None if why_no_ticket(row) else url_for("sending.show", name=spec.name, id=row["id"])


def _seal(row: Row) -> str:
    seal = row["seal"]
    if seal in SEALS:
        return gettext(SEALS[seal])
    amount = money.show(abs(row["gap_amount"]), row["currency"], language())
    count = abs(row["gap_count"])
    return ngettext(
        "differs by %(num)s operation and %(amount)s",
        "differs by %(num)s operations and %(amount)s",
        count,
        amount=amount,
    )


def _style(field: Field, row: Row) -> str:
    """The class of a value: figures stand in columns; what is on no card is not printed either."""
    if isinstance(field.kind, Money):
        value = row[field.name]
        if field.slot == "aside" and row.get("outcome", "accepted") != "accepted":
            return "money void"
        return "money minus" if value is not None and value < 0 else "money"
    if isinstance(field.kind, Whole):
        return "number"
    return "" if field.slot else "rest"


def _href(spec: ListSpec, field: Field, row: Row) -> str | None:
    if field is columns(spec)[0]:
        return url_for("lists.detail", name=spec.name, id=row["id"])
    if spec is REMITTANCES and field.name == "count" and row["count"]:
        return payments_address(row)
    if spec is TRANSACTIONS and field.name == "remittance" and row["remittance"]:
        return url_for("lists.detail", name=REMITTANCES.name, id=row["remittance_id"])
    return None
