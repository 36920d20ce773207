"""A merchant directory's columns and text: what the desk writes and explains is what the importers read.

Source: the format page "The portal's own file formats, version 1".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.rules.card_lines import Candidate
from app.wording.i18n import N_

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SIRET_DIGITS = 14


@dataclass(frozen=True)
class DirectoryColumn:
    """A column: its name in the file, what it is called, how many characters it holds at most.

    ``hint`` says in words what to write there. Label and hint are message identifiers.
    """

    name: str
    label: str
    most: int
    hint: str = ""
    required: bool = False


_DAY = N_("A day such as 2026-03-02.")
HEADINGS = (
    DirectoryColumn("reseller", N_("reseller"), 40, N_("You: %(slug)s, on every line."), required=True),
    DirectoryColumn(
        "merchant_code", N_("merchant code"), 40, N_("One for each merchant, of your choice."), required=True
    ),
    DirectoryColumn("merchant_name", N_("merchant name"), 120, required=True),
    DirectoryColumn("siret", N_("SIRET"), 14, N_("14 digits, one for each outlet."), required=True),
    DirectoryColumn("trade_name", N_("trade name"), 120, N_("What the outlet is called."), required=True),
    DirectoryColumn("label", N_("label"), 120, N_("The till, for instance.")),
    DirectoryColumn("address", N_("address"), 200),
    DirectoryColumn("postcode", N_("postcode"), 12),
    DirectoryColumn("city", N_("city"), 120),
    DirectoryColumn(
        "time_zone", N_("time zone"), 64, N_("Europe/Paris, or that of the island."), required=True
    ),
    DirectoryColumn("contract", N_("contract"), 15, N_("Its number, leading zeros included."), required=True),
    DirectoryColumn("rank", N_("rank"), 3, N_("3 digits, such as 001."), required=True),
    DirectoryColumn("application", N_("application"), 20, N_("CBEMV, CBCLESS, AMEX…"), required=True),
    DirectoryColumn("bank_code", N_("bank code"), 5, N_("5 digits.")),
    DirectoryColumn("bank_name", N_("bank name"), 80),
    DirectoryColumn("mcc", N_("MCC"), 4, N_("4 digits.")),
    DirectoryColumn("currency", N_("currency"), 3, N_("EUR, for instance.")),
    DirectoryColumn("valid_from", N_("valid from"), 10, _DAY),
    DirectoryColumn("valid_to", N_("valid to"), 10, _DAY),
)
BY_NAME: Mapping[str, DirectoryColumn] = {heading.name: heading for heading in HEADINGS}
NAMES = tuple(BY_NAME)
FIRST_LINE = ";".join(NAMES)


def text(*lines: Mapping[str, Any]) -> bytes:
    """A merchant directory of ``lines``, each the values of its columns; what is missing or None is empty."""
    rows = (";".join(str(line.get(name) or "") for name in NAMES) for line in lines)
    return ("\n".join([FIRST_LINE, *rows]) + "\n").encode()


def is_siret(cell: str) -> bool:
    """Whether a cell is a SIRET by its shape: a number of 14 digits, which passes the check of cards too."""
    return len(cell) == _SIRET_DIGITS and cell.isascii() and cell.isdigit()


def is_siret_column(candidate: Candidate) -> bool:
    """Whether a card-like number stands where a SIRET does."""
    column = min(candidate.column, len(NAMES) - 1)
    return NAMES[column] == "siret" and is_siret(candidate.cell)


def example(slug: str) -> dict[str, str]:
    """The line of a model: fictional, of the reseller ``slug``."""
    values = (
        slug,
        "EXEMPLE",
        "ENSEIGNE D'EXEMPLE",
        "99999999900017",
        "BOUTIQUE D'EXEMPLE",
        "Caisse 1",
        "1 rue de l'Exemple",
        "01000",
        "EXEMPLEVILLE",
        "Europe/Paris",
        "0123456",
        "001",
        "CBEMV",
        "30004",
        "BNP Paribas",
        "5812",
        "EUR",
        "2026-01-01",
        "",
    )
    return dict(zip(NAMES, values, strict=True))
