"""Headings of files of others: the field each becomes, or why it becomes none.

Source: shared format page "Money", section 5.6: what is personal is never stored, what is unknown is
dropped, and both are named to whoever sets a source up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_SEPARATORS = re.compile(r"[\s_.\-/()']+")


class Use(StrEnum):
    """The use that is made of a column."""

    KEPT = "kept"
    DROPPED = "dropped"
    NEVER_STORED = "never_stored"


@dataclass(frozen=True)
class SourceColumn:
    """A column of a file: its heading as it stands and the field it becomes; None when it becomes none."""

    text: str
    field: str | None
    use: Use


@lru_cache(maxsize=4096)  # each file's headings are held against those of every mapping
def bare(heading: str) -> str:
    """A heading without case, accents, blanks and separators: what is compared."""
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode("ascii")
    return _SEPARATORS.sub("", plain.casefold())


#: Parts of bare headings that name people, devices, secrets, or a full card, in French, English, German
#: and Spanish.
_PERSONAL = re.compile(
    "customer|client|kunde|cliente"
    "|buyer|shopper|consumer|acheteur|kaufer|comprador|payer(?!id$)name|payeur"
    "|cardholder|cardmember|porteur|karteninhaber|titular"
    "|mail|correo|phone|telephone|telefon|telefono|mobile"
    "|address|adresse|direccion|anschrift|street|postcode|zipcode"
    "|ipaddress|adresseip|^ip$"
    "|firstname|lastname|fullname|prenom|vorname|nachname|apellido|^name$|^nom$|^nombre$"
    "|cavv|ucaf|^xid$|cvv(?!response)|cvc|cryptogram"
    "|validity|expiry|expiration|ablaufdatum|caducidad"
    "|track|piste|sessionid|returncontext|contexte"
    "|^note$|^notes$|subject|objet|betreff|asunto"
    "|sellerid|counterparty|contrepartie|^iban$|beneficiary|beneficiaire"
)


def understood(headings: Iterable[str], aliases: Mapping[str, str]) -> tuple[SourceColumn, ...]:
    """What becomes of each column. ``aliases`` are fields by bare heading; a field takes its first column.

    A column that is named on purpose is kept; of the others, personal ones are told from unknown ones.
    """
    taken: set[str] = set()
    found = []
    for text in headings:
        key = bare(text)
        field = aliases.get(key)
        if field is not None and field not in taken:
            taken.add(field)
            found.append(SourceColumn(text, field, Use.KEPT))
        else:
            use = Use.NEVER_STORED if _PERSONAL.search(key) else Use.DROPPED
            found.append(SourceColumn(text, None, use))
    return tuple(found)
