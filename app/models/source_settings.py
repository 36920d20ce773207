"""The settings of a source: what its files leave open, said once for all of them.

Source: shared format page "Money", section 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

#: Encodings of files that a source may name; without one, UTF-8 is tried, then Windows-1252.
ENCODINGS: Final = ("utf-8", "cp1252", "latin-1", "cp850", "utf-16")
#: Signs between columns that a source may name; without one, it is found.
DELIMITERS: Final = (";", "\t", ",", "|")
#: Units of net and commission in one of the currency.
SCALES: Final = (100, 10_000)


class CardNumbers(StrEnum):
    """The rule of a source for full card numbers in fields that are made for them."""

    REFUSE = "refuse"
    MASK = "mask"


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """The settings of one source; what is empty is not said.

    ``title`` is what people are told in place of its name; ``contracts`` are contract numbers by the
    platform's number of a shop; ``mapping`` the name of a mapping of ours, or one of its own, as text;
    ``aliases`` fields by heading, ``words`` our codes by the words of its files, ``scales`` the units of
    ``net`` and ``commission`` in one of the currency; ``account`` the key of the bank account whose
    statements name none. ``labels`` are kinds of card money, ``payers`` names of payers, by patterns of the
    labels of a bank (:class:`importers.card_lines.LabelPatterns`).
    ``application``, ``rank``, ``applications`` and ``contract_length`` are what files of payments leave
    unsaid (:class:`importers.records.remote_payments.profile.PaymentProfile`).
    """

    title: str = ""
    cards: CardNumbers = CardNumbers.REFUSE
    contracts: Mapping[str, str] = field(default_factory=dict)
    mapping: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    scales: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    payers: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    delimiter: str = ""
    account: str = ""
    application: str = ""
    rank: str = ""
    applications: Mapping[str, str] = field(default_factory=dict)
    contract_length: int = 0

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Self:
        """The settings as they are stored; what this version does not know is left."""
        known = {name: value for name, value in (stored or {}).items() if name in cls.__dataclass_fields__}
        return cls(**known | {"cards": CardNumbers(known.get("cards", CardNumbers.REFUSE))})

    def stored(self) -> dict[str, Any]:
        """The settings as they are stored: what is said alone."""
        return {name: value for name, value in asdict(self).items() if value} | {"cards": self.cards.value}
