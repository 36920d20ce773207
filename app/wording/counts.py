"""Counts of records in words: a number of each name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.wording.i18n import ngettext

_ONE_AND_MANY = {
    "contracts": lambda number: ngettext("%(num)s contract", "%(num)s contracts", number),
    "remittances": lambda number: ngettext("%(num)s batch", "%(num)s batches", number),
    "transactions": lambda number: ngettext("%(num)s transaction", "%(num)s transactions", number),
    "bank_accounts": lambda number: ngettext("%(num)s bank account", "%(num)s bank accounts", number),
    "bank_statements": lambda number: ngettext("%(num)s bank statement", "%(num)s bank statements", number),
    "card_lines": lambda number: ngettext(
        "%(num)s line of card money", "%(num)s lines of card money", number
    ),
    "other_bank_lines": lambda number: ngettext(
        "%(num)s other line counted, not kept", "%(num)s other lines counted, not kept", number
    ),
    "unclaimed_statements": lambda number: ngettext(
        "%(num)s statement of an undeclared account, kept aside",
        "%(num)s statements of undeclared accounts, kept aside",
        number,
    ),
    "known_statements": lambda number: ngettext(
        "%(num)s statement known already", "%(num)s statements known already", number
    ),
    "known_settlements": lambda number: ngettext(
        "%(num)s settlement known already", "%(num)s settlements known already", number
    ),
    "known_records": lambda number: ngettext(
        "%(num)s record known already", "%(num)s records known already", number
    ),
    "chargebacks": lambda number: ngettext("%(num)s chargeback", "%(num)s chargebacks", number),
    "operations": lambda number: ngettext("%(num)s operation", "%(num)s operations", number),
    "settlements": lambda number: ngettext("%(num)s settlement", "%(num)s settlements", number),
    "settlement_lines": lambda number: ngettext(
        "%(num)s line of a settlement", "%(num)s lines of settlements", number
    ),
    "unclaimed_settlements": lambda number: ngettext(
        "%(num)s settlement of an undeclared contract, kept aside",
        "%(num)s settlements of undeclared contracts, kept aside",
        number,
    ),
    "certificates_left_out": lambda number: ngettext(
        "%(num)s certificate left out, as it looks like a card number",
        "%(num)s certificates left out, as they look like card numbers",
        number,
    ),
    "references_masked": lambda number: ngettext(
        "%(num)s reference masked, as it looks like a card number",
        "%(num)s references masked, as they look like card numbers",
        number,
    ),
}


def in_words(counts: Mapping[str, int]) -> Iterator[str]:
    """Each count in words; one that has none yet bears its own name."""
    for name, number in counts.items():
        worded = _ONE_AND_MANY.get(name)
        yield worded(number) if worded else f"{number} {name}"
