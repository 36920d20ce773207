"""The cascade: the rules of :mod:`importers.matching`, in their order.

Source: shared format page "Money", section 7.2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from app.models import Certainty, Grouping
from importers.matching.fees import contract_fees
from importers.matching.rules import (
    Rule,
    contract_booking,
    contract_day,
    contract_day_of_any_rank,
    contract_net,
    contract_part,
    contract_rank,
    contract_twins,
    credited_by,
    equal_amount,
    names_contract,
    names_no_contract,
    names_number,
    names_own_contract,
    names_rank,
    of_day,
    remittance_number,
)
from importers.matching.schemes import Split

_BEFORE: Final = (
    Rule(
        name="remittance_number",
        certainty=Certainty.CERTAIN,
        about=names_number,
        propose=remittance_number,
        by_number=True,
    ),
    Rule(
        name="contract_rank",
        certainty=Certainty.CERTAIN,
        about=names_rank,
        propose=contract_rank,
        yields_to_schemes=True,
    ),
    Rule(
        name="contract_day",
        certainty=Certainty.CERTAIN,
        about=credited_by(Grouping.CONTRACT_DAY),
        propose=of_day(["contract_number"], "contract_number"),
    ),
    Rule(
        name="contract_day",
        certainty=Certainty.CERTAIN,
        about=names_own_contract,
        propose=contract_day,
        yields_to_schemes=True,
    ),
    Rule(
        name="contract_booking",
        certainty=Certainty.CERTAIN,
        about=names_own_contract,
        propose=contract_booking,
        yields_to_schemes=True,
    ),
)
_AFTER: Final = (
    Rule(
        name="contract_fees",
        certainty=Certainty.CERTAIN,
        about=names_own_contract,
        propose=contract_fees,
        takes_fees=True,
        yields_to_schemes=True,
    ),
    Rule(
        name="account_day",
        certainty=Certainty.CERTAIN,
        about=credited_by(Grouping.ACCOUNT_DAY),
        propose=of_day([], "account"),
    ),
    Rule(
        name="shop_day",
        certainty=Certainty.CERTAIN,
        about=credited_by(Grouping.SHOP_DAY),
        propose=of_day(["outlet"], "account"),
    ),
)
_PROPOSING: Final = (
    Rule(
        name="contract_day",
        certainty=Certainty.PROPOSED,
        about=names_contract,
        propose=contract_day_of_any_rank,
    ),
    Rule(name="contract_part", certainty=Certainty.PROPOSED, about=names_contract, propose=contract_part),
    Rule(name="contract_twins", certainty=Certainty.PROPOSED, about=names_contract, propose=contract_twins),
    Rule(name="contract_net", certainty=Certainty.PROPOSED, about=names_contract, propose=contract_net),
    Rule(name="equal_amount", certainty=Certainty.PROPOSED, about=names_no_contract, propose=equal_amount),
)


def rules(split: Split, *, doubtful: bool) -> tuple[Rule, ...]:
    """The rules; ``split`` is what lines would credit if their bank credited by scheme.

    Where anything is ``doubtful`` of what rules decide by amounts, they propose it, before others propose.
    """
    by_scheme = Rule(
        name="contract_scheme", certainty=Certainty.CERTAIN, about=names_contract, propose=split.candidates
    )
    deciding = (*_BEFORE, by_scheme, *_AFTER)
    if not doubtful:
        return (*deciding, *_PROPOSING)
    by_amount = (rule for rule in deciding if not rule.by_number)
    held_back = (replace(rule, certainty=Certainty.PROPOSED, is_doubtful=True) for rule in by_amount)
    return (*deciding, *held_back, *_PROPOSING)
