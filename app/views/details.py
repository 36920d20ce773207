"""The page of one row: its title, its links, its sections. A test holds that no field is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import url_for

from app.listing.field import Field, ListSpec
from app.listing.kinds import Row
from app.lists import REMITTANCES, TRANSACTIONS
from app.views.cells import payments_address
from app.wording.i18n import N_, gettext

SECTIONS: dict[str, tuple[tuple[str, Sequence[str]], ...]] = {
    REMITTANCES.name: (
        (
            N_("Remittance"),
            [
                "number",
                "file_number",
                "date",
                "opened",
                "count",
                "amount",
                "currency",
                "status",
                "status_text",
                "transmission",
            ],
        ),
        (
            N_("Control of the payments"),
            ("seal", "received_count", "received_net", "gap_count", "gap_amount", "missing_sequences"),
        ),
        (N_("Contract"), ("application", "contract", "rank", "label", "bank", "bank_name")),
        (N_("Outlet"), ("trade_name", "siret")),
        (N_("Terminal"), ("terminal_number", "serial", "manufacturer")),
    ),
    TRANSACTIONS.name: (
        (
            N_("Payment"),
            [
                "date",
                "type",
                "outcome",
                "amount",
                "net_amount",
                "currency",
                "requested_amount",
                "sequence_number",
                "original_sequence_number",
                "order_reference",
                "dossier",
            ],
        ),
        (N_("Card"), ("card", "expiry", "scheme", "product", "issuer", "entry_mode", "aid")),
        (
            N_("Authorisation"),
            ("authorisation_asked", "authorisation", "response_code", "certificate"),
        ),
        (N_("Remittance"), ("state", "remittance", "file_number", "collected")),
        (
            N_("Cardholder's currency"),
            ("cardholder_amount", "cardholder_currency", "exchange_rate", "markup_percent"),
        ),
        (N_("Contract"), ("application", "contract", "rank", "label", "bank", "bank_name")),
        (N_("Outlet"), ("trade_name", "siret")),
        (N_("Terminal"), ("terminal_number", "serial", "manufacturer")),
    ),
}

#: The fields of a remittance that stand in the table of its sums, declared and received.
TABLED = frozenset(
    f"{name}{part}"
    for name in ("debit", "cancelled", "refund", "refund_cancelled", "declined", "abandoned")
    for part in ("", "_count")
)
TYPES_OF_SUM = {
    "debit": N_("Debits"),
    "cancellation": N_("Cancelled debits"),
    "refund": N_("Refunds"),
    "refund_cancellation": N_("Cancelled refunds"),
    "declined": N_("Declined payments"),
    "abandoned": N_("Abandoned payments"),
}


@dataclass(frozen=True)
class Section:
    """A group of fields with its title."""

    title: str
    fields: tuple[Field, ...]


def sections(spec: ListSpec, row: Row) -> Iterator[Section]:
    """The sections of ``row``; one that knows nothing at all is left out."""
    for title, names in SECTIONS[spec.name]:
        fields = tuple(spec.by_name[name] for name in names)
        if any(row[field.name] is not None for field in fields):
            yield Section(gettext(title), fields)


def title(spec: ListSpec, row: Row) -> str:
    """What the row is called."""
    if spec is REMITTANCES:
        return gettext("Remittance no. %(number)s", number=row["number"])
    return gettext("Transaction of %(date)s", date=spec.by_name["date"].show(row))


def links(spec: ListSpec, row: Row) -> Iterator[tuple[str, str]]:
    """Where one goes from here: addresses and their words."""
    if spec is TRANSACTIONS:
        address = url_for("lists.detail", name=REMITTANCES.name, id=row["remittance_id"])
        yield address, gettext("See the remittance no. %(number)s", number=row["remittance"])
    elif row["received_count"]:
        yield payments_address(row), gettext("See its transactions (%(count)s)", count=row["received_count"])


def type_in_words(name: str) -> str:
    """The words of one of the six sums of a remittance."""
    return gettext(TYPES_OF_SUM[name])
